#pragma once
/* A file of signers, in the format ALLOWED SIGNERS of ssh-keygen(1), and what is wrong with each of
 * its lines. Only a line with which nothing is wrong ever lets somebody sign: it names people and no
 * patterns, and it names the namespace, so that the key's other signatures count for nothing. */

#include "base/buf.h"
#include "base/value.h"

enum { RB_SIGNERS_MAX = 1 << 20 }; /* bytes */

/* A list of the lines that are no comments, each a map: line (number), text, people (list), type and
 * key (fingerprint), valid_after and valid_before (as written, absent where they are not), wrong (why
 * it lets nobody sign; absent: nothing). Total: any bytes give a list. */
const struct rb_value *rb_signers_read(const char *text, size_t length);

/* Appends the lines by which `who` may sign with this key; false when there is none, and *why
 * (borrowed from `signers`, or static) says what is wrong with the one that comes nearest. */
bool rb_signers_find(const struct rb_value *signers, const char *who, const char *key,
                     struct rb_buf *out, const char **ret_why);
