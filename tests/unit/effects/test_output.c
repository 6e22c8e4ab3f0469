/* The output of steps: what is kept of it, what is lost, and what can be shown of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "effects/clock.h"
#include "effects/output.h"
#include "journal/blob.h"
#include "scene.h"

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene_open(&scene);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

static int64_t of_out(const char *member)
{
    return rb_value_get_int(rb_value_get(scene.outcome, "out"), member, -1);
}

/* Output of `seq 1 count`. */
static char *numbers(int count)
{
    struct rb_buf text = {0};
    for (int i = 1; i <= count; i++)
        rb_buf_printf(&text, "%d\n", i);
    return rb_buf_take(&text);
}

static void run_capped(const char *dir, const char *script, int64_t cap)
{
    scene_run(&scene, scene_with(scene_sh(dir, script), "cap_bytes", rb_value_int(cap)));
}

/* Of seq's numbers, what is kept is the first and the last half of the cap. */
static void assert_capped(const char *dir, int count, int64_t cap)
{
    char script[64];
    snprintf(script, sizeof script, "seq 1 %d", count);
    run_capped(dir, script, cap);
    RB_AUTO_FREE char *all = numbers(count), *got = scene_output(&scene, "out");
    int64_t total = (int64_t)strlen(all), kept = total < cap ? total : cap;
    assert_int_equal(of_out("bytes"), kept);
    assert_int_equal(of_out("lost"), total - kept);
    if (cap > 0)
        assert_int_equal(strlen(got), kept);
    int64_t head = total < cap ? total : cap / 2;
    assert_memory_equal(got, all, head);
    assert_memory_equal(got + head, all + total - (kept - head), kept - head);
}

static void the_head_and_the_tail_of_much_output_are_kept(void **state)
{
    (void)state;
    assert_capped("a.1", 100, 1000); /* 292 bytes: all fits in the head */
    assert_capped("a.2", 100, 400);  /* more than the head, less than the cap */
    assert_capped("a.3", 100, 292);  /* exactly */
    assert_capped("a.4", 100, 291);
    assert_capped("a.5", 50000, 1001); /* 288894 bytes: many rounds of the ring */
    assert_capped("a.6", 200000, 200000);
    assert_capped("a.7", 100, 1);
    assert_capped("a.8", 100, 0);
}

static void the_ring_leaves_no_file_behind(void **state)
{
    (void)state;
    assert_capped("a.1", 5000, 1000);
    assert_int_equal(faccessat(scene.run.dir, "steps/a.1/out", F_OK, 0), -1);
    assert_int_equal(faccessat(scene.run.dir, "steps/a.1/out.tail", F_OK, 0), -1);
}

/* Of an output that may stay in memory up to 100 bytes. */
struct held {
    int folder;
    int asked; /* how often for its folder */
};

static int folder_of(void *context)
{
    struct held *held = context;
    held->asked++;
    return held->folder;
}

/* Puts the numbers a few bytes at a time, and compares what became of them. */
static void assert_held(struct held *held, int count, int64_t cap, bool in_memory)
{
    struct rb_output output;
    RB_AUTO_FREE char *all = numbers(count);
    RB_AUTO_BUF struct rb_buf got = {0};
    int64_t total = (int64_t)strlen(all), kept = total < cap ? total : cap;
    held->asked = 0;
    rb_output_init(&output, -1, "out", cap);
    rb_output_hold(&output, 100, folder_of, held);
    for (int64_t at = 0; at < total; at += 7)
        rb_output_put(&output, all + at, total - at < 7 ? total - at : 7);
    RB_AUTO_VALUE const struct rb_value *out =
        rb_output_settle(&output, scene.run.dir, "held");
    rb_output_done(&output);
    assert_int_equal(held->asked == 0, in_memory);
    assert_int_equal(rb_value_get_int(out, "bytes", -1), kept);
    assert_int_equal(rb_value_get_int(out, "lost", -1), total - kept);
    assert_true(rb_blob_read(scene.run.dir, rb_blob_hex(out), 0, SIZE_MAX, &got, NULL));
    assert_int_equal(got.length, kept);
    int64_t head = total < cap ? total : cap / 2;
    assert_memory_equal(got.data, all, head);
    assert_memory_equal(got.data + head, all + total - (kept - head), kept - head);
    assert_int_equal(faccessat(held->folder, "out", F_OK, 0), -1);
}

static void a_short_answer_needs_no_file_and_a_long_one_loses_nothing(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(scene.run.dir, "steps/held", 0700), 0);
    struct held held = {openat(scene.run.dir, "steps/held", O_RDONLY | O_CLOEXEC), 0};
    assert_held(&held, 1, 1000, true);
    assert_held(&held, 36, 1000, true); /* 99 bytes */
    assert_held(&held, 36, 1000, true); /* the blob is there already */
    assert_held(&held, 37, 1000, false);
    assert_held(&held, 100, 1000, false);
    assert_held(&held, 100, 150, false); /* more than the cap */
    close(held.folder);
}

