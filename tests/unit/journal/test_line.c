#include "trial.h"

#include <limits.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "journal/link.h"

#define TAG "runbook.journal.v1"

static const char *const vector[] = {
    "{\"d\":{\"engine\":\"runbook/0.1.0\",\"plan\":\"sha256:9f2c\",\"run\":\"r-01JD8Z\"},"
    "\"mono\":104512345,"
    "\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\","
    "\"seq\":0,\"t\":\"2025-11-22T23:01:07.104512Z\",\"type\":\"run.created\",\"v\":1,"
    "\"w\":1,"
    "\"~h\":\"24f7eb888fbfb6924ed64af9925e99149c04868ffcf8c3853904e32a5541ad8c\"}",
    "{\"d\":{\"attempt\":1,\"class\":\"ask\",\"req\":\"sha256:51aa\",\"step\":\"migrate\"},"
    "\"mono\":104533001,"
    "\"prev\":\"24f7eb888fbfb6924ed64af9925e99149c04868ffcf8c3853904e32a5541ad8c\","
    "\"seq\":1,\"t\":\"2025-11-22T23:01:07.125168Z\",\"type\":\"effect.intent\",\"v\":1,"
    "\"w\":1,\"~h\":\"7ca829aec7fc11af8bb53ccf5a87fa1b63fd60404f275e3bd293aea2511fb2fa\"}",
    "{\"d\":{\"attempt\":1,\"exit\":0,\"out\":{\"blob\":\"sha256:77de\",\"bytes\":1834,"
    "\"lost\":0},\"step\":\"migrate\"},\"mono\":131200455,"
    "\"prev\":\"7ca829aec7fc11af8bb53ccf5a87fa1b63fd60404f275e3bd293aea2511fb2fa\","
    "\"seq\":2,\"t\":\"2025-11-22T23:01:33.792622Z\",\"type\":\"effect.result\",\"v\":1,"
    "\"w\":1,\"~h\":\"bec78caf18c186261ff577f8cc93f6b69c6853074a60b46647b9fde990e5c3aa\"}",
};

static void the_hash_covers_tag_nul_and_body(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT(vector); i++) {
        const char *tail = strstr(vector[i], ",\"~h\":\"");
        char hash[RB_DIGEST_HEX + 1];
        struct rb_digest *digest = rb_digest_new();
        rb_digest_add(digest, TAG, sizeof TAG);
        rb_digest_add(digest, vector[i], (size_t)(tail - vector[i]));
        rb_digest_end(digest, hash);
        assert_memory_equal(hash, tail + 7, RB_DIGEST_HEX);
    }
}

static void known_lines_are_read_and_written_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT(vector); i++) {
        struct rb_record record = {0};
        struct rb_error err = {0};
        RB_AUTO_BUF struct rb_buf again = {0};
        assert_true(rb_line_decode(vector[i], strlen(vector[i]), &record, &err));
        assert_int_equal(record.seq, i);
        assert_int_equal(record.writer, 1);
        memset(record.hash, 'x', RB_HASH_HEX);
        rb_line_encode(&record, &again);
        assert_int_equal(again.length, strlen(vector[i]) + 1);
        assert_memory_equal(again.data, vector[i], strlen(vector[i]));
        assert_int_equal(again.data[again.length - 1], '\n');
        assert_memory_equal(record.hash, strstr(vector[i], "~h") + 5, RB_HASH_HEX);
        rb_record_done(&record);
    }
}

/* What stands in the envelope may stand in a payload too. */
static void a_payload_that_looks_like_an_envelope_is_a_payload(void **state)
{
    (void)state;
    struct rb_record record = {.seq = INT64_C(9007199254740991), .writer = INT_MAX},
                     again = {0};
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    record.event.d = rb_value_map(
        "a", rb_value_text(",\"mono\":1"), "mono", rb_value_int(1), "z",
        rb_value_map("a", rb_value_int(1), "mono", rb_value_int(0), NULL), NULL);
    record.event.mono = INT64_C(9007199254740991);
    memcpy(record.prev, RB_LINK_ZERO, sizeof record.prev);
    rb_line_encode(&record, &out);
    assert_true(rb_line_decode(out.data, out.length - 1, &again, &err));
    assert_true(rb_value_equal(record.event.d, again.event.d));
    assert_int_equal(again.event.mono, record.event.mono);
    assert_int_equal(again.seq, record.seq);
    assert_int_equal(again.writer, INT_MAX);
    rb_record_done(&record);
    rb_record_done(&again);
}

