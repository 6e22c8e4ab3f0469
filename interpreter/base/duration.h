#pragma once
/* Durations as authors write them: 500ms, 90s, 1h30m, 2d. Time is int64 microseconds. */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

typedef int64_t rb_time; /* microseconds; a point (UTC) or a span, named so */

#define RB_MS  INT64_C(1000)
#define RB_SEC INT64_C(1000000)

#define RB_DURATION_MOST ((rb_time)366 * 24 * 3600 * RB_SEC)

/* Units d h m s ms, each at most once, larger before smaller, integers only; at most 366d.
 */
bool rb_duration_parse(const char *text, rb_time *ret_span,
                       struct rb_error *err) RB_MUST_CHECK;
/* Text that parses back to the same whole milliseconds: "1h30m", "500ms", "0s". */
void rb_duration_format(rb_time span, struct rb_buf *out);
/* For people watching: "4.2s", "1m03s", "2h05m". */
void rb_duration_human(rb_time span, struct rb_buf *out);

/* RFC 3339 in UTC with microseconds, 27 characters: 2025-11-22T23:01:07.104512Z. */
void rb_time_format(rb_time utc, char ret_text[28]);
/* Reads RFC 3339: no fraction or one to six digits, Z or the distance from UTC (+02:00). */
bool rb_time_parse(const char *text, rb_time *ret_utc);
