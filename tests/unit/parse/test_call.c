#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../../tools/several.h"
#include "base/json.h"
#include "parse/call_place.h"

/* A runbook with what it calls, and what its reading has come to. */
struct reading {
    struct several several;
    struct rb_diags diags;
    struct rb_document *document;
};

static void read(struct reading *reading, const char *text, bool whole)
{
    *reading = (struct reading){0};
    several_split(&reading->several, text, strlen(text));
    reading->document = several_read(&reading->several, "runbook.yaml", "production", whole,
                                     &reading->diags);
}

static void done(struct reading *reading)
{
    rb_document_free(reading->document);
    rb_diags_done(&reading->diags);
    several_done(&reading->several);
}

static void expect_code(const char *text, bool whole, int code, const char *message)
{
    struct reading reading;
    read(&reading, text, whole);
    if (reading.diags.count == 0)
        fail_msg("nothing is found in\n%s", text);
    assert_int_equal(reading.diags.items[0].code, code);
    if (!strstr(reading.diags.items[0].message, message))
        fail_msg("%s", reading.diags.items[0].message);
    done(&reading);
}

static const char *const ENVIRONMENT = "environments: {production: {}}\n";

static const char parts[] =
    "runbook: main\n"
    "environments: {production: {}}\n"
    "secrets: {token: {env: TOKEN}}\n"
    "steps:\n"
    "- {id: one, title: One}\n"
    "- {id: part, call: sub/part.yaml, with: {n: 2}}\n"
    "- {id: again, call: sub/part.yaml, with: {n: 3}, undo: {call: sub/leaf.yaml}}\n"
    "=== sub/part.yaml\n"
    "runbook: part\n"
    "params: {n: {type: integer}}\n"
    "secrets: {mine: {env: TOKEN}, own: {env: OWN}}\n"
    "env: {T: \"${{ secrets.mine }}\", O: \"${{ secrets.own }}\"}\n"
    "environments: {production: {vars: {x: 1}}}\n"
    "requires: {tools: [psql]}\n"
    "locks: [db]\n"
    "steps:\n"
    "- {id: one, title: One}\n"
    "- {id: leaf, call: leaf.yaml, needs: [one]}\n"
    "outputs: {sum: steps.one.status}\n"
    "=== sub/leaf.yaml\n"
    "runbook: leaf\n"
    "steps: [{id: end, title: End, undo: {exec: [back]}}]\n";

static void its_steps_stand_under_its_id(void **state)
{
    (void)state;
    static const char *const ids[] = {"one",
                                      "part",
                                      "part:one",
                                      "part:leaf",
                                      "part:leaf:end",
                                      "part:leaf:end.undo",
                                      "again",
                                      "again:one",
                                      "again:leaf",
                                      "again:leaf:end",
                                      "again:leaf:end.undo",
                                      "again.undo",
                                      "again.undo:end"};
    struct reading reading;
    read(&reading, parts, true);
    assert_int_equal(reading.diags.errors, 0);
    const struct rb_plan *plan = reading.document->plan;
    assert_int_equal(plan->step_count, RB_COUNT(ids));
    for (size_t i = 0; i < RB_COUNT(ids); i++) {
        assert_string_equal(plan->steps[i].id, ids[i]);
        assert_int_equal(plan->steps[i].parent < (int)i, 1);
    }
    /* By itself the leaf has a way back; in an undo there is none. */
    assert_true(plan->steps[rb_plan_find(plan, "part:leaf:end")].undo >= 0);
    assert_int_equal(plan->steps[rb_plan_find(plan, "again.undo:end")].undo, -1);
    done(&reading);
}

static void each_call_has_a_book_of_its_own(void **state)
{
    (void)state;
    struct reading reading;
    read(&reading, parts, true);
    const struct rb_plan *plan = reading.document->plan;
    assert_int_equal(plan->book_count, 6);
    int part = rb_plan_find(plan, "part"), again = rb_plan_find(plan, "again");
    const struct rb_book *book = plan->books[plan->steps[part].calls];
    assert_ptr_not_equal(book, plan->books[plan->steps[again].calls]);
    assert_string_equal(book->prefix, "part:");
    assert_string_equal(book->name, "part");
    assert_int_equal(book->var_count, 1); /* of the environment */
    assert_int_equal(plan->steps[part].output_count, 1);
    int expr = plan->steps[part].outputs[0].expr;
    assert_int_equal(plan->exprs[expr].book, plan->steps[part].calls);
    assert_int_equal(plan->exprs[expr].steps[0], rb_plan_find(plan, "part:one"));
    done(&reading);
}

