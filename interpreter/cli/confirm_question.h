#pragma once
/* `confirm` of a question that a run asks now. */

#include "cli/args.h"

/* The exit status; *ret_asked false: no open question has that name, and nothing was said. */
int rb_confirm_question(const struct rb_args *args, bool *ret_asked);
