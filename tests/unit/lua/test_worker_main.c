/* The whole worker: real processes that evaluate Lua. */

#include <ctype.h>
#include <locale.h>
#include <time.h>

#include "bench.h"
#include "effects/worker.h"
#include "lua/worker_main.h"

static const struct rb_value *job_of(const struct rb_value *items, int64_t time_us)
{
    const struct rb_value *limits =
        rb_value_map("time_us", rb_value_int(time_us), "memory_bytes",
                     rb_value_int(64 << 20), "instructions", rb_value_int(50000000), NULL);
    return rb_value_map("phase", rb_value_text("prepare"), "scope", bench_json(bench_scope),
                        "items", items, "limits", limits, NULL);
}

static char *evaluate(struct rb_worker_replay *worker, const struct rb_value *owned_items,
                      int64_t time_us)
{
    RB_AUTO_VALUE const struct rb_value *job = job_of(owned_items, time_us);
    RB_AUTO_VALUE const struct rb_value *outcome = NULL;
    struct rb_buf text = {0};
    assert_true(rb_worker_replay_eval(worker, job, NULL, &outcome, NULL));
    rb_json_encode(outcome, &text);
    return rb_buf_take(&text);
}

/* A49: no hook runs inside of these. */
static void what_no_hook_can_stop_is_killed(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "return ('a'):rep(30000):find(('a*'):rep(9) .. 'b') == nil",
        "return ('x'):rep(100000):gsub('.-.-.-.-b', '') == ''",
        "local t = {} for i = 1, 200000 do t[i] = i end while true do pairs(t) end",
    };
    for (size_t i = 0; i < RB_COUNT(sources); i++) {
        struct rb_worker_replay *worker = rb_worker_replay_new(rb_lua_worker, -1);
        char *got = evaluate(
            worker, rb_value_list(bench_item("verdict", sources[i], true), NULL), 200000);
        assert_string_equal(got,
                            "{\"items\":[{\"error\":\"it took longer than its time and was "
                            "ended\",\"name\":\"x\"}]}");
        free(got);
        got = evaluate(worker, rb_value_list(bench_item("verdict", "1 == 1", false), NULL),
                       5000000);
        assert_string_equal(got, "{\"items\":[{\"name\":\"x\",\"verdict\":\"holds\"}]}");
        free(got);
        rb_worker_replay_free(worker);
    }
}

/* Whatever could differ from one process to the next. */
static const char sweep[] =
    "local out = {}\n"
    "local function add(x) out[#out + 1] = tostring(x) end\n"
    "for k, v in pairs({z = 1, [3] = 2, a = 3, [1] = 4, ['k' .. #run.id] = 5}) do add(k) "
    "end\n"
    "for k in pairs(params) do add(k) end\n"
    "for k in pairs(vars.hosts) do add(k) end\n"
    "add({}) add(add) add(params) add(next({q = 1, p = 2}))\n"
    "add(string.format('%s %s', {}, tostring)) add(pcall(string.format, '%p', {}))\n"
    "add(select(2, pcall(function() local t = {} return t + 1 end)))\n"
    "add(select(2, pcall(function() return {} < {} end)))\n"
    "add(select(2, pcall(error, {})))\n"
    "add(1.5) add(1e300 * 10) add(0/0) add(2^53) add(10 // 3) add(-7 % 3) add(1e15 + 0.5)\n"
    "add(('%.3f'):format(1234.5)) add(tonumber('1,5')) add(tonumber('1.5'))\n"
    "add(('\\xe4'):upper() == '\\xe4') add(('\\xe4'):find('%a')) add('a' < 'B') "
    "add('\\xe4' < 'z')\n"
    "local t = {} for i = 1, 500 do t[i] = {(i * 31) % 7, i} end\n"
    "table.sort(t, function(a, b) return a[1] < b[1] end)\n"
    "for i = 1, 500, 50 do add(t[i][2]) end\n"
    "add(math.sin(1)) add(math.exp(0.5)) \n"
    "add(json.encode{z = {1.5, -0.0, json.null}, a = {}, ['\xc3\xa4'] = 2^53})\n"
    "add(select(2, try(json.decode, '[1,')).message)\n"
    "add(json.encode(json.decode('{\"b\":[1e3,{}],\"a\":1234567890123456789}')))\n"
    "add(json.encode(re.match('\xc3\xa4 12', [[(?<w>\\pL) (?<n>\\d+)]]).n))\n"
    "add(re.gsub('b a c', [[\\w]], '<$0>')) add(re.find('\xc3\x84', [[(?i)\xc3\xa4]]))\n"
    "add(json.encode(parallel{z = function() return 1 end, a = function() return 2 end}))\n"
    "add(select(2, pcall(check.lt, 0/0, 1)))\n"
    "return table.concat(out, '|')";

static char *sweep_once(void)
{
    struct rb_worker_replay *worker = rb_worker_replay_new(rb_lua_worker, -1);
    char *got =
        evaluate(worker,
                 rb_value_list(bench_item("value", sweep, true),
                               bench_item("verdict", "#params.ramp > 4.5", false), NULL),
                 5000000);
    rb_worker_replay_free(worker);
    return got;
}

/* LC_NUMERIC is never set (base/json.h); the others may be those of the operator: here a byte beyond
 * ASCII is a letter, and a comes before B. */