static void a_long_answer_without_a_folder_is_lost_and_counted(void **state)
{
    (void)state;
    struct held held = {-1, 0};
    struct rb_output output;
    RB_AUTO_FREE char *all = numbers(100);
    rb_output_init(&output, -1, "out", 1000);
    rb_output_hold(&output, 100, folder_of, &held);
    rb_output_put(&output, all, strlen(all));
    RB_AUTO_VALUE const struct rb_value *out =
        rb_output_settle(&output, scene.run.dir, "held");
    rb_output_done(&output);
    assert_int_equal(rb_value_get_int(out, "lost", -1), strlen(all));
    assert_null(rb_value_get(out, "blob"));
}

static void any_bytes_are_kept_as_they_are(void **state)
{
    (void)state;
    scene_run(&scene,
              scene_exec("a.1", "sh", "-c",
                         "head -c 300000 /dev/zero; printf '\\377\\000\\033[2Jx'", NULL));
    static const char tail[7] = "\377\0\033[2Jx";
    RB_AUTO_FREE char *expected = rb_alloc(300007), *got = scene_output(&scene, "out");
    memcpy(expected + 300000, tail, sizeof tail);
    assert_int_equal(of_out("bytes"), 300007);
    assert_memory_equal(got, expected, 300007);
}

static void a_digest_is_that_of_the_bytes(void **state)
{
    (void)state;
    char hex[RB_DIGEST_HEX + 1];
    scene_run(&scene, scene_sh("a.1", "echo hello"));
    rb_digest_of("hello\n", 6, hex);
    const char *got = rb_blob_hex(rb_value_get(scene.outcome, "out"));
    assert_non_null(got);
    assert_string_equal(got, hex);
    struct rb_error err;
    assert_true(rb_blob_verify(scene.run.dir, hex, 6, &err));
}

static void both_streams_are_read_at_the_same_time(void **state)
{
    (void)state;
    scene_run(&scene, scene_sh("a.1", "seq 1 60000 >&2 & seq 1 60000; wait"));
    RB_AUTO_FREE char *all = numbers(60000), *out = scene_output(&scene, "out");
    RB_AUTO_FREE char *err = scene_output(&scene, "err");
    assert_string_equal(out, all);
    assert_string_equal(err, all);
}

/* The tail of a stream, cut to `cap`. */
static char *tail(const char *dir, size_t cap, int64_t *ret_total)
{
    struct rb_buf bytes = {0};
    *ret_total = -1;
    if (!rb_supervisor_tail(scene.run.dir, dir, "out", cap, &bytes, ret_total))
        *ret_total = -1;
    return rb_buf_take(&bytes);
}

static void assert_tail(const char *dir, size_t cap, const char *expected, int64_t total)
{
    int64_t got_total;
    RB_AUTO_FREE char *got = tail(dir, cap, &got_total);
    assert_string_equal(got, expected);
    assert_int_equal(got_total, total);
}

/* Once so much of it is there. */
static void assert_tail_at(const char *dir, size_t cap, const char *expected, int64_t total)
{
    int64_t now = -1;
    for (int i = 0; i < 250 && now != total; i++) {
        free(tail(dir, cap, &now));
        scene_rest(&scene, 20);
    }
    assert_tail(dir, cap, expected, total);
}

/* A script goes on when its file is there. */
#define UNTIL(file) "until [ -e $0/" file " ]; do sleep 0.02; done; "

static void let_go_on(const char *file)
{
    assert_true(rb_file_create(scene.run.dir, file, "", 0, false, NULL));
}

static void send_capped(const char *script)
{
    scene_send(&scene, scene_with(scene_exec("a.1", "sh", "-c", script, scene.path, NULL),
                                  "cap_bytes", rb_value_int(20)));
}

static void the_end_of_a_stream_can_be_shown_while_it_runs_and_later(void **state)
{
    (void)state;
    assert_tail("a.1", 100, "", -1);
    send_capped(
        "echo one; " UNTIL("1") "echo two; seq 1 9; " UNTIL("2") "seq 1 500; " UNTIL("3"));
    assert_tail_at("a.1", 100, "one\n", 4);
    assert_tail("a.1", 2, "e\n", 4);
    let_go_on("1");
    /* 10 bytes of head, 16 through a ring of 10 */
    assert_tail_at("a.1", 100, "5\n6\n7\n8\n9\n", 26);
    assert_tail("a.1", 3, "\n9\n", 26);
    let_go_on("2");
    assert_tail_at("a.1", 100, "8\n499\n500\n", 26 + 1892);
    let_go_on("3");
    scene_wait(&scene, 5000);
    assert_tail("a.1", 4, "500\n", 26 + 1892);
}

