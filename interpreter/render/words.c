#include "render/words.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "core/look.h"

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

void rb_words_moment(struct rb_buf *out, rb_time utc, rb_time now)
{
    char text[28], today[28];
    rb_time_format(utc, text);
    rb_time_format(now, today);
    if (strncmp(text, today, 10) != 0)
        rb_buf_printf(out, "%.10s ", text);
    rb_words_clock(out, utc);
}

static const char *overridden(const struct rb_value *override)
{
    static const char *const words[][2] = {
        {"skipped", "skipped"}, {"done", "marked done"}, {"left", "left as it is"}};
    const char *what = rb_value_get_text(override, "what", "");
    for (size_t i = 0; i < RB_COUNT(words); i++) {
        if (strcmp(words[i][0], what) == 0)
            return words[i][1];
    }
    return strcmp(rb_value_get_text(override, "cause", ""), "clock") == 0
               ? "the clock is taken to be right"
               : "the window is overridden";
}

void rb_words_override_name(struct rb_buf *out, const struct rb_value *override)
{
    const char *item = rb_value_get_text(override, "item", NULL);
    rb_words_text(out, rb_value_get_text(override, "step", ""));
    if (item)
        rb_buf_putc(out, '.');
    rb_words_text(out, item);
    rb_buf_printf(out, ": %s", overridden(override));
}

void rb_words_override(struct rb_buf *out, const struct rb_value *override, rb_time now)
{
    rb_time until = rb_value_get_int(override, "until", 0);
    const char *role = rb_value_get_text(override, "role", NULL);
    rb_words_override_name(out, override);
    if (until) {
        rb_buf_puts(out, " until ");
        rb_words_moment(out, until, now);
    }
    rb_buf_puts(out, " by ");
    rb_words_person(out, rb_value_get(override, "by"));
    if (role)
        rb_buf_puts(out, " as ");
    rb_words_text(out, role);
    rb_buf_puts(out, ": ");
    rb_words_text(out, rb_value_get_text(override, "reason", ""));
}

void rb_words_list(struct rb_buf *out, const struct rb_value *texts, const char *before)
{
    for (size_t i = 0; i < rb_value_count(texts); i++) {
        rb_buf_puts(out, i == 0 ? before : ", ");
        rb_words_text(out, rb_value_as_text(rb_value_at(texts, i), ""));
    }
}

void rb_words_question(struct rb_buf *out, const struct rb_value *question, bool several)
{
    bool guard = rb_value_get_bool(question, "guard", false);
    if (guard)
        rb_buf_puts(out, "the guard ");
    if (guard || several) {
        rb_words_text(out, rb_value_get_text(question, "step", ""));
        rb_buf_puts(out, ": ");
    }
    rb_words_text(out, rb_value_get_text(question, "text", ""));
}

