#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/json_form.h"
#include "base/text.h"

#define DEEPEST 64

/* How one document is read. */
struct reading {
    bool unwrap; /* our own dialect, not anybody's JSON */
    struct rb_error *err;
};

static const struct rb_value *convert(const struct reading *reading, json_t *json,
                                      int depth);

/* Fails as a value does: with NULL. */
#define refuse(reading, ...) \
    (rb_fail((reading)->err, RB_ERR_INVALID, __VA_ARGS__), (const struct rb_value *)NULL)

static const struct rb_value *convert_list(const struct reading *reading, json_t *json,
                                           int depth)
{
    struct rb_list_builder builder = {0};
    size_t i;
    json_t *item;
    bool ok = true;
    json_array_foreach(json, i, item)
    {
        const struct rb_value *value = convert(reading, item, depth + 1);
        ok = value || rb_error_prefix(reading->err, "item %zu", i + 1);
        if (!ok)
            break;
        rb_list_add(&builder, value);
    }
    RB_AUTO_VALUE const struct rb_value *list = rb_list_end(&builder);
    return ok ? rb_value_ref(list) : NULL;
}

/* "$number", "$int" and "$bytes" hold a text that is exactly what we would have written. */

static const struct rb_value *unwrap_number(const char *text)
{
    char again[RB_JSON_NUMBER_TEXT];
    double number = strtod(text, NULL);
    rb_json_number_text(number, again);
    return strcmp(text, again) == 0 ? rb_value_number(number) : NULL;
}

static const struct rb_value *unwrap_int(const char *text)
{
    char again[24];
    errno = 0;
    int64_t number = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%" PRId64, number);
    bool plain = number >= -RB_JSON_INT_LIMIT && number <= RB_JSON_INT_LIMIT;
    return !plain && errno == 0 && strcmp(text, again) == 0 ? rb_value_int(number) : NULL;
}

static const struct rb_value *unwrap_bytes(const char *text, size_t length)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    if (!rb_base64_decode(text, length, &bytes) ||
        rb_text_valid_utf8(rb_buf_text(&bytes), bytes.length) == bytes.length)
        return NULL;
    return rb_value_string(bytes.data, bytes.length);
}

/* Adds the [key, value] of a "$map". */
static bool add_pair(const struct reading *reading, json_t *pair, int depth,
                     struct rb_map_builder *builder)
{
    if (!json_is_array(pair) || json_array_size(pair) != 2)
        return rb_fail(reading->err, RB_ERR_INVALID, "a $map is a list of pairs");
    RB_AUTO_VALUE const struct rb_value *key =
        convert(reading, json_array_get(pair, 0), depth);
    if (!key)
        return false;
    if (!rb_value_is(key, RB_STRING))
        return rb_fail(reading->err, RB_ERR_INVALID, "the key of a $map is not a string");
    const struct rb_value *value = convert(reading, json_array_get(pair, 1), depth + 1);
    if (!value)
        return false;
    rb_map_addn(builder, rb_value_as_text(key, ""), rb_value_length(key), value);
    return true;
}

static const struct rb_value *unwrap_map(const struct reading *reading, json_t *json,
                                         int depth)
{
    struct rb_map_builder builder = {0};
    size_t i;
    json_t *pair;
    bool ok = true;
    json_array_foreach(json, i, pair)
    {
        ok = add_pair(reading, pair, depth, &builder);
        if (!ok)
            break;
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&builder);
    if (!ok)
        return NULL;
    if (rb_value_count(map) != json_array_size(json))
        return refuse(reading, "a $map has a key twice");
    if (rb_json_plain_keys(map))
        return refuse(reading, "a $map that needs none");
    return rb_value_ref(map);
}

/* {"$key": inner} */
static const struct rb_value *unwrap(const struct reading *reading, const char *key,
                                     json_t *inner, int depth)
{
    if (strcmp(key, "$map") == 0 && json_is_array(inner))
        return unwrap_map(reading, inner, depth);
    const struct rb_value *value = NULL;
    const char *text = json_string_value(inner);
    size_t length = json_string_length(inner);
    if (text && strcmp(key, "$bytes") == 0)
        value = unwrap_bytes(text, length);
    else if (text && strlen(text) == length && strcmp(key, "$number") == 0)
        value = unwrap_number(text);
    else if (text && strlen(text) == length && strcmp(key, "$int") == 0)
        value = unwrap_int(text);
    return value ? value : refuse(reading, "not a wrapped value: %s", key);
}

