#include "effects/sql_request.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "base/duration.h"
#include "effects/sql_params.h"
#include "plan/sql_name.h"
#include "plan/sql_word.h"

enum { PARAMS_MAX = 65535 }; /* the protocol counts them in 16 bits */

/* The server ends a review that we forgot, so much after we would have. */
static const rb_time IDLE_MARGIN = 5 * RB_SEC;

bool rb_sql_request_is_write(const struct rb_value *request)
{
    return strcmp(rb_value_get_text(request, "class", "write"), "read") != 0;
}

bool rb_sql_request_is_read_only(const struct rb_value *request)
{
    return !rb_sql_request_is_write(request) ||
           rb_value_get_bool(request, "read_only", false) ||
           rb_value_get_bool(rb_value_get(request, "connection"), "read_only", false);
}

bool rb_sql_request_is_transaction(const struct rb_value *request)
{
    return rb_value_get_bool(request, "transaction", true);
}

static bool is_text(const struct rb_value *value)
{
    return rb_value_is(value, RB_STRING) &&
           strlen(rb_value_as_text(value, "")) == rb_value_length(value);
}

static bool check_params(const struct rb_value *params, const char *which,
                         struct rb_error *err)
{
    if (rb_value_count(params) > PARAMS_MAX)
        return rb_fail(err, RB_ERR_INVALID, "%s has more than %d parameters", which,
                       PARAMS_MAX);
    for (size_t i = 0; i < rb_value_count(params); i++) {
        const struct rb_value *param = rb_value_at(params, i);
        if (!rb_value_is(param, RB_NULL) && !is_text(param))
            return rb_fail(err, RB_ERR_INVALID,
                           "$%zu of %s is neither text without NUL nor null", i + 1, which);
    }
    return true;
}

static bool check_statement(const struct rb_value *statement, const char *member,
                            bool reads, const char *which, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    if (!rb_sql_text_check(rb_value_get(statement, member), err))
        return rb_error_prefix(err, "%s", which);
    rb_sql_text_join(rb_value_get(statement, member), &text);
    const char *whole = rb_buf_text(&text);
    if (memchr(whole, '\0', text.length) || rb_sql_word_is_missing(whole))
        return rb_fail(err, RB_ERR_INVALID, "%s is empty or holds a NUL", which);
    if (!rb_sql_word_check(whole, reads, err))
        return rb_error_prefix(err, "%s", which);
    return check_params(rb_value_get(statement, "params"), which, err);
}

static bool check_statements(const struct rb_value *request, struct rb_error *err)
{
    const struct rb_value *statements = rb_value_get(request, "statements");
    bool reads = rb_sql_request_is_read_only(request);
    if (rb_value_count(statements) == 0)
        return rb_fail(err, RB_ERR_INVALID, "the request has no statement");
    for (size_t i = 0; i < rb_value_count(statements); i++) {
        char which[48];
        snprintf(which, sizeof which, "statement %zu", i + 1);
        if (!check_statement(rb_value_at(statements, i), "text", reads, which, err))
            return false;
    }
    return true;
}

static bool check_review(const struct rb_value *request, struct rb_error *err)
{
    const struct rb_value *review = rb_value_get(request, "review");
    if (!review)
        return true;
    if (rb_value_get_int(request, "idle_us", 0) <= 0)
        return rb_fail(err, RB_ERR_INVALID, "a review has no limit of idling");
    if (rb_sql_request_is_read_only(request) || !rb_sql_request_is_transaction(request))
        return rb_fail(err, RB_ERR_INVALID, "a review is of a transaction that writes");
    return check_statement(review, "query", false, "the query of the review", err);
}

bool rb_sql_request_check(const struct rb_value *request, struct rb_error *err)
{
    const struct rb_value *connection = rb_value_get(request, "connection");
    if (rb_sql_request_is_read_only(request) && !rb_sql_request_is_transaction(request))
        return rb_fail(err, RB_ERR_INVALID, "what only reads is one transaction");
    return rb_sql_params_check(rb_value_get(connection, "params"), err) &&
           check_statements(request, err) && check_review(request, err);
}

/* Of the server's settings in milliseconds; absent: as the server has it. */
static void put_time(struct rb_buf *out, const char *set, const char *name, rb_time span)
{
    int64_t ms = span / RB_MS;
    if (span > 0)
        rb_buf_printf(out, "%s%s = %" PRId64 "; ", set, name,
                      ms < 1         ? 1
                      : ms > INT_MAX ? INT_MAX
                                     : ms);
}

/* Settings end with the transaction, so that they stay with nobody where a pool lends the server's
 * session to another. What only reads can't be made to write by SET TRANSACTION once it has taken
 * a snapshot, which SELECT does. */
void rb_sql_request_prologue(const struct rb_value *request, struct rb_buf *out)
{
    bool reads = rb_sql_request_is_read_only(request);
    bool alone = !rb_sql_request_is_transaction(request);
    const char *set = alone ? "SET " : "SET LOCAL ";
    rb_buf_puts(out, alone ? "" : reads ? "BEGIN READ ONLY; " : "BEGIN; ");
    put_time(out, set, "statement_timeout", rb_value_get_int(request, "timeout_us", 0));
    put_time(out, set, "lock_timeout", rb_value_get_int(request, "lock_timeout_us", 0));
    if (rb_value_get(request, "review"))
        put_time(out, set, "idle_in_transaction_session_timeout",
                 rb_value_get_int(request, "idle_us", 0) + IDLE_MARGIN);
    rb_buf_printf(out, "%sstandard_conforming_strings = on", set);
    if (reads)
        rb_buf_printf(out, "; %sdefault_transaction_read_only = on; SELECT", set);
}
