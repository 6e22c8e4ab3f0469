#include "render/terminal_inner.h"

#include <string.h>

#include "core/container.h"
#include "render/review.h"
#include "render/words.h"

enum { FULL_LINES = 10, SHORT_LINES = 3 };

static void print(struct rb_terminal *t, struct rb_row *row)
{
    rb_screen_print(&t->screen, row);
    rb_row_done(row);
}

/* How deep the step stands that the event is about. */
static int depth_of(const struct rb_terminal *t)
{
    const struct rb_frame *subject = rb_story_subject(&t->story);
    return subject ? rb_terminal_depth(t, subject->node) : 0;
}

static void begin(struct rb_terminal *t, struct rb_row *row, enum rb_mark mark)
{
    rb_row_pad(row, 2 * depth_of(t));
    rb_row_mark(row, &t->paint, mark);
    rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
}

/* A row that goes on in further ones, below its own text. */
static void print_wrapped(struct rb_terminal *t, struct rb_rows *rows, enum rb_ink ink,
                          const char *text)
{
    rb_rows_wrap(rows, &t->paint, ink, rows->items[0].width, text);
    for (int i = 0; i < rows->count; i++)
        rb_screen_print(&t->screen, &rows->items[i]);
    rb_rows_done(rows);
}

static void tell_text(struct rb_terminal *t, enum rb_mark mark, enum rb_ink ink,
                      const char *text)
{
    struct rb_rows rows = {0};
    begin(t, rb_rows_new(&rows, t->screen.columns - 1), mark);
    print_wrapped(t, &rows, ink, text);
}

static void tell_words(struct rb_terminal *t, const struct rb_event *event,
                       enum rb_mark mark, enum rb_ink ink)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (rb_words_event(&t->story, t->state, event, &text))
        tell_text(t, mark, ink, rb_buf_text(&text));
}

/* What a step is about: its title, or what it asked. */
static const char *subject_of(const struct rb_frame *frame)
{
    const char *kind = rb_value_get_text(frame->question, "kind", "");
    bool whole = strcmp(kind, "confirm") == 0 || strcmp(kind, "manual") == 0;
    if (frame->title || !whole)
        return frame->title;
    return rb_value_get_text(frame->question, "text", NULL);
}

/* "✓ backup   3m12s  Dump the production database" */
static void tell_end(struct rb_terminal *t, const struct rb_event *event, enum rb_mark mark,
                     const char *remark, const char *why)
{
    const struct rb_frame *ended = &t->story.ended;
    if (!ended->key)
        return;
    RB_AUTO_BUF struct rb_buf key = {0}, time = {0}, text = {0};
    struct rb_rows rows = {0};
    struct rb_row *row = rb_rows_new(&rows, t->screen.columns - 1);
    begin(t, row, mark);
    rb_words_text(&key, ended->key);
    rb_duration_human(event->mono - ended->began, &time);
    rb_row_add(row, &t->paint, RB_INK_PLAIN, rb_buf_text(&key));
    rb_row_pad(row, t->key_width + 9 - (int)time.length);
    rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
    rb_row_add(row, &t->paint, RB_INK_DIM, rb_buf_text(&time));
    rb_row_add(row, &t->paint, RB_INK_PLAIN, "  ");
    rb_words_text(&text, remark);
    if (why && *why) {
        rb_buf_puts(&text, ": ");
        rb_words_text(&text, why);
    }
    if (text.length == 0) {
        rb_words_text(&text, subject_of(ended));
        rb_row_add(row, &t->paint, RB_INK_PLAIN, rb_buf_text(&text));
        rb_buf_clear(&text);
    }
    print_wrapped(t, &rows, RB_INK_PLAIN, rb_buf_text(&text));
}

/* A loop in which elements failed, and that passed all the same. */
static void tell_elements(struct rb_terminal *t, const struct rb_event *event)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_container_text(rb_value_get(event->d, "elements"), &text);
    tell_end(t, event, RB_MARK_PASSED, rb_buf_text(&text), NULL);
}

static void tell_passed(struct rb_terminal *t, const struct rb_event *event)
{
    const char *reason = rb_value_get_text(event->d, "overridden", NULL);
    if (rb_story_missed(&t->story, t->state))
        tell_end(t, event, RB_MARK_FAILED, "did not reach everybody, the run goes on",
                 NULL);
    else if (reason)
        tell_end(t, event, RB_MARK_PASSED, "marked done by a person", reason);
    else if (rb_value_get_bool(event->d, "probed", false))
        tell_end(t, event, RB_MARK_PASSED, "was in place already, as its probe found",
                 NULL);
    else if (rb_value_get(event->d, "elements"))
        tell_elements(t, event);
    else if (rb_value_get(event->d, "obligations"))
        tell_end(t, event, RB_MARK_WAITING, "left open, to be confirmed later",
                 subject_of(&t->story.ended));
    else
        tell_end(t, event, RB_MARK_PASSED, NULL, NULL);
}

