#pragma once
/* HTTP requests of a run. See effects/http.md for requests and outcomes.
 *
 * A write has the notes of a process under steps/<dir>/ (effects/notes.h): `started`, written
 * before the first byte of the request leaves, and `exit`, the outcome. What rb_note_find makes of
 * them holds here too; nothing is ever found running, since a request ends with its driver. */

#include <uv.h>

#include "base/error.h"
#include "base/redact.h"
#include "base/value.h"

struct rb_http; /* the requests of one run, on one loop: connections are reused */

struct rb_http_events {
    void *context;
    /* The outcome of a request; borrowed. Never called from within a call of this module; may
     * run more requests, and close. */
    void (*settled)(void *context, const char *dir, const struct rb_value *outcome);
};

/* Loads libcurl (effects/curl_api.h): RB_ERR_NOT_FOUND when there is none that will do. The process
 * has to ignore SIGPIPE, which a write to a TLS connection that is gone would raise. */
bool rb_http_open(uv_loop_t *loop, int run_dir, const struct rb_http_events *events,
                  struct rb_http **ret_http, struct rb_error *err) RB_MUST_CHECK;
/* Ends what is under way without an outcome: a write that had begun is then in doubt, by its
 * notes. The loop has to turn once more. Accepts NULL. */
void rb_http_close(struct rb_http *http);

/* From here on these secrets are taken out of what comes; it has to outlive the driver. */
void rb_http_redact(struct rb_http *http, const struct rb_redactor *redactor);

/* Whatever is wrong with the request is told by its outcome. RB_ERR_REFUSED when one of that `dir`
 * is under way, RB_ERR_IO when the notes of this boot can't be begun.
 * For every eight descriptors that this process may have there is one request at once (4 to 1024);
 * those beyond it wait for their turn, and their time begins with it. */
bool rb_http_run(struct rb_http *http, const struct rb_value *request,
                 struct rb_error *err) RB_MUST_CHECK;
/* Gives it up; the outcome comes with killed:"request". */
void rb_http_end(struct rb_http *http, const char *dir);
