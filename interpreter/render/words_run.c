#include <inttypes.h>
#include <string.h>

#include "core/container.h"
#include "core/front.h"
#include "core/rollback.h"
#include "plan/rescue.h"
#include "render/words_inner.h"

static void unverified(const struct rb_telling *telling)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (rb_words_unverified(&text, telling->state->plan))
        rb_buf_printf(telling->out, "; %s", rb_buf_text(&text));
}

static bool created(const struct rb_telling *telling)
{
    rb_buf_puts(telling->out, "run ");
    rb_words_text(telling->out, rb_telling_text(telling, "run"));
    rb_buf_puts(telling->out, " of ");
    rb_words_plan(telling->out, telling->state->plan);
    unverified(telling);
    return true;
}

/* Who comes later has to know that it was not as the runbook has it. */
static void overrides(const struct rb_telling *telling)
{
    for (size_t i = 0; i < rb_value_count(telling->state->overrides); i++) {
        rb_buf_puts(telling->out, "; ");
        rb_words_override(telling->out, rb_value_at(telling->state->overrides, i),
                          telling->event->utc);
    }
}

/* What was done there is not on record. */
static void shells(const struct rb_telling *telling)
{
    for (size_t i = 0; i < rb_value_count(telling->state->shells); i++) {
        rb_buf_puts(telling->out, "; ");
        rb_words_shell(telling->out, rb_value_at(telling->state->shells, i));
    }
}

static bool resumed(const struct rb_telling *telling)
{
    rb_buf_puts(telling->out, "run ");
    rb_words_text(telling->out, rb_value_get_text(telling->state->created, "run", ""));
    rb_buf_puts(telling->out, " resumed by ");
    rb_words_person(telling->out, rb_value_get(telling->d, "operator"));
    rb_buf_puts(telling->out, ", so far ");
    rb_words_counts(telling->state, telling->out);
    unverified(telling);
    overrides(telling);
    shells(telling);
    return true;
}

/* " by alice (the disk is full)" */
static void asked_by(const struct rb_telling *telling)
{
    const char *reason = rb_telling_text(telling, "reason");
    rb_buf_puts(telling->out, " by ");
    rb_words_text(telling->out, rb_value_get_text(telling->d, "by", "a person"));
    if (!reason)
        return;
    rb_buf_puts(telling->out, " (");
    rb_words_text(telling->out, reason);
    rb_buf_putc(telling->out, ')');
}

static bool signalled(const struct rb_telling *telling)
{
    static const char *const levels[] = {
        "the run stops after this step; once more ends the step",
        "the step is being ended; once more leaves at once",
        "leaving at once",
    };
    if (rb_telling_says(telling, "name", "ENOSPC")) {
        rb_buf_puts(telling->out, "the disk is full: the run stops after this step");
        return true;
    }
    if (rb_telling_says(telling, "name", "secret")) {
        rb_words_text(telling->out, rb_value_get_text(telling->d, "why", ""));
        return true;
    }
    int64_t level = rb_value_get_int(telling->d, "level", 1);
    level = level < 1 ? 1 : level > 3 ? 3 : level;
    rb_buf_puts(telling->out, rb_words_signal(rb_value_get_text(telling->d, "name", "")));
    if (rb_telling_says(telling, "name", "cancel") ||
        rb_telling_says(telling, "name", "rollback"))
        asked_by(telling);
    rb_buf_printf(telling->out, ": %s", levels[level - 1]);
    return true;
}

static bool locked(const struct rb_telling *telling)
{
    const struct rb_value *keys = rb_value_get(telling->d, "keys");
    const struct rb_value *over = rb_value_get(telling->d, "over");
    rb_words_list(telling->out, keys, "holds ");
    for (size_t i = 0; i < rb_value_count(over); i++) {
        const struct rb_value *one = rb_value_at(over, i);
        rb_buf_puts(telling->out, "; ");
        rb_words_text(telling->out, rb_value_get_text(one, "key", ""));
        rb_buf_puts(telling->out, " was held by ");
        rb_words_text(telling->out, rb_value_get_text(one, "run", ""));
        rb_buf_puts(telling->out, ": ");
        rb_words_text(telling->out, rb_value_get_text(one, "why", ""));
    }
    return true;
}

static bool handed_over(const struct rb_telling *telling)
{
    rb_buf_puts(telling->out, "handed over from ");
    rb_words_text(telling->out, rb_telling_text(telling, "from"));
    rb_buf_puts(telling->out, " to ");
    rb_words_text(telling->out, rb_telling_text(telling, "to"));
    rb_buf_puts(telling->out, ", by ");
    rb_words_text(telling->out, rb_telling_text(telling, "by"));
    rb_telling_because(telling, "reason");
    return true;
}