/* Why it failed was told with its attempt. */
static void tell_failed(struct rb_terminal *t, const struct rb_event *event)
{
    RB_AUTO_BUF struct rb_buf remark = {0};
    int64_t failures = rb_value_get_int(event->d, "failures", 0);
    if (failures > 0)
        rb_buf_printf(&remark, "failed, %lld of the %lld with which the loop fails",
                      (long long)failures,
                      (long long)rb_value_get_int(event->d, "most", 0));
    else if (rb_value_get_bool(event->d, "continued", false))
        rb_buf_puts(&remark, "failed, the run goes on");
    else
        rb_buf_puts(&remark, "failed");
    tell_end(t, event, RB_MARK_FAILED, rb_buf_text(&remark), NULL);
}

/* The head of a group or loop: of a loop when the number of its elements is known, and a call says
 * itself what it calls. */
static void tell_head(struct rb_terminal *t, const struct rb_event *event)
{
    const struct rb_frame *now = rb_story_now(&t->story);
    const struct rb_node *node = rb_state_current(t->state);
    if (!now || !node)
        return;
    enum rb_action action = rb_node_step(t->state, now->node)->action;
    bool group = rb_action_holds_steps(action) && action != RB_ACTION_CALL;
    if (node->loop ? event->type == RB_EV_STEP_BEGAN : !group)
        return;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_words_text(&text, now->key);
    if (node->loop)
        rb_buf_printf(&text, ", %d of them", (int)rb_value_get_int(event->d, "count", 0));
    if (now->title) {
        rb_buf_puts(&text, ": ");
        rb_words_text(&text, now->title);
    }
    struct rb_row row = {.limit = t->screen.columns - 1};
    begin(t, &row, RB_MARK_RUNNING);
    rb_row_add(&row, &t->paint, RB_INK_PLAIN, rb_buf_text(&text));
    print(t, &row);
}

static void tell_detail(void *context, enum rb_failure_line kind, const char *text)
{
    static const enum rb_ink inks[] = {[RB_FAILURE_CHECK] = RB_INK_BAD,
                                       [RB_FAILURE_LABEL] = RB_INK_DIM,
                                       [RB_FAILURE_OUTPUT] = RB_INK_PLAIN,
                                       [RB_FAILURE_PATH] = RB_INK_PLAIN};
    struct rb_terminal *t = context;
    struct rb_rows rows = {0};
    struct rb_row *row = rb_rows_new(&rows, t->screen.columns - 1);
    rb_row_pad(row, 4 + 2 * depth_of(t));
    if (kind == RB_FAILURE_OUTPUT) {
        rb_row_mark(row, &t->paint, RB_MARK_BAR);
        rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
    }
    if (kind == RB_FAILURE_PATH)
        row->limit = 0; /* to be copied in one piece */
    print_wrapped(t, &rows, inks[kind], text);
}

/* Of an attempt that is followed by another. */
static void tell_little(void *context, enum rb_failure_line kind, const char *text)
{
    if (kind == RB_FAILURE_CHECK || kind == RB_FAILURE_OUTPUT)
        tell_detail(context, kind, text);
}

static void tell_details(struct rb_terminal *t, int node, int attempt, bool little)
{
    const struct rb_frame *subject = rb_story_of(&t->story, node);
    if (!subject)
        return;
    const struct rb_failure_place place = {.run_dir = t->options.run_dir,
                                           .run_path = t->options.run_path,
                                           .lines = little ? SHORT_LINES : FULL_LINES};
    rb_failure_lines(subject, attempt, &place, little ? tell_little : tell_detail, t);
    t->told = attempt;
    t->told_node = subject->node;
    t->untold = 0;
}

/* How much to say of a failed attempt shows when it is known what follows it. */
static void tell_untold(struct rb_terminal *t, const struct rb_event *event)
{
    const struct rb_frame *subject = rb_story_subject(&t->story);
    bool its = subject && subject->node == t->untold_node;
    if (t->untold > 0 && (!its || event->type != RB_EV_EVAL_RESULT))
        tell_details(t, t->untold_node, t->untold,
                     its && event->type == RB_EV_RETRY_SCHEDULED);
}

/* What is decided about is seen first, and stays in view above the question. */
static void tell_review(struct rb_terminal *t, const struct rb_event *event)
{
    const struct rb_failure_place place = {.run_dir = t->options.run_dir,
                                           .run_path = t->options.run_path,
                                           .lines = FULL_LINES};
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_words_text(&text, rb_value_get_text(event->d, "step", ""));
    rb_buf_puts(&text, ": done but for its COMMIT");
    tell_text(t, RB_MARK_ASKING, RB_INK_STRONG, rb_buf_text(&text));
    rb_review_lines(event->d, &place, tell_detail, t);
}