static void a_ring_that_is_not_full_joins_the_head(void **state)
{
    (void)state;
    send_capped("seq 1 7; " UNTIL("1"));
    assert_tail_at("a.1", 100, "1\n2\n3\n4\n5\n6\n7\n", 14);
    assert_tail("a.1", 8, "4\n5\n6\n7\n", 14);
    let_go_on("1");
    scene_wait(&scene, 5000);
    assert_tail("a.1", 8, "4\n5\n6\n7\n", 14);
}

/* The process that starts steps, as a step sees it. */
static pid_t supervisor_pid(const char *dir)
{
    scene_run(&scene, scene_sh(dir, "echo $PPID"));
    RB_AUTO_FREE char *said = scene_output(&scene, "out");
    return scene_pid(said);
}

static void what_the_disk_refuses_is_counted_as_lost(void **state)
{
    (void)state;
    const struct rlimit tight = {10000, RLIM_INFINITY};
    assert_int_equal(prlimit(supervisor_pid("a.1"), RLIMIT_FSIZE, &tight, NULL), 0);
    scene_run(&scene, scene_sh("a.2", "seq 1 5000; exit 3"));
    assert_int_equal(rb_value_get_int(scene.outcome, "exit", -1), 3);
    assert_int_equal(of_out("bytes") + of_out("lost"), 23893);
    assert_true(of_out("bytes") <= 10000);
    RB_AUTO_FREE char *got = scene_output(&scene, "out"), *all = numbers(5000);
    assert_memory_equal(got, all, (size_t)of_out("bytes"));
}

static void assert_digest_holds(void)
{
    struct rb_error err;
    const struct rb_value *out = rb_value_get(scene.outcome, "out");
    if (!rb_blob_verify(scene.run.dir, rb_blob_hex(out), of_out("bytes"), &err))
        fail_msg("%s", err.message);
}

static long resident_kib(pid_t pid)
{
    char path[64];
    RB_AUTO_BUF struct rb_buf text = {0};
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    assert_true(rb_file_read(-1, path, 1 << 16, &text, NULL));
    const char *line = strstr(text.data, "VmHWM:");
    return line ? strtol(line + 6, NULL, 10) : -1;
}

static rb_time plain_cat(const char *from, const char *to)
{
    rb_time before = rb_clock_mono();
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen(to, "w", stdout))
            _exit(1);
        execlp("cat", "cat", from, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    return rb_clock_mono() - before;
}

static void much_output_takes_little_memory(void **state)
{
    (void)state;
    enum { MB = 200 };
    char from[128], to[128], script[256];
    snprintf(from, sizeof from, "%s/from", scene.path);
    snprintf(to, sizeof to, "%s/to", scene.path);
    snprintf(script, sizeof script, "head -c %dM /dev/urandom > %s", MB, from);
    pid_t pid = supervisor_pid("a.1");
    scene_run(&scene, scene_sh("a.2", script));
    long before = resident_kib(pid);
    rb_time cat = plain_cat(from, to);

    scene_run(&scene, scene_with(scene_exec("a.3", "cat", from, NULL), "cap_bytes",
                                 rb_value_int(INT64_C(1) << 30)));
    int64_t all = rb_value_get_int(scene.outcome, "duration_us", -1);
    assert_int_equal(of_out("bytes"), (int64_t)MB << 20);
    assert_int_equal(of_out("lost"), 0);
    assert_digest_holds();
    scene_run(&scene, scene_with(scene_exec("a.5", "cat", from, NULL), "cap_bytes",
                                 rb_value_int(8 << 20)));
    int64_t capped = rb_value_get_int(scene.outcome, "duration_us", -1);
    assert_int_equal(of_out("lost"), ((int64_t)MB - 8) << 20);
    assert_digest_holds();
    print_message("%d MB: cat %lld ms, kept %lld ms, capped %lld ms\n", MB,
                  (long long)(cat / RB_MS), (long long)(all / RB_MS),
                  (long long)(capped / RB_MS));
    assert_true(resident_kib(pid) - before < 8192);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_head_and_the_tail_of_much_output_are_kept),
        CASE(the_ring_leaves_no_file_behind),
        CASE(a_short_answer_needs_no_file_and_a_long_one_loses_nothing),
        CASE(a_long_answer_without_a_folder_is_lost_and_counted),
        CASE(any_bytes_are_kept_as_they_are),
        CASE(a_digest_is_that_of_the_bytes),
        CASE(both_streams_are_read_at_the_same_time),
        CASE(the_end_of_a_stream_can_be_shown_while_it_runs_and_later),
        CASE(a_ring_that_is_not_full_joins_the_head),
        CASE(what_the_disk_refuses_is_counted_as_lost),
        CASE(much_output_takes_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
