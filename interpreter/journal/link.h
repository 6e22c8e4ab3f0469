#pragma once
/* What makes a line part of a chain: its last member, "~h", is the hash of all before it.
 *
 * h = SHA-256(tag NUL body); body is the line up to the comma before "~h". "~" sorts after every
 * other key, so the line ends in a fixed shape: `,"~h":"` 64 hex digits `"}`. */

#include <stdbool.h>

#include "base/buf.h"
#include "base/digest.h"

#define RB_LINK_ZERO "0000000000000000000000000000000000000000000000000000000000000000"

/* Appends the hash, `}` and a newline to the line that was begun at `start` in `out`. */
void rb_link_close(const char *tag, struct rb_buf *out, size_t start,
                   char ret_hash[RB_DIGEST_HEX + 1]);

enum rb_link {
    RB_LINK_HOLDS,
    RB_LINK_MISSING, /* it does not end in that shape */
    RB_LINK_BROKEN,  /* the hash is not that of the body */
};

/* Looks at a line without its newline; where it holds, tells the body's length and the hash. */
enum rb_link rb_link_check(const char *tag, const char *line, size_t length,
                           size_t *ret_body, char ret_hash[RB_DIGEST_HEX + 1]);
