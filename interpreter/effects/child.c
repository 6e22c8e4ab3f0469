#include "effects/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "effects/clock.h"
#include "effects/notes.h"
#include "effects/outcome.h"
#include "effects/sealed.h"

static const int64_t DEFAULT_CAP = INT64_C(256) << 20;

static bool is_name(const char *dir)
{
    return *dir && !strchr(dir, '/') && strcmp(dir, ".") != 0 && strcmp(dir, "..") != 0;
}

static bool check_request(const struct rb_value *request, struct rb_error *err)
{
    const struct rb_value *programs = rb_value_get(request, "programs");
    bool good =
        is_name(rb_value_get_text(request, "dir", "")) && rb_value_count(programs) > 0;
    for (size_t i = 0; i < rb_value_count(programs); i++)
        good &= rb_value_count(rb_value_at(programs, i)) > 0;
    if (good)
        return true;
    rb_fail(err, RB_ERR_PROTOCOL, "the request names no folder or no program");
    err->sys = EINVAL;
    return false;
}

static struct rb_child *make(const struct rb_value *request)
{
    struct rb_child *child = rb_alloc(sizeof *child);
    child->request = rb_value_ref(request);
    child->dir = rb_value_get_text(request, "dir", "");
    child->is_write = strcmp(rb_value_get_text(request, "class", "write"), "read") != 0;
    child->folder = child->note = -1;
    child->count = rb_value_count(rb_value_get(request, "programs"));
    child->programs = rb_alloc(child->count * sizeof *child->programs);
    rb_output_init(&child->out, -1, "out", 0);
    rb_output_init(&child->err, -1, "err", 0);
    return child;
}

void rb_child_free(struct rb_child *child)
{
    if (!child)
        return;
    rb_output_done(&child->out);
    rb_output_done(&child->err);
    rb_close_descriptor(&child->folder);
    free(child->programs);
    rb_value_unref(child->request);
    free(child);
}

static bool open_folder(struct rb_child *child, const struct rb_child_place *place,
                        struct rb_error *err)
{
    if (!rb_note_folder(place->steps, child->dir, &child->folder, err))
        return false;
    int64_t cap = rb_value_get_int(child->request, "cap_bytes", DEFAULT_CAP);
    rb_output_init(&child->out, child->folder, "out", cap);
    rb_output_init(&child->err, child->folder, "err", cap);
    rb_output_redact(&child->out, place->redactor);
    rb_output_redact(&child->err, place->redactor);
    return true;
}

static bool open_output(struct rb_output *output, int *ret_end, struct rb_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return rb_fail_errno(err, RB_ERR_IO, "a pipe for the output can't be made");
    output->pipe = ends[0];
    *ret_end = ends[1];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
        return rb_fail_errno(err, RB_ERR_IO, "a pipe for the output can't be read");
    return true;
}

/* What the programs get as 0, 1 and 2: theirs alone but for `err`. */
struct plumbing {
    struct {
        int in, out;
    } * ends;
    int err;
};

static bool lay_pipes(struct rb_child *child, const struct rb_secrets *secrets,
                      struct plumbing *pipes, struct rb_error *err)
{
    size_t last = child->count - 1;
    const struct rb_value *text = rb_value_get(child->request, "stdin");
    if ((text && !rb_sealed_text(text, secrets, &pipes->ends[0].in, err)) ||
        !open_output(&child->out, &pipes->ends[last].out, err) ||
        !open_output(&child->err, &pipes->err, err))
        return false;
    for (size_t i = 0; i < last; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return rb_fail_errno(err, RB_ERR_IO, "a pipe between programs can't be made");
        pipes->ends[i].out = ends[1];
        pipes->ends[i + 1].in = ends[0];
    }
    return true;
}

static void close_ends(struct plumbing *pipes, size_t index)
{
    rb_close_descriptor(&pipes->ends[index].in);
    rb_close_descriptor(&pipes->ends[index].out);
    pipes->ends[index].in = pipes->ends[index].out = -1;
}

