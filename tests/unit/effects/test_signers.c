#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "effects/signers.h"
#include "effects/sshsig.h"

#define KEY \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOhORJqOrTOMmSj4DnAmV2P3fyPq6YRSYYFURomjJ09s"
#define FINGERPRINT "SHA256:dVf7iHx56feAYhZE7dZS7HSYPoBI866Hv+1XrXmAJXI"
#define OURS        "namespaces=\"approve.runbook\" "

static const struct rb_value *read_text(const char *text)
{
    return rb_signers_read(text, strlen(text));
}

static void assert_wrong(const char *text, const char *why)
{
    RB_AUTO_VALUE const struct rb_value *list = read_text(text);
    assert_int_equal(rb_value_count(list), 1);
    const char *wrong = rb_value_get_text(rb_value_at(list, 0), "wrong", NULL);
    if (!why) {
        assert_null(wrong);
        return;
    }
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, why));
}

static void a_line_is_taken_apart(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *list = read_text(
        "# people\n\n \t# more\n"
        "po@x,tl@x namespaces=\"git,approve.runbook\",valid-before=\"20301231Z\" " KEY
        " a comment\r\n");
    assert_int_equal(rb_value_count(list), 1);
    const struct rb_value *line = rb_value_at(list, 0);
    assert_null(rb_value_get(line, "wrong"));
    assert_int_equal(rb_value_get_int(line, "line", 0), 4);
    assert_int_equal(rb_value_count(rb_value_get(line, "people")), 2);
    assert_string_equal(rb_value_get_text(line, "type", ""), "ssh-ed25519");
    assert_string_equal(rb_value_get_text(line, "key", ""), FINGERPRINT);
    assert_string_equal(rb_value_get_text(line, "valid_before", ""), "20301231Z");
}

static void what_lets_nobody_sign_is_told(void **state)
{
    (void)state;
    assert_wrong("po@x " OURS KEY "\n", NULL);
    assert_wrong("po@x NameSpaces=\"approve.runbook\" " KEY, NULL);
    assert_wrong("po@x " KEY "\n", "no namespaces=");
    assert_wrong("po@x namespaces=\"git\" " KEY "\n", "no approve.runbook");
    assert_wrong("po@x namespaces=\"\" " KEY "\n", "no approve.runbook");
    assert_wrong("po@x namespaces=approve.runbook " KEY "\n", "no approve.runbook");
    assert_wrong("po@x namespaces=\"approve.*,approve.runbook\" " KEY, "hold a pattern");
    assert_wrong("*@x " OURS KEY "\n", "principals hold a pattern");
    assert_wrong("po@x, " OURS KEY "\n", "hold a pattern");
    assert_wrong("po@x,!tl@x " OURS KEY "\n", "principals hold a pattern");
    assert_wrong("\"po x\" " OURS KEY "\n", "principals hold a pattern");
    assert_wrong("\"po@x " OURS KEY "\n", "not closed");
    assert_wrong("po@x cert-authority," OURS KEY "\n", "certificates");
    assert_wrong("po@x no-touch-required," OURS KEY "\n", "not known");
    assert_wrong("po@x valid-after=\"tomorrow\"," OURS KEY "\n", "a time of its validity");
    assert_wrong("po@x valid-before=\"202612312359Z\"," OURS KEY "\n", NULL);
    assert_wrong("po@x " OURS "ssh-rsa AAAA\n", "its key is none");
    assert_wrong("po@x " OURS "ssh-rsa "
                 "AAAAC3NzaC1lZDI1NTE5AAAAIOhORJqOrTOMmSj4DnAmV2P3fyPq6YRSYYFURomjJ09s\n",
                 "another type");
    assert_wrong("po@x " OURS "ssh-ed25519\n", "its key is none");
    assert_wrong("po@x\n", "it has no key");
    assert_wrong("po@x \xff " OURS KEY, "it is no text");
}

static void only_sound_lines_of_the_person_are_found(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *list =
        read_text("po@x " KEY "\ntl@x " OURS KEY "\npo@x,qa@x " OURS KEY " c\n");
    RB_AUTO_BUF struct rb_buf out = {0}, none = {0};
    const char *why = NULL;
    assert_true(rb_signers_find(list, "po@x", FINGERPRINT, &out, &why));
    assert_string_equal(rb_buf_text(&out), "po@x,qa@x " OURS KEY " c\n");
    assert_false(rb_signers_find(list, "other@x", FINGERPRINT, &none, &why));
    assert_non_null(strstr(why, "another person's"));
    assert_false(rb_signers_find(list, "po@x", "SHA256:x", &none, &why));
    assert_non_null(strstr(why, "not in the file"));
    assert_int_equal(none.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart),
        cmocka_unit_test(what_lets_nobody_sign_is_told),
        cmocka_unit_test(only_sound_lines_of_the_person_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
