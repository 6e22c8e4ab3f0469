#pragma once
/* A runbook file as commands need it: read, compiled, checked, its findings told. */

#include "base/buf.h"
#include "base/diag.h"
#include "cli/called.h"
#include "parse/parse.h"

enum rb_diag_form { RB_DIAG_TEXT, RB_DIAG_JSON, RB_DIAG_GITHUB };

/* The exact bytes of what was read; zeroed before. */
struct rb_load_bytes {
    struct rb_buf runbook;
    struct rb_called_files called;
};
void rb_load_bytes_done(struct rb_load_bytes *bytes);

/* Reads and checks it, and what it calls; findings are added to diags. NULL only when the file can't be
 * read. `ret_bytes` may be NULL. */
struct rb_document *rb_load(const char *path, const char *environment,
                            struct rb_diags *diags, struct rb_load_bytes *ret_bytes,
                            struct rb_error *err);

/* Sorts and prints findings: text to standard error, JSON and GitHub annotations to standard
 * output. */
void rb_load_report(struct rb_diags *diags, enum rb_diag_form form);

struct rb_args;

/* The parameters of `-p` and `--params`, resolved; mistakes are added to diags. */
bool rb_load_params(const struct rb_args *args, const struct rb_document *document,
                    struct rb_diags *diags, const struct rb_value **ret_params,
                    struct rb_error *err);

/* The answers file of `--answers`: map NULL when none was given. One that others can write is
 * refused (cli/trust.h). */
struct rb_load_answers {
    const struct rb_value *map;
    struct rb_buf text;
};
bool rb_load_answers(const struct rb_args *args, struct rb_load_answers *ret_answers,
                     struct rb_error *err);
void rb_load_answers_done(struct rb_load_answers *answers);

/* What `requires:` names and this machine lacks: one line each, appended. How many. */
int rb_load_missing(const struct rb_plan *plan, struct rb_buf *out);

/* Prints "runbook: message" and returns the exit status that belongs to the error. */
int rb_report(const struct rb_error *err);
