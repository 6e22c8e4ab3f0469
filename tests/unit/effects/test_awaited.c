/* When a supervisor that says nothing is overdue. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/duration.h"
#include "effects/awaited.h"

/* Of one second, with two of grace. */
static struct rb_awaited *begin(struct rb_awaited_list *list, const char *dir, uint64_t now)
{
    RB_AUTO_VALUE const struct rb_value *request =
        rb_value_map("dir", rb_value_text(dir), "timeout_us", rb_value_int(RB_SEC),
                     "grace_us", rb_value_int(2 * RB_SEC), NULL);
    rb_awaited_add(list, dir);
    struct rb_awaited *one = rb_awaited_find(list, dir);
    rb_awaited_limit(one, request, now);
    return one;
}

static void what_is_late_is_roused_and_then_ended(void **state)
{
    (void)state;
    struct rb_awaited_list list = {0};
    begin(&list, "a.1", 100);
    assert_int_equal(rb_awaited_due(&list), 100 + 1000 + 2000 + 5000);
    assert_int_equal(rb_awaited_look(&list, 8099), RB_OVERDUE_NONE);
    assert_int_equal(rb_awaited_look(&list, 8100), RB_OVERDUE_ROUSE);
    assert_int_equal(rb_awaited_due(&list), 8100 + 2000 + 60000);
    assert_int_equal(rb_awaited_look(&list, 70099), RB_OVERDUE_NONE);
    assert_int_equal(rb_awaited_look(&list, 70100), RB_OVERDUE_END);
    rb_awaited_done(&list);
}

/* A loop that stood still for an hour finds it late, and gives it its time all the same. */
static void nobody_is_ended_who_was_not_roused(void **state)
{
    (void)state;
    struct rb_awaited_list list = {0};
    begin(&list, "a.1", 0);
    begin(&list, "b.1", 0);
    assert_int_equal(rb_awaited_look(&list, 3600000), RB_OVERDUE_ROUSE);
    assert_int_equal(rb_awaited_look(&list, 3600000), RB_OVERDUE_NONE);
    begin(&list, "c.1", 3600000);
    assert_int_equal(rb_awaited_look(&list, 3608000), RB_OVERDUE_ROUSE);
    rb_awaited_done(&list);
}

static void what_is_to_end_has_its_grace(void **state)
{
    (void)state;
    struct rb_awaited_list list = {0};
    rb_awaited_add(&list, "a.1");
    assert_int_equal(rb_awaited_due(&list), UINT64_MAX);
    assert_int_equal(rb_awaited_look(&list, UINT64_MAX - 1), RB_OVERDUE_NONE);
    rb_awaited_hurry(rb_awaited_find(&list, "a.1"), 50);
    assert_int_equal(rb_awaited_due(&list), 50 + 10000 + 5000);
    struct rb_awaited *late = begin(&list, "b.1", 0);
    rb_awaited_hurry(late, 500);
    assert_int_equal(late->due, 500 + 2000 + 5000);
    assert_int_equal(rb_awaited_look(&list, 7500), RB_OVERDUE_ROUSE);
    rb_awaited_hurry(late, 7600);
    assert_int_equal(late->due, 7500 + 2000 + 60000);
    rb_awaited_done(&list);
}

static void what_is_settled_is_not_waited_for(void **state)
{
    (void)state;
    struct rb_awaited_list list = {0};
    begin(&list, "a.1", 0);
    begin(&list, "b.1", 10);
    assert_true(rb_awaited_remove(&list, "a.1"));
    assert_false(rb_awaited_remove(&list, "a.1"));
    assert_null(rb_awaited_find(&list, "a.1"));
    assert_int_equal(rb_awaited_due(&list), 8010);
    assert_true(rb_awaited_remove(&list, "b.1"));
    assert_int_equal(rb_awaited_due(&list), UINT64_MAX);
    rb_awaited_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_late_is_roused_and_then_ended),
        cmocka_unit_test(nobody_is_ended_who_was_not_roused),
        cmocka_unit_test(what_is_to_end_has_its_grace),
        cmocka_unit_test(what_is_settled_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
