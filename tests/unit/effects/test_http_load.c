/* Many requests, large bodies, and files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "http_scene.h"

enum { LARGE = 50 << 20, PIECE = 1 << 20 };

static struct http_scene scene;

static int set_up(void **state)
{
    (void)state;
    http_scene_open(&scene, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_scene_close(&scene);
    return 0;
}

static int answered, connections;

static void count_answer(struct http_scene *of, const struct rb_value *outcome)
{
    (void)outcome;
    assert_status(of, 200);
    RB_AUTO_VALUE const struct rb_value *echo = http_json(of);
    connections += rb_value_get_int(echo, "turn", 0) == 1;
    answered++;
}

static void run_many(int count)
{
    answered = connections = 0;
    scene.watch = count_answer;
    for (int i = 0; i < count; i++)
        http_send(&scene, http_with(http_to(&scene, "GET", "/echo"), "dir",
                                    rb_value_textf("a.%d", i)));
    http_wait(&scene, count);
    scene.watch = NULL;
    assert_int_equal(answered, count);
}

static void connections_are_reused(void **state)
{
    (void)state;
    run_many(100);
    int first = connections;
    run_many(100);
    assert_true(first + connections <= 100);
}

static void a_thousand_at_once_are_answered(void **state)
{
    (void)state;
    run_many(1000);
}

static void with_few_descriptors_requests_wait_for_their_turn(void **state)
{
    (void)state;
    struct rlimit before, few;
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){64, before.rlim_max};
    http_scene_detach(&scene);
    setrlimit(RLIMIT_NOFILE, &few);
    http_scene_attach(&scene);
    run_many(200);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(connections <= 8);
}

static void a_request_that_waits_can_be_given_up(void **state)
{
    (void)state;
    struct rlimit before, few;
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){32, before.rlim_max};
    http_scene_detach(&scene);
    setrlimit(RLIMIT_NOFILE, &few);
    http_scene_attach(&scene);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 0; i < 9; i++)
        http_send(&scene, http_with(http_to(&scene, "GET", "/raw?end=silence&bytes="),
                                    "dir", rb_value_textf("a.%d", i)));
    rb_http_end(scene.http, "a.8");
    http_wait(&scene, 1);
    assert_string_equal(scene.settled, "a.8");
    assert_error(&scene, "ended", "no");
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Not under a sanitizer, which keeps what was freed. */
static void assert_flat(long before)
{
#ifdef __SANITIZE_ADDRESS__
    (void)before;
#else
    assert_true(peak_kb() - before < 16 << 10);
#endif
}

/* A file of LARGE bytes, and their digest. */
static void make_file(const char *path, char ret_hex[RB_DIGEST_HEX + 1])
{
    RB_AUTO_FREE char *piece = rb_alloc(PIECE);
    struct rb_digest *digest = rb_digest_new();
    RB_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    for (int i = 0; i < LARGE / PIECE; i++) {
        memset(piece, 'a' + i % 26, PIECE);
        assert_true(rb_file_write_all(fd, piece, PIECE, NULL));
        rb_digest_add(digest, piece, PIECE);
    }
    rb_digest_end(digest, ret_hex);
}

static void a_large_file_is_sent_with_little_memory(void **state)
{
    (void)state;
    char path[128], hex[RB_DIGEST_HEX + 1];
    snprintf(path, sizeof path, "%s/large", scene.path);
    make_file(path, hex);
    http_run(&scene, http_to(&scene, "PUT", "/digest"));
    long before = peak_kb();
    http_run(&scene, http_with(http_to(&scene, "PUT", "/digest"), "body",
                               rb_value_map("file", rb_value_text(path), NULL)));
    assert_status(&scene, 200);
    assert_flat(before);
    RB_AUTO_FREE char *body = http_body(&scene);
    assert_string_equal(body, hex);
}

static const struct rb_value *into(const struct rb_value *owned, const char *name)
{
    return http_with(owned, "to", rb_value_textf("%s/%s", scene.path, name));
}

