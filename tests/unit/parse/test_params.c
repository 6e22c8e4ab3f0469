#include "reading.h"

#include "parse/params.h"

static const char runbook[] =
    "runbook: x\nparams:\n"
    "  version: {type: string, pattern: 'v\\d+\\.\\d+'}\n"
    "  ramp: {type: list, of: integer, default: [10, 25], max: 100}\n"
    "  region: {values: [eu, us], default: eu}\n"
    "  pause: {type: duration, default: 5m, min: 1s, max: 1h}\n"
    "  start: {type: time, default: '2025-11-24T10:00:00+01:00'}\n"
    "  rate: {type: number, default: 0.5, max: 1}\n"
    "  force: {type: boolean, default: false}\n"
    "  names: {type: list, default: []}\n"
    "  count: {type: integer, default: 3, min: 1, help: How many}\n"
    "steps: [{id: a, title: t}]\n";

/* Each word is NAME=VALUE as on the command line; the result is the map of parameters as
 * canonical JSON, or the findings as "code: message (help)", one a line. */
static char *resolve(const char *const *words)
{
    struct rb_document *document = read_good(runbook);
    struct rb_param_text given[16];
    int count = 0;
    for (; words[count]; count++) {
        const char *equals = strchr(words[count], '=');
        size_t length = (size_t)(equals - words[count]);
        given[count] = (struct rb_param_text){
            .name = rb_arena_strndup(document->arena, words[count], length),
            .text = equals + 1,
            .origin =
                rb_arena_printf(document->arena, "-p %.*s", (int)length, words[count])};
    }
    struct rb_diags diags = {0};
    const struct rb_value *params = NULL;
    struct rb_buf out = {0};
    bool good = rb_params_resolve(document->plan, given, count, &diags, &params);
    assert_int_equal(good, diags.errors == 0);
    for (int i = 0; i < diags.count; i++)
        rb_buf_printf(&out, "%s%d: %s (%s)", i ? "\n" : "", diags.items[i].code,
                      diags.items[i].message,
                      diags.items[i].help ? diags.items[i].help : "");
    if (good)
        rb_json_encode(params, &out);
    rb_value_unref(params);
    rb_diags_done(&diags);
    rb_document_free(document);
    return rb_buf_take(&out);
}

#define EXPECT(expected, ...)                                                         \
    do {                                                                              \
        RB_AUTO_FREE char *found = resolve((const char *const[]){__VA_ARGS__, NULL}); \
        assert_string_equal(found, expected);                                         \
    } while (0)

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    EXPECT("{\"count\":3,\"force\":false,\"names\":[],\"pause\":\"5m\",\"ramp\":[10,25],"
           "\"rate\":{\"$number\":\"0.5\"},\"region\":\"eu\",\"start\":\"2025-11-24T10:00:"
           "00+01:00\",\"version\":\"v1.2\"}",
           "version=v1.2");
}

static void text_is_read_by_the_declared_type(void **state)
{
    (void)state;
    EXPECT(
        "{\"count\":7,\"force\":true,\"names\":[\"a\",\"b c\",\"1.10\"],\"pause\":\"90s\","
        "\"ramp\":[1,2,100],\"rate\":{\"$number\":\"1\"},\"region\":\"us\","
        "\"start\":\"2025-11-24 10:00Z\",\"version\":\"v1.2\"}",
        "version=v1.2", "count=7", "force=true", "names=a,b c,1.10", "pause=90s",
        "ramp=[1, 2,100]", "rate=1", "region=us", "start=2025-11-24 10:00Z");
}

static void text_of_another_type_is_refused(void **state)
{
    (void)state;
    EXPECT(
        "604: -p ramp: parameter `ramp` has to be a list of whole numbers, like a,b, not "
        "`1,x` ()\n"
        "604: -p pause: parameter `pause` has to be a duration like 90s, not `90` ()\n"
        "604: -p rate: parameter `rate` has to be a number, not `1e3` ()\n"
        "604: -p force: parameter `force` has to be true or false, not `yes` ()\n"
        "604: -p count: parameter `count` has to be a whole number, not `010` (How many)",
        "version=v1.2", "ramp=1,x", "pause=90", "rate=1e3", "force=yes", "count=010");
    EXPECT("604: -p start: parameter `start` has to be a time like 2025-11-22T23:00:00Z, "
           "not `10:00` ()",
           "version=v1.2", "start=10:00");
    EXPECT("604: -p start: parameter `start` has to be a time like 2025-11-22T23:00:00Z, "
           "not `2025-11-24T10:00:00Z - 1h` ()",
           "version=v1.2", "start=2025-11-24T10:00:00Z - 1h");
    EXPECT(
        "604: -p ramp: parameter `ramp` has to be a list of whole numbers, like a,b, not "
        "`[1, '2']` ()",
        "version=v1.2", "ramp=[1, '2']");
}

static void a_value_has_to_match_all_of_its_pattern(void **state)
{
    (void)state;
    EXPECT("601: -p version: parameter `version`: \"3.25.0\" does not match its pattern "
           "(all of "
           "it has to match v\\d+\\.\\d+)",
           "version=3.25.0");
    EXPECT("601: -p version: parameter `version`: \"v1.2\\n; rm -rf /\" does not match its "
           "pattern (all of it has to match v\\d+\\.\\d+)",
           "version=v1.2\n; rm -rf /");
}

