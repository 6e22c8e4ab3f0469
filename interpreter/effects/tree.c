#include "effects/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { SCANS = 5, LIST_MAX = 1 << 20 };

/* A zombie has one thread; a process whose first thread ended while others work has more. */
static bool is_alive(char state, long threads)
{
    return (state != 'Z' && state != 'X' && state != 'x') || threads > 1;
}

/* proc_pid_stat(5). The name, in parentheses, may hold anything, parentheses and digits too. */
static bool parse_stat(const char *text, struct rb_proc *ret_proc)
{
    const char *rest = strrchr(text, ')');
    char state;
    int parent, session;
    long threads;
    uint64_t start;
    // NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers fit the types it documents
    if (!rest || sscanf(rest + 1,
                        " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                        "%ld %*d %" SCNu64,
                        &state, &parent, &session, &threads, &start) != 5)
        return false;
    ret_proc->parent = parent;
    ret_proc->session = session;
    ret_proc->start = start;
    ret_proc->alive = is_alive(state, threads);
    ret_proc->top = NULL;
    return true;
}

bool rb_proc_read(pid_t pid, struct rb_proc *ret_proc)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    RB_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, sizeof text - 1);
    if (got <= 0)
        return false;
    text[got] = '\0';
    ret_proc->pid = pid;
    return parse_stat(text, ret_proc);
}

void rb_proc_signal(const struct rb_proc *proc, int signal)
{
    struct rb_proc now;
    RB_AUTO_CLOSE int fd = pidfd_open(proc->pid, 0);
    /* The descriptor holds on to one process; whether it is ours can be told from then on. */
    if (fd >= 0 && rb_proc_read(proc->pid, &now) && now.start == proc->start)
        pidfd_send_signal(fd, signal, NULL, 0);
}

void rb_tree_done(struct rb_tree *tree)
{
    free(tree->procs);
    *tree = (struct rb_tree){0};
}

static bool read_all(struct rb_tree *tree)
{
    DIR *folder = opendir("/proc");
    if (!folder)
        return false;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid <= 0 || *end != '\0')
            continue;
        RB_GROW(tree->procs, tree->count, tree->capacity);
        tree->count += rb_proc_read((pid_t)pid, &tree->procs[tree->count]);
    }
    closedir(folder);
    return true;
}

static int by_pid(const void *a, const void *b)
{
    const struct rb_proc *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static const struct rb_proc *find(const struct rb_tree *tree, pid_t pid)
{
    struct rb_proc key = {.pid = pid};
    return bsearch(&key, tree->procs, tree->count, sizeof key, by_pid);
}

/* Finds the top of `proc`. False when the line of its parents has a gap: one of them ended
 * while we read, and `proc` has another parent by now. */
static bool find_top(const struct rb_tree *tree, struct rb_proc *proc, pid_t root)
{
    const struct rb_proc *up = proc;
    for (size_t steps = 0; up && steps <= tree->count; steps++) {
        if (up->parent == root)
            proc->top = up;
        if (up->parent == root || up->parent == 0)
            return true;
        up = find(tree, up->parent);
    }
    return false;
}

/* False when it has to be repeated. */
static bool scan(pid_t root, struct rb_tree *tree)
{
    tree->count = 0;
    if (!read_all(tree) || tree->count == 0)
        return false;
    qsort(tree->procs, tree->count, sizeof *tree->procs, by_pid);
    bool whole = true;
    for (size_t i = 0; i < tree->count; i++)
        whole &= find_top(tree, &tree->procs[i], root);
    return whole;
}

bool rb_tree_scan(pid_t root, struct rb_tree *ret_tree)
{
    struct rb_tree tree = {0};
    for (int i = 0; i < SCANS && !scan(root, &tree); i++)
        continue;
    if (tree.count == 0) {
        rb_tree_done(&tree);
        return false;
    }
    *ret_tree = tree;
    return true;
}

/* What a kernel without such a list needs: proc(5), CONFIG_PROC_CHILDREN. */
static bool any_in_scan(bool (*is_one)(void *context, pid_t pid), void *context)
{
    RB_AUTO_TREE struct rb_tree tree = {0};
    bool found = !rb_tree_scan(getpid(), &tree);
    for (size_t i = 0; i < tree.count && !found; i++)
        found = tree.procs[i].parent == getpid() && is_one(context, tree.procs[i].pid);
    return found;
}

/* The list leaves somebody out only where one before him goes off it while it is read. Nobody goes
 * off ours: that takes a wait(2), and whoever comes is put at its end. */
bool rb_tree_any_child(bool (*is_one)(void *context, pid_t pid), void *context)
{
    RB_AUTO_BUF struct rb_buf list = {0};
    bool found = false;
    if (!rb_file_read(AT_FDCWD, "/proc/thread-self/children", LIST_MAX, &list, NULL))
        return any_in_scan(is_one, context);
    char *end, *at = list.length > 0 ? list.data : NULL;
    for (long pid; at && !found && (pid = strtol(at, &end, 10)) > 0; at = end)
        found = is_one(context, (pid_t)pid);
    return found;
}
