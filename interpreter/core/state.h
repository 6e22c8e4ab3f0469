#pragma once
/* The state of a run: what the events so far add up to. Only apply changes it. */

#include "base/buf.h"
#include "core/event.h"
#include "core/steady.h"
#include "plan/plan.h"
#include "plan/reason.h"

/* Where a step instance stands. What is *wanted* follows from it (core/wanted.c). */
enum rb_phase {
    RB_PHASE_PREPARING, /* `when`, `for_each` and the values of its spec are wanted */
    RB_PHASE_READY,     /* judge them, then begin the action */
    RB_PHASE_RUNNING,   /* a process is in flight */
    RB_PHASE_HELD,     /* a transaction is, and somebody is to be asked before its COMMIT */
    RB_PHASE_SETTLED,  /* it ended: judge `result`, or examine it */
    RB_PHASE_EXAMINED, /* expect, check and outputs were evaluated */
    RB_PHASE_EVALUATED, /* the Lua of the action itself was: lua, item, until */
    RB_PHASE_LOOKED, /* a gate or guard has: judge that, else look again when it is `due` */
    RB_PHASE_WAITING, /* until `due` */
    RB_PHASE_ASKING,  /* a question is open */
    RB_PHASE_ANSWERED,
    RB_PHASE_UNANSWERED,     /* nobody can be asked: the run is to be suspended */
    RB_PHASE_STUCK,          /* it failed, and other branches go on: then the run ends */
    RB_PHASE_ATTEMPT_FAILED, /* try again, ask, go on or end */
    RB_PHASE_DOUBT,          /* nobody can say whether it happened */
    RB_PHASE_PROBED,         /* the probe said so */
    RB_PHASE_HALTED,         /* the run ended or stopped here; a resumed run asks */
    RB_PHASE_CHILDREN,       /* a loop whose elements are under way */
    RB_PHASE_ENTERING,       /* before anything of it: its windows, and what it needs */
    RB_PHASE_DONE
};

enum rb_status {
    RB_STATUS_ACTIVE,
    RB_STATUS_PASSED,
    RB_STATUS_FAILED,
    RB_STATUS_SKIPPED,
    RB_STATUS_REDONE, /* failed, and its element was begun anew */
    RB_STATUS_UNDONE  /* its undo has passed */
};

/* A child that failed, where that is counted (core/container.h). */
struct rb_failed_child {
    int node;
    int most;     /* highest number of an attempt of it and of all in it */
    bool unknown; /* nobody knows whether it is well */
};

/* What is only needed while a step instance is under way. */
struct rb_active {
    const struct rb_value *values;    /* expression number -> value */
    const struct rb_value *eval;      /* items of the last evaluation */
    const struct rb_value *result;    /* of the last effect, or why it is in doubt */
    const struct rb_value *note;      /* of the effect under way, or NULL */
    const struct rb_value *answer;    /* to the last question since that began, or NULL */
    const struct rb_value *answers;   /* checklist: list; ask: map */
    const struct rb_value *question;  /* payload of the last question.asked */
    const struct rb_value *received;  /* payload of approval.received, until it is judged */
    const struct rb_value *approvals; /* accepted to the open question: a list */
    const struct rb_value *signatures; /* judged for it: a list */
    /* Payload of the last attempt.failed; of a guard, until it has looked again. */
    const struct rb_value *failure;
    /* Payload of the gate.waiting that stands: each look that leaves it so is no decision of its own. */
    const struct rb_value *waits;
    const struct rb_value *halted; /* payload of step.halted, until it is decided about */
    rb_time began;                 /* monotonic */
    rb_time first_attempt;         /* elapsed then */
    rb_time due, due_utc;          /* of WAITING and LOOKED */
    rb_time looked;                /* monotonic, of LOOKED */
    rb_time late;                  /* elapsed when the open question expires; 0: never */
    rb_time entered;               /* elapsed when it was last about to be admitted */
    rb_time held_since;            /* of a gate, without a break; 0: does not hold */
    rb_time failing_since;         /* of a guard, without a break; 0: it does not */
    rb_time unknown_since;         /* the same */
    int item;                      /* of a checklist, or field */
    int polls;
    int intents;    /* so far: each is an effect of its own */
    int next_child; /* plan index of the one to begin next, -1: none */
    int next_element;
    int under; /* children under way */
    int halts; /* nodes in it that are halted */
    /* Children that failed since it began, or was retried; those that are to be begun anew
     * before any other, now that it is. */
    struct rb_failed_child *failures, *redo;
    int failure_count, failure_capacity, redo_count, redo_next;
    int most;            /* highest number of an attempt of those in it that ended */
    bool prepare_failed; /* an expression of the spec went wrong */
    bool waited;         /* a wait: it has begun, and is over when its time has come */
    bool expired;        /* the open question: its time is over */
    bool asked_failure;  /* the open question is about a failure or doubt */
    bool pausing;        /* a guard: nothing is begun until it holds again */
    bool handled;        /* the steps of its on_failure have begun */
    bool in_doubt;       /* and not decided since */
    bool inherited;      /* what runs was begun under an earlier writer, not taken over */
    bool fresh;          /* among the state's */
    bool entering;       /* not admitted yet */
    bool admitted;       /* and nothing of it was decided since */
};

/* What a book of the plan is filled in with, one value after the other. */
struct rb_book_values {
    const struct rb_value *params, *vars, *env, *connections; /* maps */
    int cursor;                   /* what is done so far (core/book.c) */
    const struct rb_value *error; /* why it can't begin: a text; else NULL */
};

