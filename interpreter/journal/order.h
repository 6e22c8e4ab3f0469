#pragma once
/* What was done to a journal whose lines are each sound but don't follow one another. */

#include "journal/reader.h"

/* The record `wrong` stands at offset `at` where the one after `last` was due. Looks through the
 * whole file for what explains it. Fails always, RB_ERR_RECORD. */
bool rb_order_explain(int fd, const struct rb_reader_end *last, int64_t at,
                      const struct rb_record *wrong, struct rb_error *err);