static const struct rb_value *convert_map(const struct reading *reading, json_t *json,
                                          int depth)
{
    struct rb_map_builder builder = {0};
    const char *key;
    json_t *member;
    bool ok = true;
    json_object_foreach(json, key, member)
    {
        bool wrapped = reading->unwrap && key[0] == '$';
        if (wrapped && key[1] != '$') {
            ok = rb_fail(reading->err, RB_ERR_INVALID, "not a wrapped value: %s", key);
            break;
        }
        const struct rb_value *value = convert(reading, member, depth + 1);
        ok = value || rb_error_prefix(reading->err, "%s", key);
        if (!ok)
            break;
        rb_map_add(&builder, wrapped ? key + 1 : key, value);
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&builder);
    return ok ? rb_value_ref(map) : NULL;
}

static const struct rb_value *convert_object(const struct reading *reading, json_t *json,
                                             int depth)
{
    void *first = json_object_iter(json);
    const char *key = first ? json_object_iter_key(first) : "";
    if (reading->unwrap && json_object_size(json) == 1 && key[0] == '$' && key[1] != '$')
        return unwrap(reading, key, json_object_iter_value(first), depth);
    if (depth >= DEEPEST)
        return refuse(reading, "nested deeper than %d levels", DEEPEST);
    return convert_map(reading, json, depth);
}

static const struct rb_value *convert_int(const struct reading *reading, int64_t number)
{
    if (reading->unwrap && (number < -RB_JSON_INT_LIMIT || number > RB_JSON_INT_LIMIT))
        return refuse(reading, "an integer beyond 2^53-1");
    return rb_value_int(number);
}

static const struct rb_value *convert(const struct reading *reading, json_t *json,
                                      int depth)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return convert_object(reading, json, depth);
    case JSON_ARRAY:
        if (depth >= DEEPEST)
            return refuse(reading, "nested deeper than %d levels", DEEPEST);
        return convert_list(reading, json, depth);
    case JSON_STRING:
        return rb_value_string(json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return convert_int(reading, json_integer_value(json));
    case JSON_REAL:
        if (reading->unwrap)
            return refuse(reading, "a number with a fraction or an exponent");
        return rb_value_number(json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return rb_value_bool(json_is_true(json));
    case JSON_NULL:
        break;
    }
    return rb_value_null();
}

static void *allocate(size_t size)
{
    return rb_realloc(NULL, size, 1);
}

/* To jansson a lack of memory is an error like others: a sound record would be called broken. */
static json_t *load(const char *bytes, size_t length, json_error_t *ret_error)
{
    json_set_alloc_funcs(allocate, free);
    return json_loadb(bytes, length,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, ret_error);
}

static void release(json_t **json)
{
    json_decref(*json);
}

static bool finish(const struct reading *reading, json_t *json, const json_error_t *error,
                   const struct rb_value **ret_value)
{
    if (!json && json_error_code(error) == json_error_numeric_overflow)
        return rb_fail(reading->err, RB_ERR_INVALID,
                       "line %d, column %d: a number beyond 64 bits, which would be taken "
                       "for others near it; let it be written as a text",
                       error->line, error->column);
    if (!json)
        return rb_fail(reading->err, RB_ERR_INVALID, "not JSON: line %d, column %d: %s",
                       error->line, error->column, error->text);
    const struct rb_value *value = convert(reading, json, 0);
    if (value)
        *ret_value = value;
    return value != NULL;
}

bool rb_json_decode(const char *bytes, size_t length, const struct rb_value **ret_value,
                    struct rb_error *err)
{
    json_error_t error;
    RB_CLEANUP(release) json_t *json = load(bytes, length, &error);
    return finish(&(struct reading){true, err}, json, &error, ret_value);
}

static bool is_blank(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && strchr(" \t\r\n", bytes[at]) && bytes[at] != '\0')
        at++;
    return at == length;
}

bool rb_json_parse(const char *bytes, size_t length, const struct rb_value **ret_value,
                   struct rb_error *err)
{
    json_error_t error;
    if (is_blank(bytes, length))
        return rb_fail(err, RB_ERR_INVALID, "not JSON: it is empty");
    RB_CLEANUP(release) json_t *json = load(bytes, length, &error);
    return finish(&(struct reading){false, err}, json, &error, ret_value);
}
