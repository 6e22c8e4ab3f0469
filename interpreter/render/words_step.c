#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "core/container.h"
#include "core/front.h"
#include "core/look.h"
#include "render/words_inner.h"

static void with_title(const struct rb_telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    if (!subject || !subject->title)
        return;
    rb_buf_puts(telling->out, ": ");
    rb_words_text(telling->out, subject->title);
}

static void after(const struct rb_telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    if (!subject)
        return;
    rb_buf_puts(telling->out, " after ");
    rb_duration_human(telling->event->mono - subject->began, telling->out);
}

/* What was printed beyond the cap is gone, and whoever reads on has to know. */
static void cut_output(const struct rb_telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    const struct rb_value *result = subject ? subject->result : NULL;
    int64_t lost = rb_value_get_int(rb_value_get(result, "out"), "lost", 0) +
                   rb_value_get_int(rb_value_get(result, "err"), "lost", 0);
    if (lost == 0)
        return;
    rb_buf_puts(telling->out, "; of its output ");
    rb_words_bytes(telling->out, lost);
    rb_buf_puts(telling->out, " were not kept");
}

/* Because a later step needs a young result of it. */
static bool began_again(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "again: its result is too old for ");
    rb_words_text(telling->out, rb_telling_text(telling, "for"));
    return true;
}

/* A step is told of when it does something; what holds others, when it is entered, and a call when it is
 * known with which values. */
static bool began(const struct rb_telling *telling)
{
    const struct rb_node *node = rb_state_current(telling->state);
    if (rb_telling_text(telling, "for"))
        return began_again(telling);
    if (!node || node->loop)
        return false;
    enum rb_action action = rb_node_step(telling->state, telling->state->current)->action;
    if (!rb_action_holds_steps(action) || action == RB_ACTION_CALL)
        return false;
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "began");
    with_title(telling);
    return true;
}

static bool loop_began(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    int64_t count = rb_value_get_int(telling->d, "count", 0);
    rb_buf_printf(telling->out, "began, %" PRId64 " time%s", count, count == 1 ? "" : "s");
    with_title(telling);
    return true;
}

/* What it was given: with which values its file works is what there is to know of it. */
static bool call_began(const struct rb_telling *telling)
{
    const struct rb_value *params = rb_value_get(telling->d, "params");
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "calls ");
    rb_words_text(telling->out, rb_value_get_text(telling->d, "runbook", ""));
    for (size_t i = 0; i < rb_value_count(params); i++) {
        RB_AUTO_BUF struct rb_buf value = {0};
        rb_json_print(rb_value_member_at(params, i), 0, &value);
        rb_buf_puts(telling->out, i == 0 ? " with " : ", ");
        rb_words_text(telling->out, rb_value_as_text(rb_value_key_at(params, i), ""));
        rb_buf_puts(telling->out, " ");
        rb_words_text(telling->out, rb_buf_text(&value));
    }
    with_title(telling);
    return true;
}

static bool intended(const struct rb_telling *telling)
{
    if (telling->state->current < 0)
        return false;
    const struct rb_step *step = rb_node_step(telling->state, telling->state->current);
    rb_telling_key(telling);
    rb_buf_puts(telling->out, step->action == RB_ACTION_NOTIFY ? "sends" : "runs");
    rb_words_attempt(telling->state, (int)rb_value_get_int(telling->d, "attempt", 1),
                     telling->out);
    if (step->timeout) {
        rb_buf_puts(telling->out, ", at most ");
        rb_duration_format(step->timeout, telling->out);
    }
    with_title(telling);
    return true;
}

static bool adopted(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "was still running, goes on");
    with_title(telling);
    return true;
}

static bool unstarted(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "had not been started");
    return true;
}

static bool doubtful(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "in doubt");
    rb_telling_because(telling, "why");
    return true;
}

static bool asked(const struct rb_telling *telling)
{
    if (rb_telling_says(telling, "kind", "failure") ||
        rb_telling_says(telling, "kind", "doubt") ||
        rb_telling_says(telling, "kind", "rejected")) {
        rb_telling_key(telling);
        rb_buf_puts(telling->out, "asks how to go on");
    } else {
        rb_words_numbered(telling->out, telling->d);
        rb_buf_puts(telling->out, ": asks");
    }
    rb_words_asked_of(telling->out, telling->d);
    rb_telling_because(telling, "text");
    return true;
}

