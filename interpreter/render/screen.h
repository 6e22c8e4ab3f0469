#pragma once
/* A terminal with lines that scroll by for good, and below them a region of a few rows that is
 * drawn anew in place. Only the rows of the region are ever touched again. */

#include "render/out.h"
#include "render/row.h"

struct rb_screen {
    struct rb_out out;
    bool fixed;           /* can't move its cursor: no region */
    bool reflows;         /* wraps what is drawn when it gets narrower */
    int columns, rows;    /* of the terminal */
    struct rb_buf above;  /* lines not yet written */
    struct rb_buf unsent; /* bytes that the terminal did not take yet */
    struct rb_rows drawn; /* the region */
    int drawn_columns;    /* of the terminal then */
    bool cursor;          /* is shown, at the end of the last row */
};

/* Asks TERM what the terminal can do. */
void rb_screen_init(struct rb_screen *screen, int fd);
void rb_screen_done(struct rb_screen *screen);
/* Asks the terminal for its size; 80 by 24 where it does not say. */
void rb_screen_measure(struct rb_screen *screen);
/* A line for good; written with the next drawing. */
void rb_screen_print(struct rb_screen *screen, const struct rb_row *row);
/* Writes what was printed and draws the region, whose rows are taken over; nothing where nothing
 * changed, or while the terminal takes nothing: a connection that hangs must not hold up the
 * run. With `cursor`, it is shown behind the last row. A terminal that can't move its cursor
 * only gets the lines. */
void rb_screen_draw(struct rb_screen *screen, struct rb_rows *region, bool cursor);
/* Waits for a while until the terminal took all of it. */
void rb_screen_finish(struct rb_screen *screen);
/* Whatever is on the terminal is not ours (after a stop): the region is drawn below it. */
void rb_screen_forget(struct rb_screen *screen);
