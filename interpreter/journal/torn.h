#pragma once
/* What a crash left behind the last whole line of a journal. */

#include "base/value.h"
#include "journal/reader.h"

/* Copies the bytes from end->offset to end->size to a new file journal.torn.<seq>, makes the copy
 * durable, and only then cuts them off. *ret_torn is the payload of tail.recovered. */
bool rb_torn_put_aside(int run_dir, int fd, const struct rb_reader_end *end,
                       const struct rb_value **ret_torn,
                       struct rb_error *err) RB_MUST_CHECK;