static void use_german(void)
{
    char folder[] = "/tmp/runbook-locale-XXXXXX", command[128];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "localedef -i de_DE -f ISO-8859-1 %s/de_DE", folder);
    // NOLINTNEXTLINE(cert-env33-c): words of our own, in a test
    assert_int_equal(system(command), 0);
    setenv("LOCPATH", folder, 1);
    assert_non_null(setlocale(LC_CTYPE, "de_DE"));
    assert_non_null(setlocale(LC_COLLATE, "de_DE"));
    assert_true(isalpha(0xe4) && strcoll("a", "B") < 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    // NOLINTNEXTLINE(cert-env33-c): words of our own, in a test
    assert_int_equal(system(command), 0);
}

/* A53 */
static void every_process_gives_the_same_bytes(void **state)
{
    (void)state;
    char *first = sweep_once();
    assert_non_null(strstr(first, "\"value\":\"1|3|a|k3|z|"));
    assert_non_null(strstr(first, "\"verdict\":\"fails\""));
    for (int i = 0; i < 300; i++) {
        char *again = sweep_once();
        assert_string_equal(again, first);
        free(again);
    }
    use_german();
    char *again = sweep_once();
    assert_string_equal(again, first);
    free(again);
    setlocale(LC_ALL, "C");
    free(first);
}

/* Through the loop, as the interpreter does it. */
struct told {
    uv_loop_t loop;
    struct rb_worker *worker;
    const struct rb_value *job;
    int left;
    char *last;
};

static void asked(void *context, const struct rb_value *requests)
{
    struct told *told = context;
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(requests); i++) {
        const struct rb_value *req = rb_value_get(rb_value_at(requests, i), "req");
        int64_t words = (int64_t)rb_value_count(rb_value_get(req, "argv"));
        rb_list_add(&list, rb_value_map("exit", rb_value_int(words), NULL));
    }
    RB_AUTO_VALUE const struct rb_value *outcomes = rb_list_end(&list);
    rb_worker_answer(told->worker, outcomes);
}

static void done(void *context, const struct rb_value *outcome)
{
    struct told *told = context;
    if (--told->left > 0) {
        assert_true(rb_worker_run(told->worker, told->job, NULL));
        return;
    }
    struct rb_buf text = {0};
    rb_json_encode(outcome, &text);
    told->last = rb_buf_take(&text);
}

static double run_jobs(const struct rb_value *item, int count, char **ret_last)
{
    struct told told = {.left = count};
    assert_int_equal(uv_loop_init(&told.loop), 0);
    struct rb_worker_events events = {&told, asked, done};
    told.worker = rb_worker_new(&told.loop, rb_lua_worker, -1, &events);
    told.job = job_of(rb_value_list(item, NULL), 5000000);
    assert_true(rb_worker_run(told.worker, told.job, NULL));
    uint64_t begin = uv_hrtime();
    uv_run(&told.loop, UV_RUN_DEFAULT);
    double us = (double)(uv_hrtime() - begin) / 1e3 / count;
    rb_worker_free(told.worker);
    uv_run(&told.loop, UV_RUN_DEFAULT);
    uv_loop_close(&told.loop);
    rb_value_unref(told.job);
    *ret_last = told.last;
    return us;
}

static void a_call_goes_to_the_interpreter_and_back(void **state)
{
    (void)state;
    char *last;
    run_jobs(bench_item("value", "sh.exec{'a', 'b', 'c'}.exit", false), 2, &last);
    assert_string_equal(last, "{\"items\":[{\"name\":\"x\",\"value\":3}]}");
    free(last);
}

static void replay_refuses_what_the_record_does_not_hold_whatever_lua_does(void **state)
{
    (void)state;
    struct rb_worker_replay *worker = rb_worker_replay_new(rb_lua_worker, -1);
    const struct rb_value *item =
        bench_item("verdict", "pcall(sh.exec, {'a'}) return true", true);
    char *got = evaluate(worker, rb_value_list(item, NULL), 5000000);
    assert_string_equal(got,
                        "{\"items\":[{\"error\":\"x.check:10: it asks for more than the "
                        "record holds\",\"name\":\"x\"}]}");
    free(got);
    rb_worker_replay_free(worker);
}

static void a_standard_library_that_can_not_be_read_is_named(void **state)
{
    (void)state;
    setenv("RUNBOOK_STDLIB", "/nowhere", 1);
    struct rb_worker_replay *worker = rb_worker_replay_new(rb_lua_worker, -1);
    char *got =
        evaluate(worker, rb_value_list(bench_item("value", "1", false), NULL), 5000000);
    unsetenv("RUNBOOK_STDLIB");
    assert_non_null(strstr(got, "{\"items\":[{\"error\":\"RUNBOOK_STDLIB: "));
    free(got);
    rb_worker_replay_free(worker);
}

static void what_a_job_takes(void **state)
{
    (void)state;
    char *last;
    double us = run_jobs(bench_item("truth", "params.version ~= 'v1'", false), 2000, &last);
    assert_string_equal(last, "{\"items\":[{\"name\":\"x\",\"value\":true}]}");
    free(last);
    print_message("a small condition: %.1f us a job\n", us);
    us = run_jobs(bench_item("truth", "sh.exec{'a'}.exit == 1", false), 2000, &last);
    free(last);
    print_message("one that asks the world: %.1f us a job\n", us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_hook_can_stop_is_killed),
        cmocka_unit_test(every_process_gives_the_same_bytes),
        cmocka_unit_test(a_call_goes_to_the_interpreter_and_back),
        cmocka_unit_test(replay_refuses_what_the_record_does_not_hold_whatever_lua_does),
        cmocka_unit_test(a_standard_library_that_can_not_be_read_is_named),
        cmocka_unit_test(what_a_job_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
