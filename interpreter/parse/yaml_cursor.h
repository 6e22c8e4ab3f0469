#pragma once
/* A place in a scalar's text and the same place in the file. */

#include "parse/node.h"

struct rb_yaml_cursor {
    size_t offset;    /* in the text */
    size_t byte;      /* in the file */
    int line, column; /* line 0: not set yet */
};

struct rb_yaml_cursor *rb_yaml_cursor_new(struct rb_arena *arena);
