#include "parse/fields.h"
#include "parse/layer.h"
#include "parse/leaf.h"
#include "parse/scalar.h"

static void read_lock(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    const char *where = rb_arena_printf(c->arena, "locks");
    const struct rb_value *key = rb_leaf_text(c, item, where);
    if (key)
        rb_list_add(into, key);
}

static void read_locks(struct rb_compiler *c, const struct rb_yaml_node *node,
                       struct rb_list_builder *list)
{
    c->owner = NULL;
    if (node && rb_fields_each(c, node, "locks", true, read_lock, list) &&
        node->kind == RB_NODE_SEQUENCE && node->count == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 218, node->span, "`locks` has nothing in it"),
            "name what one run at a time may change: [\"db:${{ vars.db_host }}\"]");
}

/* By a file that calls, or is called as well. */
static bool is_held(const struct rb_compiler *c, const struct rb_value *key)
{
    for (size_t i = 0; i < rb_value_count(c->plan->locks); i++) {
        if (rb_value_equal(rb_value_at(c->plan->locks, i), key))
            return true;
    }
    return false;
}

void rb_layer_locks(struct rb_compiler *c, const struct rb_layer *base,
                    const struct rb_layer *over)
{
    struct rb_list_builder list = {0};
    read_locks(c, base->locks, &list);
    read_locks(c, over->locks, &list);
    RB_AUTO_VALUE const struct rb_value *keys = rb_list_end(&list);
    for (size_t i = 0; i < rb_value_count(keys) && !c->dry; i++) {
        if (!is_held(c, rb_value_at(keys, i)))
            rb_value_append(&c->plan->locks, rb_value_at(keys, i));
    }
}