static bool answered(const struct rb_telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    const struct rb_value *question = subject ? subject->question : NULL;
    const char *kind = rb_value_get_text(question, "kind", "failure");
    bool choice = strcmp(kind, "failure") == 0 || strcmp(kind, "doubt") == 0 ||
                  strcmp(kind, "window") == 0 || strcmp(kind, "rejected") == 0;
    bool field = strcmp(kind, "field") == 0;
    rb_words_numbered(telling->out, choice ? telling->d : question);
    if (field) {
        rb_buf_puts(telling->out, ": ");
        rb_words_text(telling->out, rb_value_get_text(question, "text", ""));
    }
    rb_buf_puts(telling->out, ": ");
    rb_words_value(telling->out, rb_value_get(telling->d, "answer"));
    if (!field && !choice) {
        rb_buf_puts(telling->out, ": ");
        rb_words_text(telling->out, rb_value_get_text(question, "text", ""));
    }
    rb_telling_also(telling, "reason");
    rb_telling_also(telling, "evidence");
    rb_telling_also(telling, "note");
    rb_buf_puts(telling->out, "; by ");
    rb_words_person(telling->out, rb_value_get(telling->d, "by"));
    if (rb_telling_says(telling, "via", "answers"))
        rb_buf_puts(telling->out, " in the answers file");
    return true;
}

static bool signature(const struct rb_telling *telling)
{
    rb_words_signature(telling->out, telling->event);
    return true;
}

static bool unanswered(const struct rb_telling *telling)
{
    const struct rb_node *node = rb_state_current(telling->state);
    bool some = node && node->active && rb_value_count(node->active->approvals) > 0;
    rb_telling_key(telling);
    rb_buf_puts(telling->out, some ? "not enough have signed" : "nobody answered");
    rb_telling_because(telling, "why");
    return true;
}

static bool proven(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_words_text(telling->out, rb_telling_text(telling, "item"));
    rb_buf_puts(telling->out, " holds, proven by its check");
    return true;
}

/* How long the attempt took: as the outcome has it, which knows of time before a resume, unless a check
 * took its time after that. */
static void after_attempt(const struct rb_telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    if (!subject)
        return;
    int64_t attempt = rb_value_get_int(telling->d, "attempt", 1);
    rb_time span = telling->event->mono - subject->attempt_began;
    rb_time action = rb_value_get_int(subject->result, "duration_us", span);
    if (rb_value_get_int(subject->result, "attempt", 0) == attempt &&
        (action > span || !rb_telling_says(telling, "reason", "unknown")))
        span = action;
    rb_buf_puts(telling->out, " after ");
    rb_duration_human(span, telling->out);
}

static bool is_of_guard(const struct rb_telling *telling)
{
    return telling->state->current >= 0 &&
           rb_front_is_guard(telling->state, telling->state->current);
}

static bool tripped(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "tripped");
    rb_telling_because(telling, "why");
    return true;
}

static bool attempt_failed(const struct rb_telling *telling)
{
    if (is_of_guard(telling) && rb_telling_says(telling, "reason", "check"))
        return tripped(telling);
    rb_telling_key(telling);
    rb_buf_puts(telling->out, rb_telling_says(telling, "reason", "unknown")
                                  ? "could not be decided"
                                  : "failed");
    rb_words_attempt(telling->state, (int)rb_value_get_int(telling->d, "attempt", 1),
                     telling->out);
    after_attempt(telling);
    rb_telling_because(telling, "why");
    return true;
}

static bool retry(const struct rb_telling *telling)
{
    rb_time at = rb_value_get_int(telling->d, "at", telling->event->utc);
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "tries again in ");
    rb_duration_human(at - telling->event->utc, telling->out);
    rb_words_attempt(telling->state, (int)rb_value_get_int(telling->d, "attempt", 1),
                     telling->out);
    return true;
}

static bool wait_began(const struct rb_telling *telling)
{
    rb_time at = rb_value_get_int(telling->d, "at", telling->event->utc);
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "waits until ");
    rb_words_moment(telling->out, at, telling->event->utc);
    rb_buf_puts(telling->out, " (");
    rb_words_span(telling->out, at - telling->event->utc);
    rb_buf_puts(telling->out, ")");
    with_title(telling);
    return true;
}