static off_t size_of(const char *name)
{
    struct stat info;
    return fstatat(scene.run_dir, name, &info, 0) == 0 ? info.st_size : -1;
}

static void a_large_answer_goes_into_a_file_with_little_memory(void **state)
{
    (void)state;
    struct stat info;
    char hex[RB_DIGEST_HEX + 1];
    RB_AUTO_FREE char *zeros = rb_alloc(LARGE);
    rb_digest_of(zeros, LARGE, hex);
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=1"), "large"));
    long before = peak_kb();
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=%d", LARGE), "large"));
    assert_status(&scene, 200);
    assert_flat(before);
    assert_null(rb_value_get(scene.outcome, "out"));
    const struct rb_value *saved = rb_value_get(scene.outcome, "saved");
    assert_int_equal(rb_value_get_int(saved, "bytes", 0), LARGE);
    assert_string_equal(rb_value_get_text(saved, "digest", "sha256:") + 7, hex);
    assert_int_equal(fstatat(scene.run_dir, "large", &info, 0), 0);
    assert_int_equal(info.st_size, LARGE);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(size_of("large.a.1.part"), -1);
}

static void an_empty_answer_is_an_empty_file(void **state)
{
    (void)state;
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=0"), "empty"));
    assert_status(&scene, 200);
    assert_int_equal(size_of("empty"), 0);
}

static void only_a_whole_answer_takes_the_place_of_a_file(void **state)
{
    (void)state;
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=10"), "kept"));
    assert_int_equal(size_of("kept"), 10);
    http_run(&scene, into(http_to(&scene, "GET",
                                  "/raw?end=close&bytes=HTTP/1.1%%20200%%20So%%0d%%0a"
                                  "Content-Length:%%2099%%0d%%0a%%0d%%0ahalf"),
                          "kept"));
    assert_error(&scene, "short", "maybe");
    assert_int_equal(size_of("kept"), 10);
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?code=404&size=20"), "kept"));
    assert_status(&scene, 404);
    assert_int_equal(rb_value_get_int(rb_value_get(scene.outcome, "out"), "bytes", 0), 20);
    assert_int_equal(size_of("kept"), 10);
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=30"), "kept"));
    assert_int_equal(size_of("kept"), 30);
    assert_int_equal(size_of("kept.a.1.part"), -1);
}

static void a_file_that_can_not_be_written_is_an_error(void **state)
{
    (void)state;
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=10"), "no/such/folder"));
    assert_error(&scene, "file", "maybe");
    assert_int_equal(mkdirat(scene.run_dir, "folder", 0700), 0);
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=10"), "folder"));
    assert_error(&scene, "file", "maybe");
    assert_int_equal(size_of("folder.a.1.part"), -1);
}

static void a_full_disk_loses_no_byte_in_silence(void **state)
{
    (void)state;
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){100000, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    http_run(&scene, http_to(&scene, "GET", "/zeros?size=200000"));
    const struct rb_value *out = rb_value_get(scene.outcome, "out");
    int64_t bytes = rb_value_get_int(out, "bytes", 0);
    assert_status(&scene, 200);
    assert_int_equal(bytes + rb_value_get_int(out, "lost", 0), 200000);
    assert_true(bytes <= 100000);
    http_run(&scene, into(http_to(&scene, "GET", "/zeros?size=200000"), "large"));
    setrlimit(RLIMIT_FSIZE, &before);
    assert_error(&scene, "file", "maybe");
    assert_int_equal(size_of("large"), -1);
    assert_int_equal(size_of("large.a.1.part"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connections_are_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_thousand_at_once_are_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_few_descriptors_requests_wait_for_their_turn,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_waits_can_be_given_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_large_file_is_sent_with_little_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_large_answer_goes_into_a_file_with_little_memory,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_answer_is_an_empty_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_a_whole_answer_takes_the_place_of_a_file,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_can_not_be_written_is_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_no_byte_in_silence, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
