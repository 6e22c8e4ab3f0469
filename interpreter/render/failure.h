#pragma once
/* What is known about an attempt that failed or is in doubt, as lines: the checks that do not
 * hold with their operands and what else they compared, what a database said besides, the last lines of output, where all of it is. */

#include "render/story.h"

enum rb_failure_line {
    RB_FAILURE_CHECK, /* "error rate: 0.07 > 0.05" */
    RB_FAILURE_LABEL, /* "last lines of standard error:", above what it names; a comparison */
    RB_FAILURE_OUTPUT, /* a line of output */
    RB_FAILURE_PATH    /* where all of it is */
};

/* `text` is safe for a terminal. */
typedef void rb_failure_tell(void *context, enum rb_failure_line kind, const char *text);

struct rb_failure_place {
    int run_dir; /* the run's folder */
    const char *run_path;
    int lines; /* at most so many of output, of each stream, and of comparisons */
};

/* Of this attempt of the frame's step. */
void rb_failure_lines(const struct rb_frame *frame, int attempt,
                      const struct rb_failure_place *place, rb_failure_tell *tell,
                      void *context);
