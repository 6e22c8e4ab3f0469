#pragma once
/* Regular expressions: PCRE2 with limits and without its just-in-time compiler, so that a
 * pattern that does not come to an end says so, and at the same place on every machine.
 *
 * A pattern reads a text as UTF-8; the text may be any bytes, and those that are no UTF-8 match
 * nothing. A verb at the start of a pattern, (*LIMIT_MATCH=...), can lower a limit and not
 * raise it; callouts are not called; \C is refused. */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Bytes of a pattern. */
enum { RB_PATTERN_LONGEST = 4096 };

enum rb_pattern_place { RB_PATTERN_ANYWHERE, RB_PATTERN_AT_START, RB_PATTERN_WHOLE };

enum rb_pattern_verdict { RB_PATTERN_MATCHES, RB_PATTERN_DIFFERS, RB_PATTERN_GAVE_UP };

struct rb_pattern;

/* RB_ERR_INVALID: it is no pattern, and *at (which may be NULL) is the byte where it goes
 * wrong. `place` says where in a text it has to match. */
bool rb_pattern_compile(const char *text, size_t length, enum rb_pattern_place place,
                        struct rb_pattern **ret_pattern, size_t *at,
                        struct rb_error *err) RB_MUST_CHECK;
void rb_pattern_free(struct rb_pattern *pattern); /* accepts NULL */

/* The first match that begins at `from` or later. GAVE_UP: err->message names the limit. */
enum rb_pattern_verdict rb_pattern_match(struct rb_pattern *pattern, const char *text,
                                         size_t length, size_t from, struct rb_error *err);
/* Whether the pattern, which need not be one, matches all of the text. */
enum rb_pattern_verdict rb_pattern_whole(const char *pattern, const char *text,
                                         size_t length);
/* Can no text that begins so match? False when in doubt. */
bool rb_pattern_excludes(struct rb_pattern *pattern, const char *begin, size_t length);

/* Of the last match: the bytes of a group, 0 is the whole. False when it took no part. */
bool rb_pattern_span(const struct rb_pattern *pattern, size_t group, size_t *ret_from,
                     size_t *ret_to);
size_t rb_pattern_groups(const struct rb_pattern *pattern); /* without the whole */
/* The name of the i-th named group (from 0) and its number; NULL: there is none. */
const char *rb_pattern_name(const struct rb_pattern *pattern, size_t i, size_t *ret_group);

/* Appends the text with every match replaced, in which $1 and ${name} stand for groups and $$
 * for a dollar. `cap` bounds what is appended. GAVE_UP: a limit, or a replacement that is none;
 * DIFFERS: nothing matched, and the text is appended as it is. */
enum rb_pattern_verdict rb_pattern_replace(struct rb_pattern *pattern, const char *text,
                                           size_t length, const char *replacement,
                                           size_t replacement_length, size_t cap,
                                           struct rb_buf *out, size_t *ret_count,
                                           struct rb_error *err);
