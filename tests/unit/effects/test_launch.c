#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "effects/launch.h"

/* Away from those that the program is given. */
enum { LEFT_OPEN = 50 };

/* What `ls` prints of its own descriptors; the folder that it reads takes one more. */
static void list(const struct rb_value *env, struct rb_buf *out)
{
    RB_AUTO_VALUE const struct rb_value *request = rb_value_map("env", env, NULL);
    RB_AUTO_VALUE const struct rb_value *argv =
        rb_value_list(rb_value_text("ls"), rb_value_text("/proc/self/fd"), NULL);
    static const struct rb_secrets none;
    struct rb_launch launch;
    struct rb_error err;
    RB_AUTO_BUF struct rb_buf path = {0};
    int ends[2], status;
    pid_t pid;
    assert_true(rb_launch_init(&launch, request, &none, &err));
    assert_true(rb_launch_find(&launch, "ls", &path, &err));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const int fds[] = {STDIN_FILENO, ends[1], STDERR_FILENO};
    assert_true(rb_launch_start(&launch, rb_buf_text(&path), argv, fds, &pid, &err));
    close(ends[1]);
    char bytes[256];
    for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
        rb_buf_append(out, bytes, (size_t)got);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    rb_launch_done(&launch);
}

/* A17. Of whoever starts it some may be left open by a mistake. */
static void a_program_has_no_other_descriptors(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf plain = {0}, with_file = {0};
    RB_AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int left = fcntl(null, F_DUPFD, LEFT_OPEN), low = fcntl(null, F_DUPFD, 3);
    assert_true(left >= LEFT_OPEN && low >= 3);
    list(rb_value_map("PATH", rb_value_text("/bin:/usr/bin"), NULL), &plain);
    assert_string_equal(rb_buf_text(&plain), "0\n1\n2\n3\n");
    const struct rb_value *parts = rb_value_list(rb_value_text("x"), NULL);
    list(rb_value_map("FILE", rb_value_map("file", parts, NULL), "PATH",
                      rb_value_text("/bin:/usr/bin"), NULL),
         &with_file);
    assert_string_equal(rb_buf_text(&with_file), "0\n1\n10\n2\n3\n");
    close(left);
    close(low);
}

/* What the entry behind it has under this name may be another program. */
static void what_an_entry_of_path_has_must_be_known(void **state)
{
    (void)state;
    static const char *const skipped[] = {"/nowhere", "/etc/passwd", "/etc"};
    static const struct rb_secrets none;
    char folder[] = "/tmp/rb-launch-XXXXXX", loop[64];
    assert_non_null(mkdtemp(folder));
    snprintf(loop, sizeof loop, "%s/loop", folder);
    assert_int_equal(symlink("loop", loop), 0);
    for (size_t i = 0; i <= RB_COUNT(skipped); i++) {
        bool known = i < RB_COUNT(skipped);
        RB_AUTO_BUF struct rb_buf entries = {0}, path = {0};
        rb_buf_printf(&entries, "%s:/usr/bin", known ? skipped[i] : loop);
        RB_AUTO_VALUE const struct rb_value *request = rb_value_map(
            "env", rb_value_map("PATH", rb_value_text(rb_buf_text(&entries)), NULL), NULL);
        struct rb_launch launch;
        struct rb_error err = {0};
        assert_true(rb_launch_init(&launch, request, &none, &err));
        assert_int_equal(rb_launch_find(&launch, "ls", &path, &err), known);
        assert_string_equal(rb_buf_text(&path), known ? "/usr/bin/ls" : "");
        if (!known)
            assert_non_null(strstr(err.message, "/loop/ls can't be executed: "));
        rb_launch_done(&launch);
    }
    unlink(loop);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_has_no_other_descriptors),
        cmocka_unit_test(what_an_entry_of_path_has_must_be_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
