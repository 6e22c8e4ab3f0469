#pragma once
/* JSON, strict: what is stored and exchanged is canonical (RFC 8785 without floats).
 *
 * Canonical form: members sorted by the bytes of their keys, no space, integers within
 * +-(2^53-1), UTF-8, the shortest escapes ("\b\t\n\f\r\"\\", other C0 as \u00xx in lower
 * case). Values JSON can't hold are wrapped: a number is {"$number":"%.17g"} (shortest that
 * reads back), an integer beyond 2^53-1 is {"$int":"..."}, a string that is not UTF-8 is
 * {"$bytes":"base64"}, a map with a key that is not UTF-8 or holds a NUL is
 * {"$map":[[key,value],...]}. A map key that starts with '$' is written with one more '$'
 * and read back without it. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* Appends the canonical bytes of `value`. Total: every value has one canonical form. */
void rb_json_encode(const struct rb_value *value, struct rb_buf *out);

/* The same for a text that is no value yet. */
void rb_json_encode_text(const char *bytes, size_t length, struct rb_buf *out);

/* Appends plain JSON for people and other programs: numbers as numbers (null when not
 * finite), bytes as text with U+FFFD, what would act on a terminal as \u escapes; `indent`
 * 0 is one line. Not for storing. */
void rb_json_print(const struct rb_value *value, int indent, struct rb_buf *out);

/* Reads canonical-dialect JSON (unwraps $number, $int, $bytes). Refuses duplicate keys,
 * floats, depth over 64 (of the value: a wrapper adds none), bytes after the end. Does not
 * demand sorted keys: compare with a re-encoding for that. Error RB_ERR_INVALID with the
 * place. */
bool rb_json_decode(const char *bytes, size_t length, const struct rb_value **ret_value,
                    struct rb_error *err) RB_MUST_CHECK;

/* Reads anybody's JSON (the output of a program): floats become numbers, nothing is
 * unwrapped, integers beyond 64 bits and duplicate keys are refused, depth at most 64. */
bool rb_json_parse(const char *bytes, size_t length, const struct rb_value **ret_value,
                   struct rb_error *err) RB_MUST_CHECK;
