#pragma once
/* `notify:`, a message to one connection or to several, each of which is a step of its own then. */

#include "parse/draft.h"

/* How many connections the message of this step goes to. */
int rb_notify_count(const struct rb_draft *draft);
/* Fills in the message to the one of this number. */
void rb_notify_fill(struct rb_compiler *c, struct rb_draft *draft, int number);
/* The name of that one, or NULL. */
const char *rb_notify_target(const struct rb_draft *draft, int number);

/* What holds for a message unless the step itself says otherwise: it goes once, and its failure
 * or doubt is no failure of the run. */
void rb_notify_settle(struct rb_draft *draft);
