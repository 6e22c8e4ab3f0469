#pragma once
/* A runbook and the files that it calls, in one text: a line `=== PATH` begins another one. */

#include "parse/parse.h"

enum { SEVERAL_MOST = 16 };

struct several {
    char *text;
    size_t length; /* of the first, which is the runbook */
    struct {
        const char *path, *text;
        size_t length;
    } called[SEVERAL_MOST];
    int count;
    struct rb_files files;
};

/* To be ended with several_done, when what was read of it is not needed any more. */
void several_split(struct several *several, const char *text, size_t length);
void several_done(struct several *several);

/* Reads it under this path; `whole` as in struct rb_reading. */
struct rb_document *several_read(struct several *several, const char *path,
                                 const char *environment, bool whole,
                                 struct rb_diags *diags);
