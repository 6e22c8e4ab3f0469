#include "cli/approvals.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "cli/run_signers.h"
#include "cli/shown.h"
#include "core/override.h"
#include "core/statement.h"
#include "effects/signature.h"
#include "journal/blob.h"
#include "journal/level.h"

enum { REVOKED_MAX = 16 << 20 }; /* bytes */

struct audit {
    const struct rb_history *history;
    struct rb_level level;
    struct rb_run_signers signers;
    const struct rb_auditor *given;
    struct rb_list_builder heads,
        seqs;                     /* hash and number of the line of each question so far */
    struct rb_list_builder shown; /* {question, overrides} of each question so far */
    struct rb_overrides overrides;
    rb_time created_utc;
    bool asked; /* something was to be signed */
    int64_t received, accepted, unproven;
};

static bool read_blob(struct audit *audit, int64_t seq, const struct rb_value *reference,
                      size_t cap, struct rb_buf *out)
{
    struct rb_error err = {0};
    const char *hex = rb_blob_hex(reference);
    if (hex && rb_blob_read(audit->history->run->dir, hex, 0, cap, out, &err))
        return true;
    bool gone = !hex || err.code == RB_ERR_NOT_FOUND || err.code == RB_ERR_IO;
    audit->unproven += gone;
    rb_level_find(&audit->level, gone ? RB_FINDING_ABSENT : RB_FINDING_FAIL,
                  "seq %" PRId64 ": a signature can't be verified again: %s", seq,
                  hex ? err.message : "it is not kept");
    return false;
}

/* The line that asked has the number and the hash that the signer saw. */
static void check_head(struct audit *audit, int64_t seq, const struct rb_value *d)
{
    const struct rb_value *head = rb_value_get(d, "head");
    size_t q = (size_t)rb_value_get_int(d, "q", -1);
    if (q >= audit->heads.count ||
        !rb_value_equal(rb_value_get(head, "hash"), audit->heads.items[q]) ||
        !rb_value_equal(rb_value_get(head, "seq"), audit->seqs.items[q]))
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "seq %" PRId64
                      ": it was signed over another record: the line of the question has "
                      "another hash by now",
                      seq);
}

/* As the record says it was, sound or not: a refusal could be hidden as well. */
static void check_found(struct audit *audit, int64_t seq, const struct rb_value *d,
                        enum rb_signature found, const char *why)
{
    bool recorded = rb_value_get_bool(d, "sound", false);
    const char *who = rb_value_get_text(rb_value_get(d, "statement"), "who", "");
    if (found == RB_SIGNATURE_UNKNOWN) {
        audit->unproven++;
        rb_level_find(&audit->level, RB_FINDING_ABSENT,
                      "seq %" PRId64 ": a signature can't be verified again: %s", seq, why);
    } else if (recorded && found == RB_SIGNATURE_UNSOUND) {
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": %s did not sign: %s", seq, who, why);
    } else if (!recorded && found == RB_SIGNATURE_SOUND) {
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": %s signed this, and it was not counted: %s", seq,
                      who, rb_value_get_text(d, "why", ""));
    }
}

static void hold_against(struct audit *audit, const struct rb_record *record,
                         const struct rb_signed *signed_, const struct rb_buf *revoked)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    const struct rb_signature_claim claim = {.signed_ = signed_,
                                             .signers = audit->signers.lines,
                                             .revoked = revoked,
                                             .utc = record->event.utc};
    enum rb_signature found = rb_signature_verify(&claim, &why);
    check_found(audit, record->seq, record->event.d, found, rb_buf_text(&why));
}

/* Whoever was revoked since is told to an auditor who has a newer list. */
static void check_revoked_since(struct audit *audit, const struct rb_record *record,
                                const struct rb_signed *signed_)
{
    if (audit->given->signers.revoked && rb_value_get_bool(record->event.d, "sound", false))
        hold_against(audit, record, signed_, &audit->given->revoked);
}

static const struct rb_value *created_signers(const struct audit *audit)
{
    return rb_value_get(audit->history->created, "signers");
}

