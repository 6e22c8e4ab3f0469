#include "effects/supervisor_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/guarded.h"
#include "effects/clock.h"
#include "effects/ending.h"
#include "effects/frame.h"
#include "effects/notes.h"
#include "effects/outcome.h"

enum { BUFFER = 256 << 10 };

struct supervisor {
    struct rb_child_place place;
    struct rb_family family;
    int listener, signals, timer;
    int peer;              /* the interpreter; -1: none */
    struct rb_buf in, out; /* what came from it, what waits for it */
    rb_time armed;         /* what the timer stands at */
    bool reaped;           /* some process ended since the last look */
    char *buffer;
    struct pollfd *polls;
    size_t poll_count, poll_capacity;
};

static void drop_peer(struct supervisor *s)
{
    close(s->peer);
    s->peer = -1;
    rb_buf_done(&s->in);
    rb_buf_done(&s->out);
    /* What only looked at the world is of no use to the next interpreter: it looks again. */
    for (size_t i = 0; i < s->family.count; i++) {
        struct rb_child *child = s->family.children[i];
        if (child->is_write || child->unwanted)
            continue;
        rb_child_disown(child, &s->place);
        rb_ending_begin(&s->family, child, "request", rb_clock_mono());
    }
}

static void flush(struct supervisor *s)
{
    while (s->peer >= 0 && s->out.length > 0) {
        ssize_t put =
            send(s->peer, s->out.data, s->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno != EAGAIN)
            drop_peer(s);
        if (put <= 0)
            return;
        rb_buf_drop(&s->out, (size_t)put);
    }
}

static void tell(struct supervisor *s, const struct rb_value *owned)
{
    if (s->peer >= 0)
        rb_frame_put(&s->out, owned);
    rb_value_unref(owned);
    flush(s);
}

static void tell_settled(struct supervisor *s, const char *dir,
                         const struct rb_value *owned)
{
    tell(s, rb_value_map("settled", rb_value_text(dir), "outcome", owned, NULL));
}

/* The next interpreter is greeted only when all that the one before it had sent is served. */
static void accept_peer(struct supervisor *s)
{
    struct rb_list_builder running = {0};
    s->peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s->peer < 0)
        return;
    for (size_t i = 0; i < s->family.count; i++) {
        if (!s->family.children[i]->unwanted)
            rb_list_add(&running, rb_value_text(s->family.children[i]->dir));
    }
    tell(s, rb_value_map("running", rb_list_end(&running), NULL));
}

static void run(struct supervisor *s, const struct rb_value *request)
{
    struct rb_child *child;
    const struct rb_value *outcome;
    if (rb_child_start(&s->place, request, &child, &outcome))
        rb_family_add(&s->family, child);
    else
        tell_settled(s, rb_value_get_text(request, "dir", ""), outcome);
}

static void obey(struct supervisor *s, const struct rb_value *message)
{
    const struct rb_value *request = rb_value_get(message, "run");
    const char *dir = rb_value_get_text(message, "end", NULL);
    struct rb_child *child = dir ? rb_family_find(&s->family, dir) : NULL;
    if (request)
        run(s, request);
    if (child)
        rb_ending_begin(&s->family, child, "request", rb_clock_mono());
}

/* Streams under way change over: what they print from here on may have the new one in it. */
static void renew_redactor(struct supervisor *s)
{
    struct rb_redactor *before = s->place.redactor;
    s->place.redactor = rb_redactor_new(&s->place.secrets);
    for (size_t i = 0; i < s->family.count; i++) {
        rb_output_redact(&s->family.children[i]->out, s->place.redactor);
        rb_output_redact(&s->family.children[i]->err, s->place.redactor);
    }
    rb_redactor_free(before);
}

/* The value stands behind the message; the rest of it comes at once. */
static bool take_secret(struct supervisor *s, const struct rb_value *message)
{
    int64_t length = rb_value_get_int(message, "bytes", -1);
    if (length < 0 || length > RB_SECRET_MOST)
        return false;
    size_t count = (size_t)length, here = s->in.length < count ? s->in.length : count;
    char *bytes = rb_guarded_alloc(count);
    memcpy(bytes, rb_buf_text(&s->in), here);
    rb_buf_drop(&s->in, here);
    explicit_bzero(s->in.data + s->in.length, s->in.capacity - s->in.length);
    explicit_bzero(s->buffer, BUFFER);
    bool good = rb_frame_read_bytes(s->peer, bytes + here, count - here, NULL);
    if (good) {
        prctl(PR_SET_DUMPABLE, 0);
        rb_secrets_put(&s->place.secrets, rb_value_get_text(message, "secret", ""), bytes,
                       count, rb_value_get_bool(message, "unmasked", false));
        renew_redactor(s);
    }
    rb_guarded_free(bytes, count);
    return good;
}

/* False when it sent rubbish. */
static bool obey_all(struct supervisor *s)
{
    for (;;) {
        const struct rb_value *message;
        if (!rb_frame_take(&s->in, &message, NULL))
            return false;
        if (!message)
            return true;
        bool good = !rb_value_get(message, "secret") || take_secret(s, message);
        obey(s, message);
        rb_value_unref(message);
        if (!good)
            return false;
    }
}

