/* A secret in Lua: a reference that nothing but a request can be made of. */

#include "bench.h"

struct world {
    char *request; /* the last, NULL: there was none */
};

static bool answer(void *context, const struct rb_value *requests,
                   const struct rb_value **ret_outcomes, struct rb_error *err)
{
    struct world *world = context;
    struct rb_buf text = {0};
    (void)err;
    rb_json_encode(rb_value_get(rb_value_at(requests, 0), "req"), &text);
    free(world->request);
    world->request = rb_buf_take(&text);
    *ret_outcomes = rb_value_list(bench_json("{\"exit\":0}"), NULL);
    return true;
}

/* The item's text; `ret_world` has the last request. */
static char *run(const char *kind, const char *source, struct world *ret_world)
{
    struct rb_world lua = {ret_world, answer, -1, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = bench_evaluate(
        bench_json(bench_scope), rb_value_list(bench_item(kind, source, false), NULL),
        bench_limits(8 << 20, 1000000), &lua);
    struct rb_buf text = {0};
    rb_json_encode(rb_value_at(rb_value_get(outcome, "items"), 0), &text);
    return rb_buf_take(&text);
}

static void requests(const char *source, const char *expected)
{
    struct world world = {0};
    RB_AUTO_FREE char *got = run("verdict", source, &world);
    if (!world.request) {
        fail_msg("%s\ngave %s", source, got);
        return;
    }
    assert_non_null(strstr(world.request, expected));
    assert_non_null(strstr(got, "holds"));
    free(world.request);
}

static void refuses(const char *kind, const char *source, const char *part)
{
    struct world world = {0};
    RB_AUTO_FREE char *got = run(kind, source, &world);
    if (!strstr(got, "\"error\"") || !strstr(got, part))
        fail_msg("%s\ngave %s\nwanted an error with %s", source, got, part);
    assert_null(world.request);
}

static void a_request_has_its_name(void **state)
{
    (void)state;
    requests("sh.exec{'psql', env = {PGPASSWORD = secrets.db}}.ok",
             "\"env\":{\"PGPASSWORD\":{\"$$secret\":\"db\"}}");
    requests("sh.exec{'psql', stdin = secrets['db']}.ok",
             "\"stdin\":{\"$$secret\":\"db\"}");
}

static void nowhere_else_in_a_request_can_it_stand(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "sh.exec{'psql', secrets.db}.ok",       "sh.exec{secrets.db}.ok",
        "sh.exec{'psql', cwd = secrets.db}.ok", "sh.exec{'psql', timeout = secrets.db}.ok",
        "sh.exec{'psql', env = secrets.db}.ok", "sh.exec(secrets.db).ok"};
    for (size_t i = 0; i < RB_COUNT(sources); i++)
        refuses("verdict", sources[i], "sh.exec");
    refuses("verdict", "sh.exec{'psql', stdin = {['$secret'] = 'db'}}.ok",
            "stdin is a table");
    refuses("verdict", "sh.exec{'psql', env = {A = secrets}}.ok", "env.A is a table");
}

static void it_has_no_text(void **state)
{
    (void)state;
    static const char *const sources[] = {"tostring(secrets.db)",
                                          "secrets.db .. ''",
                                          "'' .. secrets.db",
                                          "#secrets.db",
                                          "('%s'):format(secrets.db)",
                                          "('%d'):format(secrets.db)",
                                          "secrets.db < secrets.db",
                                          "secrets.db <= 'x'",
                                          "secrets.db == secrets.db",
                                          "secrets.db.length",
                                          "secrets.db()",
                                          "secrets.db + 1",
                                          "table.concat{secrets.db}"};
    for (size_t i = 0; i < RB_COUNT(sources); i++)
        refuses("value", sources[i], "");
    refuses("value", "tostring(secrets.db)", "has no text");
}

static void it_is_no_value_and_no_verdict(void **state)
{
    (void)state;
    refuses("value", "secrets.db", "a secret can't be kept");
    refuses("value", "{a = {secrets.db}}", "a secret can't be kept");
    refuses("value", "{[secrets.db] = 1}", "can't be kept");
    refuses("value", "secrets", "can't be kept");
    refuses("truth", "secrets.db", "a secret");
    refuses("verdict", "secrets.db == 'hunter2'", "a secret can't be compared");
    refuses("verdict", "'hunter2' ~= secrets.db", "a secret can't be compared");
    refuses("verdict", "fail(secrets.db)", "");
    refuses("verdict", "error(secrets.db)", "no text");
}

static void one_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    refuses("value", "secrets.bd", "'bd' is no known secret; did you mean 'db'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_its_name),
        cmocka_unit_test(nowhere_else_in_a_request_can_it_stand),
        cmocka_unit_test(it_has_no_text),
        cmocka_unit_test(it_is_no_value_and_no_verdict),
        cmocka_unit_test(one_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
