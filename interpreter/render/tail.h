#pragma once
/* The last lines of what a process wrote, fit to be shown. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

struct rb_tail {
    char **lines; /* visible (rb_text_visible), tabs expanded, none empty */
    int count;
    bool whole;    /* these are all lines of it */
    int64_t total; /* bytes that the stream has so far */
};

/* The last `max` lines of a stream ("out" or "err") of a request, live or ended. A carriage
 * return ends a line, visibly: what a program overwrites on a terminal is not hidden, and the
 * newest state of a progress bar is the last line. */
void rb_tail_read(int run_dir, const char *dir, const char *stream, int max,
                  struct rb_tail *ret_tail);
/* The same of what is kept under this reference of an outcome: {"blob", "bytes"}. */
void rb_tail_kept(int run_dir, const struct rb_value *reference, int max,
                  struct rb_tail *ret_tail);
/* The same of bytes at hand; `cut`: they begin inside a line. */
void rb_tail_of(const char *bytes, size_t length, bool cut, int max,
                struct rb_tail *ret_tail);
void rb_tail_done(struct rb_tail *tail); /* accepts zeroed */
