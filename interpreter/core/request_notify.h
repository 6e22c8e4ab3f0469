#pragma once
/* The request of a `notify` step: an HTTP request (effects/http.md) or a mail (effects/mail.md),
 * as the connection is. What a value can't become in the target is settled here. Pure. */

#include "core/core.h"

/* Does the message of the current node go by mail? Else it goes by HTTP. */
bool rb_notify_by_mail(const struct rb_state *state);

/* Errors: RB_ERR_INVALID. */
bool rb_request_notify(const struct rb_state *state, const struct rb_value **ret_request,
                       struct rb_error *err) RB_MUST_CHECK;

/* The request that asks the server of a connection of type smtp, filled in, whether it would take
 * a mail from us, and sends none. `dir` is its folder. RB_ERR_INVALID. */
bool rb_request_mail_server(const struct rb_value *connection, const char *dir,
                            rb_time timeout, const struct rb_value **ret_request,
                            struct rb_error *err) RB_MUST_CHECK;
