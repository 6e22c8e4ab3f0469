#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/plan.h"

#include <stdio.h>
#include <time.h>

#include "base/digest.h"
#include "plan/reason.h"

static struct rb_step manual(const char *id)
{
    struct rb_step step = rb_step_blank(0, -1);
    step.id = id;
    return step;
}

static const struct rb_book *const *new_books(struct rb_arena *arena)
{
    const struct rb_book **books = rb_arena_alloc(arena, sizeof *books);
    struct rb_book *book = rb_arena_alloc(arena, sizeof *book);
    book->call = -1;
    book->prefix = book->name = "";
    books[0] = book;
    return books;
}

static struct rb_book *main_book(struct rb_plan *plan)
{
    return (struct rb_book *)plan->books[0];
}

/* A plan of `count` empty steps called s0, s1... */
static struct rb_plan *new_plan(int count)
{
    struct rb_arena *arena = rb_arena_new();
    struct rb_plan *plan = rb_arena_alloc(arena, sizeof *plan);
    struct rb_step *steps = rb_arena_alloc(arena, (size_t)count * sizeof *steps);
    for (int i = 0; i < count; i++) {
        steps[i] = manual(rb_arena_printf(arena, "s%d", i));
        steps[i].spec = rb_value_map(NULL);
        steps[i].next = i + 1 < count ? i + 1 : -1;
    }
    plan->arena = arena;
    plan->books = new_books(arena);
    plan->book_count = 1;
    plan->name = "demo";
    plan->steps = steps;
    plan->first_guard = plan->first_on_failure = plan->first_finally = -1;
    plan->step_count = count;
    return plan;
}

static struct rb_step *step_of(struct rb_plan *plan, int index)
{
    return (struct rb_step *)&plan->steps[index];
}

static void free_plan(struct rb_plan **plan)
{
    rb_plan_free(*plan);
}

#define AUTO_PLAN RB_CLEANUP(free_plan) struct rb_plan *

static void every_action_has_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {
        "manual",  "run",  "exec",  "pipe",      "http",    "sql",
        "notify",  "lua",  "gate",  "checklist", "confirm", "ask",
        "approve", "wait", "steps", "parallel",  "call",    "guard"};
    assert_int_equal(RB_COUNT(names), RB_ACTION_COUNT);
    for (int i = 0; i < RB_ACTION_COUNT; i++)
        assert_string_equal(rb_action_name((enum rb_action)i), names[i]);
}

static void reasons_are_found_by_their_word(void **state)
{
    (void)state;
    for (int i = 0; i < RB_REASON_COUNT; i++)
        assert_int_equal(rb_reason_find(rb_reason_name((enum rb_reason)i)), i);
    assert_int_equal(rb_reason_find("timeouts"), RB_REASON_COUNT);
    assert_int_equal(rb_reason_find(""), RB_REASON_COUNT);
}

static void steps_are_found_by_id_indexed_or_not(void **state)
{
    (void)state;
    AUTO_PLAN plan = new_plan(1000);
    for (int indexed = 0; indexed < 2; indexed++) {
        assert_int_equal(rb_plan_find(plan, "s0"), 0);
        assert_int_equal(rb_plan_find(plan, "s517"), 517);
        assert_int_equal(rb_plan_find(plan, "s999"), 999);
        assert_int_equal(rb_plan_find(plan, "s1000"), -1);
        assert_int_equal(rb_plan_find(plan, "s"), -1);
        assert_int_equal(rb_plan_find(plan, ""), -1);
        if (!indexed)
            rb_plan_index(plan);
    }
}

static void an_empty_plan_can_be_sealed(void **state)
{
    (void)state;
    AUTO_PLAN plan = new_plan(0);
    rb_plan_seal(plan);
    assert_int_equal(rb_plan_find(plan, "s0"), -1);
    assert_int_equal(strlen(plan->digest), RB_DIGEST_HEX);
    rb_plan_free(NULL);
}

static void the_digest_is_that_of_the_canonical_bytes(void **state)
{
    (void)state;
    AUTO_PLAN plan = new_plan(2);
    rb_plan_seal(plan);
    assert_string_equal(
        rb_buf_text(&plan->canonical),
        "{\"exprs\":[],\"name\":\"demo\",\"params\":[],\"requires\":{},\"steps\":["
        "{\"action\":\"manual\",\"id\":\"s0\",\"spec\":{}},"
        "{\"action\":\"manual\",\"id\":\"s1\",\"spec\":{}}],\"vars\":[]}");
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of(plan->canonical.data, plan->canonical.length, hex);
    assert_string_equal(plan->digest, hex);
}

