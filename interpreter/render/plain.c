#include <string.h>
#include <unistd.h>

#include "core/question.h"
#include "render/failure.h"
#include "render/github.h"
#include "render/out.h"
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
    int node;            /* the step that the pause belongs to */
    char *gate_said;     /* what the last poll brought: said once */
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

static void say_question(struct plain *plain, const struct rb_state *state)
{
    const struct rb_node *node = rb_state_current(state);
    if (!node || !node->active || !node->active->question)
        return;
    RB_AUTO_FREE char *name = rb_question_name(node->active->question);
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_printf(&line, "or with answers:     %s --answers FILE, which answers ",
                  plain->options.resume_command);
    rb_words_text(&line, name);
    put_below(plain, "", rb_buf_text(&line));
}

static void say_how_to_go_on(struct plain *plain, const struct rb_state *state,
                             const struct rb_event *event)
{
    const char *status = rb_value_get_text(event->d, "status", "");
    if (strcmp(status, "succeeded") == 0 || strcmp(status, "cancelled") == 0)
        return;
    bool asks =
        event->type == RB_EV_RUN_SUSPENDED && rb_value_get_int(event->d, "exit", 3) == 3;
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_printf(&line, asks ? "go on at a terminal: %s" : "go on with: %s",
                  plain->options.resume_command);
    put_below(plain, "", rb_buf_text(&line));
    if (asks)
        say_question(plain, state);
}

/* A gate may be polled every second: told again only when it says something else. */
static bool is_repetition(struct plain *plain, const struct rb_event *event)
{
    if (event->type != RB_EV_GATE_WAITING)
        return false;
    RB_AUTO_BUF struct rb_buf said = {0};
    rb_buf_printf(&said, "%s\n%s\n%s", rb_value_get_text(event->d, "step", ""),
                  rb_value_get_text(event->d, "verdict", ""),
                  rb_value_get_text(event->d, "why", ""));
    if (plain->gate_said && strcmp(plain->gate_said, rb_buf_text(&said)) == 0)
        return true;
    free(plain->gate_said);
    plain->gate_said = rb_buf_take(&said);
    return false;
}

static void plain_event(struct rb_view *view, const struct rb_state *state,
                        const struct rb_record *record)
{
    struct plain *plain = (struct plain *)view;
    const struct rb_event *event = &record->event;
    rb_story_feed(&plain->story, state, event);
    if (is_repetition(plain, event))
        return;
    RB_AUTO_BUF struct rb_buf line = {0};
    if (rb_words_event(&plain->story, state, event, &line))
        put(plain, event->utc, rb_buf_text(&line));
    if (event->type == RB_EV_ATTEMPT_FAILED)
        explain_failure(plain, state, event);
    annotate(plain, event);
    if (event->type == RB_EV_RUN_SUSPENDED || event->type == RB_EV_RUN_FINISHED)
        say_how_to_go_on(plain, state, event);
    const struct rb_frame *now = rb_story_now(&plain->story);
    if (line.length > 0 || !now || now->node != plain->node) {
        plain->quiet_since = event->mono;
        plain->pause = 10 * RB_SEC;
        plain->node = now ? now->node : -1;
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

/* Signs of life of a long step: after 10 s, then 20, 40, and every minute. */
static void plain_tick(struct rb_view *view, const struct rb_state *state, rb_time utc,
                       rb_time mono)
{
    struct plain *plain = (struct plain *)view;
    const struct rb_frame *now = rb_story_now(&plain->story);
    if (!now || plain->quiet_since == 0 || mono - plain->quiet_since < plain->pause)
        return;
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_words_text(&line, now->key);
    rb_buf_puts(&line, ": still ");
    if (!rb_words_doing(&plain->story, state, utc, mono, &line))
        return;
    add_last_line(plain, state, &line);
    put(plain, utc, rb_buf_text(&line));
    plain->quiet_since += plain->pause;
    plain->pause = plain->pause < 40 * RB_SEC ? plain->pause * 2 : 60 * RB_SEC;
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
    free(plain->gate_said);
    free(plain);
}

static const struct rb_view_ops ops = {
    .event = plain_event, .tick = plain_tick, .unask = plain_unask, .close = plain_close};

struct rb_view *rb_view_plain_new(const struct rb_view_options *options)
{
    struct plain *plain = rb_alloc(sizeof *plain);
    plain->view.ops = &ops;
    plain->options = *options;
    plain->node = -1;
    rb_out_init(&plain->out, STDERR_FILENO);
    return &plain->view;
}