static bool duty_met(const struct rb_telling *telling)
{
    rb_buf_puts(telling->out, "obligation done: ");
    rb_words_text(telling->out, rb_telling_text(telling, "step"));
    if (rb_telling_text(telling, "item")) {
        rb_buf_putc(telling->out, '.');
        rb_words_text(telling->out, rb_telling_text(telling, "item"));
    }
    rb_telling_also(telling, "evidence");
    rb_telling_also(telling, "note");
    rb_buf_puts(telling->out, "; by ");
    rb_words_person(telling->out, rb_value_get(telling->d, "by"));
    return true;
}

static bool shell_opened(const struct rb_telling *telling)
{
    const struct rb_value *without = rb_value_get(telling->d, "without");
    rb_telling_key(telling);
    rb_words_text(telling->out, rb_telling_text(telling, "by"));
    rb_buf_puts(telling->out, " opens a shell");
    rb_telling_because(telling, "why");
    rb_buf_puts(telling->out, "; ");
    rb_words_text(telling->out, rb_telling_text(telling, "shell"));
    rb_buf_puts(telling->out, " in ");
    rb_words_text(telling->out, rb_telling_text(telling, "cwd"));
    rb_words_list(telling->out, without, ", without its secrets: ");
    return true;
}

static bool shell_closed(const struct rb_telling *telling)
{
    const struct rb_value *number = rb_value_get(telling->d, "signal");
    rb_telling_key(telling);
    if (rb_telling_text(telling, "error")) {
        rb_buf_puts(telling->out, "there is no shell");
        rb_telling_because(telling, "error");
        return true;
    }
    rb_buf_puts(telling->out, "the shell is closed after ");
    rb_duration_human(rb_value_get_int(telling->d, "duration_us", 0), telling->out);
    rb_buf_printf(
        telling->out, number ? ", ended by signal %" PRId64 : ", exit code %" PRId64,
        number ? rb_value_as_int(number, 0) : rb_value_get_int(telling->d, "exit", 0));
    return true;
}

static bool clock_set(const struct rb_telling *telling)
{
    rb_time by = rb_value_get_int(telling->d, "by_us", 0);
    rb_buf_puts(telling->out, "the clock of this machine was set ");
    rb_buf_puts(telling->out, by < 0 ? "back by " : "forth by ");
    rb_words_span(telling->out, (by < 0 ? -by : by) + RB_SEC / 2);
    return true;
}

static bool recovered(const struct rb_telling *telling)
{
    rb_buf_printf(telling->out,
                  "the record ended inside a line: %" PRId64 " bytes were put aside",
                  rb_value_get_int(telling->d, "bytes", 0));
    return true;
}

static void at_step(const struct rb_telling *telling)
{
    const char *step = rb_telling_text(telling, "step");
    if (!step)
        return;
    rb_buf_puts(telling->out, " at ");
    rb_words_text(telling->out, step);
}

enum { STAYS_SHOWN = 20 };

/* Of each step: was it begun, and does no undo take it back? */
static bool *staying(const struct rb_state *state)
{
    bool *stays = rb_alloc((size_t)state->plan->step_count + 1);
    for (int i = 0; i < state->node_count; i++)
        stays[state->nodes[i].step] |= state->nodes[i].started;
    for (int i = 0; i < state->plan->step_count; i++)
        stays[i] = stays[i] && rb_plan_lacks_undo(state->plan, i);
    return stays;
}

void rb_words_stays(struct rb_buf *out, const struct rb_state *state, const char *before)
{
    int count = 0;
    RB_AUTO_FREE bool *stays = staying(state);
    for (int i = 0; state->rollback && i < state->plan->step_count; i++) {
        if (!stays[i] || ++count > STAYS_SHOWN)
            continue;
        rb_buf_puts(out, count == 1 ? before : ", ");
        rb_words_text(out, state->plan->steps[i].id);
    }
    if (count > STAYS_SHOWN)
        rb_buf_printf(out, " and %d more", count - STAYS_SHOWN);
}

static void left_behind(const struct rb_telling *telling)
{
    RB_AUTO_VALUE const struct rb_value *left = rb_rollback_left_names(telling->state);
    rb_words_list(telling->out, left, "; NOT TAKEN BACK: ");
}

static void unfinished(const struct rb_telling *telling)
{
    rb_buf_puts(telling->out, "; THE ROLLBACK IS NOT COMPLETE");
    left_behind(telling);
}

static bool has_unanswered(const struct rb_state *state)
{
    bool has = false;
    for (int i = 0; i < state->active_count && !has; i++)
        has = state->nodes[state->active[i]].phase == RB_PHASE_UNANSWERED;
    return has;
}

/* Guards look from the process: what they cover is under way, and nobody watches it. */
static void unwatched(const struct rb_telling *telling)
{
    const struct rb_state *state = telling->state;
    int count = 0;
    for (int i = 0; i < state->active_count; i++) {
        int node = state->active[i];
        enum rb_phase phase = state->nodes[node].phase;
        if (!rb_front_is_guard(state, node) ||
            (phase != RB_PHASE_LOOKED && phase != RB_PHASE_READY))
            continue;
        rb_buf_puts(telling->out, count++ == 0 ? "; meanwhile no guard looks on: " : ", ");
        rb_words_text(telling->out, rb_node_step(state, node)->id);
    }
    if (count > 0 && has_unanswered(state))
        rb_buf_puts(telling->out, " (with --wait the run stays, and they do)");
}

