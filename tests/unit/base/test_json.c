#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

static const struct rb_value *decode(const char *text)
{
    const struct rb_value *value = NULL;
    struct rb_error err = {0};
    if (!rb_json_decode(text, strlen(text), &value, &err))
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void expect_encoded(const struct rb_value *owned, const char *text)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_encode(owned, &out);
    assert_string_equal(rb_buf_text(&out), text);
    RB_AUTO_VALUE const struct rb_value *again = decode(text);
    assert_true(rb_value_equal(owned, again));
    rb_value_unref(owned);
}

static void plain_values_have_their_shortest_form(void **state)
{
    (void)state;
    expect_encoded(rb_value_null(), "null");
    expect_encoded(rb_value_bool(true), "true");
    expect_encoded(rb_value_bool(false), "false");
    expect_encoded(rb_value_int(-17), "-17");
    expect_encoded(rb_value_int(9007199254740991), "9007199254740991");
    expect_encoded(rb_value_int(-9007199254740991), "-9007199254740991");
    expect_encoded(rb_value_text(""), "\"\"");
    expect_encoded(rb_value_list(NULL), "[]");
    expect_encoded(rb_value_map(NULL), "{}");
    expect_encoded(
        rb_value_list(rb_value_int(1), rb_value_text("a"), rb_value_null(), NULL),
        "[1,\"a\",null]");
    expect_encoded(rb_value_map("b", rb_value_int(1), "a", rb_value_list(NULL), NULL),
                   "{\"a\":[],\"b\":1}");
}

static void what_json_can_not_hold_is_wrapped(void **state)
{
    (void)state;
    expect_encoded(rb_value_int(9007199254740992), "{\"$int\":\"9007199254740992\"}");
    expect_encoded(rb_value_int(INT64_MIN), "{\"$int\":\"-9223372036854775808\"}");
    expect_encoded(rb_value_int(INT64_MAX), "{\"$int\":\"9223372036854775807\"}");
    expect_encoded(rb_value_string("\xFF\0", 2), "{\"$bytes\":\"/wA=\"}");
    expect_encoded(rb_value_map("$expr", rb_value_int(1), "$$", rb_value_int(2), NULL),
                   "{\"$$$\":2,\"$$expr\":1}");
    struct rb_map_builder builder = {0};
    rb_map_add(&builder, "\xFF", rb_value_int(1));
    rb_map_addn(&builder, "a\0", 2, rb_value_int(2));
    rb_map_add(&builder, "$", rb_value_int(3));
    expect_encoded(rb_map_end(&builder), "{\"$map\":[[\"$\",3],[\"a\\u0000\",2],"
                                         "[{\"$bytes\":\"/w==\"},1]]}");
}

static void numbers_have_the_shortest_text_that_reads_back(void **state)
{
    (void)state;
    expect_encoded(rb_value_number(0.1), "{\"$number\":\"0.1\"}");
    expect_encoded(rb_value_number(1.0), "{\"$number\":\"1\"}");
    expect_encoded(rb_value_number(-0.0), "{\"$number\":\"-0\"}");
    expect_encoded(rb_value_number(0.1 + 0.2), "{\"$number\":\"0.30000000000000004\"}");
    expect_encoded(rb_value_number(1e300), "{\"$number\":\"1e+300\"}");
    expect_encoded(rb_value_number(5e-324), "{\"$number\":\"5e-324\"}");
    expect_encoded(rb_value_number(NAN), "{\"$number\":\"nan\"}");
    expect_encoded(rb_value_number(-NAN), "{\"$number\":\"nan\"}");
    expect_encoded(rb_value_number(-INFINITY), "{\"$number\":\"-inf\"}");
}

