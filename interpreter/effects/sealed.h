#pragma once
/* Texts for programs, in memory that only looks like a file (memfd_create(2)): sealed, so that
 * nobody can change it, and gone with the last process that has it. An error of these functions
 * has the errno in `sys`. */

#include "base/error.h"
#include "base/secret.h"
#include "base/value.h"

struct rb_sealed_bytes {
    const char *data;
    size_t length;
};

/* Those of a text, or of the secret that stands in its place; borrowed. */
bool rb_sealed_bytes(const struct rb_value *value, const struct rb_secrets *secrets,
                     struct rb_sealed_bytes *ret_bytes, struct rb_error *err) RB_MUST_CHECK;

/* A descriptor from which exactly this can be read. */
bool rb_sealed_text(const struct rb_value *value, const struct rb_secrets *secrets,
                    int *ret_fd, struct rb_error *err) RB_MUST_CHECK;

/* A file of these texts and secrets, one behind the other, for its owner's eyes alone; its last
 * line has an end. */
bool rb_sealed_file(const struct rb_value *parts, const struct rb_secrets *secrets,
                    int *ret_fd, struct rb_error *err) RB_MUST_CHECK;
