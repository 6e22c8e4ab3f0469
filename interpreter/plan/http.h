#pragma once
/* What the description of an HTTP request (plan/spec.md) says of its method, and what can be sent. */

#include <stdbool.h>

#include "base/error.h"
#include "base/value.h"

/* "GET"; "POST" where something is sent and nothing else is said. */
const char *rb_http_method(const struct rb_value *spec);

/* Safe methods (RFC 9110, section 9.2.1): asking again changes nothing. */
bool rb_http_is_read(const char *method);

/* The characters of a method and of a header's name: RFC 9110, 5.6.2. */
bool rb_http_is_token(const struct rb_value *text);
/* A string in which nothing ends a line or the text. */
bool rb_http_is_line(const struct rb_value *text);

/* Whether a header can be sent, as far as it is known: `value` NULL: not yet. RB_ERR_INVALID has the
 * name and nothing of the value. */
bool rb_http_header_check(const struct rb_value *name, const struct rb_value *value,
                          struct rb_error *err) RB_MUST_CHECK;
/* Whether a request of this method may have a body, or an answer that has one. */
bool rb_http_body_check(const char *method, bool bodies,
                        struct rb_error *err) RB_MUST_CHECK;
