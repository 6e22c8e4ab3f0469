#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/duties.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/questions.h"
#include "cli/status.h"
#include "cli/step_status.h"
#include "core/container.h"
#include "core/core.h"
#include "core/front.h"
#include "core/question.h"
#include "core/rollback.h"
#include "effects/clock.h"
#include "plan/rescue.h"
#include "render/words.h"

/* When the first comes of the times that it waits for; 0: none. */
static rb_time waits_until(const struct rb_state *state)
{
    rb_time first = 0;
    for (int i = 0; i < state->active_count && state->phase != RB_RUN_FINISHED; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        bool times = rb_node_has_deadline(node) &&
                     (node->active->entering ||
                      rb_node_step(state, state->active[i])->action == RB_ACTION_WAIT);
        if (times && (first == 0 || node->active->due_utc < first))
            first = node->active->due_utc;
    }
    return first;
}

static const struct rb_value *steps_json(const struct rb_state *state)
{
    struct rb_list_builder list = {0};
    for (int i = 0; i < state->plan->step_count; i++) {
        const struct rb_step *step = &state->plan->steps[i];
        int at = rb_step_node(state, i);
        const struct rb_node *node = at < 0 ? NULL : &state->nodes[at];
        const struct rb_value *elements = rb_step_elements(state, i);
        rb_list_add(&list,
                    rb_value_map("id", rb_value_text(step->id), "action",
                                 rb_value_text(rb_action_name(step->action)), "status",
                                 rb_value_text(rb_step_status(state, i)), "attempts",
                                 node ? rb_value_int(node->attempt) : NULL, "outputs",
                                 node && node->outputs ? rb_value_ref(node->outputs) : NULL,
                                 "elements", rb_value_ref(elements), NULL));
    }
    return rb_list_end(&list);
}

/* What an open run holds, also while nobody is at work on it. */
static bool held_locks(const struct rb_state *state)
{
    return rb_value_count(state->locks) > 0 && state->phase != RB_RUN_FINISHED;
}

/* What no undo has taken back, where the run was rolled back or is: a new reference, or NULL. */
static const struct rb_value *left_of(const struct rb_state *state)
{
    return state->rollback ? rb_rollback_left(state) : NULL;
}

static void print_json(const struct rb_history *history, const char *status)
{
    char started[28];
    const struct rb_state *state = history->state;
    RB_AUTO_VALUE const struct rb_value *questions = rb_questions_open(state);
    const struct rb_value *first = rb_value_at(questions, 0);
    char until[28];
    rb_time_format(state->created_utc, started);
    rb_time_format(waits_until(state), until);
    RB_AUTO_VALUE const struct rb_value *all = rb_value_map(
        "run", rb_value_text(history->run->id), "status", rb_value_text(status), "runbook",
        rb_value_text(state->plan->name), "environment",
        state->plan->environment ? rb_value_text(state->plan->environment) : NULL,
        "started", rb_value_text(started), "params",
        rb_value_ref(rb_value_get(history->created, "params")), "end",
        rb_value_ref(state->end), "waits_for", rb_value_ref(first), "waits_until",
        waits_until(state) ? rb_value_text(until) : NULL, "overrides",
        rb_value_ref(state->overrides), "shells", rb_value_ref(state->shells), "left",
        left_of(state), "questions", rb_value_ref(questions), "events",
        rb_value_int(history->records), "operator", rb_value_text(rb_state_operator(state)),
        "obligations", rb_duties_list(state->duties), "locks",
        held_locks(state) ? rb_value_ref(state->locks) : NULL, "steps", steps_json(state),
        NULL);
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(all, 2, &out);
    puts(rb_buf_text(&out));
}

static void print_visible(const char *text)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_text_visible(text, strlen(text), false, &out);
    fputs(rb_buf_text(&out), stdout);
}

/* A title as it is written where it has values: which they were differs from turn to turn. */
static void print_title(const struct rb_plan *plan, const struct rb_value *title)
{
    const struct rb_value *parts = rb_value_get(title, "$text");
    print_visible(rb_value_as_text(title, ""));
    for (size_t i = 0; i < rb_value_count(parts); i++) {
        const struct rb_value *part = rb_value_at(parts, i);
        int64_t expr = rb_value_get_int(part, "$expr", -1);
        if (expr >= 0)
            fputs("${{ ", stdout);
        print_visible(expr >= 0 ? plan->exprs[expr].source : rb_value_as_text(part, ""));
        if (expr >= 0)
            fputs(" }}", stdout);
    }
}

