#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "effects/frame.h"

static const struct rb_value *sample(void)
{
    return rb_value_map("a", rb_value_int(1), "b", rb_value_text("x"), NULL);
}

static void a_message_is_read_as_it_was_written(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    RB_AUTO_VALUE const struct rb_value *sent = sample(), *got = NULL, *end = NULL;
    struct rb_error err;
    assert_true(rb_frame_write(ends[0], sent, &err));
    close(ends[0]);
    assert_true(rb_frame_read(ends[1], &got, &err));
    assert_true(rb_value_equal(sent, got));
    assert_true(rb_frame_read(ends[1], &end, &err));
    assert_null(end);
    close(ends[1]);
}

static void *write_from_thread(void *value)
{
    const void *const *argument = value;
    int fd = *(const int *)argument[0];
    struct rb_error err;
    bool good = rb_frame_write(fd, argument[1], &err);
    close(fd);
    return good ? value : NULL;
}

static void a_message_larger_than_the_socket_goes_through_a_nonblocking_one(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    RB_AUTO_FREE char *text = rb_alloc(3000000);
    memset(text, 'x', 2999999);
    RB_AUTO_VALUE const struct rb_value *sent = rb_value_text(text), *got = NULL;
    const void *argument[] = {&ends[0], sent};
    pthread_t writer;
    void *good;
    struct rb_error err;
    assert_int_equal(pthread_create(&writer, NULL, write_from_thread, argument), 0);
    assert_true(rb_frame_read(ends[1], &got, &err));
    pthread_join(writer, &good);
    assert_non_null(good);
    assert_true(rb_value_equal(sent, got));
    close(ends[1]);
}

/* What a reader makes of these bytes followed by the end of the stream. */
static bool read_raw(const void *bytes, size_t length, struct rb_error *err)
{
    int ends[2];
    const struct rb_value *got = NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(write(ends[0], bytes, length), length);
    close(ends[0]);
    bool good = rb_frame_read(ends[1], &got, err);
    close(ends[1]);
    rb_value_unref(got);
    return good;
}

static void rubbish_is_an_error_of_protocol(void **state)
{
    (void)state;
    struct rb_error err;
    assert_false(read_raw("\4\0\0\0{,,}", 8, &err));
    assert_int_equal(err.code, RB_ERR_PROTOCOL);
    assert_non_null(strstr(err.message, "not canonical JSON"));
}

static void a_message_cut_anywhere_is_an_error(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    RB_AUTO_VALUE const struct rb_value *value = sample();
    rb_frame_put(&bytes, value);
    for (size_t cut = 1; cut < bytes.length; cut++) {
        struct rb_error err;
        assert_false(read_raw(bytes.data, cut, &err));
        assert_int_equal(err.code, RB_ERR_PROTOCOL);
        assert_string_equal(err.message, "the stream ends inside a message");
    }
}

static void a_length_over_the_limit_is_refused_before_anything_is_read(void **state)
{
    (void)state;
    struct rb_error err;
    const struct rb_value *got;
    RB_AUTO_BUF struct rb_buf in = {0};
    assert_false(read_raw("\1\0\0\4", 4, &err));
    assert_non_null(strstr(err.message, "67108865"));
    rb_buf_append(&in, "\1\0\0\4", 4);
    assert_false(rb_frame_take(&in, &got, &err));
    assert_non_null(strstr(err.message, "67108865"));
}

static void messages_are_taken_one_by_one_however_they_arrive(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf wire = {0}, in = {0};
    RB_AUTO_VALUE const struct rb_value *first = sample(),
                                        *second = rb_value_text("second");
    rb_frame_put(&wire, first);
    rb_frame_put(&wire, second);
    const struct rb_value *taken[2] = {0};
    size_t count = 0;
    for (size_t i = 0; i < wire.length; i++) {
        const struct rb_value *value;
        rb_buf_append(&in, wire.data + i, 1);
        assert_true(rb_frame_take(&in, &value, NULL));
        if (value)
            taken[count++] = value;
    }
    assert_int_equal(count, 2);
    assert_true(rb_value_equal(taken[0], first));
    assert_true(rb_value_equal(taken[1], second));
    assert_int_equal(in.length, 0);
    rb_value_unref(taken[0]);
    rb_value_unref(taken[1]);
}

static void what_comes_behind_a_message_is_kept_for_the_next(void **state)
{
    (void)state;
    int ends[2];
    struct rb_error err;
    RB_AUTO_BUF struct rb_buf bytes = {0}, in = {0};
    RB_AUTO_VALUE const struct rb_value *sent = sample(), *one = NULL, *two = NULL,
                                        *three = NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    for (int i = 0; i < 3; i++)
        rb_frame_put(&bytes, sent);
    assert_int_equal(write(ends[0], bytes.data, bytes.length - 1), bytes.length - 1);
    assert_true(rb_frame_next(ends[1], &in, &one, &err));
    assert_true(rb_frame_next(ends[1], &in, &two, &err));
    assert_true(rb_value_equal(sent, one) && rb_value_equal(sent, two));
    close(ends[0]);
    assert_false(rb_frame_next(ends[1], &in, &three, &err));
    assert_int_equal(err.code, RB_ERR_PROTOCOL);
    assert_string_equal(err.message, "the stream ends inside a message");
    rb_buf_clear(&in);
    assert_true(rb_frame_next(ends[1], &in, &three, &err));
    assert_null(three);
    close(ends[1]);
}

static void writing_to_a_closed_stream_is_an_error_and_no_signal(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[1]);
    RB_AUTO_VALUE const struct rb_value *value = sample();
    struct rb_error err;
    assert_false(rb_frame_write(ends[0], value, &err));
    assert_int_equal(err.code, RB_ERR_PROTOCOL);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_as_it_was_written),
        cmocka_unit_test(a_message_larger_than_the_socket_goes_through_a_nonblocking_one),
        cmocka_unit_test(rubbish_is_an_error_of_protocol),
        cmocka_unit_test(a_message_cut_anywhere_is_an_error),
        cmocka_unit_test(a_length_over_the_limit_is_refused_before_anything_is_read),
        cmocka_unit_test(messages_are_taken_one_by_one_however_they_arrive),
        cmocka_unit_test(what_comes_behind_a_message_is_kept_for_the_next),
        cmocka_unit_test(writing_to_a_closed_stream_is_an_error_and_no_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
