/* Any value of a run, into Lua and back: as it is, copied by Lua, and never changed by it. The
 * bytes of the input say how the value is built. */

#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "effects/evaluation.h"
#include "fuzz.h"
#include "lua/convert.h"
#include "lua/evaluate.h"

enum { DEEPEST = 60, NESTED = 56 };

struct input {
    const uint8_t *at, *end;
};

static uint8_t next(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static const struct rb_value *build(struct input *input, int depth);

static const uint8_t *take(struct input *input, size_t wanted, size_t *ret_length)
{
    const uint8_t *bytes = input->at;
    size_t left = (size_t)(input->end - input->at);
    *ret_length = wanted < left ? wanted : left;
    input->at += *ret_length;
    return bytes;
}

static const struct rb_value *build_number(struct input *input, bool integer)
{
    size_t length;
    int64_t bits = 0;
    const uint8_t *bytes = take(input, sizeof bits, &length);
    if (length > 0)
        memcpy(&bits, bytes, length);
    double number;
    memcpy(&number, &bits, sizeof number);
    return integer ? rb_value_int(bits) : rb_value_number(number);
}

static const struct rb_value *build_string(struct input *input)
{
    size_t length;
    const uint8_t *bytes = take(input, next(input), &length);
    return rb_value_string((const char *)bytes, length);
}

static const struct rb_value *build_list(struct input *input, int depth)
{
    struct rb_list_builder list = {0};
    for (int left = next(input) % 6; left > 0; left--)
        rb_list_add(&list, build(input, depth + 1));
    return rb_list_end(&list);
}

static const struct rb_value *build_map(struct input *input, int depth)
{
    struct rb_map_builder map = {0};
    for (int left = next(input) % 6; left > 0; left--) {
        size_t length;
        const uint8_t *key = take(input, next(input) % 8, &length);
        rb_map_addn(&map, (const char *)key, length, build(input, depth + 1));
    }
    return rb_map_end(&map);
}

static const struct rb_value *build_nested(struct input *input, int depth)
{
    int levels = next(input) % NESTED;
    if (levels > DEEPEST - depth)
        levels = DEEPEST - depth;
    const struct rb_value *value = build(input, depth + levels);
    for (; levels > 0; levels--)
        value = rb_value_list(value, NULL);
    return value;
}

static const struct rb_value *build(struct input *input, int depth)
{
    uint8_t kind = next(input);
    if (depth >= DEEPEST)
        return rb_value_bool(kind & 1);
    switch (kind % 8) {
    case 0:
        return rb_value_null();
    case 1:
        return rb_value_bool(next(input) & 1);
    case 2:
        return build_number(input, true);
    case 3:
        return build_number(input, false);
    case 4:
        return build_string(input);
    case 5:
        return build_list(input, depth);
    case 6:
        return build_map(input, depth);
    default:
        return build_nested(input, depth);
    }
}

/* What a value is beyond what Lua's tables can hold or a run keeps. */
struct traits {
    int depth;
    bool nulls, odd_keys, empty_map, not_finite;
};

static void look(const struct rb_value *value, int depth, struct traits *traits)
{
    bool map = rb_value_is(value, RB_MAP), list = rb_value_is(value, RB_LIST);
    if ((map || list) && depth + 1 > traits->depth)
        traits->depth = depth + 1;
    traits->nulls |= depth > 0 && rb_value_is(value, RB_NULL);
    traits->empty_map |= map && rb_value_count(value) == 0;
    traits->not_finite |=
        rb_value_is(value, RB_NUMBER) && !isfinite(rb_value_as_number(value, 0));
    for (size_t i = 0; i < rb_value_count(value); i++) {
        const struct rb_value *key = map ? rb_value_key_at(value, i) : NULL;
        const char *text = rb_value_as_text(key, "");
        size_t length = rb_value_length(key);
        traits->odd_keys |=
            strlen(text) != length || rb_text_valid_utf8(text, length) != length;
        look(list ? rb_value_at(value, i) : rb_value_member_at(value, i), depth + 1,
             traits);
    }
}

static const char copy[] =
    "local function copy(t)\n"
    "  if type(t) ~= 'table' then return t end\n"
    "  local r, n = {}, 0\n"
    "  for k, v in pairs(t) do r[k] = copy(v) n = n + 1 end\n"
    "  if #t > 0 and #t ~= n then error('a list of ' .. #t .. ' with ' .. n) end\n"
    "  return r\n"
    "end\n"
    "return copy(params.v)";
static const char change[] =
    "local function change(t)\n"
    "  if type(t) ~= 'table' then return end\n"
    "  for k, v in pairs(t) do\n"
    "    change(v)\n"
    "    if pcall(function() t[k] = 1 end) then error('changed') end\n"
    "  end\n"
    "  if pcall(function() t.new = 1 end) then error('added') end\n"
    "end\n"
    "change(params.v)\n"
    "return true";
static const char same[] = "return params.v";

static const struct rb_value *item(const char *source)
{
    return rb_value_map("name", rb_value_text("x"), "kind", rb_value_text("value"),
                        "source", rb_value_text(source), "chunk", rb_value_bool(true),
                        "where", rb_value_text("x.check"), "line", rb_value_int(1), NULL);
}

static bool answer(void *context, const struct rb_value *requests,
                   const struct rb_value **ret_outcomes, struct rb_error *err)
{
    (void)context, (void)requests, (void)ret_outcomes;
    return rb_fail(err, RB_ERR_REFUSED, "there is no world");
}

static const struct rb_value *evaluate(const struct rb_value *value)
{
    static struct rb_modules *modules;
    if (!modules)
        assert(rb_modules_open(NULL, &modules, NULL));
    struct rb_world world = {NULL, answer, -1, modules, NULL};
    RB_AUTO_VALUE const struct rb_value *job = rb_value_map(
        "items", rb_value_list(item(same), item(copy), item(change), item(same), NULL),
        "scope", rb_value_map("params", rb_value_map("v", rb_value_ref(value), NULL), NULL),
        NULL);
    RB_AUTO_VALUE const struct rb_value *outcome = rb_evaluate(job, &world);
    assert(rb_evaluation_fits(job, outcome));
    return rb_value_ref(rb_value_get(outcome, "items"));
}

static void check_equal(const struct rb_value *items, size_t index,
                        const struct rb_value *value)
{
    const struct rb_value *got = rb_value_get(rb_value_at(items, index), "value");
    assert(got && rb_value_equal(got, value));
}

static void check_json(const struct rb_value *value)
{
    RB_AUTO_VALUE const struct rb_value *again = NULL;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_json_encode(value, &text);
    assert(rb_json_decode(rb_buf_text(&text), text.length, &again, NULL));
    assert(rb_value_equal(value, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, bytes + length};
    struct traits traits = {0};
    RB_AUTO_VALUE const struct rb_value *value = build(&input, 0);
    look(value, 0, &traits);
    RB_AUTO_VALUE const struct rb_value *items = evaluate(value);
    bool nothing = rb_value_is(value, RB_NULL) ||
                   (traits.depth == 0 && traits.not_finite) ||
                   traits.depth > RB_CONVERT_DEPTH;
    if (!traits.not_finite)
        check_json(value);
    if (nothing)
        assert(rb_value_get(rb_value_at(items, 0), "error"));
    if (!nothing && !traits.not_finite) {
        check_equal(items, 0, value);
        check_equal(items, 3, value);
    }
    if (!nothing && !traits.not_finite && !traits.nulls && !traits.odd_keys &&
        !traits.empty_map)
        check_equal(items, 1, value);
    if (!traits.odd_keys)
        assert(rb_value_as_bool(rb_value_get(rb_value_at(items, 2), "value"), false));
    return 0;
}
