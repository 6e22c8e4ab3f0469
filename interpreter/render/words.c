#include "render/words.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

void rb_words_text(struct rb_buf *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    while (length > 0 && text[length - 1] == '\n')
        length--; /* a block of YAML ends with one */
    rb_text_visible(text, length, false, out);
}

void rb_words_value(struct rb_buf *out, const struct rb_value *value)
{
    if (rb_value_is(value, RB_STRING))
        rb_text_visible(rb_value_as_text(value, ""), rb_value_length(value), false, out);
    else
        rb_json_print(value, 0, out);
}

void rb_words_clock(struct rb_buf *out, rb_time utc)
{
    char text[28];
    rb_time_format(utc, text);
    rb_buf_printf(out, "%.8sZ", text + 11);
}

void rb_words_span(struct rb_buf *out, rb_time span)
{
    if (span < 60 * RB_SEC)
        rb_buf_printf(out, "%" PRId64 "s", (span < 0 ? 0 : span) / RB_SEC);
    else
        rb_duration_human(span, out);
}

void rb_words_bytes(struct rb_buf *out, int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        rb_buf_printf(out, "%" PRId64 " bytes", bytes);
        return;
    }
    double size = (double)bytes / 1000;
    size_t unit = 0;
    for (; size >= 999.95 && unit + 1 < RB_COUNT(units); unit++)
        size /= 1000;
    rb_buf_printf(out, "%.1f %s", size, units[unit]);
}

void rb_words_person(struct rb_buf *out, const struct rb_value *person)
{
    if (!rb_value_is(person, RB_MAP)) {
        rb_words_text(out, rb_value_as_text(person, "somebody"));
        return;
    }
    const char *host = rb_value_get_text(person, "host", NULL);
    rb_words_text(out, rb_value_get_text(person, "user", "somebody"));
    if (host)
        rb_buf_putc(out, '@');
    rb_words_text(out, host);
}

void rb_words_attempt(const struct rb_state *state, int attempt, struct rb_buf *out)
{
    int most = state->current < 0 ? 1 : rb_node_step(state, state->current)->retry.attempts;
    if (most > 1 && attempt <= most)
        rb_buf_printf(out, ", attempt %d of %d", attempt, most);
    else if (attempt > 1)
        rb_buf_printf(out, ", attempt %d", attempt);
}

void rb_words_plan(struct rb_buf *out, const struct rb_plan *plan)
{
    rb_words_text(out, plan->name);
    if (plan->environment) {
        rb_buf_puts(out, " in ");
        rb_words_text(out, plan->environment);
    }
    if (plan->title) {
        rb_buf_puts(out, ": ");
        rb_words_text(out, plan->title);
    }
}

void rb_words_numbered(struct rb_buf *out, const struct rb_value *question)
{
    int64_t count = rb_value_get_int(question, "count", 1);
    rb_words_text(out, rb_value_get_text(question, "step", ""));
    if (count > 1) {
        rb_buf_printf(out, " %" PRId64 " of %" PRId64,
                      rb_value_get_int(question, "index", 0) + 1, count);
    }
}

const char *rb_words_signal(const char *name)
{
    static const char *const words[][2] = {
        {"INT", "Ctrl-C"},
        {"TERM", "asked to end (TERM)"},
        {"HUP", "the terminal is gone (HUP)"},
        {"cancel", "cancelled"},
    };
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    }
    return "interrupted";
}

/* "42s of 10m" of an attempt. */
static void elapsed(rb_time span, rb_time most, struct rb_buf *out)
{
    rb_words_span(out, span);
    if (most > 0) {
        rb_buf_puts(out, " of ");
        rb_duration_format(most, out);
    }
}

static void waiting_for_time(const struct rb_active *active, rb_time left,
                             struct rb_buf *out)
{
    rb_buf_puts(out, "waiting until ");
    rb_words_clock(out, active->due_utc);
    rb_buf_puts(out, ", ");
    rb_words_span(out, left);
    rb_buf_puts(out, " left");
}

