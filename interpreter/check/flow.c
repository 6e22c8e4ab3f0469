/* Steps whose modifiers contradict one another, or can't do what they are there for. */

#include <string.h>

#include "base/buf.h"
#include "check/rules.h"
#include "plan/reason.h"
#include "plan/rescue.h"

static void never_runs(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    const char *source = step->when < 0 ? "" : check->plan->exprs[step->when].source;
    if (strcmp(source, "false") != 0 && strcmp(source, "nil") != 0)
        return;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 510, check->plan->exprs[step->when].span,
                    "`%s` can never run", step->id);
    rb_diag_help(diag, "take the step out, or let a parameter decide: when: params.NAME");
}

static void repeats(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    if (!rb_action_is_effect(step->action) || step->idempotent)
        return;
    bool undone = step->retry.on && !(step->retry.on & ~(unsigned)RB_REASONS_UNDONE);
    if (step->retry.attempts > 1 && step->probe < 0 && !undone) {
        struct rb_diag *diag =
            rb_diag_add(check->diags, 512, rb_check_key(check, index, "retry"),
                        "`%s` would be repeated without knowing what it did", step->id);
        rb_diag_help(diag,
                     "say `idempotent: true` if twice does no harm, or write a `probe` "
                     "that finds out");
    }
    if (step->on_interrupt == RB_INTERRUPT_RERUN) {
        struct rb_diag *diag = rb_diag_add(
            check->diags, 513, rb_check_key(check, index, "on_interrupt"),
            "`%s` would be run again after an interruption, and may do everything twice",
            step->id);
        rb_diag_help(diag, "say `idempotent: true` if twice does no harm, or write "
                           "`on_interrupt: ask`");
    }
}

static void asks_no_probe(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    if (step->on_interrupt != RB_INTERRUPT_PROBE || step->probe >= 0 ||
        rb_check_value(check, index, "probe"))
        return;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 514, rb_check_key(check, index, "on_interrupt"),
                    "`%s` has no `probe` to decide by", step->id);
    rb_diag_help(diag, "write one: probe: sh.exec{...}.ok");
}

/* Of two times of a step the first has to be the shorter one. */
static void compare_times(const struct rb_check *check, int code, struct rb_span span,
                          const char *name, rb_time time, const char *limit_name,
                          rb_time limit, const char *help)
{
    if (time == 0 || limit == 0 || time <= limit)
        return;
    RB_AUTO_BUF struct rb_buf first = {0}, second = {0};
    rb_duration_format(time, &first);
    rb_duration_format(limit, &second);
    struct rb_diag *diag =
        rb_diag_add(check->diags, code, span, "`%s` of %s is longer than `%s` of %s", name,
                    rb_buf_text(&first), limit_name, rb_buf_text(&second));
    rb_diag_help(diag, "%s", help);
}

static void times(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    const char *key = rb_check_value(check, index, "timeout") ? "timeout" : "within";
    compare_times(check, 515, rb_check_key(check, index, key), "timeout", step->timeout,
                  "within", step->within,
                  "`within` ends all attempts together: make it the longer one");
    compare_times(check, 515, rb_check_key(check, index, "retry"), "delay",
                  step->retry.delay, "max_delay", step->retry.max_delay,
                  "no wait is longer than `max_delay`: make it the longer one");
    if (step->action != RB_ACTION_GATE)
        return;
    rb_time timeout = rb_value_get_int(step->spec, "timeout_us", 3600 * RB_SEC);
    struct rb_span gate = rb_check_key(check, index, "gate");
    compare_times(check, 516, gate, "hold", rb_value_get_int(step->spec, "hold_us", 0),
                  "timeout", timeout,
                  "a gate that has to hold for so long needs a longer `timeout`");
    compare_times(check, 516, gate, "every", rb_value_get_int(step->spec, "every_us", 0),
                  "timeout", timeout,
                  "it would look once: make `every` shorter or `timeout` longer");
}

/* What is to be typed out must be known to whoever wrote the question. */
static void typed_word(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    const struct rb_value *type = rb_value_get(step->spec, "type");
    if (step->action != RB_ACTION_CONFIRM || !rb_value_is(type, RB_MAP))
        return;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 517, rb_check_key(check, index, "confirm"),
                    "the word to type out comes from a value");
    rb_diag_help(diag, "write the word itself: type: production");
}

/* As its own file calls it: once is enough for a file that is called twice. */
static void way_back(const struct rb_check *check, int index)
{
    const struct rb_plan *plan = check->plan;
    if (!rb_plan_lacks_undo(plan, index))
        return;
    const char *id = plan->steps[index].id, *called = strrchr(id, ':');
    struct rb_diag *diag =
        rb_diag_add(check->diags, 525, plan->steps[index].span,
                    "a rollback leaves what `%s` does in place", called ? called + 1 : id);
    rb_diag_help(diag,
                 "say how it is taken back, `undo: {run: ...}`, or `undo: none` where "
                 "there is nothing to take back");
}

void rb_check_ways_back(const struct rb_check *check, int first_book)
{
    const struct rb_plan *plan = check->plan;
    /* A staging environment may be left as it is. */
    bool back = (!plan->environment || rb_plan_is_for_production(plan)) &&
                rb_plan_can_roll_back(plan);
    for (int i = 0; back && i < plan->step_count; i++) {
        if (plan->steps[i].book >= first_book)
            way_back(check, i);
    }
}

/* No step is to blame more than another: it is said once, where it begins. */
void rb_check_no_way_back(const struct rb_plan *plan, struct rb_diags *diags)
{
    int first = -1, count = 0;
    for (int i = 0; i < plan->step_count; i++) {
        if (!rb_plan_lacks_undo(plan, i))
            continue;
        first = first < 0 ? i : first;
        count++;
    }
    if (!rb_plan_is_for_production(plan) || rb_plan_can_roll_back(plan) || count == 0)
        return;
    RB_AUTO_BUF struct rb_buf who = {0};
    rb_buf_printf(&who, "`%s`", plan->steps[first].id);
    if (count > 1)
        rb_buf_printf(&who, " and %d more", count - 1);
    struct rb_diag *diag =
        rb_diag_add(diags, 525, plan->steps[first].span, "nothing takes back what %s do%s",
                    rb_buf_text(&who), count > 1 ? "" : "es");
    rb_diag_help(diag,
                 "give what can be taken back an `undo`, and the others `undo: none`; "
                 "`runbook plan` has NO UNDO at each of them");
}

void rb_check_flow(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->step_count; i++) {
        never_runs(check, i);
        repeats(check, i);
        asks_no_probe(check, i);
        times(check, i);
        typed_word(check, i);
    }
    rb_check_ways_back(check, 0);
}