/* From the same place it is the same one. */
static void a_secret_is_fetched_once(void **state)
{
    (void)state;
    struct reading reading;
    read(&reading, parts, true);
    const struct rb_plan *plan = reading.document->plan;
    assert_int_equal(plan->secret_count, 2);
    assert_string_equal(plan->secrets[1].name, "part:own");
    const struct rb_book *again =
        plan->books[plan->steps[rb_plan_find(plan, "again")].calls];
    RB_AUTO_BUF struct rb_buf env = {0};
    rb_json_encode(again->env, &env);
    assert_string_equal(
        rb_buf_text(&env),
        "{\"O\":{\"$$secret\":\"part:own\"},\"T\":{\"$$secret\":\"token\"}}");
    done(&reading);
}

static void what_it_needs_and_locks_the_run_does(void **state)
{
    (void)state;
    struct reading reading;
    read(&reading, parts, true);
    const struct rb_plan *plan = reading.document->plan;
    assert_string_equal(plan->tools[0], "psql");
    assert_null(plan->tools[1]);
    RB_AUTO_BUF struct rb_buf locks = {0};
    rb_json_encode(plan->locks, &locks);
    assert_string_equal(rb_buf_text(&locks), "[\"db\"]");
    const struct rb_step *leaf = &plan->steps[rb_plan_find(plan, "again:leaf")];
    assert_string_equal(
        rb_value_as_text(rb_value_at(rb_value_get(leaf->spec, "needs"), 0), ""),
        "again:one");
    done(&reading);
}

static void a_path_is_one_below(void **state)
{
    (void)state;
    static const struct {
        const char *place, *file, *path;
    } cases[] = {{"main.yaml", "a.yaml", "a.yaml"},
                 {"main.yaml", "./sub//a.yaml", "sub/a.yaml"},
                 {"main.yaml", "a/b/../../c.yaml", "c.yaml"},
                 {"main.yaml", "..a.yaml", "..a.yaml"},
                 {"sub/x.yaml", "a.yaml", "sub/a.yaml"},
                 {"sub/x.yaml", "../a.yaml", "a.yaml"},
                 {"sub/deep/x.yaml", "../../a.yaml", "a.yaml"},
                 {"main.yaml", "../a.yaml", NULL},
                 {"main.yaml", "a/../../a.yaml", NULL},
                 {"sub/x.yaml", "../../a.yaml", NULL},
                 {"main.yaml", "/a.yaml", NULL},
                 {NULL, "a.yaml", "a.yaml"}};
    struct rb_arena *arena = rb_arena_new();
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        const char *path = rb_call_place(arena, cases[i].place, cases[i].file);
        if (!path || !cases[i].path)
            assert_ptr_equal(path, cases[i].path);
        else
            assert_string_equal(path, cases[i].path);
    }
    rb_arena_free(arena);
}

static void no_file_calls_itself(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text,
                  "runbook: a\n%ssteps: [{id: a, call: b.yaml}]\n=== b.yaml\nrunbook: b\n"
                  "steps: [{id: b, call: sub/../runbook.yaml}]\n",
                  ENVIRONMENT);
    expect_code(rb_buf_text(&text), true, 270, "b.yaml` can't be called");
}

static void calls_in_calls_come_to_an_end(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "runbook: a\n%ssteps: [{id: a, call: f0.yaml}]\n", ENVIRONMENT);
    for (int i = 0; i < 10; i++)
        rb_buf_printf(&text, "=== f%d.yaml\nrunbook: f\nsteps: [{id: a, call: f%d.yaml}]\n",
                      i, i + 1);
    expect_code(rb_buf_text(&text), true, 270, "f0.yaml` can't be called");
}

/* What stands in the file is well by itself, and has no meaning where it is called. */
static void what_has_no_meaning_there_is_no_part(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text,
                  "runbook: a\n%ssteps: [{id: a, exec: [x], undo: {call: b.yaml}}]\n"
                  "=== b.yaml\nrunbook: b\n"
                  "steps: [{id: b, exec: [y], on_failure: rollback}]\n",
                  ENVIRONMENT);
    expect_code(rb_buf_text(&text), true, 270, "something in it has no meaning here");
}

static void two_windows_are_one_too_many(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text,
                  "runbook: a\n%ssteps: [{id: a, call: b.yaml, window: {tz: UTC}}]\n"
                  "=== b.yaml\nrunbook: b\nwindow: {tz: UTC}\nsteps: [{id: b, wait: 1s}]\n",
                  ENVIRONMENT);
    expect_code(rb_buf_text(&text), true, 274, "has a `window`, and so has this step");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_steps_stand_under_its_id),
        cmocka_unit_test(each_call_has_a_book_of_its_own),
        cmocka_unit_test(a_secret_is_fetched_once),
        cmocka_unit_test(what_it_needs_and_locks_the_run_does),
        cmocka_unit_test(a_path_is_one_below),
        cmocka_unit_test(no_file_calls_itself),
        cmocka_unit_test(calls_in_calls_come_to_an_end),
        cmocka_unit_test(what_has_no_meaning_there_is_no_part),
        cmocka_unit_test(two_windows_are_one_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
