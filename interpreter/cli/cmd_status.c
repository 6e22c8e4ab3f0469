#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/load.h"
#include "cli/status.h"
#include "core/core.h"

static const char *state_of(const struct rb_state *state, int step)
{
    int at = state->latest[step];
    return at < 0 ? "pending" : rb_status_name(state->nodes[at].status);
}

/* The open question, or NULL. */
static const struct rb_value *open_question(const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    bool open =
        node && (node->phase == RB_PHASE_ASKING || node->phase == RB_PHASE_UNANSWERED ||
                 (node->phase == RB_PHASE_HALTED && state->phase == RB_RUN_SUSPENDED));
    return open ? node->active->question : NULL;
}

static const struct rb_value *steps_json(const struct rb_state *state)
{
    struct rb_list_builder list = {0};
    for (int i = 0; i < state->plan->step_count; i++) {
        const struct rb_step *step = &state->plan->steps[i];
        int at = state->latest[i];
        const struct rb_node *node = at < 0 ? NULL : &state->nodes[at];
        rb_list_add(&list,
                    rb_value_map("id", rb_value_text(step->id), "action",
                                 rb_value_text(rb_action_name(step->action)), "status",
                                 rb_value_text(state_of(state, i)), "attempts",
                                 node ? rb_value_int(node->attempt) : NULL, "outputs",
                                 node && node->outputs ? rb_value_ref(node->outputs) : NULL,
                                 NULL));
    }
    return rb_list_end(&list);
}

static void print_json(const struct rb_history *history, const char *status)
{
    char started[28];
    const struct rb_state *state = history->state;
    const struct rb_value *question = open_question(state);
    rb_time_format(state->created_utc, started);
    RB_AUTO_VALUE const struct rb_value *all = rb_value_map(
        "run", rb_value_text(history->run->id), "status", rb_value_text(status), "runbook",
        rb_value_text(state->plan->name), "environment",
        state->plan->environment ? rb_value_text(state->plan->environment) : NULL,
        "started", rb_value_text(started), "params",
        rb_value_ref(rb_value_get(history->created, "params")), "end",
        state->end ? rb_value_ref(state->end) : NULL, "waits_for",
        question ? rb_value_ref(question) : NULL, "events", rb_value_int(history->records),
        "steps", steps_json(state), NULL);
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

/* A step that can't have its turn any more is not pending: what holds it has ended. */
static const char *word_of(const struct rb_state *state, int step)
{
    bool over = state->phase == RB_RUN_FINISHED &&
                strcmp(rb_run_status(state->phase, state->end, false), "failed") != 0;
    for (int at = state->plan->steps[step].parent; at >= 0 && !over;
         at = state->plan->steps[at].parent)
        over = strcmp(state_of(state, at), "skipped") == 0;
    return over && state->latest[step] < 0 ? "not run" : state_of(state, step);
}

static void print_step(const struct rb_state *state, int index)
{
    const struct rb_step *step = &state->plan->steps[index];
    int indent = 2 * depth_of(state->plan, index);
    printf("  %-8s %*s%-*s ", word_of(state, index), indent, "", 28 - indent, step->id);
    print_title(state->plan, rb_value_get(step->spec, "title"));
    int at = state->latest[index];
    if (at >= 0 && state->nodes[at].attempt > 1)
        printf(" (attempt %d)", state->nodes[at].attempt);
    putchar('\n');
}

static void print_text(const struct rb_history *history, const char *status)
{
    const struct rb_state *state = history->state;
    char started[28];
    rb_time_format(state->created_utc, started);
    printf("%s  %s\n", history->run->id, status);
    printf("  %s", state->plan->name);
    if (state->plan->title) {
        fputs(": ", stdout);
        print_visible(state->plan->title);
    }
    printf("\n  started %.19sZ%s%s, %lld events\n\n", started,
           state->plan->environment ? ", environment " : "",
           state->plan->environment ? state->plan->environment : "",
           (long long)history->records);
    for (int i = 0; i < state->plan->step_count; i++)
        print_step(state, i);
    const struct rb_value *question = open_question(state);
    const char *why = rb_value_get_text(question ? question : state->end,
                                        question ? "text" : "why", NULL);
    if (why) {
        fputs(question ? "\nwaits for an answer: " : "\n", stdout);
        print_visible(why);
        putchar('\n');
    }
    bool open = strcmp(status, "running") != 0 && strcmp(status, "succeeded") != 0 &&
                strcmp(status, "cancelled") != 0;
    if (open)
        printf("\nto go on: runbook resume %s\n", history->run->id);
}

int rb_cmd_status(const struct rb_args *args)
{
    struct rb_history history;
    struct rb_error err = {0};
    if (!rb_history_open(args, args->words[0], false, NULL, NULL, &history, &err))
        return rb_report(&err);
    const char *status = rb_run_status(history.state->phase, history.state->end,
                                       rb_run_is_live(history.run));
    if (rb_args_is(args, "output", "json", false))
        print_json(&history, status);
    else
        print_text(&history, status);
    rb_history_done(&history);
    return 0;
}
