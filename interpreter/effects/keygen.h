#pragma once
/* A program of OpenSSH, ssh-keygen or ssh-add, with a limit of time: what it says, and whether it
 * succeeded. One that is missing, hangs or dies has said nothing. */

#include <uv.h>

#include "base/buf.h"
#include "base/error.h"

struct rb_keygen;

enum { RB_KEYGEN_FILES = 3 };

struct rb_keygen_call {
    const char *const *argv; /* ended by NULL; the program is found in PATH */
    const void *input;       /* its standard input, copied */
    size_t length;
    /* What it finds as /dev/fd/3, /dev/fd/4...; copied, never on a disk. NULL: no more. */
    const struct rb_buf *files[RB_KEYGEN_FILES];
    int limit_ms;
    bool agent;  /* it may use the agent */
    bool person; /* and ask on the terminal: for a passphrase, for a touch */
};

/* `output` is what it printed on both outputs, at most 64 KiB, or what went wrong; `code` its exit
 * code, -1 where it has none: then nothing can be concluded. */
typedef void rb_keygen_done(void *context, int code, const struct rb_buf *output);

/* `done` is called once, never at once. */
struct rb_keygen *rb_keygen_start(uv_loop_t *loop, const struct rb_keygen_call *call,
                                  rb_keygen_done *done, void *context);
/* Ends it without a word. Accepts NULL. */
void rb_keygen_end(struct rb_keygen *keygen);

/* Starts it and waits; the exit code. */
int rb_keygen_run(const struct rb_keygen_call *call, struct rb_buf *ret_output);