static void strings_have_the_shortest_escapes(void **state)
{
    (void)state;
    expect_encoded(rb_value_string("\"\\/\b\f\n\r\t\0\x1F\x7F", 11),
                   "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7F\"");
    // NOLINTBEGIN(misc-misleading-bidirectional): bytes that the record keeps as they are
    expect_encoded(rb_value_text("\xC3\xA4\xE2\x80\xAE\xF0\x9F\x98\x80"),
                   "\"\xC3\xA4\xE2\x80\xAE\xF0\x9F\x98\x80\"");
    // NOLINTEND(misc-misleading-bidirectional)
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        " ",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "nul",
        "1 2",
        "{} {}",
        "[1]x",
        "'a'",
        "{a:1}",
        "01",
        "+1",
        "1.0",
        "1e0",
        "-",
        "0.5",
        "[1.5]",
        "{\"a\":[2E3]}",
        "9007199254740992",
        "-9007199254740992",
        "99999999999999999999",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{\"a\":1,\"\\u0061\":2}",
        "\"\x01\"",
        "\"\xFF\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\xED\xA0\x80\"",
        "\"\\x\"",
        "\xEF\xBB\xBF{}",
        /* wrapped values that we would not have written */
        "{\"$x\":1}",
        "{\"$\":1}",
        "{\"$number\":1}",
        "{\"$number\":\"\"}",
        "{\"$number\":\"1.0\"}",
        "{\"$number\":\" 1\"}",
        "{\"$number\":\"0x10\"}",
        "{\"$number\":\"inf\\u0000\"}",
        "{\"$number\":\"NAN\"}",
        "{\"$number\":\"0.10\"}",
        "{\"$int\":\"5\"}",
        "{\"$int\":5}",
        "{\"$int\":\"9223372036854775808\"}",
        "{\"$int\":\"+9007199254740992\"}",
        "{\"$int\":\"09007199254740992\"}",
        "{\"$bytes\":\"YQ==\"}",
        "{\"$bytes\":\"/w\"}",
        "{\"$bytes\":\"\"}",
        "{\"$bytes\":\"/w==\",\"a\":1}",
        "{\"$$a\":1,\"$b\":2}",
        "{\"$map\":[]}",
        "{\"$map\":[[\"a\",1]]}",
        "{\"$map\":{}}",
        "{\"$map\":[[\"a\"]]}",
        "{\"$map\":[[{\"$bytes\":\"/w==\"},1],[{\"$bytes\":\"/w==\"},2]]}",
        "{\"$map\":[[{\"$bytes\":\"/w==\"},1],[5,2]]}",
        "{\"$map\":[[{\"$bytes\":\"/w==\"},1.5]]}",
    };
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        const struct rb_value *value = NULL;
        struct rb_error err = {0};
        if (rb_json_decode(wrong[i], strlen(wrong[i]), &value, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.code, RB_ERR_INVALID);
        assert_true(err.message[0] != '\0');
        assert_null(value);
    }
}

static void an_error_names_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"d\":{\"args\":[1,2.5]}}",
         "d: args: item 2: a number with a fraction or an exponent"},
        {"{\"a\":\n {\"b\":tru}}", "not JSON: line 2, column"},
        {"{\"d\":{\"$int\":\"1\"}}", "d: not a wrapped value: $int"},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        const struct rb_value *value;
        struct rb_error err = {0};
        assert_false(rb_json_decode(cases[i].text, strlen(cases[i].text), &value, &err));
        assert_true(rb_text_starts(err.message, cases[i].message));
    }
}

/* `depth` lists or maps around one value. */
static void nest(struct rb_buf *out, int depth, bool lists, const char *inner)
{
    for (int i = 0; i < depth; i++)
        rb_buf_puts(out, lists ? "[" : "{\"a\":");
    rb_buf_puts(out, inner);
    for (int i = 0; i < depth; i++)
        rb_buf_putc(out, lists ? ']' : '}');
}

static bool takes(int depth, bool lists, const char *inner)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *decoded = NULL, *parsed = NULL;
    nest(&text, depth, lists, inner);
    bool one = rb_json_decode(text.data, text.length, &decoded, NULL);
    bool other = rb_json_parse(text.data, text.length, &parsed, NULL);
    assert_int_equal(one, other);
    return one;
}