static void serve_peer(struct supervisor *s)
{
    ssize_t got = recv(s->peer, s->buffer, BUFFER, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        rb_buf_append(&s->in, s->buffer, (size_t)got);
    if (got <= 0 || !obey_all(s))
        drop_peer(s);
}

static void settle(struct supervisor *s, struct rb_child *child)
{
    rb_output_drain(&child->out, s->buffer, BUFFER);
    rb_output_drain(&child->err, s->buffer, BUFFER);
    const struct rb_value *outcome = rb_child_settle(child, &s->place);
    if (outcome)
        tell_settled(s, child->dir, outcome);
    rb_family_remove(&s->family, child);
    rb_child_free(child);
}

static void advance(struct supervisor *s)
{
    rb_time now = rb_clock_mono();
    if (s->family.count > 0 && now >= s->family.look)
        rb_family_count(&s->family, now);
    for (size_t i = s->family.count; i-- > 0;) {
        struct rb_child *child = s->family.children[i];
        if ((s->reaped || now >= child->deadline) &&
            rb_ending_advance(&s->family, child, now))
            settle(s, child);
    }
    s->reaped = false;
}

static void arm_timer(struct supervisor *s)
{
    rb_time next = s->family.count > 0 ? s->family.look : INT64_MAX;
    for (size_t i = 0; i < s->family.count; i++) {
        if (s->family.children[i]->deadline < next)
            next = s->family.children[i]->deadline;
    }
    if (next == INT64_MAX || next == s->armed)
        return;
    const struct itimerspec at = {
        .it_value = {.tv_sec = next / RB_SEC, .tv_nsec = next % RB_SEC * 1000}};
    timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &at, NULL);
    s->armed = next;
}

static void add_poll(struct supervisor *s, int fd, short events)
{
    RB_GROW(s->polls, s->poll_count, s->poll_capacity);
    s->polls[s->poll_count++] = (struct pollfd){.fd = fd, .events = events};
}

/* Signals, timer and peer at first, then two of each child: poll passes over negative ones. */
enum { POLL_SIGNALS, POLL_TIMER, POLL_PEER, POLL_CHILDREN };

static void wait_for_something(struct supervisor *s)
{
    s->poll_count = 0;
    add_poll(s, s->signals, POLLIN);
    add_poll(s, s->timer, POLLIN);
    short wanted = s->out.length > 0 ? POLLIN | POLLOUT : POLLIN;
    add_poll(s, s->peer >= 0 ? s->peer : s->listener, wanted);
    for (size_t i = 0; i < s->family.count; i++) {
        add_poll(s, s->family.children[i]->out.pipe, POLLIN);
        add_poll(s, s->family.children[i]->err.pipe, POLLIN);
    }
    while (poll(s->polls, s->poll_count, -1) < 0 && errno == EINTR)
        continue;
}

static void read_outputs(struct supervisor *s)
{
    for (size_t i = 0; i < s->family.count; i++) {
        struct rb_child *child = s->family.children[i];
        if (s->polls[POLL_CHILDREN + 2 * i].revents)
            rb_output_read(&child->out, s->buffer, BUFFER);
        if (s->polls[POLL_CHILDREN + 2 * i + 1].revents)
            rb_output_read(&child->err, s->buffer, BUFFER);
    }
}

static void read_signals(struct supervisor *s)
{
    struct signalfd_siginfo info[8];
    uint64_t expirations;
    /* That they are there is all they say. */
    if (s->polls[POLL_TIMER].revents) {
        (void)!read(s->timer, &expirations, sizeof expirations);
        s->armed = 0;
    }
    if (s->polls[POLL_SIGNALS].revents) {
        (void)!read(s->signals, info, sizeof info);
        rb_family_reap(&s->family);
        s->reaped = true;
    }
}

static void work(struct supervisor *s)
{
    for (;;) {
        if (s->peer < 0)
            accept_peer(s);
        if (s->peer < 0 && s->family.count == 0)
            return;
        arm_timer(s);
        wait_for_something(s);
        read_outputs(s);
        read_signals(s);
        advance(s);
        if (s->peer >= 0 && s->polls[POLL_PEER].revents) {
            flush(s);
            serve_peer(s);
        }
    }
}

/* Keeps two descriptors, above those of standard input and output. */
static void close_others(int *a, int *b)
{
    *a = fcntl(*a, F_DUPFD_CLOEXEC, 3);
    *b = fcntl(*b, F_DUPFD_CLOEXEC, 3);
    unsigned low = (unsigned)(*a < *b ? *a : *b), high = (unsigned)(*a < *b ? *b : *a);
    if (low > 3)
        close_range(3, low - 1, 0);
    if (high > low + 1)
        close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
}

static bool open_null(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return false;
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
    return true;
}

/* Nothing that is meant for the interpreter, its terminal or its session ends the supervisor. */
static void set_signals(void)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP,
                                  SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGALRM, SIGXFSZ};
    sigset_t child;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    for (size_t i = 0; i < RB_COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child, NULL);
}

static bool open_all(struct supervisor *s)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    s->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    s->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    s->place.steps = openat(s->place.run_dir, "steps", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s->signals >= 0 && s->timer >= 0 && s->place.steps >= 0 &&
           fcntl(s->listener, F_SETFL, O_NONBLOCK) == 0 &&
           prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

_Noreturn void rb_supervisor_main(int listener, int run_dir)
{
    char boot_id[RB_BOOT_ID + 1];
    close_others(&listener, &run_dir);
    struct supervisor s = {.place = {.run_dir = run_dir, .boot_id = boot_id},
                           .listener = listener,
                           .peer = -1,
                           .buffer = rb_alloc(BUFFER)};
    prctl(PR_SET_NAME, "rb-supervisor");
    set_signals();
    if (!open_null() || !open_all(&s) || !rb_note_boot_id(boot_id, NULL))
        _exit(1);
    rb_note_supervisor(run_dir, boot_id);
    work(&s);
    rb_redactor_free(s.place.redactor);
    rb_secrets_done(&s.place.secrets);
    _exit(0);
}
