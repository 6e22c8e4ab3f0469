#include "effects/sql_table.h"

#include <inttypes.h>

#include "base/text.h"

enum { WIDTH_MAX = 60 };

/* How many bytes of a visible text take at most `most` columns; *ret_width: how many they take. */
static size_t fit(const char *text, size_t length, size_t most, size_t *ret_width)
{
    size_t at = 0, width = 0;
    while (at < length) {
        unsigned code_point;
        int bytes = rb_text_decode(text + at, length - at, &code_point);
        int columns = bytes > 0 ? rb_text_width(code_point) : 1;
        if (width + (size_t)columns > most)
            break;
        width += (size_t)columns;
        at += bytes > 0 ? (size_t)bytes : 1;
    }
    *ret_width = width;
    return at;
}

/* Far more than fits is not looked at. */
static void add_cell(struct rb_sql_table *table, const char *text, size_t length)
{
    size_t width;
    RB_AUTO_BUF struct rb_buf cell = {0};
    const size_t most = (size_t)8 * WIDTH_MAX;
    size_t looked = length < most ? length : most;
    rb_text_visible(text, looked, false, &cell);
    size_t kept = fit(rb_buf_text(&cell), cell.length, WIDTH_MAX, &width);
    if (kept < cell.length || looked < length) {
        cell.length = fit(rb_buf_text(&cell), cell.length, WIDTH_MAX - 1, &width);
        rb_buf_puts(&cell, "…");
    }
    rb_list_add(&table->cells, rb_value_string(rb_buf_text(&cell), cell.length));
}

void rb_sql_table_head(struct rb_sql_table *table, const struct rb_pq *pq,
                       const PGresult *result)
{
    table->columns = (size_t)pq->nfields(result);
    for (size_t i = 0; i < table->columns; i++) {
        const char *name = pq->fname(result, (int)i);
        add_cell(table, name, strlen(name));
    }
}

void rb_sql_table_row(struct rb_sql_table *table, const struct rb_pq *pq,
                      const PGresult *row)
{
    if (table->cells.count >= (RB_SQL_TABLE_ROWS + 1) * table->columns)
        return;
    for (int i = 0; i < (int)table->columns; i++) {
        if (pq->getisnull(row, 0, i))
            add_cell(table, "(null)", strlen("(null)"));
        else
            add_cell(table, pq->getvalue(row, 0, i), (size_t)pq->getlength(row, 0, i));
    }
}

static size_t width_of(const struct rb_value *cell)
{
    size_t width;
    fit(rb_value_as_text(cell, ""), rb_value_length(cell), SIZE_MAX, &width);
    return width;
}

static size_t column_width(const struct rb_value *cells, size_t columns, size_t column)
{
    size_t widest = 1;
    for (size_t i = column; i < rb_value_count(cells); i += columns) {
        size_t width = width_of(rb_value_at(cells, i));
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void put_many(struct rb_buf *out, char what, size_t count)
{
    while (count-- > 0)
        rb_buf_putc(out, what);
}

/* Nothing pads the last column. */
static void put_line(const struct rb_value *cells, size_t first, const size_t *widths,
                     size_t columns, struct rb_buf *out)
{
    for (size_t i = 0; i < columns; i++) {
        const struct rb_value *cell = rb_value_at(cells, first + i);
        rb_buf_puts(out, i > 0 ? " | " : "");
        rb_buf_append(out, rb_value_as_text(cell, ""), rb_value_length(cell));
        if (i + 1 < columns)
            put_many(out, ' ', widths[i] - width_of(cell));
    }
    rb_buf_putc(out, '\n');
}

static void put_rule(const size_t *widths, size_t columns, struct rb_buf *out)
{
    for (size_t i = 0; i < columns; i++) {
        rb_buf_puts(out, i > 0 ? "-+-" : "");
        put_many(out, '-', widths[i]);
    }
    rb_buf_putc(out, '\n');
}

void rb_sql_table_end(struct rb_sql_table *table, int64_t rows, struct rb_buf *out)
{
    size_t columns = table->columns;
    RB_AUTO_VALUE const struct rb_value *cells = rb_list_end(&table->cells);
    RB_AUTO_FREE size_t *widths = rb_alloc((columns + 1) * sizeof *widths);
    for (size_t i = 0; i < columns; i++)
        widths[i] = column_width(cells, columns, i);
    size_t shown = columns > 0 ? rb_value_count(cells) / columns - 1 : 0;
    for (size_t line = 0; columns > 0 && line <= shown; line++) {
        put_line(cells, line * columns, widths, columns, out);
        if (line == 0)
            put_rule(widths, columns, out);
    }
    if ((int64_t)shown < rows)
        rb_buf_printf(out, "(%zu of %" PRId64 " rows)\n", shown, rows);
    else
        rb_buf_printf(out, "(%" PRId64 " row%s)\n", rows, rows == 1 ? "" : "s");
}