static void nesting_is_limited_to_64_levels(void **state)
{
    (void)state;
    assert_true(takes(64, true, "1"));
    assert_true(takes(64, false, "1"));
    assert_false(takes(65, true, "1"));
    assert_false(takes(65, false, "1"));
    assert_false(takes(64, true, "[]"));
    assert_false(takes(60000, true, ""));
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *value = NULL;
    nest(&text, 64, true, "{\"$bytes\":\"/w==\"}"); /* a wrapper is no level */
    assert_true(rb_json_decode(text.data, text.length, &value, NULL));
}

/* Random values: short, deep, with every oddity that the form has to carry. */
struct dice {
    uint64_t seed;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
    dice->seed ^= dice->seed << 13;
    dice->seed ^= dice->seed >> 7;
    dice->seed ^= dice->seed << 17;
    return (unsigned)(dice->seed >> 20) % sides;
}

static void random_bytes(struct dice *dice, struct rb_buf *out)
{
    static const char *const pieces[] = {
        "a",    "$",     "\"",       "\\",           "\n",
        "\x1F", "\x7F",  "\xC3\xA4", "\xE2\x80\xA8", "\xF0\x9F\x98\x80",
        "/",    "$bytes"};
    unsigned count = roll(dice, 6);
    for (unsigned i = 0; i < count; i++) {
        if (roll(dice, 12) == 0)
            rb_buf_putc(out, (char)roll(dice, 256)); /* NUL, not UTF-8 */
        else
            rb_buf_puts(out, pieces[roll(dice, RB_COUNT(pieces))]);
    }
}

static int64_t random_int(struct dice *dice)
{
    int64_t number = (int64_t)(((uint64_t)roll(dice, 1u << 31) << 33) ^ dice->seed);
    return number >> roll(dice, 64);
}

static double random_number(struct dice *dice)
{
    static const double special[] = {0.0,  -0.0,   1.0,      0.1, 1e15,
                                     1e17, 5e-324, INFINITY, NAN};
    if (roll(dice, 3) == 0)
        return special[roll(dice, RB_COUNT(special))];
    double number;
    int64_t bits = random_int(dice);
    memcpy(&number, &bits, sizeof number);
    return roll(dice, 2) ? number : (double)random_int(dice) / 1000.0;
}

static const struct rb_value *random_value(struct dice *dice, int depth);

static const struct rb_value *random_list(struct dice *dice, int depth)
{
    struct rb_list_builder builder = {0};
    for (unsigned i = roll(dice, 5); i > 0; i--)
        rb_list_add(&builder, random_value(dice, depth + 1));
    return rb_list_end(&builder);
}

static const struct rb_value *random_map(struct dice *dice, int depth)
{
    struct rb_map_builder builder = {0};
    for (unsigned i = roll(dice, 5); i > 0; i--) {
        RB_AUTO_BUF struct rb_buf key = {0};
        random_bytes(dice, &key);
        rb_map_addn(&builder, rb_buf_text(&key), key.length, random_value(dice, depth + 1));
    }
    return rb_map_end(&builder);
}

static const struct rb_value *random_value(struct dice *dice, int depth)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    switch (roll(dice, depth < 5 ? 9 : 6)) {
    case 0:
        return rb_value_null();
    case 1:
        return rb_value_bool(roll(dice, 2));
    case 2:
        return rb_value_int(random_int(dice));
    case 3:
        return rb_value_number(random_number(dice));
    case 4:
    case 5:
        random_bytes(dice, &bytes);
        return rb_value_string(rb_buf_text(&bytes), bytes.length);
    case 6:
        return random_list(dice, depth);
    default:
        return random_map(dice, depth);
    }
}

static void every_value_reads_back_from_its_canonical_form(void **state)
{
    (void)state;
    struct dice dice = {20251122};
    for (int i = 0; i < 20000; i++) {
        RB_AUTO_VALUE const struct rb_value *value = random_value(&dice, 0);
        RB_AUTO_BUF struct rb_buf bytes = {0}, again = {0};
        rb_json_encode(value, &bytes);
        RB_AUTO_VALUE const struct rb_value *decoded = decode(rb_buf_text(&bytes));
        assert_true(rb_value_equal(value, decoded));
        rb_json_encode(decoded, &again);
        assert_string_equal(rb_buf_text(&again), rb_buf_text(&bytes));
        assert_int_equal(rb_text_valid_utf8(bytes.data, bytes.length), bytes.length);
    }
}