/* A run that began without signers has nobody whose signature could have counted. */
static void check_possible(struct audit *audit, int64_t seq)
{
    if (!created_signers(audit))
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": a signature counted, and the run began without "
                      "signers",
                      seq);
}

/* A list that the run has is looked at for every signature: one left out hides a revoked key. */
static void check_listed(struct audit *audit, int64_t seq, const struct rb_value *d)
{
    if (rb_value_get(created_signers(audit), "revoked") && !rb_value_get(d, "revoked"))
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": a signature counted, and the list of revoked keys "
                      "that it was held against is not on record",
                      seq);
}

/* What the signer saw follows from the run and the question: a text of another run, or of other
 * parameters, has another digest, however good the signature over it is. */
static void check_shown(struct audit *audit, int64_t seq, const struct rb_value *d)
{
    size_t q = (size_t)rb_value_get_int(d, "q", -1);
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_error err = {0};
    char hex[RB_DIGEST_HEX + 1];
    if (q >= audit->shown.count)
        return; /* check_head has said so */
    const struct rb_shown showing = {
        .document = audit->history->document,
        .created = audit->history->created,
        .utc = audit->created_utc,
        .question = rb_value_get(audit->shown.items[q], "question"),
        .overrides = rb_value_get(audit->shown.items[q], "overrides")};
    if (!rb_shown_text(&showing, &text, &err)) {
        bool unable = err.code != RB_ERR_INVALID; /* a worker that is gone says nothing */
        audit->unproven += unable;
        rb_level_find(&audit->level, unable ? RB_FINDING_ABSENT : RB_FINDING_FAIL,
                      "seq %" PRId64 ": what was shown to the signer can't be told: %s",
                      seq, err.message);
        return;
    }
    rb_digest_of(rb_buf_text(&text), text.length, hex);
    RB_AUTO_VALUE const struct rb_value *digest = rb_value_textf("sha256:%s", hex);
    if (!rb_value_equal(digest, rb_value_get(rb_value_get(d, "shown"), "blob")))
        rb_level_find(
            &audit->level, RB_FINDING_FAIL,
            "seq %" PRId64 ": it was signed over another text than this run shows", seq);
}

static void check_signature(struct audit *audit, const struct rb_record *record)
{
    const struct rb_value *d = record->event.d;
    const struct rb_value *reference = rb_value_get(d, "revoked");
    RB_CLEANUP(rb_signed_done)
    struct rb_signed signed_ = {.statement = rb_value_ref(rb_value_get(d, "statement"))};
    RB_AUTO_BUF struct rb_buf revoked = {0};
    struct rb_error err = {0};
    if (!read_blob(audit, record->seq, rb_value_get(d, "signature"), RB_SSHSIG_MAX,
                   &signed_.blob) ||
        (reference && !read_blob(audit, record->seq, reference, REVOKED_MAX, &revoked)))
        return;
    if (!rb_sshsig_read(rb_buf_text(&signed_.blob), signed_.blob.length, &signed_.sig,
                        &err) ||
        strcmp(signed_.sig.key, rb_value_get_text(d, "key", "")) != 0) {
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "seq %" PRId64 ": the signature is not of the key that is recorded",
                      record->seq);
        return;
    }
    hold_against(audit, record, &signed_, reference ? &revoked : NULL);
    check_revoked_since(audit, record, &signed_);
}

static void take_received(struct audit *audit, const struct rb_record *record)
{
    const struct rb_value *d = record->event.d;
    audit->received++;
    check_head(audit, record->seq, d);
    if (rb_value_get_bool(d, "sound", false)) {
        check_possible(audit, record->seq);
        check_listed(audit, record->seq, d);
        check_shown(audit, record->seq, d);
    }
    if (rb_value_get(d, "sound"))
        check_signature(audit, record);
}

