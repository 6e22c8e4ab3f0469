#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "parse/yaml_cursor.h"
#include "parse/yaml_problem.h"
#include "parse/yaml_text.h"

enum { MOST_DEPTH = 64, LONG_SCALAR = 200 };

struct reader {
    struct rb_arena *arena;
    const struct rb_source *source;
    struct rb_diags *diags;
    yaml_parser_t parser;
    yaml_event_t event;   /* the current one */
    size_t index, offset; /* a character of the file and its byte; only grow */
    size_t gap;           /* byte after the last token, */
    yaml_mark_t gap_mark; /* and its place */
};

static struct rb_span span_of(const struct reader *r, yaml_mark_t start, yaml_mark_t end)
{
    return (struct rb_span){r->source, (int)start.line + 1, (int)start.column + 1,
                            (int)end.line + 1, (int)end.column + 1};
}

static struct rb_span here(const struct reader *r)
{
    return span_of(r, r->event.start_mark, r->event.end_mark);
}

/* libyaml counts characters; marks are asked for in ascending order, so one pass serves all. */
static size_t byte_of(struct reader *r, yaml_mark_t mark)
{
    const char *text = r->source->text;
    while (r->index < mark.index && r->offset < r->source->length) {
        unsigned c = (unsigned char)text[r->offset];
        if (c < 0x80) {
            r->offset++;
            r->index++;
            continue;
        }
        int size = rb_text_decode(text + r->offset, r->source->length - r->offset, &c);
        r->offset += size ? (size_t)size : 1;
        r->index++;
    }
    return r->offset;
}

/* YAML lets tabs stand between tokens; here they are mistakes waiting to happen. `start` is the
 * next token's first byte. */
static void check_gap(struct reader *r, size_t start)
{
    const char *text = r->source->text;
    yaml_mark_t mark = r->gap_mark;
    bool comment = false;
    for (size_t at = r->gap; at < start; at++) {
        comment = text[at] != '\n' && (comment || text[at] == '#');
        if (text[at] == '\t' && !comment) {
            rb_yaml_tab(rb_yaml_point(r->source, mark), r->diags);
            return;
        }
        bool begins = ((unsigned char)text[at] & 0xC0) != 0x80;
        mark.column = text[at] == '\n' ? 0 : mark.column + begins;
        mark.line += text[at] == '\n';
    }
}

static void begin_gap(struct reader *r, size_t byte, yaml_mark_t mark)
{
    r->gap = byte;
    r->gap_mark = mark;
}

/* The next event; false after a syntax error, which is diagnosed. */
static bool advance(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        rb_yaml_problem(&r->parser, r->source, r->diags);
        return false;
    }
    return true;
}

static struct rb_yaml_node *new_node(struct reader *r, enum rb_node_kind kind)
{
    struct rb_yaml_node *node = rb_arena_alloc(r->arena, sizeof *node);
    node->kind = kind;
    node->span = here(r);
    return node;
}

static void refuse_properties(struct reader *r, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor) {
        rb_diag_help(
            rb_diag_add(r->diags, 108, here(r), "anchor `&%s`", (const char *)anchor),
            "write the value out where it is needed, or use `vars` and `defaults`");
    }
    if (tag) {
        static const char core[] = "tag:yaml.org,2002:";
        const char *name = (const char *)tag;
        bool known = rb_text_starts(name, core);
        rb_diag_help(rb_diag_add(r->diags, 110, here(r), "tag `%s%s`", known ? "!!" : "",
                                 name + (known ? sizeof core - 1 : 0)),
                     "take the tag out: each field knows the type of its value");
    }
}

