#include <errno.h>
#include <unistd.h>

#include "base/guarded.h"
#include "render/terminal_inner.h"
#include "render/tty.h"
#include "render/words.h"

enum { LONGEST = 4096, CTRL_D = 0x04, CTRL_H = 0x08, CTRL_U = 0x15, DEL = 0x7F };

/* What is typed is nowhere but here: not on the screen, not in the editor of answers. */
struct rb_hidden {
    char bytes[LONGEST];
    size_t length;
    char *name, *text;
    rb_view_typed *typed;
    void *context;
};

void rb_terminal_ask_secret(struct rb_view *view, const char *name, const char *text,
                            rb_view_typed *typed, void *context)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    t->hidden = rb_guarded_alloc(sizeof *t->hidden);
    t->hidden->name = rb_strdup(name);
    t->hidden->text = rb_strdup(text);
    t->hidden->typed = typed;
    t->hidden->context = context;
    if (!t->lent)
        rb_tty_discard_input(t->tty);
    rb_tty_hide(t->tty, true);
    if (t->ours)
        uv_poll_start(&t->poll, UV_READABLE | UV_DISCONNECT, rb_terminal_read);
    if (t->screen.fixed)
        rb_terminal_print_secret(t);
    else
        rb_terminal_draw(t);
}

void rb_terminal_secret_rows(struct rb_terminal *t, struct rb_rows *rows)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "the secret %s: ", t->hidden->name);
    rb_words_text(&text, t->hidden->text);
    struct rb_row *row = rb_rows_new(rows, t->screen.columns - 1);
    rb_row_mark(row, &t->paint, RB_MARK_ASKING);
    rb_row_add(row, &t->paint, RB_INK_PLAIN, " ");
    rb_row_add(row, &t->paint, RB_INK_STRONG, rb_buf_text(&text));
    row = rb_rows_new(rows, t->screen.columns - 1);
    rb_row_pad(row, 2);
    rb_row_add(row, &t->paint, RB_INK_DIM, "(what you type is not shown) ");
    rb_row_add(row, &t->paint, RB_INK_STRONG, "> ");
}

void rb_terminal_print_secret(struct rb_terminal *t)
{
    struct rb_rows rows = {0};
    rb_terminal_secret_rows(t, &rows);
    for (int i = 0; i < rows.count; i++)
        rb_screen_print(&t->screen, &rows.items[i]);
    rb_rows_done(&rows);
}

static void free_hidden(struct rb_hidden *hidden)
{
    free(hidden->name);
    free(hidden->text);
    rb_guarded_free(hidden, sizeof *hidden);
}

void rb_terminal_forget_secret(struct rb_terminal *t)
{
    if (!t->hidden)
        return;
    uv_poll_stop(&t->poll);
    rb_tty_hide(t->tty, false);
    free_hidden(t->hidden);
    t->hidden = NULL;
}

/* Put away first: what comes of it may ask for the next. */
static void give(struct rb_terminal *t, bool given)
{
    struct rb_hidden *hidden = t->hidden;
    t->hidden = NULL;
    uv_poll_stop(&t->poll);
    rb_tty_hide(t->tty, false);
    rb_terminal_draw(t);
    hidden->typed(hidden->context, given ? hidden->bytes : NULL, hidden->length);
    free_hidden(hidden);
}

static void erase_character(struct rb_hidden *hidden)
{
    while (hidden->length > 0 &&
           ((unsigned char)hidden->bytes[hidden->length - 1] & 0xC0) == 0x80)
        hidden->length--;
    if (hidden->length > 0)
        hidden->length--;
}

/* True when the line is at its end; `*ret_given`: with Enter. */
static bool feed(struct rb_hidden *hidden, unsigned char byte, bool *ret_given)
{
    *ret_given = byte == '\n' || byte == '\r';
    if (*ret_given || (byte == CTRL_D && hidden->length == 0))
        return true;
    if (byte == DEL || byte == CTRL_H)
        erase_character(hidden);
    else if (byte == CTRL_U)
        hidden->length = 0;
    else if (byte >= 0x20 && hidden->length < LONGEST)
        hidden->bytes[hidden->length++] = (char)byte;
    return false;
}

void rb_terminal_read_secret(struct rb_terminal *t)
{
    char piece[LONGEST];
    bool over = false, given = false;
    ssize_t length = read(t->tty, piece, sizeof piece);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    for (ssize_t i = 0; i < length && !over; i++)
        over = feed(t->hidden, (unsigned char)piece[i], &given);
    explicit_bzero(piece, sizeof piece);
    if (over || length <= 0)
        give(t, given);
}
