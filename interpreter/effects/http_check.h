#pragma once
/* Whether a request can be sent as it is: nothing in it reaches into another part of the message
 * (RFC 9110, 5.5 and 9112, 11), and it says nothing twice. */

#include "base/error.h"
#include "base/value.h"

/* RB_ERR_INVALID names the member, never its value. The URL is rb_origin_read's. */
bool rb_http_check(const struct rb_value *request, struct rb_error *err) RB_MUST_CHECK;
