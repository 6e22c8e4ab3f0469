#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static void memory_is_zeroed_even_when_none_is_asked_for(void **state)
{
    (void)state;
    RB_AUTO_FREE char *memory = rb_alloc(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(memory[i], 0);
    RB_AUTO_FREE char *none = rb_alloc(0);
    assert_non_null(none);
}

static void copies_have_exactly_so_many_bytes(void **state)
{
    (void)state;
    RB_AUTO_FREE char *text = rb_strdup("gate");
    assert_string_equal(text, "gate");
    assert_null(rb_strdup(NULL));
    RB_AUTO_FREE char *bytes = rb_strndup("a\0bc", 3);
    assert_memory_equal(bytes, "a\0b", 4);
    RB_AUTO_FREE char *empty = rb_strndup(NULL, 0);
    assert_string_equal(empty, "");
}

static void a_growing_array_keeps_its_items(void **state)
{
    (void)state;
    int *items = NULL;
    int count = 0, capacity = 0;
    for (int i = 0; i < 1000; i++) {
        RB_GROW(items, count, capacity);
        items[count++] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_true(capacity >= 1000);
    free(items);
}

static void leaving_the_scope_closes_and_keeps_errno(void **state)
{
    (void)state;
    int seen;
    errno = 0;
    {
        RB_AUTO_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        RB_AUTO_CLOSE int none = -1;
        RB_AUTO_CLOSE int gone = INT_MAX; /* closing it fails, and sets errno */
        assert_true(fd >= 0);
        assert_true(none < 0 && gone > 0);
        seen = fd;
        errno = EPIPE;
    }
    assert_int_equal(errno, EPIPE);
    assert_int_equal(fcntl(seen, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_even_when_none_is_asked_for),
        cmocka_unit_test(copies_have_exactly_so_many_bytes),
        cmocka_unit_test(a_growing_array_keeps_its_items),
        cmocka_unit_test(leaving_the_scope_closes_and_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
