#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"
#include "capture.h"
#include "scene.h"

static int setup(void **state)
{
    struct scene *scene = rb_alloc(sizeof *scene);
    scene_open(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    capture_abandon();
    if (scene->view)
        scene->view->ops->close(scene->view, scene->state, 0);
    scene_close(scene);
    free(scene);
    return 0;
}

static void the_first_line_names_format_and_version_and_each_event_is_one_line(void **state)
{
    struct scene *scene = *state;
    capture_begin(STDOUT_FILENO);
    scene->view = rb_view_json_new(&scene->options);
    scene_happen(scene, 0, "run.created", "{\"run\":\"r-20251122-230100-k3f7\"}");
    scene_happen(
        scene, 1500, "tail.recovered",
        "{\"bytes\":9007199254740991,\"x\":{\"$number\":\"0.5\"},\"y\":\"\\u001b\"}");
    assert_string_equal(
        capture_end(),
        "{\"format\":\"runbook.events\",\"version\":1,\"run\":\"r-20251122-230100-k3f7\"}\n"
        "{\"d\":{\"run\":\"r-20251122-230100-k3f7\"},\"seq\":0,"
        "\"t\":\"2025-11-22T23:01:00.000000Z\",\"type\":\"run.created\"}\n"
        "{\"d\":{\"bytes\":9007199254740991,\"x\":0.5,\"y\":\"\\u001b\"},\"seq\":1,"
        "\"t\":\"2025-11-22T23:01:00.001500Z\",\"type\":\"tail.recovered\"}\n");
}

/* Points standard output at something that fails, and counts what is said on standard error. */
static const char *said_about(struct scene *scene, int out)
{
    int saved = dup(STDOUT_FILENO);
    assert_true(dup2(out, STDOUT_FILENO) >= 0);
    close(out);
    capture_begin(STDERR_FILENO);
    scene->view = rb_view_json_new(&scene->options);
    for (int i = 0; i < 3; i++)
        scene_happen(scene, 0, "tail.recovered", "{\"bytes\":%d}", i);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    return capture_end();
}

static void a_full_disk_is_said_once_and_does_not_end_the_run(void **state)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_string_equal(
        said_about(*state, full),
        "runbook: standard output: No space left on device; the run goes on, "
        "its events are in the journal\n");
}

static void a_reader_that_went_away_is_said_once_and_does_not_end_the_run(void **state)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_string_equal(
        said_about(*state, ends[1]),
        "runbook: standard output: Broken pipe; the run goes on, its events "
        "are in the journal\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(the_first_line_names_format_and_version_and_each_event_is_one_line),
        TEST(a_full_disk_is_said_once_and_does_not_end_the_run),
        TEST(a_reader_that_went_away_is_said_once_and_does_not_end_the_run),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
