#include "fakes.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "effects/frame.h"

const struct rb_value *fake_job(int64_t time_us)
{
    const struct rb_value *item =
        rb_value_map("name", rb_value_text("x"), "kind", rb_value_text("verdict"), NULL);
    return rb_value_map("items", rb_value_list(item, NULL), "expect",
                        rb_value_map("exit", rb_value_list(rb_value_int(0), NULL), NULL),
                        "limits", rb_value_map("time_us", rb_value_int(time_us), NULL),
                        NULL);
}

const struct rb_value *fake_outcome(void)
{
    return rb_value_map(
        "items",
        rb_value_list(rb_value_map("name", rb_value_text("expect.exit"), "verdict",
                                   rb_value_text("holds"), NULL),
                      rb_value_map("name", rb_value_text("x"), "verdict",
                                   rb_value_text("fails"), "why",
                                   rb_value_textf("pid %d", (int)getpid()), NULL),
                      NULL),
        NULL);
}

bool fake_write(int fd, const struct rb_value *owned)
{
    RB_AUTO_VALUE const struct rb_value *value = owned;
    return rb_frame_write(fd, value, NULL);
}

int fake_stay(void)
{
    while (pause() != 0)
        continue;
    return 0;
}

int fake_honest(int fd, int run_dir)
{
    (void)run_dir;
    for (;;) {
        RB_AUTO_VALUE const struct rb_value *job = NULL;
        if (!rb_frame_read(fd, &job, NULL) || !job)
            return 0;
        if (!fake_write(fd, fake_outcome()))
            return 1;
    }
}

int fake_hangs(int fd, int run_dir)
{
    (void)fd, (void)run_dir;
    return fake_stay();
}

int fake_dies(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job;
    if (rb_frame_read(fd, &job, NULL))
        raise(SIGKILL);
    return 0;
}

int fake_gives_up(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job;
    if (rb_frame_read(fd, &job, NULL))
        fake_write(fd, rb_value_map("gave_up", rb_value_text("no descriptor left"), NULL));
    return 0;
}

int fake_misses(int fd, int run_dir)
{
    (void)run_dir;
    const struct rb_value *job;
    if (rb_frame_read(fd, &job, NULL))
        fake_write(fd, rb_value_map("gave_up", rb_value_text("there is no blob"), "missing",
                                    rb_value_bool(true), NULL));
    return 0;
}

static int write_rubbish(int fd, const char *bytes, size_t length)
{
    const struct rb_value *job;
    if (rb_frame_read(fd, &job, NULL))
        send(fd, bytes, length, MSG_NOSIGNAL);
    return fake_stay();
}

int fake_no_json(int fd, int run_dir)
{
    (void)run_dir;
    return write_rubbish(fd, "\x05\0\0\0hello", 9);
}

int fake_too_long(int fd, int run_dir)
{
    (void)run_dir;
    return write_rubbish(fd, "\xff\xff\xff\xff", 4);
}

const struct rb_value *fake_call(const char *program)
{
    const struct rb_value *argv = rb_value_list(rb_value_text(program), NULL);
    return rb_value_map("call", rb_value_text("sh.exec"), "req",
                        rb_value_map("argv", argv, NULL), NULL);
}

const struct rb_value *fake_request(const char *program)
{
    return rb_value_map("ask", rb_value_list(fake_call(program), NULL), NULL);
}

static bool write_verdict(int fd, const struct rb_value *why)
{
    return fake_write(
        fd,
        rb_value_map("items",
                     rb_value_list(rb_value_map("name", rb_value_text("expect.exit"),
                                                "verdict", rb_value_text("holds"), NULL),
                                   rb_value_map("name", rb_value_text("x"), "verdict",
                                                rb_value_text("fails"), "why", why, NULL),
                                   NULL),
                     NULL));
}

static long long exit_at(const struct rb_value *reply, size_t at)
{
    return (long long)rb_value_get_int(rb_value_at(rb_value_get(reply, "answers"), at),
                                       "exit", -1);
}

int fake_asks(int fd, int run_dir)
{
    (void)run_dir;
    for (;;) {
        RB_AUTO_VALUE const struct rb_value *job = NULL, *one = NULL, *two = NULL;
        if (!rb_frame_read(fd, &job, NULL) || !job)
            return 0;
        if (!fake_write(fd, fake_request("one")) || !rb_frame_read(fd, &one, NULL) ||
            !fake_write(fd, fake_request("two")) || !rb_frame_read(fd, &two, NULL))
            return 1;
        if (!write_verdict(fd,
                           rb_value_textf("%lld %lld %s", exit_at(one, 0), exit_at(two, 0),
                                          rb_value_get_text(two, "refused", ""))))
            return 1;
    }
}

int fake_asks_together(int fd, int run_dir)
{
    (void)run_dir;
    for (;;) {
        RB_AUTO_VALUE const struct rb_value *job = NULL, *reply = NULL;
        if (!rb_frame_read(fd, &job, NULL) || !job)
            return 0;
        const struct rb_value *both =
            rb_value_list(fake_call("one"), fake_call("two"), NULL);
        if (!fake_write(fd, rb_value_map("ask", both, NULL)) ||
            !rb_frame_read(fd, &reply, NULL))
            return 1;
        if (!write_verdict(fd, rb_value_textf("%lld %lld %s", exit_at(reply, 0),
                                              exit_at(reply, 1),
                                              rb_value_get_text(reply, "refused", ""))))
            return 1;
    }
}
