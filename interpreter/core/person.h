#pragma once
/* What decisions say of the person they follow from: who, and why. */

#include "base/buf.h"
#include "base/value.h"

/* "stopped by alice: the disk is full", of a fact with `by` and perhaps `reason`; `deed` is
 * "stopped". */
void rb_person_words(const char *deed, const struct rb_value *fact, struct rb_buf *out);
/* The payload `owned` with `by: person`, and `who` and `reason` of the fact. */
const struct rb_value *rb_person_named(const struct rb_value *owned,
                                       const struct rb_value *fact);
