#include <string.h>

#include "base/text.h"
#include "parse/yaml_cursor.h"

/* Walks a scalar's text and its bytes in the file side by side. They differ by quotes, escapes,
 * folding and indentation; what the walk can't match it skips on the side of the file. */

struct rb_yaml_cursor *rb_yaml_cursor_new(struct rb_arena *arena)
{
    return rb_arena_alloc(arena, sizeof(struct rb_yaml_cursor));
}

static bool is_block(const struct rb_yaml_node *scalar)
{
    return scalar->style == RB_SCALAR_LITERAL || scalar->style == RB_SCALAR_FOLDED;
}

static const char *raw(const struct rb_yaml_node *scalar)
{
    return scalar->span.source->text;
}

/* One character of the file. */
static void forward(const struct rb_yaml_node *scalar, struct rb_yaml_cursor *at)
{
    unsigned c = 0;
    int size = rb_text_decode(raw(scalar) + at->byte, scalar->end - at->byte, &c);
    at->byte += size ? (size_t)size : 1;
    at->line += c == '\n';
    at->column = c == '\n' ? 1 : at->column + 1;
}

static bool ended(const struct rb_yaml_node *scalar, const struct rb_yaml_cursor *at)
{
    return at->byte >= scalar->end;
}

static char next(const struct rb_yaml_node *scalar, const struct rb_yaml_cursor *at)
{
    return ended(scalar, at) ? '\0' : raw(scalar)[at->byte];
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The spaces that begin a line of a block and do not belong to its text. */
static void skip_indentation(const struct rb_yaml_node *scalar, struct rb_yaml_cursor *at)
{
    size_t own = strspn(scalar->text + at->offset, " ");
    size_t there = strspn(raw(scalar) + at->byte, " ");
    for (size_t i = own; i < there && !ended(scalar, at); i++)
        forward(scalar, at);
}

static struct rb_yaml_cursor begin(const struct rb_yaml_node *scalar)
{
    struct rb_yaml_cursor at = {0, scalar->start, scalar->span.line, scalar->span.column};
    if (scalar->style == RB_SCALAR_SINGLE || scalar->style == RB_SCALAR_DOUBLE)
        forward(scalar, &at);
    if (is_block(scalar)) {
        while (!ended(scalar, &at) && at.line == scalar->span.line)
            forward(scalar, &at);
        skip_indentation(scalar, &at);
    }
    return at;
}

static bool breaks_line(const struct rb_yaml_node *scalar, const struct rb_yaml_cursor *at)
{
    return scalar->style == RB_SCALAR_DOUBLE && next(scalar, at) == '\\' &&
           strchr("\r\n", raw(scalar)[at->byte + 1]);
}

/* What stands in the file and gives no text: the spaces that indent a line or end it, lines
 * that are folded away, a backslash before the line's end. */
static void skip(const struct rb_yaml_node *scalar, struct rb_yaml_cursor *at)
{
    char wanted = scalar->text[at->offset];
    while (!ended(scalar, at)) {
        char there = next(scalar, at);
        if (breaks_line(scalar, at)) {
            forward(scalar, at);
            while (is_space(next(scalar, at)))
                forward(scalar, at);
        } else if (there == '\r' || (is_space(there) && !is_space(wanted))) {
            forward(scalar, at);
        } else {
            break;
        }
    }
}

/* `\n` is two characters, `\x41` four. */
static void pass_escape(const struct rb_yaml_node *scalar, struct rb_yaml_cursor *at)
{
    forward(scalar, at);
    char kind = next(scalar, at);
    int count = kind == 'x' ? 3 : kind == 'u' ? 5 : kind == 'U' ? 9 : 1;
    for (int i = 0; i < count && !ended(scalar, at); i++)
        forward(scalar, at);
}

static size_t character(const struct rb_yaml_node *scalar, size_t offset)
{
    unsigned c;
    int size = rb_text_decode(scalar->text + offset, scalar->length - offset, &c);
    return size ? (size_t)size : 1;
}

/* One character of the text, with what stands for it in the file. */
static void step(const struct rb_yaml_node *scalar, struct rb_yaml_cursor *at)
{
    char wanted = scalar->text[at->offset], there = next(scalar, at);
    at->offset += character(scalar, at->offset);
    if (scalar->style == RB_SCALAR_DOUBLE && there == '\\') {
        pass_escape(scalar, at);
        return;
    }
    if (scalar->style == RB_SCALAR_SINGLE && there == '\'')
        forward(scalar, at);
    if (!ended(scalar, at))
        forward(scalar, at);
    if (wanted == '\n' && is_block(scalar))
        skip_indentation(scalar, at);
}

static void walk(const struct rb_yaml_node *scalar, struct rb_yaml_cursor *at,
                 size_t offset)
{
    while (at->offset < offset && at->offset < scalar->length && !ended(scalar, at)) {
        skip(scalar, at);
        step(scalar, at);
    }
}

/* On one line and as long in the file as its text: nothing stands for anything else. */
static bool is_verbatim(const struct rb_yaml_node *scalar)
{
    size_t quotes = scalar->style == RB_SCALAR_PLAIN ? 0 : 2;
    return !is_block(scalar) && scalar->span.line == scalar->span.end_line &&
           scalar->end - scalar->start == scalar->length + quotes;
}

static int characters(const char *text, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

struct rb_span rb_yaml_span_in(const struct rb_yaml_node *scalar, size_t offset,
                               size_t length)
{
    struct rb_span span = {.source = scalar->span.source};
    if (is_verbatim(scalar) && !scalar->cursor && offset + length <= scalar->length) {
        span.line = span.end_line = scalar->span.line;
        span.column = scalar->span.column + (scalar->style != RB_SCALAR_PLAIN) +
                      characters(scalar->text, offset);
        span.end_column = span.column + characters(scalar->text + offset, length);
        return span;
    }
    struct rb_yaml_cursor at = begin(scalar);
    if (scalar->cursor && scalar->cursor->line && scalar->cursor->offset <= offset)
        at = *scalar->cursor;
    walk(scalar, &at, offset);
    skip(scalar, &at);
    if (scalar->cursor)
        *scalar->cursor = at;
    span.line = at.line;
    span.column = at.column;
    walk(scalar, &at, offset + length);
    span.end_line = at.line;
    span.end_column = at.column;
    return span;
}

struct rb_yaml_node *rb_yaml_get(const struct rb_yaml_node *mapping, const char *key)
{
    for (int i = 0; mapping->kind == RB_NODE_MAPPING && i < mapping->count; i++) {
        if (strcmp(mapping->keys[i]->text, key) == 0)
            return mapping->items[i];
    }
    return NULL;
}
