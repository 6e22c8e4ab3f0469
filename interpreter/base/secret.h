#pragma once
/* Secrets by name, with their values in guarded memory (base/guarded.h). A few: looked through. */

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the longest value. */
enum { RB_SECRET_MOST = 64 << 10 };

struct rb_secret {
    char *name;
    char *bytes; /* guarded; no NUL at the end */
    size_t length;
    bool unmasked; /* too short to be looked for in what is printed */
};

struct rb_secrets {
    struct rb_secret *items;
    size_t count, capacity;
};

void rb_secrets_done(struct rb_secrets *secrets); /* wipes; zeroes */
/* Copies the value. One that had this name before gives way to it, but stays until the end to be
 * looked for: what got it may still print it. */
void rb_secrets_put(struct rb_secrets *secrets, const char *name, const char *bytes,
                    size_t length, bool unmasked);
/* The newest of this name, or NULL. */
const struct rb_secret *rb_secrets_find(const struct rb_secrets *secrets, const char *name);
