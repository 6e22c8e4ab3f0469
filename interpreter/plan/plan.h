#pragma once
/* The compiled runbook: immutable, flat, steps by index. Made by parse/, executed by core/.
 *
 * Everything that may hold `${{ }}` is a value with *template leaves*:
 *   {"$expr": n}                     the value of expression n, with its type
 *   {"$text": ["a", {"$expr": n}]}   the texts and values joined
 *   {"$secret": "name"}              a secret, which is filled in where it is used
 * where n indexes plan->exprs. plan/template.h fills them in. */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/source.h"
#include "base/value.h"

enum rb_action {
    RB_ACTION_MANUAL, /* no action: a text that a person confirms */
    RB_ACTION_RUN,
    RB_ACTION_EXEC,
    RB_ACTION_PIPE,
    RB_ACTION_HTTP,
    RB_ACTION_SQL,
    RB_ACTION_NOTIFY, /* one message over one connection */
    RB_ACTION_LUA,
    RB_ACTION_GATE,
    RB_ACTION_CHECKLIST,
    RB_ACTION_CONFIRM,
    RB_ACTION_ASK,
    RB_ACTION_APPROVE, /* signatures of roles */
    RB_ACTION_WAIT,
    RB_ACTION_STEPS,
    RB_ACTION_PARALLEL,
    RB_ACTION_CALL,  /* the steps of another file */
    RB_ACTION_GUARD, /* none of the steps: looks while those that it covers run */
    RB_ACTION_COUNT
};
const char *rb_action_name(enum rb_action action); /* "run", ..., "manual" */
/* Does it do something in the world by itself, so that an interruption leaves it in doubt? */
bool rb_action_is_effect(enum rb_action action);
/* Is it made of other steps? */
bool rb_action_holds_steps(enum rb_action action);

enum rb_on_failure { RB_FAIL_STOP, RB_FAIL_CONTINUE, RB_FAIL_ASK, RB_FAIL_ROLLBACK };
enum rb_on_interrupt {
    RB_INTERRUPT_ASK,
    RB_INTERRUPT_PROBE,
    RB_INTERRUPT_RERUN,
    RB_INTERRUPT_FAIL
};
const char *rb_on_failure_name(enum rb_on_failure policy);
const char *rb_on_interrupt_name(enum rb_on_interrupt policy);
enum rb_backoff { RB_BACKOFF_CONSTANT, RB_BACKOFF_LINEAR, RB_BACKOFF_EXPONENTIAL };

enum rb_expr_uses {
    RB_USES_RESULT = 1, /* refers to `result` */
    RB_USES_WORLD = 2,  /* refers to a stdlib module that looks outside (sh) */
    RB_USES_LOOP = 4,   /* refers to a loop variable */
};

struct rb_expr {
    const char *source;  /* Lua, exactly as written */
    bool chunk;          /* statements that `return`, rather than one expression */
    struct rb_span span; /* of the Lua text in the file */
    const char *where;   /* for messages: "migrate.when", "vars.namespace" */
    const int *steps;    /* indices of the steps it refers to as steps.ID */
    int step_count;
    unsigned uses; /* enum rb_expr_uses */
    int book;      /* that it is evaluated in */
};

struct rb_output {
    const char *name;
    int expr;
};

struct rb_retry {
    int attempts;             /* 1: no retry */
    rb_time delay, max_delay; /* max_delay 0: none */
    enum rb_backoff backoff;
    int jitter_percent; /* 0..100: the delay varies by so much, down */
    unsigned on;        /* bits 1u << enum rb_reason (plan/reason.h); 0: any */
    int when;           /* expression, -1: none */
};

struct rb_step {
    const char *id; /* unique in the plan */
    enum rb_action action;
    int book;              /* that it stands in */
    int calls;             /* the book that it begins; 0: it is no call */
    int parent;            /* index, -1: top */
    int first_child, next; /* indices, -1: none */
    struct rb_span span;   /* of the id */

    /* title, why, env, cwd, stdin, expect and the members of the action (plan/spec.md) */
    const struct rb_value *spec;
    const int *prepare; /* expressions in spec, in order */
    int prepare_count;

    int when, for_each;    /* expressions, -1: none */
    const char *loop_name; /* `as`, default "item" */
    int limit;             /* elements or branches at once; 0: not said */
    bool cancel_branches;  /* of parallel: when one fails, the others are ended */
    int max_failures; /* of a loop: with so many elements failed it fails; 0: not said */
    bool max_failures_percent; /* of the number of its elements */
    int check, probe;          /* expressions, -1: none */
    const struct rb_output *outputs;
    int output_count;

