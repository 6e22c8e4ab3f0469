#include "render/row.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define OFF "\033[0m"

static const char *const inks[] = {
    [RB_INK_PLAIN] = "",        [RB_INK_STRONG] = "\033[1m", [RB_INK_DIM] = "\033[2m",
    [RB_INK_GOOD] = "\033[32m", [RB_INK_BAD] = "\033[31m",   [RB_INK_CARE] = "\033[33m",
};

static const struct {
    const char *glyph, *word;
    enum rb_ink ink;
} marks[] = {
    [RB_MARK_PASSED] = {"✓", "ok  ", RB_INK_GOOD},
    [RB_MARK_FAILED] = {"✗", "FAIL", RB_INK_BAD},
    [RB_MARK_SKIPPED] = {"-", "skip", RB_INK_DIM},
    [RB_MARK_RUNNING] = {"▸", "run ", RB_INK_STRONG},
    [RB_MARK_WAITING] = {"◦", "wait", RB_INK_CARE},
    [RB_MARK_ASKING] = {"?", "ask ", RB_INK_CARE},
    [RB_MARK_BAR] = {"│", "|", RB_INK_DIM},
};

void rb_row_done(struct rb_row *row)
{
    rb_buf_done(&row->text);
}

/* One code point as it is shown: its bytes in *ret_text, its columns returned. */
static int spell(const struct rb_paint *paint, const char *at, size_t length, int *ret_size,
                 char ret_text[12])
{
    unsigned code_point = '?';
    int size = rb_text_decode(at, length, &code_point);
    *ret_size = size > 0 ? size : 1;
    if (size > 0 && (paint->utf8 || code_point < 0x80)) {
        memcpy(ret_text, at, (size_t)size);
        ret_text[size] = '\0';
        return rb_text_width(code_point);
    }
    return snprintf(ret_text, 12, code_point > 0xFFFF ? "\\U%08x" : "\\u%04x", code_point);
}

static int width_of(const struct rb_paint *paint, const char *text, size_t length)
{
    int width = 0, size;
    char spelled[12];
    for (size_t at = 0; at < length; at += (size_t)size)
        width += spell(paint, text + at, length - at, &size, spelled);
    return width;
}

int rb_row_width(const char *text)
{
    const struct rb_paint paint = {.utf8 = true};
    return width_of(&paint, text, strlen(text));
}

static void add_fitting(struct rb_row *row, const struct rb_paint *paint, const char *text,
                        int room)
{
    size_t length = strlen(text);
    int size;
    char spelled[12];
    for (size_t at = 0; at < length; at += (size_t)size) {
        int width = spell(paint, text + at, length - at, &size, spelled);
        if (width > room)
            return;
        rb_buf_puts(&row->text, spelled);
        row->width += width;
        room -= width;
    }
}

void rb_row_add(struct rb_row *row, const struct rb_paint *paint, enum rb_ink ink,
                const char *text)
{
    if (row->cut || *text == '\0')
        return;
    bool colour = paint->colour && *inks[ink];
    int room = row->limit > 0 ? row->limit - row->width : INT32_MAX;
    row->cut = width_of(paint, text, strlen(text)) > room;
    if (row->cut && room == 0)
        return;
    if (colour)
        rb_buf_puts(&row->text, inks[ink]);
    add_fitting(row, paint, text, row->cut ? room - 1 : room);
    if (row->cut) {
        rb_buf_puts(&row->text, paint->utf8 ? "…" : "~");
        row->width++;
    }
    if (colour)
        rb_buf_puts(&row->text, OFF);
}

void rb_row_mark(struct rb_row *row, const struct rb_paint *paint, enum rb_mark mark)
{
    rb_row_add(row, paint, marks[mark].ink,
               paint->utf8 ? marks[mark].glyph : marks[mark].word);
}

void rb_row_pad(struct rb_row *row, int width)
{
    for (; row->width < width && !row->cut; row->width++)
        rb_buf_putc(&row->text, ' ');
}

bool rb_paint_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < RB_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

void rb_rows_done(struct rb_rows *rows)
{
    for (int i = 0; i < rows->count; i++)
        rb_row_done(&rows->items[i]);
    free(rows->items);
    *rows = (struct rb_rows){0};
}

struct rb_row *rb_rows_new(struct rb_rows *rows, int limit)
{
    RB_GROW(rows->items, rows->count, rows->capacity);
    struct rb_row *row = &rows->items[rows->count++];
    *row = (struct rb_row){.limit = limit};
    return row;
}

/* How many bytes of the text fit in `room` columns, at least one code point: up to the last
 * space where there is one. */
static size_t fitting(const struct rb_paint *paint, const char *text, int room)
{
    size_t length = strlen(text), at = 0, space = 0;
    int width = 0, size;
    char spelled[12];
    while (at < length) {
        width += spell(paint, text + at, length - at, &size, spelled);
        if (width > room && at > 0)
            return space > 0 ? space : at;
        if (text[at] == ' ')
            space = at;
        at += (size_t)size;
    }
    return length;
}

void rb_rows_wrap(struct rb_rows *rows, const struct rb_paint *paint, enum rb_ink ink,
                  int indent, const char *text)
{
    struct rb_row *row = &rows->items[rows->count - 1];
    int limit = row->limit > 0 ? row->limit : INT32_MAX;
    if (indent > limit / 2)
        indent = limit / 2;
    for (;;) {
        rb_row_pad(row, indent);
        size_t part = fitting(paint, text, limit - row->width);
        RB_AUTO_FREE char *piece = rb_strndup(text, part);
        rb_row_add(row, paint, ink, piece);
        text += part;
        text += strspn(text, " ");
        if (!*text)
            return;
        row = rb_rows_new(rows, limit);
    }
}
