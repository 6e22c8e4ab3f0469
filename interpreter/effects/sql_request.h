#pragma once
/* What a request for a server may be (effects/sql.md), and how it is put to it. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

/* RB_ERR_INVALID: it can't be put to a server, and the message says why, without a value. */
bool rb_sql_request_check(const struct rb_value *request,
                          struct rb_error *err) RB_MUST_CHECK;

bool rb_sql_request_is_write(const struct rb_value *request); /* keeps notes */
bool rb_sql_request_is_read_only(
    const struct rb_value *request); /* the server sees to it */
bool rb_sql_request_is_transaction(const struct rb_value *request);

/* Appends the commands that come before the first statement: the settings and BEGIN. */
void rb_sql_request_prologue(const struct rb_value *request, struct rb_buf *out);
