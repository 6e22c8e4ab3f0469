#pragma once
/* The state of a run: what the events so far add up to. Only apply changes it. */

#include "base/buf.h"
#include "core/event.h"
#include "plan/plan.h"
#include "plan/reason.h"

/* Where a step instance stands. What is *wanted* follows from it (core/wanted.c). */
enum rb_phase {
    RB_PHASE_PREPARING, /* `when`, `for_each` and the values of its spec are wanted */
    RB_PHASE_READY,     /* judge them, then begin the action */
    RB_PHASE_RUNNING,   /* a process is in flight */
    RB_PHASE_SETTLED,   /* it ended: judge `result`, or examine it */
    RB_PHASE_EXAMINED,  /* expect, check and outputs were evaluated */
    RB_PHASE_EVALUATED, /* the Lua of the action itself was: lua, gate, item */
    RB_PHASE_WAITING,   /* until `due` */
    RB_PHASE_ASKING,    /* a question is open */
    RB_PHASE_ANSWERED,
    RB_PHASE_UNANSWERED,     /* nobody can be asked: the run is to be suspended */
    RB_PHASE_ATTEMPT_FAILED, /* try again, ask, go on or end */
    RB_PHASE_DOUBT,          /* nobody can say whether it happened */
    RB_PHASE_PROBED,         /* the probe said so */
    RB_PHASE_HALTED,         /* the run ended or stopped here; a resumed run asks */
    RB_PHASE_CHILDREN,       /* a loop whose elements are under way */
    RB_PHASE_DONE
};

enum rb_status { RB_STATUS_ACTIVE, RB_STATUS_PASSED, RB_STATUS_FAILED, RB_STATUS_SKIPPED };

/* What is only needed while a step instance is under way. */
struct rb_active {
    const struct rb_value *values;   /* expression number -> value */
    const struct rb_value *eval;     /* items of the last evaluation */
    const struct rb_value *result;   /* of the last effect */
    const struct rb_value *note;     /* of the effect under way, or NULL */
    const struct rb_value *answer;   /* to the last question */
    const struct rb_value *answers;  /* checklist: list; ask: map */
    const struct rb_value *elements; /* of for_each */
    const struct rb_value *question; /* payload of the last question.asked */
    const struct rb_value *failure;  /* payload of the last attempt.failed */
    rb_time began, first_attempt;    /* monotonic */
    rb_time due, due_utc;            /* of WAITING */
    rb_time held_since;              /* of a gate; 0: does not hold */
    int item;                        /* of a checklist, or field */
    int polls;
    int intents;    /* so far: each is an effect of its own */
    int next_child; /* plan index */
    int next_element;
    bool prepare_failed; /* an expression of the spec went wrong */
    bool waited;         /* a wait: its time has come */
    bool asked_failure;  /* the open question is about a failure or doubt */
    bool in_doubt;       /* and not decided since */
};

struct rb_node {
    int step, parent; /* plan index; node index, -1: top */
    int element;      /* of the loop `parent` stands for, -1: none */
    int attempt;
    enum rb_phase phase : 8;
    enum rb_status status : 8;
    bool loop : 1; /* stands for the for_each itself */
    const struct rb_value *outputs;
    const struct rb_value *result; /* kept where another step refers to it */
    struct rb_active *active;      /* NULL once DONE */
};

enum rb_run_phase {
    RB_RUN_NEW,
    RB_RUN_STARTING,
    RB_RUN_RUNNING,
    RB_RUN_SUSPENDED,
    RB_RUN_FINISHED
};

struct rb_state {
    const struct rb_plan *plan;
    enum rb_run_phase phase;
    const struct rb_value *created;                  /* payload of run.created */
    const struct rb_value *vars, *env, *connections; /* filled in */
    const struct rb_value *end; /* payload of the last run.finished or run.suspended */
    const struct rb_value *start_eval; /* items of the last start evaluation */
    int start_cursor; /* vars done so far; var_count is env, then connections, then done */
    char start_error[256];
    rb_time utc, mono; /* of the last event */
    rb_time created_utc;
    bool interactive;
    int stop_level;                  /* 0: go on; see signal.received */
    const char *stop_name;           /* "INT"...; static text */
    const struct rb_value *stop_why; /* of a secret that is missing; else NULL */
    struct rb_node *nodes;
    int node_count, node_capacity;
    int current;      /* deepest node under way, -1: none */
    int next_step;    /* plan index of the next top step, -1: none */
    int *latest;      /* plan index -> newest node, -1: none */
    bool *referred;   /* plan index -> some expression refers to it */
    int failed_steps; /* that the run went on after */
    int questions;    /* asked so far */
};

void rb_active_free(struct rb_active *active); /* accepts NULL */

struct rb_state *rb_state_new(const struct rb_plan *plan); /* the plan must outlive it */
void rb_state_free(struct rb_state *state);

/* The key of a node: "copy[2]". */
void rb_node_key(const struct rb_state *state, int node, struct rb_buf *out);
const char *rb_status_name(enum rb_status status);
const struct rb_step *rb_node_step(const struct rb_state *state, int node);
/* The current node, or NULL. */
struct rb_node *rb_state_current(const struct rb_state *state);
/* Does this node evaluate anything before its action? */
bool rb_node_prepares(const struct rb_state *state, const struct rb_node *node);
/* Digest-ready text of the state, for comparing fold(journal) with a live state in tests. */
const struct rb_value *rb_state_dump(const struct rb_state *state);
