#pragma once
/* A line for a terminal: text with sparse colour, its width known, cut at a limit. */

#include <stdbool.h>

#include "base/buf.h"

enum rb_ink {
    RB_INK_PLAIN,
    RB_INK_STRONG,
    RB_INK_DIM,
    RB_INK_GOOD,
    RB_INK_BAD,
    RB_INK_CARE /* waiting, asking, in doubt */
};

enum rb_mark {
    RB_MARK_PASSED,
    RB_MARK_FAILED,
    RB_MARK_SKIPPED,
    RB_MARK_RUNNING,
    RB_MARK_WAITING,
    RB_MARK_ASKING,
    RB_MARK_BAR /* before a line of output */
};

/* What the terminal can show. */
struct rb_paint {
    bool colour, utf8;
};

struct rb_row {
    struct rb_buf text;
    int width; /* columns taken */
    int limit; /* columns there are; 0: as many as it takes */
    bool cut;
};

void rb_row_done(struct rb_row *row);
/* Appends text that is safe for a terminal (rb_text_visible). What does not fit is cut, and an
 * ellipsis shows it. Where the terminal is not UTF-8 what is not ASCII becomes an escape: in
 * other encodings its bytes may be control characters. */
void rb_row_add(struct rb_row *row, const struct rb_paint *paint, enum rb_ink ink,
                const char *text);
/* The mark with its colour: a glyph, or a word where the terminal has none. */
void rb_row_mark(struct rb_row *row, const struct rb_paint *paint, enum rb_mark mark);
void rb_row_pad(struct rb_row *row, int width); /* with spaces up to this column */

/* Columns that a text takes. */
int rb_row_width(const char *text);
/* Does the environment (LC_ALL, LC_CTYPE, LANG) say that the terminal is UTF-8? */
bool rb_paint_is_utf8(void);

/* A growing list of rows. */
struct rb_rows {
    struct rb_row *items;
    int count, capacity;
};

void rb_rows_done(struct rb_rows *rows);
/* A new row at the end; good until the next. */
struct rb_row *rb_rows_new(struct rb_rows *rows, int limit);
/* Adds the text to the last row and, where it does not fit, to new ones, broken between words
 * where it can be, each `indent` columns in. */
void rb_rows_wrap(struct rb_rows *rows, const struct rb_paint *paint, enum rb_ink ink,
                  int indent, const char *text);
