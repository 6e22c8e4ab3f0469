#pragma once
/* A terminal of a few rows: what a person would see of the bytes written to it. Knows the
 * sequences that the views use, and fails on any other. */

#include <stddef.h>

#include "base/buf.h"

enum { MODEL_COLUMNS_MAX = 200, MODEL_ROWS_MAX = 60 };

struct model {
    int columns, rows;
    int x, y;
    int cursor_shown;
    char cells[MODEL_ROWS_MAX][MODEL_COLUMNS_MAX][8]; /* UTF-8; "" behind a wide one */
    struct rb_buf history;                            /* lines that scrolled off */
};

void model_init(struct model *model, int columns, int rows);
void model_done(struct model *model);
void model_feed(struct model *model, const char *bytes, size_t length);
/* All there is to see: history and screen, without spaces and empty lines at their ends. The
 * buffer is cleared first. */
const char *model_text(const struct model *model, struct rb_buf *out);