static struct rb_yaml_node *scalar(struct reader *r)
{
    static const enum rb_scalar_style styles[] = {
        [YAML_ANY_SCALAR_STYLE] = RB_SCALAR_PLAIN,
        [YAML_PLAIN_SCALAR_STYLE] = RB_SCALAR_PLAIN,
        [YAML_SINGLE_QUOTED_SCALAR_STYLE] = RB_SCALAR_SINGLE,
        [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = RB_SCALAR_DOUBLE,
        [YAML_LITERAL_SCALAR_STYLE] = RB_SCALAR_LITERAL,
        [YAML_FOLDED_SCALAR_STYLE] = RB_SCALAR_FOLDED,
    };
    const char *text = (const char *)r->event.data.scalar.value;
    struct rb_yaml_node *node = new_node(r, RB_NODE_SCALAR);
    node->style = styles[r->event.data.scalar.style];
    node->length = r->event.data.scalar.length;
    node->text = rb_arena_strndup(r->arena, text, node->length);
    node->start = byte_of(r, r->event.start_mark);
    check_gap(r, node->start);
    node->end = byte_of(r, r->event.end_mark);
    begin_gap(r, node->end, r->event.end_mark);
    if (node->length > LONG_SCALAR)
        node->cursor = rb_yaml_cursor_new(r->arena);
    refuse_properties(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);
    /* What stands in the file is checked already; only an escape can bring more. */
    if (node->style == RB_SCALAR_DOUBLE &&
        !rb_yaml_text_check(node->text, node->length, node->span, r->diags))
        node->kind = RB_NODE_BROKEN;
    return node;
}

static struct rb_yaml_node *value(struct reader *r, int depth);

static void begin_collection(struct reader *r, struct rb_yaml_node *node, bool flow)
{
    size_t start = byte_of(r, r->event.start_mark);
    check_gap(r, start);
    begin_gap(r, start, r->event.start_mark);
    node->span.end_line = node->span.line;
    node->span.end_column = node->span.column + (flow ? 1 : 0);
}

/* A block has no bracket to point at: its beginning is its first key or item. */
static void widen(struct rb_yaml_node *node, const struct rb_yaml_node *first)
{
    bool block = node->span.column == node->span.end_column;
    if (block && first->span.line == node->span.line &&
        first->span.end_line == first->span.line)
        node->span.end_column = first->span.end_column;
}

static struct rb_yaml_node *sequence(struct reader *r, int depth)
{
    struct rb_yaml_node *node = new_node(r, RB_NODE_SEQUENCE);
    const yaml_char_t *tag = r->event.data.sequence_start.tag;
    refuse_properties(r, r->event.data.sequence_start.anchor, tag);
    bool flow = r->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    begin_collection(r, node, flow);
    RB_AUTO_FREE struct rb_yaml_node **items = NULL;
    int count = 0, capacity = 0;
    for (;;) {
        if (!advance(r))
            return NULL;
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        RB_GROW(items, count, capacity);
        if (!(items[count] = value(r, depth)))
            return NULL;
        if (count++ == 0)
            widen(node, items[0]);
    }
    node->items = rb_arena_alloc(r->arena, (size_t)count * sizeof *items);
    if (count)
        memcpy(node->items, items, (size_t)count * sizeof *items);
    node->count = count;
    return node;
}

struct pair {
    struct rb_yaml_node *key, *value;
    int order;
};

static int by_text(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int order = strcmp(a->key->text, b->key->text);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int by_order(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    return (a->order > b->order) - (a->order < b->order);
}

/* Nearly every mapping is small and has none. */
static bool is_small_and_unique(const struct pair *pairs, int count)
{
    for (int i = 1; i < count && count <= 12; i++) {
        for (int k = 0; k < i; k++) {
            if (strcmp(pairs[i].key->text, pairs[k].key->text) == 0)
                return false;
        }
    }
    return count <= 12;
}

/* The first of equal keys stays. */
static int drop_duplicates(struct reader *r, struct pair *pairs, int count)
{
    if (is_small_and_unique(pairs, count))
        return count;
    qsort(pairs, (size_t)count, sizeof *pairs, by_text);
    int kept = 0;
    for (int i = 0; i < count && !rb_diags_full(r->diags); i++) {
        const struct rb_yaml_node *key = pairs[i].key;
        if (kept == 0 || strcmp(pairs[kept - 1].key->text, key->text) != 0) {
            pairs[kept++] = pairs[i];
            continue;
        }
        const struct rb_yaml_node *first = pairs[kept - 1].key;
        struct rb_diag *diag =
            rb_diag_add(r->diags, 107, key->span, "duplicate key `%s`, also on line %d",
                        key->text, first->span.line);
        rb_diag_help(diag, "keep one of the two");
        rb_diag_also(diag, first->span, "first written here");
    }
    qsort(pairs, (size_t)kept, sizeof *pairs, by_order);
    return kept;
}

/* Whether the pair may stay in its mapping. */
static bool check_key(struct reader *r, const struct rb_yaml_node *key)
{
    if (key->kind == RB_NODE_BROKEN)
        return false;
    if (key->kind != RB_NODE_SCALAR) {
        rb_diag_help(rb_diag_add(r->diags, 116, key->span, "a key that is not a text"),
                     "text with `{` or `[` at its beginning needs quotes");
        return false;
    }
    if (key->style == RB_SCALAR_PLAIN && strcmp(key->text, "<<") == 0) {
        rb_diag_help(rb_diag_add(r->diags, 109, key->span, "merge key `<<`"),
                     "write the keys out, or use `defaults` and `environments`");
        return false;
    }
    return true;
}

struct pairs {
    struct pair *items;
    int count, capacity;
};

/* The pairs up to the end of the mapping; false when that is never reached. */
static bool read_pairs(struct reader *r, int depth, struct rb_yaml_node *node,
                       struct pairs *pairs)
{
    for (bool first = true; advance(r); first = false) {
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return true;
        struct pair pair = {.order = pairs->count};
        if (!(pair.key = value(r, depth)) || !advance(r) || !(pair.value = value(r, depth)))
            return false;
        if (first)
            widen(node, pair.key);
        if (!check_key(r, pair.key))
            continue;
        RB_GROW(pairs->items, pairs->count, pairs->capacity);
        pairs->items[pairs->count++] = pair;
    }
    return false;
}

static struct rb_yaml_node *mapping(struct reader *r, int depth)
{
    struct rb_yaml_node *node = new_node(r, RB_NODE_MAPPING);
    const yaml_char_t *tag = r->event.data.mapping_start.tag;
    refuse_properties(r, r->event.data.mapping_start.anchor, tag);
    bool flow = r->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    begin_collection(r, node, flow);
    struct pairs pairs = {0};
    bool whole = read_pairs(r, depth, node, &pairs);
    int count =
        pairs.count > 1 ? drop_duplicates(r, pairs.items, pairs.count) : pairs.count;
    node->keys = rb_arena_alloc(r->arena, (size_t)count * 2 * sizeof *node->keys);
    node->items = node->keys + count;
    node->count = count;
    for (int i = 0; i < count; i++) {
        node->keys[i] = pairs.items[i].key;
        node->items[i] = pairs.items[i].value;
    }
    free(pairs.items);
    return whole ? node : NULL;
}

/* The node that the current event begins; NULL: reading can't go on. */
static struct rb_yaml_node *value(struct reader *r, int depth)
{
    if (depth >= MOST_DEPTH) {
        rb_diag_help(
            rb_diag_add(r->diags, 113, here(r), "nested more than %d deep", MOST_DEPTH),
            "the file was read up to here only");
        return NULL;
    }
    if (rb_diags_full(r->diags))
        return NULL;
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        return scalar(r);
    case YAML_SEQUENCE_START_EVENT:
        return sequence(r, depth + 1);
    case YAML_MAPPING_START_EVENT:
        return mapping(r, depth + 1);
    default:
        rb_diag_help(
            rb_diag_add(r->diags, 108, here(r), "alias `*%s`",
                        (const char *)r->event.data.alias.anchor),
            "write the value out where it is needed, or use `vars` and `defaults`");
        return new_node(r, RB_NODE_BROKEN);
    }
}

static void check_directives(struct reader *r)
{
    const yaml_event_t *event = &r->event;
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        struct rb_span span = rb_yaml_point(r->source, event->start_mark);
        rb_diag_help(rb_diag_add(r->diags, 112, span, "a YAML directive"),
                     "take the line that begins with `%%` out");
    }
}

