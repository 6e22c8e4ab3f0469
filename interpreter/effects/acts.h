#pragma once
/* The actions of steps that are under way: each a request to a driver whose intent is on record. */

#include "effects/drivers.h"

struct rb_acts;

struct rb_acts_options {
    struct rb_drivers *drivers;
    const struct rb_state *state;
    void *context;
    /* A fact about an attempt of a step; `owned` are its other members. False when it could not be
     * recorded. */
    bool (*put)(void *context, const struct rb_value *step, int64_t attempt,
                enum rb_event_type type, const struct rb_value *owned);
    void (*disk_full)(void *context);
};

struct rb_acts *rb_acts_new(const struct rb_acts_options *options);
void rb_acts_free(struct rb_acts *acts); /* accepts NULL */

/* Sends it, or asks what became of it where its intent is of an earlier interpreter. */
void rb_acts_begin(struct rb_acts *acts, const struct rb_effect *effect,
                   const struct rb_value *request);
void rb_acts_withdraw(struct rb_acts *acts, const struct rb_effect *effect);

/* What the drivers tell. */
void rb_acts_settle(struct rb_acts *acts, const char *dir, const struct rb_value *outcome);
void rb_acts_adopt(struct rb_acts *acts, const char *dir);
void rb_acts_undo(struct rb_acts *acts, const char *dir);
void rb_acts_doubt(struct rb_acts *acts, const char *dir, const char *why);
void rb_acts_note(struct rb_acts *acts, const char *dir, const struct rb_value *note);
/* The supervisor was lost: what became of each program is asked. */
void rb_acts_look_again(struct rb_acts *acts);