    rb_time timeout, within; /* 0: none */
    struct rb_retry retry;
    bool idempotent;
    bool examine; /* has expect, check or outputs: needs an evaluation */
    enum rb_on_failure on_failure;
    enum rb_on_interrupt on_interrupt;
    /* Steps that stand in this one and are none of its children; indices, -1: none. */
    int undo;     /* takes it back when the run is rolled back */
    int handler;  /* runs when it has failed, before on_failure holds */
    int undoes;   /* of an undo: the step that it takes back */
    bool no_undo; /* it is said that nothing is to be taken back */
    /* Of a guard: the first and last of the top steps that it covers; what it does when it trips is
     * its on_failure, or nothing is begun until it holds again (pauses). */
    int covers_from, covers_to;
    bool pauses;
    const char *const *tags; /* NULL-terminated; never NULL */
};

/* How often a guard looks where it says nothing of it. */
#define RB_GUARD_EVERY (15 * RB_SEC)

/* A step that says nothing, to be filled in. */
struct rb_step rb_step_blank(int book, int parent);

enum rb_param_type {
    RB_PARAM_STRING,
    RB_PARAM_INTEGER,
    RB_PARAM_NUMBER,
    RB_PARAM_BOOLEAN,
    RB_PARAM_LIST,
    RB_PARAM_DURATION,
    RB_PARAM_TIME /* a text: a point, with its distance from UTC (base/moment.h) */
};

struct rb_param {
    const char *name, *help;
    enum rb_param_type type, of;     /* `of`: element type of a list */
    const char *pattern;             /* PCRE2, matched whole; NULL: none */
    const struct rb_value *values;   /* allowed values, or NULL */
    const struct rb_value *fallback; /* default; NULL: required */
    bool has_min, has_max;
    int64_t min, max;
    struct rb_span span;
};

struct rb_var {
    const char *name;
    const struct rb_value *value; /* with template leaves */
};

/* A file in the plan: the one that is run, and each that it calls, at each place where it does. What
 * stands in it is evaluated in its book, and sees nothing of any other. */
struct rb_book {
    int call;           /* the step that calls it; -1: it is the one that is run */
    const char *prefix; /* of the ids of its steps: "", "migrate:" */
    const char *name;   /* its `runbook:` */
    const struct rb_param *params;
    int param_count;
    const struct rb_var *vars; /* in order; each may refer to those before it */
    int var_count;
    const struct rb_value
        *env; /* map NAME -> text with template leaves: of its processes */
    /* map NAME -> what it says, with template leaves (plan/spec.md) */
    const struct rb_value *connections;
    const struct rb_value *secrets;  /* map NAME -> its name in the plan */
    const struct rb_output *outputs; /* what a call of it gives back */
    int output_count;
};

struct rb_plan_secret {
    const char *name;
    /* {"env": NAME}, {"file": path}, {"command": [argument...]} or {"prompt": text} */
    const struct rb_value *source;
    bool unmasked; /* may be too short to be looked for in what is printed */
};

struct rb_plan_index;

struct rb_plan {
    struct rb_arena *arena;      /* owns all of it but the values, which are referenced */
    struct rb_plan_index *index; /* step by id, made by rb_plan_index */
    const char *name, *title, *owner;
    const char *environment;      /* NULL: none chosen */
    const char *requires_runbook; /* ">=0.1" or NULL */
    const char *const *tools, *const *files,
                                  *const *variables; /* requires:; NULL-terminated */
    const struct rb_book *const *books; /* the first is that of the file that is run */
    int book_count;
    const struct rb_plan_secret *secrets;
    int secret_count;
    const struct rb_value *roles;   /* map ROLE -> list of people */
    const struct rb_value *signers; /* {file, revoked}: paths, from the runbook's folder */
    const struct rb_value *locks;   /* list of texts with template leaves; NULL: none */
    const struct rb_value *window;  /* outside of it no step begins (spec.md); NULL: none */
    const char *const *inherit;     /* names taken from the caller's environment */
    const struct rb_expr *exprs;
    int expr_count;
    const struct rb_step *steps; /* parents before children, in the order of the file */
    int step_count;
    int first_step;
    int first_guard; /* -1: none */
    /* Rows at the end of a run; the first is for one that does not succeed. -1: none. */
    int first_on_failure, first_finally;
    const struct rb_source *source;
    struct rb_buf canonical; /* its canonical JSON; spans are not in it */
    char digest[65];         /* SHA-256 of that, hex */
};

/* Releases the values, the arena and with it the plan itself, which has to lie in it.
 * Accepts NULL. */
void rb_plan_free(struct rb_plan *plan);

/* The book that the step stands in. */
const struct rb_book *rb_plan_book(const struct rb_plan *plan, int step);
/* What the step says as `connection`, as it is declared; NULL: it says none. */
const struct rb_value *rb_plan_connection(const struct rb_plan *plan, int step);

/* Index of the step with this id, or -1; quick once rb_plan_index was called. */
int rb_plan_find(const struct rb_plan *plan, const char *id);

/* Called once by the compiler, when all steps are set. */
void rb_plan_index(struct rb_plan *plan);

/* Computes canonical and digest, once, for those that run the plan or compare it: to check a
 * runbook takes neither. A canonical member that is not there has its default. */
void rb_plan_seal(struct rb_plan *plan);
