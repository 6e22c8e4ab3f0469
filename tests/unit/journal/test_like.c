#include "trial.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "journal/like.h"

/* What is written by one, and read by the other. */
struct pair {
    struct rb_likes *written, *read;
    int64_t seq;
    char text[4096]; /* the payload as it was written last */
};

static int begin(void **state)
{
    static struct pair pair;
    pair = (struct pair){.written = rb_likes_new(), .read = rb_likes_new(), .seq = 7};
    *state = &pair;
    return 0;
}

static int end(void **state)
{
    struct pair *pair = *state;
    rb_likes_free(pair->written);
    rb_likes_free(pair->read);
    return 0;
}

static const struct rb_value *value_of(const char *text)
{
    const struct rb_value *value = NULL;
    assert_true(rb_json_decode(text, strlen(text), &value, NULL));
    return value;
}

/* Through both; it comes back as it was. */
static const char *event(struct pair *pair, enum rb_event_type type,
                         const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *d = owned;
    struct rb_event event = {.type = type, .d = d};
    struct rb_record record = {.seq = pair->seq++, .writer = 1, .event = {.type = type}};
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf text = {0};
    RB_AUTO_VALUE const struct rb_value *written =
        rb_likes_shorten(pair->written, &event, record.seq);
    rb_json_encode(written, &text);
    assert_true(rb_json_decode(text.data, text.length, &record.event.d, &err));
    if (!rb_likes_restore(pair->read, &record, &err))
        fail_msg("%s: %s", rb_buf_text(&text), err.message);
    assert_true(rb_value_equal(record.event.d, d));
    rb_record_done(&record);
    snprintf(pair->text, sizeof pair->text, "%s", rb_buf_text(&text));
    return pair->text;
}

#define LOOK(evidence, why)                                               \
    "{\"attempt\":1,\"evidence\":" evidence                               \
    ",\"items\":[{\"name\":\"gate\",\"verdict\":\"fails\",\"why\":\"" why \
    "\"}],\"phase\":\"gate\",\"step\":\"ready\"}"
#define SEEN(took, status)                                           \
    "[{\"outcome\":{\"a/b~\":1,\"took\":" took ",\"status\":" status \
    "},\"req\":{\"url\":\"http://127.0.0.1/\"}}]"
#define FIRST LOOK(SEEN("1", "503"), "503")

static const char *look(struct pair *pair, const char *text)
{
    return event(pair, RB_EV_EVAL_RESULT, value_of(text));
}

static void of_a_look_like_the_one_before_only_what_differs_is_written(void **state)
{
    struct pair *pair = *state;
    assert_non_null(strstr(look(pair, FIRST), "\"attempt\":1,"));
    assert_string_equal(look(pair, FIRST), "{\"like\":7,\"step\":\"ready\",\"with\":{}}");
    assert_string_equal(look(pair, LOOK(SEEN("2", "404"), "404")),
                        "{\"like\":8,\"step\":\"ready\",\"with\":{"
                        "\"/evidence/0/outcome/status\":404,\"/evidence/0/outcome/took\":2,"
                        "\"/items/0/why\":\"404\"}}");
    assert_string_equal(look(pair, LOOK(SEEN("2", "404"), "404")),
                        "{\"like\":9,\"step\":\"ready\",\"with\":{}}");
}

static void what_has_another_form_is_written_whole_at_its_place(void **state)
{
    struct pair *pair = *state;
    look(pair, FIRST);
    assert_string_equal(look(pair, LOOK("[]", "503")),
                        "{\"like\":7,\"step\":\"ready\",\"with\":{\"/evidence\":[]}}");
    assert_string_equal(
        look(pair, LOOK("[{\"error\":{\"code\":\"connect\"}}]", "503")),
        "{\"like\":8,\"step\":\"ready\",\"with\":{\"/evidence\":[{\"error\":{\"code\":"
        "\"connect\"}}]}}");
    assert_non_null(strstr(look(pair, "{\"cut\":true,\"items\":[],\"phase\":\"gate\","
                                      "\"step\":\"ready\"}"),
                           "\"cut\":true"));
}

static void a_place_is_written_as_a_json_pointer(void **state)
{
    struct pair *pair = *state;
    look(pair, FIRST);
    assert_string_equal(
        look(pair, LOOK("[{\"outcome\":{\"a/b~\":2,\"took\":1,\"status\":503},"
                        "\"req\":{\"url\":\"http://127.0.0.1/\"}}]",
                        "503")),
        "{\"like\":7,\"step\":\"ready\",\"with\":{\"/evidence/0/outcome/a~1b~0\":2}}");
}

