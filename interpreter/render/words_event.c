#include <inttypes.h>
#include <string.h>

#include "render/words.h"

/* What a sentence is made of. */
struct telling {
    const struct rb_story *story;
    const struct rb_state *state;
    const struct rb_event *event;
    const struct rb_value *d;
    struct rb_buf *out;
};

static const char *text(const struct telling *telling, const char *member)
{
    return rb_value_get_text(telling->d, member, NULL);
}

static bool says(const struct telling *telling, const char *member, const char *word)
{
    return strcmp(rb_value_get_text(telling->d, member, ""), word) == 0;
}

/* ": reason", where there is one. */
static void because(const struct telling *telling, const char *member)
{
    const char *why = text(telling, member);
    if (!why || !*why)
        return;
    rb_buf_puts(telling->out, ": ");
    rb_words_text(telling->out, why);
}

static void key(const struct telling *telling)
{
    rb_words_text(telling->out, text(telling, "step"));
    rb_buf_puts(telling->out, ": ");
}

static void with_title(const struct telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    if (!subject || !subject->title)
        return;
    rb_buf_puts(telling->out, ": ");
    rb_words_text(telling->out, subject->title);
}

static void after(const struct telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    if (!subject)
        return;
    rb_buf_puts(telling->out, " after ");
    rb_duration_human(telling->event->mono - subject->began, telling->out);
}

/* What was printed beyond the cap is gone, and whoever reads on has to know. */
static void cut_output(const struct telling *telling)
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

static bool created(const struct telling *telling)
{
    rb_buf_puts(telling->out, "run ");
    rb_words_text(telling->out, text(telling, "run"));
    rb_buf_puts(telling->out, " of ");
    rb_words_plan(telling->out, telling->state->plan);
    return true;
}

static bool resumed(const struct telling *telling)
{
    rb_buf_puts(telling->out, "run ");
    rb_words_text(telling->out, rb_value_get_text(telling->state->created, "run", ""));
    rb_buf_puts(telling->out, " resumed by ");
    rb_words_person(telling->out, rb_value_get(telling->d, "operator"));
    rb_buf_puts(telling->out, ", so far ");
    rb_words_counts(telling->state, telling->out);
    return true;
}

/* A step is told of when it does something; what holds others, when it is entered. */
static bool began(const struct telling *telling)
{
    const struct rb_node *node = rb_state_current(telling->state);
    if (!node || node->loop ||
        rb_node_step(telling->state, telling->state->current)->action != RB_ACTION_STEPS)
        return false;
    key(telling);
    rb_buf_puts(telling->out, "began");
    with_title(telling);
    return true;
}

static bool loop_began(const struct telling *telling)
{
    key(telling);
    int64_t count = rb_value_get_int(telling->d, "count", 0);
    rb_buf_printf(telling->out, "began, %" PRId64 " time%s", count, count == 1 ? "" : "s");
    with_title(telling);
    return true;
}

static bool intended(const struct telling *telling)
{
    if (telling->state->current < 0)
        return false;
    const struct rb_step *step = rb_node_step(telling->state, telling->state->current);
    key(telling);
    rb_buf_puts(telling->out, "runs");
    rb_words_attempt(telling->state, (int)rb_value_get_int(telling->d, "attempt", 1),
                     telling->out);
    if (step->timeout) {
        rb_buf_puts(telling->out, ", at most ");
        rb_duration_format(step->timeout, telling->out);
    }
    with_title(telling);
    return true;
}

static bool adopted(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "was still running, goes on");
    with_title(telling);
    return true;
}

static bool unstarted(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "had not been started");
    return true;
}

static bool doubtful(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "in doubt");
    because(telling, "why");
    return true;
}

static bool asked(const struct telling *telling)
{
    if (says(telling, "kind", "failure") || says(telling, "kind", "doubt")) {
        key(telling);
        rb_buf_puts(telling->out, "asks how to go on");
    } else {
        rb_words_numbered(telling->out, telling->d);
        rb_buf_puts(telling->out, ": asks");
    }
    because(telling, "text");
    return true;
}

static void also(const struct telling *telling, const char *member)
{
    const struct rb_value *value = rb_value_get(telling->d, member);
    if (!value || rb_value_is(value, RB_NULL))
        return;
    rb_buf_printf(telling->out, "; %s: ", member);
    rb_words_value(telling->out, value);
}

