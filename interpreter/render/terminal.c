#include "render/terminal_inner.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "render/tty.h"
#include "render/words.h"

void rb_terminal_draw(struct rb_terminal *t)
{
    struct rb_rows rows = {0};
    if (t->lent)
        return;
    rb_screen_measure(&t->screen);
    if (t->ours)
        rb_terminal_live(t, &rows);
    while (rows.count > t->screen.rows - 1 && rows.count > 1)
        rb_row_done(&rows.items[--rows.count]);
    rb_screen_draw(&t->screen, &rows, t->prompt || t->hidden);
}

/* The shell may have given the terminal to someone else, and back. */
void rb_terminal_look_whose(struct rb_terminal *t)
{
    bool ours = !t->lent && rb_tty_is_ours(t->tty);
    if (ours == t->ours)
        return;
    t->ours = ours;
    if (!ours) {
        uv_poll_stop(&t->poll);
        return;
    }
    rb_tty_take(t->tty, t->screen.fixed);
    rb_tty_hide(t->tty, t->hidden);
    rb_screen_forget(&t->screen);
    if (t->prompt || t->hidden)
        uv_poll_start(&t->poll, UV_READABLE | UV_DISCONNECT, rb_terminal_read);
}

/* Ctrl-Z: the terminal is handed back as it was, and taken again when the run is continued. */
static void stop(uv_signal_t *handle, int number)
{
    (void)number;
    struct rb_terminal *t = handle->data;
    struct rb_rows none = {0};
    if (t->lent) /* a shell has it, and is no job of whoever would get it now */
        return;
    rb_screen_draw(&t->screen, &none, true);
    rb_screen_finish(&t->screen);
    rb_terminal_restore();
    raise(SIGSTOP);
    t->ours = false;
    rb_terminal_look_whose(t);
    rb_terminal_draw(t);
}

static void find_key_width(struct rb_terminal *t)
{
    const struct rb_plan *plan = t->state->plan;
    int most = t->screen.columns / 3;
    for (int i = 0; i < plan->step_count; i++) {
        int width = rb_row_width(plan->steps[i].id) + 2;
        for (int at = plan->steps[i].parent; at >= 0; at = plan->steps[at].parent)
            width += 2;
        if (width > t->key_width)
            t->key_width = width;
    }
    if (t->key_width > most)
        t->key_width = most;
}

static void terminal_event(struct rb_view *view, const struct rb_state *state,
                           const struct rb_record *record)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    bool first = t->state == NULL;
    t->state = state;
    t->utc = record->event.utc;
    t->mono = record->event.mono;
    if (first)
        find_key_width(t);
    rb_story_feed(&t->story, state, &record->event);
    if (record->event.type == RB_EV_EFFECT_INTENT)
        memset(t->totals, 0, sizeof t->totals);
    rb_terminal_tell(t, &record->event);
}

static void terminal_tick(struct rb_view *view, const struct rb_state *state, rb_time utc,
                          rb_time mono)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    (void)state;
    t->utc = utc;
    t->mono = mono;
    rb_terminal_look_whose(t);
    rb_terminal_draw(t);
}

static void closed(uv_handle_t *handle)
{
    struct rb_terminal *t = handle->data;
    if (--t->handles == 0)
        free(t);
}

static void terminal_close(struct rb_view *view, const struct rb_state *state, int status)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    const struct rb_frame *now = rb_story_now(&t->story);
    (void)status;
    rb_terminal_forget_secret(t);
    rb_prompt_free(t->prompt);
    t->prompt = NULL;
    free(t->tall);
    if (now && state->phase == RB_RUN_RUNNING) {
        RB_AUTO_BUF struct rb_buf text = {0};
        struct rb_row row = {0};
        rb_buf_puts(&text, " left at ");
        rb_words_text(&text, now->key);
        rb_row_mark(&row, &t->paint, RB_MARK_WAITING);
        rb_row_add(&row, &t->paint, RB_INK_STRONG, rb_buf_text(&text));
        rb_screen_print(&t->screen, &row);
        rb_row_done(&row);
        rb_terminal_tell_resume(t);
    }
    struct rb_rows none = {0};
    rb_screen_draw(&t->screen, &none, true);
    rb_screen_finish(&t->screen);
    rb_terminal_restore();
    rb_story_done(&t->story);
    rb_screen_done(&t->screen);
    rb_editor_done(&t->editor);
    uv_close((uv_handle_t *)&t->poll, closed);
    uv_close((uv_handle_t *)&t->stopped, closed);
}

static const struct rb_view_ops ops = {.event = terminal_event,
                                       .tick = terminal_tick,
                                       .ask = rb_terminal_ask,
                                       .unask = rb_terminal_unask,
                                       .ask_secret = rb_terminal_ask_secret,
                                       .lend = rb_terminal_lend,
                                       .take_back = rb_terminal_take_back,
                                       .close = terminal_close};

struct rb_view *rb_view_terminal_new(const struct rb_view_options *options, int tty)
{
    struct rb_terminal *t = rb_alloc(sizeof *t);
    t->view.ops = &ops;
    t->options = *options;
    t->tty = tty;
    t->paint = (struct rb_paint){.colour = options->colour, .utf8 = rb_paint_is_utf8()};
    rb_screen_init(&t->screen, tty);
    rb_tty_open(tty);
    t->ours = rb_tty_take(tty, t->screen.fixed);
    uv_poll_init(options->loop, &t->poll, tty);
    uv_signal_init(options->loop, &t->stopped);
    t->poll.data = t->stopped.data = t;
    t->handles = 2;
    uv_signal_start(&t->stopped, stop, SIGTSTP);
    uv_unref((uv_handle_t *)&t->stopped);
    return &t->view;
}