static void everything_that_is_set_is_in_the_canonical_form(void **state)
{
    (void)state;
    static const char *const tags[] = {"db", "slow", NULL}, *const tools[] = {"psql", NULL},
                             *const inherit[] = {"SSH_AUTH_SOCK", NULL},
                             *const files[] = {"a.sql", NULL},
                             *const variables[] = {"PGHOST", NULL};
    static const struct rb_output outputs[] = {{"rows", 1}};
    static const struct rb_expr exprs[] = {{.source = "x", .chunk = true}, {.source = "y"}};
    AUTO_PLAN plan = new_plan(2);
    struct rb_step *step = step_of(plan, 1);
    step->action = RB_ACTION_RUN;
    step->parent = 0;
    step->when = 0;
    step->for_each = 1;
    step->loop_name = "host";
    step->check = 1;
    step->probe = 0;
    step->outputs = outputs;
    step->output_count = 1;
    step->timeout = 5 * RB_SEC;
    step->within = 9 * RB_SEC;
    step->retry = (struct rb_retry){.attempts = 3,
                                    .delay = RB_SEC,
                                    .max_delay = 8 * RB_SEC,
                                    .backoff = RB_BACKOFF_EXPONENTIAL,
                                    .jitter_percent = 20,
                                    .on = 1u << RB_REASON_EXIT | 1u << RB_REASON_TIMEOUT,
                                    .when = 1};
    step->idempotent = true;
    step->on_failure = RB_FAIL_ASK;
    step->on_interrupt = RB_INTERRUPT_RERUN;
    step->tags = tags;
    struct rb_param params[] = {{.name = "ramp",
                                 .help = "percent",
                                 .type = RB_PARAM_LIST,
                                 .of = RB_PARAM_INTEGER,
                                 .fallback = rb_value_list(rb_value_int(10), NULL),
                                 .has_min = true,
                                 .has_max = true,
                                 .max = 100},
                                {.name = "env",
                                 .type = RB_PARAM_STRING,
                                 .pattern = "[a-z]+",
                                 .values = rb_value_list(rb_value_text("qa"), NULL)}};
    struct rb_var vars[] = {{"ns", rb_value_text("prod")}};
    main_book(plan)->params = params;
    main_book(plan)->param_count = 2;
    main_book(plan)->vars = vars;
    main_book(plan)->var_count = 1;
    plan->exprs = exprs;
    plan->expr_count = 2;
    main_book(plan)->env = rb_value_map("A", rb_value_text("b"), NULL);
    plan->inherit = inherit;
    plan->tools = tools;
    plan->files = files;
    plan->variables = variables;
    plan->requires_runbook = ">=0.1";
    plan->title = "Demo";
    plan->owner = "ops";
    plan->environment = "production";
    rb_plan_seal(plan);

    assert_string_equal(
        rb_buf_text(&plan->canonical),
        "{\"env\":{\"A\":\"b\"},\"environment\":\"production\","
        "\"exprs\":[{\"chunk\":true,\"source\":\"x\"},{\"source\":\"y\"}],"
        "\"inherit\":[\"SSH_AUTH_SOCK\"],\"name\":\"demo\",\"owner\":\"ops\",\"params\":["
        "{\"default\":[10],\"help\":\"percent\",\"max\":100,\"min\":0,\"name\":\"ramp\","
        "\"of\":\"integer\",\"type\":\"list\"},"
        "{\"name\":\"env\",\"pattern\":\"[a-z]+\",\"type\":\"string\",\"values\":[\"qa\"]}]"
        ","
        "\"requires\":{\"files\":[\"a.sql\"],\"runbook\":\">=0.1\",\"tools\":[\"psql\"],"
        "\"variables\":[\"PGHOST\"]},\"steps\":["
        "{\"action\":\"manual\",\"id\":\"s0\",\"spec\":{}},"
        "{\"action\":\"run\",\"as\":\"host\",\"check\":1,\"for_each\":1,\"id\":\"s1\","
        "\"idempotent\":true,\"on_failure\":\"ask\",\"on_interrupt\":\"rerun\","
        "\"outputs\":{\"rows\":1},\"parent\":\"s0\",\"probe\":0,"
        "\"retry\":{\"attempts\":3,\"backoff\":\"exponential\",\"delay_us\":1000000,"
        "\"jitter_percent\":20,\"max_delay_us\":8000000,\"on\":[\"exit\",\"timeout\"],"
        "\"when\":1},"
        "\"spec\":{},\"tags\":[\"db\",\"slow\"],\"timeout_us\":5000000,\"when\":0,"
        "\"within_us\":9000000}],"
        "\"title\":\"Demo\",\"vars\":[{\"name\":\"ns\",\"value\":\"prod\"}]}");
}

static void spans_do_not_change_the_digest(void **state)
{
    (void)state;
    AUTO_PLAN one = new_plan(3);
    AUTO_PLAN other = new_plan(3);
    step_of(other, 1)->span = (struct rb_span){NULL, 70, 1, 70, 3};
    rb_plan_seal(one);
    rb_plan_seal(other);
    assert_string_equal(one->digest, other->digest);
}

static double seconds_to_seal(int count)
{
    AUTO_PLAN plan = new_plan(count);
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    rb_plan_index(plan);
    rb_plan_seal(plan);
    for (int i = 0; i < count; i++)
        assert_int_equal(rb_plan_find(plan, plan->steps[i].id), i);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) +
           (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Quadratic work would take a hundred times as long for ten times the steps. */
static void sealing_and_finding_grow_with_the_steps(void **state)
{
    (void)state;
    double small = seconds_to_seal(10000), large = seconds_to_seal(100000);
    if (large > 30 * small + 0.1)
        fail_msg("10,000 steps: %.3f s, 100,000 steps: %.3f s", small, large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_has_its_name),
        cmocka_unit_test(reasons_are_found_by_their_word),
        cmocka_unit_test(steps_are_found_by_id_indexed_or_not),
        cmocka_unit_test(an_empty_plan_can_be_sealed),
        cmocka_unit_test(the_digest_is_that_of_the_canonical_bytes),
        cmocka_unit_test(everything_that_is_set_is_in_the_canonical_form),
        cmocka_unit_test(spans_do_not_change_the_digest),
        cmocka_unit_test(sealing_and_finding_grow_with_the_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
