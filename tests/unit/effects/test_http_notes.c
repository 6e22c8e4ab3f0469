/* What the notes of a request tell whoever resumes, at each point at which it may end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "http_scene.h"

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

static const struct rb_value *write_of(const struct rb_value *owned)
{
    return http_with(owned, "class", rb_value_text("write"));
}

static const struct rb_value *silent(void)
{
    return write_of(http_to(&scene, "POST", "/raw?end=silence&bytes="));
}

static void assert_found(enum rb_found expected)
{
    const struct rb_value *outcome = NULL;
    assert_int_equal(rb_note_find(scene.run_dir, "a.1", true, &outcome), expected);
    if (expected == RB_FOUND_ENDED)
        assert_true(rb_value_equal(outcome, scene.outcome));
    rb_value_unref(outcome);
}

static void what_settled_is_found_with_its_outcome(void **state)
{
    (void)state;
    char boot[RB_BOOT_ID + 1];
    http_run(&scene, write_of(http_to(&scene, "POST", "/echo")));
    assert_status(&scene, 200);
    assert_true(http_has(&scene, "a.1", "started"));
    assert_found(RB_FOUND_ENDED);
    RB_AUTO_VALUE const struct rb_value *note = rb_note_read_started(scene.run_dir, "a.1");
    assert_true(rb_note_boot_id(boot, NULL));
    assert_string_equal(rb_value_get_text(note, "boot_id", ""), boot);
}

static void what_is_known_not_sent_has_no_note_of_a_start(void **state)
{
    (void)state;
    http_run(&scene, write_of(http_request("POST", "http://127.0.0.1:1/")));
    assert_error(&scene, "connect", "no");
    assert_false(http_has(&scene, "a.1", "started"));
    assert_found(RB_FOUND_ENDED);
}

static void what_is_in_doubt_is_an_outcome_too(void **state)
{
    (void)state;
    http_run(&scene, write_of(http_to(&scene, "POST", "/raw?end=reset&bytes=")));
    assert_error(&scene, "reset", "maybe");
    assert_true(http_has(&scene, "a.1", "started"));
    assert_found(RB_FOUND_ENDED);
}

static void nothing_is_sent_twice_under_one_name(void **state)
{
    (void)state;
    http_run(&scene, write_of(http_to(&scene, "POST", "/echo")));
    RB_AUTO_VALUE const struct rb_value *first = rb_note_read_exit(scene.run_dir, "a.1");
    http_run(&scene, write_of(http_to(&scene, "POST", "/echo")));
    assert_error(&scene, "unsent", "no");
    RB_AUTO_VALUE const struct rb_value *second = rb_note_read_exit(scene.run_dir, "a.1");
    assert_true(rb_value_equal(first, second));
    assert_int_equal(http_seen(&scene, "/echo"), 1);
}

static void a_read_leaves_no_folder(void **state)
{
    (void)state;
    http_run(&scene, http_to(&scene, "GET", "/echo"));
    assert_status(&scene, 200);
    assert_int_equal(faccessat(scene.run_dir, "steps/a.1", F_OK, 0), -1);
    http_run(&scene, http_request("GET", "http://127.0.0.1:1/"));
    assert_int_equal(faccessat(scene.run_dir, "steps/a.1", F_OK, 0), -1);
}

static void closing_ends_what_is_under_way_without_an_outcome(void **state)
{
    (void)state;
    http_send(&scene, silent());
    http_scene_detach(&scene);
    assert_found(RB_FOUND_UNSTARTED);
    http_scene_attach(&scene);
    http_send(&scene, silent());
    while (!http_has(&scene, "a.1", "started"))
        uv_run(&scene.loop, UV_RUN_ONCE);
    http_scene_detach(&scene);
    assert_found(RB_FOUND_DOUBT);
    assert_int_equal(scene.settled_count, 0);
}

static void close_in_settled(struct http_scene *closing, const struct rb_value *outcome)
{
    (void)outcome;
    rb_http_close(closing->http);
    closing->http = NULL;
}

static void it_may_be_closed_from_its_own_event(void **state)
{
    (void)state;
    scene.watch = close_in_settled;
    http_send(&scene, http_with(silent(), "dir", rb_value_text("b.1")));
    http_send(&scene, http_to(&scene, "GET", "/echo"));
    http_wait(&scene, 1);
    assert_status(&scene, 200);
}

/* A process of its own that sends `owned`, tells when `when` is true, and is then killed. */
static void kill_when(const struct rb_value *owned, bool (*when)(void))
{
    int ends[2];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    http_scene_detach(&scene);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        uv_loop_init(&scene.loop);
        http_scene_attach(&scene);
        http_send(&scene, owned);
        while (!when())
            uv_run(&scene.loop, UV_RUN_ONCE);
        if (write(ends[1], "", 1) != 1)
            _exit(1);
        uv_run(&scene.loop, UV_RUN_DEFAULT);
        _exit(0);
    }
    rb_value_unref(owned);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    http_scene_attach(&scene);
}

static bool has_started(void)
{
    return http_has(&scene, "a.1", "started");
}

static void one_that_was_killed_after_its_note_is_in_doubt(void **state)
{
    (void)state;
    kill_when(silent(), has_started);
    assert_found(RB_FOUND_DOUBT);
}

static int listener;

/* Its connection is there, its handshake isn't. */
static bool is_connected(void)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int fd =
        accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd >= 0;
}

static void one_that_was_killed_before_its_note_was_not_sent(void **state)
{
    (void)state;
    char url[64];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", ntohs(address.sin_port));
    kill_when(write_of(http_request("POST", url)), is_connected);
    close(listener);
    assert_found(RB_FOUND_UNSTARTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_settled_is_found_with_its_outcome, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_known_not_sent_has_no_note_of_a_start,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_doubt_is_an_outcome_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_sent_twice_under_one_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_read_leaves_no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_ends_what_is_under_way_without_an_outcome,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_may_be_closed_from_its_own_event, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_killed_after_its_note_is_in_doubt,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_killed_before_its_note_was_not_sent,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