static int depth_of(const struct rb_plan *plan, int step)
{
    int depth = 0;
    for (int at = plan->steps[step].parent; at >= 0; at = plan->steps[at].parent)
        depth++;
    return depth;
}

static void print_elements(const struct rb_value *elements)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!elements)
        return;
    rb_container_text(elements, &text);
    fputs(" (", stdout);
    print_visible(rb_buf_text(&text));
    putchar(')');
}

static void print_step(const struct rb_state *state, int index)
{
    const struct rb_step *step = &state->plan->steps[index];
    int indent = 2 * depth_of(state->plan, index);
    printf("  %-9s %*s%-*s ", rb_step_word(state, index), indent, "", 28 - indent,
           step->id);
    print_title(state->plan, rb_value_get(step->spec, "title"));
    int at = rb_step_node(state, index);
    if (at >= 0 && state->nodes[at].attempt > 1)
        printf(" (attempt %d)", state->nodes[at].attempt);
    print_elements(rb_step_elements(state, index));
    int all, undone = rb_step_undone(state, index, &all);
    if (undone < all)
        printf(" (%d of %d taken back)", undone, all);
    puts(rb_step_is_among(state->overrides, step->id) ? " (decided by a person)" : "");
}

static void print_signed(const struct rb_value *approvals)
{
    for (size_t i = 0; i < rb_value_count(approvals); i++) {
        const struct rb_value *one = rb_value_at(approvals, i);
        fputs("  signed by ", stdout);
        print_visible(rb_value_get_text(one, "by", ""));
        printf(" as %s\n", rb_value_get_text(one, "role", ""));
    }
}

/* What may be answered from another terminal too. */
static void print_elsewhere(const struct rb_state *state, const struct rb_value *question)
{
    static const char *const kinds[] = {"item", "manual", "confirm"};
    RB_AUTO_FREE char *name = rb_question_name(question);
    for (size_t i = 0; i < RB_COUNT(kinds); i++) {
        if (strcmp(rb_value_get_text(question, "kind", ""), kinds[i]) == 0) {
            printf("  runbook confirm %s ", rb_value_get_text(state->created, "run", ""));
            print_visible(name);
            putchar('\n');
        }
    }
}

static void print_signing(const struct rb_state *state, const struct rb_value *question)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!rb_value_get(question, "roles")) {
        print_elsewhere(state, question);
        return;
    }
    rb_words_signing(&text, question, state);
    printf("  %s\n", rb_buf_text(&text));
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_active *active = state->nodes[state->active[i]].active;
        if (active->question == question)
            print_signed(active->approvals);
    }
}

/* What it waits for, or how it ended. */
static void print_why(const struct rb_state *state)
{
    RB_AUTO_VALUE const struct rb_value *questions = rb_questions_open(state);
    size_t count = rb_value_count(questions);
    const char *end = count == 0 ? rb_value_get_text(state->end, "why", NULL) : NULL;
    if (count > 0 || end)
        putchar('\n');
    for (size_t i = 0; i < count; i++) {
        const struct rb_value *question = rb_value_at(questions, i);
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_words_question(&text, question, count > 1);
        printf("waits for an answer: %s\n", rb_buf_text(&text));
        print_signing(state, question);
    }
    if (end) {
        const char *step = rb_value_get_text(state->end, "step", NULL);
        printf("%s%s", step ? step : "", step ? ": " : "");
        print_visible(end);
        putchar('\n');
    }
}

/* Who began it is who has it, unless it was handed over. */
static void print_operator(const struct rb_state *state)
{
    if (!state->operator_now)
        return;
    fputs("  handed over to ", stdout);
    print_visible(rb_state_operator(state));
    fputs("\n\n", stdout);
}

static void print_locks(const struct rb_state *state)
{
    for (size_t i = 0; held_locks(state) && i < rb_value_count(state->locks); i++) {
        fputs(i == 0 ? "  holds " : ", ", stdout);
        print_visible(rb_value_as_text(rb_value_at(state->locks, i), ""));
    }
    fputs(held_locks(state) ? "\n\n" : "", stdout);
}

