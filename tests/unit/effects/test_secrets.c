/* Secrets beside a request: the program gets them, what is kept of it has their names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "scene.h"

enum { PATIENCE_MS = 60000 };

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene_open(&scene);
    rb_secrets_put(&scene.secrets, "db", "hunter2secret", 13, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rb_secrets_done(&scene.secrets);
    scene_close(&scene);
    return 0;
}

static const struct rb_value *leaf(const char *name)
{
    return rb_value_map("$secret", rb_value_text(name), NULL);
}

static const struct rb_value *with_env(const struct rb_value *owned,
                                       const struct rb_value *owned_value)
{
    const struct rb_value *here = scene_with(owned, "cwd", rb_value_text(scene.path));
    return scene_with(
        here, "env",
        rb_value_map("PATH", rb_value_text("/usr/bin:/bin"), "SECRET", owned_value, NULL));
}

static void assert_output(const char *member, const char *expected)
{
    RB_AUTO_FREE char *got = scene_output(&scene, member);
    assert_string_equal(got, expected);
}

static void a_program_gets_it_and_its_output_has_the_name(void **state)
{
    (void)state;
    const struct rb_value *request = with_env(
        scene_sh("a.1", "test ${#SECRET} = 13; echo \"$?$SECRET\"; cat >&2"), leaf("db"));
    scene_run(&scene, scene_with(request, "stdin", leaf("db")));
    assert_output("out", "0[secret:db]\n");
    assert_output("err", "[secret:db]");
    const struct rb_value *out = rb_value_get(scene.outcome, "out");
    assert_int_equal(rb_value_get_int(out, "bytes", 0), 13);
}

static void its_notes_and_live_output_have_the_name(void **state)
{
    (void)state;
    scene_send(&scene, with_env(scene_sh("a.1", "printf \"<$SECRET>hunter2\";"
                                                "while ! test -e go; do sleep 0.01; done"),
                                leaf("db")));
    RB_AUTO_BUF struct rb_buf tail = {0};
    int64_t total = 0;
    while (total == 0) {
        rb_buf_clear(&tail);
        rb_supervisor_tail(scene.run.dir, "a.1", "out", 100, &tail, &total);
        scene_rest(&scene, 5);
    }
    assert_string_equal(rb_buf_text(&tail), "<[secret:db]>");
    RB_AUTO_CLOSE int go = openat(scene.run.dir, "go", O_CREAT | O_WRONLY, 0600);
    assert_true(go >= 0);
    scene_wait(&scene, PATIENCE_MS);
    assert_null(rb_value_get(scene.outcome, "killed"));
    assert_output("out", "<[secret:db]>hunter2");
}

static void one_that_was_not_handed_over_starts_nothing(void **state)
{
    (void)state;
    scene_run(&scene, with_env(scene_exec("a.1", "true", NULL), leaf("other")));
    assert_string_equal(rb_value_get_text(scene.outcome, "spawn_error", ""), "ENOKEY");
    assert_string_equal(rb_value_get_text(scene.outcome, "what", ""),
                        "the secret `other` is not here");
}

static void one_with_a_nul_is_no_variable(void **state)
{
    (void)state;
    rb_secrets_put(&scene.secrets, "key", "\0\1\2\3\4\5\6", 7, false);
    scene_run(&scene, with_env(scene_exec("a.1", "true", NULL), leaf("key")));
    assert_string_equal(rb_value_get_text(scene.outcome, "spawn_error", ""), "EINVAL");
    scene_run(&scene, scene_with(scene_exec("a.2", "cat", NULL), "stdin", leaf("key")));
    assert_output("out", "[secret:key]");
}

static const struct rb_value *file_of(const struct rb_value *owned)
{
    return rb_value_map(
        "file", rb_value_list(rb_value_text("a:"), owned, rb_value_text(":b"), NULL), NULL);
}

static void a_file_in_memory_has_it_among_texts(void **state)
{
    (void)state;
    scene_run(&scene, with_env(scene_sh("a.1", "cat $SECRET $SECRET; cat <$SECRET | wc -c;"
                                               "stat -Lc %a $SECRET; echo $SECRET"),
                               file_of(leaf("db"))));
    assert_output("out", "a:[secret:db]:b\na:[secret:db]:b\n18\n400\n/proc/self/fd/10\n");
    /* One of nothing at all, and one that has an end of its last line. */
    scene_run(&scene, with_env(scene_sh("a.2", "cat $SECRET | wc -c"),
                               rb_value_map("file", rb_value_list(NULL), NULL)));
    assert_output("out", "0\n");
    scene_run(
        &scene,
        with_env(scene_sh("a.3", "cat $SECRET | wc -c"),
                 rb_value_map("file", rb_value_list(rb_value_text("x\n"), NULL), NULL)));
    assert_output("out", "2\n");
}

static void a_file_whose_secret_is_not_here_starts_nothing(void **state)
{
    (void)state;
    scene_run(&scene, with_env(scene_exec("a.1", "true", NULL), file_of(leaf("other"))));
    assert_string_equal(rb_value_get_text(scene.outcome, "spawn_error", ""), "ENOKEY");
    assert_string_equal(rb_value_get_text(scene.outcome, "what", ""),
                        "the secret `other` is not here");
}

static void a_value_that_was_replaced_is_looked_for_as_well(void **state)
{
    (void)state;
    scene_run(&scene, with_env(scene_exec("a.1", "true", NULL), leaf("db")));
    rb_secrets_put(&scene.secrets, "db", "rotated-since", 13, false);
    scene_run(&scene,
              with_env(scene_sh("a.2", "echo \"$SECRET hunter2secret\""), leaf("db")));
    assert_output("out", "[secret:db] [secret:db]\n");
}

static void it_stays_with_the_supervisor_when_the_interpreter_is_gone(void **state)
{
    (void)state;
    scene_send(
        &scene,
        with_env(scene_sh("a.1", "while ! test -e go; do sleep 0.01; done; echo $SECRET"),
                 leaf("db")));
    scene_detach(&scene);
    rb_secrets_done(&scene.secrets);
    scene_attach(&scene);
    RB_AUTO_CLOSE int go = openat(scene.run.dir, "go", O_CREAT | O_WRONLY, 0600);
    assert_true(go >= 0);
    scene_wait(&scene, PATIENCE_MS);
    assert_string_equal(scene.settled, "a.1");
    assert_output("out", "[secret:db]\n");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_program_gets_it_and_its_output_has_the_name),
        CASE(its_notes_and_live_output_have_the_name),
        CASE(one_that_was_not_handed_over_starts_nothing),
        CASE(one_with_a_nul_is_no_variable),
        CASE(a_file_in_memory_has_it_among_texts),
        CASE(a_file_whose_secret_is_not_here_starts_nothing),
        CASE(a_value_that_was_replaced_is_looked_for_as_well),
        CASE(it_stays_with_the_supervisor_when_the_interpreter_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
