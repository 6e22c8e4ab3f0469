#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/json.h"
#include "effects/signed.h"

static const char armour[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg6E5Emo6tM4yZKPgOcCZXY/d/I+\n"
    "rphFJhgVRGiaMnT2wAAAAPYXBwcm92ZS5ydW5ib29rAAAAAAAAAAZzaGE1MTIAAABTAAAA\n"
    "C3NzaC1lZDI1NTE5AAAAQKOcZHAYKe/SofXD1KyiUYrjdxEKU3uEtWMc8YcK7N0NGvKvTu\n"
    "Tjz2SzxEC7CkDx5xZGIwEmkm/F9WSl+1Vd0QE=\n"
    "-----END SSH SIGNATURE-----\n";
#define FINGERPRINT "SHA256:dVf7iHx56feAYhZE7dZS7HSYPoBI866Hv+1XrXmAJXI"

static const struct rb_value *statement(void)
{
    return rb_value_map("v", rb_value_int(1), "run", rb_value_text("r-1"), "nonce",
                        rb_value_text("n"), "plan", rb_value_text("sha256:p"),
                        "environment", rb_value_text(""), "step", rb_value_text("go"), "q",
                        rb_value_int(0), "head", rb_value_text("h"), "seq", rb_value_int(3),
                        "expires", rb_value_int(0), "shown", rb_value_text("sha256:s"),
                        "who", rb_value_text("po@x"), "role", rb_value_text("po"),
                        "decision", rb_value_text("approve"), NULL);
}

static void the_blob_is_what_stands_between_the_lines(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf blob = {0}, again = {0}, tail = {0}, longer = {0};
    struct rb_error err = {0};
    struct rb_sshsig sig;
    assert_true(rb_sshsig_unarmour(armour, sizeof armour - 1, &blob, &err));
    assert_true(rb_sshsig_read(rb_buf_text(&blob), blob.length, &sig, &err));
    assert_string_equal(sig.key, FINGERPRINT);
    assert_string_equal(sig.name, RB_SSHSIG_NAMESPACE);
    assert_string_equal(sig.type, "ssh-ed25519");
    rb_sshsig_armour(rb_buf_text(&blob), blob.length, &again);
    assert_string_equal(rb_buf_text(&again), armour);
    rb_buf_printf(&longer, "%sgarbage\n%s", armour, armour);
    assert_true(rb_sshsig_unarmour(rb_buf_text(&longer), longer.length, &tail, &err));
    assert_int_equal(tail.length, blob.length);
    assert_memory_equal(tail.data, blob.data, blob.length);
}

static void a_blob_that_is_cut_or_longer_is_refused(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf blob = {0};
    struct rb_error err = {0};
    struct rb_sshsig sig;
    assert_true(rb_sshsig_unarmour(armour, sizeof armour - 1, &blob, &err));
    for (size_t length = 0; length < blob.length; length++)
        assert_false(rb_sshsig_read(rb_buf_text(&blob), length, &sig, &err));
    rb_buf_putc(&blob, 0);
    assert_false(rb_sshsig_read(rb_buf_text(&blob), blob.length, &sig, &err));
}

static void a_file_is_read_as_it_was_written_and_no_other_way(void **state)
{
    (void)state;
    RB_AUTO_VALUE const struct rb_value *what = statement();
    RB_AUTO_BUF struct rb_buf blob = {0}, file = {0}, spaced = {0};
    RB_CLEANUP(rb_signed_done) struct rb_signed got = {0};
    struct rb_error err = {0};
    assert_true(rb_sshsig_unarmour(armour, sizeof armour - 1, &blob, &err));
    rb_signed_write(what, rb_buf_text(&blob), blob.length, &file);
    assert_true(rb_signed_read(rb_buf_text(&file), file.length, &got, &err));
    assert_true(rb_value_equal(got.statement, what));
    assert_int_equal(got.blob.length, blob.length);
    rb_buf_printf(&spaced, " %s", rb_buf_text(&file));
    struct rb_signed none = {0};
    assert_false(rb_signed_read(rb_buf_text(&spaced), spaced.length, &none, &err));
    assert_false(rb_signed_read(rb_buf_text(&file), file.length / 2, &none, &err));
}

static void a_statement_has_its_members_and_no_other(void **state)
{
    (void)state;
    static const char *const more[] = {"also", "statement", "V"};
    RB_AUTO_VALUE const struct rb_value *what = statement();
    RB_AUTO_BUF struct rb_buf blob = {0};
    struct rb_error err = {0};
    assert_true(rb_sshsig_unarmour(armour, sizeof armour - 1, &blob, &err));
    for (size_t i = 0; i < RB_COUNT(more); i++) {
        RB_AUTO_VALUE const struct rb_value *extra =
            rb_value_map(more[i], rb_value_int(1), NULL);
        RB_AUTO_VALUE const struct rb_value *wrong = rb_value_merge(what, extra);
        RB_AUTO_BUF struct rb_buf file = {0};
        struct rb_signed none = {0};
        rb_signed_write(wrong, rb_buf_text(&blob), blob.length, &file);
        assert_false(rb_signed_read(rb_buf_text(&file), file.length, &none, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_blob_is_what_stands_between_the_lines),
        cmocka_unit_test(a_blob_that_is_cut_or_longer_is_refused),
        cmocka_unit_test(a_file_is_read_as_it_was_written_and_no_other_way),
        cmocka_unit_test(a_statement_has_its_members_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
