#include "render/terminal_inner.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "render/tty.h"
#include "render/words.h"

static void begin_line(struct rb_terminal *t)
{
    rb_editor_set(&t->editor, rb_prompt_prefill(t->prompt));
}

/* Where the cursor can't be moved the question is a few lines, and the terminal itself edits
 * what is typed. */
static void print_question(struct rb_terminal *t)
{
    struct rb_rows rows = {0};
    rb_prompt_rows(t->prompt, &t->paint, t->screen.columns - 1, &rows);
    for (int i = 0; i < rows.count; i++)
        rb_screen_print(&t->screen, &rows.items[i]);
    rb_rows_done(&rows);
    rb_terminal_draw(t);
    const char *label = rb_prompt_label(t->prompt);
    rb_out_write(&t->screen.out, label, strlen(label));
}

void rb_terminal_show(struct rb_terminal *t)
{
    if (t->prompt && t->screen.fixed && !t->lent)
        print_question(t);
    else
        rb_terminal_draw(t);
}

void rb_terminal_ask(struct rb_view *view, const struct rb_value *question,
                     rb_view_answered *answered, void *context)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    rb_prompt_free(t->prompt);
    t->prompt = rb_prompt_new(question, t->options.resume_command);
    t->answered = answered;
    t->context = context;
    begin_line(t);
    if (!t->lent)
        rb_tty_discard_input(t->tty);
    if (t->ours)
        uv_poll_start(&t->poll, UV_READABLE | UV_DISCONNECT, rb_terminal_read);
    rb_terminal_show(t);
}

static void put_away(struct rb_terminal *t)
{
    uv_poll_stop(&t->poll);
    free(t->tall);
    t->tall = NULL;
    rb_prompt_free(t->prompt);
    t->prompt = NULL;
}

void rb_terminal_unask(struct rb_view *view)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    if (!t->prompt && !t->hidden)
        return;
    rb_terminal_forget_secret(t);
    put_away(t);
    rb_terminal_draw(t);
}

/* The question is put away first: the answer may bring the next one at once. */
static void answer(struct rb_terminal *t, const struct rb_value *value)
{
    RB_AUTO_VALUE const struct rb_value *kept = rb_value_ref(value);
    put_away(t);
    t->answered(t->context, kept);
}

static bool open_shell(struct rb_terminal *t)
{
    return t->options.shell &&
           t->options.shell(t->options.shell_context, rb_prompt_question(t->prompt),
                            rb_prompt_purpose(t->prompt));
}

static void turn(struct rb_terminal *t, enum rb_prompt_turn turn)
{
    if (turn == RB_PROMPT_ANSWERED) {
        answer(t, rb_prompt_answer(t->prompt));
    } else if (turn == RB_PROMPT_OPEN) {
        answer(t, NULL);
    } else {
        begin_line(t);
        if (turn != RB_PROMPT_SHELL || !open_shell(t))
            rb_terminal_show(t);
    }
}

static void typed(struct rb_terminal *t, const char *bytes, size_t length)
{
    switch (rb_editor_feed(&t->editor, bytes, length)) {
    case RB_EDIT_LINE: {
        RB_AUTO_FREE char *line = rb_editor_line(&t->editor);
        turn(t, rb_prompt_line(t->prompt, line));
        break;
    }
    case RB_EDIT_END:
        turn(t, rb_prompt_end(t->prompt));
        break;
    case RB_EDIT_MORE:
        rb_terminal_draw(t);
        break;
    }
}

/* A hang-up or the end of input is not an answer. */
void rb_terminal_read(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    struct rb_terminal *t = poll->data;
    if (!t->prompt && !t->hidden)
        return;
    if (!rb_tty_is_ours(t->tty)) {
        uv_poll_stop(poll); /* what is typed is for the shell */
        return;
    }
    if (t->hidden) {
        rb_terminal_read_secret(t);
        return;
    }
    char bytes[4096];
    ssize_t length = read(t->tty, bytes, sizeof bytes);
    if (length > 0)
        typed(t, bytes, (size_t)length);
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        answer(t, NULL);
}

/* The end of a long line is what is being typed: its beginning gives way. */
void rb_terminal_input(const struct rb_terminal *t, struct rb_row *row)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_text_visible(rb_buf_text(&t->editor.text), t->editor.text.length, false, &text);
    rb_row_pad(row, 2);
    rb_row_add(row, &t->paint, RB_INK_STRONG, rb_prompt_label(t->prompt));
    const char *at = rb_buf_text(&text);
    int room = row->limit - row->width - 1;
    if (rb_row_width(at) > room)
        rb_row_add(row, &t->paint, RB_INK_DIM, t->paint.utf8 ? "…" : "~");
    while (rb_row_width(at) > room - 1 && *at && rb_row_width(rb_buf_text(&text)) > room) {
        at++;
        while (((unsigned char)*at & 0xC0) == 0x80)
            at++;
    }
    rb_row_add(row, &t->paint, RB_INK_PLAIN, at);
}
