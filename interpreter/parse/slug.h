#pragma once
/* Ids of checklist items: each unique in its list, made from the text where none is written. */

#include "base/value.h"
#include "parse/node.h"

struct rb_slugs;

struct rb_slugs *rb_slugs_new(struct rb_arena *arena);
void rb_slugs_done(struct rb_slugs *slugs);

/* No id that is made will be this one. */
void rb_slugs_reserve(struct rb_slugs *slugs, const char *id);

/* The id that an item writes out; one that an earlier item has is diagnosed. */
const char *rb_slugs_claim(struct rb_slugs *slugs, const struct rb_yaml_node *id,
                           struct rb_diags *diags);

/* An id from the words of a text (with template leaves): "Disk: 30 % free" gives disk-30-free. */
const char *rb_slugs_make(struct rb_slugs *slugs, const struct rb_value *text);
