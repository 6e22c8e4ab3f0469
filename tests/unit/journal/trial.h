#pragma once
/* A store of its own for each test, and journals to do things to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "journal/reader.h"
#include "journal/store.h"
#include "journal/writer.h"

#define TRIAL_RUN "r-20251122-230107-abcd"

struct trial {
    char *root;             /* a new folder */
    struct rb_store *store; /* <root>/store */
    struct rb_run *run;     /* TRIAL_RUN, created and locked */
};

/* cmocka's setup and teardown; *state is a struct trial. */
int trial_setup(void **state);
int trial_teardown(void **state);

/* A new folder, and its end with all that is in it. */
char *trial_folder(void);
void trial_remove(char *path);

/* Paths below the root, and below the run's folder: allocated, freed by teardown. */
char *trial_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

void trial_read(const char *path, struct rb_buf *out);
void trial_write(const char *path, const void *bytes, size_t length);
/* Flips one bit of a file. */
void trial_flip(const char *path, size_t bit);

/* An event; `owned` is its payload. Times grow with `tick`. */
struct rb_event trial_event(enum rb_event_type type, int64_t tick,
                            const struct rb_value *owned);

/* Appends an event and lets go of it. */
void trial_append(struct rb_writer *writer, enum rb_event_type type, int64_t tick,
                  const struct rb_value *owned);

/* A journal of `count` lines in the run, written and closed. */
void trial_journal(struct trial *trial, int count);
/* Its bytes in memory, without a file: the lines of run `salt`. */
void trial_lines(int count, int salt, struct rb_buf *out);
/* The same, and the one with this seq is of another type. */
void trial_lines_with(int seq, enum rb_event_type type, int count, int salt,
                      struct rb_buf *out);

/* Reads all of `bytes` as a journal: what the end was, the error's text, the number of records. */
enum rb_read trial_read_all(const char *bytes, size_t length, int64_t *ret_count,
                            struct rb_error *err);
