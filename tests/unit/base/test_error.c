#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static void failing_fills_the_error_and_is_false(void **state)
{
    (void)state;
    struct rb_error err = {.sys = 5};
    assert_false(rb_fail(&err, RB_ERR_LOCKED, "run %s holds %d locks", "r-1", 2));
    assert_int_equal(err.code, RB_ERR_LOCKED);
    assert_int_equal(err.sys, 0);
    assert_string_equal(err.message, "run r-1 holds 2 locks");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_false(rb_fail(NULL, RB_ERR_IO, "x"));
    assert_false(rb_fail_errno(NULL, RB_ERR_IO, "x"));
    assert_false(rb_error_prefix(NULL, "x"));
}

static void the_reason_of_the_system_is_appended(void **state)
{
    (void)state;
    struct rb_error err;
    errno = ENOSPC;
    assert_false(rb_fail_errno(&err, RB_ERR_JOURNAL, "cannot write"));
    assert_int_equal(err.code, RB_ERR_JOURNAL);
    assert_int_equal(err.sys, ENOSPC);
    assert_string_equal(err.message, "cannot write: No space left on device");
    errno = ENOENT;
    assert_false(rb_fail_errno(&err, RB_OK, "cannot open"));
    assert_int_equal(err.code, RB_ERR_IO);
}

static void prefixes_stand_before_what_was_there(void **state)
{
    (void)state;
    struct rb_error err;
    rb_fail(&err, RB_ERR_INVALID, "no such key");
    assert_false(rb_error_prefix(&err, "step %d", 3));
    assert_false(rb_error_prefix(&err, "release.yaml"));
    assert_string_equal(err.message, "release.yaml: step 3: no such key");
    assert_int_equal(err.code, RB_ERR_INVALID);
}

static void control_characters_are_made_visible(void **state)
{
    (void)state;
    struct rb_error err;
    rb_fail(&err, RB_ERR_INVALID, "a\nb\x1B[2J\xFF");
    assert_string_equal(err.message, "a\\nb\\e[2J\\xff");
    rb_error_prefix(&err, "\r");
    assert_string_equal(err.message, "\\r: a\\nb\\e[2J\\xff");
}

static void a_long_message_loses_its_middle(void **state)
{
    (void)state;
    static const char *const starts[] = {"cannot open", "can't open"}; /* a byte apart */
    struct rb_error err;
    char path[1500];
    for (size_t pairs = 245; pairs < 740; pairs += pairs < 270 ? 1 : 51) {
        for (size_t i = 0; i < 2 * pairs; i++)
            path[i] = i % 2 ? '\xA4' : '\xC3';
        path[2 * pairs] = '\0';
        for (int i = 0; i < 2; i++) {
            errno = EACCES;
            rb_fail_errno(&err, RB_ERR_IO, "%s %s", starts[i], path);
            size_t shown = strlen(err.message);
            assert_true(shown < sizeof err.message);
            assert_true(rb_text_starts(err.message, starts[i]));
            assert_string_equal(err.message + shown - 21, "\xC3\xA4: Permission denied");
            assert_int_equal(rb_text_valid_utf8(err.message, shown), shown);
        }
    }
    assert_non_null(strstr(err.message, "..."));
}

static void each_code_has_its_exit_status(void **state)
{
    (void)state;
    assert_int_equal(rb_error_exit_status(RB_OK), 0);
    assert_int_equal(rb_error_exit_status(RB_ERR_USAGE), 2);
    assert_int_equal(rb_error_exit_status(RB_ERR_JOURNAL), 74);
    assert_int_equal(rb_error_exit_status(RB_ERR_RECORD), 7);
    assert_int_equal(rb_error_exit_status(RB_ERR_DEFECT), 70);
    assert_string_equal(rb_error_code_text(RB_ERR_REFUSED), "refused");
    assert_string_equal(rb_error_code_text(RB_OK), "no error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_fills_the_error_and_is_false),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(the_reason_of_the_system_is_appended),
        cmocka_unit_test(prefixes_stand_before_what_was_there),
        cmocka_unit_test(control_characters_are_made_visible),
        cmocka_unit_test(a_long_message_loses_its_middle),
        cmocka_unit_test(each_code_has_its_exit_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
