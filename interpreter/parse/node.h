#pragma once
/* A YAML file as nodes with spans. Scalars keep their text: what a plain `no` or `1.10` is,
 * the field that it stands in decides (parse/scalar.h). */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/source.h"

/* BROKEN stands where something was that has its diagnostic already: no reader complains again. */
enum rb_node_kind { RB_NODE_SCALAR, RB_NODE_SEQUENCE, RB_NODE_MAPPING, RB_NODE_BROKEN };
enum rb_scalar_style {
    RB_SCALAR_PLAIN,
    RB_SCALAR_SINGLE,
    RB_SCALAR_DOUBLE,
    RB_SCALAR_LITERAL,
    RB_SCALAR_FOLDED
};

struct rb_yaml_cursor;

struct rb_yaml_node {
    enum rb_node_kind kind;
    enum rb_scalar_style style;
    struct rb_span span; /* of a scalar; of a collection only its beginning */
    const char *text;    /* of a scalar; no NUL inside */
    size_t length;
    size_t start, end;             /* of a scalar: its bytes in the file, quotes included */
    struct rb_yaml_cursor *cursor; /* of a long scalar: where the last place was found */
    struct rb_yaml_node **items;   /* of a sequence; values of a mapping */
    struct rb_yaml_node **keys;    /* of a mapping: scalars, unique */
    int count;
};

/* Reads one document. All that is wrong with the text as YAML (syntax, duplicate keys, tags,
 * anchors and aliases, merge keys, tabs, control characters, a second document, a directive, a
 * byte order mark, depth over 64, size over 16 MiB) goes to `diags`; NULL when nothing useful
 * could be read. */
struct rb_yaml_node *rb_yaml_read(struct rb_arena *arena, const struct rb_source *source,
                                  struct rb_diags *diags);

/* The place in the file of bytes [offset, offset+length) of a scalar's text, in every style.
 * Places asked for in ascending order cost one pass over the scalar in all. */
struct rb_span rb_yaml_span_in(const struct rb_yaml_node *scalar, size_t offset,
                               size_t length);

/* The value of a key of a mapping, or NULL. */
struct rb_yaml_node *rb_yaml_get(const struct rb_yaml_node *mapping, const char *key);
