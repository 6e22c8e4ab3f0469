#pragma once
/* Requests on their way to a driver: each waits until the secrets in it are here, and until those
 * before it are gone. */

#include "core/core.h"
#include "effects/vault.h"

struct rb_errand {
    enum rb_effect_kind kind; /* of its driver */
    const struct rb_value *request;
    const struct rb_value *note; /* of the record (rb_services_find); NULL: none */
    bool resumed;                /* what became of it is asked, nothing is sent */
};

struct rb_errands_events {
    void *context;
    /* The first of them: its secrets are here (`why` NULL), or one of them can't be had. */
    void (*ready)(void *context, const struct rb_errand *errand, const char *why);
    /* A secret has to be typed and nobody is there: all wait until they are dropped. */
    void (*unasked)(void *context, const char *why);
};

struct rb_errands;

/* `recall`: the run goes on, and what earlier interpreters had fetched is fetched first. */
struct rb_errands *rb_errands_new(struct rb_vault *vault, bool recall,
                                  const struct rb_errands_events *events);
void rb_errands_free(struct rb_errands *errands); /* accepts NULL */

/* The request and note are borrowed for the call, which may call `ready`. */
void rb_errands_add(struct rb_errands *errands, const struct rb_errand *errand);

/* Forgets the request of this folder. False when it does not wait here. */
bool rb_errands_drop(struct rb_errands *errands, const char *dir);