static void what_would_be_longer_is_written_as_it_is(void **state)
{
    struct pair *pair = *state;
    const char *one = "{\"items\":[1,2,3,4],\"phase\":\"gate\",\"step\":\"s\"}";
    const char *other = "{\"items\":[5,6,7,8],\"phase\":\"gate\",\"step\":\"s\"}";
    look(pair, one);
    assert_string_equal(look(pair, other), other);
}

static void each_step_has_its_own_until_it_ends(void **state)
{
    struct pair *pair = *state;
    const char *beside =
        "{\"items\":[{\"name\":\"other\",\"why\":\"it is still too much\"}],"
        "\"phase\":\"gate\",\"step\":\"calm\"}";
    look(pair, FIRST);
    look(pair, beside);
    assert_string_equal(look(pair, FIRST), "{\"like\":7,\"step\":\"ready\",\"with\":{}}");
    assert_string_equal(look(pair, beside), "{\"like\":8,\"step\":\"calm\",\"with\":{}}");
    event(pair, RB_EV_STEP_PASSED, value_of("{\"step\":\"ready\"}"));
    assert_non_null(strstr(look(pair, FIRST), "\"attempt\":1,"));
    assert_string_equal(look(pair, beside), "{\"like\":10,\"step\":\"calm\",\"with\":{}}");
}

static void no_other_evaluation_is_shortened(void **state)
{
    struct pair *pair = *state;
    const char *examined = "{\"attempt\":1,\"items\":[{\"name\":\"check\",\"verdict\":"
                           "\"fails\"}],\"phase\":\"examine\",\"step\":\"ready\"}";
    look(pair, examined);
    assert_string_equal(look(pair, examined), examined);
}

/* A value of some sort, like the one before or not. */
static const struct rb_value *grown(unsigned *dice, int depth)
{
    *dice = *dice * 1103515245u + 12345u;
    unsigned roll = *dice >> 16 & 7, many = (*dice >> 20) % 3;
    struct rb_list_builder list = {0};
    struct rb_map_builder map = {0};
    if (roll == 0)
        return rb_value_number(*dice & 1u << 24 ? -0.0 : 0.0);
    if (roll == 1)
        return rb_value_string("\0\xff/~0", *dice >> 24 & 5);
    if (roll == 2 || depth == 0)
        return rb_value_int(*dice >> 28);
    if (roll == 3)
        return rb_value_null();
    for (unsigned i = 0; i < many; i++) {
        if (roll < 6)
            rb_list_add(&list, grown(dice, depth - 1));
        else
            rb_map_addn(&map, &"/\0~0$/~1"[(size_t)i * 2], 2, grown(dice, depth - 1));
    }
    return roll < 6 ? rb_list_end(&list) : rb_map_end(&map);
}

static void whatever_was_seen_comes_back(void **state)
{
    struct pair *pair = *state;
    unsigned dice = 1, same = 0;
    const struct rb_value *filler = rb_value_text("what makes it worth while");
    for (int i = 0; i < 20000; i++) {
        unsigned before = dice;
        const struct rb_value *seen = grown(&dice, 4);
        if (i % 3)
            dice = before + (unsigned)(i % 3) * 7; /* near the one before */
        event(pair, RB_EV_EVAL_RESULT,
              rb_value_map("phase", rb_value_text("gate"), "step", rb_value_text("s"),
                           "items", seen, "filler", rb_value_ref(filler), NULL));
        same += strncmp(pair->text, "{\"like\":", 8) == 0;
    }
    rb_value_unref(filler);
    assert_true(same > 10000);
}

static void refuses(struct pair *pair, enum rb_event_type type, int writer,
                    const char *text, const char *why)
{
    struct rb_error err = {0};
    struct rb_record record = {
        .seq = pair->seq, .writer = writer, .event = {.type = type, .d = value_of(text)}};
    assert_false(rb_likes_restore(pair->read, &record, &err));
    assert_int_equal(err.code, RB_ERR_RECORD);
    if (!strstr(err.message, why))
        fail_msg("%s: %s", text, err.message);
    rb_record_done(&record);
}

