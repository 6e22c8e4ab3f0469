#pragma once
/* The ways in which programs write a text that they were given: what else a secret looks like in
 * what is printed.
 *
 * As it is; each of its lines; base64 (RFC 4648, both alphabets) in each of the three places that
 * it can have among other bytes; hexadecimal; percent-encoded (RFC 3986, the sets of
 * characters that are left alone by encodeURIComponent and by HTML forms as well, and
 * everything encoded); escaped as JSON (also for ASCII, for HTML, and with `\/`); quoted for
 * a shell (single quotes, double quotes, backslashes, $'...'), without the quotes around it. Of a
 * URL what stands behind its host as well, in all of these.
 * Digits of hexadecimal in both cases. */

#include <stdbool.h>
#include <stddef.h>

/* Below this a text would be found everywhere: it has no spellings. */
enum { RB_SPELLING_SHORTEST = 6 };

/* `wraps`: long ones are usually broken into lines. The bytes are borrowed for the call. */
typedef void rb_spelling_take(void *context, const char *bytes, size_t length, bool wraps);

/* Calls `take` with each; some more than once. Whatever was needed on the way is wiped. */
void rb_spellings(const char *bytes, size_t length, rb_spelling_take *take, void *context);