void rb_words_shell(struct rb_buf *out, const struct rb_value *shell)
{
    rb_words_text(out, rb_value_get_text(shell, "by", "a person"));
    rb_buf_puts(out, " had a shell at ");
    rb_words_text(out, rb_value_get_text(shell, "step", ""));
    rb_buf_puts(out, ": ");
    rb_words_text(out, rb_value_get_text(shell, "why", ""));
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

static void name_unverified(struct rb_buf *out, bool *any, const struct rb_value *what,
                            const char *kind, const char *name)
{
    if (rb_value_get_bool(rb_value_get(what, "tls"), "verify", true))
        return;
    rb_buf_printf(out, "%s%s `", *any ? ", " : "any certificate is taken by ", kind);
    rb_words_text(out, name);
    rb_buf_puts(out, "`");
    *any = true;
}

bool rb_words_unverified(struct rb_buf *out, const struct rb_plan *plan)
{
    bool any = false;
    for (int b = 0; b < plan->book_count; b++) {
        const struct rb_value *all = plan->books[b]->connections;
        for (size_t i = 0; i < rb_value_count(all); i++)
            name_unverified(out, &any, rb_value_member_at(all, i), "connection",
                            rb_value_as_text(rb_value_key_at(all, i), ""));
    }
    for (int i = 0; i < plan->step_count; i++)
        name_unverified(out, &any, plan->steps[i].spec, "step", plan->steps[i].id);
    if (any)
        rb_buf_puts(out, " (`tls: {verify: false}`)");
    return any;
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
        {"rollback", "asked to roll back"},
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

static void waiting_for_time(const struct rb_state *state, const struct rb_active *active,
                             rb_time left, struct rb_buf *out)
{
    rb_buf_puts(out,
                active->entering ? "waiting for its window, until " : "waiting until ");
    rb_words_moment(out, active->due_utc, state->utc);
    rb_buf_puts(out, ", ");
    rb_words_span(out, left);
    rb_buf_puts(out, " left");
}

/* Until what it waits for; whole seconds never show none while there is some. */
static rb_time left_of(const struct rb_active *active, rb_time mono)
{
    return active->due > mono ? active->due - mono + RB_SEC - 1 : 0;
}

/* Of an evaluation that did not hold. */
static void last_reason(const struct rb_frame *now, struct rb_buf *out)
{
    const char *why = rb_story_reason(now);
    if (!why)
        return;
    rb_buf_puts(out, ", last: ");
    rb_words_text(out, why);
}

static void last_of_gate(const struct rb_frame *now, const struct rb_active *active,
                         rb_time hold, rb_time mono, struct rb_buf *out)
{
    if (active->held_since > 0) {
        rb_buf_puts(out, ", holds for ");
        elapsed(mono - active->held_since, hold, out);
        return;
    }
    last_reason(now, out);
}

/* "attempt 7, next in 5s"; one that is due is looking. */
static void looking(const struct rb_node *node, rb_time mono, struct rb_buf *out)
{
    bool waits = !rb_look_may_be(node, mono);
    rb_buf_printf(out, ", attempt %d", node->active->polls + !waits);
    if (!waits)
        return;
    rb_buf_puts(out, ", next in ");
    rb_words_span(out, left_of(node->active, mono));
}

/* A gate that has looked at least once. */
static void polling(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out)
{
    const struct rb_value *spec = rb_node_step(state, state->current)->spec;
    const struct rb_node *node = rb_state_current(state);
    elapsed(mono - now->attempt_began, rb_value_get_int(spec, "timeout_us", 0), out);
    looking(node, mono, out);
    last_of_gate(now, node->active, rb_value_get_int(spec, "hold_us", 0), mono, out);
}

/* How the samples of a guard have been, and what follows from it. */
static void watching(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                     struct rb_buf *out)
{
    const struct rb_step *step = rb_node_step(state, state->current);
    const struct rb_node *node = rb_state_current(state);
    const struct rb_active *active = node->active;
    rb_time bad = active->failing_since ? active->failing_since : active->unknown_since;
    rb_buf_puts(out, active->failing_since   ? "does not hold for "
                     : active->unknown_since ? "can't be decided for "
                                             : "holds");
    if (bad)
        elapsed(mono - bad, rb_value_get_int(step->spec, "trips_after_us", 0), out);
    rb_buf_puts(out, active->pausing ? ", nothing is begun" : "");
    looking(node, mono, out);
    if (bad)
        last_reason(now, out);
}

/* What the step waits for next. */
static void waiting(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out)
{
    const struct rb_node *node = rb_state_current(state);
    const struct rb_step *step = rb_node_step(state, state->current);
    const char *why = rb_value_get_text(now->failure, "why", NULL);
    if (step->action == RB_ACTION_WAIT || node->active->entering) {
        waiting_for_time(state, node->active, left_of(node->active, mono), out);
        return;
    }
    rb_buf_printf(out, "attempt %d of %d in ", node->attempt, step->retry.attempts);
    rb_words_span(out, left_of(node->active, mono));
    if (!why)
        return;
    rb_buf_puts(out, ", last: ");
    rb_words_text(out, why);
}

static void running(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out)
{
    rb_buf_puts(out, "running for ");
    elapsed(mono - now->attempt_began, rb_node_step(state, state->current)->timeout, out);
    rb_words_attempt(state, rb_state_current(state)->attempt, out);
}

bool rb_words_doing(const struct rb_frame *now, const struct rb_state *state, rb_time mono,
                    struct rb_buf *out)
{
    const struct rb_node *node = rb_state_current(state);
    if (state->phase != RB_RUN_RUNNING)
        return false;
    enum rb_action action = rb_node_step(state, state->current)->action;
    bool polls =
        (action == RB_ACTION_GATE || action == RB_ACTION_GUARD) && node->active->polls > 0;
    if (node->phase == RB_PHASE_RUNNING) {
        running(now, state, mono, out);
    } else if (node->phase == RB_PHASE_ASKING) {
        rb_buf_puts(out, "waiting for an answer");
    } else if (node->phase == RB_PHASE_STUCK || node->phase == RB_PHASE_UNANSWERED) {
        rb_buf_puts(out, node->phase == RB_PHASE_STUCK ? "failed" : "has no answer");
        rb_buf_puts(out, ", waits for the branches beside it");
    } else if (node->phase == RB_PHASE_WAITING) {
        waiting(now, state, mono, out);
    } else if (polls && action == RB_ACTION_GUARD) {
        watching(now, state, mono, out);
    } else if (node->phase != RB_PHASE_CHILDREN && polls) {
        polling(now, state, mono, out);
    } else if (node->phase != RB_PHASE_CHILDREN) {
        rb_buf_puts(out, "evaluating");
    } else {
        return false;
    }
    return true;
}

static bool is_leaf(const struct rb_state *state, const struct rb_node *node)
{
    enum rb_action action = state->plan->steps[node->step].action;
    return !node->loop && !rb_action_holds_steps(action) && action != RB_ACTION_GUARD;
}

void rb_words_status(const char *status, const struct rb_value *left, struct rb_buf *out)
{
    bool back = strcmp(status, "rolled_back") == 0;
    if (back && rb_value_count(left) > 0)
        rb_buf_puts(out, "ROLLED BACK IN PART");
    else if (back)
        rb_buf_puts(out, "rolled back");
    else if (strcmp(status, "incomplete") == 0)
        rb_buf_puts(out, "ROLLBACK INCOMPLETE");
    else
        rb_words_text(out, status);
}

/* It failed, and nobody has decided about it. */
static bool stands_failed(const struct rb_node *node)
{
    return node->active && node->active->failure &&
           (node->phase == RB_PHASE_HALTED || node->phase == RB_PHASE_STUCK);
}

void rb_words_counts(const struct rb_state *state, struct rb_buf *out)
{
    static const enum rb_status order[] = {RB_STATUS_PASSED, RB_STATUS_UNDONE,
                                           RB_STATUS_SKIPPED, RB_STATUS_FAILED};
    int counts[RB_STATUS_UNDONE + 1] = {0};
    for (int i = 0; i < state->node_count; i++) {
        const struct rb_node *node = &state->nodes[i];
        bool skipped = node->status == RB_STATUS_SKIPPED;
        if (skipped || is_leaf(state, node))
            counts[stands_failed(node) ? RB_STATUS_FAILED : node->status]++;
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
