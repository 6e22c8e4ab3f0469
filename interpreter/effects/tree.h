#pragma once
/* Trees of processes under the supervisor, and signals that can't hit a stranger. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rb_proc {
    pid_t pid, parent, session;
    uint64_t start;            /* in clock ticks since boot: with pid it names a process */
    bool alive;                /* not a zombie */
    const struct rb_proc *top; /* in a tree: the child of the root that this descends from,
                                    itself maybe; NULL: it doesn't descend from the root */
};

/* False when there is no such process. */
bool rb_proc_read(pid_t pid, struct rb_proc *ret_proc);
/* Sends it unless it ended, or its pid belongs to another process by now. */
void rb_proc_signal(const struct rb_proc *proc, int signal);

/* All processes, sorted by pid, seen from one of them: the root. */
struct rb_tree {
    struct rb_proc *procs;
    size_t count, capacity;
};

/* False when /proc can't be read. */
bool rb_tree_scan(pid_t root, struct rb_tree *ret_tree);
void rb_tree_done(struct rb_tree *tree);

/* Is one of the calling thread's own children like this? Those that ended and were not waited for
 * are asked about too. True when it can't be told. Costs a fraction of a scan, however many processes
 * the machine has. */
bool rb_tree_any_child(bool (*is_one)(void *context, pid_t pid), void *context);

#define RB_AUTO_TREE RB_CLEANUP(rb_tree_done)