/* What is taken with a byte changed has one form again, and stands for a value of its own. */
static void changed_bytes_never_give_the_same_value(void **state)
{
    (void)state;
    struct dice dice = {7};
    int taken = 0;
    for (int i = 0; i < 20000; i++) {
        RB_AUTO_VALUE const struct rb_value *value = random_value(&dice, 2);
        RB_AUTO_BUF struct rb_buf bytes = {0}, again = {0};
        rb_json_encode(value, &bytes);
        char *victim = &bytes.data[roll(&dice, (unsigned)bytes.length)];
        char before = *victim;
        if (roll(&dice, 2))
            *victim = (char)(*victim ^ 1 << roll(&dice, 8));
        else
            *victim = "{}[]\",:$ "[roll(&dice, 9)];
        RB_AUTO_VALUE const struct rb_value *changed = NULL;
        if (*victim == before || !rb_json_decode(bytes.data, bytes.length, &changed, NULL))
            continue;
        taken++;
        rb_json_encode(changed, &again);
        bool canonical = again.length == bytes.length &&
                         memcmp(again.data, bytes.data, bytes.length) == 0;
        assert_false(canonical && rb_value_equal(value, changed));
        RB_AUTO_VALUE const struct rb_value *third = decode(again.data);
        assert_true(rb_value_equal(third, changed));
    }
    assert_true(taken > 100);
}

static void anybodys_json_is_read_as_it_is_meant(void **state)
{
    (void)state;
    static const char text[] =
        " {\"f\": 1.0, \"i\": 9223372036854775807, \"$number\": {\"$int\": \"x\"},\n"
        "\"e\": -2E3, \"s\": \"\\ud83d\\ude00\\u0000/\", \"m\": -0}\r\n";
    RB_AUTO_VALUE const struct rb_value *value = NULL;
    assert_true(rb_json_parse(text, strlen(text), &value, NULL));
    assert_true(rb_value_is(rb_value_get(value, "f"), RB_NUMBER));
    assert_int_equal(rb_value_get_int(value, "i", 0), INT64_MAX);
    assert_string_equal(rb_value_get_text(rb_value_get(value, "$number"), "$int", ""), "x");
    assert_true(rb_value_as_number(rb_value_get(value, "e"), 0) == -2000.0);
    assert_int_equal(rb_value_length(rb_value_get(value, "s")), 6);
    assert_true(rb_value_is(rb_value_get(value, "m"), RB_INT));
}

static void integers_are_exact_or_refused(void **state)
{
    (void)state;
    static const char text[] = "[9007199254740993,\"99999999999999999999\","
                               "-9223372036854775808,9223372036854775807,1e20,1.0e19]";
    static const char *const wrong[] = {"18446744073709551616", "-9223372036854775809",
                                        "[1,\n{\"a\":12345678901234567890}]"};
    RB_AUTO_VALUE const struct rb_value *value = NULL;
    struct rb_error err;
    assert_true(rb_json_parse(text, strlen(text), &value, NULL));
    assert_int_equal(rb_value_as_int(rb_value_at(value, 0), 0), 9007199254740993);
    assert_string_equal(rb_value_as_text(rb_value_at(value, 1), ""),
                        "99999999999999999999");
    assert_int_equal(rb_value_as_int(rb_value_at(value, 2), 0), INT64_MIN);
    assert_int_equal(rb_value_as_int(rb_value_at(value, 3), 0), INT64_MAX);
    assert_true(rb_value_as_number(rb_value_at(value, 4), 0) == 1e20);
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        const struct rb_value *none = NULL;
        assert_false(rb_json_parse(wrong[i], strlen(wrong[i]), &none, &err));
        assert_non_null(strstr(err.message, "beyond 64 bits"));
    }
    assert_non_null(strstr(err.message, "line 2, column"));
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "nan",
                                        "[1e999]",
                                        "{\"a\":1,\"a\":1}",
                                        "[1] 2",
                                        "\"\xFF\"",
                                        "[99999999999999999999",
                                        "\"\\",
                                        "99999999999999999999\"\\",
                                        "99999999999999999999-",
                                        "{\"\\u0000\":1}"};
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        const struct rb_value *value = NULL;
        struct rb_error err = {0};
        if (rb_json_parse(wrong[i], strlen(wrong[i]), &value, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.code, RB_ERR_INVALID);
    }
    RB_AUTO_BUF struct rb_buf digits = {0};
    for (int i = 0; i < 400; i++)
        rb_buf_putc(&digits, '9');
    const struct rb_value *value;
    assert_false(rb_json_parse(digits.data, digits.length, &value, NULL));
    assert_false(rb_json_parse("[1]", 2, &value, NULL)); /* what lies behind is not read */
}

