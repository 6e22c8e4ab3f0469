#pragma once
/* The runbooks that are crashed: every example of the repository. */

#include <stdbool.h>

#include "base/buf.h"
#include "people.h"
#include "services.h"

struct scene {
    const char *name;
    const char *file;       /* below the root of the repository */
    const char *words[5];   /* further words of `exec`, ended by NULL */
    const char *answers;    /* of the questions it asks, as text; "": none */
    const char *doubts[16]; /* steps that may be in doubt, ended by NULL */
    const char
        *repeats[4]; /* programs that may run again by themselves: what only looks, and
                               what is idempotent; the beginning of the words, ended by NULL */
    struct person people[4]; /* who signs what it waits for, in this order */
    int signed_before; /* how many of them, before the command that is crashed: its exec, or
                          a resume */
    const char *end;   /* the status that it comes to; NULL: succeeded */
    int code;          /* its exit code then */
    enum service service; /* what it asks beyond its machine, and what it writes there */
    struct arrival arrivals[2];
    bool bears; /* a loop of it goes on without an element that failed */
    bool
        slow; /* each trial takes long: only some of its calls are crashed unless it is said */
};

extern const struct scene scenes[];
extern const int scene_count;

/* All of them as a list in JSON, for tests that run them otherwise. */
void scenes_print(struct rb_buf *out);