/* Who reads on has to know that it was not as the runbook has it. */
static void print_otherwise(const struct rb_state *state)
{
    for (size_t i = 0; i < rb_value_count(state->overrides); i++) {
        const struct rb_value *override = rb_value_at(state->overrides, i);
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_words_override(&text, override, state->created_utc);
        printf("%s%s\n", i ? "" : "\n", rb_buf_text(&text));
    }
    for (size_t i = 0; i < rb_value_count(state->shells); i++) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_words_shell(&text, rb_value_at(state->shells, i));
        printf("%s%s\n", i ? "" : "\n", rb_buf_text(&text));
    }
}

static void print_left(const struct rb_state *state, bool live)
{
    RB_AUTO_VALUE const struct rb_value *left =
        state->rollback ? rb_rollback_left_names(state) : NULL;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_words_list(&text, left,
                  live && !state->last ? "\nstill to be taken back: "
                                       : "\nNOT TAKEN BACK: ");
    rb_words_stays(&text, state, "\nleft as they are, without an undo: ");
    if (text.length > 0)
        puts(rb_buf_text(&text));
}

/* What is under way where somebody is at work on the run; what is asked is told of below. */
static void print_doing(const struct rb_story *story, const struct rb_state *state)
{
    const char *before = "\n";
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_state at = rb_state_at(state, state->active[i]);
        const struct rb_frame *frame = rb_story_of(story, at.current);
        RB_AUTO_BUF struct rb_buf text = {0};
        if (!frame || rb_state_current(&at)->phase == RB_PHASE_ASKING ||
            !rb_words_doing(frame, &at, rb_clock_mono(), &text))
            continue;
        fputs(before, stdout);
        print_visible(frame->key);
        printf(": %s\n", rb_buf_text(&text));
        before = "";
    }
}

static void print_until(const struct rb_state *state)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_time until = waits_until(state);
    if (until == 0 || rb_value_get(state->end, "until"))
        return;
    rb_words_moment(&text, until, 0);
    printf("\nwaits until %s\n", rb_buf_text(&text));
}

static void print_text(const struct rb_history *history, const struct rb_story *story,
                       const char *status)
{
    const struct rb_state *state = history->state;
    char started[28];
    rb_time_format(state->created_utc, started);
    RB_AUTO_BUF struct rb_buf word = {0};
    rb_words_status(status, rb_value_get(state->end, "left"), &word);
    printf("%s  %s\n", history->run->id, rb_buf_text(&word));
    printf("  %s", state->plan->name);
    if (state->plan->title) {
        fputs(": ", stdout);
        print_visible(state->plan->title);
    }
    printf("\n  started %.19sZ%s%s, %lld events\n\n", started,
           state->plan->environment ? ", environment " : "",
           state->plan->environment ? state->plan->environment : "",
           (long long)history->records);
    print_operator(state);
    print_locks(state);
    for (int i = 0; i < state->plan->step_count; i++) {
        if (state->latest[i] >= 0 || !rb_plan_is_rescue(state->plan, i))
            print_step(state, i);
    }
    print_otherwise(state);
    if (strcmp(status, "running") == 0)
        print_doing(story, state);
    print_left(state, strcmp(status, "running") == 0);
    print_why(state);
    print_until(state);
    if (state->duties)
        puts("\nobligations that are open; `runbook confirm RUN NAME` when one is done:");
    rb_duties_print(state->duties, "  ");
    if (strcmp(status, "running") != 0 && !rb_state_is_over(state))
        printf("\nto go on: runbook resume %s\n", history->run->id);
}

/* What an earlier writer's clock said may be of an earlier boot. */
static void follow(void *context, const struct rb_state *state,
                   const struct rb_record *record)
{
    if (record->event.type == RB_EV_RUN_RESUMED)
        rb_story_done(context);
    rb_story_feed(context, state, &record->event);
}

int rb_cmd_status(const struct rb_args *args)
{
    struct rb_history history;
    struct rb_story story = {0};
    struct rb_error err = {0};
    if (!rb_history_open(args, args->words[0], RB_HISTORY_READ, follow, &story, &history,
                         &err)) {
        rb_story_done(&story);
        return rb_report(&err);
    }
    const char *status = rb_run_status(history.state->phase, history.state->end,
                                       rb_run_is_live(history.run));
    if (rb_args_is(args, "output", "json", false))
        print_json(&history, status);
    else
        print_text(&history, &story, status);
    rb_story_done(&story);
    rb_history_done(&history);
    return 0;
}
