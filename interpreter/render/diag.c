#include "render/diag.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"

enum {
    EXCERPT = 80, /* columns of a source line that are shown */
    BEFORE = 24,  /* of these, left of the place when the line is too long */
    FAR = 100000, /* a column that is not looked for: each diagnostic would walk there */
};

static const char *const severities[] = {"error", "warning"};

/* One text on its way out. */
struct page {
    struct rb_buf *out;
    bool colour;
    const char *style; /* of the diagnostic's severity */
    int gutter;        /* digits of the largest line number */
};

static const char RED[] = "1;31", YELLOW[] = "1;33", BLUE[] = "1;34", BOLD[] = "1";

static void paint(const struct page *page, const char *style, const char *text)
{
    if (page->colour)
        rb_buf_printf(page->out, "\x1B[%sm%s\x1B[0m", style, text);
    else
        rb_buf_puts(page->out, text);
}

static void put_visible(struct rb_buf *out, const char *text)
{
    rb_text_visible(text, strlen(text), false, out);
}

/* "12 | " or, for no line, as much space. */
static void put_gutter(const struct page *page, int line, const char *bar)
{
    char text[64];
    if (line > 0)
        snprintf(text, sizeof text, "%*d %s", page->gutter, line, bar);
    else
        snprintf(text, sizeof text, "%*s %s", page->gutter, "", bar);
    paint(page, BLUE, text);
}

/* Appends one code point of a source line in its visible form; its columns, and in *at the
 * place behind it. */
static int show_next(const char *text, size_t length, size_t *at, struct rb_buf *out)
{
    unsigned code_point;
    int size = rb_text_decode(text + *at, length - *at, &code_point);
    size_t before = out->length, count = size > 0 ? (size_t)size : 1;
    rb_text_visible(text + *at, count, false, out);
    *at += count;
    bool as_it_is = size > 0 && !rb_text_hidden(code_point);
    return as_it_is ? rb_text_width(code_point) : (int)(out->length - before);
}

/* Shows text[from..to), at most `most` columns of it; where it stopped. */
static size_t show(const char *text, size_t from, size_t to, int most, struct rb_buf *out,
                   int *ret_columns)
{
    int columns = 0;
    while (from < to) {
        size_t next = from, length = out->length;
        int width = show_next(text, to, &next, out);
        if (columns + width > most) {
            out->length = length;
            break;
        }
        columns += width;
        from = next;
    }
    *ret_columns = columns;
    return from;
}

static int columns_between(const char *text, size_t from, size_t to)
{
    RB_AUTO_BUF struct rb_buf unseen = {0};
    int columns;
    show(text, from, to, INT32_MAX, &unseen, &columns);
    return columns;
}

/* Where an excerpt starts: at 0 if text[0..end) fits, else BEFORE columns left of `start`. */
static size_t excerpt_start(const char *text, size_t start, size_t end)
{
    RB_AUTO_BUF struct rb_buf unseen = {0};
    int columns = columns_between(text, 0, start), rest;
    size_t fits = show(text, 0, end, EXCERPT, &unseen, &rest);
    size_t from = 0;
    while (fits < end && from < start && columns > BEFORE)
        columns -= show_next(text, start, &from, &unseen);
    return from;
}

static void put_marks(const struct page *page, char mark, int before, int count,
                      const char *label)
{
    RB_AUTO_BUF struct rb_buf marks = {0};
    put_gutter(page, 0, "|");
    rb_buf_printf(page->out, " %*s", before, "");
    for (int i = 0; i < count; i++)
        rb_buf_putc(&marks, mark);
    if (label)
        rb_buf_putc(&marks, ' ');
    if (label)
        put_visible(&marks, label);
    paint(page, mark == '^' ? page->style : BLUE, rb_buf_text(&marks));
    rb_buf_putc(page->out, '\n');
}

static void put_bar(const struct page *page)
{
    put_gutter(page, 0, "|");
    rb_buf_putc(page->out, '\n');
}

