#pragma once
/* Looking into what has happened. */

#include "random_world.h"

/* The key of the step that an event is about, or "". */
const char *record_step(const struct rb_event *event);
/* Its step. */
const struct rb_step *record_plan_step(const struct world *world, const char *key);
int record_index(const struct world *world, const char *key);
/* What a key says of the elements of loops: "[1][0]", or "". */
const char *record_elements(const char *key);
/* What is said where a person or a policy says so. */
bool record_says(const struct rb_event *event, const char *member, const char *word);
/* Of question.asked: does the step itself ask, and not the run about it? */
bool record_is_its_own(const struct rb_event *event);
/* Is it about this step instance? */
bool record_is_of(const struct rb_event *event, const char *key);
/* The last event of this type about it before `end`; -1: there is none. */
int record_last(const struct world *world, const char *key, enum rb_event_type type,
                size_t end);
/* How it came out when it last began, before `end`: its event; -1: it has not. */
int record_end(const struct world *world, const char *key, size_t end);
/* Is it an element of a loop, and not the loop? */
bool record_is_element(const struct world *world, const char *key);
/* Does a step wait for no window: does it put right, or look on? */
bool record_is_let_in(const struct world *world, int step);
