#include "effects/vault_command.h"

#include <signal.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/guarded.h"
#include "base/secret.h"

enum { DEADLINE_MS = 30000, HANDLES = 3 };

struct rb_vault_command {
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t timer;
    rb_vault_command_done *done; /* NULL: nobody waits for it any more */
    void *context;
    char *bytes; /* guarded, one more than a value may have */
    size_t length;
    bool running, reading;
    int open_handles;
    char what[128]; /* what went wrong, or "" */
};

enum { ROOM = RB_SECRET_MOST + 1 };

static void closed(uv_handle_t *handle)
{
    struct rb_vault_command *command = handle->data;
    if (--command->open_handles > 0)
        return;
    rb_guarded_free(command->bytes, ROOM);
    free(command);
}

static void finish(struct rb_vault_command *command)
{
    rb_vault_command_done *done = command->done;
    uv_handle_t *const handles[HANDLES] = {(uv_handle_t *)&command->process,
                                           (uv_handle_t *)&command->pipe,
                                           (uv_handle_t *)&command->timer};
    if (command->running)
        kill(-command->process.pid, SIGKILL);
    for (int i = 0; i < HANDLES; i++)
        uv_close(handles[i], closed);
    command->done = NULL;
    if (done)
        done(command->context, command->bytes, command->length,
             *command->what ? command->what : NULL);
}

static void fail(struct rb_vault_command *command, const char *format, int number)
{
    if (!*command->what)
        snprintf(command->what, sizeof command->what, format, number);
}

static void finish_when_over(struct rb_vault_command *command)
{
    if (!command->running && !command->reading)
        finish(command);
}

/* What it left behind would hold the pipe open. */
static void exited(uv_process_t *process, int64_t status, int number)
{
    struct rb_vault_command *command = process->data;
    command->running = false;
    kill(-process->pid, SIGKILL);
    if (number)
        fail(command, "it was ended by signal %d", number);
    else if (status)
        fail(command, "it failed with exit code %d", (int)status);
    finish_when_over(command);
}

static void time_is_up(uv_timer_t *timer)
{
    struct rb_vault_command *command = timer->data;
    fail(command, "it took longer than %d s", DEADLINE_MS / 1000);
    finish(command);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct rb_vault_command *command = handle->data;
    (void)suggested;
    *ret_buf =
        uv_buf_init(command->bytes + command->length, (unsigned)(ROOM - command->length));
}

static void got(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct rb_vault_command *command = stream->data;
    (void)buf;
    if (count > 0)
        command->length += (size_t)count;
    if (count >= 0 && command->length < ROOM)
        return;
    if (count >= 0) {
        fail(command, "it printed more than %d KiB", RB_SECRET_MOST / 1024);
        finish(command);
        return;
    }
    uv_read_stop(stream);
    command->reading = false;
    finish_when_over(command);
}

/* Not from within the start of it. */
static void never_started(uv_timer_t *timer)
{
    finish(timer->data);
}

static char **env_of(const struct rb_value *surroundings)
{
    size_t count = rb_value_count(surroundings);
    char **env = rb_alloc((count + 1) * sizeof *env);
    for (size_t i = 0; i < count; i++) {
        struct rb_buf entry = {0};
        rb_buf_printf(&entry, "%s=%s",
                      rb_value_as_text(rb_value_key_at(surroundings, i), ""),
                      rb_value_as_text(rb_value_member_at(surroundings, i), ""));
        env[i] = rb_buf_take(&entry);
    }
    return env;
}

static int spawn(struct rb_vault_command *command, uv_loop_t *loop,
                 const struct rb_value *argv, const struct rb_value *surroundings,
                 const char *cwd)
{
    size_t count = rb_value_count(argv);
    RB_AUTO_FREE char **list = rb_alloc((count + 1) * sizeof *list);
    RB_AUTO_FREE char **env = env_of(surroundings);
    for (size_t i = 0; i < count; i++)
        list[i] = (char *)rb_value_as_text(rb_value_at(argv, i), "");
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&command->pipe},
        {.flags = UV_IGNORE},
    };
    const uv_process_options_t options = {.exit_cb = exited,
                                          .file = list[0],
                                          .args = list,
                                          .env = env,
                                          .cwd = cwd,
                                          .flags = UV_PROCESS_DETACHED,
                                          .stdio_count = 3,
                                          .stdio = stdio};
    int code = uv_spawn(loop, &command->process, &options);
    for (char **entry = env; *entry; entry++)
        free(*entry);
    return code;
}

struct rb_vault_command *rb_vault_command_start(uv_loop_t *loop,
                                                const struct rb_value *argv,
                                                const struct rb_value *surroundings,
                                                const char *cwd,
                                                rb_vault_command_done *done, void *context)
{
    struct rb_vault_command *command = rb_alloc(sizeof *command);
    command->done = done;
    command->context = context;
    command->bytes = rb_guarded_alloc(ROOM);
    command->open_handles = HANDLES;
    uv_pipe_init(loop, &command->pipe, 0);
    uv_timer_init(loop, &command->timer);
    command->process.data = command->pipe.data = command->timer.data = command;
    int code = spawn(command, loop, argv, surroundings, cwd);
    if (code < 0) {
        snprintf(command->what, sizeof command->what, "it can't be started: %s",
                 uv_strerror(code));
        uv_timer_start(&command->timer, never_started, 0, 0);
        return command;
    }
    command->running = command->reading = true;
    uv_read_start((uv_stream_t *)&command->pipe, allocate, got);
    uv_timer_start(&command->timer, time_is_up, DEADLINE_MS, 0);
    return command;
}

void rb_vault_command_end(struct rb_vault_command *command)
{
    if (!command)
        return;
    command->done = NULL;
    finish(command);
}
