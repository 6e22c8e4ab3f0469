#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "journal/blob.h"

static void a_view_reads_like_a_table(void **state)
{
    (void)state;
    gives_value("type(params)", "{\"value\":\"table\"}");
    gives_value("#params.ramp", "{\"value\":3}");
    gives_value("params.ramp[2]", "{\"value\":25}");
    gives_value("params.ramp[2.0]", "{\"value\":25}");
    gives_value(
        "params.ramp[4] == nil and params.ramp[0] == nil and params.ramp['1'] == nil",
        "{\"value\":true}");
    gives_value("table.concat(params.ramp, ',')", "{\"value\":\"10,25,50\"}");
    gives_value("select('#', table.unpack(params.ramp))", "{\"value\":3}");
    gives_value("item.host", "{\"value\":\"h1\"}");
    gives_value("params.ratio", "{\"value\":{\"$number\":\"0.5\"}}");
    gives_value("vars.hosts.b", "{\"value\":2}");
}

static void a_member_of_data_that_is_absent_is_nil(void **state)
{
    (void)state;
    gives_value("vars.hosts.c == nil and vars.hosts[1] == nil", "{\"value\":true}");
    gives_value("item.port == nil", "{\"value\":true}");
}

static void the_same_value_is_the_same_table(void **state)
{
    (void)state;
    gives_value("params.ramp == params.ramp and params == params", "{\"value\":true}");
    gives_value("vars.hosts == params.ramp", "{\"value\":false}");
}

static void a_view_goes_back_as_it_came(void **state)
{
    (void)state;
    gives_value("vars.hosts", "{\"value\":{\"a\":1,\"b\":2}}");
    gives_value("vars.empty", "{\"value\":[]}");
    gives_value("{vars.hosts, params.ramp}", "{\"value\":[{\"a\":1,\"b\":2},[10,25,50]]}");
    gives_error("result", "a whole step or outcome can't be kept");
    gives_error("steps.build", "a whole step or outcome can't be kept");
}

static void an_outcome_has_its_members(void **state)
{
    (void)state;
    gives_value("result.exit", "{\"value\":3}");
    gives_value("result.ok", "{\"value\":false}");
    gives_value("result.duration", "{\"value\":{\"$number\":\"1.5\"}}");
    gives_value("result.signal == nil and result.killed == nil", "{\"value\":true}");
    gives_value("result.stdout .. result.stderr", "{\"value\":\"\"}");
    gives_value("steps.build.status .. steps.build.attempts", "{\"value\":\"passed1\"}");
}

/* A run's folder with one blob; its reference as the `out` of `result`. */
static int make_run(char *path, const char *bytes, size_t length, char *ret_hex)
{
    struct rb_error err;
    assert_non_null(mkdtemp(path));
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(dir, "blobs", 0700), 0);
    assert_int_equal(mkdirat(dir, "blobs/sha256", 0700), 0);
    if (!rb_blob_put(dir, bytes, length, ret_hex, &err))
        fail_msg("%s", err.message);
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void drop_run(const char *path, int dir)
{
    close(dir);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct rb_value *read_out(int dir, const struct rb_value *reference,
                                       const char *source)
{
    struct rb_world world = {NULL, bench_no_world, dir, NULL, NULL};
    const struct rb_value *scope = rb_value_map(
        "result", rb_value_map("exit", rb_value_int(0), "out", reference, NULL), NULL);
    RB_AUTO_VALUE const struct rb_value *outcome =
        bench_evaluate(scope, rb_value_list(bench_item("value", source, false), NULL),
                       bench_limits(64 << 20, 1000000), &world);
    return rb_value_ref(rb_value_at(rb_value_get(outcome, "items"), 0));
}

static void stdout_is_read_from_its_blob(void **state)
{
    (void)state;
    char path[] = "/tmp/rb-view-XXXXXX", hex[65];
    int dir = make_run(path, "one\ntwo\0\xff\n", 10, hex);
    RB_AUTO_VALUE const struct rb_value *item =
        read_out(dir, rb_blob_reference(hex, 10, 0), "result.stdout .. #result.stdout");
    const struct rb_value *value = rb_value_get(item, "value");
    assert_int_equal(rb_value_length(value), 12);
    assert_memory_equal(rb_value_as_text(value, ""), "one\ntwo\0\xff\n10", 12);
    drop_run(path, dir);
}

static void stdout_that_is_not_whole_is_an_error(void **state)
{
    (void)state;
    char path[] = "/tmp/rb-view-XXXXXX", hex[65];
    int dir = make_run(path, "one\n", 4, hex);
    RB_AUTO_VALUE const struct rb_value *lost =
        read_out(dir, rb_blob_reference(hex, 4, 9), "result.stdout");
    assert_string_equal(
        rb_value_get_text(lost, "error", ""),
        "x.check:10: stdout: 9 bytes of the output were not kept; let it write "
        "to a file");
    RB_AUTO_VALUE const struct rb_value *large =
        read_out(dir, rb_blob_reference(hex, (16 << 20) + 1, 0), "result.stdout");
    assert_non_null(strstr(rb_value_get_text(large, "error", ""), "more than 16 MiB"));
    RB_AUTO_VALUE const struct rb_value *nowhere =
        read_out(-1, rb_blob_reference(hex, 4, 0), "result.stdout");
    assert_non_null(strstr(rb_value_get_text(nowhere, "error", ""), "was not kept"));
    drop_run(path, dir);
}

static void a_blob_that_was_changed_is_an_error(void **state)
{
    (void)state;
    char path[] = "/tmp/rb-view-XXXXXX", hex[65], name[100];
    int dir = make_run(path, "one\n", 4, hex);
    snprintf(name, sizeof name, "blobs/sha256/%s", hex);
    assert_int_equal(unlinkat(dir, name, 0), 0);
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "two\n", 4), 4);
    close(fd);
    RB_AUTO_VALUE const struct rb_value *item =
        read_out(dir, rb_blob_reference(hex, 4, 0), "result.stdout");
    assert_non_null(rb_value_get(item, "error"));
    drop_run(path, dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_reads_like_a_table),
        cmocka_unit_test(a_member_of_data_that_is_absent_is_nil),
        cmocka_unit_test(the_same_value_is_the_same_table),
        cmocka_unit_test(a_view_goes_back_as_it_came),
        cmocka_unit_test(an_outcome_has_its_members),
        cmocka_unit_test(stdout_is_read_from_its_blob),
        cmocka_unit_test(stdout_that_is_not_whole_is_an_error),
        cmocka_unit_test(a_blob_that_was_changed_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
