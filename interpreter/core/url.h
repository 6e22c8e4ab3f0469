#pragma once
/* A URL from texts of the author and values of the run. A value never becomes structure (RFC
 * 3986): in the path, query and fragment all of it but unreserved characters is percent-encoded,
 * in the authority it is made of characters of a host and port, and at the very beginning it
 * is a whole beginning, "https://host/path". */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* Appends the parts, of which those that are {"$expr"} in `written` are values in `filled`. Errors
 * (RB_ERR_INVALID) say what is wrong with which value. */
bool rb_url_join(const struct rb_value *written, const struct rb_value *filled,
                 struct rb_buf *out, struct rb_error *err) RB_MUST_CHECK;

/* Appends "?name=value&..." of a map of texts, "&..." where there is a query already. */
bool rb_url_query(const struct rb_value *query, struct rb_buf *out,
                  struct rb_error *err) RB_MUST_CHECK;

/* Appends the text with all but unreserved characters percent-encoded. */
void rb_url_encode(const char *text, size_t length, struct rb_buf *out);
