#pragma once
/* What the families of rules share. Nothing outside this folder includes it. */

#include "check/check.h"

/* When an expression is evaluated. */
enum rb_moment {
    RB_AT_NO_TIME, /* it belongs to something that could not be read */
    RB_AT_START,   /* of the run: vars, env */
    RB_AT_WHEN,    /* when, for_each: once, before any element of the loop */
    RB_AT_STEP,    /* before and while the step works */
    RB_AT_RESULT,  /* check, outputs, retry.when: `result` is there */
    RB_AT_END,     /* outputs of the file: after its last step */
};

struct rb_site {
    enum rb_moment moment;
    int step;   /* -1: of no step */
    int var;    /* the variable whose value it is part of, -1: none */
    bool names; /* a name in SQL text */
};

struct rb_check {
    const struct rb_document *document;
    const struct rb_plan *plan;
    struct rb_diags *diags;
    const struct rb_site *sites; /* per expression */
    bool whole;                  /* all of the file could be read */
};

void rb_check_references(const struct rb_check *check);
void rb_check_connections(const struct rb_check *check);
void rb_check_order(const struct rb_check *check);
void rb_check_comparisons(const struct rb_check *check);
void rb_check_flow(const struct rb_check *check);
void rb_check_unused(const struct rb_check *check);
void rb_check_safety(const struct rb_check *check);
void rb_check_lookalikes(const struct rb_check *check);
void rb_check_secrets(const struct rb_check *check);
void rb_check_approvals(const struct rb_check *check);
void rb_check_shell_text(const struct rb_check *check);
void rb_check_statements(const struct rb_check *check);
void rb_check_sources(const struct rb_check *check);
void rb_check_time(const struct rb_check *check);

/* A part of the flow, of the files from this number on: what a rollback leaves. */
void rb_check_ways_back(const struct rb_check *check, int first_book);

/* Parts of the references: `params.NAME` and `vars.NAME`. */
void rb_check_param(const struct rb_check *check, const struct rb_lua_ref *ref);
void rb_check_var(const struct rb_check *check, const struct rb_site *site,
                  const struct rb_lua_ref *ref);
/* The same for `secrets.NAME`, in the expression of this number. */
void rb_check_secret(const struct rb_check *check, int expr, const struct rb_lua_ref *ref);
/* -1: there is none. */
int rb_check_find_param(const struct rb_plan *plan, const char *name);
int rb_check_find_var(const struct rb_plan *plan, const char *name);

/* The place of a key of a step, or of the step's id when the key was inherited. */
struct rb_span rb_check_key(const struct rb_check *check, int step, const char *key);
/* The value of a key of the step, or NULL. */
const struct rb_yaml_node *rb_check_value(const struct rb_check *check, int step,
                                          const char *key);
/* Whether `inner` is the step or one inside it. */
bool rb_check_within(const struct rb_plan *plan, int step, int inner);

/* "did you mean `x`?" over the names, which end with NULL, or else the other help (may be NULL). */
void rb_check_did_you_mean(struct rb_diag *diag, const char *word, const char *const *names,
                           const char *otherwise);