static void a_line_is_appended_behind_what_the_buffer_holds(void **state)
{
    (void)state;
    struct rb_record record = {0};
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf out = {0};
    assert_true(rb_line_decode(vector[0], strlen(vector[0]), &record, &err));
    rb_buf_puts(&out, "before\n");
    rb_line_encode(&record, &out);
    assert_memory_equal(out.data, "before\n", 7);
    assert_memory_equal(out.data + 7, vector[0], strlen(vector[0]));
    rb_record_done(&record);
}

/* Gives this body, whatever it is, the hash that belongs to it. */
static void refused_body(const char *body, size_t length, const char *why)
{
    char hash[RB_DIGEST_HEX + 1];
    struct rb_record record = {0};
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_append(&line, body, length);
    rb_link_close(TAG, &line, 0, hash);
    if (rb_line_decode(line.data, line.length - 1, &record, &err))
        fail_msg("was accepted: %s", line.data);
    assert_int_equal(err.code, RB_ERR_RECORD);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}

static void refused(const char *body, const char *why)
{
    refused_body(body, strlen(body), why);
}

#define ENVELOPE                                           \
    ",\"mono\":1,\"prev\":\"" RB_LINK_ZERO "\",\"seq\":0," \
    "\"t\":\"2025-11-22T23:01:07.104512Z\",\"type\":\"run.created\",\"v\":1,\"w\":1"

static void the_plain_body_of_the_refusals_is_accepted(void **state)
{
    (void)state;
    static const char body[] = "{\"d\":{\"a\":\"x\"}" ENVELOPE;
    char hash[RB_DIGEST_HEX + 1];
    struct rb_record record = {0};
    struct rb_error err = {0};
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_puts(&line, body);
    rb_link_close(TAG, &line, 0, hash);
    assert_true(rb_line_decode(line.data, line.length - 1, &record, &err));
    rb_record_done(&record);
}

static void equal_json_in_another_form_is_refused(void **state)
{
    (void)state;
    refused("{\"d\":{\"a\": \"x\"}" ENVELOPE, "canonical");
    refused("{ \"d\":{\"a\":\"x\"}" ENVELOPE, "canonical");
    refused("{\"d\":{\"b\":1,\"a\":2}" ENVELOPE, "canonical");
    refused("{\"d\":{\"\\u0061\":1}" ENVELOPE, "canonical");
    refused("{\"d\":{\"a\":\"\\/\"}" ENVELOPE, "canonical");
    refused("{\"d\":{\"a\":-0}" ENVELOPE, "");
    refused("{\"d\":{\"a\":1e0}" ENVELOPE, "");
    refused("{\"d\":{\"a\":1.0}" ENVELOPE, "");
    refused("{\"d\":{\"a\":1,\"a\":1}" ENVELOPE, "");
    refused("{\"d\":{\"a\":\"x\"},\"d\":{\"a\":\"x\"}" ENVELOPE, "");
    refused("{\"d\":{\"a\":\"x\"}" ENVELOPE "\r", "");
    refused("{\"crit\":true,\"d\":{\"a\":\"x\"}" ENVELOPE, "canonical");
    refused("{\"d\":{\"a\":\"x\"}" ENVELOPE ",\"x\":1", "canonical");
}

static void what_json_can_not_hold_is_refused(void **state)
{
    (void)state;
    refused("{\"d\":{\"a\":9007199254740993}" ENVELOPE, "");
    refused("{\"d\":{\"a\":\"\\ud800\"}" ENVELOPE, "");
    refused("{\"d\":{\"a\":\"\xff\"}" ENVELOPE, "");
    refused("{\"d\":{\"a\":\"\xc0\x80\"}" ENVELOPE, "");
    static const char nul[] = "{\"d\":{\"a\":\"\0\"}" ENVELOPE;
    refused_body(nul, sizeof nul - 1, "");
    RB_AUTO_BUF struct rb_buf deep = {0};
    rb_buf_puts(&deep, "{\"d\":");
    for (int i = 0; i < 1000000; i++)
        rb_buf_putc(&deep, '[');
    rb_buf_puts(&deep, ENVELOPE);
    refused_body(deep.data, deep.length, "JSON");
}

#define WITH(mono, prev, seq, t, type, v, w)                                       \
    "{\"d\":{},\"mono\":" mono ",\"prev\":\"" prev "\",\"seq\":" seq ",\"t\":\"" t \
    "\",\"type\":\"" type "\",\"v\":" v ",\"w\":" w
#define T "2025-11-22T23:01:07.104512Z"

