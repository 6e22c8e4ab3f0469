#include "random_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/rescue.h"

const char *record_step(const struct rb_event *event)
{
    return rb_value_get_text(event->d, "step", "");
}

int record_index(const struct world *world, const char *key)
{
    RB_AUTO_FREE char *id = rb_strndup(key, strcspn(key, "["));
    int index = rb_plan_find(world->plan, id);
    assert_true(index >= 0);
    return index;
}

const struct rb_step *record_plan_step(const struct world *world, const char *key)
{
    return &world->plan->steps[record_index(world, key)];
}

const char *record_elements(const char *key)
{
    return key + strcspn(key, "[");
}

bool record_says(const struct rb_event *event, const char *member, const char *word)
{
    return strcmp(rb_value_get_text(event->d, member, ""), word) == 0;
}

bool record_is_its_own(const struct rb_event *event)
{
    static const char *const kinds[] = {"failure", "doubt", "undo", "rejected", "window"};
    bool own = true;
    for (size_t i = 0; i < RB_COUNT(kinds); i++)
        own &= !record_says(event, "kind", kinds[i]);
    return own;
}

bool record_is_of(const struct rb_event *event, const char *key)
{
    return strcmp(record_step(event), key) == 0;
}

int record_last(const struct world *world, const char *key, enum rb_event_type type,
                size_t end)
{
    int at = (int)end - 1;
    while (at >= 0 &&
           (world->events[at].type != type || !record_is_of(&world->events[at], key)))
        at--;
    return at;
}

bool record_is_let_in(const struct world *world, int step)
{
    return rb_plan_is_rescue(world->plan, step) || rb_plan_is_last(world->plan, step) ||
           world->plan->steps[step].action == RB_ACTION_GUARD;
}

bool record_is_element(const struct world *world, const char *key)
{
    const struct rb_plan *plan = world->plan;
    int index = record_index(world, key), depth = 0, loops = 0;
    for (const char *at = key; *at; at++)
        depth += *at == '[';
    for (int at = index; at >= 0; at = plan->steps[at].parent)
        loops += plan->steps[at].for_each >= 0;
    return plan->steps[index].for_each >= 0 && depth == loops;
}

static bool is_end(enum rb_event_type type)
{
    return type == RB_EV_STEP_PASSED || type == RB_EV_STEP_SKIPPED ||
           type == RB_EV_STEP_FAILED;
}

int record_end(const struct world *world, const char *key, size_t end)
{
    int began = record_last(world, key, RB_EV_STEP_BEGAN, end);
    for (int i = (int)end - 1; i > began && began >= 0; i--) {
        if (record_is_of(&world->events[i], key) && is_end(world->events[i].type))
            return i;
    }
    return -1;
}
