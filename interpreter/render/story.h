#pragma once
/* What a view remembers of a run beyond its state. The state forgets a step when it ends, but
 * the line that tells of its end needs its title, how long it took, and what it had said. */

#include "core/core.h"

/* A step instance. */
struct rb_frame {
    int node;
    int attempt;
    char *key, *title;               /* title NULL: none */
    bool titled;                     /* the values in it are known */
    size_t statements;               /* of its step; 0: it has none */
    rb_time began, attempt_began;    /* monotonic; in this session */
    const struct rb_value *failure;  /* payload of its last attempt.failed, or NULL */
    const struct rb_value *result;   /* payload of its last effect.result, or NULL */
    const struct rb_value *question; /* payload of its last question.asked, or NULL */
    const struct rb_value *looked; /* items of its last evaluation, also during the next */
};

struct rb_story {
    struct rb_frame *frames; /* under way, in the order in which they began */
    int count, capacity;
    int now; /* the node that the last event was about, or what held it; -1: none */
    struct rb_frame ended; /* which the last event ended; key NULL: none */
    rb_time began;         /* monotonic: the first event of this session */
};

void rb_story_done(struct rb_story *story); /* accepts zeroed */
/* To be called with every event, before anything is said about it; `state` is after it. A
 * zeroed story may begin anywhere in a run. */
void rb_story_feed(struct rb_story *story, const struct rb_state *state,
                   const struct rb_event *event);
/* The step that goes on where the last event was, or NULL. */
const struct rb_frame *rb_story_now(const struct rb_story *story);
/* The step that the last event was about: the one it ended, else the one that goes on; or NULL. */
const struct rb_frame *rb_story_subject(const struct rb_story *story);
/* What the last event ended passed as a whole, and not everybody whom it tells was reached. */
bool rb_story_missed(const struct rb_story *story, const struct rb_state *state);
/* Why the last evaluation of this step (may be NULL) did not hold, or NULL. */
const char *rb_story_reason(const struct rb_frame *frame);
/* Of a node under way, or just ended; or NULL. */
const struct rb_frame *rb_story_of(const struct rb_story *story, int node);
