#pragma once
/* How a server is reached: the keywords of libpq that a connection may name (PostgreSQL 15,
 * section 34.1.2), and those that are set so that nothing of the home folder counts. */

#include "base/error.h"
#include "base/value.h"

/* For PQconnectStartParams: both end with NULL once it is made. */
struct rb_sql_keywords {
    const char **names;
    char **values;
    size_t count;
};

/* Texts and integers under known keywords. RB_ERR_INVALID names what is wrong, never a value. */
bool rb_sql_params_check(const struct rb_value *params, struct rb_error *err) RB_MUST_CHECK;

/* `address` (NULL: as the params have it) is where the host is. Borrows the names of the params. */
void rb_sql_keywords_init(struct rb_sql_keywords *keywords, const struct rb_value *params,
                          const char *address);
void rb_sql_keywords_done(struct rb_sql_keywords *keywords);

/* The host whose addresses have to be found first, or NULL: there is one, or a socket. */
const char *rb_sql_params_host(const struct rb_value *params);
/* Microseconds that one address has. */
int64_t rb_sql_params_connect_timeout(const struct rb_value *params);
