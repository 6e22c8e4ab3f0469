/* Any bytes that a program printed or a person typed, on their way to a terminal: what comes out
 * is UTF-8 in which nothing acts on it, and takes as many columns as was counted. The first two
 * bytes say how wide it is and where the input is cut. */

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"
#include "render/editor.h"
#include "render/row.h"
#include "render/tail.h"

enum { LINES_MOST = 20 };

static void check_visible(const char *bytes, size_t length, bool keep_lines,
                          struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf again = {0}, kept = {0};
    rb_text_visible(bytes, length, keep_lines, out);
    rb_text_visible(rb_buf_text(out), out->length, keep_lines, &again);
    assert(strcmp(rb_buf_text(out), rb_buf_text(&again)) == 0);
    for (size_t i = 0; i < out->length; i++) {
        if (!keep_lines || out->data[i] != '\t')
            rb_buf_putc(&kept, out->data[i]);
    }
    fuzz_assert_visible(rb_buf_text(&kept), kept.length, keep_lines);
}

/* In one colour the text is between two sequences, and is otherwise the same. */
static void check_colour(const struct rb_row *plain, const struct rb_paint *paint,
                         const char *text)
{
    static const char on[] = "\033[31m", off[] = "\033[0m";
    const struct rb_paint coloured = {true, paint->utf8};
    struct rb_row row = {.limit = plain->limit};
    rb_row_add(&row, &coloured, RB_INK_BAD, text);
    assert(row.width == plain->width && row.cut == plain->cut);
    size_t length = plain->text.length, extra = sizeof on - 1 + sizeof off - 1;
    if (length > 0) {
        assert(row.text.length == length + extra);
        assert(memcmp(row.text.data, on, sizeof on - 1) == 0);
        assert(memcmp(row.text.data + sizeof on - 1, plain->text.data, length) == 0);
        assert(strcmp(row.text.data + sizeof on - 1 + length, off) == 0);
    }
    rb_row_done(&row);
}

static void check_row(const struct rb_row *row, const struct rb_paint *paint)
{
    const char *text = rb_buf_text(&row->text);
    fuzz_assert_visible(text, row->text.length, false);
    assert(row->width == rb_row_width(text));
    assert(row->limit == 0 || row->width <= row->limit);
    for (const char *at = text; !paint->utf8 && *at; at++)
        assert((unsigned char)*at < 0x80);
}

static void check_added(const char *text, int limit, bool utf8)
{
    const struct rb_paint paint = {false, utf8};
    struct rb_row row = {.limit = limit};
    rb_row_add(&row, &paint, RB_INK_PLAIN, text);
    check_row(&row, &paint);
    assert(row.cut || !utf8 || strcmp(rb_buf_text(&row.text), text) == 0);
    check_colour(&row, &paint, text);
    rb_row_done(&row);
}

/* Nothing but space is lost where a text is broken into rows. */
static void check_kept(const struct rb_rows *rows, const char *text)
{
    for (int i = 0; i < rows->count; i++) {
        for (const char *at = rb_buf_text(&rows->items[i].text); *at; at++) {
            if (*at == ' ')
                continue;
            text += strspn(text, " ");
            assert(*at == *text++);
        }
    }
    assert(text[strspn(text, " ")] == '\0');
}

static void check_wrapped(const char *text, int limit, bool utf8)
{
    const struct rb_paint paint = {false, utf8};
    struct rb_rows rows = {0};
    bool cut = false;
    rb_rows_new(&rows, limit);
    rb_rows_wrap(&rows, &paint, RB_INK_PLAIN, 2, text);
    for (int i = 0; i < rows.count; i++) {
        check_row(&rows.items[i], &paint);
        cut |= rows.items[i].cut;
    }
    if (utf8 && !cut)
        check_kept(&rows, text);
    rb_rows_done(&rows);
}

static void check_tail(const char *bytes, size_t length, bool cut, int limit)
{
    struct rb_tail tail;
    rb_tail_of(bytes, length, cut, LINES_MOST, &tail);
    assert(tail.count <= LINES_MOST);
    for (int i = 0; i < tail.count; i++) {
        assert(*tail.lines[i]);
        fuzz_assert_visible(tail.lines[i], strlen(tail.lines[i]), false);
        check_added(tail.lines[i], limit, true);
    }
    rb_tail_done(&tail);
}

static void check_printed(const char *bytes, size_t length)
{
    RB_AUTO_VALUE const struct rb_value *value = rb_value_string(bytes, length),
                                        *again = NULL;
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(value, 2, &out);
    fuzz_assert_visible(rb_buf_text(&out), out.length, false);
    assert(rb_json_parse(rb_buf_text(&out), out.length, &again, NULL));
}

static void check_typed(const char *bytes, size_t length, size_t first)
{
    struct rb_editor editor = {0};
    rb_editor_feed(&editor, bytes, first);
    rb_editor_feed(&editor, bytes + first, length - first);
    RB_AUTO_FREE char *line = rb_editor_line(&editor);
    assert(rb_text_valid_utf8(line, strlen(line)) == strlen(line));
    for (const char *at = line; *at; at++)
        assert((unsigned char)*at >= ' ' && *at != 0x7F);
    rb_editor_done(&editor);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2)
        return 0;
    const char *shown = (const char *)bytes + 2;
    size_t size = length - 2, first = bytes[1] < size ? bytes[1] : size;
    int limit = bytes[0];
    RB_AUTO_BUF struct rb_buf line = {0}, lines = {0};
    check_visible(shown, size, false, &line);
    check_visible(shown, size, true, &lines);
    for (int utf8 = 0; utf8 < 2; utf8++) {
        check_added(rb_buf_text(&line), limit, utf8);
        check_wrapped(rb_buf_text(&line), limit, utf8);
    }
    check_tail(shown, size, bytes[1] & 1, limit);
    check_printed(shown, size);
    check_typed(shown, size, first);
    return 0;
}