static void a_reference_to_another_look_is_refused(void **state)
{
    static const char *const others[] = {
        "{\"like\":7,\"step\":\"ready\",\"with\":{}}",  /* not the last one */
        "{\"like\":9,\"step\":\"ready\",\"with\":{}}",  /* of another step */
        "{\"like\":10,\"step\":\"ready\",\"with\":{}}", /* itself */
        "{\"like\":8,\"step\":\"never\",\"with\":{}}",     "{\"like\":8,\"with\":{}}",
        "{\"like\":\"8\",\"step\":\"ready\",\"with\":{}}",
    };
    struct pair *pair = *state;
    look(pair, FIRST);
    look(pair, LOOK(SEEN("1", "404"), "404"));
    look(pair, "{\"items\":[],\"phase\":\"gate\",\"step\":\"calm\"}");
    for (size_t i = 0; i < RB_COUNT(others); i++)
        refuses(pair, RB_EV_EVAL_RESULT, 1, others[i], "which is not the look before it");
    look(pair, FIRST);
}

static void what_would_not_be_written_so_is_refused(void **state)
{
    static const char *const others[] = {
        "{\"like\":7,\"step\":\"ready\"}",
        "{\"like\":7,\"step\":\"ready\",\"with\":{\"/attempt\":1}}",  /* as it was */
        "{\"like\":7,\"step\":\"ready\",\"with\":{\"/attempts\":2}}", /* no such place */
        "{\"like\":7,\"step\":\"ready\",\"with\":{\"/items/1\":2}}",
        "{\"like\":7,\"step\":\"ready\",\"with\":{\"/step\":\"calm\"}}",
        "{\"like\":7,\"step\":\"ready\",\"with\":{\"\":{}}}",
        "{\"like\":7,\"more\":1,\"step\":\"ready\",\"with\":{}}",
        "{\"like\":7,\"step\":\"ready\",\"with\":[]}",
    };
    struct pair *pair = *state;
    look(pair, FIRST);
    for (size_t i = 0; i < RB_COUNT(others); i++)
        refuses(pair, RB_EV_EVAL_RESULT, 1, others[i], "is not what would be written");
}

static void no_reference_reaches_across_writers(void **state)
{
    struct pair *pair = *state;
    look(pair, FIRST);
    refuses(pair, RB_EV_EVAL_RESULT, 2, "{\"like\":7,\"step\":\"ready\",\"with\":{}}",
            "which is not the look before it");
}

static const char *nested(struct rb_buf *text, const char *head, int depth,
                          const char *tail)
{
    rb_buf_puts(text, head);
    for (int i = 0; i < depth; i++)
        rb_buf_putc(text, '[');
    rb_buf_putc(text, '1');
    for (int i = 0; i < depth; i++)
        rb_buf_putc(text, ']');
    rb_buf_puts(text, tail);
    return rb_buf_text(text);
}

#define LONGER \
    "\"phase\":\"gate\",\"step\":\"s\",\"why\":\"what differs is shorter than that\""

/* Each line may hold half of the depth; on top of each other they must not. */
static void references_can_not_grow_deeper_than_a_line(void **state)
{
    struct pair *pair = *state;
    RB_AUTO_BUF struct rb_buf first = {0}, second = {0}, place = {0};
    look(pair, "{\"items\":{\"deep\":1}," LONGER "}");
    nested(&first, "{\"items\":{\"deep\":", 40, "}," LONGER "}");
    assert_memory_equal(look(pair, rb_buf_text(&first)), "{\"like\":7,", 10);
    rb_buf_puts(&place, "{\"like\":8,\"step\":\"s\",\"with\":{\"/items/deep");
    for (int i = 0; i < 40; i++)
        rb_buf_puts(&place, "/0");
    rb_buf_puts(&place, "\":");
    refuses(pair, RB_EV_EVAL_RESULT, 1, nested(&second, rb_buf_text(&place), 40, "}}"),
            "is not what would be written");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(of_a_look_like_the_one_before_only_what_differs_is_written),
        TEST(what_has_another_form_is_written_whole_at_its_place),
        TEST(a_place_is_written_as_a_json_pointer),
        TEST(what_would_be_longer_is_written_as_it_is),
        TEST(each_step_has_its_own_until_it_ends),
        TEST(no_other_evaluation_is_shortened),
        TEST(whatever_was_seen_comes_back),
        TEST(a_reference_to_another_look_is_refused),
        TEST(what_would_not_be_written_so_is_refused),
        TEST(no_reference_reaches_across_writers),
        TEST(references_can_not_grow_deeper_than_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
