#pragma once
/* Where a person had it otherwise than the runbook says: every later view tells of it.
 *
 * An override is {step, item (of a checklist; absent: the step as a whole), what: skipped | done (said to
 * be in place) | left (nobody knew whether it was done, and it was not to be taken back), reason, by, role},
 * or the payload of window.overridden. */

#include "core/event.h"

/* The one that this event makes, `question` being the last that its step has asked and `answer` what was said to it
 * (NULL: none); NULL: it makes none. A new reference. */
const struct rb_value *rb_override_of(const struct rb_event *event,
                                      const struct rb_value *question,
                                      const struct rb_value *answer);

/* All of them, from the events alone: where there is no state. Zeroed at first. */
struct rb_overrides {
    const struct rb_value *list;  /* NULL: none */
    const struct rb_value *talks; /* key of a step under way -> {asked, answered} */
};
void rb_overrides_take(struct rb_overrides *overrides, const struct rb_event *event);
void rb_overrides_done(struct rb_overrides *overrides);
