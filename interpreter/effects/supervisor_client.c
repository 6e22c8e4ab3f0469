#include "effects/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "effects/attach.h"
#include "effects/awaited.h"
#include "effects/frame.h"
#include "effects/notes.h"
#include "effects/orphans.h"

enum { PIECE = 65536 };

/* A connection; it is freed when the loop let go of it. */
struct link {
    uv_poll_t poll;
    uv_timer_t timer; /* for what is overdue */
    int fd;
    int open_handles;
};

struct rb_supervisor {
    uv_loop_t *loop;
    struct rb_supervisor_events events;
    int run_dir;
    struct link *link; /* NULL: the supervisor is gone */
    struct rb_buf in;
    struct rb_awaited_list awaited; /* the requests under way */
    size_t secrets;                 /* handed over to this one */
    bool same_boot;                 /* the notes are of this boot */
    int calling;                    /* depth of calls to the events */
    bool closed;                    /* by one of them: freed when they returned */
};

static void free_link(uv_handle_t *handle)
{
    struct link *link = handle->data;
    if (--link->open_handles == 0)
        free(link);
}

static void drop_link(struct rb_supervisor *supervisor)
{
    struct link *link = supervisor->link;
    if (!link)
        return;
    supervisor->link = NULL;
    rb_buf_done(&supervisor->in);
    link->poll.data = link->timer.data = link;
    uv_close((uv_handle_t *)&link->poll, free_link);
    uv_close((uv_handle_t *)&link->timer, free_link);
    close(link->fd);
}

static void free_supervisor(struct rb_supervisor *supervisor)
{
    rb_awaited_done(&supervisor->awaited);
    close(supervisor->run_dir);
    free(supervisor);
}

void rb_supervisor_close(struct rb_supervisor *supervisor)
{
    if (!supervisor)
        return;
    if (supervisor->link && supervisor->awaited.count == 0)
        rb_attach_remove(supervisor->run_dir);
    drop_link(supervisor);
    supervisor->closed = true;
    if (supervisor->calling == 0)
        free_supervisor(supervisor);
}

/* Calls to the events stand between these two: each may close the supervisor, or run more. */
static void enter(struct rb_supervisor *supervisor)
{
    supervisor->calling++;
}

static void leave(struct rb_supervisor *supervisor)
{
    if (--supervisor->calling == 0 && supervisor->closed)
        free_supervisor(supervisor);
}

/* What was asked for before it was lost, and not what is asked for on the way. */
static void lose(struct rb_supervisor *supervisor)
{
    struct rb_awaited_list awaited = supervisor->awaited;
    drop_link(supervisor);
    supervisor->awaited = (struct rb_awaited_list){0};
    for (size_t i = 0; i < awaited.count; i++) {
        if (!supervisor->closed)
            supervisor->events.lost(supervisor->events.context, awaited.items[i].dir);
    }
    rb_awaited_done(&awaited);
}

static void take_message(struct rb_supervisor *supervisor, const struct rb_value *message)
{
    const char *dir = rb_value_get_text(message, "settled", "");
    if (rb_awaited_remove(&supervisor->awaited, dir))
        supervisor->events.settled(supervisor->events.context, dir,
                                   rb_value_get(message, "outcome"));
}

/* False when it talks rubbish. A message may be the last: its receiver closes us, or finds the
 * supervisor gone and starts another. */
