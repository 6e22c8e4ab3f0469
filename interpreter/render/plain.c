#include <string.h>
#include <unistd.h>

#include "core/front.h"
#include "core/look.h"
#include "core/question.h"
#include "render/failure.h"
#include "render/github.h"
#include "render/out.h"
#include "render/review.h"
#include "render/tail.h"
#include "render/view.h"
#include "render/words.h"

#define FAILURE_LINES 10

struct plain {
    struct rb_view view;
    struct rb_view_options options;
    struct rb_out out;
    struct rb_story story;
    rb_time quiet_since; /* monotonic; 0: not known yet */
    rb_time pause;       /* until the next sign of life */
    const struct rb_value *
        *gates; /* of each that waits what was said last: step, verdict, why */
    int gate_count, gate_capacity;
};

static void put(struct plain *plain, rb_time utc, const char *line)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_words_clock(&text, utc);
    rb_buf_printf(&text, " %s\n", line);
    rb_out_write(&plain->out, text.data, text.length);
}

static void put_below(struct plain *plain, const char *indent, const char *line)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "          %s%s\n", indent, line);
    rb_out_write(&plain->out, text.data, text.length);
}

static void tell_failure(void *context, enum rb_failure_line kind, const char *line)
{
    put_below(context, kind == RB_FAILURE_OUTPUT ? "| " : "", line);
}

static void command(struct plain *plain, const char *name, const char *title,
                    const char *text)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    if (!plain->options.github)
        return;
    rb_github_command(&line, name, title, text);
    rb_out_write(&plain->out, line.data, line.length);
}

/* In a workflow: a fold, in which nothing that a child wrote is a command. */
static void explain_failure(struct plain *plain, const struct rb_state *state,
                            const struct rb_event *event)
{
    int attempt = (int)rb_value_get_int(event->d, "attempt", 1);
    const char *token = rb_value_get_text(state->created, "nonce", "runbook-output");
    struct rb_failure_place place = {.run_dir = plain->options.run_dir,
                                     .run_path = plain->options.run_path,
                                     .lines = FAILURE_LINES};
    const struct rb_frame *subject = rb_story_subject(&plain->story);
    if (!subject)
        return;
    RB_AUTO_BUF struct rb_buf key = {0};
    rb_words_text(&key, subject->key);
    command(plain, "group", NULL, rb_buf_text(&key));
    command(plain, "stop-commands", NULL, token);
    rb_failure_lines(subject, attempt, &place, tell_failure, plain);
    command(plain, token, NULL, "");
    command(plain, "endgroup", NULL, "");
}

static void show_review(struct plain *plain, const struct rb_value *question)
{
    const struct rb_failure_place place = {.run_dir = plain->options.run_dir,
                                           .run_path = plain->options.run_path,
                                           .lines = FAILURE_LINES};
    if (strcmp(rb_value_get_text(question, "kind", ""), "review") == 0)
        rb_review_lines(question, &place, tell_failure, plain);
}

/* What a workflow shows beside its log. */
static void annotate(struct plain *plain, const struct rb_event *event)
{
    const char *status = rb_value_get_text(event->d, "status", "");
    const char *name =
        event->type == RB_EV_STEP_FAILED || event->type == RB_EV_RUN_SUSPENDED ? "warning"
        : event->type != RB_EV_RUN_FINISHED                                    ? NULL
        : strcmp(status, "succeeded") == 0                                     ? NULL
                                                                               : "error";
    RB_AUTO_BUF struct rb_buf title = {0}, why = {0};
    if (!name)
        return;
    rb_words_text(&title, rb_value_get_text(event->d, "step", plain->options.run_id));
    rb_words_text(&why, rb_value_get_text(event->d, "why", status));
    command(plain, name, rb_buf_text(&title), rb_buf_text(&why));
}

static void say_signing(struct plain *plain, const struct rb_state *state,
                        const struct rb_value *question)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_words_signing(&line, question, state);
    put_below(plain, "", rb_buf_text(&line));
}

static void say_questions(struct plain *plain, const struct rb_state *state)
{
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_printf(&line, "or with answers:     %s --answers FILE, which answers ",
                  plain->options.resume_command);
    const char *between = "";
    for (int i = 0; i < state->active_count; i++) {
        const struct rb_node *node = &state->nodes[state->active[i]];
        /* A suspended run has put away those about a failure, and asks them again. */
        bool open = node->phase == RB_PHASE_UNANSWERED || node->phase == RB_PHASE_HALTED ||
                    (node->phase == RB_PHASE_WAITING && node->active->entering);
        if (!open || !node->active->question)
            continue;
        if (rb_value_get(node->active->question, "roles")) {
            say_signing(plain, state, node->active->question);
            continue;
        }
        RB_AUTO_FREE char *name = rb_question_name(node->active->question);
        rb_buf_puts(&line, between);
        rb_words_text(&line, name);
        between = ", ";
    }
    if (*between)
        put_below(plain, "", rb_buf_text(&line));
}

