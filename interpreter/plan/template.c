#include "plan/template.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* What is inside a leaf: {"$expr": n} or {"$text": [...]}; NULL for anything else. */
static const struct rb_value *leaf(const struct rb_value *value, const char *kind)
{
    return rb_value_is(value, RB_MAP) && rb_value_count(value) == 1
               ? rb_value_get(value, kind)
               : NULL;
}

const char *rb_template_secret(const struct rb_value *value)
{
    return rb_value_as_text(leaf(value, "$secret"), NULL);
}

/* A number as Lua 5.4 writes it: what `..` gives in an expression is the same here. */
static void put_number(double number, struct rb_buf *out)
{
    char text[32];
    if (isnan(number)) /* whose sign depends on the machine */
        snprintf(text, sizeof text, "nan");
    else
        snprintf(text, sizeof text, "%.14g", number);
    rb_buf_puts(out, text);
    if (text[strspn(text, "-0123456789")] == '\0')
        rb_buf_puts(out, ".0");
}

bool rb_template_text(const struct rb_value *value, struct rb_buf *out)
{
    switch (rb_value_kind(value)) {
    case RB_STRING:
        rb_buf_append(out, rb_value_as_text(value, ""), rb_value_length(value));
        return true;
    case RB_INT:
        rb_buf_printf(out, "%" PRId64, rb_value_as_int(value, 0));
        return true;
    case RB_NUMBER:
        put_number(rb_value_as_number(value, 0), out);
        return true;
    case RB_BOOL:
        rb_buf_puts(out, rb_value_as_bool(value, false) ? "true" : "false");
        return true;
    case RB_NULL:
    case RB_LIST:
    case RB_MAP:
        break;
    }
    return false;
}

struct filling {
    const struct rb_plan *plan;
    const struct rb_value *values;
    struct rb_error *err;
};

/* The borrowed value of an expression. */
static bool look_up(const struct filling *filling, const struct rb_value *expr,
                    const struct rb_value **ret_value)
{
    int64_t number = rb_value_as_int(expr, -1);
    if (number < 0 || number >= filling->plan->expr_count)
        return rb_fail(filling->err, RB_ERR_INVALID, "the plan has no expression %" PRId64,
                       number);
    char key[24];
    snprintf(key, sizeof key, "%" PRId64, number);
    const struct rb_value *value = rb_value_get(filling->values, key);
    if (!value) {
        const struct rb_expr *entry = &filling->plan->exprs[number];
        return rb_fail(filling->err, RB_ERR_INVALID, "%s: \"%s\" has no value yet",
                       entry->where, entry->source);
    }
    *ret_value = value;
    return true;
}

static bool put_part(const struct filling *filling, const struct rb_value *part,
                     struct rb_buf *out)
{
    const struct rb_value *expr = leaf(part, "$expr");
    const struct rb_value *value = part;
    if (expr && !look_up(filling, expr, &value))
        return false;
    if (rb_template_text(value, out))
        return true;
    const char *kind = rb_kind_name(rb_value_kind(value));
    if (!expr)
        return rb_fail(filling->err, RB_ERR_INVALID, "a %s in the middle of a text", kind);
    const struct rb_expr *entry = &filling->plan->exprs[rb_value_as_int(expr, 0)];
    return rb_fail(filling->err, RB_ERR_INVALID,
                   "%s: \"%s\" is a %s, which can't stand in the middle of a text",
                   entry->where, entry->source, kind);
}

static bool join(const struct filling *filling, const struct rb_value *parts,
                 const struct rb_value **ret_value)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    for (size_t i = 0; i < rb_value_count(parts); i++) {
        if (!put_part(filling, rb_value_at(parts, i), &text))
            return false;
    }
    *ret_value = rb_value_string(rb_buf_text(&text), text.length);
    return true;
}

static bool fill(const struct filling *filling, const struct rb_value *spec,
                 const struct rb_value **ret_value);

static bool fill_list(const struct filling *filling, const struct rb_value *list,
                      const struct rb_value **ret_value)
{
    struct rb_list_builder builder = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < rb_value_count(list); i++) {
        const struct rb_value *item;
        ok = fill(filling, rb_value_at(list, i), &item);
        if (ok)
            rb_list_add(&builder, item);
    }
    RB_AUTO_VALUE const struct rb_value *filled = rb_list_end(&builder);
    if (ok)
        *ret_value = rb_value_ref(filled);
    return ok;
}

static bool fill_map(const struct filling *filling, const struct rb_value *map,
                     const struct rb_value **ret_value)
{
    struct rb_map_builder builder = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < rb_value_count(map); i++) {
        const struct rb_value *key = rb_value_key_at(map, i), *member;
        ok = fill(filling, rb_value_member_at(map, i), &member);
        if (ok)
            rb_map_addn(&builder, rb_value_as_text(key, ""), rb_value_length(key), member);
    }
    RB_AUTO_VALUE const struct rb_value *filled = rb_map_end(&builder);
    if (ok)
        *ret_value = rb_value_ref(filled);
    return ok;
}

static bool fill(const struct filling *filling, const struct rb_value *spec,
                 const struct rb_value **ret_value)
{
    const struct rb_value *expr = leaf(spec, "$expr"), *parts = leaf(spec, "$text");
    if (expr) {
        const struct rb_value *value;
        if (!look_up(filling, expr, &value))
            return false;
        *ret_value = rb_value_ref(value);
        return true;
    }
    if (parts)
        return join(filling, parts, ret_value);
    if (rb_value_is(spec, RB_LIST))
        return fill_list(filling, spec, ret_value);
    if (rb_value_is(spec, RB_MAP) && !rb_template_secret(spec))
        return fill_map(filling, spec, ret_value);
    *ret_value = rb_value_ref(spec ? spec : rb_value_null());
    return true;
}

bool rb_template_fill(const struct rb_plan *plan, const struct rb_value *spec,
                      const struct rb_value *values, const struct rb_value **ret_value,
                      struct rb_error *err)
{
    return fill(&(struct filling){plan, values, err}, spec, ret_value);
}

void rb_template_exprs(const struct rb_value *spec, int **items, int *count, int *capacity)
{
    const struct rb_value *expr = leaf(spec, "$expr");
    if (expr) {
        RB_GROW(*items, *count, *capacity);
        (*items)[(*count)++] = (int)rb_value_as_int(expr, -1);
        return;
    }
    bool list = rb_value_is(spec, RB_LIST);
    for (size_t i = 0; i < rb_value_count(spec); i++)
        rb_template_exprs(list ? rb_value_at(spec, i) : rb_value_member_at(spec, i), items,
                          count, capacity);
}