static bool answered(const struct telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    const struct rb_value *question = subject ? subject->question : NULL;
    const char *kind = rb_value_get_text(question, "kind", "failure");
    bool choice = strcmp(kind, "failure") == 0 || strcmp(kind, "doubt") == 0;
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
    also(telling, "reason");
    also(telling, "evidence");
    also(telling, "note");
    rb_buf_puts(telling->out, "; by ");
    rb_words_person(telling->out, rb_value_get(telling->d, "by"));
    if (says(telling, "via", "answers"))
        rb_buf_puts(telling->out, " in the answers file");
    return true;
}

static bool unanswered(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "nobody answered");
    because(telling, "why");
    return true;
}

static bool proven(const struct telling *telling)
{
    key(telling);
    rb_words_text(telling->out, text(telling, "item"));
    rb_buf_puts(telling->out, " holds, proven by its check");
    return true;
}

/* How long the attempt took: as the outcome has it, which knows of time before a resume. */
static void after_attempt(const struct telling *telling)
{
    const struct rb_frame *subject = rb_story_subject(telling->story);
    if (!subject)
        return;
    int64_t attempt = rb_value_get_int(telling->d, "attempt", 1);
    rb_time span = telling->event->mono - subject->attempt_began;
    if (rb_value_get_int(subject->result, "attempt", 0) == attempt)
        span = rb_value_get_int(subject->result, "duration_us", span);
    rb_buf_puts(telling->out, " after ");
    rb_duration_human(span, telling->out);
}

static bool attempt_failed(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out,
                says(telling, "reason", "unknown") ? "could not be decided" : "failed");
    rb_words_attempt(telling->state, (int)rb_value_get_int(telling->d, "attempt", 1),
                     telling->out);
    after_attempt(telling);
    because(telling, "why");
    return true;
}

static bool retry(const struct telling *telling)
{
    rb_time at = rb_value_get_int(telling->d, "at", telling->event->utc);
    key(telling);
    rb_buf_puts(telling->out, "tries again in ");
    rb_duration_human(at - telling->event->utc, telling->out);
    rb_words_attempt(telling->state, (int)rb_value_get_int(telling->d, "attempt", 1),
                     telling->out);
    return true;
}

static bool wait_began(const struct telling *telling)
{
    rb_time at = rb_value_get_int(telling->d, "at", telling->event->utc);
    key(telling);
    rb_buf_puts(telling->out, "waits until ");
    rb_words_clock(telling->out, at);
    rb_buf_puts(telling->out, " (");
    rb_words_span(telling->out, at - telling->event->utc);
    rb_buf_puts(telling->out, ")");
    with_title(telling);
    return true;
}

static bool gate_waiting(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, says(telling, "verdict", "holds")
                                  ? "holds, but not for long enough"
                              : says(telling, "verdict", "fails") ? "does not hold yet"
                                                                  : "can't be decided yet");
    rb_buf_printf(telling->out, " (poll %" PRId64 ")",
                  rb_value_get_int(telling->d, "polls", 0));
    because(telling, "why");
    return true;
}

static bool skipped(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out,
                says(telling, "by", "when") ? "skipped, does not apply: when" : "skipped");
    because(telling, "why");
    return true;
}

static bool passed(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "passed");
    if (rb_value_get_bool(telling->d, "probed", false))
        rb_buf_puts(telling->out, ", its probe says that it is in place,");
    after(telling);
    int64_t attempts = rb_value_get_int(telling->d, "attempts", 1);
    if (attempts > 1)
        rb_buf_printf(telling->out, ", attempt %" PRId64, attempts);
    if (text(telling, "overridden")) {
        rb_buf_puts(telling->out, ", marked done by a person");
        because(telling, "overridden");
    }
    cut_output(telling);
    return true;
}

static bool failed(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "failed");
    after(telling);
    if (rb_value_get_bool(telling->d, "continued", false))
        rb_buf_puts(telling->out, ", the run goes on");
    because(telling, "why");
    cut_output(telling);
    return true;
}

static bool decided(const struct telling *telling)
{
    key(telling);
    rb_buf_puts(telling->out, "runs again, ");
    rb_buf_puts(telling->out, says(telling, "by", "person") ? "as a person decided"
                              : says(telling, "by", "probe")
                                  ? "its probe says that it is not done"
                                  : "it is idempotent");
    return true;
}