struct rb_node {
    int step;    /* plan index */
    int parent;  /* node index, -1: top; of an undo: what it takes back, which has ended */
    int element; /* of the loop `parent` stands for, -1: none */
    /* The one under way, and the first: where it is begun again its attempts go on from those of
     * before, so that each is one of its own. */
    int attempt, first;
    int earlier; /* the node before it of the same step, -1: none */
    enum rb_phase phase : 8;
    enum rb_status status : 8;
    bool loop : 1;    /* stands for the for_each itself */
    bool started : 1; /* it may have done something: a rollback takes it back */
    bool doubted : 1; /* it ended, and nobody could say whether it happened */
    bool again : 1;   /* it, or what it is in, is begun again for a step that needs it */
    bool left : 1;    /* a person gave up taking it back, or a part of that */
    rb_time ended;    /* elapsed then */
    const struct rb_value *elements; /* of a loop; kept where an undo needs them */
    const struct rb_value *outputs;
    /* Kept where another step refers to it; of a loop in which elements failed: how they
     * stand (core/container.h). */
    const struct rb_value *result;
    struct rb_book_values *book; /* of a call, once it has begun */
    struct rb_active *active;    /* NULL once DONE */
};

/* What was last found out about a window: from then until then it is open, or closed. */
struct rb_window {
    bool known, open;
    rb_time since, until; /* UTC */
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
    const struct rb_value *created;      /* payload of run.created */
    const struct rb_value *operators;    /* who ran it so far: a list */
    struct rb_book_values main;          /* of the file that is run */
    const struct rb_value *operator_now; /* a text, once it was handed over; else NULL */
    const struct rb_value *duties;       /* left open (core/obligation.h); NULL: none */
    int64_t remarks;                     /* requests of the inbox on record: 1..remarks */
    const struct rb_value *locks;        /* filled in, a list of texts; NULL: none */
    const struct rb_value *lock_refused; /* payload of lock.refused, or NULL */
    bool locked;                         /* under this writer */
    const struct rb_value *end; /* payload of the last run.finished or run.suspended */
    rb_time utc, mono;          /* of the last event */
    rb_time created_utc;
    bool interactive;
    int stop_level;              /* 0: go on; see signal.received */
    const char *stop_name;       /* "INT"..., "halt": of a step; static text */
    const struct rb_value *stop; /* payload of the last signal.received, or NULL */
    struct rb_node *nodes;
    int node_count, node_capacity;
    /* The node that the last event was about, or what held it when that ended it; -1: none.
     * For a rule: the one it looks at (core/front.h). */
    int current;
    int *active; /* nodes under way, in the order in which they began */
    int active_count, active_capacity;
    int guard_count; /* of these */
    /* Those that something happened to since the last fact. A fact comes only when all is quiet:
     * no other node can have anything to decide. */
    int *fresh;
    int fresh_count, fresh_capacity;
    bool stuck;     /* a node is, or nobody could be asked */
    int next_step;  /* plan index of the next top step, -1: none */
    int *latest;    /* plan index -> newest node, -1: none */
    bool *referred; /* plan index -> some expression refers to it */
    int *tried;     /* plan index -> highest attempt of any node */
    bool repeats;   /* some step was begun again */
    struct rb_steady steady;
    rb_time stay;                 /* longer waits suspend the run; negative: none does */
    struct rb_window *windows;    /* of the plan, then of each step; NULL: there are none */
    bool admits;                  /* some step has a window or needs another */
    const struct rb_value *shell; /* payload of the shell.opened that is open, or NULL */
    const struct rb_value *shells;    /* all such payloads; NULL: none */
    const struct rb_value *overrides; /* core/override.h; NULL: none */
    int questions;                    /* asked so far */
    const struct rb_value *rollback;  /* payload of rollback.began, or NULL */
    int rollback_from;           /* what is left to be taken back is older than this node */
    const struct rb_value *last; /* payload of last.began: how the run ends, or NULL */
    int last_failed;             /* of the last steps */
};

void rb_active_free(struct rb_active *active); /* accepts NULL */

struct rb_state *rb_state_new(const struct rb_plan *plan); /* the plan must outlive it */
void rb_state_free(struct rb_state *state);

/* The key of a node: "copy[2]". */
void rb_node_key(const struct rb_state *state, int node, struct rb_buf *out);
/* Who has the run: who began it, or whoever it was handed over to. */
const char *rb_state_operator(const struct rb_state *state);
const char *rb_status_name(enum rb_status status);
/* The status of a node as its step is asked about: a message to several connections failed where one of
 * them did not get it, though the run went on. */
enum rb_status rb_node_outcome(const struct rb_state *state, int node);
const struct rb_step *rb_node_step(const struct rb_state *state, int node);
/* The current node, or NULL. */
struct rb_node *rb_state_current(const struct rb_state *state);
/* Is a transaction held open here, and nobody has decided about it? */
bool rb_node_holds(const struct rb_node *node);
/* Nothing of its step was ever committed: what it holds open is all that it has begun. */
bool rb_node_is_uncommitted(const struct rb_node *node);
/* Has it come to an end that nothing goes on from? */
bool rb_state_is_over(const struct rb_state *state);
/* Is something to happen here at a time (active->due)? */
bool rb_node_has_deadline(const struct rb_node *node);
/* Has that time come? A timer.due is of use then. */
bool rb_node_is_due(const struct rb_node *node, rb_time mono);
/* Is a question open here that has an end? */
bool rb_node_expires(const struct rb_node *node);
/* Does this node evaluate anything before its action? */
bool rb_node_prepares(const struct rb_state *state, const struct rb_node *node);
/* Digest-ready text of the state, for comparing fold(journal) with a live state in tests. */
const struct rb_value *rb_state_dump(const struct rb_state *state);
