#include "cli/received.h"

#include "base/digest.h"
#include "cli/asked.h"
#include "cli/shown.h"
#include "journal/blob.h"

/* Its reference, kept among the run's blobs where that is wanted. */
static const struct rb_value *blob_of(const struct rb_received *received,
                                      const struct rb_buf *bytes, struct rb_error *err)
{
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of(rb_buf_text(bytes), bytes->length, hex);
    if (received->keep &&
        !rb_blob_put(received->run->dir, rb_buf_text(bytes), bytes->length, hex, err))
        return NULL;
    return rb_blob_reference(hex, (int64_t)bytes->length, 0);
}

static const struct rb_value *head_of(const struct rb_asked *asked)
{
    return rb_value_map("seq", rb_value_int(asked->seq), "hash", rb_value_text(asked->hash),
                        NULL);
}

bool rb_received_payload(const struct rb_received *received,
                         const struct rb_value **ret_payload, struct rb_error *err)
{
    int64_t q = rb_value_get_int(received->question, "q", -1);
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_asked asked = {0};
    if (!rb_asked_find(received->run, q, &asked, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *question = asked.question,
                                        *overrides = asked.overrides;
    const struct rb_shown showing = {.document = received->document,
                                     .created = received->created,
                                     .utc = received->created_utc,
                                     .question = question,
                                     .overrides = overrides};
    if (!rb_shown_text(&showing, &text, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *shown = blob_of(received, &text, err),
                                        *blob = NULL, *revoked = NULL;
    blob = shown ? blob_of(received, &received->signed_->blob, err) : NULL;
    revoked = blob && received->revoked ? blob_of(received, received->revoked, err) : NULL;
    if (!blob || (received->revoked && !revoked))
        return false;
    bool sound = received->found == RB_SIGNATURE_SOUND;
    bool known = received->found != RB_SIGNATURE_UNKNOWN;
    *ret_payload = rb_value_map(
        "q", rb_value_int(q), "statement", rb_value_ref(received->signed_->statement),
        "signature", rb_value_ref(blob), "key", rb_value_text(received->signed_->sig.key),
        "head", head_of(&asked), "shown", rb_value_ref(shown), "revoked",
        rb_value_ref(revoked), "sound", known ? rb_value_bool(sound) : NULL, "why",
        sound ? NULL : rb_value_text(received->why), NULL);
    return true;
}
