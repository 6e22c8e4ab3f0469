#pragma once
/* The members of a file, which some need before others whatever their order. */

#include "parse/compile.h"

/* Reads the file of the document into the plan and into the book that is begun. */
void rb_top_read(struct rb_compiler *c);

/* Of a file that is called, only what a call is held against: name, parameters, outputs. */
void rb_top_declared(struct rb_compiler *c);

/* All of it but what belongs to the run as a whole; its steps go into the step `parent`, and fail as
 * `on_failure` says where the file does not. Returns the index of the first, or -1. *ret_window is a new
 * reference, or NULL. */
int rb_top_called(struct rb_compiler *c, int parent, enum rb_on_failure on_failure,
                  const struct rb_value **ret_window);
