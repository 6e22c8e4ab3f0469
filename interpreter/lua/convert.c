#include "lua/convert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "lua/hollow.h"
#include "lua/secret.h"
#include "lua/view.h"

/* A table that holds another twice is written out twice: what is counted is what comes out. */
enum { NODES_MAX = 1000 * 1000, BYTES_MAX = 16 << 20 };

struct converter {
    lua_State *L;
    int64_t nodes, bytes; /* still free */
    char place[160];      /* of the error, from the outside in: ".list[3].name" */
    enum rb_convert_secrets secrets;
    struct rb_error *err;
};

static bool take(struct converter *c, size_t bytes)
{
    c->nodes -= 1;
    c->bytes -= (int64_t)bytes;
    return (c->nodes >= 0 && c->bytes >= 0) ||
           rb_fail(c->err, RB_ERR_INVALID, "too large to be kept");
}

static bool deep(struct converter *c, int depth)
{
    return depth < RB_CONVERT_DEPTH ||
           rb_fail(c->err, RB_ERR_INVALID,
                   "nested more than %d deep, or a table that holds itself",
                   RB_CONVERT_DEPTH);
}

/* Puts a step of the way before what is known of the place. */
__attribute__((format(printf, 2, 3))) static void inside(struct converter *c,
                                                         const char *format, ...)
{
    char rest[sizeof c->place];
    va_list args;
    memcpy(rest, c->place, sizeof rest);
    va_start(args, format);
    vsnprintf(c->place, sizeof c->place, format, args);
    va_end(args);
    size_t length = strlen(c->place);
    snprintf(c->place + length, sizeof c->place - length, "%s", rest);
}

static bool convert(struct converter *c, int index, int depth,
                    const struct rb_value **ret_value);

/* A value of the run that goes back as it is still counts with all that is in it. */
static bool weigh(struct converter *c, const struct rb_value *value, int depth)
{
    bool list = rb_value_is(value, RB_LIST), map = rb_value_is(value, RB_MAP);
    if (((list || map) && !deep(c, depth)) || !take(c, rb_value_length(value)))
        return false;
    for (size_t i = 0; i < rb_value_count(value); i++) {
        const struct rb_value *key = list ? NULL : rb_value_key_at(value, i);
        c->bytes -= (int64_t)rb_value_length(key);
        const struct rb_value *member =
            list ? rb_value_at(value, i) : rb_value_member_at(value, i);
        if (!weigh(c, member, depth + 1))
            return false;
    }
    return true;
}

static bool from_view(struct converter *c, const struct rb_view *view, int depth,
                      const struct rb_value **ret_value)
{
    if (view->kind == RB_VIEW_SECRETS)
        return rb_fail(c->err, RB_ERR_INVALID, "secrets can't be kept");
    if (view->kind != RB_VIEW_DATA && view->kind != RB_VIEW_NAMES) {
        return rb_fail(c->err, RB_ERR_INVALID,
                       "a whole step or outcome can't be kept: name its members, as in "
                       "{exit = result.exit}");
    }
    if (!weigh(c, view->value, depth))
        return false;
    *ret_value = view->value ? rb_value_ref(view->value) : rb_value_map(NULL);
    return true;
}

static bool from_list(struct converter *c, int table, int depth, size_t count,
                      const struct rb_value **ret_value)
{
    struct rb_list_builder list = {0};
    for (size_t i = 1; i <= count; i++) {
        const struct rb_value *element;
        lua_rawgeti(c->L, table, (lua_Integer)i);
        bool good = convert(c, lua_gettop(c->L), depth + 1, &element);
        lua_pop(c->L, 1);
        if (!good) {
            rb_value_unref(rb_list_end(&list));
            inside(c, "[%zu]", i);
            return false;
        }
        rb_list_add(&list, element);
    }
    *ret_value = rb_list_end(&list);
    return true;
}

/* The names of members are read by people and by other programs. */
static bool named(struct converter *c, const char *key, size_t length)
{
    return (!memchr(key, '\0', length) && rb_text_valid_utf8(key, length) == length) ||
           rb_fail(c->err, RB_ERR_INVALID, "a key that is no text can't be kept");
}

