#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "effects/evaluation.h"
#include "journal/blob.h"

/* A run's folder whose blob is the stdout of the outcome. */
static int run_dir = -1;
static char run_path[] = "/tmp/rb-expect-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(run_path))
        return -1;
    run_dir = open(run_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return mkdirat(run_dir, "blobs", 0700) || mkdirat(run_dir, "blobs/sha256", 0700);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    close(run_dir);
    return nftw(run_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct rb_value *outcome_with(const char *text)
{
    char hex[65];
    struct rb_error err;
    if (!*text)
        return rb_value_map("exit", rb_value_int(2), "duration_us", rb_value_int(2500000),
                            NULL);
    if (!rb_blob_put(run_dir, text, strlen(text), hex, &err))
        fail_msg("%s", err.message);
    return rb_value_map("exit", rb_value_int(2), "duration_us", rb_value_int(2500000),
                        "out", rb_blob_reference(hex, (int64_t)strlen(text), 0), NULL);
}

static void judges_of(const char *expect, const struct rb_value *owned_result,
                      const char *expected)
{
    RB_AUTO_VALUE const struct rb_value *job =
        rb_value_map("expect", bench_json(expect), "scope",
                     rb_value_map("result", owned_result, NULL), NULL);
    struct rb_world world = {NULL, bench_no_world, run_dir, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = rb_evaluate(job, &world);
    RB_AUTO_BUF struct rb_buf shown = {0};
    rb_json_encode(rb_value_get(outcome, "items"), &shown);
    assert_string_equal(rb_buf_text(&shown), expected);
    assert_true(rb_evaluation_fits(job, outcome));
}

/* Judges `expect` on an outcome with exit code 2, 2.5 s and this stdout; NULL: with nothing. */
static void judges(const char *expect, const char *text, const char *expected)
{
    judges_of(expect,
              text ? outcome_with(text)
                   : rb_value_map("killed", rb_value_text("timeout"), NULL),
              expected);
}

static void exit_codes_are_judged(void **state)
{
    (void)state;
    judges("{\"exit\":[0,2]}", "", "[{\"name\":\"expect.exit\",\"verdict\":\"holds\"}]");
    judges(
        "{\"exit\":[0]}", "",
        "[{\"name\":\"expect.exit\",\"verdict\":\"fails\",\"why\":\"exit code 2, expected "
        "0\"}]");
    judges(
        "{\"exit\":[0,1,3]}", "",
        "[{\"name\":\"expect.exit\",\"verdict\":\"fails\",\"why\":\"exit code 2, expected "
        "0, 1 or 3\"}]");
    judges("{\"exit\":[0]}", NULL,
           "[{\"error\":\"there is no exit code\",\"name\":\"expect.exit\"}]");
}

static void none_expects_nothing(void **state)
{
    (void)state;
    judges("{\"none\":true}", "", "[]");
}

static void stdout_is_judged_by_pattern_or_as_a_whole(void **state)
{
    (void)state;
    judges("{\"stdout\":{\"pattern\":\"^ok$\"}}", "ok\n",
           "[{\"name\":\"expect.stdout\",\"verdict\":\"holds\"}]");
    judges("{\"stdout\":{\"pattern\":\"^ok$\"}}", "not ok\n",
           "[{\"name\":\"expect.stdout\",\"verdict\":\"fails\",\"why\":\"stdout does not "
           "match "
           "^ok$: it is \\\"not ok\\\\n\\\"\"}]");
    judges("{\"stdout\":{\"pattern\":\"x\"}}", "",
           "[{\"name\":\"expect.stdout\",\"verdict\":\"fails\",\"why\":\"stdout does not "
           "match "
           "x: it is empty\"}]");
    judges("{\"stdout\":{\"pattern\":\"(\"}}", "ok\n",
           "[{\"error\":\"the pattern: missing closing parenthesis\",\"name\":"
           "\"expect.stdout\"}]");
    judges("{\"stdout\":{\"equals\":\"ok\"}}", "ok\n",
           "[{\"name\":\"expect.stdout\",\"verdict\":\"holds\"}]");
    judges("{\"stdout\":{\"equals\":\"ok\\n\"}}", "ok\n",
           "[{\"name\":\"expect.stdout\",\"verdict\":\"holds\"}]");
    judges("{\"stdout\":{\"equals\":\"\"}}", "",
           "[{\"name\":\"expect.stdout\",\"verdict\":\"holds\"}]");
    judges(
        "{\"stdout\":{\"equals\":\"ok\"}}", "ok\n\n",
        "[{\"name\":\"expect.stdout\",\"verdict\":\"fails\",\"why\":\"stdout is not ok: it "
        "is \\\"ok\\\\n\\\\n\\\"\"}]");
    judges("{\"stderr\":{\"equals\":\"\"}}", "ok\n",
           "[{\"name\":\"expect.stderr\",\"verdict\":\"holds\"}]");
    judges(
        "{\"stdout\":{\"equals\":\"ok\"}}", NULL,
        "[{\"error\":\"the process did not come to its end\",\"name\":\"expect.stdout\"}]");
}

static void json_is_judged_by_its_part(void **state)
{
    (void)state;
    judges("{\"json\":{\"ready\":true}}", "{\"ready\": true, \"n\": 1.50}\n",
           "[{\"name\":\"expect.json\",\"verdict\":\"holds\"}]");
    judges("{\"json\":{\"n\":1.5}}", "{\"n\": 2}",
           "[{\"name\":\"expect.json\",\"verdict\":\"fails\",\"why\":\"n is 2, expected "
           "1.5\"}]");
    RB_AUTO_VALUE const struct rb_value *job =
        rb_value_map("expect", bench_json("{\"json\":{}}"), "scope",
                     rb_value_map("result", outcome_with("no json"), NULL), NULL);
    struct rb_world world = {NULL, bench_no_world, run_dir, NULL, NULL};
    RB_AUTO_VALUE const struct rb_value *outcome = rb_evaluate(job, &world);
    const struct rb_value *item = rb_value_at(rb_value_get(outcome, "items"), 0);
    assert_non_null(strstr(rb_value_get_text(item, "error", ""), "stdout: not JSON: "));
}

static void time_is_judged(void **state)
{
    (void)state;
    judges("{\"max_time_us\":2500000}", "",
           "[{\"name\":\"expect.max_time\",\"verdict\":\"holds\"}]");
    judges(
        "{\"max_time_us\":2000000}", "",
        "[{\"name\":\"expect.max_time\",\"verdict\":\"fails\",\"why\":\"it took 2.5s, at "
        "most 2.0s were expected\"}]");
    judges("{\"max_time_us\":1}", NULL,
           "[{\"error\":\"nobody knows how long it took\",\"name\":\"expect.max_time\"}]");
}

static void all_are_judged_in_their_order(void **state)
{
    (void)state;
    judges("{\"max_time_us\":9000000,\"stdout\":{\"pattern\":\"o\"},\"exit\":[2]}", "ok",
           "[{\"name\":\"expect.exit\",\"verdict\":\"holds\"},"
           "{\"name\":\"expect.stdout\",\"verdict\":\"holds\"},"
           "{\"name\":\"expect.max_time\",\"verdict\":\"holds\"}]");
}

static void a_header_is_judged_and_one_of_several_is_enough(void **state)
{
    (void)state;
    static const char answer[] = "{\"headers\":{\"etag\":\"\",\"set-cookie\":[\"a=1; "
                                 "Path=/\",\"b=2\"]},\"status\":200}";
    judges_of("{\"header\":{\"set-cookie\":{\"pattern\":\"b=\"}}}", bench_json(answer),
              "[{\"name\":\"expect.header.set-cookie\",\"verdict\":\"holds\"}]");
    judges_of("{\"header\":{\"set-cookie\":{\"equals\":\"b=2\"}}}", bench_json(answer),
              "[{\"name\":\"expect.header.set-cookie\",\"verdict\":\"holds\"}]");
    judges_of("{\"header\":{\"set-cookie\":{\"pattern\":\"c=\"}}}", bench_json(answer),
              "[{\"name\":\"expect.header.set-cookie\",\"verdict\":\"fails\",\"why\":"
              "\"set-cookie does not match c=: it is \\\"a=1; Path=/\\\" and "
              "\\\"b=2\\\"\"}]");
    judges_of("{\"header\":{\"set-cookie\":{\"pattern\":\"(\"}}}", bench_json(answer),
              "[{\"error\":\"the pattern: missing closing parenthesis\",\"name\":"
              "\"expect.header.set-cookie\"}]");
    judges_of("{\"header\":{\"etag\":{\"equals\":\"\"}}}", bench_json(answer),
              "[{\"name\":\"expect.header.etag\",\"verdict\":\"holds\"}]");
}

static void a_header_that_is_not_there_is_not_an_empty_one(void **state)
{
    (void)state;
    judges_of("{\"header\":{\"x-nothing\":{\"equals\":\"\"}}}",
              bench_json("{\"headers\":{},\"status\":200}"),
              "[{\"name\":\"expect.header.x-nothing\",\"verdict\":\"fails\",\"why\":"
              "\"there is no header x-nothing\"}]");
    judges_of("{\"header\":{\"x-nothing\":{\"equals\":\"\"}}}", bench_json("{}"),
              "[{\"error\":\"there is no answer\",\"name\":\"expect.header.x-nothing\"}]");
}

static void leave(void *context, const struct rb_error *why)
{
    (void)context;
    _exit(why->code == RB_ERR_IO && strstr(why->message, strerror(EMFILE)) ? 42
          : why->code == RB_ERR_NOT_FOUND                                  ? 43
                                                                           : 1);
}

/* In a process of its own: giving up does not come back. */
static void what_the_machine_cannot_read_is_given_up(void **state)
{
    (void)state;
    const struct rlimit none = {3, 3};
    int status = 0;
    RB_AUTO_VALUE const struct rb_value *job =
        rb_value_map("expect", bench_json("{\"stdout\":{\"equals\":\"ok\"}}"), "scope",
                     rb_value_map("result", outcome_with("ok"), NULL), NULL);
    struct rb_world world = {NULL, bench_no_world, run_dir, NULL, leave};
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_NOFILE, &none);
        rb_value_unref(rb_evaluate(job, &world));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_judged),
        cmocka_unit_test(none_expects_nothing),
        cmocka_unit_test(stdout_is_judged_by_pattern_or_as_a_whole),
        cmocka_unit_test(json_is_judged_by_its_part),
        cmocka_unit_test(time_is_judged),
        cmocka_unit_test(all_are_judged_in_their_order),
        cmocka_unit_test(a_header_is_judged_and_one_of_several_is_enough),
        cmocka_unit_test(a_header_that_is_not_there_is_not_an_empty_one),
        cmocka_unit_test(what_the_machine_cannot_read_is_given_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