/* Who is at this terminal can't answer it here. */
static void tell_signing(struct rb_terminal *t, const struct rb_event *event)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    tell_words(t, event, RB_MARK_ASKING, RB_INK_STRONG);
    rb_words_signing(&text, event->d, t->state);
    struct rb_row row = {0};
    rb_row_add(&row, &t->paint, RB_INK_PLAIN, "  ");
    rb_row_add(&row, &t->paint, RB_INK_PLAIN, rb_buf_text(&text));
    print(t, &row);
}

/* In a resumed run the question is the first that is heard of a failure. */
static void tell_question(struct rb_terminal *t, const struct rb_event *event)
{
    const char *kind = rb_value_get_text(event->d, "kind", "");
    int attempt = (int)rb_value_get_int(event->d, "attempt", 1);
    bool failure = strcmp(kind, "failure") == 0 || strcmp(kind, "rejected") == 0;
    if (rb_value_get(event->d, "roles"))
        tell_signing(t, event);
    if (strcmp(kind, "review") == 0)
        tell_review(t, event);
    if (!failure && strcmp(kind, "doubt") != 0)
        return;
    if (t->told == attempt && t->told_node == t->state->current)
        return;
    if (failure) {
        RB_AUTO_BUF struct rb_buf text = {0};
        rb_words_text(&text, rb_value_get_text(event->d, "step", ""));
        rb_buf_puts(&text, ": failed: ");
        rb_words_text(&text, rb_value_get_text(event->d, "text", ""));
        tell_text(t, RB_MARK_FAILED, RB_INK_BAD, rb_buf_text(&text));
    }
    tell_details(t, t->state->current, attempt, false);
}

/* What the next line says anyway is not said twice: that the step passed, was skipped. */
static bool is_told_by_its_step(const struct rb_value *question,
                                const struct rb_value *answer)
{
    const char *kind = rb_value_get_text(question, "kind", "");
    const char *word = rb_value_get_text(answer, "answer", "");
    if (strcmp(kind, "failure") == 0 || strcmp(kind, "doubt") == 0 ||
        strcmp(kind, "rejected") == 0)
        return strcmp(word, "retry") != 0;
    if (strcmp(kind, "window") == 0)
        return strcmp(word, "wait") != 0;
    return (strcmp(kind, "manual") == 0 || strcmp(kind, "confirm") == 0) &&
           !rb_value_get(answer, "evidence") && !rb_value_get(answer, "note");
}

static void tell_answer(struct rb_terminal *t, const struct rb_event *event)
{
    const char *word = rb_value_get_text(event->d, "answer", "");
    const struct rb_frame *now = rb_story_now(&t->story);
    if (now && is_told_by_its_step(now->question, event->d))
        return;
    enum rb_mark mark = strcmp(word, "no") == 0 || strcmp(word, "rollback") == 0
                            ? RB_MARK_FAILED
                        : strcmp(word, "skip") == 0  ? RB_MARK_SKIPPED
                        : strcmp(word, "retry") == 0 ? RB_MARK_RUNNING
                        : strcmp(word, "wait") == 0  ? RB_MARK_WAITING
                                                     : RB_MARK_PASSED;
    tell_words(t, event, mark, RB_INK_PLAIN);
}

void rb_terminal_tell_resume(struct rb_terminal *t)
{
    struct rb_row row = {0};
    rb_row_add(&row, &t->paint, RB_INK_PLAIN, "  go on with: ");
    rb_row_add(&row, &t->paint, RB_INK_STRONG, t->options.resume_command);
    print(t, &row);
}

static void tell_run_end(struct rb_terminal *t, const struct rb_event *event)
{
    const char *status = rb_value_get_text(event->d, "status", "");
    bool good = strcmp(status, "succeeded") == 0;
    bool suspended = event->type == RB_EV_RUN_SUSPENDED;
    RB_AUTO_BUF struct rb_buf text = {0};
    struct rb_rows rows = {0};
    struct rb_row *row = rb_rows_new(&rows, t->screen.columns - 1);
    rb_words_event(&t->story, t->state, event, &text);
    rb_row_mark(row, &t->paint,
                good        ? RB_MARK_PASSED
                : suspended ? RB_MARK_WAITING
                            : RB_MARK_FAILED);
    rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
    print_wrapped(t, &rows, RB_INK_STRONG, rb_buf_text(&text));
    if (!rb_state_is_over(t->state))
        rb_terminal_tell_resume(t);
}

