#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf buf = {0};
    assert_string_equal(rb_buf_text(&buf), "");
    rb_buf_clear(&buf);
    rb_buf_drop(&buf, 5);
    rb_buf_append(&buf, NULL, 0);
    assert_int_equal(buf.length, 0);
    assert_string_equal(rb_buf_text(&buf), "");
}

static void appends_keep_bytes_and_terminate(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf buf = {0};
    rb_buf_append(&buf, "a\0b", 3);
    rb_buf_puts(&buf, "-tail");
    rb_buf_putc(&buf, '!');
    assert_int_equal(buf.length, 9);
    assert_memory_equal(buf.data, "a\0b-tail!", 10);
}

static void it_grows_by_any_amount(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf buf = {0};
    for (int i = 0; i < 5000; i++)
        rb_buf_printf(&buf, "%04d", i);
    assert_int_equal(buf.length, 20000);
    assert_memory_equal(buf.data + 4L * 4321, "4321", 4);
    RB_AUTO_FREE char *large = rb_alloc(100000);
    rb_buf_append(&buf, large, 100000);
    assert_int_equal(buf.length, 120000);
    assert_int_equal(buf.data[120000], '\0');
}

static void formatted_text_fills_the_last_free_byte(void **state)
{
    (void)state;
    for (int width = 60; width < 70; width++) { /* around the first capacity */
        RB_AUTO_BUF struct rb_buf buf = {0};
        rb_buf_printf(&buf, "%*s", width, "x");
        assert_int_equal(buf.length, width);
        assert_int_equal(buf.data[width - 1], 'x');
        assert_int_equal(buf.data[width], '\0');
    }
}

static void integers_are_written_in_full(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf buf = {0};
    rb_buf_put_int(&buf, 0);
    rb_buf_putc(&buf, ' ');
    rb_buf_put_int(&buf, INT64_MIN);
    rb_buf_putc(&buf, ' ');
    rb_buf_put_int(&buf, INT64_MAX);
    assert_string_equal(buf.data, "0 -9223372036854775808 9223372036854775807");
}

static void dropping_takes_from_the_front(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf buf = {0};
    rb_buf_puts(&buf, "line one\nline two");
    rb_buf_drop(&buf, 9);
    assert_string_equal(buf.data, "line two");
    rb_buf_drop(&buf, 8);
    assert_string_equal(buf.data, "");
    rb_buf_puts(&buf, "abc");
    rb_buf_drop(&buf, 100);
    assert_int_equal(buf.length, 0);
}

static void clearing_keeps_the_memory(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf buf = {0};
    rb_buf_puts(&buf, "text");
    const char *data = buf.data;
    rb_buf_clear(&buf);
    assert_string_equal(rb_buf_text(&buf), "");
    rb_buf_puts(&buf, "more");
    assert_ptr_equal(buf.data, data);
}

static void taking_hands_the_text_over(void **state)
{
    (void)state;
    struct rb_buf buf = {0};
    RB_AUTO_FREE char *empty = rb_buf_take(&buf);
    assert_string_equal(empty, "");
    rb_buf_puts(&buf, "mine");
    RB_AUTO_FREE char *text = rb_buf_take(&buf);
    assert_string_equal(text, "mine");
    assert_null(buf.data);
    assert_int_equal(buf.length + buf.capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(appends_keep_bytes_and_terminate),
        cmocka_unit_test(it_grows_by_any_amount),
        cmocka_unit_test(formatted_text_fills_the_last_free_byte),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(dropping_takes_from_the_front),
        cmocka_unit_test(clearing_keeps_the_memory),
        cmocka_unit_test(taking_hands_the_text_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
