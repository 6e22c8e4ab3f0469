#include "core/override.h"

#include <string.h>

static bool says(const struct rb_value *map, const char *member, const char *word)
{
    return strcmp(rb_value_get_text(map, member, ""), word) == 0;
}

/* `why` is the decision's; `answer` has who it was. */
static const struct rb_value *override_of(const struct rb_event *event, const char *what,
                                          const char *why, const struct rb_value *item,
                                          const struct rb_value *answer)
{
    return rb_value_map("step", rb_value_ref(rb_value_get(event->d, "step")), "item",
                        rb_value_ref(item), "what", rb_value_text(what), "reason",
                        rb_value_ref(rb_value_get(event->d, why)), "by",
                        rb_value_ref(rb_value_get(answer, "by")), "role",
                        rb_value_ref(rb_value_get(answer, "role")), NULL);
}

/* The list goes on after an item that is skipped: nothing but the answer says so. */
static const struct rb_value *of_item(const struct rb_event *event,
                                      const struct rb_value *question)
{
    if (!says(question, "kind", "item") || !says(event->d, "answer", "skip"))
        return NULL;
    return override_of(event, "skipped", "reason", rb_value_get(question, "item"),
                       event->d);
}

const struct rb_value *rb_override_of(const struct rb_event *event,
                                      const struct rb_value *question,
                                      const struct rb_value *answer)
{
    switch (event->type) {
    case RB_EV_WINDOW_OVERRIDDEN:
        return rb_value_ref(event->d);
    case RB_EV_QUESTION_ANSWERED:
    case RB_EV_APPROVAL_ACCEPTED:
        return of_item(event, question);
    case RB_EV_STEP_SKIPPED:
        if (!says(event->d, "by", "person"))
            return NULL;
        return override_of(event, says(question, "kind", "undo") ? "left" : "skipped",
                           "why", NULL, answer);
    case RB_EV_STEP_PASSED:
        if (!rb_value_get(event->d, "overridden"))
            return NULL;
        return override_of(event, "done", "overridden", NULL, answer);
    default:
        return NULL;
    }
}
