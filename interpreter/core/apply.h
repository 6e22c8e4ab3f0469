#pragma once
/* What events change, in parts: what happens to the run (apply.c), to one of its steps
 * (apply_step.c), before it begins (apply_entry.c), and when somebody goes on with it (apply_resume.c). */

#include <string.h>

#include "core/core.h"

static inline bool rb_apply_says(const struct rb_event *event, const char *member,
                                 const char *text)
{
    return strcmp(rb_value_get_text(event->d, member, ""), text) == 0;
}

/* Is it a question of this kind? */
static inline bool rb_apply_asks(const struct rb_value *question, const char *kind)
{
    return strcmp(rb_value_get_text(question, "kind", ""), kind) == 0;
}

/* An evaluation of the current node. */
void rb_apply_eval(struct rb_state *state, const struct rb_event *event);
/* Anything else that an event says of this node, the current one. */
void rb_apply_to_step(struct rb_state *state, struct rb_node *node,
                      const struct rb_event *event);
void rb_apply_resume(struct rb_state *state, const struct rb_event *event);

/* A new beginning: the values are taken afresh, and so is the time for all attempts. */
void rb_apply_again(struct rb_state *state, struct rb_node *node);
/* Nothing of it has happened: it is to be admitted anew, where it has to be. True: it is. */
bool rb_apply_entry(struct rb_state *state, struct rb_node *node);
/* With a fact the time is another: what was let in and is held up is let in anew, where what let it in does not
 * hold any more. */
void rb_apply_recall(struct rb_state *state);
/* Whoever goes on with a run runs it as well. */
void rb_apply_operator(struct rb_state *state, const struct rb_event *event);
/* The obligations that are open after this. */
void rb_apply_duties(struct rb_state *state, const struct rb_event *event);
