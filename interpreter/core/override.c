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

static const struct rb_value *talk_of(const struct rb_overrides *overrides,
                                      const struct rb_event *event)
{
    return rb_value_get(overrides->talks, rb_value_get_text(event->d, "step", ""));
}

static void talk(struct rb_overrides *overrides, const struct rb_event *event,
                 const char *member)
{
    RB_AUTO_VALUE const struct rb_value *said =
        rb_value_map(member, rb_value_ref(event->d), NULL);
    RB_AUTO_VALUE const struct rb_value *both =
        rb_value_merge(talk_of(overrides, event), said);
    RB_AUTO_VALUE const struct rb_value *one =
        rb_value_map(rb_value_get_text(event->d, "step", ""), rb_value_ref(both), NULL);
    RB_AUTO_VALUE const struct rb_value *all = rb_value_merge(overrides->talks, one);
    rb_value_put(&overrides->talks, all);
}

static void end_talk(struct rb_overrides *overrides, const struct rb_event *event)
{
    const struct rb_value *over = talk_of(overrides, event);
    struct rb_map_builder others = {0};
    if (!over)
        return;
    for (size_t i = 0; i < rb_value_count(overrides->talks); i++) {
        const struct rb_value *one = rb_value_member_at(overrides->talks, i);
        if (one != over)
            rb_map_add(&others, rb_value_as_text(rb_value_key_at(overrides->talks, i), ""),
                       rb_value_ref(one));
    }
    RB_AUTO_VALUE const struct rb_value *left = rb_map_end(&others);
    rb_value_put(&overrides->talks, left);
}

/* Who said what is known for as long as the step is under way. */
static void listen(struct rb_overrides *overrides, const struct rb_event *event)
{
    switch (event->type) {
    case RB_EV_QUESTION_ASKED:
        talk(overrides, event, "asked");
        break;
    case RB_EV_QUESTION_ANSWERED:
    case RB_EV_APPROVAL_ACCEPTED:
        talk(overrides, event, "answered");
        break;
    case RB_EV_STEP_PASSED:
    case RB_EV_STEP_FAILED:
    case RB_EV_STEP_SKIPPED:
        end_talk(overrides, event);
        break;
    default:
        break;
    }
}

void rb_overrides_take(struct rb_overrides *overrides, const struct rb_event *event)
{
    const struct rb_value *said = talk_of(overrides, event);
    RB_AUTO_VALUE const struct rb_value *override =
        rb_override_of(event, rb_value_get(said, "asked"), rb_value_get(said, "answered"));
    if (override)
        rb_value_append(&overrides->list, override);
    listen(overrides, event);
}

void rb_overrides_done(struct rb_overrides *overrides)
{
    rb_value_unref(overrides->list);
    rb_value_unref(overrides->talks);
    *overrides = (struct rb_overrides){0};
}
