#include "base/value.h"

#include <math.h>

#include "base/value_layout.h"

#define SMALL_INTS 16

static const struct rb_value null_value = {.refs = RB_IMMORTAL, .kind = RB_NULL};
static const struct rb_value bool_values[] = {
    {.refs = RB_IMMORTAL, .kind = RB_BOOL, .flag = false},
    {.refs = RB_IMMORTAL, .kind = RB_BOOL, .flag = true},
};
#define S(n)                                                \
    {                                                       \
        .refs = RB_IMMORTAL, .kind = RB_INT, .integer = (n) \
    }
static const struct rb_value small_ints[SMALL_INTS] = {
    S(0), S(1), S(2),  S(3),  S(4),  S(5),  S(6),  S(7),
    S(8), S(9), S(10), S(11), S(12), S(13), S(14), S(15),
};
#undef S

const struct rb_value *rb_value_ref(const struct rb_value *value)
{
    if (value && value->refs != RB_IMMORTAL)
        ((struct rb_value *)value)->refs++;
    return value;
}

void rb_value_unref(const struct rb_value *value)
{
    if (!value || value->refs == RB_IMMORTAL || --((struct rb_value *)value)->refs > 0)
        return;
    if (value->kind == RB_LIST) {
        const struct rb_value *const *items = rb_value_items(value);
        for (size_t i = 0; i < value->count; i++)
            rb_value_unref(items[i]);
    } else if (value->kind == RB_MAP) {
        const struct rb_map_member *members = rb_value_members(value);
        for (size_t i = 0; i < value->count; i++) {
            rb_value_unref(members[i].key);
            rb_value_unref(members[i].value);
        }
    }
    free((struct rb_value *)value);
}

void rb_value_put(const struct rb_value **slot, const struct rb_value *value)
{
    const struct rb_value *before = *slot;
    *slot = rb_value_ref(value);
    rb_value_unref(before);
}

void rb_value_unref_pointer(const struct rb_value **value)
{
    rb_value_unref(*value);
}

const struct rb_value *rb_value_null(void)
{
    return &null_value;
}

const struct rb_value *rb_value_bool(bool flag)
{
    return &bool_values[flag];
}

const struct rb_value *rb_value_int(int64_t number)
{
    if (number >= 0 && number < SMALL_INTS)
        return &small_ints[number];
    struct rb_value *value = rb_value_new(RB_INT, 0, 0);
    value->integer = number;
    return value;
}

const struct rb_value *rb_value_number(double number)
{
    struct rb_value *value = rb_value_new(RB_NUMBER, 0, 0);
    value->number = number;
    return value;
}

enum rb_kind rb_value_kind(const struct rb_value *value)
{
    return value ? value->kind : RB_NULL;
}

const char *rb_kind_name(enum rb_kind kind)
{
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "list",    "map"};
    return names[kind];
}

bool rb_value_is(const struct rb_value *value, enum rb_kind kind)
{
    return rb_value_kind(value) == kind;
}

size_t rb_value_count(const struct rb_value *value)
{
    bool many = rb_value_is(value, RB_LIST) || rb_value_is(value, RB_MAP);
    return many ? value->count : 0;
}

const struct rb_value *rb_value_at(const struct rb_value *list, size_t index)
{
    if (!rb_value_is(list, RB_LIST) || index >= list->count)
        return NULL;
    return rb_value_items(list)[index];
}

const struct rb_value *rb_value_get(const struct rb_value *map, const char *key)
{
    return rb_value_getn(map, key, strlen(key));
}

