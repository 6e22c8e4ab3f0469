#include "render/terminal_inner.h"

#include <string.h>

#include "render/tty.h"

/* What a program may have left that was killed: colours, the other screen, reports of the mouse and of what is
 * pasted, keys of an application, no wrapping. And the line that it stood in is not ours. */
static const char LEFT[] = "\033[0m\033[?1047l\033[?1000l\033[?1002l\033[?1003l\033[?1006l"
                           "\033[?2004l\033[?1l\033>\033[?7h\r\n";

static void tell_way_back(struct rb_terminal *t)
{
    struct rb_row row = {0};
    rb_row_add(&row, &t->paint, RB_INK_PLAIN,
               "  exit or Ctrl-D leads back to the question; ");
    rb_row_add(&row, &t->paint, RB_INK_PLAIN, "RUNBOOK_RUN is the run");
    rb_screen_print(&t->screen, &row);
    rb_row_done(&row);
}

void rb_terminal_lend(struct rb_view *view)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    struct rb_rows none = {0};
    uv_poll_stop(&t->poll);
    tell_way_back(t);
    rb_screen_draw(&t->screen, &none, true);
    rb_screen_finish(&t->screen);
    rb_terminal_restore();
    t->ours = false;
    t->lent = true;
}

/* What was typed there and not read is no answer here. */
void rb_terminal_take_back(struct rb_view *view)
{
    struct rb_terminal *t = (struct rb_terminal *)view;
    t->lent = false;
    rb_tty_discard_input(t->tty);
    rb_terminal_look_whose(t);
    const char *left = t->screen.fixed ? "\r\n" : LEFT;
    if (t->ours)
        rb_out_write(&t->screen.out, left, strlen(left));
    rb_terminal_show(t);
}
