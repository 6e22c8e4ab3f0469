#pragma once
/* Looks that are like the one before them. A gate may look every second for hours and see the same: the
 * payload of such an eval.result is written as what differs from that of the look before it, of the
 * same step and under the same writer:
 *
 *   {"like":12,"step":"ready","with":{"/evidence/0/outcome/duration_us":548}}
 *
 * `like` is the seq of that event; `with` has the new value at each place (a JSON pointer, RFC 6901) at which
 * there is another. Where the form is another, with other members or another number of items, the
 * whole value at that place is new. Whatever is no longer than that is written as it is. */

#include "journal/line.h"

struct rb_likes; /* the last look of each step that looks */

struct rb_likes *rb_likes_new(void);
void rb_likes_free(struct rb_likes *likes); /* accepts NULL */

/* The payload as it is to be written (a new reference) of the event that becomes this seq. */
const struct rb_value *rb_likes_shorten(struct rb_likes *likes,
                                        const struct rb_event *event, int64_t seq);

/* The payload of a record that was read as it was before it was shortened. Refuses, with RB_ERR_RECORD and a
 * message that goes on from "seq 12 ", what rb_likes_shorten would not have written. */
bool rb_likes_restore(struct rb_likes *likes, struct rb_record *record,
                      struct rb_error *err) RB_MUST_CHECK;
