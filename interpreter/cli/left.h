#pragma once
/* Signed answers as they lie in the inbox of a run (signed.*): nothing of them is judged here. */

#include "effects/signed.h"
#include "journal/store.h"

/* Their names, the keys of a map, in an order that is always the same. */
const struct rb_value *rb_left_names(const struct rb_run *run);
/* False for what can't be read: it may be half written. */
bool rb_left_read(const struct rb_run *run, const char *name, struct rb_signed *ret_signed);
/* "approve, signed by po@x as product-owner", as it says itself. */
void rb_left_words(const struct rb_signed *signed_, struct rb_buf *out);
/* Does the record say what became of it, or that it could not be judged? */
bool rb_left_is_recorded(const struct rb_run *run, const struct rb_signed *signed_);