static void say_how_to_go_on(struct plain *plain, const struct rb_state *state,
                             const struct rb_event *event)
{
    if (rb_state_is_over(state))
        return;
    rb_time until = rb_value_get_int(event->d, "until", 0);
    bool asks =
        event->type == RB_EV_RUN_SUSPENDED && rb_value_get_int(event->d, "exit", 3) == 3;
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_puts(&line, "go on ");
    if (until) {
        rb_buf_puts(&line, "at ");
        rb_words_moment(&line, until, event->utc);
        rb_buf_puts(&line, " with: ");
    } else {
        rb_buf_puts(&line, asks ? "at a terminal: " : "with: ");
    }
    rb_buf_puts(&line, plain->options.resume_command);
    put_below(plain, "", rb_buf_text(&line));
    if (asks)
        say_questions(plain, state);
}

static bool same(const struct rb_value *a, const struct rb_value *b, const char *member)
{
    return strcmp(rb_value_get_text(a, member, ""), rb_value_get_text(b, member, "")) == 0;
}

/* 10 s, then 20, 40, and a minute. */
static void lengthen(struct plain *plain, bool anew)
{
    plain->pause = anew                         ? 10 * RB_SEC
                   : plain->pause < 40 * RB_SEC ? plain->pause * 2
                                                : 60 * RB_SEC;
}

/* What was last said of the gate that the event is about; NULL: nothing. */
static const struct rb_value **gate_of(struct plain *plain, const struct rb_event *event)
{
    for (int i = 0; i < plain->gate_count; i++) {
        if (same(plain->gates[i], event->d, "step"))
            return &plain->gates[i];
    }
    return NULL;
}

/* Why the gate that looked does not hold. */
static const char *reason(const struct plain *plain)
{
    const char *why = rb_story_reason(rb_story_subject(&plain->story));
    return why ? why : "";
}

/* One look of a gate or guard: it was evaluated, or it is decided anew that it waits. */
static bool is_look(const struct rb_event *event)
{
    return event->type == RB_EV_GATE_WAITING ||
           (event->type == RB_EV_EVAL_RESULT &&
            strcmp(rb_value_get_text(event->d, "phase", ""), "gate") == 0);
}

/* The decision that stands, with the members that make a look a repetition of another. */
static const struct rb_value *what_is_said(struct plain *plain,
                                           const struct rb_event *event)
{
    const struct rb_value **said =
        event->type == RB_EV_EVAL_RESULT ? gate_of(plain, event) : NULL;
    RB_AUTO_VALUE const struct rb_value *now =
        rb_value_map("verdict", rb_value_int(rb_look_verdict(event)), "why",
                     rb_value_text(reason(plain)), NULL);
    return rb_value_merge(said ? *said : event->d, now);
}

/* A look with the same answer as the one that was told of. */
static bool is_same_answer(struct plain *plain, const struct rb_event *event)
{
    const struct rb_value **said = is_look(event) ? gate_of(plain, event) : NULL;
    return said && rb_value_get_int(*said, "verdict", -1) == rb_look_verdict(event);
}

/* A gate may look every second for hours: told again when its answer is another, which the decision
 * tells that follows from it, and where only what it saw is another, no more often than a sign of
 * life. */
static bool is_repetition(struct plain *plain, const struct rb_event *event)
{
    bool decided = event->type == RB_EV_GATE_WAITING;
    if (!is_same_answer(plain, event))
        return event->type == RB_EV_EVAL_RESULT;
    const struct rb_value *said = *gate_of(plain, event);
    if (decided && rb_value_get_bool(said, "pauses", false) !=
                       rb_value_get_bool(event->d, "pauses", false))
        return false;
    return strcmp(rb_value_get_text(said, "why", ""), reason(plain)) == 0 ||
           event->mono - plain->quiet_since < plain->pause;
}

/* Of gates that wait side by side each has its own; what ended is forgotten. */
static void keep_gate(struct plain *plain, const struct rb_event *event)
{
    bool waits = is_look(event);
    bool ended = event->type == RB_EV_STEP_PASSED || event->type == RB_EV_STEP_FAILED;
    const struct rb_value **said = waits || ended ? gate_of(plain, event) : NULL;
    if (waits && !said) {
        RB_GROW(plain->gates, plain->gate_count, plain->gate_capacity);
        plain->gates[plain->gate_count++] = what_is_said(plain, event);
    } else if (said) {
        const struct rb_value *before = *said;
        *said = waits ? what_is_said(plain, event) : plain->gates[--plain->gate_count];
        rb_value_unref(before);
    }
}