static bool start_one(struct rb_child *child, const struct rb_launch *launch,
                      const char *path, size_t index, const struct plumbing *pipes,
                      struct rb_error *err)
{
    struct rb_program *program = &child->programs[index];
    int in = pipes->ends[index].in;
    const int fds[] = {in >= 0 ? in : STDIN_FILENO, pipes->ends[index].out, pipes->err};
    const struct rb_value *argv =
        rb_value_at(rb_value_get(child->request, "programs"), index);
    bool good = rb_launch_start(launch, path, argv, fds, &program->pid, err);
    child->running += good;
    return good;
}

/* As a shell has it, a program that can't be started doesn't keep those beside it from running:
 * only when none could be is nothing started. */
static bool start_all(struct rb_child *child, const struct rb_launch *launch, char **paths,
                      struct plumbing *pipes, struct rb_error *err)
{
    for (size_t i = 0; i < child->count; i++) {
        struct rb_error why;
        bool good = start_one(child, launch, paths[i], i, pipes, &why);
        close_ends(pipes, i);
        if (good)
            continue;
        child->programs[i] = (struct rb_program){
            .status = W_EXITCODE(why.sys == ENOENT ? 127 : 126, 0), .ended = true};
        if (!*child->what)
            *err = why;
        if (!*child->what)
            snprintf(child->what, sizeof child->what, "%s", why.message);
    }
    return child->running > 0;
}

static ino_t pipe_of(const struct rb_output *output)
{
    struct stat info;
    return fstat(output->pipe, &info) == 0 ? info.st_ino : 0;
}

static void note_programs(const struct rb_child *child, const struct rb_child_place *place)
{
    RB_AUTO_FREE pid_t *pids = rb_alloc(child->count * sizeof *pids);
    struct rb_note_programs programs = {
        .pids = pids, .pipes = {pipe_of(&child->err), pipe_of(&child->out)}};
    if (child->note < 0)
        return;
    for (size_t i = 0; i < child->count; i++) {
        if (child->programs[i].pid > 0)
            pids[programs.count++] = child->programs[i].pid;
    }
    rb_note_programs(child->note, place->boot_id, &programs);
}

/* Their pipes are noted before there are pids: killed between the two, we leave programs that
 * can be found. */
static bool plumb_and_start(struct rb_child *child, const struct rb_launch *launch,
                            const struct rb_child_place *place, char **paths,
                            struct rb_error *err)
{
    struct plumbing pipes = {.ends = rb_alloc(child->count * sizeof *pipes.ends),
                             .err = -1};
    for (size_t i = 0; i < child->count; i++)
        pipes.ends[i].in = pipes.ends[i].out = -1;
    bool good = lay_pipes(child, &place->secrets, &pipes, err);
    if (good)
        note_programs(child, place);
    child->began = rb_clock_mono();
    good = good && start_all(child, launch, paths, &pipes, err);
    if (good)
        note_programs(child, place);
    for (size_t i = 0; i < child->count; i++)
        close_ends(&pipes, i);
    rb_close_descriptor(&pipes.err);
    free(pipes.ends);
    return good;
}

static bool find_programs(const struct rb_child *child, const struct rb_launch *launch,
                          char **paths, struct rb_error *err)
{
    const struct rb_value *programs = rb_value_get(child->request, "programs");
    for (size_t i = 0; i < child->count; i++) {
        struct rb_buf path = {0};
        const struct rb_value *name = rb_value_at(rb_value_at(programs, i), 0);
        if (!rb_launch_find(launch, rb_value_as_text(name, ""), &path, err))
            return false;
        paths[i] = rb_buf_take(&path);
    }
    return true;
}

