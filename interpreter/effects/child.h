#pragma once
/* A request that the supervisor has under way: its programs, their output, how it ended. */

#include "base/duration.h"
#include "effects/launch.h"
#include "effects/output.h"

struct rb_program {
    pid_t pid;  /* 0: it could not be started */
    int status; /* of waitpid(2), once it ended */
    bool ended;
};

/* Its way to the end (effects/ending.h). */
enum rb_child_state {
    RB_CHILD_WORKING,
    RB_CHILD_LINGERING,   /* programs ended by themselves, descendants may follow */
    RB_CHILD_TERMINATING, /* TERM was sent, its grace runs */
    RB_CHILD_KILLING,
};

struct rb_child {
    const struct rb_value *request;
    const char *dir; /* of the request */
    bool is_write;   /* its notes are kept, and it outlives its interpreter */
    bool unwanted;   /* a read whose interpreter is gone: nobody waits for it */
    int folder;      /* steps/<dir> */
    int note;        /* its `started`, while its programs are started; -1: none */
    struct rb_program *programs;
    size_t count, running;
    struct rb_output out, err;
    rb_time began; /* monotonic, as all times here */

    enum rb_child_state state;
    rb_time deadline;   /* of the state; INT64_MAX: none */
    rb_time patience;   /* KILL is not repeated for ever */
    const char *killed; /* "timeout", "request", "processes", NULL */
    bool escalated;
    int64_t survivors, remaining, processes;
    char what[512]; /* why a later program of a pipe could not be started, or "" */
};

/* Where a run is, for its children. */
struct rb_child_place {
    int run_dir, steps;
    const char *boot_id;
    struct rb_secrets secrets;    /* that were handed over so far */
    struct rb_redactor *redactor; /* of them; NULL: there are none */
};

/* Starts what the request asks for. False when nothing was started; *ret_outcome then says why,
 * and is noted. */
bool rb_child_start(const struct rb_child_place *place, const struct rb_value *request,
                    struct rb_child **ret_child, const struct rb_value **ret_outcome);
void rb_child_free(struct rb_child *child);

/* Takes note of a process that ended; false when it is none of the programs. */
bool rb_child_reap(struct rb_child *child, pid_t pid, int status);

/* Of a read: nobody waits for it any more. Its folder is free from here on, for the same read
 * asked for again. */
void rb_child_disown(struct rb_child *child, const struct rb_child_place *place);

/* Nothing of it works any more: keeps the output and notes the outcome, a new reference (NULL
 * of an unwanted one). */
const struct rb_value *rb_child_settle(struct rb_child *child,
                                       const struct rb_child_place *place);