static bool signalled(const struct telling *telling)
{
    static const char *const levels[] = {
        "the run stops after this step; once more ends the step",
        "the step is being ended; once more leaves at once",
        "leaving at once",
    };
    if (says(telling, "name", "ENOSPC")) {
        rb_buf_puts(telling->out, "the disk is full: the run stops after this step");
        return true;
    }
    if (says(telling, "name", "secret")) {
        rb_words_text(telling->out, rb_value_get_text(telling->d, "why", ""));
        return true;
    }
    int64_t level = rb_value_get_int(telling->d, "level", 1);
    level = level < 1 ? 1 : level > 3 ? 3 : level;
    rb_buf_printf(telling->out, "%s: %s",
                  rb_words_signal(rb_value_get_text(telling->d, "name", "")),
                  levels[level - 1]);
    return true;
}

static bool recovered(const struct telling *telling)
{
    rb_buf_printf(telling->out,
                  "the record ended inside a line: %" PRId64 " bytes were put aside",
                  rb_value_get_int(telling->d, "bytes", 0));
    return true;
}

static void at_step(const struct telling *telling)
{
    const char *step = text(telling, "step");
    if (!step)
        return;
    rb_buf_puts(telling->out, " at ");
    rb_words_text(telling->out, step);
}

static bool suspended(const struct telling *telling)
{
    int64_t status = rb_value_get_int(telling->d, "exit", 3);
    rb_buf_puts(telling->out, status == 3 ? "suspended" : "stopped");
    at_step(telling);
    because(telling, "why");
    return true;
}

static bool finished(const struct telling *telling)
{
    int64_t passed_over = rb_value_get_int(telling->d, "failed", 0);
    rb_words_text(telling->out, text(telling, "status"));
    at_step(telling);
    because(telling, "why");
    rb_buf_puts(telling->out, says(telling, "status", "succeeded") ? ": " : "; ");
    rb_words_counts(telling->state, telling->out);
    rb_buf_puts(telling->out, " in ");
    rb_duration_human(telling->event->utc - telling->state->created_utc, telling->out);
    if (passed_over > 0)
        rb_buf_puts(telling->out, " (the run was told to go on after a failure)");
    return true;
}

typedef bool teller(const struct telling *telling);

/* Types that are no news stand for themselves by being absent. */
static teller *const tellers[RB_EV_COUNT] = {
    [RB_EV_RUN_CREATED] = created,
    [RB_EV_RUN_RESUMED] = resumed,
    [RB_EV_STEP_BEGAN] = began,
    [RB_EV_LOOP_BEGAN] = loop_began,
    [RB_EV_EFFECT_INTENT] = intended,
    [RB_EV_EFFECT_ADOPTED] = adopted,
    [RB_EV_EFFECT_UNSTARTED] = unstarted,
    [RB_EV_EFFECT_DOUBT] = doubtful,
    [RB_EV_QUESTION_ASKED] = asked,
    [RB_EV_QUESTION_ANSWERED] = answered,
    [RB_EV_QUESTION_UNANSWERED] = unanswered,
    [RB_EV_ITEM_PROVEN] = proven,
    [RB_EV_ATTEMPT_FAILED] = attempt_failed,
    [RB_EV_RETRY_SCHEDULED] = retry,
    [RB_EV_WAIT_BEGAN] = wait_began,
    [RB_EV_GATE_WAITING] = gate_waiting,
    [RB_EV_STEP_SKIPPED] = skipped,
    [RB_EV_STEP_PASSED] = passed,
    [RB_EV_STEP_FAILED] = failed,
    [RB_EV_STEP_DECIDED] = decided,
    [RB_EV_SIGNAL_RECEIVED] = signalled,
    [RB_EV_TAIL_RECOVERED] = recovered,
    [RB_EV_RUN_SUSPENDED] = suspended,
    [RB_EV_RUN_FINISHED] = finished,
};

bool rb_words_event(const struct rb_story *story, const struct rb_state *state,
                    const struct rb_event *event, struct rb_buf *out)
{
    struct telling telling = {
        .story = story, .state = state, .event = event, .d = event->d, .out = out};
    return tellers[event->type] && tellers[event->type](&telling);
}
