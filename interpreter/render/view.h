#pragma once
/* What shows a run: consumers of events. One implementation a file: terminal, plain, json. */

#include <uv.h>

#include "core/core.h"
#include "journal/line.h"

struct rb_view;

/* Called with the answer of a person: a map of `answer` and, where given, `reason`, `note`,
 * `evidence`, that the question allows (core/question.h); borrowed. NULL: the terminal is gone
 * or at its end, nobody answers. */
typedef void rb_view_answered(void *context, const struct rb_value *answer);

/* The bytes that were typed unseen, wiped after the call; NULL as above. */
typedef void rb_view_typed(void *context, const char *bytes, size_t length);

/* A person at a question wants a shell beside the run first, for this purpose (borrowed). False: there
 * is none, and the terminal was not given away. */
typedef bool rb_view_shell(void *context, const struct rb_value *question,
                           const char *purpose);

struct rb_view_ops {
    /* A record that is in the journal, with the state after it. */
    void (*event)(struct rb_view *view, const struct rb_state *state,
                  const struct rb_record *record);
    /* Time passed (ten times a second on a terminal, every few seconds elsewhere). */
    void (*tick)(struct rb_view *view, const struct rb_state *state, rb_time utc,
                 rb_time mono);
    /* Asks a person; NULL where nobody can be asked. One question at a time. */
    void (*ask)(struct rb_view *view, const struct rb_value *question,
                rb_view_answered *answered, void *context);
    /* Asks for a secret, whose name and declared text are given; there where `ask` is, and in its
     * turn. */
    void (*ask_secret)(struct rb_view *view, const char *name, const char *text,
                       rb_view_typed *typed, void *context);
    void (*unask)(struct rb_view *view); /* the question is off: the run was interrupted */
    /* The terminal is given away, in its own modes: until `take_back` nothing is drawn or read. NULL where
     * there is none. */
    void (*lend)(struct rb_view *view);
    void (*take_back)(struct rb_view *view);
    /* The last words; then the view is freed. `exit` is the program's. */
    void (*close)(struct rb_view *view, const struct rb_state *state, int exit);
};

struct rb_view {
    const struct rb_view_ops *ops;
};

struct rb_view_options {
    uv_loop_t *loop;
    int run_dir;                          /* for live output and blobs; borrowed */
    const char *run_id, *run_path, *file; /* for "how to go on" lines; borrowed */
    const char *resume_command; /* "runbook resume r-…" with its --store where needed */
    rb_view_shell *shell;       /* NULL: there is none to be had */
    void *shell_context;
    bool colour;
    bool github; /* plain: with workflow commands of GitHub Actions */
};

/* Each ignores SIGPIPE for the process: a reader that goes away must not end the run. */

/* On a terminal; `tty` is the controlling terminal (questions), written to as well. It is put
 * into a mode without echo, stays the caller's, and must not share its open file description
 * with anybody: it is made non-blocking. rb_terminal_restore (render/tty.h) gives the terminal
 * back in a process that ends without closing the view. */
struct rb_view *rb_view_terminal_new(const struct rb_view_options *options, int tty);
/* Lines on standard error; never asks. */
struct rb_view *rb_view_plain_new(const struct rb_view_options *options);
/* NDJSON on standard output. */
struct rb_view *rb_view_json_new(const struct rb_view_options *options);
