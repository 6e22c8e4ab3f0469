#include "random_record.h"

/* What stands behind an approval begins after so many people have signed that as it says, each of them once, in
 * time and about just this, and nobody has rejected it: nobody else's word, no time that is over and no failure
 * passes it. A loop that bears failures bears one that has expired. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIGNERS_MOST = 8 };

struct signers {
    const struct rb_value *signed_by[SIGNERS_MOST]; /* statements */
    const char *keys[SIGNERS_MOST];
    int count;
    bool rejected;
};

static bool runs_it(const struct world *world, const char *who, size_t end)
{
    size_t length = strcspn(who, "@");
    for (size_t i = 0; i < end; i++) {
        const struct rb_value *operator= rb_value_get(world->events[i].d, "operator");
        const char *user = rb_value_get_text(operator, "user", "");
        if (strlen(user) == length && strncmp(user, who, length) == 0)
            return true;
    }
    return false;
}

static bool has_signed(const struct signers *signers, const char *who, const char *key)
{
    for (int i = 0; i < signers->count; i++) {
        if (strcmp(rb_value_get_text(signers->signed_by[i], "who", ""), who) == 0 ||
            strcmp(signers->keys[i], key) == 0)
            return true;
    }
    return false;
}

/* Who it was that made it has said whether it is good. */
static void sign(const struct world *world, size_t at, rb_time expires,
                 struct signers *signers)
{
    const struct rb_event *event = &world->events[at];
    const struct rb_value *statement = rb_value_get(event->d, "statement");
    const char *who = rb_value_get_text(statement, "who", "");
    const char *key = rb_value_get_text(event->d, "key", "");
    if (!rb_value_get_bool(event->d, "good", false) || event->utc >= expires ||
        runs_it(world, who, at) || has_signed(signers, who, key))
        return;
    assert_true(signers->count < SIGNERS_MOST);
    signers->rejected |=
        strcmp(rb_value_get_text(statement, "decision", ""), "approve") != 0;
    signers->keys[signers->count] = key;
    signers->signed_by[signers->count++] = statement;
}

static struct signers signers_of(const struct world *world, const char *key, size_t end)
{
    struct signers signers = {0};
    int asked = record_last(world, key, RB_EV_QUESTION_ASKED, end);
    if (asked < 0)
        return signers;
    rb_time expires = rb_value_get_int(world->events[asked].d, "expires", 0);
    for (size_t i = (size_t)asked; i < end; i++) {
        if (world->events[i].type == RB_EV_APPROVAL_RECEIVED &&
            record_is_of(&world->events[i], key))
            sign(world, i, expires, &signers);
    }
    return signers;
}

static bool has_role(const struct signers *signers, const char *role)
{
    for (int i = 0; i < signers->count; i++) {
        if (strcmp(rb_value_get_text(signers->signed_by[i], "role", ""), role) == 0)
            return true;
    }
    return false;
}

static bool is_enough(const struct rb_step *step, const struct signers *signers)
{
    const struct rb_value *roles = rb_value_get(step->spec, "roles");
    int64_t quorum = rb_value_get_int(step->spec, "quorum", 0);
    bool all = rb_value_count(roles) > 0;
    for (size_t i = 0; i < rb_value_count(roles); i++)
        all &= has_role(signers, rb_value_as_text(rb_value_at(roles, i), ""));
    return !signers->rejected && (quorum > 0 ? signers->count >= quorum : all);
}

/* A yes of nobody else's, and no skip but that of its own `when`. */
static bool is_approved(const struct world *world, const char *key, int ended)
{
    const struct rb_event *event = &world->events[ended];
    if (event->type == RB_EV_STEP_SKIPPED)
        return !record_says(event, "by", "person");
    const struct signers signers = signers_of(world, key, (size_t)ended);
    return event->type == RB_EV_STEP_PASSED &&
           is_enough(record_plan_step(world, key), &signers);
}

/* What both stand in, and which of its children each is in; false: `later` is not behind `step` in a list. */
static bool is_behind(const struct rb_plan *plan, int step, int later)
{
    for (int outer = step; outer >= 0; outer = plan->steps[outer].parent) {
        int holder = plan->steps[outer].parent;
        bool beside = holder >= 0 && plan->steps[holder].action == RB_ACTION_PARALLEL;
        for (int at = later; at >= 0; at = plan->steps[at].parent) {
            if (plan->steps[at].parent == holder)
                return at > outer && !beside;
        }
    }
    return false;
}

/* A loop around it, with `later` outside, that bears failures: it has borne this one. */
static bool is_borne(const struct world *world, int step, int later, int ended)
{
    const struct rb_plan *plan = world->plan;
    const struct rb_event *event = &world->events[ended];
    if (event->type != RB_EV_STEP_FAILED || record_says(event, "reason", "refused"))
        return false;
    for (int at = step; at >= 0; at = plan->steps[at].parent) {
        int inside = later;
        while (inside >= 0 && inside != at)
            inside = plan->steps[inside].parent;
        if (inside < 0 && plan->steps[at].for_each >= 0 && plan->steps[at].max_failures > 0)
            return true;
    }
    return false;
}

/* In the same elements of the loops that both stand in. */
static bool is_in_same_elements(const struct world *world, const char *key,
                                const char *later)
{
    int depth = 0;
    for (int at = record_index(world, key); at >= 0; at = world->plan->steps[at].parent) {
        for (int other = record_index(world, later); other >= 0;
             other = world->plan->steps[other].parent)
            depth += at == other && world->plan->steps[at].for_each >= 0;
    }
    const char *a = record_elements(key), *b = record_elements(later);
    for (; depth > 0; depth--) {
        size_t length = strcspn(a, "]");
        if (strncmp(a, b, length + 1) != 0)
            return false;
        a += length + 1;
        b += length + 1;
    }
    return true;
}

/* Of each instance of an approval that it stands behind, how that came out last. */
static void check_approved(const struct world *world, size_t at)
{
    const char *later = record_step(&world->events[at]);
    int step = record_index(world, later);
    for (size_t i = 0; i < at; i++) {
        const struct rb_event *event = &world->events[i];
        const char *key = record_step(event);
        if (event->type != RB_EV_STEP_BEGAN)
            continue;
        int approval = record_index(world, key);
        bool loop =
            world->plan->steps[approval].for_each >= 0 && !record_is_element(world, key);
        if (world->plan->steps[approval].action != RB_ACTION_APPROVE || loop ||
            record_is_let_in(world, approval) || !is_behind(world->plan, approval, step) ||
            !is_in_same_elements(world, key, later))
            continue;
        int ended = record_end(world, key, at);
        if (ended < 0 ||
            (!is_approved(world, key, ended) && !is_borne(world, approval, step, ended)))
            fail_msg("%s begins, and %s is not approved", later, key);
    }
}

void world_check_approvals(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct rb_event *event = &world->events[i];
        const char *key = record_step(event);
        if (event->type != RB_EV_STEP_BEGAN && event->type != RB_EV_EFFECT_INTENT &&
            event->type != RB_EV_STEP_PASSED)
            continue;
        int step = record_index(world, key);
        const struct rb_step *its = &world->plan->steps[step];
        bool loop = its->for_each >= 0 && !record_is_element(world, key);
        if (event->type == RB_EV_STEP_PASSED && its->action == RB_ACTION_APPROVE && !loop &&
            !is_approved(world, key, (int)i))
            fail_msg("%s passes, and it is not approved", key);
        if (event->type != RB_EV_STEP_PASSED && !record_is_let_in(world, step))
            check_approved(world, i);
    }
}
