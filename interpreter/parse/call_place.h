#pragma once
/* Where a file that is called lies. */

#include "base/arena.h"

/* The path of `file`, which is written in the file at `place` (NULL: at the top), from the folder that all
 * of them lie in; in the arena. NULL: it is absolute, or leads out of that folder. */
const char *rb_call_place(struct rb_arena *arena, const char *place, const char *file);