static void values_and_bounds_are_kept(void **state)
{
    (void)state;
    EXPECT(
        "606: -p ramp: parameter `ramp`: 101 is too large (it has to be at most 100)\n"
        "605: -p region: parameter `region`: \"europe\" is not one of its values (it is "
        "one "
        "of: [\"eu\",\"us\"])\n"
        "606: -p pause: parameter `pause`: \"2h\" is too large (it has to be at most 1h)\n"
        "606: -p rate: parameter `rate`: 1.5 is too large (it has to be at most 1)\n"
        "606: -p count: parameter `count`: 0 is too small (it has to be at least 1)",
        "version=v1.2", "ramp=1,101", "region=europe", "pause=2h", "rate=1.5", "count=0");
    EXPECT("{\"count\":1,\"force\":false,\"names\":[],\"pause\":\"1h\",\"ramp\":[100],"
           "\"rate\":{\"$number\":\"1\"},\"region\":\"us\","
           "\"start\":\"2025-11-24T10:00:00+01:00\",\"version\":\"v1.2\"}",
           "version=v1.2", "ramp=100", "region=us", "pause=1h", "rate=1", "count=1");
}

static void what_is_missing_or_unknown_is_named(void **state)
{
    (void)state;
    EXPECT("602: -p versoin: the runbook has no parameter `versoin` (did you mean "
           "`version`?)\n"
           "603: parameter `version` has no default and was not given (give it: -p "
           "version=...)",
           "versoin=v1.2");
}

static void twice_on_the_command_line_is_a_mistake(void **state)
{
    (void)state;
    EXPECT("607: -p version: parameter `version` is given twice (keep one of the two)",
           "version=v1.2", "version=v1.3");
}

struct file {
    struct rb_arena *arena;
    struct rb_diags diags;
    struct rb_param_text *given;
    int count;
};

static bool read_file(struct file *file, const char *text)
{
    *file = (struct file){.arena = rb_arena_new()};
    return rb_params_read(file->arena, "p.yaml", text, strlen(text), &file->diags,
                          &file->given, &file->count);
}

static void end_file(struct file *file)
{
    rb_diags_done(&file->diags);
    rb_arena_free(file->arena);
}

static void a_file_gives_texts_that_the_declaration_types(void **state)
{
    (void)state;
    struct file file;
    assert_true(
        read_file(&file, "version: v1.10\ncount: 7\nnames: [1.10, no]\nramp:\n- 1\n"));
    assert_int_equal(file.count, 4);
    assert_string_equal(file.given[1].origin, "p.yaml:2");
    struct rb_document *document = read_good(runbook);
    const struct rb_value *params = NULL;
    assert_true(
        rb_params_resolve(document->plan, file.given, file.count, &file.diags, &params));
    RB_AUTO_BUF struct rb_buf json = {0};
    rb_json_encode(params, &json);
    assert_string_equal(rb_buf_text(&json),
                        "{\"count\":7,\"force\":false,\"names\":[\"1.10\",\"no\"],"
                        "\"pause\":\"5m\",\"ramp\":[1],\"rate\":{\"$number\":\"0.5\"},"
                        "\"region\":\"eu\",\"start\":\"2025-11-24T10:00:00+01:00\","
                        "\"version\":\"v1.10\"}");
    rb_value_unref(params);
    rb_document_free(document);
    end_file(&file);
}

static void the_command_line_wins_over_the_file(void **state)
{
    (void)state;
    struct file file;
    assert_true(read_file(&file, "version: v1.1\n"));
    struct rb_param_text both[2] = {
        file.given[0], {.name = "version", .text = "v2.2", .origin = "-p version=..."}};
    struct rb_document *document = read_good(runbook);
    const struct rb_value *params = NULL;
    assert_true(rb_params_resolve(document->plan, both, 2, &file.diags, &params));
    assert_string_equal(rb_value_get_text(params, "version", ""), "v2.2");
    rb_value_unref(params);
    rb_document_free(document);
    end_file(&file);
}

static void a_file_of_something_else_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } cases[] = {{"- a\n", 203},    {"a: {b: c}\n", 203},  {"a: [[b]]\n", 203},
                 {"a:\n", 203},     {"a: 1\na: 2\n", 107}, {"", 114},
                 {"a: &x b\n", 108}};
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        struct file file;
        assert_false(read_file(&file, cases[i].text));
        assert_int_equal(file.diags.items[0].code, cases[i].code);
        end_file(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(text_is_read_by_the_declared_type),
        cmocka_unit_test(text_of_another_type_is_refused),
        cmocka_unit_test(a_value_has_to_match_all_of_its_pattern),
        cmocka_unit_test(values_and_bounds_are_kept),
        cmocka_unit_test(what_is_missing_or_unknown_is_named),
        cmocka_unit_test(twice_on_the_command_line_is_a_mistake),
        cmocka_unit_test(a_file_gives_texts_that_the_declaration_types),
        cmocka_unit_test(the_command_line_wins_over_the_file),
        cmocka_unit_test(a_file_of_something_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