const struct rb_value *rb_value_getn(const struct rb_value *map, const char *key,
                                     size_t length)
{
    if (!rb_value_is(map, RB_MAP))
        return NULL;
    const struct rb_map_member *members = rb_value_members(map);
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct rb_value *at = members[middle].key;
        int order = rb_bytes_compare(rb_value_bytes(at), at->count, key, length);
        if (order == 0)
            return members[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct rb_value *rb_value_key_at(const struct rb_value *map, size_t index)
{
    if (!rb_value_is(map, RB_MAP) || index >= map->count)
        return NULL;
    return rb_value_members(map)[index].key;
}

const struct rb_value *rb_value_member_at(const struct rb_value *map, size_t index)
{
    if (!rb_value_is(map, RB_MAP) || index >= map->count)
        return NULL;
    return rb_value_members(map)[index].value;
}

bool rb_value_as_bool(const struct rb_value *value, bool otherwise)
{
    return rb_value_is(value, RB_BOOL) ? value->flag : otherwise;
}

int64_t rb_value_as_int(const struct rb_value *value, int64_t otherwise)
{
    return rb_value_is(value, RB_INT) ? value->integer : otherwise;
}

double rb_value_as_number(const struct rb_value *value, double otherwise)
{
    if (rb_value_is(value, RB_INT))
        return (double)value->integer;
    return rb_value_is(value, RB_NUMBER) ? value->number : otherwise;
}

const char *rb_value_as_text(const struct rb_value *value, const char *otherwise)
{
    return rb_value_is(value, RB_STRING) ? rb_value_bytes(value) : otherwise;
}

size_t rb_value_length(const struct rb_value *value)
{
    return rb_value_is(value, RB_STRING) ? value->count : 0;
}

const char *rb_value_get_text(const struct rb_value *map, const char *key,
                              const char *otherwise)
{
    return rb_value_as_text(rb_value_get(map, key), otherwise);
}

int64_t rb_value_get_int(const struct rb_value *map, const char *key, int64_t otherwise)
{
    return rb_value_as_int(rb_value_get(map, key), otherwise);
}

bool rb_value_get_bool(const struct rb_value *map, const char *key, bool otherwise)
{
    return rb_value_as_bool(rb_value_get(map, key), otherwise);
}

static bool equal_members(const struct rb_value *a, const struct rb_value *b)
{
    const struct rb_map_member *left = rb_value_members(a), *right = rb_value_members(b);
    for (size_t i = 0; i < a->count; i++) {
        if (!rb_value_equal(left[i].key, right[i].key) ||
            !rb_value_equal(left[i].value, right[i].value))
            return false;
    }
    return true;
}

static bool equal_items(const struct rb_value *a, const struct rb_value *b)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!rb_value_equal(rb_value_items(a)[i], rb_value_items(b)[i]))
            return false;
    }
    return true;
}

/* Equal numbers have the same canonical bytes: no NaN differs from another, 0 and -0 do. */
static bool equal_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b && signbit(a) == signbit(b);
}

int rb_value_depth(const struct rb_value *value)
{
    bool map = rb_value_is(value, RB_MAP);
    int deepest = 0;
    for (size_t i = 0; i < rb_value_count(value); i++) {
        int depth =
            rb_value_depth(map ? rb_value_member_at(value, i) : rb_value_at(value, i));
        deepest = depth > deepest ? depth : deepest;
    }
    return map || rb_value_is(value, RB_LIST) ? deepest + 1 : 0;
}

bool rb_value_equal(const struct rb_value *a, const struct rb_value *b)
{
    enum rb_kind kind = rb_value_kind(a);
    if (a == b || kind != rb_value_kind(b))
        return a == b || (kind == RB_NULL && rb_value_is(b, RB_NULL));
    switch (kind) {
    case RB_NULL:
        return true;
    case RB_BOOL:
        return a->flag == b->flag;
    case RB_INT:
        return a->integer == b->integer;
    case RB_NUMBER:
        return equal_numbers(a->number, b->number);
    case RB_STRING:
        return rb_bytes_compare(rb_value_bytes(a), a->count, rb_value_bytes(b), b->count) ==
               0;
    case RB_LIST:
        return a->count == b->count && equal_items(a, b);
    case RB_MAP:
        return a->count == b->count && equal_members(a, b);
    }
    return false;
}
