#pragma once
/* Mails of a run, by SMTP. See effects/mail.md for requests and outcomes. Each goes in a thread of
 * its own, which has nothing but its mail.
 *
 * A mail has the notes of a process under steps/<dir>/ (effects/notes.h): `started`, written
 * before the first byte of its text leaves, and `exit`, the outcome. What rb_note_find makes of
 * them holds here too; nothing is ever found running, since a mail ends with its driver. */

#include <uv.h>

#include "base/error.h"
#include "base/redact.h"
#include "base/value.h"

struct rb_mail; /* the mails of one run, on one loop */

struct rb_mail_events {
    void *context;
    /* The outcome of a request; borrowed. Never called from within a call of this module; may
     * run more requests, and close. */
    void (*settled)(void *context, const char *dir, const struct rb_value *outcome);
};

/* Loads libcurl (effects/curl_api.h): RB_ERR_NOT_FOUND when there is none that will do. The process
 * has to ignore SIGPIPE. */
bool rb_mail_open(uv_loop_t *loop, int run_dir, const struct rb_mail_events *events,
                  struct rb_mail **ret_mail, struct rb_error *err) RB_MUST_CHECK;
/* Ends what is under way without an outcome, which may take a second or two: one whose text had
 * begun to leave is then in doubt, by its notes. The loop has to turn once more. Accepts NULL. */
void rb_mail_close(struct rb_mail *mail);

/* From here on these secrets are taken out of what comes; it has to outlive the driver. */
void rb_mail_redact(struct rb_mail *mail, const struct rb_redactor *redactor);

/* Whatever is wrong with the request is told by its outcome. The notes have to be those of this
 * boot (rb_note_boot). RB_ERR_REFUSED when one of that `dir` is under way. */
bool rb_mail_run(struct rb_mail *mail, const struct rb_value *request,
                 struct rb_error *err) RB_MUST_CHECK;
/* Gives it up; the outcome comes within a second or two, with killed:"request" unless the server
 * took it before. */
void rb_mail_end(struct rb_mail *mail, const char *dir);