/* What the step waits for next. */
static void waiting(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    const struct rb_active *active = node->active;
    rb_time left = active->due > mono ? active->due - mono + RB_SEC - 1 : 0;
    if (step->action == RB_ACTION_WAIT) {
        waiting_for_time(active, left, out);
        return;
    }
    if (step->action == RB_ACTION_GATE && active->polls > 0) {
        elapsed(mono - now->attempt_began, rb_value_get_int(step->spec, "timeout_us", 0),
                out);
        rb_buf_printf(out, ", poll %d, next in ", active->polls);
    } else {
        rb_buf_printf(out, "attempt %d of %d in ", node->attempt, step->retry.attempts);
    }
    rb_words_span(out, left);
}

static void last_of_gate(const struct rb_active *active, rb_time hold, rb_time mono,
                         struct rb_buf *out)
{
    if (active->held_since > 0) {
        rb_buf_puts(out, ", holds for ");
        elapsed(mono - active->held_since, hold, out);
        return;
    }
    for (size_t i = 0; i < rb_value_count(active->eval); i++) {
        const struct rb_value *item = rb_value_at(active->eval, i);
        const char *wrong = rb_value_get_text(item, "error", NULL);
        const char *verdict = rb_value_get_text(item, "verdict", "holds");
        if (!wrong && strcmp(verdict, "holds") == 0)
            continue;
        rb_buf_puts(out, ", last: ");
        rb_words_text(out, wrong ? wrong : rb_value_get_text(item, "why", "does not hold"));
        return;
    }
}

static void running(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out)
{
    rb_buf_puts(out, "running for ");
    elapsed(mono - now->attempt_began, rb_node_step(state, state->current)->timeout, out);
    rb_words_attempt(state, rb_state_current(state)->attempt, out);
}

bool rb_words_doing(const struct rb_story *story, const struct rb_state *state, rb_time utc,
                    rb_time mono, struct rb_buf *out)
{
    (void)utc;
    const struct rb_frame *now = rb_story_now(story);
    const struct rb_node *node = rb_state_current(state);
    if (!now || !node || state->phase != RB_RUN_RUNNING)
        return false;
    const struct rb_step *step = rb_node_step(state, state->current);
    if (node->phase == RB_PHASE_RUNNING) {
        running(now, state, mono, out);
    } else if (node->phase == RB_PHASE_WAITING) {
        waiting(now, state, mono, out);
        if (step->action == RB_ACTION_GATE)
            last_of_gate(node->active, rb_value_get_int(step->spec, "hold_us", 0), mono,
                         out);
    } else if (node->phase == RB_PHASE_ASKING) {
        rb_buf_puts(out, "waiting for an answer");
    } else if (node->phase != RB_PHASE_CHILDREN) {
        rb_buf_puts(out, "evaluating");
    } else {
        return false;
    }
    return true;
}

static bool is_leaf(const struct rb_state *state, const struct rb_node *node)
{
    return !node->loop && state->plan->steps[node->step].action != RB_ACTION_STEPS;
}

void rb_words_counts(const struct rb_state *state, struct rb_buf *out)
{
    static const enum rb_status order[] = {RB_STATUS_PASSED, RB_STATUS_SKIPPED,
                                           RB_STATUS_FAILED};
    int counts[RB_STATUS_SKIPPED + 1] = {0};
    for (int i = 0; i < state->node_count; i++) {
        const struct rb_node *node = &state->nodes[i];
        bool skipped = node->status == RB_STATUS_SKIPPED;
        if (skipped || is_leaf(state, node))
            counts[node->status]++;
    }
    const char *before = "";
    for (size_t i = 0; i < RB_COUNT(order); i++) {
        if (counts[order[i]] == 0)
            continue;
        rb_buf_printf(out, "%s%d %s", before, counts[order[i]], rb_status_name(order[i]));
        before = ", ";
    }
    if (!*before)
        rb_buf_puts(out, "no step ended");
}
