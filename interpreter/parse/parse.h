#pragma once
/* From a runbook file to a plan. */

#include "base/diag.h"
#include "base/error.h"
#include "parse/luascan.h"
#include "parse/node.h"
#include "plan/plan.h"

/* A scalar that is nothing but a secret. */
struct rb_secret_use {
    const char *name;
    struct rb_span span;
};

/* Where the files come from that a runbook calls. */
struct rb_files {
    void *context;
    /* The bytes of the file at this path, which is one from the folder of the runbook that is run, and
     * doesn't lead out of it. They live as long as `context`. */
    bool (*read)(void *context, const char *path, const char **ret_text, size_t *ret_length,
                 struct rb_error *err);
};

/* A file that is called, and from where: the first place. */
struct rb_called {
    const char *path; /* as rb_files has it */
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
    const struct rb_called *called; /* each path once */
    int called_count;
    struct rb_document *other; /* see rb_document_own; or NULL */
};

/* Reads the file's bytes and compiles them, as far as can be, so that check/ can go on after
 * errors. `environment` (may be NULL) is laid over the rest; one that the file doesn't have is
 * a diagnostic. Never NULL; with diags->errors > 0 the plan must not run. */
struct rb_document *rb_document_read(const char *path, const char *text, size_t length,
                                     const char *environment, struct rb_diags *diags);

/* How a file is read that may call others. */
struct rb_reading {
    const char *path; /* for messages */
    const char *text;
    size_t length;
    const char *environment;      /* may be NULL */
    const char *place;            /* its path as `files` has it */
    const struct rb_files *files; /* NULL: it can call none */
    /* Puts the steps of the files that are called into the plan, as a run needs them. Else a call is held
     * against what its file declares, and that is all that is read of it. */
    bool whole;
};
struct rb_document *rb_document_read_with(const struct rb_reading *reading,
                                          struct rb_diags *diags);
/* The other one lives as long as this one: places in it may still be told. */
void rb_document_own(struct rb_document *document, struct rb_document *other);
void rb_document_free(struct rb_document *document); /* frees the plan as well */