static bool from_map(struct converter *c, int table, int depth,
                     const struct rb_value **ret_value)
{
    struct rb_map_builder map = {0};
    for (lua_pushnil(c->L); lua_next(c->L, table); lua_pop(c->L, 1)) {
        size_t length;
        const char *key = lua_tolstring(c->L, -2, &length);
        const struct rb_value *member;
        if (!named(c, key, length) || !take(c, length) ||
            !convert(c, lua_gettop(c->L), depth + 1, &member)) {
            inside(c, ".%.60s", key);
            lua_pop(c->L, 2);
            rb_value_unref(rb_map_end(&map));
            return false;
        }
        rb_map_addn(&map, key, length, member);
    }
    *ret_value = rb_map_end(&map);
    return true;
}

/* What the keys of a table make it. */
struct shape {
    size_t texts, numbers;
    lua_Integer least, most;
    const char *odd; /* type of a key that is neither, or NULL */
};

static struct shape shape_of(lua_State *L, int table)
{
    struct shape shape = {.least = 1};
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            shape.texts++;
        } else if (lua_isinteger(L, -2)) {
            lua_Integer number = lua_tointeger(L, -2);
            shape.numbers++;
            shape.least = number < shape.least ? number : shape.least;
            shape.most = number > shape.most ? number : shape.most;
        } else {
            shape.odd = lua_typename(L, lua_type(L, -2));
        }
    }
    return shape;
}

static bool from_table(struct converter *c, int index, int depth,
                       const struct rb_value **ret_value)
{
    if (!deep(c, depth))
        return false;
    if (!lua_checkstack(c->L, 8))
        return rb_fail(c->err, RB_ERR_INVALID, "too large to be kept");
    const struct rb_view *view = rb_view_at(c->L, index);
    if (view)
        return from_view(c, view, depth, ret_value);
    struct shape shape = shape_of(c->L, index);
    if (shape.odd)
        return rb_fail(c->err, RB_ERR_INVALID, "a %s as a key can't be kept", shape.odd);
    if (shape.texts > 0 && shape.numbers > 0) {
        return rb_fail(c->err, RB_ERR_INVALID,
                       "a table with both numbers and texts as keys can't be kept");
    }
    if (shape.texts > 0 || (shape.numbers == 0 && rb_hollow_is_map(c->L, index)))
        return from_map(c, index, depth, ret_value);
    if (shape.least < 1 || shape.most != (lua_Integer)shape.numbers)
        return rb_fail(c->err, RB_ERR_INVALID, "a list with holes can't be kept");
    return from_list(c, index, depth, shape.numbers, ret_value);
}

static bool from_secret(struct converter *c, const struct rb_value *leaf,
                        const struct rb_value **ret_value)
{
    if (c->secrets == RB_CONVERT_NO_SECRETS)
        return rb_fail(c->err, RB_ERR_INVALID, "a secret can't be kept");
    *ret_value = rb_value_ref(leaf);
    return true;
}

static bool convert(struct converter *c, int index, int depth,
                    const struct rb_value **ret_value)
{
    lua_State *L = c->L;
    size_t length;
    const char *text;
    if (!take(c, 0))
        return false;
    switch (lua_type(L, index)) {
    case LUA_TTABLE:
        return from_table(c, index, depth, ret_value);
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA: /* json.null */
        *ret_value = rb_value_null();
        return true;
    case LUA_TBOOLEAN:
        *ret_value = rb_value_bool(lua_toboolean(L, index));
        return true;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            *ret_value = rb_value_int(lua_tointeger(L, index));
        else if (isfinite(lua_tonumber(L, index)))
            *ret_value = rb_value_number(lua_tonumber(L, index));
        else
            return rb_fail(c->err, RB_ERR_INVALID, "NaN or infinity is no value");
        return true;
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &length);
        if (!take(c, length))
            return false;
        *ret_value = rb_value_string(text, length);
        return true;
    default:
        if (rb_secret_at(L, index))
            return from_secret(c, rb_secret_at(L, index), ret_value);
        return rb_fail(c->err, RB_ERR_INVALID, "a %s can't be kept",
                       lua_typename(L, lua_type(L, index)));
    }
}

bool rb_convert(lua_State *L, int index, enum rb_convert_secrets secrets,
                const struct rb_value **ret_value, struct rb_error *err)
{
    struct converter c = {L, NODES_MAX, BYTES_MAX, "", secrets, err};
    const struct rb_value *value;
    if (!convert(&c, lua_absindex(L, index), 0, &value)) {
        const char *place = c.place[0] == '.' ? c.place + 1 : c.place;
        return *place ? rb_error_prefix(err, "%s", place) : false;
    }
    *ret_value = value;
    return true;
}
