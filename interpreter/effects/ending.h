#pragma once
/* How requests come to their end: programs that exit, descendants that linger, TERM, a grace,
 * and KILL until nothing is left. */

#include "effects/child.h"
#include "effects/tree.h"

/* All that works under this process, which is sub-reaper: whoever loses its parent below it
 * becomes its child. */
struct rb_family {
    struct rb_child **children;
    size_t count, capacity;
    bool childless;      /* no process is left under us */
    struct rb_tree left; /* those that could not be ended: nobody's any more */
    rb_time look;        /* when its trees are counted next */
};

void rb_family_add(struct rb_family *family, struct rb_child *child);
void rb_family_remove(struct rb_family *family, struct rb_child *child);
struct rb_child *rb_family_find(const struct rb_family *family, const char *dir);
/* Collects the exit of whoever ended. */
void rb_family_reap(struct rb_family *family);

/* TERM to the whole tree of a request that still works; `why` is "timeout" or "request". */
void rb_ending_begin(struct rb_family *family, struct rb_child *child, const char *why,
                     rb_time now);
/* To be called when `look` has come: a tree with more processes than a request may have at once
 * is ended by KILL. It may be more for as long as it takes to look again. */
void rb_family_count(struct rb_family *family, rb_time now);
/* To be called when a process ended or the deadline of the request came. True: its programs
 * ended and nothing of its tree is left, or nothing that could be ended. */
bool rb_ending_advance(struct rb_family *family, struct rb_child *child, rb_time now);
