#pragma once
/* What the description of an HTTP request (plan/spec.md) says of its method. */

#include <stdbool.h>

#include "base/value.h"

/* "GET"; "POST" where something is sent and nothing else is said. */
const char *rb_http_method(const struct rb_value *spec);

/* Safe methods (RFC 9110, section 9.2.1): asking again changes nothing. */
bool rb_http_is_read(const char *method);