static void plain_event(struct rb_view *view, const struct rb_state *state,
                        const struct rb_record *record)
{
    struct plain *plain = (struct plain *)view;
    const struct rb_event *event = &record->event;
    rb_story_feed(&plain->story, state, event);
    if (is_repetition(plain, event))
        return;
    bool same_answer = is_same_answer(plain, event);
    keep_gate(plain, event);
    RB_AUTO_BUF struct rb_buf line = {0};
    if (rb_words_event(&plain->story, state, event, &line))
        put(plain, event->utc, rb_buf_text(&line));
    if (event->type == RB_EV_ATTEMPT_FAILED)
        explain_failure(plain, state, event);
    if (event->type == RB_EV_QUESTION_ASKED)
        show_review(plain, event->d);
    annotate(plain, event);
    if (event->type == RB_EV_RUN_SUSPENDED || event->type == RB_EV_RUN_FINISHED)
        say_how_to_go_on(plain, state, event);
    if (line.length > 0 || event->type == RB_EV_STEP_BEGAN) {
        plain->quiet_since = event->mono;
        lengthen(plain, !same_answer);
    }
}

static void add_last_line(struct plain *plain, const struct rb_state *state,
                          struct rb_buf *line)
{
    const struct rb_node *node = rb_state_current(state);
    if (!node || node->phase != RB_PHASE_RUNNING)
        return;
    RB_AUTO_BUF struct rb_buf dir = {0};
    rb_node_key(state, state->current, &dir);
    rb_buf_printf(&dir, ".%d", node->attempt);
    struct rb_tail tail;
    rb_tail_read(plain->options.run_dir, rb_buf_text(&dir), "out", 1, &tail);
    if (tail.count == 0)
        rb_tail_read(plain->options.run_dir, rb_buf_text(&dir), "err", 1, &tail);
    if (tail.count > 0)
        rb_buf_printf(line, "; %s", tail.lines[0]);
    rb_tail_done(&tail);
}

/* The one that has been under way for longest, and how many there are beside it. */
static bool say_doing(struct plain *plain, const struct rb_state *state, rb_time mono,
                      struct rb_buf *line)
{
    const struct rb_state at = rb_state_at(state, rb_front_first(state));
    const struct rb_frame *now = rb_story_of(&plain->story, at.current);
    if (!now)
        return false;
    rb_words_text(line, now->key);
    rb_buf_puts(line, ": still ");
    if (!rb_words_doing(now, &at, mono, line))
        return false;
    add_last_line(plain, &at, line);
    int others = rb_front_count(state) - 1;
    if (others > 0)
        rb_buf_printf(line, "; %d more beside it", others);
    return true;
}

/* Signs of life of a long step. */
static void plain_tick(struct rb_view *view, const struct rb_state *state, rb_time utc,
                       rb_time mono)
{
    struct plain *plain = (struct plain *)view;
    if (plain->quiet_since == 0 || mono - plain->quiet_since < plain->pause)
        return;
    RB_AUTO_BUF struct rb_buf line = {0};
    if (!say_doing(plain, state, mono, &line))
        return;
    put(plain, utc, rb_buf_text(&line));
    plain->quiet_since += plain->pause;
    lengthen(plain, false);
    if (mono - plain->quiet_since >= plain->pause)
        plain->quiet_since = mono;
}

static void plain_unask(struct rb_view *view)
{
    (void)view;
}

static void plain_close(struct rb_view *view, const struct rb_state *state, int status)
{
    struct plain *plain = (struct plain *)view;
    const struct rb_frame *now = rb_story_now(&plain->story);
    if (now && state->phase == RB_RUN_RUNNING) {
        RB_AUTO_BUF struct rb_buf line = {0};
        rb_buf_puts(&line, "left at ");
        rb_words_text(&line, now->key);
        rb_buf_printf(&line, " (exit %d)", status);
        put(plain, state->utc, rb_buf_text(&line));
        rb_buf_clear(&line);
        rb_buf_printf(&line, "go on with: %s", plain->options.resume_command);
        put_below(plain, "", rb_buf_text(&line));
    }
    rb_story_done(&plain->story);
    while (plain->gate_count > 0)
        rb_value_unref(plain->gates[--plain->gate_count]);
    free(plain->gates);
    free(plain);
}

static const struct rb_view_ops ops = {
    .event = plain_event, .tick = plain_tick, .unask = plain_unask, .close = plain_close};

struct rb_view *rb_view_plain_new(const struct rb_view_options *options)
{
    struct plain *plain = rb_alloc(sizeof *plain);
    plain->view.ops = &ops;
    plain->options = *options;
    rb_out_init(&plain->out, STDERR_FILENO);
    return &plain->view;
}
