#pragma once
/* Looks at the calendar of a place, by the zone's data and the C library's rules. They run in a
 * process of their own (effects/fs_look.h): the C library has one zone for all threads.
 *
 * `req` has `tz` and `now` (seconds since 1970, as `time.now` said). The answer has `tzdata` (its
 * version, where it says) and `zone` (SHA-256 of the zone's file): with another tzdata it might be another. Or
 * `error`: {`code` (zone, kind), `message`}.
 *
 * | `time.window` | `from`, `to`, `days`, `except` of plan/spec.md: `open`; `since`, `until` (seconds; absent: not within two years): how long it has been and will be so |
 * | `time.at` | `at`: "2025-11-24T10:00:00" or "10:00:00": `at` (seconds): when a clock there shows that, of a time of day the next one there is |
 *
 * A clock that is set forth does not show some times: they are then when it is set. One that is set
 * back shows some twice: the first one counts. */

#include <stdbool.h>

#include "base/value.h"

bool rb_zone_look_is(const char *call);
/* A new reference. Sets the zone of the process. */
const struct rb_value *rb_zone_look(const char *call, const struct rb_value *req);
