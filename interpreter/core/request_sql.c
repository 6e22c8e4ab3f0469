#include "core/request_sql.h"

#include <string.h>

#include "core/book.h"
#include "core/effects.h"
#include "plan/sql_name.h"
#include "plan/template.h"

static const rb_time LOCK_TIMEOUT = 30 * RB_SEC;

/* A parameter is a text or null; the server reads it by the type it has there. */
static bool param_of(const struct rb_value *value, size_t number,
                     const struct rb_value **ret_param, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    *ret_param = NULL;
    if (rb_value_is(value, RB_NULL)) {
        *ret_param = rb_value_null();
        return true;
    }
    if (!rb_template_text(value, &text))
        return rb_fail(err, RB_ERR_INVALID,
                       "value $%zu is a %s; a parameter is a text, a number, true, false "
                       "or nil",
                       number, rb_kind_name(rb_value_kind(value)));
    if (memchr(rb_buf_text(&text), '\0', text.length))
        return rb_fail(err, RB_ERR_INVALID, "value $%zu holds a NUL byte", number);
    *ret_param = rb_value_string(rb_buf_text(&text), text.length);
    return true;
}

static bool statement_of(const struct rb_value *filled,
                         const struct rb_value **ret_statement, struct rb_error *err)
{
    struct rb_list_builder list = {0};
    const struct rb_value *params = rb_value_get(filled, "params");
    bool good = rb_sql_text_check(rb_value_get(filled, "text"), err);
    for (size_t i = 0; good && i < rb_value_count(params); i++) {
        const struct rb_value *param;
        good = param_of(rb_value_at(params, i), i + 1, &param, err);
        if (good)
            rb_list_add(&list, param);
    }
    RB_AUTO_VALUE const struct rb_value *all = rb_list_end(&list);
    if (good)
        *ret_statement = rb_value_map("text", rb_value_ref(rb_value_get(filled, "text")),
                                      "params", rb_value_ref(all), NULL);
    return good;
}

static bool statements_of(const struct rb_value *filled, const struct rb_value **ret_list,
                          struct rb_error *err)
{
    struct rb_list_builder list = {0};
    const struct rb_value *statements = rb_value_get(filled, "statements");
    bool good = true;
    for (size_t i = 0; good && i < rb_value_count(statements); i++) {
        const struct rb_value *statement = NULL;
        good = statement_of(rb_value_at(statements, i), &statement, err);
        if (good)
            rb_list_add(&list, statement);
        else if (rb_value_count(statements) > 1)
            rb_error_prefix(err, "statement %zu", i + 1);
    }
    RB_AUTO_VALUE const struct rb_value *all = rb_list_end(&list);
    if (good)
        *ret_list = rb_value_ref(all);
    return good;
}

/* {query, params} of a review, or NULL where there is none. */
static bool review_of(const struct rb_value *filled, const struct rb_value **ret_review,
                      struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *statement = NULL;
    const struct rb_value *query = rb_value_get(filled, "query");
    *ret_review = NULL;
    if (!query)
        return true;
    if (!statement_of(query, &statement, err))
        return rb_error_prefix(err, "the query of the review");
    *ret_review =
        rb_value_map("query", rb_value_ref(rb_value_get(statement, "text")), "params",
                     rb_value_ref(rb_value_get(statement, "params")), NULL);
    return true;
}

bool rb_request_sql_build(const struct rb_state *state, const char *dir, rb_time timeout,
                          bool read_only, const struct rb_value *filled,
                          const struct rb_value **ret_request, struct rb_error *err)
{
    const char *name = rb_value_get_text(filled, "connection", "");
    const struct rb_value *connection =
        rb_value_get(rb_book_here(state)->connections, name);
    RB_AUTO_VALUE const struct rb_value *statements = NULL;
    if (strcmp(rb_value_get_text(connection, "type", ""), "postgres") != 0)
        return rb_fail(err, RB_ERR_INVALID, "there is no postgres connection `%.80s`",
                       name);
    const struct rb_value *given = rb_value_get(filled, "review"), *review = NULL;
    if (!statements_of(filled, &statements, err) || !review_of(given, &review, err))
        return false;
    const struct rb_value *idle = rb_value_get(given, "idle_us");
    bool held = rb_value_get_bool(connection, "read_only", false);
    bool reads = read_only || held || rb_value_get_bool(filled, "read_only", false);
    rb_time lock = rb_value_get_int(filled, "lock_timeout_us", LOCK_TIMEOUT);
    *ret_request = rb_value_map(
        "dir", rb_value_text(dir), "class", rb_value_text(reads ? "read" : "write"),
        "connection",
        rb_value_map("name", rb_value_textf("%s%s", rb_book_declared(state)->prefix, name),
                     "params", rb_value_ref(rb_value_get(connection, "params")),
                     "read_only", rb_value_bool(held), NULL),
        "statements", rb_value_ref(statements), "transaction",
        rb_value_bool(rb_value_get_bool(filled, "transaction", true)), "read_only",
        rb_value_bool(reads), "timeout_us", rb_value_int(timeout), "lock_timeout_us",
        rb_value_int(lock < timeout ? lock : timeout), "review", review, "idle_us",
        rb_value_ref(idle), NULL);
    return true;
}

bool rb_request_sql(const struct rb_state *state, const struct rb_value **ret_request,
                    struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *spec = NULL, *dir = rb_process_dir(state);
    return rb_filled_spec(state, &spec, err) &&
           rb_request_sql_build(state, rb_value_as_text(dir, ""), rb_request_timeout(state),
                                false, spec, ret_request, err);
}
