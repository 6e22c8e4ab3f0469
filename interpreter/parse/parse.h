#pragma once
/* From a runbook file to a plan. */

#include "base/diag.h"
#include "parse/luascan.h"
#include "parse/node.h"
#include "plan/plan.h"

/* A scalar that is nothing but a secret. */
struct rb_secret_use {
    const char *name;
    struct rb_span span;
};

/* A file that was read: the plan, and what check/ needs besides it. */
struct rb_document {
    struct rb_arena *arena;
    struct rb_arena *scratch; /* for whoever needs one; who takes it clears it first */
    const struct rb_source *source;
    const struct rb_yaml_node *root;              /* NULL: not even YAML */
    struct rb_plan *plan;                         /* NULL: too broken to be one */
    const struct rb_lua_refs *refs;               /* per expression of the plan */
    const struct rb_yaml_node *const *step_nodes; /* per step of the plan: its mapping */
    const struct rb_yaml_node *const
        *environments; /* names (key nodes) of the environments */
    int environment_count;
    const struct rb_secret_use *secret_uses;
    int secret_use_count;
};

/* Reads the file's bytes and compiles them, as far as can be, so that check/ can go on after
 * errors. `environment` (may be NULL) is laid over the rest; one that the file doesn't have is
 * a diagnostic. Never NULL; with diags->errors > 0 the plan must not run. */
struct rb_document *rb_document_read(const char *path, const char *text, size_t length,
                                     const char *environment, struct rb_diags *diags);
void rb_document_free(struct rb_document *document); /* frees the plan as well */
