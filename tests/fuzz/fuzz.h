#pragma once
/* What the fuzz targets share. A target takes any bytes and asserts what must hold of whatever
 * comes of them: libFuzzer looks for bytes that break it, and again.c runs the kept ones. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The next line of an input, without its newline; false at the end. */
struct fuzz_lines {
    const char *at, *end;
};
struct fuzz_lines fuzz_lines_of(const uint8_t *bytes, size_t length);
bool fuzz_line_next(struct fuzz_lines *lines, const char **ret_line, size_t *ret_length);

/* A descriptor with these bytes. */
int fuzz_file(const char *name, const void *bytes, size_t length);

/* What a scalar of a YAML file can hold of these bytes: the rest becomes spaces. Newlines stay. */
void fuzz_scalar(const uint8_t *bytes, size_t length, struct rb_buf *out);

/* Valid UTF-8 in which nothing acts on a terminal, but for newlines with `lines`. */
void fuzz_assert_visible(const char *text, size_t length, bool lines);

/* Each finding lies in its file, has an explanation, and is shown in each form there is. */
void fuzz_assert_diags(struct rb_diags *diags);
