/* Any bytes as YAML: they are read to the end, and every place that is told lies in them. */

#include "base/text.h"
#include "fuzz.h"
#include "parse/node.h"

enum { DEEPEST = 64, PLACES = 64, KEYS = 64 };

/* The places of the parts of a scalar follow one another inside it. */
static void check_scalar(const struct rb_yaml_node *node)
{
    const struct rb_source *source = node->span.source;
    assert(node->start <= node->end && node->end <= source->length);
    assert(strlen(node->text) == node->length);
    assert(rb_text_valid_utf8(node->text, node->length) == node->length);
    size_t stride = node->length / PLACES + 1, last = node->start;
    for (size_t at = 0; at < node->length; at += stride) {
        struct rb_span span = rb_yaml_span_in(node, at, 1);
        size_t offset = rb_source_offset(source, span.line, span.column);
        assert(offset >= last && offset <= node->end);
        assert(rb_source_offset(source, span.end_line, span.end_column) >= offset);
        last = offset;
    }
}

static void check(const struct rb_yaml_node *node, int depth)
{
    assert(depth <= DEEPEST);
    if (node->kind == RB_NODE_SCALAR)
        check_scalar(node);
    for (int i = 0; i < node->count; i++) {
        if (node->kind == RB_NODE_MAPPING) {
            assert(node->keys[i]->kind == RB_NODE_SCALAR);
            assert(i >= KEYS || rb_yaml_get(node, node->keys[i]->text) == node->items[i]);
        }
        check(node->items[i], depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_diags diags = {0};
    struct rb_source *source =
        rb_source_new(arena, "fuzz.yaml", (const char *)bytes, length);
    const struct rb_yaml_node *root = rb_yaml_read(arena, source, &diags);
    assert(root || diags.errors > 0);
    if (root)
        check(root, 0);
    fuzz_assert_diags(&diags);
    rb_diags_done(&diags);
    rb_arena_free(arena);
    return 0;
}
