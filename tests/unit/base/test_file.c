#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char path[64];
    int fd;
};

static int enter(void **state)
{
    struct place *place = rb_alloc(sizeof *place);
    snprintf(place->path, sizeof place->path, "/tmp/rb-file-XXXXXX");
    if (!mkdtemp(place->path))
        return -1;
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return place->fd < 0 ? -1 : 0;
}

static int leave(void **state)
{
    static const char *const names[] = {"file", "other", "file.tmp",
                                        "fifo", "link",  "folder/file"};
    struct place *place = *state;
    for (size_t i = 0; i < RB_COUNT(names); i++)
        unlinkat(place->fd, names[i], 0);
    unlinkat(place->fd, "folder", AT_REMOVEDIR);
    close(place->fd);
    int result = rmdir(place->path);
    free(place);
    return result;
}

static int folder(void **state)
{
    return ((struct place *)*state)->fd;
}

static void expect_content(int dir_fd, const char *path, const char *content)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    if (!rb_file_read(dir_fd, path, 1000, &bytes, &err))
        fail_msg("%s", err.message);
    assert_string_equal(rb_buf_text(&bytes), content);
}

static void what_is_created_reads_back(void **state)
{
    RB_AUTO_FREE char *bytes = rb_alloc(300000);
    for (int i = 0; i < 300000; i++)
        bytes[i] = (char)(i * 31);
    assert_true(rb_file_create(folder(state), "file", bytes, 300000, true, NULL));
    RB_AUTO_BUF struct rb_buf again = {0};
    rb_buf_puts(&again, "before ");
    assert_true(rb_file_read(folder(state), "file", 300000, &again, NULL));
    assert_int_equal(again.length, 300007);
    assert_memory_equal(again.data, "before ", 7);
    assert_memory_equal(again.data + 7, bytes, 300000);

    struct stat info;
    assert_int_equal(fstatat(folder(state), "file", &info, 0), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void an_existing_file_is_not_created_again(void **state)
{
    struct rb_error err = {0};
    assert_true(rb_file_create(folder(state), "file", "old", 3, false, NULL));
    assert_false(rb_file_create(folder(state), "file", "new", 3, false, &err));
    assert_int_equal(err.sys, EEXIST);
    expect_content(folder(state), "file", "old");
}

static void a_durable_file_may_lie_in_another_folder(void **state)
{
    struct place *place = *state;
    char path[128];
    assert_int_equal(mkdirat(place->fd, "folder", 0700), 0);
    snprintf(path, sizeof path, "%s/folder/file", place->path);
    assert_true(rb_file_create(AT_FDCWD, path, "x", 1, true, NULL));
    expect_content(place->fd, "folder/file", "x");
    struct rb_error err = {0};
    assert_false(rb_file_create(place->fd, "missing/file", "x", 1, true, &err));
    assert_int_equal(err.sys, ENOENT);
}

static void a_file_over_the_cap_is_refused(void **state)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    assert_true(rb_file_create(folder(state), "file", "12345", 5, false, NULL));
    assert_true(rb_file_read(folder(state), "file", 5, &bytes, NULL));
    rb_buf_clear(&bytes);
    assert_false(rb_file_read(folder(state), "file", 4, &bytes, &err));
    assert_int_equal(err.code, RB_ERR_INVALID);
    assert_string_equal(err.message, "file is larger than 4 bytes");
    assert_int_equal(bytes.length, 0);
}

static void only_regular_files_are_read(void **state)
{
    struct place *place = *state;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
    assert_false(rb_file_read(place->fd, "fifo", 100, &bytes, &err));
    assert_string_equal(err.message, "fifo is not a regular file");
    assert_false(rb_file_read(AT_FDCWD, "/dev/zero", 100, &bytes, &err));
    assert_string_equal(err.message, "/dev/zero is not a regular file");
    assert_false(rb_file_read(place->fd, ".", 100, &bytes, &err));
    assert_string_equal(err.message, ". is not a regular file");
    assert_int_equal(bytes.length, 0);
}

static void a_missing_file_is_not_found(void **state)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    assert_false(rb_file_read(folder(state), "file\x1B", 100, &bytes, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    assert_string_equal(err.message, "cannot open file\\e: No such file or directory");
}

static void replacing_leaves_no_temporary_file(void **state)
{
    assert_true(rb_file_replace(folder(state), "file", "one", 3, NULL));
    expect_content(folder(state), "file", "one");
    assert_true(rb_file_replace(folder(state), "file", "second", 6, NULL));
    expect_content(folder(state), "file", "second");
    assert_int_equal(faccessat(folder(state), "file.tmp", F_OK, 0), -1);
}

static void replacing_writes_through_no_left_over_link(void **state)
{
    assert_true(rb_file_create(folder(state), "other", "safe", 4, false, NULL));
    assert_int_equal(symlinkat("other", folder(state), "file.tmp"), 0);
    assert_true(rb_file_replace(folder(state), "file", "new", 3, NULL));
    expect_content(folder(state), "other", "safe");
    expect_content(folder(state), "file", "new");
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    struct place *place = *state;
    struct rb_error err = {0};
    assert_int_equal(mkdirat(place->fd, "folder", 0700), 0);
    assert_false(rb_file_replace(place->fd, "folder", "x", 1, &err));
    assert_int_equal(err.sys, EISDIR);
    assert_int_equal(faccessat(place->fd, "folder.tmp", F_OK, 0), -1);
    RB_AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_false(rb_file_write_all(full, "x", 1, &err));
    assert_int_equal(err.sys, ENOSPC);
}

enum { SENT = 1000000 };

static char sent_byte(size_t at)
{
    return (char)(at * 2654435761u >> 13);
}

/* Ends with 0 if exactly the bytes sent arrive. */
static _Noreturn void receive(int fd)
{
    size_t at = 0;
    for (;;) {
        char piece[5000];
        usleep(100);
        ssize_t got = read(fd, piece, sizeof piece);
        if (got <= 0)
            _exit(at == SENT ? 0 : 1);
        for (ssize_t i = 0; i < got; i++) {
            if (piece[i] != sent_byte(at++))
                _exit(2);
        }
    }
}

enum { RINGS = 2000 };
static volatile sig_atomic_t rings;

/* Not for ever: where all is slow, nothing would be done between two of them. */
static void ring(int signal_number)
{
    (void)signal_number;
    if (++rings == RINGS)
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
}

/* A timer that interrupts the calls of this process every millisecond, or none: one that comes late
 * is nothing. */
static void set_alarm(bool on)
{
    struct sigaction action = {.sa_handler = on ? ring : SIG_IGN};
    struct itimerval timer = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};
    if (on)
        sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (!on)
        sigaction(SIGALRM, &action, NULL);
}

/* The pipe is full nearly always, and signals make the writes short or fail with EINTR. */
static void all_bytes_arrive_though_writes_are_interrupted(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        receive(ends[0]);
    }
    close(ends[0]);
    RB_AUTO_FREE char *bytes = rb_alloc(SENT);
    for (size_t i = 0; i < SENT; i++)
        bytes[i] = sent_byte(i);
    rings = 0;
    set_alarm(true);
    bool written = rb_file_write_all(ends[1], bytes, SENT, NULL);
    set_alarm(false);
    close(ends[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(written && rings > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_created_reads_back),
        IN_FOLDER(an_existing_file_is_not_created_again),
        IN_FOLDER(a_durable_file_may_lie_in_another_folder),
        IN_FOLDER(a_file_over_the_cap_is_refused),
        IN_FOLDER(only_regular_files_are_read),
        IN_FOLDER(a_missing_file_is_not_found),
        IN_FOLDER(replacing_leaves_no_temporary_file),
        IN_FOLDER(replacing_writes_through_no_left_over_link),
        IN_FOLDER(a_failed_write_leaves_nothing_behind),
        cmocka_unit_test(all_bytes_arrive_though_writes_are_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
