#include "effects/keygen.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "effects/loop.h"

enum { OUTPUT_MAX = 65536, HANDLES = 5 };

struct rb_keygen {
    uv_process_t process;
    uv_pipe_t input, output, errors;
    uv_timer_t timer;
    uv_write_t write;
    rb_keygen_done *done; /* NULL: nobody waits for it any more */
    void *context;
    const char *program;
    struct rb_buf said, given;
    int code, limit_ms;
    bool person, running, closing;
    bool begun;  /* there is a handle of the process */
    int reading; /* outputs that are open */
    int open_handles;
};

static void closed(uv_handle_t *handle)
{
    struct rb_keygen *keygen = handle->data;
    if (--keygen->open_handles > 0)
        return;
    rb_buf_done(&keygen->said);
    rb_buf_done(&keygen->given);
    free(keygen);
}

/* In a session of its own all of it ends; one that has our terminal is in ours. */
static void end_process(struct rb_keygen *keygen)
{
    if (keygen->running)
        kill(keygen->person ? keygen->process.pid : -keygen->process.pid, SIGKILL);
}

static void finish(struct rb_keygen *keygen)
{
    uv_handle_t *const handles[HANDLES] = {
        (uv_handle_t *)&keygen->input, (uv_handle_t *)&keygen->output,
        (uv_handle_t *)&keygen->errors, (uv_handle_t *)&keygen->timer,
        (uv_handle_t *)&keygen->process};
    if (keygen->closing)
        return;
    keygen->closing = true;
    end_process(keygen);
    rb_keygen_done *done = keygen->done;
    keygen->done = NULL;
    if (done)
        done(keygen->context, keygen->code, &keygen->said);
    for (int i = 0; i < HANDLES - !keygen->begun; i++) {
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], closed);
    }
}

static void say(struct rb_keygen *keygen, const char *what)
{
    keygen->code = -1;
    rb_buf_clear(&keygen->said);
    rb_buf_printf(&keygen->said, "%s %s", keygen->program, what);
}

static void finish_when_over(struct rb_keygen *keygen)
{
    if (!keygen->running && keygen->reading == 0)
        finish(keygen);
}

static void exited(uv_process_t *process, int64_t status, int number)
{
    struct rb_keygen *keygen = process->data;
    keygen->running = false;
    keygen->code = (int)status;
    if (number)
        say(keygen, "was ended by a signal");
    finish_when_over(keygen);
}

static void time_is_up(uv_timer_t *timer)
{
    struct rb_keygen *keygen = timer->data;
    char what[128];
    snprintf(what, sizeof what, "took longer than %d s, and was ended%s",
             keygen->limit_ms / 1000,
             keygen->person ? ": is there a key to be touched, an agent to be unlocked?"
                            : "");
    say(keygen, what);
    finish(keygen);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)handle;
    *ret_buf = uv_buf_init(rb_alloc(suggested), (unsigned)suggested);
}

static void got(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct rb_keygen *keygen = stream->data;
    if (count > 0 && keygen->said.length < OUTPUT_MAX)
        rb_buf_append(&keygen->said, buf->base, (size_t)count);
    free(buf->base);
    if (count >= 0)
        return;
    uv_read_stop(stream);
    keygen->reading--;
    finish_when_over(keygen);
}

/* Not from within the start of it. */
static void never_started(uv_timer_t *timer)
{
    finish(timer->data);
}

/* A reader that has gone is told by its exit. */
static void written(uv_write_t *request, int status)
{
    struct rb_keygen *keygen = request->data;
    (void)status;
    if (!uv_is_closing((uv_handle_t *)&keygen->input))
        uv_close((uv_handle_t *)&keygen->input, closed);
}

static bool keep(const struct rb_buf *bytes, int *ret_fd)
{
    RB_AUTO_CLOSE int fd = memfd_create("runbook", MFD_CLOEXEC);
    if (fd < 0 || !rb_file_write_all(fd, rb_buf_text(bytes), bytes->length, NULL) ||
        lseek(fd, 0, SEEK_SET) != 0)
        return false;
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}

/* Times without a zone are those of UTC, here and everywhere; what decides takes nothing else from
 * whoever runs it. */
