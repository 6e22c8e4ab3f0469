#include "render/screen.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Synchronized output: a terminal that knows it shows a drawing at once, others ignore it.
 * A row is cleared as a whole before it is written: tmux counts what was cleared behind a text
 * as part of it when it wraps it anew. And nothing is cleared from the top of the screen down:
 * tmux would keep it in its history. */
#define BEGIN      "\033[?2026h\033[?25l"
#define END        "\033[?2026l"
#define SHOW       "\033[?25h"
#define CLEAR_ROW  "\033[2K"
#define CLEAR_TAIL "\033[K"
#define CLEAR_REST "\033[J"

void rb_screen_init(struct rb_screen *screen, int fd)
{
    *screen = (struct rb_screen){.cursor = true};
    const char *term = getenv("TERM");
    rb_out_init(&screen->out, fd);
    screen->fixed = !term || !*term || strcmp(term, "dumb") == 0;
    screen->reflows = !getenv("XTERM_VERSION"); /* xterm itself cuts instead */
    rb_screen_measure(screen);
}

void rb_screen_done(struct rb_screen *screen)
{
    rb_buf_done(&screen->above);
    rb_buf_done(&screen->unsent);
    rb_rows_done(&screen->drawn);
}

void rb_screen_measure(struct rb_screen *screen)
{
    struct winsize size = {0};
    bool known = ioctl(screen->out.fd, TIOCGWINSZ, &size) == 0;
    screen->columns = known && size.ws_col > 0 ? size.ws_col : 80;
    screen->rows = known && size.ws_row > 0 ? size.ws_row : 24;
}

void rb_screen_print(struct rb_screen *screen, const struct rb_row *row)
{
    rb_buf_puts(&screen->above, screen->fixed ? "" : CLEAR_ROW);
    rb_buf_append(&screen->above, row->text.data, row->text.length);
    rb_buf_puts(&screen->above, screen->fixed ? "\r\n" : CLEAR_TAIL "\r\n");
}

/* The rows that the region takes now: the terminal may have become narrower since. */
static int rows_taken(const struct rb_screen *screen)
{
    int rows = 0;
    for (int i = 0; i < screen->drawn.count; i++) {
        int width = screen->drawn.items[i].width;
        rows++;
        if (screen->reflows && width > screen->columns)
            rows += (width - 1) / screen->columns;
    }
    return rows < screen->rows ? rows : screen->rows;
}

static bool same_row(const struct rb_rows *a, const struct rb_rows *b, int i)
{
    return i < a->count && i < b->count &&
           strcmp(rb_buf_text(&a->items[i].text), rb_buf_text(&b->items[i].text)) == 0;
}

/* Rows that are there already are passed over. */
static void put_region(const struct rb_screen *screen, const struct rb_rows *region,
                       bool anew, struct rb_buf *out)
{
    for (int i = 0; i < region->count; i++) {
        bool last = i + 1 == region->count;
        rb_buf_puts(out, i > 0 ? "\r\n" : "");
        if (!anew && !last && same_row(&screen->drawn, region, i))
            continue;
        rb_buf_puts(out, CLEAR_ROW);
        rb_buf_append(out, region->items[i].text.data, region->items[i].text.length);
    }
    rb_buf_puts(out, CLEAR_REST);
}

static void send(struct rb_screen *screen, struct rb_buf *bytes)
{
    rb_buf_append(&screen->unsent, bytes->data, bytes->length);
    rb_buf_clear(bytes);
    rb_out_drain(&screen->out, &screen->unsent);
}

static bool is_drawn(const struct rb_screen *screen, const struct rb_rows *region,
                     bool cursor)
{
    bool same = region->count == screen->drawn.count && cursor == screen->cursor &&
                screen->columns == screen->drawn_columns && screen->above.length == 0;
    for (int i = 0; same && i < region->count; i++)
        same = same_row(&screen->drawn, region, i);
    return same;
}

static void draw(struct rb_screen *screen, const struct rb_rows *region, bool cursor)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    bool anew = screen->above.length > 0 || screen->columns != screen->drawn_columns;
    rb_buf_puts(&out, BEGIN "\r");
    int up = rows_taken(screen) - 1;
    if (up > 0)
        rb_buf_printf(&out, "\033[%dA", up);
    rb_buf_append(&out, screen->above.data, screen->above.length);
    rb_buf_clear(&screen->above);
    put_region(screen, region, anew, &out);
    rb_buf_puts(&out, cursor ? SHOW END : END);
    send(screen, &out);
}

void rb_screen_draw(struct rb_screen *screen, struct rb_rows *region, bool cursor)
{
    cursor = cursor || region->count == 0;
    rb_out_drain(&screen->out, &screen->unsent);
    if (screen->fixed && screen->unsent.length == 0) {
        send(screen, &screen->above);
    } else if (screen->unsent.length == 0 && !is_drawn(screen, region, cursor)) {
        draw(screen, region, cursor);
        rb_rows_done(&screen->drawn);
        screen->drawn = *region;
        screen->drawn_columns = screen->columns;
        screen->cursor = cursor;
        *region = (struct rb_rows){0};
    }
    rb_rows_done(region);
}

void rb_screen_finish(struct rb_screen *screen)
{
    struct pollfd writable = {.fd = screen->out.fd, .events = POLLOUT};
    for (int tries = 0; screen->unsent.length > 0 && tries < 10; tries++) {
        if (poll(&writable, 1, 100) != 0)
            rb_out_drain(&screen->out, &screen->unsent);
    }
}

void rb_screen_forget(struct rb_screen *screen)
{
    rb_rows_done(&screen->drawn);
}
