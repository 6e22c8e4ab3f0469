#include "effects/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "effects/clock.h"

/* What a shell's background writer may still need; between two rounds of KILL; how long a
 * process is tried that can't be ended: another user's, or in uninterruptible sleep. */
static const rb_time LINGER = 200 * RB_MS;
static const rb_time PAUSE = 20 * RB_MS;
static const rb_time PATIENCE = 5 * RB_SEC, PATIENCE_EACH = 10 * RB_MS;
static const rb_time DEFAULT_GRACE = 10 * RB_SEC;

/* How often trees are counted: where it takes long, less often, but often enough to come before
 * the end of a grace. */
static const rb_time LOOK = 250 * RB_MS, LOOK_SLOWEST = 2 * RB_SEC;
enum { LOOK_SHARE = 20 };

/* An eighth of the fewest that a kernel has room for (proc(5), pid_max), and less than systemd
 * allows a service: as many as a machine can spare. */
static const int64_t DEFAULT_MOST = 4096;

enum { FREEZE_ROUNDS = 20 };

void rb_family_add(struct rb_family *family, struct rb_child *child)
{
    RB_GROW(family->children, family->count, family->capacity);
    if (family->count == 0)
        family->look = child->began + LOOK;
    family->children[family->count++] = child;
    family->childless = false;
}

void rb_family_remove(struct rb_family *family, struct rb_child *child)
{
    for (size_t i = 0; i < family->count; i++) {
        if (family->children[i] != child)
            continue;
        memmove(&family->children[i], &family->children[i + 1],
                (--family->count - i) * sizeof child);
        return;
    }
}

struct rb_child *rb_family_find(const struct rb_family *family, const char *dir)
{
    for (size_t i = 0; i < family->count; i++) {
        struct rb_child *child = family->children[i];
        if (strcmp(child->dir, dir) == 0 && !child->unwanted)
            return child;
    }
    return NULL;
}

void rb_family_reap(struct rb_family *family)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
        for (size_t i = 0; i < family->count; i++) {
            if (rb_child_reap(family->children[i], pid, status))
                break;
        }
    }
    family->childless = pid < 0 && errno == ECHILD;
}

static bool is_left(const struct rb_family *family, const struct rb_proc *top)
{
    for (size_t i = 0; i < family->left.count; i++) {
        const struct rb_proc *proc = &family->left.procs[i];
        if (proc->pid == top->pid && proc->start == top->start)
            return true;
    }
    return false;
}

static bool has_program(const struct rb_child *child, pid_t pid)
{
    for (size_t i = 0; i < child->count; i++) {
        if (child->programs[i].pid == pid)
            return true;
    }
    return false;
}

static const struct rb_child *find_program(const struct rb_family *family, pid_t pid)
{
    for (size_t i = 0; i < family->count; i++) {
        if (has_program(family->children[i], pid))
            return family->children[i];
    }
    return NULL;
}

/* Whose the tree under `top` is: a program's, or an orphan's in a program's session. A daemon
 * that made a session of its own is the write's: reads are not meant to leave any. */
static const struct rb_child *owner_of(const struct rb_family *family,
                                       const struct rb_proc *top)
{
    const struct rb_child *owner = find_program(family, top->pid);
    if (!owner)
        owner = find_program(family, top->session);
    for (size_t i = 0; !owner && i < family->count; i++) {
        if (family->children[i]->is_write)
            owner = family->children[i];
    }
    if (!owner && family->count > 0)
        owner = family->children[0];
    return owner;
}

static bool is_part(const struct rb_family *family, const struct rb_child *child,
                    const struct rb_proc *proc)
{
    return proc->alive && proc->top && !is_left(family, proc->top) &&
           owner_of(family, proc->top) == child;
}

/* The living processes of a request. */
static void collect(const struct rb_family *family, const struct rb_child *child,
                    struct rb_tree *ret_tree)
{
    RB_AUTO_TREE struct rb_tree all = {0};
    struct rb_tree found = {0};
    if (rb_tree_scan(getpid(), &all)) {
        for (size_t i = 0; i < all.count; i++) {
            if (!is_part(family, child, &all.procs[i]))
                continue;
            RB_GROW(found.procs, found.count, found.capacity);
            found.procs[found.count++] = all.procs[i];
        }
    }
    *ret_tree = found;
}

static void send(const struct rb_tree *tree, int signal)
{
    for (size_t i = 0; i < tree->count; i++)
        rb_proc_signal(&tree->procs[i], signal);
}

struct question {
    const struct rb_family *family;
    const struct rb_child *child;
};

/* Who is known as another's program isn't looked at. */
static bool is_top_of(void *context, pid_t pid)
{
    const struct question *of = context;
    struct rb_proc proc;
    const struct rb_child *known = find_program(of->family, pid);
    if ((known && known != of->child) || !rb_proc_read(pid, &proc))
        return false;
    proc.top = &proc;
    return is_part(of->family, of->child, &proc);
}

/* With one request, that nothing is left under us says all, without a look at /proc. With others
 * beside it, who is under us directly does: whoever is further down has one of these above him. */
