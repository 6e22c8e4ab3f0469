#pragma once
/* The diagnostic channel: mistakes of a runbook's author, many at a time, each with a code
 * and a span. The codes with their long explanations are one table, base/diag_codes.h. */

#include <stdbool.h>

#include "base/source.h"

enum rb_severity { RB_DIAG_ERROR, RB_DIAG_WARNING };

struct rb_diag {
    int code; /* shown as RB0123 */
    enum rb_severity severity;
    struct rb_span span;
    char *message;       /* one line: what is wrong */
    char *help;          /* one line: what to write instead; may be NULL */
    struct rb_span also; /* a second place ("first defined here"); line 0: none */
    char *also_label;
};

struct rb_diags {
    struct rb_diag *items;
    int count, capacity;
    int errors; /* that were found, also those that had to make room */
};

struct rb_diag_info {
    int code;
    enum rb_severity severity;
    const char *title;       /* "duplicate key" */
    const char *explanation; /* a few paragraphs with a wrong and a right example */
};

/* Nobody reads more findings than this, and a hostile file could ask for millions. */
#define RB_DIAGS_MOST 1000

void rb_diags_done(struct rb_diags *diags);
/* There are as many as are kept: looking for more is of no use. */
bool rb_diags_full(const struct rb_diags *diags);

/* Adds one, in place of the last when they are full; the severity comes from the code's entry.
 * Returns it so that help and `also` can be set. The pointer is good until the next call.
 * `message` is formatted; control characters in it are made visible. */
struct rb_diag *rb_diag_add(struct rb_diags *diags, int code, struct rb_span span,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
void rb_diag_help(struct rb_diag *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void rb_diag_also(struct rb_diag *diag, struct rb_span span, const char *label);

/* By file, line, column, code; removes exact repetitions. */
void rb_diags_sort(struct rb_diags *diags);

const struct rb_diag_info *rb_diag_info(int code); /* NULL: no such code */
const struct rb_diag_info *rb_diag_table(int *ret_count);