/* The reason of the evaluation before. */
static void what_was_seen(const struct rb_telling *telling)
{
    const char *why = rb_story_reason(rb_story_subject(telling->story));
    if (!why)
        return;
    rb_buf_puts(telling->out, ": ");
    rb_words_text(telling->out, why);
}

/* Which look it was, and why it came to what it did; `node`: its gate or guard, -1 where that has
 * ended since. */
static void count_look(const struct rb_telling *telling, int node)
{
    int polls = node >= 0 ? telling->state->nodes[node].active->polls : 0;
    rb_buf_printf(telling->out, " (attempt %" PRId64 ")",
                  rb_value_get_int(telling->d, "polls", polls));
    what_was_seen(telling);
}

static void guard_looked(const struct rb_telling *telling, int node)
{
    static const char *const words[] = {"holds", "does not hold", "can't be decided"};
    enum rb_verdict verdict = rb_look_verdict(telling->event);
    const struct rb_step *step = rb_node_step(telling->state, node);
    bool pausing = telling->state->nodes[node].active->pausing;
    rb_buf_puts(telling->out, words[verdict]);
    count_look(telling, node);
    if (rb_value_get_bool(telling->d, "pauses", pausing)) {
        rb_buf_puts(telling->out, "; nothing is begun until it holds");
    } else if (verdict == RB_FAILS) {
        rb_buf_puts(telling->out, "; trips after ");
        rb_duration_format(rb_value_get_int(step->spec, "trips_after_us", 0), telling->out);
        rb_buf_puts(telling->out, " of that");
    }
}

static void gate_looked(const struct rb_telling *telling, int node)
{
    static const char *const words[] = {"holds, but not for long enough",
                                        "does not hold yet", "can't be decided yet"};
    rb_buf_puts(telling->out, words[rb_look_verdict(telling->event)]);
    count_look(telling, node);
}

/* A look is told of by its evaluation where it leaves standing what was decided before. */
static bool changes_nothing(const struct rb_telling *telling, int node)
{
    return node >= 0 && rb_telling_says(telling, "phase", "gate") &&
           rb_look_stands(&telling->state->nodes[node], rb_look_verdict(telling->event));
}

static bool looked(const struct rb_telling *telling)
{
    const char *step = rb_telling_text(telling, "step");
    int node = step ? rb_front_find(telling->state, step) : -1;
    if (telling->event->type == RB_EV_EVAL_RESULT && !changes_nothing(telling, node))
        return false;
    rb_telling_key(telling);
    if (node >= 0 && rb_front_is_guard(telling->state, node))
        guard_looked(telling, node);
    else
        gate_looked(telling, node);
    return true;
}

static bool overridden(const struct rb_telling *telling)
{
    rb_words_override(telling->out, telling->d, telling->event->utc);
    return true;
}

static bool skipped(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, rb_telling_says(telling, "by", "when")
                                  ? "skipped, does not apply: when"
                                  : "skipped");
    rb_telling_because(telling, "why");
    return true;
}

/* "left open until 23:00:00Z: ready.backup, ready.room" */
static void left_open(const struct rb_telling *telling)
{
    const struct rb_value *duties = rb_value_get(telling->d, "obligations");
    for (size_t i = 0; i < rb_value_count(duties); i++) {
        const struct rb_value *duty = rb_value_at(duties, i);
        char due[28];
        rb_time_format(rb_value_get_int(duty, "due", 0), due);
        if (i == 0)
            rb_buf_printf(telling->out, "; left open, to be confirmed until %.19sZ: ", due);
        rb_buf_puts(telling->out, i > 0 ? ", " : "");
        rb_words_text(telling->out, rb_value_get_text(duty, "text", ""));
    }
}

static bool passed(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, rb_story_missed(telling->story, telling->state)
                                  ? "did not reach everybody, the run goes on,"
                                  : "passed");
    if (rb_value_get_bool(telling->d, "probed", false))
        rb_buf_puts(telling->out, ", its probe says that it is in place,");
    after(telling);
    int64_t attempts = rb_value_get_int(telling->d, "attempts", 1);
    if (attempts > 1)
        rb_buf_printf(telling->out, ", attempt %" PRId64, attempts);
    if (rb_telling_text(telling, "overridden")) {
        rb_buf_puts(telling->out, ", marked done by a person");
        rb_telling_because(telling, "overridden");
    }
    if (rb_value_get(telling->d, "elements")) {
        RB_AUTO_BUF struct rb_buf elements = {0};
        rb_container_text(rb_value_get(telling->d, "elements"), &elements);
        rb_buf_puts(telling->out, ", ");
        rb_words_text(telling->out, rb_buf_text(&elements));
    }
    left_open(telling);
    cut_output(telling);
    return true;
}