/* "run r-20251122-230100-k3f7", and what is run below it. */
static void tell_run(struct rb_terminal *t, const struct rb_event *event)
{
    RB_AUTO_BUF struct rb_buf text = {0}, what = {0}, care = {0};
    struct rb_row row = {0};
    if (event->type == RB_EV_RUN_RESUMED) {
        rb_words_event(&t->story, t->state, event, &text);
    } else {
        rb_buf_puts(&text, "run ");
        rb_words_text(&text, rb_value_get_text(event->d, "run", t->options.run_id));
    }
    rb_row_add(&row, &t->paint, RB_INK_STRONG, rb_buf_text(&text));
    print(t, &row);
    row = (struct rb_row){0};
    rb_words_plan(&what, t->state->plan);
    rb_row_add(&row, &t->paint, RB_INK_PLAIN, rb_buf_text(&what));
    print(t, &row);
    if (event->type == RB_EV_RUN_CREATED && rb_words_unverified(&care, t->state->plan)) {
        struct rb_rows rows = {0};
        rb_rows_new(&rows, t->screen.columns - 1);
        print_wrapped(t, &rows, RB_INK_CARE, rb_buf_text(&care));
    }
}

/* What is told in one line, and nothing else. */
static const struct {
    bool told;
    enum rb_mark mark;
    enum rb_ink ink;
} lines[RB_EV_COUNT] = {
    [RB_EV_STEP_HALTED] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_WINDOW_OVERRIDDEN] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_STEP_SKIPPED] = {true, RB_MARK_SKIPPED, RB_INK_DIM},
    [RB_EV_APPROVAL_ACCEPTED] = {true, RB_MARK_PASSED, RB_INK_PLAIN},
    [RB_EV_APPROVAL_REFUSED] = {true, RB_MARK_FAILED, RB_INK_CARE},
    [RB_EV_ITEM_PROVEN] = {true, RB_MARK_PASSED, RB_INK_PLAIN},
    [RB_EV_EFFECT_DOUBT] = {true, RB_MARK_ASKING, RB_INK_CARE},
    [RB_EV_EFFECT_ADOPTED] = {true, RB_MARK_RUNNING, RB_INK_PLAIN},
    [RB_EV_EFFECT_UNSTARTED] = {true, RB_MARK_RUNNING, RB_INK_PLAIN},
    [RB_EV_SIGNAL_RECEIVED] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_CLOCK_SET] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_TAIL_RECOVERED] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_ROLLBACK_BEGAN] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_LAST_BEGAN] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_RUN_HANDED_OVER] = {true, RB_MARK_PASSED, RB_INK_PLAIN},
    [RB_EV_OBLIGATION_MET] = {true, RB_MARK_PASSED, RB_INK_PLAIN},
    [RB_EV_SHELL_OPENED] = {true, RB_MARK_WAITING, RB_INK_CARE},
    [RB_EV_SHELL_CLOSED] = {true, RB_MARK_WAITING, RB_INK_PLAIN},
};

void rb_terminal_tell(struct rb_terminal *t, const struct rb_event *event)
{
    tell_untold(t, event);
    switch (event->type) {
    case RB_EV_RUN_CREATED:
    case RB_EV_RUN_RESUMED:
        tell_run(t, event);
        break;
    case RB_EV_STEP_BEGAN:
        if (rb_value_get(event->d, "for"))
            tell_words(t, event, RB_MARK_RUNNING, RB_INK_PLAIN);
        tell_head(t, event);
        break;
    case RB_EV_LOOP_BEGAN:
        tell_head(t, event);
        break;
    case RB_EV_CALL_BEGAN:
        tell_words(t, event, RB_MARK_RUNNING, RB_INK_PLAIN);
        break;
    case RB_EV_ATTEMPT_FAILED:
        t->untold = (int)rb_value_get_int(event->d, "attempt", 1);
        t->untold_node = t->state->current;
        tell_words(t, event, RB_MARK_FAILED, RB_INK_BAD);
        break;
    case RB_EV_STEP_PASSED:
        tell_passed(t, event);
        break;
    case RB_EV_STEP_FAILED:
        tell_failed(t, event);
        break;
    case RB_EV_QUESTION_ASKED:
        tell_question(t, event);
        break;
    case RB_EV_QUESTION_ANSWERED:
        tell_answer(t, event);
        break;
    case RB_EV_LOCK_TAKEN:
        tell_words(t, event, RB_MARK_PASSED,
                   rb_value_get(event->d, "over") ? RB_INK_CARE : RB_INK_PLAIN);
        break;
    case RB_EV_RUN_SUSPENDED:
    case RB_EV_RUN_FINISHED:
        tell_run_end(t, event);
        break;
    default:
        if (lines[event->type].told)
            tell_words(t, event, lines[event->type].mark, lines[event->type].ink);
        break;
    }
}
