#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "effects/mail_letter.h"

static void write_letter(const char *subject, const char *text, struct rb_buf *out)
{
    RB_AUTO_VALUE const struct rb_value *request = rb_value_map(
        "from", rb_value_text("rb@example.org"), "to",
        rb_value_list(rb_value_text("a@example.org"), rb_value_text("b@example.org"), NULL),
        "subject", rb_value_text(subject), "message_id", rb_value_text("<1@example.org>"),
        "text", rb_value_text(text), NULL);
    rb_letter_write(request, INT64_C(1764000000) * RB_SEC, out);
}

static void a_letter_has_all_that_one_needs(void **state)
{
    RB_AUTO_BUF struct rb_buf letter = {0};
    (void)state;
    write_letter("Done", "All is well.\nReally.", &letter);
    assert_string_equal(rb_buf_text(&letter),
                        "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
                        "From: rb@example.org\r\n"
                        "To: a@example.org,\r\n b@example.org\r\n"
                        "Subject: Done\r\n"
                        "Message-ID: <1@example.org>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=UTF-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "All is well.\r\nReally.\r\n");
}

/* The lines of a header or body that begins with `begin`, up to `end`. */
static void part_is(const char *subject, const char *text, const char *begin,
                    const char *end, const char *expected)
{
    RB_AUTO_BUF struct rb_buf letter = {0};
    write_letter(subject, text, &letter);
    const char *at = strstr(rb_buf_text(&letter), begin);
    assert_non_null(at);
    const char *stop = *end ? strstr(at, end) : at + strlen(at);
    assert_non_null(stop);
    RB_AUTO_FREE char *part = rb_strndup(at, (size_t)(stop - at));
    assert_string_equal(part, expected);
}

static void subject_is(const char *subject, const char *expected)
{
    part_is(subject, "x", "Subject:", "Message-ID:", expected);
}

static void a_subject_is_encoded_where_a_reader_would_not_get_it(void **state)
{
    (void)state;
    subject_is("Störung", "Subject: =?UTF-8?B?U3TDtnJ1bmc=?=\r\n");
    subject_is("=?UTF-8?B?eA==?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=\r\n");
    subject_is(
        "12345678901234567890123456789012345678901234567890123456789ä",
        "Subject: =?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy?=\r\n"
        " =?UTF-8?B?MzQ1Njc4OTAxMjM0NTY3ODnDpA==?=\r\n");
    /* No word ends within a character. */
    subject_is(
        "12345678901234567890123456789012345678901ä",
        "Subject: =?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=?=\r\n"
        " =?UTF-8?B?w6Q=?=\r\n");
}

static void body_is(const char *text, const char *expected)
{
    part_is("x", text, "\r\n\r\n", "", expected);
}

static void a_text_survives_every_relay(void **state)
{
    (void)state;
    body_is("a = b", "\r\n\r\na =3D b\r\n");
    body_is("end \nt\t\n", "\r\n\r\nend=20\r\nt=09\r\n\r\n");
    body_is("a\rb\x7f", "\r\n\r\na=0Db=7F\r\n");
    body_is("ü", "\r\n\r\n=C3=BC\r\n");
    body_is("", "\r\n\r\n\r\n");
    body_is(
        "1234567890123456789012345678901234567890123456789012345678901234567890123456",
        "\r\n\r\n12345678901234567890123456789012345678901234567890123456789012345678901234"
        "56\r\n");
    body_is(
        "12345678901234567890123456789012345678901234567890123456789012345678901234567",
        "\r\n\r\n12345678901234567890123456789012345678901234567890123456789012345678901234"
        "5=\r\n67\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_has_all_that_one_needs),
        cmocka_unit_test(a_subject_is_encoded_where_a_reader_would_not_get_it),
        cmocka_unit_test(a_text_survives_every_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
