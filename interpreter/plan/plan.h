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
    RB_ACTION_LUA,
    RB_ACTION_GATE,
    RB_ACTION_CHECKLIST,
    RB_ACTION_CONFIRM,
    RB_ACTION_ASK,
    RB_ACTION_WAIT,
    RB_ACTION_STEPS,
    RB_ACTION_COUNT
};
const char *rb_action_name(enum rb_action action); /* "run", ..., "manual" */
/* Does it do something in the world by itself, so that an interruption leaves it in doubt? */
bool rb_action_is_effect(enum rb_action action);

enum rb_on_failure { RB_FAIL_STOP, RB_FAIL_CONTINUE, RB_FAIL_ASK };
enum rb_on_interrupt {
    RB_INTERRUPT_ASK,
    RB_INTERRUPT_PROBE,
    RB_INTERRUPT_RERUN,
    RB_INTERRUPT_FAIL
};
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
    int parent;            /* index, -1: top */
    int first_child, next; /* indices, -1: none */
    struct rb_span span;   /* of the id */

    /* title, why, env, cwd, stdin, expect and the members of the action (plan/spec.md) */
    const struct rb_value *spec;
    const int *prepare; /* expressions in spec, in order */
    int prepare_count;

    int when, for_each;    /* expressions, -1: none */
    const char *loop_name; /* `as`, default "item" */
    int check, probe;      /* expressions, -1: none */
    const struct rb_output *outputs;
    int output_count;

    rb_time timeout, within; /* 0: none */
    struct rb_retry retry;
    bool idempotent;
    bool examine; /* has expect, check or outputs: needs an evaluation */
    enum rb_on_failure on_failure;
    enum rb_on_interrupt on_interrupt;
    const char *const *tags; /* NULL-terminated; never NULL */
};

enum rb_param_type {
    RB_PARAM_STRING,
    RB_PARAM_INTEGER,
    RB_PARAM_NUMBER,
    RB_PARAM_BOOLEAN,
    RB_PARAM_LIST,
    RB_PARAM_DURATION
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
    const struct rb_param *params;
    int param_count;
    const struct rb_var *vars; /* in order; each may refer to those before it */
    int var_count;
    const struct rb_plan_secret *secrets;
    int secret_count;
    const struct rb_value
        *env; /* map NAME -> text with template leaves; of all processes */
    const struct rb_value
        *connections; /* map NAME -> what it says, with template leaves (plan/spec.md) */
    const char *const *inherit; /* names taken from the caller's environment */
    const int *prepare;         /* the expressions of vars, env and connections, in order */
    int prepare_count;
    const struct rb_expr *exprs;
    int expr_count;
    const struct rb_step *steps; /* parents before children, in the order of the file */
    int step_count;
    int first_step;
    const struct rb_source *source;
    struct rb_buf canonical; /* its canonical JSON; spans are not in it */
    char digest[65];         /* SHA-256 of that, hex */
};

/* Releases the values, the arena and with it the plan itself, which has to lie in it.
 * Accepts NULL. */
void rb_plan_free(struct rb_plan *plan);

/* Index of the step with this id, or -1; quick once rb_plan_index was called. */
int rb_plan_find(const struct rb_plan *plan, const char *id);

/* Called once by the compiler, when all steps are set. */
void rb_plan_index(struct rb_plan *plan);

/* Computes canonical and digest, once, for those that run the plan or compare it: to check a
 * runbook takes neither. A canonical member that is not there has its default. */
void rb_plan_seal(struct rb_plan *plan);
