#include "effects/signature.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/statement.h"
#include "effects/keygen.h"
#include "effects/loop.h"
#include "effects/signers.h"

enum { LIMIT_MS = 10000 };

struct rb_signature_check {
    struct rb_keygen *keygen;
    rb_signature_done *done;
    void *context;
};

/* The last line that ssh-keygen printed, as far as it can be shown. */
static void last_line(const struct rb_buf *output, struct rb_buf *out)
{
    const char *text = rb_buf_text(output);
    size_t length = output->length;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    size_t from = length;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    rb_text_visible(text + from, length - from, false, out);
}

static void judged(void *context, int code, const struct rb_buf *output)
{
    struct rb_signature_check *check = context;
    RB_AUTO_BUF struct rb_buf said = {0}, why = {0};
    last_line(output, &said);
    rb_buf_printf(
        &why,
        code < 0
            ? "%s"
            : "the signature does not hold, or its key is revoked or out of its time: %s",
        rb_buf_text(&said));
    check->keygen = NULL;
    check->done(check->context,
                code == 0  ? RB_SIGNATURE_SOUND
                : code < 0 ? RB_SIGNATURE_UNKNOWN
                           : RB_SIGNATURE_UNSOUND,
                rb_buf_text(&why));
    free(check);
}

/* 20251122230107Z, as ssh-keygen reads it. */
static void verify_time(rb_time utc, char ret_option[48])
{
    char t[28];
    rb_time_format(utc, t);
    snprintf(ret_option, 48, "verify-time=%.4s%.2s%.2s%.2s%.2s%.2sZ", t, t + 5, t + 8,
             t + 11, t + 14, t + 17);
}

struct rb_signature_check *rb_signature_start(uv_loop_t *loop,
                                              const struct rb_signature_claim *claim,
                                              rb_signature_done *done, void *context)
{
    const struct rb_signed *signed_ = claim->signed_;
    const char *who = rb_value_get_text(signed_->statement, "who", "");
    RB_AUTO_BUF struct rb_buf lines = {0}, armour = {0}, statement = {0};
    const char *why = NULL;
    if (strcmp(signed_->sig.name, RB_SSHSIG_NAMESPACE) != 0) {
        done(context, RB_SIGNATURE_UNSOUND,
             "it was signed for something else: its namespace is not " RB_SSHSIG_NAMESPACE);
        return NULL;
    }
    if (!rb_signers_find(claim->signers, who, signed_->sig.key, &lines, &why)) {
        done(context, RB_SIGNATURE_UNSOUND, why);
        return NULL;
    }
    char when[48];
    verify_time(claim->utc, when);
    rb_sshsig_armour(rb_buf_text(&signed_->blob), signed_->blob.length, &armour);
    rb_statement_bytes(signed_->statement, &statement);
    const char *argv[] = {"ssh-keygen",
                          "-Y",
                          "verify",
                          "-n",
                          RB_SSHSIG_NAMESPACE,
                          "-I",
                          who,
                          "-f",
                          "/dev/fd/3",
                          "-s",
                          "/dev/fd/4",
                          "-O",
                          when,
                          claim->revoked ? "-r" : NULL,
                          "/dev/fd/5",
                          NULL};
    const struct rb_keygen_call call = {.argv = argv,
                                        .input = rb_buf_text(&statement),
                                        .length = statement.length,
                                        .files = {&lines, &armour, claim->revoked},
                                        .limit_ms = LIMIT_MS};
    struct rb_signature_check *check = rb_alloc(sizeof *check);
    check->done = done;
    check->context = context;
    check->keygen = rb_keygen_start(loop, &call, judged, check);
    return check;
}

void rb_signature_end(struct rb_signature_check *check)
{
    if (!check)
        return;
    rb_keygen_end(check->keygen);
    free(check);
}

struct waiting {
    enum rb_signature found;
    struct rb_buf *why;
};

static void waited(void *context, enum rb_signature found, const char *why)
{
    struct waiting *waiting = context;
    waiting->found = found;
    rb_buf_puts(waiting->why, found == RB_SIGNATURE_SOUND ? "" : why);
}

enum rb_signature rb_signature_verify(const struct rb_signature_claim *claim,
                                      struct rb_buf *ret_why)
{
    struct waiting waiting = {RB_SIGNATURE_UNKNOWN, ret_why};
    struct rb_error err = {0};
    uv_loop_t loop;
    if (!rb_loop_init(&loop, &err)) {
        rb_buf_puts(ret_why, err.message);
        return RB_SIGNATURE_UNKNOWN;
    }
    rb_signature_start(&loop, claim, waited, &waiting);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return waiting.found;
}