static bool is_gone(const struct rb_family *family, const struct rb_child *child)
{
    if (family->childless)
        return true;
    if (family->count == 1 && family->left.count == 0)
        return false;
    return !rb_tree_any_child(is_top_of, &(struct question){family, child});
}

/* Who is stopped gets the TERM only when it goes on. */
static void terminate(struct rb_child *child, const struct rb_tree *tree, rb_time now)
{
    send(tree, SIGTERM);
    send(tree, SIGCONT);
    int64_t grace = rb_value_get_int(child->request, "grace_us", DEFAULT_GRACE);
    child->state = RB_CHILD_TERMINATING;
    child->deadline = now + grace;
}

void rb_ending_begin(struct rb_family *family, struct rb_child *child, const char *why,
                     rb_time now)
{
    if (child->state != RB_CHILD_WORKING)
        return;
    RB_AUTO_TREE struct rb_tree tree = {0};
    collect(family, child, &tree);
    child->killed = why;
    terminate(child, &tree, now);
}

/* All threads of the machine, of which a tree's processes are some: proc(5), loadavg. When it
 * can't be read, there may be any number. */
static int64_t count_threads(void)
{
    char text[128] = "";
    RB_AUTO_CLOSE int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    const char *total = got > 0 ? strchr(text, '/') : NULL;
    return total ? strtoll(total + 1, NULL, 10) : INT64_MAX;
}

static int64_t most_of(const struct rb_child *child)
{
    return rb_value_get_int(child->request, "most_processes", DEFAULT_MOST);
}

/* Without a TERM: who starts more of itself would go on through the grace. */
static void end_crowd(struct rb_child *child, size_t count, rb_time now)
{
    child->processes = (int64_t)count;
    if (!child->killed)
        child->killed = "processes";
    child->state = RB_CHILD_KILLING;
    child->deadline = now;
    child->patience = now + PATIENCE + (rb_time)count * PATIENCE_EACH;
}

static void count_one(const struct rb_family *family, struct rb_child *child,
                      int64_t threads, rb_time now)
{
    RB_AUTO_TREE struct rb_tree tree = {0};
    if (child->state == RB_CHILD_KILLING || threads <= most_of(child))
        return;
    collect(family, child, &tree);
    if ((int64_t)tree.count > most_of(child))
        end_crowd(child, tree.count, now);
}

void rb_family_count(struct rb_family *family, rb_time now)
{
    int64_t threads = count_threads();
    for (size_t i = 0; i < family->count; i++)
        count_one(family, family->children[i], threads, now);
    rb_time pause = (rb_clock_mono() - now) * LOOK_SHARE;
    pause = pause < LOOK ? LOOK : pause;
    family->look = now + (pause < LOOK_SLOWEST ? pause : LOOK_SLOWEST);
}

/* The programs ended by themselves, and this is what they left behind. What can't be seen in
 * /proc (hidepid) counts as one. */
static void end_survivors(struct rb_family *family, struct rb_child *child, rb_time now)
{
    RB_AUTO_TREE struct rb_tree tree = {0};
    collect(family, child, &tree);
    child->survivors = tree.count > 0 ? (int64_t)tree.count : 1;
    terminate(child, &tree, now);
}

/* Who forks as fast as we kill is stopped first, until a look finds no more than the last. */
static void freeze(const struct rb_family *family, const struct rb_child *child,
                   struct rb_tree *ret_tree)
{
    size_t before = 0;
    collect(family, child, ret_tree);
    for (int round = 0; round < FREEZE_ROUNDS && ret_tree->count > before; round++) {
        before = ret_tree->count;
        send(ret_tree, SIGSTOP);
        rb_tree_done(ret_tree);
        collect(family, child, ret_tree);
    }
}

/* True when it has to be given up. */
static bool kill_tree(struct rb_family *family, struct rb_child *child, rb_time now)
{
    RB_AUTO_TREE struct rb_tree tree = {0};
    freeze(family, child, &tree);
    child->escalated |= tree.count > 0;
    send(&tree, SIGKILL);
    child->deadline = now + PAUSE;
    if (now < child->patience)
        return false;
    child->remaining = tree.count > 0 ? (int64_t)tree.count : 1;
    for (size_t i = 0; i < tree.count; i++) {
        RB_GROW(family->left.procs, family->left.count, family->left.capacity);
        family->left.procs[family->left.count++] = tree.procs[i];
    }
    return true;
}

bool rb_ending_advance(struct rb_family *family, struct rb_child *child, rb_time now)
{
    bool ended = child->running == 0;
    if (ended && is_gone(family, child))
        return true;
    if (ended && child->state == RB_CHILD_WORKING) {
        child->state = RB_CHILD_LINGERING;
        child->deadline = now + LINGER;
        return false;
    }
    if (now < child->deadline)
        return false;
    if (child->state == RB_CHILD_WORKING) {
        rb_ending_begin(family, child, "timeout", now);
        return false;
    }
    if (child->state == RB_CHILD_LINGERING) {
        end_survivors(family, child, now);
        return false;
    }
    if (child->state == RB_CHILD_TERMINATING) {
        child->state = RB_CHILD_KILLING;
        child->patience = now + PATIENCE;
    }
    return kill_tree(family, child, now);
}
