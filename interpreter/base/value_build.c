#include <stdarg.h>

#include "base/buf.h"
#include "base/value_layout.h"

struct rb_value *rb_value_new(enum rb_kind kind, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, sizeof(struct rb_value), &bytes))
        rb_out_of_memory();
    struct rb_value *value = rb_realloc(NULL, bytes, 1);
    value->refs = 1;
    value->kind = kind;
    value->count = count;
    return value;
}

const struct rb_value *rb_value_string(const char *bytes, size_t length)
{
    struct rb_value *value = rb_value_new(RB_STRING, length + 1, 1);
    char *inside = (char *)(value + 1);
    if (length > 0)
        memcpy(inside, bytes, length);
    inside[length] = '\0';
    value->count = length;
    return value;
}

const struct rb_value *rb_value_text(const char *text)
{
    return rb_value_string(text, strlen(text));
}

const struct rb_value *rb_value_textf(const char *format, ...)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    va_list args;
    va_start(args, format);
    rb_buf_vprintf(&text, format, args);
    va_end(args);
    return rb_value_string(text.data, text.length);
}

const struct rb_value *rb_value_list(const struct rb_value *owned, ...)
{
    struct rb_list_builder builder = {0};
    va_list args;
    va_start(args, owned);
    for (; owned; owned = va_arg(args, const struct rb_value *))
        rb_list_add(&builder, owned);
    va_end(args);
    return rb_list_end(&builder);
}

const struct rb_value *rb_value_map(const char *key, ...)
{
    struct rb_map_builder builder = {0};
    va_list args;
    va_start(args, key);
    for (; key; key = va_arg(args, const char *)) {
        const struct rb_value *owned = va_arg(args, const struct rb_value *);
        if (owned)
            rb_map_add(&builder, key, owned);
    }
    va_end(args);
    return rb_map_end(&builder);
}

void rb_list_add(struct rb_list_builder *builder, const struct rb_value *owned)
{
    RB_GROW(builder->items, builder->count, builder->capacity);
    builder->items[builder->count++] = owned;
}

const struct rb_value *rb_list_end(struct rb_list_builder *builder)
{
    struct rb_value *value = rb_value_new(RB_LIST, builder->count, sizeof *builder->items);
    if (builder->count > 0)
        memcpy(value + 1, builder->items, builder->count * sizeof *builder->items);
    free(builder->items);
    *builder = (struct rb_list_builder){0};
    return value;
}

void rb_map_add(struct rb_map_builder *builder, const char *key,
                const struct rb_value *owned)
{
    rb_map_addn(builder, key, strlen(key), owned);
}

void rb_map_addn(struct rb_map_builder *builder, const char *key, size_t length,
                 const struct rb_value *owned)
{
    RB_GROW(builder->members, builder->count, builder->capacity);
    builder->members[builder->count++] =
        (struct rb_map_member){rb_value_string(key, length), owned};
}

static int compare_keys(const struct rb_map_member *a, const struct rb_map_member *b)
{
    return rb_bytes_compare(rb_value_bytes(a->key), a->key->count, rb_value_bytes(b->key),
                            b->key->count);
}

static bool in_order(const struct rb_map_member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (compare_keys(&members[i - 1], &members[i]) >= 0)
            return false;
    }
    return true;
}

/* A member with its place among those added: qsort alone would lose which one was last. */
struct placed {
    struct rb_map_member member;
    size_t place;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    int order = compare_keys(&left->member, &right->member);
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

/* Sorts and keeps the last member of each key; returns how many remain. */
static size_t sort_members(struct rb_map_member *members, size_t count)
{
    RB_AUTO_FREE struct placed *placed = rb_realloc(NULL, count, sizeof *placed);
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed){members[i], i};
    qsort(placed, count, sizeof *placed, compare_placed);

    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rb_map_member *member = &placed[i].member;
        if (i + 1 < count && compare_keys(member, &placed[i + 1].member) == 0) {
            rb_value_unref(member->key);
            rb_value_unref(member->value);
        } else {
            members[kept++] = *member;
        }
    }
    return kept;
}

const struct rb_value *rb_map_end(struct rb_map_builder *builder)
{
    size_t count = builder->count;
    if (count > 1 && !in_order(builder->members, count))
        count = sort_members(builder->members, count);
    struct rb_value *value = rb_value_new(RB_MAP, count, sizeof *builder->members);
    if (count > 0)
        memcpy(value + 1, builder->members, count * sizeof *builder->members);
    free(builder->members);
    *builder = (struct rb_map_builder){0};
    return value;
}

static void add_members(struct rb_map_builder *builder, const struct rb_value *map)
{
    if (!rb_value_is(map, RB_MAP))
        return;
    for (size_t i = 0; i < map->count; i++) {
        struct rb_map_member member = rb_value_members(map)[i];
        rb_value_ref(member.key);
        rb_value_ref(member.value);
        RB_GROW(builder->members, builder->count, builder->capacity);
        builder->members[builder->count++] = member;
    }
}

const struct rb_value *rb_value_merge(const struct rb_value *base,
                                      const struct rb_value *over)
{
    struct rb_map_builder builder = {0};
    add_members(&builder, base);
    add_members(&builder, over);
    return rb_map_end(&builder);
}

void rb_value_append(const struct rb_value **list, const struct rb_value *item)
{
    struct rb_list_builder builder = {0};
    for (size_t i = 0; i < rb_value_count(*list); i++)
        rb_list_add(&builder, rb_value_ref(rb_value_at(*list, i)));
    rb_list_add(&builder, rb_value_ref(item));
    RB_AUTO_VALUE const struct rb_value *all = rb_list_end(&builder);
    rb_value_put(list, all);
}
