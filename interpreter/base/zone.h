#pragma once
/* Names of time zones, as tzdata has them: Europe/Berlin. Their rules are the C library's. */

#include <stdbool.h>

#include "base/buf.h"

/* A file of that name is sought where tzdata is: letters, digits, `_`, `+`, `-` and single slashes
 * between them, so that no name leads out of there. */
bool rb_zone_is_name(const char *name);

/* What this machine has of it: its file is there; is not; or there is no tzdata at all. */
enum rb_zone_here { RB_ZONE_THERE, RB_ZONE_NOT_THERE, RB_ZONE_NO_DATA };
/* `name` has to be a name. */
enum rb_zone_here rb_zone_find(const char *name);

/* The bytes of its file; false where there is none, or it is no TZif (RFC 8536). */
bool rb_zone_read(const char *name, struct rb_buf *ret_bytes);

/* The version of the tzdata that is installed, "2025b"; "" where it does not say. */
void rb_zone_version(char ret_version[16]);