static bool suspended(const struct rb_telling *telling)
{
    int64_t status = rb_value_get_int(telling->d, "exit", 3);
    rb_buf_puts(telling->out, status == 3 ? "suspended" : "stopped");
    at_step(telling);
    rb_telling_because(telling, "why");
    if (telling->state->rollback && !telling->state->last)
        unfinished(telling);
    overrides(telling);
    unwatched(telling);
    return true;
}

/* What the run went on after, by name. */
static void passed_over(const struct rb_telling *telling)
{
    const struct rb_state *state = telling->state;
    const char *before = " (the run was told to go on after a failure: ";
    for (int i = 0; i < state->node_count; i++) {
        if (!rb_container_is_outermost_failure(state, i))
            continue;
        RB_AUTO_BUF struct rb_buf key = {0};
        rb_node_key(state, i, &key);
        rb_buf_puts(telling->out, before);
        rb_words_text(telling->out, rb_buf_text(&key));
        before = ", ";
    }
    rb_buf_putc(telling->out, ')');
}

/* Those of other branches that failed too. */
static void also_at(const struct rb_telling *telling)
{
    const struct rb_value *keys = rb_value_get(telling->d, "also");
    rb_words_list(telling->out, keys, " (and at ");
    if (rb_value_count(keys) > 0)
        rb_buf_putc(telling->out, ')');
}

static bool rolls_back(const struct rb_telling *telling)
{
    RB_AUTO_VALUE const struct rb_value *left = rb_rollback_left_names(telling->state);
    rb_buf_puts(telling->out, "rolls back");
    at_step(telling);
    rb_telling_because(telling, "why");
    if (rb_value_count(left) == 0)
        rb_buf_puts(telling->out, "; nothing is to be taken back");
    rb_words_list(telling->out, left, "; to be taken back, in this order: ");
    return true;
}

static bool last_began(const struct rb_telling *telling)
{
    rb_words_status(rb_telling_text(telling, "status"), rb_value_get(telling->d, "left"),
                    telling->out);
    at_step(telling);
    rb_buf_puts(telling->out, "; the last steps follow");
    return true;
}

/* That a person said no, the line on the step has just told. */
static bool is_told_refusal(const struct rb_telling *telling)
{
    int node = rb_front_find(telling->state, rb_value_get_text(telling->d, "step", ""));
    const struct rb_frame *frame = rb_story_of(telling->story, node);
    return rb_telling_says(telling, "status", "refused") && frame &&
           rb_telling_says(telling, "why", rb_value_get_text(frame->failure, "why", ""));
}

static bool finished(const struct rb_telling *telling)
{
    rb_words_status(rb_telling_text(telling, "status"), rb_value_get(telling->d, "left"),
                    telling->out);
    at_step(telling);
    if (!is_told_refusal(telling))
        rb_telling_because(telling, "why");
    also_at(telling);
    if (rb_value_get(telling->d, "left"))
        left_behind(telling);
    rb_words_stays(telling->out, telling->state, "; left as they are, without an undo: ");
    rb_buf_puts(telling->out,
                rb_telling_says(telling, "status", "succeeded") ? ": " : "; ");
    rb_words_counts(telling->state, telling->out);
    rb_buf_puts(telling->out, " in ");
    rb_duration_human(telling->event->utc - telling->state->created_utc, telling->out);
    if (rb_value_get_int(telling->d, "failed", 0) > 0)
        passed_over(telling);
    int64_t open = (int64_t)rb_value_count(telling->state->duties);
    if (open > 0)
        rb_buf_printf(telling->out, "; %" PRId64 " obligation%s still open", open,
                      open == 1 ? " is" : "s are");
    overrides(telling);
    shells(telling);
    return true;
}

static rb_teller *const tellers[RB_EV_COUNT] = {
    /* clang-format off */
    [RB_EV_RUN_CREATED] = created,
    [RB_EV_RUN_RESUMED] = resumed,
    [RB_EV_SIGNAL_RECEIVED] = signalled,
    [RB_EV_CLOCK_SET] = clock_set,
    [RB_EV_TAIL_RECOVERED] = recovered,
    [RB_EV_ROLLBACK_BEGAN] = rolls_back,
    [RB_EV_LAST_BEGAN] = last_began,
    [RB_EV_RUN_SUSPENDED] = suspended,
    [RB_EV_LOCK_TAKEN] = locked,
    [RB_EV_RUN_HANDED_OVER] = handed_over,
    [RB_EV_OBLIGATION_MET] = duty_met,
    [RB_EV_SHELL_OPENED] = shell_opened,
    [RB_EV_SHELL_CLOSED] = shell_closed,
    [RB_EV_RUN_FINISHED] = finished,
    /* clang-format on */
};

bool rb_words_of_run(const struct rb_telling *telling)
{
    rb_teller *tell = tellers[telling->event->type];
    return tell && tell(telling);
}
