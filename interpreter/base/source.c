#include "base/source.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"

struct rb_source *rb_source_new(struct rb_arena *arena, const char *path, const char *text,
                                size_t length)
{
    struct rb_source *source = rb_arena_alloc(arena, sizeof *source);
    source->path = rb_arena_strdup(arena, path);
    source->text = rb_arena_strndup(arena, text, length);
    source->length = length;

    int count = 1;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\n';
    size_t *lines = rb_arena_alloc(arena, (size_t)count * sizeof *lines);
    int line = 1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            lines[line++] = i + 1;
    }
    source->lines = lines;
    source->line_count = count;
    return source;
}

const char *rb_source_line(const struct rb_source *source, int line, size_t *ret_length)
{
    if (line < 1 || line > source->line_count)
        return NULL;
    size_t start = source->lines[line - 1];
    size_t end = line < source->line_count ? source->lines[line] - 1 : source->length;
    if (end > start && source->text[end - 1] == '\r')
        end--;
    *ret_length = end - start;
    return source->text + start;
}

/* Bytes of the next column: a code point, or one byte that begins none. */
static size_t step(const char *bytes, size_t length)
{
    unsigned code_point;
    int size = rb_text_decode(bytes, length, &code_point);
    return size > 0 ? (size_t)size : 1;
}

void rb_source_locate(const struct rb_source *source, size_t offset, int *ret_line,
                      int *ret_column)
{
    if (offset > source->length)
        offset = source->length;
    int low = 0, high = source->line_count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (source->lines[middle] <= offset)
            low = middle;
        else
            high = middle - 1;
    }
    size_t at = source->lines[low];
    int column = 1;
    for (;;) {
        at += step(source->text + at, source->length - at);
        if (at > offset)
            break;
        column++;
    }
    *ret_line = low + 1;
    *ret_column = column;
}

size_t rb_source_offset(const struct rb_source *source, int line, int column)
{
    if (line < 1)
        return 0;
    if (line > source->line_count)
        return source->length;
    size_t at = source->lines[line - 1];
    size_t end = line < source->line_count ? source->lines[line] - 1 : source->length;
    for (int i = 1; i < column && at < end; i++)
        at += step(source->text + at, end - at);
    return at;
}