static void check_end(struct reader *r)
{
    if (!advance(r) || r->event.type == YAML_STREAM_END_EVENT)
        return;
    struct rb_span span = span_of(r, r->event.start_mark, r->event.end_mark);
    rb_diag_help(rb_diag_add(r->diags, 111, span, "a second document in the file"),
                 "one file holds one runbook: take the rest out");
}

static struct rb_yaml_node *document(struct reader *r)
{
    if (!advance(r)) /* to the beginning of the stream, which says nothing */
        return NULL;
    if (!advance(r))
        return NULL;
    if (r->event.type == YAML_STREAM_END_EVENT) {
        rb_diag_add(r->diags, 114, (struct rb_span){r->source, 1, 1, 1, 1},
                    "there is nothing in this file");
        return NULL;
    }
    check_directives(r);
    struct rb_yaml_node *root = NULL;
    if (!advance(r) || !(root = value(r, 0)) || !advance(r))
        return NULL;
    check_end(r);
    return root;
}

struct rb_yaml_node *rb_yaml_read(struct rb_arena *arena, const struct rb_source *source,
                                  struct rb_diags *diags)
{
    if (source->length > RB_SOURCE_MAX) {
        rb_diag_add(diags, 115, (struct rb_span){source, 1, 1, 1, 1},
                    "the file has more than %u MiB", RB_SOURCE_MAX >> 20);
        return NULL;
    }
    RB_AUTO_FREE char *text = rb_yaml_text_clean(source, diags);
    if (!text)
        return NULL;
    struct reader r = {.arena = arena, .source = source, .diags = diags};
    if (!yaml_parser_initialize(&r.parser))
        rb_out_of_memory();
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, source->length);
    struct rb_yaml_node *root = document(&r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return root;
}
