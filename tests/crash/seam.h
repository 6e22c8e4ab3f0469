#pragma once
/* The seam between the program and the world: what a test can do at the n-th call, and what it
 * is told of the calls. All of it lies in memory that the interpreter shares with its helpers
 * and with whoever watches them. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose call it is: how many forks away from the program's start. */
enum role { INTERPRETER, WORKER, SUPERVISOR, ROLES };

enum call_class { READS, CHANGES, SYNCS, CLOCK, CHANCE, HELPERS, MEMORY };

enum fault_kind {
    FAULT_NONE,
    FAULT_KILL,  /* kill -9 of the process that calls, before the call */
    FAULT_BOTH,  /* the interpreter and its helpers end there, what they started does not */
    FAULT_POWER, /* every process of the run ends there */
    FAULT_ERROR, /* the call fails with `error` */
    FAULT_SHORT, /* half of the bytes are written */
    FAULT_TORN,  /* half of the bytes are written, and then nothing more */
    FAULT_LIE,   /* from there on a sync syncs nothing */
    FAULT_CLOCK, /* from there on the clock of the day shows two hours more */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    enum role role;
    int nth; /* of the calls of this role, from 1; allocations are counted apart */
    bool memory;
    bool for_ever; /* each later call of the same name fails as well */
    int error;
};

enum { TRACE_MAX = 4096, SPAWNS_MAX = 64 << 10, LOG_MAX = 4 << 20 };

/* In a trace: the number of the call, and whether a write was under way, by its notes. */
enum { TRACE_CALL = 0x7f, TRACE_UNDER_WAY = 0x80 };

struct seam {
    struct fault fault;
    _Atomic int count[ROLES], allocated[ROLES];
    _Atomic int hit;   /* the call that the fault met, counted from 1; 0: none yet */
    _Atomic bool dead; /* the power is off, or all are killed: no call is made any more */
    bool fake_boot;
    char boot[64]; /* what /proc says the boot's id is, while fake_boot */
    unsigned char trace[ROLES][TRACE_MAX]; /* which call was made */
    _Atomic int
        under_way; /* writes that have a note of their start, and none of their end */
    atomic_flag lock;
    _Atomic size_t spawned, logged;
    char spawns[SPAWNS_MAX]; /* a line for each program that was started */
    char log[LOG_MAX];       /* struct disk_op, one after the other */
};

extern struct seam *seam; /* NULL: every call goes through */

/* Called in the process that is to be the interpreter. */
void seam_enter(void);
/* In a process that was just forked. */
void seam_enter_child(void);
bool seam_is_watched(void);
enum role seam_role(void);

/* The calls of calls.h, by number. */
extern const struct call {
    const char *name;
    enum call_class class;
    int errors[4]; /* ended by 0 */
} seam_calls[];
extern const int seam_call_count;

/* What is to happen at this call: 0, it is made; an errno, it fails; one of these. */
enum { SEAM_SHORT = -1, SEAM_TORN = -2, SEAM_LIE = -3 };
int seam_gate(int call);

void seam_lock(void);
void seam_unlock(void);
