#include "trial.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/lines.h"

static int file_of(const void *bytes, size_t length)
{
    int fd = memfd_create("lines", MFD_CLOEXEC);
    struct rb_error err = {0};
    assert_true(fd >= 0);
    assert_true(rb_file_write_all(fd, bytes, length, &err));
    return fd;
}

/* Reads to the end: how many lines there were, their bytes in all, and what the end was. */
static enum rb_lines_found count(int fd, int64_t size, size_t max, int *ret_lines,
                                 size_t *ret_bytes)
{
    RB_CLEANUP(rb_lines_done) struct rb_lines lines;
    struct rb_error err = {0};
    const char *line = NULL;
    size_t length = 0;
    enum rb_lines_found found;
    rb_lines_init(&lines, fd, 0, size, max);
    *ret_lines = 0;
    *ret_bytes = 0;
    while ((found = rb_lines_next(&lines, &line, &length, &err)) == RB_LINES_LINE) {
        ++*ret_lines;
        *ret_bytes += length;
        assert_null(memchr(line, '\n', length));
    }
    if (found == RB_LINES_END)
        assert_int_equal(lines.offset, size);
    return found;
}

static enum rb_lines_found ends(const void *bytes, size_t length, size_t max, int lines)
{
    int got = 0;
    size_t all = 0;
    int fd = file_of(bytes, length);
    enum rb_lines_found found = count(fd, (int64_t)length, max, &got, &all);
    close(fd);
    assert_int_equal(got, lines);
    return found;
}

static void lines_are_whole_wherever_the_chunks_end(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    size_t expected = 0;
    int lines = 0;
    for (size_t length = 0; length < 1500; length += 3, lines++) {
        for (size_t i = 0; i < length; i++)
            rb_buf_putc(&bytes, (char)('a' + i % 26));
        rb_buf_putc(&bytes, '\n');
        expected += length;
    }
    int got = 0;
    size_t all = 0;
    int fd = file_of(bytes.data, bytes.length);
    assert_int_equal(count(fd, (int64_t)bytes.length, 1500, &got, &all), RB_LINES_END);
    assert_int_equal(got, lines);
    assert_int_equal(all, expected);
    close(fd);
}

static void what_has_no_newline_is_torn(void **state)
{
    (void)state;
    assert_int_equal(ends("", 0, 10, 0), RB_LINES_END);
    assert_int_equal(ends("abc\n", 4, 10, 1), RB_LINES_END);
    assert_int_equal(ends("abc\nde", 6, 10, 1), RB_LINES_TORN);
    assert_int_equal(ends("abc\n\0\0", 6, 10, 1), RB_LINES_TORN);
    assert_int_equal(ends("abc\nde\0\0", 8, 10, 1), RB_LINES_TORN);
}

static void zeros_are_torn_however_many(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    char zeros[1000] = {0};
    rb_buf_puts(&bytes, "abc\nde");
    for (int i = 0; i < 300; i++)
        rb_buf_append(&bytes, zeros, sizeof zeros);
    assert_int_equal(ends(bytes.data, bytes.length, 10, 1), RB_LINES_TORN);
    rb_buf_putc(&bytes, 'x');
    assert_int_equal(ends(bytes.data, bytes.length, 10, 1), RB_LINES_TOO_LONG);
    bytes.data[bytes.length - 1] = '\n';
    assert_int_equal(ends(bytes.data, bytes.length, 10, 1), RB_LINES_TOO_LONG);
}

static void a_line_may_be_as_long_as_the_limit(void **state)
{
    (void)state;
    assert_int_equal(ends("0123456789\n", 11, 10, 1), RB_LINES_END);
    assert_int_equal(ends("0123456789a\n", 12, 10, 0), RB_LINES_TOO_LONG);
    assert_int_equal(ends("0123456789a", 11, 10, 0), RB_LINES_TOO_LONG);
    assert_int_equal(ends("0123456789", 10, 10, 0), RB_LINES_TORN);
}

static void a_long_line_is_not_loaded(void **state)
{
    (void)state;
    RB_CLEANUP(rb_lines_done) struct rb_lines lines;
    const char *line = NULL;
    size_t length = 0;
    RB_AUTO_CLOSE int fd = file_of("x", 1);
    int64_t size = INT64_C(1) << 30;
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(pwrite(fd, "x\n", 2, size - 2), 2);
    rb_lines_init(&lines, fd, 0, size, 1 << 20);
    assert_int_equal(rb_lines_next(&lines, &line, &length, NULL), RB_LINES_TOO_LONG);
    assert_true(lines.buf.capacity <= 4 << 20);
}

static void what_is_appended_later_is_not_read(void **state)
{
    (void)state;
    int got = 0;
    size_t all = 0;
    RB_AUTO_CLOSE int fd = file_of("abc\ndef\n", 8);
    assert_int_equal(count(fd, 4, 10, &got, &all), RB_LINES_END);
    assert_int_equal(got, 1);
}

static void a_file_that_shrinks_is_an_error(void **state)
{
    (void)state;
    RB_CLEANUP(rb_lines_done) struct rb_lines lines;
    struct rb_error err = {0};
    const char *line = NULL;
    size_t length = 0;
    RB_AUTO_CLOSE int fd = file_of("abc\n", 4);
    rb_lines_init(&lines, fd, 0, 8, 10);
    assert_int_equal(rb_lines_next(&lines, &line, &length, &err), RB_LINES_LINE);
    assert_int_equal(rb_lines_next(&lines, &line, &length, &err), RB_LINES_FAILED);
    assert_non_null(strstr(err.message, "shorter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_whole_wherever_the_chunks_end),
        cmocka_unit_test(what_has_no_newline_is_torn),
        cmocka_unit_test(zeros_are_torn_however_many),
        cmocka_unit_test(a_line_may_be_as_long_as_the_limit),
        cmocka_unit_test(a_long_line_is_not_loaded),
        cmocka_unit_test(what_is_appended_later_is_not_read),
        cmocka_unit_test(a_file_that_shrinks_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