static bool find_and_start(struct rb_child *child, const struct rb_child_place *place,
                           struct rb_error *err)
{
    struct rb_launch launch;
    if (!rb_launch_init(&launch, child->request, &place->secrets, err))
        return false;
    char **paths = rb_alloc(child->count * sizeof *paths);
    bool good = find_programs(child, &launch, paths, err) &&
                plumb_and_start(child, &launch, place, paths, err);
    for (size_t i = 0; i < child->count; i++)
        free(paths[i]);
    free(paths);
    rb_launch_done(&launch);
    return good;
}

/* The note comes before the first program: whoever finds none knows that none was started. */
static bool note_and_start(struct rb_child *child, const struct rb_child_place *place,
                           struct rb_error *err)
{
    if (!open_folder(child, place, err) ||
        (child->is_write && !rb_note_started(child->folder, &child->note, err)))
        return false;
    bool good = find_and_start(child, place, err);
    RB_AUTO_CLOSE int note = rb_take_descriptor(&child->note);
    (void)note;
    return good;
}

/* What the system says may name a path, and a path may be one that nobody should see. */
static void redact(const struct rb_child_place *place, char *message, size_t size)
{
    RB_AUTO_BUF struct rb_buf clean = {0};
    rb_redact_text(place->redactor, message, strlen(message), &clean);
    snprintf(message, size, "%s", rb_buf_text(&clean));
}

static void set_deadline(struct rb_child *child)
{
    int64_t timeout = rb_value_get_int(child->request, "timeout_us", 0);
    child->deadline = timeout > 0 ? child->began + timeout : INT64_MAX;
}

static void remove_folder(const struct rb_child *child, const struct rb_child_place *place)
{
    unlinkat(place->steps, child->dir, AT_REMOVEDIR);
}

/* The note of the outcome of a write; a read needs none, and leaves no folder. Without the note
 * a later interpreter finds the step in doubt, and that is what it then is. */
static void conclude(const struct rb_child *child, const struct rb_child_place *place,
                     const struct rb_value *outcome)
{
    struct rb_error err;
    if (!child->is_write)
        remove_folder(child, place);
    else if (child->folder >= 0 && !rb_note_exit(child->folder, outcome, &err))
        errno = 0;
}

bool rb_child_start(const struct rb_child_place *place, const struct rb_value *request,
                    struct rb_child **ret_child, const struct rb_value **ret_outcome)
{
    struct rb_error err;
    if (!check_request(request, &err)) {
        *ret_outcome = rb_outcome_unstarted(&err);
        return false;
    }
    struct rb_child *child = make(request);
    if (note_and_start(child, place, &err)) {
        redact(place, child->what, sizeof child->what);
        set_deadline(child);
        *ret_child = child;
        return true;
    }
    redact(place, err.message, sizeof err.message);
    *ret_outcome = rb_outcome_unstarted(&err);
    if (err.code != RB_ERR_REFUSED)
        conclude(child, place, *ret_outcome);
    rb_child_free(child);
    return false;
}

bool rb_child_reap(struct rb_child *child, pid_t pid, int status)
{
    for (size_t i = 0; i < child->count; i++) {
        struct rb_program *program = &child->programs[i];
        if (program->pid != pid || program->ended)
            continue;
        program->ended = true;
        program->status = status;
        child->running--;
        return true;
    }
    return false;
}

void rb_child_disown(struct rb_child *child, const struct rb_child_place *place)
{
    child->unwanted = true;
    rb_output_discard(&child->out);
    rb_output_discard(&child->err);
    remove_folder(child, place);
}

const struct rb_value *rb_child_settle(struct rb_child *child,
                                       const struct rb_child_place *place)
{
    rb_time took = rb_clock_mono() - child->began;
    if (child->unwanted)
        return NULL;
    const struct rb_value *out = rb_output_settle(&child->out, place->run_dir, child->dir);
    const struct rb_value *err = rb_output_settle(&child->err, place->run_dir, child->dir);
    const struct rb_value *outcome = rb_outcome_of(child, took, out, err);
    conclude(child, place, outcome);
    return outcome;
}