static char **surroundings(bool asks)
{
    static const char *const always[] = {"PATH", "HOME"};
    static const char *const asking[] = {
        "SSH_AUTH_SOCK",   "SSH_ASKPASS",     "SSH_ASKPASS_REQUIRE", "DISPLAY",
        "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "SSH_SK_PROVIDER",     "TERM"};
    char **env = rb_alloc((RB_COUNT(always) + RB_COUNT(asking) + 3) * sizeof *env);
    size_t count = 0;
    env[count++] = rb_strdup("TZ=UTC");
    env[count++] = rb_strdup("LC_ALL=C");
    for (size_t i = 0; i < RB_COUNT(always) + (asks ? RB_COUNT(asking) : 0); i++) {
        const char *name = i < RB_COUNT(always) ? always[i] : asking[i - RB_COUNT(always)];
        struct rb_buf entry = {0};
        if (!getenv(name))
            continue;
        rb_buf_printf(&entry, "%s=%s", name, getenv(name));
        env[count++] = rb_buf_take(&entry);
    }
    return env;
}

static int spawn(struct rb_keygen *keygen, uv_loop_t *loop,
                 const struct rb_keygen_call *call, const int *fds, int fd_count)
{
    char **env = surroundings(call->agent || call->person);
    uv_stdio_container_t stdio[3 + RB_KEYGEN_FILES] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
         .data.stream = (uv_stream_t *)&keygen->input},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&keygen->output},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&keygen->errors},
    };
    /* What it asks for has to be seen by whoever it asks. */
    if (call->person)
        stdio[2] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO};
    for (int i = 0; i < fd_count; i++)
        stdio[3 + i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = fds[i]};
    const uv_process_options_t options = {.exit_cb = exited,
                                          .file = call->argv[0],
                                          .args = (char **)call->argv,
                                          .env = env,
                                          .flags = call->person ? 0 : UV_PROCESS_DETACHED,
                                          .stdio_count = 3 + fd_count,
                                          .stdio = stdio};
    keygen->open_handles++;
    keygen->begun = true;
    int code = uv_spawn(loop, &keygen->process, &options);
    for (char **entry = env; *entry; entry++)
        free(*entry);
    free(env);
    return code;
}

static int start(struct rb_keygen *keygen, uv_loop_t *loop,
                 const struct rb_keygen_call *call)
{
    int fds[RB_KEYGEN_FILES], count = 0, code = 0;
    while (count < RB_KEYGEN_FILES && call->files[count] && code == 0) {
        if (keep(call->files[count], &fds[count]))
            count++;
        else
            code = UV_EIO;
    }
    if (code == 0)
        code = spawn(keygen, loop, call, fds, count);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    return code;
}

struct rb_keygen *rb_keygen_start(uv_loop_t *loop, const struct rb_keygen_call *call,
                                  rb_keygen_done *done, void *context)
{
    struct rb_keygen *keygen = rb_alloc(sizeof *keygen);
    *keygen = (struct rb_keygen){.done = done,
                                 .context = context,
                                 .program = call->argv[0],
                                 .limit_ms = call->limit_ms,
                                 .person = call->person,
                                 .open_handles = HANDLES - 1}; /* less the process */
    uv_pipe_init(loop, &keygen->input, 0);
    uv_pipe_init(loop, &keygen->output, 0);
    uv_pipe_init(loop, &keygen->errors, 0);
    uv_timer_init(loop, &keygen->timer);
    keygen->process.data = keygen->input.data = keygen->output.data = keygen;
    keygen->errors.data = keygen->timer.data = keygen->write.data = keygen;
    int code = start(keygen, loop, call);
    if (code < 0) {
        RB_AUTO_BUF struct rb_buf what = {0};
        rb_buf_printf(&what, "can't be started (%s): install openssh-client",
                      uv_strerror(code));
        say(keygen, rb_buf_text(&what));
        uv_timer_start(&keygen->timer, never_started, 0, 0);
        return keygen;
    }
    keygen->running = true;
    keygen->reading = call->person ? 1 : 2;
    rb_buf_append(&keygen->given, call->input, call->length);
    uv_buf_t bytes =
        uv_buf_init((char *)rb_buf_text(&keygen->given), (unsigned)call->length);
    uv_write(&keygen->write, (uv_stream_t *)&keygen->input, &bytes, 1, written);
    uv_read_start((uv_stream_t *)&keygen->output, allocate, got);
    if (!call->person)
        uv_read_start((uv_stream_t *)&keygen->errors, allocate, got);
    uv_timer_start(&keygen->timer, time_is_up, (uint64_t)call->limit_ms, 0);
    return keygen;
}

void rb_keygen_end(struct rb_keygen *keygen)
{
    if (!keygen)
        return;
    keygen->done = NULL;
    finish(keygen);
}

struct waiting {
    int code;
    struct rb_buf *output;
};

static void waited(void *context, int code, const struct rb_buf *output)
{
    struct waiting *waiting = context;
    waiting->code = code;
    rb_buf_append(waiting->output, output->data, output->length);
}

int rb_keygen_run(const struct rb_keygen_call *call, struct rb_buf *ret_output)
{
    struct waiting waiting = {-1, ret_output};
    struct rb_error err = {0};
    uv_loop_t loop;
    if (!rb_loop_init(&loop, &err)) {
        rb_buf_puts(ret_output, err.message);
        return -1;
    }
    rb_keygen_start(&loop, call, waited, &waiting);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return waiting.code;
}
