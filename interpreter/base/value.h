#pragma once
/* Immutable values: null, bool, int, number, string, list, map with keys sorted by bytes.
 * Reference-counted (one thread); a constructor never fails and returns one reference.
 * Functions that take a value named `owned` take over the caller's reference. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum rb_kind { RB_NULL, RB_BOOL, RB_INT, RB_NUMBER, RB_STRING, RB_LIST, RB_MAP };

struct rb_value;

const struct rb_value *rb_value_ref(const struct rb_value *value); /* accepts NULL */
void rb_value_unref(const struct rb_value *value);                 /* accepts NULL */
/* A new reference of `value` (may be NULL) where *slot is, releasing what was there. */
void rb_value_put(const struct rb_value **slot, const struct rb_value *value);

const struct rb_value *rb_value_null(void);
const struct rb_value *rb_value_bool(bool flag);
const struct rb_value *rb_value_int(int64_t number);
const struct rb_value *rb_value_number(double number);
const struct rb_value *rb_value_string(const char *bytes, size_t length); /* any bytes */
const struct rb_value *rb_value_text(const char *text); /* NUL-terminated */
const struct rb_value *rb_value_textf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A list of the values given, ended by NULL; owns them. */
const struct rb_value *rb_value_list(const struct rb_value *owned, ...);
/* A map of (const char *key, owned value) pairs, ended by a NULL key. A pair whose value is
 * NULL is left out, so that an optional member needs no branch. Duplicate keys: the last
 * wins. */
const struct rb_value *rb_value_map(const char *key, ...);

/* Builders, for what is not known at compile time. `_end` returns the value, zeroes the
 * builder. */
struct rb_list_builder {
    const struct rb_value **items;
    size_t count, capacity;
};
void rb_list_add(struct rb_list_builder *builder, const struct rb_value *owned);
const struct rb_value *rb_list_end(struct rb_list_builder *builder);

struct rb_map_member {
    const struct rb_value *key, *value;
}; /* key is an RB_STRING */
struct rb_map_builder {
    struct rb_map_member *members;
    size_t count, capacity;
};
void rb_map_add(struct rb_map_builder *builder, const char *key,
                const struct rb_value *owned);
void rb_map_addn(struct rb_map_builder *builder, const char *key, size_t length,
                 const struct rb_value *owned);
const struct rb_value *
rb_map_end(struct rb_map_builder *builder); /* sorts; last of a key wins */

/* A list with one more item where *list (NULL: none) is, releasing what was there. */
void rb_value_append(const struct rb_value **list, const struct rb_value *item);

/* A new map: `base` with the members of `over` laid over it (one level). Either may be
 * NULL. */
const struct rb_value *rb_value_merge(const struct rb_value *base,
                                      const struct rb_value *over);

/* Looking. All accept NULL (as if it were null); what they return is borrowed. */
enum rb_kind rb_value_kind(const struct rb_value *value);
const char *rb_kind_name(enum rb_kind kind); /* "null", "boolean", "integer", ... */
bool rb_value_is(const struct rb_value *value, enum rb_kind kind);
size_t rb_value_count(const struct rb_value *value); /* members of a list or map, else 0 */
const struct rb_value *rb_value_at(const struct rb_value *list,
                                   size_t index); /* NULL past end */
const struct rb_value *rb_value_get(const struct rb_value *map,
                                    const char *key); /* NULL: absent */
const struct rb_value *rb_value_getn(const struct rb_value *map, const char *key,
                                     size_t length);
const struct rb_value *rb_value_key_at(const struct rb_value *map, size_t index);
const struct rb_value *rb_value_member_at(const struct rb_value *map, size_t index);
bool rb_value_as_bool(const struct rb_value *value, bool otherwise);
int64_t rb_value_as_int(const struct rb_value *value, int64_t otherwise);
double rb_value_as_number(const struct rb_value *value,
                          double otherwise); /* int or number */
const char *rb_value_as_text(const struct rb_value *value,
                             const char *otherwise);  /* strings only */
size_t rb_value_length(const struct rb_value *value); /* bytes of a string, else 0 */
/* Shorthands for a member of a map. */
const char *rb_value_get_text(const struct rb_value *map, const char *key,
                              const char *otherwise);
int64_t rb_value_get_int(const struct rb_value *map, const char *key, int64_t otherwise);
bool rb_value_get_bool(const struct rb_value *map, const char *key, bool otherwise);

/* Lists and maps within each other; 0 of anything else. */
int rb_value_depth(const struct rb_value *value);

bool rb_value_equal(const struct rb_value *a,
                    const struct rb_value *b); /* 1 and 1.0 differ */

#define RB_AUTO_VALUE RB_CLEANUP(rb_value_unref_pointer)
void rb_value_unref_pointer(const struct rb_value **value);
