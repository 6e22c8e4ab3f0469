#include "render/tail.h"

#include "base/buf.h"
#include "base/text.h"
#include "effects/supervisor.h"
#include "journal/blob.h"

#define TAIL_CAP 8192
#define TAB_STOP 8

void rb_tail_done(struct rb_tail *tail)
{
    for (int i = 0; i < tail->count; i++)
        free(tail->lines[i]);
    free(tail->lines);
    *tail = (struct rb_tail){0};
}

static int width_of(const struct rb_buf *text)
{
    int width = 0;
    for (size_t at = 0; at < text->length;) {
        unsigned code_point = 0;
        int size = rb_text_decode(text->data + at, text->length - at, &code_point);
        width += rb_text_width(code_point);
        at += size > 0 ? (size_t)size : 1;
    }
    return width;
}

static char *shown(const char *line, size_t length)
{
    struct rb_buf text = {0};
    for (;;) {
        const char *tab = memchr(line, '\t', length);
        size_t part = tab ? (size_t)(tab - line) : length;
        rb_text_visible(line, part, false, &text);
        if (!tab)
            return rb_buf_take(&text);
        for (int pad = TAB_STOP - width_of(&text) % TAB_STOP; pad > 0; pad--)
            rb_buf_putc(&text, ' ');
        line += part + 1;
        length -= part + 1;
    }
}

/* Where the line that ends at `end` (exclusive, its own end mark not included) begins. */
static size_t line_start(const char *bytes, size_t end)
{
    while (end > 0 && bytes[end - 1] != '\n' && bytes[end - 1] != '\r')
        end--;
    return end;
}

/* Takes the end mark off: a newline with a carriage return before it goes; a carriage return
 * alone stays in the line, to be seen. */
static size_t without_end(const char *bytes, size_t end, size_t *ret_text_end)
{
    if (end > 0 && bytes[end - 1] == '\n') {
        end--;
        if (end > 0 && bytes[end - 1] == '\r')
            end--;
        *ret_text_end = end;
        return end;
    }
    *ret_text_end = end;
    return end > 0 && bytes[end - 1] == '\r' ? end - 1 : end;
}

static void reverse(struct rb_tail *tail)
{
    for (int i = 0, k = tail->count - 1; i < k; i++, k--) {
        char *swap = tail->lines[i];
        tail->lines[i] = tail->lines[k];
        tail->lines[k] = swap;
    }
}

void rb_tail_of(const char *bytes, size_t length, bool cut, int max,
                struct rb_tail *ret_tail)
{
    struct rb_tail tail = {.lines = rb_alloc((size_t)max * sizeof *tail.lines)};
    size_t end = length;
    while (end > 0 && tail.count < max) {
        size_t text_end;
        size_t start = line_start(bytes, without_end(bytes, end, &text_end));
        bool whole = start > 0 || !cut || tail.count == 0;
        if (text_end > start && whole)
            tail.lines[tail.count++] = shown(bytes + start, text_end - start);
        end = start;
    }
    tail.whole = end == 0 && !cut;
    reverse(&tail);
    *ret_tail = tail;
}

void rb_tail_read(int run_dir, const char *dir, const char *stream, int max,
                  struct rb_tail *ret_tail)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    int64_t total = 0;
    *ret_tail = (struct rb_tail){0};
    if (!rb_supervisor_tail(run_dir, dir, stream, TAIL_CAP, &bytes, &total))
        return;
    rb_tail_of(rb_buf_text(&bytes), bytes.length, total > (int64_t)bytes.length, max,
               ret_tail);
    ret_tail->total = total;
}

void rb_tail_kept(int run_dir, const struct rb_value *reference, int max,
                  struct rb_tail *ret_tail)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    const char *hex = rb_blob_hex(reference);
    int64_t total = rb_value_get_int(reference, "bytes", 0);
    size_t skipped = total > TAIL_CAP ? (size_t)total - TAIL_CAP : 0;
    *ret_tail = (struct rb_tail){0};
    if (!hex || !rb_blob_read(run_dir, hex, skipped, TAIL_CAP, &bytes, NULL))
        return;
    rb_tail_of(rb_buf_text(&bytes), bytes.length, skipped > 0, max, ret_tail);
    ret_tail->total = total;
}
