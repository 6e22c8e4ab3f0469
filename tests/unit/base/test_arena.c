#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include "base/mem.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    for (size_t size = 1; size < 300; size++) {
        unsigned char *memory = rb_arena_alloc(arena, size);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xFF, size);
    }
    rb_arena_free(arena);
}

static void a_cleared_arena_gives_zeroed_memory_again(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    rb_arena_clear(arena);
    memset(rb_arena_alloc(arena, 100000), 0xFF, 100000);
    for (int round = 0; round < 3; round++) {
        rb_arena_clear(arena);
        for (int i = 0; i < 1000; i++) {
            unsigned char *memory = rb_arena_alloc(arena, 100);
            for (size_t k = 0; k < 100; k++)
                assert_int_equal(memory[k], 0);
            memset(memory, 0xFF, 100);
            assert_string_equal(rb_arena_strndup(arena, "abcdef", 3), "abc");
        }
    }
    rb_arena_free(arena);
}

static void allocations_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct rb_arena *arena = rb_arena_new();
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size =
            i * 37 % 5000; /* small ones, and some that get a block of their own */
        blocks[i] = rb_arena_alloc(arena, size);
        memset(blocks[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < i * 37 % 5000; j++)
            assert_int_equal(blocks[i][j], i % 251);
    }
    rb_arena_free(arena);
}

static void nothing_at_all_can_be_allocated_first(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    assert_non_null(rb_arena_alloc(arena, 0));
    rb_arena_free(arena);
}

static void large_allocations_before_any_small_one_work(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    char *large = rb_arena_alloc(arena, 1 << 20);
    char *larger = rb_arena_alloc(arena, 1 << 21);
    char *small = rb_arena_alloc(arena, 3);
    memset(large, 1, 1 << 20);
    memset(larger, 2, 1 << 21);
    assert_int_equal(small[0], 0);
    rb_arena_free(arena);
}

static void a_large_allocation_between_small_ones_is_left_alone(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    rb_arena_alloc(arena, 100);
    unsigned char *large = rb_arena_alloc(arena, 5000);
    memset(rb_arena_alloc(arena, 100), 0xFF, 100);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(large[i], 0);
    rb_arena_free(arena);
}

static void texts_are_copied_and_terminated(void **state)
{
    (void)state;
    struct rb_arena *arena = rb_arena_new();
    assert_string_equal(rb_arena_strndup(arena, "release", 3), "rel");
    assert_memory_equal(rb_arena_strndup(arena, "a\0b", 3), "a\0b", 4);
    assert_string_equal(rb_arena_strdup(arena, "gate"), "gate");
    assert_null(rb_arena_strdup(arena, NULL));
    assert_string_equal(rb_arena_printf(arena, "%s[%d]", "steps", 7), "steps[7]");
    rb_arena_free(arena);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    rb_arena_free(NULL);
    rb_arena_free(rb_arena_new());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(a_cleared_arena_gives_zeroed_memory_again),
        cmocka_unit_test(allocations_do_not_overlap),
        cmocka_unit_test(nothing_at_all_can_be_allocated_first),
        cmocka_unit_test(large_allocations_before_any_small_one_work),
        cmocka_unit_test(a_large_allocation_between_small_ones_is_left_alone),
        cmocka_unit_test(texts_are_copied_and_terminated),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
