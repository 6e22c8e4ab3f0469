#pragma once
/* A gate or a guard looks, waits and looks again. That it waits is decided once and stands for all the
 * looks after that which come to the same: such a look is one event, its eval.result. */

#include "core/core.h"
#include "core/rules.h"

/* Apply: the current node has looked, and is to look again when it is due. */
void rb_look_take(struct rb_state *state, const struct rb_event *event);
/* Apply: it waits as this gate.waiting says. */
void rb_look_wait(struct rb_state *state, const struct rb_event *event);
/* Apply: whatever it waited for, that is over. */
void rb_look_forget(struct rb_node *node);
/* Apply: nobody has looked since the writer before, so it looks at once. */
void rb_look_resume(struct rb_node *node);

/* False: it has looked, and does not look again at this monotonic time. */
bool rb_look_may_be(const struct rb_node *node, rb_time now);
/* How long one look at the world may take at this monotonic time, however long it would wait itself:
 * what is left of a gate's time, and an attempt's for the check of another step. 0: as it says. */
rb_time rb_look_left(const struct rb_state *state, rb_time now);
/* Was that the last look of a gate, whose time is over? */
bool rb_look_is_last(const struct rb_node *node);
/* What a look came to, of its eval.result or of the gate.waiting after it. */
enum rb_verdict rb_look_verdict(const struct rb_event *event);
/* Does it stand that this node waits, and after a look that came to this? */
bool rb_look_stands(const struct rb_node *node, enum rb_verdict verdict);
/* A decision of the current node: it waits; false where that stands already. */
bool rb_look_say(const struct rb_state *state, struct rb_event *ret,
                 enum rb_verdict verdict, bool pauses);
