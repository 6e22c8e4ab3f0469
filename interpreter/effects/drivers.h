#pragma once
/* Who performs what a run asks of the world, for its steps and for the looks of its checks: the
 * supervisor and the services, and on the way to them the secrets. A request is known by its `dir`
 * (effects/process.md). */

#include "effects/errands.h"
#include "effects/services.h"
#include "effects/supervisor.h"

struct rb_drivers;

struct rb_drivers_options {
    uv_loop_t *loop;
    const struct rb_run *run;
    struct rb_vault *vault;
    bool recall; /* the run goes on: earlier secrets are fetched first */

    void *context;
    /* The outcome of a request; borrowed, here and below. */
    void (*settled)(void *context, const char *dir, const struct rb_value *outcome);
    /* Stand around what settled together. */
    void (*several)(void *context);
    void (*no_more)(void *context);
    /* Of rb_drivers_find: it runs, was never done, or nobody can say, and why. */
    void (*adopted)(void *context, const char *dir);
    void (*undone)(void *context, const char *dir);
    void (*doubtful)(void *context, const char *dir, const char *why);
    /* A transaction is done but for its COMMIT, which waits for rb_drivers_release. */
    void (*noted)(void *context, const char *dir, const struct rb_value *note);
    /* A supervisor was lost; another is there. What became of each program has to be asked. */
    void (*lost)(void *context);
    /* A secret has to be typed, and nobody is there. */
    void (*unasked)(void *context, const char *why);
    /* A helper failed: the run is to be left. */
    void (*broke)(void *context, const struct rb_error *err);
};

/* The supervisor and each service are started when the first request needs them. */
struct rb_drivers *rb_drivers_new(const struct rb_drivers_options *options);
/* Begins nothing from here on: what would be is not on record. */
void rb_drivers_stop(struct rb_drivers *drivers);
/* Lets the supervisor go on with what runs. The loop has to turn once more. Accepts NULL. */
void rb_drivers_free(struct rb_drivers *drivers);

/* There is no trace of such a request. */
bool rb_drivers_is_new(struct rb_drivers *drivers, const char *dir);

/* False when whoever performs it can't be started. */
bool rb_drivers_ask(struct rb_drivers *drivers, enum rb_effect_kind kind,
                    const struct rb_value *request);
/* What became of a request whose intent is on record, and with it `note` (NULL: none). */
void rb_drivers_find(struct rb_drivers *drivers, enum rb_effect_kind kind,
                     const struct rb_value *request, const struct rb_value *note);
/* The same of a program of ours whose supervisor was lost. */
void rb_drivers_look_again(struct rb_drivers *drivers, const struct rb_value *request);
/* Its outcome comes with killed:"request". False when it had not been sent yet: nothing comes. */
bool rb_drivers_end(struct rb_drivers *drivers, enum rb_effect_kind kind, const char *dir);
/* {dir, commit}: COMMIT or ROLLBACK of what `noted` told of, when that is durable. */
void rb_drivers_release(struct rb_drivers *drivers, const struct rb_value *release);