/* The line of a span, and marks below it. */
static void put_excerpt(const struct page *page, const struct rb_span *span, char mark,
                        const char *label)
{
    size_t length = 0;
    const char *text = rb_source_line(span->source, span->line, &length);
    if (!text || span->column > FAR)
        return;
    size_t base = (size_t)(text - span->source->text);
    size_t start = rb_source_offset(span->source, span->line, span->column) - base;
    size_t end = length;
    if (span->end_line == span->line && span->end_column <= FAR)
        end = rb_source_offset(span->source, span->line, span->end_column) - base;
    start = start < length ? start : length;
    end = end < start ? start : end < length ? end : length;

    RB_AUTO_BUF struct rb_buf shown = {0};
    int columns;
    size_t from = excerpt_start(text, start, end);
    const char *cut = from > 0 ? "..." : "";
    size_t to = show(text, from, length, EXCERPT, &shown, &columns);
    put_bar(page);
    put_gutter(page, span->line, "|");
    if (columns > 0)
        rb_buf_printf(page->out, " %s%.*s%s", cut, (int)shown.length, rb_buf_text(&shown),
                      to < length ? "..." : "");
    rb_buf_putc(page->out, '\n');

    int before = (int)strlen(cut) + columns_between(text, from, start);
    int count = start < to ? columns_between(text, start, end < to ? end : to) : 0;
    put_marks(page, mark, before, count > 0 ? count : 1, label);
}

static const char *path_of(const struct rb_span *span)
{
    return span->source && span->source->path ? span->source->path : NULL;
}

/* "  --> file:line:column" */
static void put_place(const struct page *page, const char *arrow,
                      const struct rb_span *span)
{
    const char *path = path_of(span);
    if (!path)
        return;
    rb_buf_printf(page->out, "%*s", page->gutter, "");
    paint(page, BLUE, arrow);
    rb_buf_putc(page->out, ' ');
    put_visible(page->out, path);
    if (span->line > 0)
        rb_buf_printf(page->out, ":%d:%d", span->line, span->column);
    rb_buf_putc(page->out, '\n');
}

static bool has_lines(const struct rb_span *span)
{
    return span->source && span->line > 0;
}

static void put_also(const struct page *page, const struct rb_diag *diag)
{
    if (!has_lines(&diag->also))
        return;
    if (diag->also.source != diag->span.source)
        put_place(page, ":::", &diag->also);
    put_excerpt(page, &diag->also, '-', diag->also_label);
}

