#include "effects/orphans.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/mem.h"
#include "effects/notes.h"

static const rb_time PATIENCE = 2 * RB_SEC, PAUSE = 20 * RB_MS;

struct orphans {
    struct rb_proc *procs;
    size_t count, capacity;
};

static void add(struct orphans *orphans, const struct rb_proc *proc)
{
    for (size_t i = 0; i < orphans->count; i++) {
        if (orphans->procs[i].pid == proc->pid)
            return;
    }
    RB_GROW(orphans->procs, orphans->count, orphans->capacity);
    orphans->procs[orphans->count++] = *proc;
}

/* A program with all that descends from it. */
static void add_tree(struct orphans *orphans, const struct rb_proc *program)
{
    RB_AUTO_TREE struct rb_tree tree = {0};
    add(orphans, program);
    if (!rb_tree_scan(program->pid, &tree))
        return;
    for (size_t i = 0; i < tree.count; i++) {
        if (tree.procs[i].top)
            add(orphans, &tree.procs[i]);
    }
}

/* Whether the output of a process goes to this pipe. */
static bool writes_to(pid_t pid, int64_t pipe)
{
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        char path[48], target[48], wanted[48];
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        snprintf(wanted, sizeof wanted, "pipe:[%" PRId64 "]", pipe);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strcmp(target, wanted) == 0)
            return true;
    }
    return false;
}

/* All that still holds on to a pipe of the request: what was started just before its supervisor
 * was killed, before it could note a pid, and what survived the program that started it. */
static void collect_by_pipe(struct orphans *orphans, const struct rb_value *note)
{
    RB_AUTO_TREE struct rb_tree tree = {0};
    const struct rb_value *pipes = rb_value_get(note, "pipes");
    if (rb_value_count(pipes) == 0 || !rb_tree_scan(getpid(), &tree))
        return;
    for (size_t i = 0; i < tree.count; i++) {
        for (size_t j = 0; j < rb_value_count(pipes); j++) {
            if (writes_to(tree.procs[i].pid, rb_value_as_int(rb_value_at(pipes, j), -1)))
                add_tree(orphans, &tree.procs[i]);
        }
    }
}

/* Each program that the note names, unless its pid belongs to a stranger by now. */
static void collect_by_pid(struct orphans *orphans, const struct rb_value *note)
{
    const struct rb_value *pids = rb_value_get(note, "pids");
    for (size_t i = 0; i < rb_value_count(pids); i++) {
        struct rb_proc program;
        if (rb_note_find_program(note, i, &program))
            add_tree(orphans, &program);
    }
}

static bool any_works(const struct orphans *orphans)
{
    for (size_t i = 0; i < orphans->count; i++) {
        struct rb_proc now;
        const struct rb_proc *then = &orphans->procs[i];
        if (rb_proc_read(then->pid, &now) && now.start == then->start && now.alive)
            return true;
    }
    return false;
}

static bool end_by(const struct orphans *orphans, int number)
{
    for (size_t i = 0; i < orphans->count; i++)
        rb_proc_signal(&orphans->procs[i], number);
    for (rb_time waited = 0; waited < PATIENCE; waited += PAUSE) {
        if (!any_works(orphans))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000}, NULL);
    }
    return false;
}

void rb_orphans_end(int run_dir, const char *dir)
{
    RB_AUTO_VALUE const struct rb_value *note = rb_note_read_started(run_dir, dir);
    struct orphans orphans = {0};
    if (rb_note_is_of_now(note)) {
        collect_by_pid(&orphans, note);
        collect_by_pipe(&orphans, note);
    }
    if (!end_by(&orphans, SIGTERM))
        end_by(&orphans, SIGKILL);
    free(orphans.procs);
}
