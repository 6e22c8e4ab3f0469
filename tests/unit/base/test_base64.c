#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

static void the_vectors_of_the_rfc_hold(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < RB_COUNT(vectors); i++) {
        RB_AUTO_BUF struct rb_buf text = {0}, bytes = {0};
        rb_base64_encode(vectors[i][0], strlen(vectors[i][0]), &text);
        assert_string_equal(rb_buf_text(&text), vectors[i][1]);
        assert_true(rb_base64_decode(vectors[i][1], strlen(vectors[i][1]), &bytes));
        assert_string_equal(rb_buf_text(&bytes), vectors[i][0]);
    }
}

static void every_length_up_to_several_pieces_reads_back(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    for (unsigned i = 0; i < 10000; i++)
        rb_buf_putc(&bytes, (char)(i * 2654435761u >> 24));
    for (size_t length = 0; length < bytes.length; length += length < 200 ? 1 : 97) {
        RB_AUTO_BUF struct rb_buf text = {0}, again = {0};
        rb_base64_encode(bytes.data, length, &text);
        assert_true(rb_base64_decode(rb_buf_text(&text), text.length, &again));
        assert_int_equal(again.length, length);
        assert_memory_equal(rb_buf_text(&again), bytes.data, length);
    }
}

static void what_the_encoder_would_not_write_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Zg", "Zg=",  "Zh==", "Zm9=",   " Zg==", "Zg==\n", "Zg==Zg==",
        "=",  "====", "Z===", "Zm\n9v", "Zm9v ", "Zm-_",   "\xC3\xA4=="};
    for (size_t i = 0; i < RB_COUNT(wrong); i++) {
        RB_AUTO_BUF struct rb_buf bytes = {0};
        rb_buf_puts(&bytes, "before");
        assert_false(rb_base64_decode(wrong[i], strlen(wrong[i]), &bytes));
        assert_string_equal(rb_buf_text(&bytes), "before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(every_length_up_to_several_pieces_reads_back),
        cmocka_unit_test(what_the_encoder_would_not_write_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