static void an_envelope_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.created", "2", "1"), "format 2");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.burnt", "1", "1"), "\"run.burnt\"");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "\x1b[2J", "1", "1"), "\"\\e[2J\"");
    refused(WITH("1", RB_LINK_ZERO, "-1", T, "run.created", "1", "1"), "canonical");
    refused(WITH("-1", RB_LINK_ZERO, "0", T, "run.created", "1", "1"), "canonical");
    refused(WITH("1", "A" RB_LINK_ZERO, "0", T, "run.created", "1", "1"), "canonical");
    refused(WITH("1", "A000000000000000000000000000000000000000000000000000000000000000",
                 "0", T, "run.created", "1", "1"),
            "canonical");
    refused(WITH("1", "00", "0", T, "run.created", "1", "1"), "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", "2025-11-22", "run.created", "1", "1"),
            "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.created", "1", "0"), "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.created", "1", "4294967297"), "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.created", "1", "\"1\""), "canonical");
    refused("{\"d\":[]" ENVELOPE, "canonical");
    refused("{\"x\":{}" ENVELOPE, "canonical");
    refused(WITH("01", RB_LINK_ZERO, "0", T, "run.created", "1", "1"), "canonical");
    refused(WITH("+1", RB_LINK_ZERO, "0", T, "run.created", "1", "1"), "canonical");
    refused(WITH("", RB_LINK_ZERO, "0", T, "run.created", "1", "1"), "canonical");
    refused(WITH("9007199254740992", RB_LINK_ZERO, "0", T, "run.created", "1", "1"),
            "canonical");
    refused(WITH("1", RB_LINK_ZERO, "00", T, "run.created", "1", "1"), "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", "2025-11-22T23:01:07.1045+00:00", "run.created",
                 "1", "1"),
            "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", "2025-11-22T23:01:07.1+00:00", "run.created", "1",
                 "1"),
            "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", "2025-02-30T23:01:07.104512Z", "run.created", "1",
                 "1"),
            "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.created", "1", "1") ",\"w\":1",
            "canonical");
    refused(WITH("1", RB_LINK_ZERO, "0", T, "run.created", "1", "1") " ", "canonical");
    refused("[1", "");
}

/* C would not see what stands behind it. */
static void a_nul_in_the_envelope_is_refused(void **state)
{
    (void)state;
    static const char type[] = WITH("1", RB_LINK_ZERO, "0", T, "run.created\0\0", "1", "1");
    static const char time[] = WITH(
        "1", RB_LINK_ZERO, "0", "2025-11-22T23:01:07.1Z\0\0\0\0Z", "run.created", "1", "1");
    static const char prev[] =
        WITH("1",
             "0\0"
             "00000000000000000000000000000000000000000000000000000000000000",
             "0", T, "run.created", "1", "1");
    refused_body(type, sizeof type - 1, "canonical");
    refused_body(time, sizeof time - 1, "canonical");
    refused_body(prev, sizeof prev - 1, "canonical");
}

static void a_hash_that_does_not_fit_is_an_edit(void **state)
{
    (void)state;
    struct rb_record record = {0};
    struct rb_error err = {0};
    RB_AUTO_FREE char *line = rb_strdup(vector[1]);
    strstr(line, "migrate")[0] = 'M';
    assert_false(rb_line_decode(line, strlen(line), &record, &err));
    assert_string_equal(err.message, "was edited: its hash does not match");
    assert_false(rb_line_decode("", 0, &record, &err));
    assert_false(rb_line_decode(line, strlen(line) - 1, &record, &err));
    assert_non_null(strstr(err.message, "its end is not a hash"));
}

static void no_bit_of_a_line_can_be_flipped(void **state)
{
    (void)state;
    RB_AUTO_FREE char *line = rb_strdup(vector[2]);
    size_t length = strlen(line);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        struct rb_record record = {0};
        line[bit / 8] ^= (char)(1 << (bit % 8));
        assert_false(rb_line_decode(line, length, &record, NULL));
        line[bit / 8] ^= (char)(1 << (bit % 8));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_covers_tag_nul_and_body),
        cmocka_unit_test(known_lines_are_read_and_written_byte_for_byte),
        cmocka_unit_test(a_payload_that_looks_like_an_envelope_is_a_payload),
        cmocka_unit_test(a_line_is_appended_behind_what_the_buffer_holds),
        cmocka_unit_test(the_plain_body_of_the_refusals_is_accepted),
        cmocka_unit_test(equal_json_in_another_form_is_refused),
        cmocka_unit_test(what_json_can_not_hold_is_refused),
        cmocka_unit_test(an_envelope_that_is_not_ours_is_refused),
        cmocka_unit_test(a_nul_in_the_envelope_is_refused),
        cmocka_unit_test(a_hash_that_does_not_fit_is_an_edit),
        cmocka_unit_test(no_bit_of_a_line_can_be_flipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