static void take(struct audit *audit, const struct rb_record *record)
{
    rb_overrides_take(&audit->overrides, &record->event);
    switch (record->event.type) {
    case RB_EV_RUN_CREATED:
        audit->created_utc = record->event.utc;
        break;
    case RB_EV_QUESTION_ASKED:
        rb_list_add(&audit->heads, rb_value_text(record->hash));
        rb_list_add(&audit->seqs, rb_value_int(record->seq));
        rb_list_add(&audit->shown,
                    rb_value_map("question", rb_value_ref(record->event.d), "overrides",
                                 rb_value_ref(audit->overrides.list), NULL));
        audit->asked |= rb_question_is_signed(record->event.d);
        break;
    case RB_EV_APPROVAL_RECEIVED:
        take_received(audit, record);
        break;
    case RB_EV_APPROVAL_ACCEPTED:
        audit->accepted++;
        check_possible(audit, record->seq);
        break;
    default:
        break;
    }
}

/* The auditor's own file says whose keys count; the run has to have begun with the same. */
static bool same_signers(const struct audit *audit, struct rb_error *err)
{
    const struct rb_value *created = created_signers(audit);
    const struct rb_signers_file *given = &audit->given->signers;
    char hex[RB_DIGEST_HEX + 1];
    if (!given->path || !created)
        return true;
    rb_digest_of(rb_buf_text(&given->text), given->text.length, hex);
    RB_AUTO_VALUE const struct rb_value *digest = rb_value_textf("sha256:%s", hex);
    return rb_value_equal(digest, rb_value_get(created, "sha256")) ||
           rb_fail(err, RB_ERR_RECORD,
                   "the run began with another file of signers than %s: whose signatures "
                   "were taken is not what you say",
                   given->path);
}

static void read_all(struct audit *audit)
{
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    struct rb_error err = {0};
    if (!rb_reader_open(audit->history->run->dir, &reader, &err))
        return;
    while (rb_reader_next(reader, &record, &err) == RB_READ_RECORD)
        take(audit, record);
    rb_reader_free(reader);
}

/* An auditor who says whose keys count is not told that there was nothing to sign where there was. */
static void check_began_with_signers(struct audit *audit)
{
    if (audit->asked && audit->given->signers.path && !created_signers(audit))
        rb_level_find(&audit->level, RB_FINDING_FAIL,
                      "the run began without signers, not with %s, and asked for a "
                      "signature",
                      audit->given->signers.path);
}

static void conclude(struct audit *audit)
{
    if (audit->level.finding != RB_FINDING_PASS)
        return;
    if (audit->accepted > 0) {
        rb_level_say(&audit->level,
                     "%" PRId64 " of %" PRId64
                     " signatures counted; each was verified again, over this record, "
                     "against the %s",
                     audit->accepted, audit->received,
                     audit->given->signers.path ? "file of signers that you gave"
                                                : "stored signers");
        return;
    }
    audit->level.finding = RB_FINDING_ABSENT;
    rb_level_say(&audit->level,
                 audit->received > 0 ? "no signature of %" PRId64 " counted"
                                     : "nobody signed an approval",
                 audit->received);
}

bool rb_approvals_verify(const struct rb_auditor *auditor, const struct rb_history *history,
                         struct rb_level *ret_level)
{
    struct audit audit = {.history = history,
                          .given = auditor,
                          .level = {.name = ret_level->name, .finding = RB_FINDING_PASS}};
    struct rb_error err = {0};
    if (same_signers(&audit, &err) &&
        rb_run_signers_read(history->run, history->created, &audit.signers, &err)) {
        read_all(&audit);
        check_began_with_signers(&audit);
    } else
        rb_level_find(&audit.level, RB_FINDING_FAIL, "%s", err.message);
    conclude(&audit);
    rb_run_signers_done(&audit.signers);
    rb_value_unref(rb_list_end(&audit.heads));
    rb_value_unref(rb_list_end(&audit.seqs));
    rb_value_unref(rb_list_end(&audit.shown));
    rb_overrides_done(&audit.overrides);
    *ret_level = audit.level;
    return audit.unproven == 0;
}