static void expect_printed(const struct rb_value *owned, int indent, const char *text)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    rb_json_print(owned, indent, &out);
    assert_string_equal(rb_buf_text(&out), text);
    rb_value_unref(owned);
}

static void people_get_plain_json(void **state)
{
    (void)state;
    expect_printed(rb_value_number(1), 0, "1.0");
    expect_printed(rb_value_number(0.1), 0, "0.1");
    expect_printed(rb_value_number(1e300), 0, "1e+300");
    expect_printed(rb_value_number(NAN), 0, "null");
    expect_printed(rb_value_int(INT64_MAX), 0, "9223372036854775807");
    expect_printed(rb_value_string("a\xFF\0", 3), 0, "\"a\xEF\xBF\xBD\\u0000\"");
    expect_printed(rb_value_map("$a", rb_value_list(rb_value_int(1), rb_value_null(), NULL),
                                "b", rb_value_map(NULL), NULL),
                   0, "{\"$a\":[1,null],\"b\":{}}");
    expect_printed(rb_value_map("a",
                                rb_value_list(rb_value_int(1), rb_value_text("x"), NULL),
                                "b", rb_value_list(NULL), NULL),
                   2, "{\n  \"a\": [\n    1,\n    \"x\"\n  ],\n  \"b\": []\n}");
}

static void printed_json_can_not_act_on_a_terminal(void **state)
{
    (void)state;
    // NOLINTNEXTLINE(misc-misleading-bidirectional): bytes that have to become visible
    expect_printed(rb_value_text("\x1B[2J\x7F\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81\xC3\xA4"),
                   0, "\"\\u001b[2J\\u007f\\u009b\\u202e\\udb40\\udc41\xC3\xA4\"");
}

static bool is_finite(const struct rb_value *value)
{
    return !rb_value_is(value, RB_NUMBER) || isfinite(rb_value_as_number(value, 0));
}

static void printed_scalars_read_back(void **state)
{
    (void)state;
    struct dice dice = {99};
    for (int i = 0; i < 20000; i++) {
        RB_AUTO_VALUE const struct rb_value *value = random_value(&dice, 9);
        size_t length = rb_value_length(value);
        if (!is_finite(value) ||
            rb_text_valid_utf8(rb_value_as_text(value, ""), length) != length)
            continue;
        RB_AUTO_BUF struct rb_buf out = {0};
        RB_AUTO_VALUE const struct rb_value *again = NULL;
        rb_json_print(value, 0, &out);
        assert_true(rb_json_parse(out.data, out.length, &again, NULL));
        assert_true(rb_value_equal(value, again));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_have_their_shortest_form),
        cmocka_unit_test(what_json_can_not_hold_is_wrapped),
        cmocka_unit_test(numbers_have_the_shortest_text_that_reads_back),
        cmocka_unit_test(strings_have_the_shortest_escapes),
        cmocka_unit_test(what_is_not_ours_is_refused),
        cmocka_unit_test(an_error_names_the_place),
        cmocka_unit_test(nesting_is_limited_to_64_levels),
        cmocka_unit_test(every_value_reads_back_from_its_canonical_form),
        cmocka_unit_test(changed_bytes_never_give_the_same_value),
        cmocka_unit_test(anybodys_json_is_read_as_it_is_meant),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(people_get_plain_json),
        cmocka_unit_test(printed_json_can_not_act_on_a_terminal),
        cmocka_unit_test(printed_scalars_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