static bool take_messages(struct rb_supervisor *supervisor)
{
    const struct link *link = supervisor->link;
    while (supervisor->link == link) {
        const struct rb_value *message;
        if (!rb_frame_take(&supervisor->in, &message, NULL))
            return false;
        if (!message)
            return true;
        take_message(supervisor, message);
        rb_value_unref(message);
    }
    return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct rb_supervisor *supervisor = poll->data;
    char piece[PIECE];
    (void)events;
    /* libuv has let go of a descriptor that has an error. One that was killed with a request unread
     * leaves such a connection, with what it had answered before. */
    bool watched = status == 0 || uv_poll_start(poll, UV_READABLE, on_readable) == 0;
    ssize_t got = recv(supervisor->link->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (watched && got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    enter(supervisor);
    bool good = watched && got > 0;
    if (good) {
        rb_buf_append(&supervisor->in, piece, (size_t)got);
        supervisor->events.several(supervisor->events.context);
        good = take_messages(supervisor);
        supervisor->events.no_more(supervisor->events.context);
    }
    if (!good && supervisor->link)
        lose(supervisor);
    leave(supervisor);
}

/* It can't be told any more: that is noticed where we read, and its requests are then lost. */
static void hang_up(struct rb_supervisor *supervisor)
{
    shutdown(supervisor->link->fd, SHUT_RDWR);
}

static void overdue(uv_timer_t *timer);

static void arm(struct rb_supervisor *supervisor)
{
    uint64_t due = rb_awaited_due(&supervisor->awaited), now = uv_now(supervisor->loop);
    if (due == UINT64_MAX)
        uv_timer_stop(&supervisor->link->timer);
    else
        uv_timer_start(&supervisor->link->timer, overdue, due > now ? due - now : 0, 0);
}

/* A program may have stopped its own supervisor, which then keeps no limit. Going on, it does; who
 * does not go on is lost like one that was killed, and nothing says how its programs ended. */
static void overdue(uv_timer_t *timer)
{
    struct rb_supervisor *supervisor = timer->data;
    enum rb_overdue what = rb_awaited_look(&supervisor->awaited, uv_now(supervisor->loop));
    if (what == RB_OVERDUE_ROUSE)
        rb_note_signal_supervisor(supervisor->run_dir, SIGCONT);
    if (what == RB_OVERDUE_END) {
        rb_note_signal_supervisor(supervisor->run_dir, SIGKILL);
        hang_up(supervisor);
    } else {
        arm(supervisor);
    }
}

static bool make_link(struct rb_supervisor *supervisor, int fd, struct rb_error *err)
{
    struct link *link = rb_alloc(sizeof *link);
    link->fd = fd;
    int code = uv_poll_init(supervisor->loop, &link->poll, fd);
    if (code < 0) {
        free(link);
        close(fd);
        return rb_fail(err, RB_ERR_IO, "the supervisor can't be polled: %s",
                       uv_strerror(code));
    }
    uv_timer_init(supervisor->loop, &link->timer);
    link->open_handles = 2;
    link->poll.data = link->timer.data = supervisor;
    supervisor->link = link;
    code = uv_poll_start(&link->poll, UV_READABLE, on_readable);
    if (code == 0)
        return true;
    drop_link(supervisor);
    return rb_fail(err, RB_ERR_IO, "the supervisor can't be polled: %s", uv_strerror(code));
}

static bool attach(struct rb_supervisor *supervisor, struct rb_error *err)
{
    int fd;
    RB_AUTO_VALUE const struct rb_value *running = NULL;
    if (!rb_attach(supervisor->run_dir, &fd, &running, err) ||
        !make_link(supervisor, fd, err))
        return false;
    supervisor->secrets = 0;
    for (size_t i = 0; i < rb_value_count(running); i++)
        rb_awaited_add(&supervisor->awaited, rb_value_as_text(rb_value_at(running, i), ""));
    return true;
}

bool rb_supervisor_open(uv_loop_t *loop, const struct rb_run *run,
                        const struct rb_supervisor_events *events,
                        struct rb_supervisor **ret_supervisor, struct rb_error *err)
{
    int run_dir = fcntl(run->dir, F_DUPFD_CLOEXEC, 3);
    if (run_dir < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the run's folder can't be held");
    struct rb_supervisor *supervisor = rb_alloc(sizeof *supervisor);
    supervisor->loop = loop;
    supervisor->events = *events;
    supervisor->run_dir = run_dir;
    if (rb_note_same_boot(run_dir, &supervisor->same_boot, err) &&
        attach(supervisor, err)) {
        *ret_supervisor = supervisor;
        return true;
    }
    free_supervisor(supervisor);
    return false;
}

/* It has its time from now on: the loop may have been busy since it looked at the clock. */
static void expect(struct rb_supervisor *supervisor, const struct rb_value *request)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    struct rb_awaited *one = rb_awaited_find(&supervisor->awaited, dir);
    uv_update_time(supervisor->loop);
    if (one)
        rb_awaited_limit(one, request, uv_now(supervisor->loop));
    arm(supervisor);
}

/* From the first request of this boot on, the notes tell what became of each. */
static bool trust_notes(struct rb_supervisor *supervisor, struct rb_error *err)
{
    if (!supervisor->same_boot && !rb_note_boot(supervisor->run_dir, err))
        return false;
    supervisor->same_boot = true;
    return true;
}

static bool hand_over(struct rb_supervisor *supervisor, const struct rb_secrets *secrets,
                      struct rb_error *err)
{
    for (; secrets && supervisor->secrets < secrets->count; supervisor->secrets++) {
        const struct rb_secret *secret = &secrets->items[supervisor->secrets];
        RB_AUTO_VALUE const struct rb_value *message =
            rb_value_map("secret", rb_value_text(secret->name), "bytes",
                         rb_value_int((int64_t)secret->length), "unmasked",
                         secret->unmasked ? rb_value_bool(true) : NULL, NULL);
        if (!rb_frame_write(supervisor->link->fd, message, err) ||
            !rb_frame_write_bytes(supervisor->link->fd, secret->bytes, secret->length, err))
            return false;
    }
    return true;
}

bool rb_supervisor_run(struct rb_supervisor *supervisor, const struct rb_value *request,
                       const struct rb_secrets *secrets, struct rb_error *err)
{
    struct rb_error gone;
    const char *dir = rb_value_get_text(request, "dir", "");
    if (!trust_notes(supervisor, err) || (!supervisor->link && !attach(supervisor, err)))
        return false;
    if (rb_awaited_find(&supervisor->awaited, dir))
        return rb_fail(err, RB_ERR_REFUSED, "%s is under way already", dir);
    rb_awaited_add(&supervisor->awaited, dir);
    expect(supervisor, request);
    RB_AUTO_VALUE const struct rb_value *message =
        rb_value_map("run", rb_value_ref(request), NULL);
    if (hand_over(supervisor, secrets, &gone) &&
        rb_frame_write(supervisor->link->fd, message, &gone))
        return true;
    if (gone.sys == 0) {
        rb_awaited_remove(&supervisor->awaited, dir);
        return rb_fail(err, gone.code, "%s", gone.message);
    }
    hang_up(supervisor);
    return true;
}

void rb_supervisor_end(struct rb_supervisor *supervisor, const char *dir)
{
    struct rb_error gone;
    struct rb_awaited *one = rb_awaited_find(&supervisor->awaited, dir);
    RB_AUTO_VALUE const struct rb_value *message =
        rb_value_map("end", rb_value_text(dir), NULL);
    if (!supervisor->link)
        return;
    if (one)
        rb_awaited_hurry(one, uv_now(supervisor->loop));
    arm(supervisor);
    rb_note_signal_supervisor(supervisor->run_dir, SIGCONT); /* whoever asks waits for it */
    if (!rb_frame_write(supervisor->link->fd, message, &gone))
        hang_up(supervisor);
}

enum rb_found rb_supervisor_find(struct rb_supervisor *supervisor,
                                 const struct rb_value *request, bool same_boot,
                                 const struct rb_value **ret_outcome)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    if (rb_awaited_find(&supervisor->awaited, dir)) {
        expect(supervisor, request);
        return RB_FOUND_RUNNING;
    }
    enum rb_found found = rb_note_find(supervisor->run_dir, dir, same_boot, ret_outcome);
    if (found == RB_FOUND_DOUBT)
        rb_orphans_end(supervisor->run_dir, dir);
    return found;
}

bool rb_supervisor_is_new(const struct rb_supervisor *supervisor, const char *dir)
{
    return !rb_awaited_find(&supervisor->awaited, dir) &&
           !rb_note_any(supervisor->run_dir, dir);
}