static bool failed(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    rb_buf_puts(telling->out, "failed");
    after(telling);
    if (rb_value_get_bool(telling->d, "continued", false))
        rb_buf_puts(telling->out, ", the run goes on");
    int64_t failures = rb_value_get_int(telling->d, "failures", 0);
    if (failures > 0)
        rb_buf_printf(telling->out,
                      " (the loop fails with %" PRId64 ", this is %" PRId64 ")",
                      rb_value_get_int(telling->d, "most", 0), failures);
    rb_telling_because(telling, "why");
    cut_output(telling);
    return true;
}

static bool decided(const struct rb_telling *telling)
{
    bool undo = rb_telling_says(telling, "choice", "undo");
    rb_telling_key(telling);
    rb_buf_puts(telling->out, undo ? "takes back what was in doubt, " : "runs again, ");
    if (rb_telling_says(telling, "by", "person")) {
        rb_buf_puts(telling->out, "as ");
        rb_words_text(telling->out, rb_value_get_text(telling->d, "who", "a person"));
        rb_buf_puts(telling->out, " decided");
        rb_telling_because(telling, "reason");
        return true;
    }
    rb_buf_puts(telling->out, !rb_telling_says(telling, "by", "probe") ? "it is idempotent"
                              : undo ? "its probe says that it is in place"
                                     : "its probe says that it is not done");
    return true;
}

static bool ends_others(const struct rb_state *state)
{
    for (int at = state->current; at >= 0; at = state->nodes[at].parent) {
        if (rb_node_step(state, at)->cancel_branches)
            return true;
    }
    return false;
}

static bool halted(const struct rb_telling *telling)
{
    rb_telling_key(telling);
    bool back = rb_telling_says(telling, "status", "rollback");
    rb_buf_puts(telling->out,
                back ? "the run is rolled back when what runs beside it has ended"
                : rb_value_get_bool(telling->d, "stops", false)
                    ? "the run stops when what runs beside it has ended"
                : ends_others(telling->state)
                    ? "stands still, the branches beside it are ended"
                    : "stands still, the branches beside it go on");
    return true;
}

static rb_teller *const tellers[RB_EV_COUNT] = {
    /* clang-format off */
    [RB_EV_STEP_BEGAN] = began,
    [RB_EV_WINDOW_OVERRIDDEN] = overridden,
    [RB_EV_LOOP_BEGAN] = loop_began,
    [RB_EV_CALL_BEGAN] = call_began,
    [RB_EV_EFFECT_INTENT] = intended,
    [RB_EV_EFFECT_ADOPTED] = adopted,
    [RB_EV_EFFECT_UNSTARTED] = unstarted,
    [RB_EV_EFFECT_DOUBT] = doubtful,
    [RB_EV_QUESTION_ASKED] = asked,
    [RB_EV_QUESTION_ANSWERED] = answered,
    [RB_EV_QUESTION_UNANSWERED] = unanswered,
    [RB_EV_APPROVAL_ACCEPTED] = signature,
    [RB_EV_APPROVAL_REFUSED] = signature,
    [RB_EV_ITEM_PROVEN] = proven,
    [RB_EV_ATTEMPT_FAILED] = attempt_failed,
    [RB_EV_RETRY_SCHEDULED] = retry,
    [RB_EV_WAIT_BEGAN] = wait_began,
    [RB_EV_EVAL_RESULT] = looked,
    [RB_EV_GATE_WAITING] = looked,
    [RB_EV_STEP_SKIPPED] = skipped,
    [RB_EV_STEP_PASSED] = passed,
    [RB_EV_STEP_FAILED] = failed,
    [RB_EV_STEP_HALTED] = halted,
    [RB_EV_STEP_DECIDED] = decided,
    /* clang-format on */
};

bool rb_words_of_step(const struct rb_telling *telling)
{
    rb_teller *tell = tellers[telling->event->type];
    return tell && tell(telling);
}