static int digits(int number)
{
    int count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

static void put_heading(const struct page *page, const struct rb_diag *diag)
{
    char kind[32];
    snprintf(kind, sizeof kind, "%s[RB%04d]", severities[diag->severity], diag->code);
    paint(page, page->style, kind);
    RB_AUTO_BUF struct rb_buf message = {0};
    rb_buf_puts(&message, ": ");
    put_visible(&message, diag->message);
    paint(page, BOLD, message.data);
    rb_buf_putc(page->out, '\n');
}

static void put_diag(const struct rb_diag *diag, bool colour, struct rb_buf *out)
{
    int last = diag->also.line > diag->span.line ? diag->also.line : diag->span.line;
    const char *style = diag->severity == RB_DIAG_ERROR ? RED : YELLOW;
    struct page page = {out, colour, style, digits(last)};
    put_heading(&page, diag);
    put_place(&page, "-->", &diag->span);
    if (has_lines(&diag->span))
        put_excerpt(&page, &diag->span, '^', NULL);
    put_also(&page, diag);
    if (diag->help) {
        put_gutter(&page, 0, "=");
        rb_buf_puts(out, " help: ");
        put_visible(out, diag->help);
        rb_buf_putc(out, '\n');
    }
    rb_buf_putc(out, '\n');
}

static void put_count(int count, const char *what, struct rb_buf *out)
{
    rb_buf_printf(out, "%d %s%s", count, what, count == 1 ? "" : "s");
}

static void put_summary(const struct rb_diags *diags, struct rb_buf *out)
{
    int warnings = 0;
    for (int i = 0; i < diags->count; i++)
        warnings += diags->items[i].severity == RB_DIAG_WARNING;
    if (diags->errors > 0)
        put_count(diags->errors, "error", out);
    if (diags->errors > 0 && warnings > 0)
        rb_buf_puts(out, ", ");
    if (warnings > 0)
        put_count(warnings, "warning", out);
    rb_buf_puts(out, rb_diags_full(diags) ? "; the search ended here\n" : "\n");
}

void rb_diag_render_text(const struct rb_diags *diags, bool colour, struct rb_buf *out)
{
    for (int i = 0; i < diags->count; i++)
        put_diag(&diags->items[i], colour, out);
    if (diags->count > 0)
        put_summary(diags, out);
}

static const struct rb_value *text_or_null(const char *text)
{
    return text ? rb_value_text(text) : rb_value_null();
}

static const struct rb_value *place_number(const struct rb_span *span, int number)
{
    return span->line > 0 ? rb_value_int(number) : rb_value_null();
}

static void add_place(struct rb_map_builder *map, const struct rb_span *span)
{
    rb_map_add(map, "file", text_or_null(path_of(span)));
    rb_map_add(map, "line", place_number(span, span->line));
    rb_map_add(map, "column", place_number(span, span->column));
    rb_map_add(map, "end_line", place_number(span, span->end_line));
    rb_map_add(map, "end_column", place_number(span, span->end_column));
}

static const struct rb_value *also_value(const struct rb_diag *diag)
{
    if (diag->also.line == 0)
        return rb_value_null();
    struct rb_map_builder map = {0};
    rb_map_add(&map, "label", text_or_null(diag->also_label));
    add_place(&map, &diag->also);
    return rb_map_end(&map);
}

static const struct rb_value *diag_value(const struct rb_diag *diag)
{
    struct rb_map_builder map = {0};
    rb_map_add(&map, "code", rb_value_textf("RB%04d", diag->code));
    rb_map_add(&map, "severity", rb_value_text(severities[diag->severity]));
    rb_map_add(&map, "message", rb_value_text(diag->message));
    rb_map_add(&map, "help", text_or_null(diag->help));
    rb_map_add(&map, "also", also_value(diag));
    add_place(&map, &diag->span);
    return rb_map_end(&map);
}

void rb_diag_render_json(const struct rb_diags *diags, struct rb_buf *out)
{
    struct rb_list_builder list = {0};
    for (int i = 0; i < diags->count; i++)
        rb_list_add(&list, diag_value(&diags->items[i]));
    RB_AUTO_VALUE const struct rb_value *array = rb_list_end(&list);
    rb_json_print(array, 2, out);
    rb_buf_putc(out, '\n');
}

/* Text of a workflow command; a property may not hold ':' and ',' either. */
static void put_command_text(struct rb_buf *out, const char *text, const char *escaped)
{
    RB_AUTO_BUF struct rb_buf visible = {0};
    put_visible(&visible, text);
    for (const char *at = rb_buf_text(&visible); *at; at++) {
        if (strchr(escaped, *at))
            rb_buf_printf(out, "%%%02X", (unsigned char)*at);
        else
            rb_buf_putc(out, *at);
    }
}

static void put_command(const struct rb_diag *diag, struct rb_buf *out)
{
    rb_buf_printf(out, "::%s ", severities[diag->severity]);
    if (path_of(&diag->span)) {
        rb_buf_puts(out, "file=");
        put_command_text(out, path_of(&diag->span), "%:,");
        rb_buf_putc(out, ',');
        if (diag->span.line > 0)
            rb_buf_printf(out, "line=%d,col=%d,", diag->span.line, diag->span.column);
    }
    rb_buf_printf(out, "title=RB%04d::", diag->code);
    put_command_text(out, diag->message, "%");
    if (diag->help) {
        rb_buf_puts(out, "%0Ahelp: ");
        put_command_text(out, diag->help, "%");
    }
    rb_buf_putc(out, '\n');
}

void rb_diag_render_github(const struct rb_diags *diags, struct rb_buf *out)
{
    for (int i = 0; i < diags->count; i++)
        put_command(&diags->items[i], out);
}
