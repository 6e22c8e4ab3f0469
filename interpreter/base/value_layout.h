#pragma once
/* How a value lies in memory: one allocation, contents behind a head of 16 bytes. For
 * value.c and value_build.c alone. */

#include "base/value.h"

#define RB_IMMORTAL UINT32_MAX /* references to the constants are not counted */

struct rb_value {
    uint32_t refs;
    enum rb_kind kind;
    union {
        bool flag;
        int64_t integer;
        double number;
        size_t count; /* bytes of a string, items of a list, members of a map */
    };
};

/* A value with room for `count` elements of `size` bytes behind its head. */
struct rb_value *rb_value_new(enum rb_kind kind, size_t count, size_t size);

static inline const char *rb_value_bytes(const struct rb_value *string)
{
    return (const char *)(string + 1);
}

static inline const struct rb_value *const *rb_value_items(const struct rb_value *list)
{
    return (const struct rb_value *const *)(list + 1);
}

static inline const struct rb_map_member *rb_value_members(const struct rb_value *map)
{
    return (const struct rb_map_member *)(map + 1);
}

/* The order of keys: by bytes, a prefix first. */
static inline int rb_bytes_compare(const char *a, size_t a_length, const char *b,
                                   size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}
