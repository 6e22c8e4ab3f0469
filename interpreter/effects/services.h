#pragma once
/* What a run asks of services by itself, without a process: HTTP, SQL and mail. Each driver is loaded
 * when the first request needs it. A request ends with its interpreter; its notes, and those of the
 * record, tell a resumed run how far it came. */

#include <uv.h>

#include "base/secret.h"
#include "core/core.h"
#include "effects/supervisor.h"

struct rb_services;

struct rb_services_events {
    void *context;
    /* The outcome of a request; borrowed. */
    void (*settled)(void *context, const char *dir, const struct rb_value *outcome);
    /* A transaction is done but for its COMMIT, which waits for rb_services_release, when `note`
     * (borrowed) is durable. */
    void (*noted)(void *context, const char *dir, const struct rb_value *note);
    /* What was looked for is now known: never done, or nobody can say, and why. */
    void (*undone)(void *context, const char *dir);
    void (*doubtful)(void *context, const char *dir, const char *why);
};

struct rb_services *rb_services_new(uv_loop_t *loop, int run_dir,
                                    const struct rb_services_events *events);
/* Ends what is under way without an outcome. The loop has to turn once more. Accepts NULL. */
void rb_services_free(struct rb_services *services);

/* `kind` is RB_EFFECT_HTTP, _SQL or _MAIL, here and below. All secrets that the request names are
 * among `secrets`; their values go to the driver alone, and are taken out of what comes back. */
bool rb_services_run(struct rb_services *services, enum rb_effect_kind kind,
                     const struct rb_value *request, const struct rb_secrets *secrets,
                     struct rb_error *err) RB_MUST_CHECK;
/* COMMIT or ROLLBACK. Ignored where nothing of that name waits for it. */
void rb_services_release(struct rb_services *services, const char *dir, bool commit);
/* The outcome comes with killed:"request". */
void rb_services_end(struct rb_services *services, enum rb_effect_kind kind,
                     const char *dir);

/* What became of a request whose intent is on record, and with it `note` (NULL: none). One of the
 * events follows, or has been called when this returns. */
bool rb_services_find(struct rb_services *services, enum rb_effect_kind kind,
                      const struct rb_value *request, const struct rb_value *note,
                      bool same_boot, const struct rb_secrets *secrets,
                      struct rb_error *err) RB_MUST_CHECK;
