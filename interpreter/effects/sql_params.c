#include "effects/sql_params.h"

#include "base/buf.h"
#include "base/duration.h"
#include "base/text.h"

/* A path at which nothing can be: libpq would otherwise look in the home folder. */
#define NO_FILE "/dev/null/none"

#define TIMEOUT "connect_timeout" /* ours to keep: libpq has none where it doesn't block */

enum { DEFAULT_TIMEOUT_S = 10, MAX_TIMEOUT_S = 3600 };

static const char *const allowed[] = {"application_name",
                                      "channel_binding",
                                      "dbname",
                                      "host",
                                      "hostaddr",
                                      "keepalives",
                                      "keepalives_count",
                                      "keepalives_idle",
                                      "keepalives_interval",
                                      "password",
                                      "port",
                                      "ssl_max_protocol_version",
                                      "ssl_min_protocol_version",
                                      "sslcert",
                                      "sslcrl",
                                      "sslkey",
                                      "sslmode",
                                      "sslpassword",
                                      "sslrootcert",
                                      "target_session_attrs",
                                      "tcp_user_timeout",
                                      "user",
                                      TIMEOUT};

/* Stand before the connection's own, which win. GSSAPI would ask its servers while we wait; what
 * is not acknowledged for half a minute will never be. */
static const struct {
    const char *name, *value;
} given[] = {{"fallback_application_name", "runbook"},
             {"client_encoding", "UTF8"},
             {"gssencmode", "disable"},
             {"keepalives_idle", "60"},
             {"tcp_user_timeout", "30000"},
             {"passfile", NO_FILE},
             {"sslcert", NO_FILE},
             {"sslkey", NO_FILE},
             {"sslrootcert", NO_FILE},
             {"sslcrl", NO_FILE}};

static bool is_allowed(const char *name)
{
    for (size_t i = 0; i < RB_COUNT(allowed); i++) {
        if (strcmp(allowed[i], name) == 0)
            return true;
    }
    return false;
}

static bool check_param(const char *name, const struct rb_value *value,
                        struct rb_error *err)
{
    const char *text = rb_value_as_text(value, "");
    if (!is_allowed(name))
        return rb_fail(err, RB_ERR_INVALID, "a connection has no \"%.40s\"", name);
    if (!rb_value_is(value, RB_STRING) && !rb_value_is(value, RB_INT))
        return rb_fail(err, RB_ERR_INVALID, "%s of the connection is no text", name);
    if (strlen(text) != rb_value_length(value))
        return rb_fail(err, RB_ERR_INVALID, "%s of the connection holds a NUL", name);
    if (rb_text_starts(name, "host") && strchr(text, ','))
        return rb_fail(err, RB_ERR_INVALID, "%s of the connection names several", name);
    return true;
}

bool rb_sql_params_check(const struct rb_value *params, struct rb_error *err)
{
    for (size_t i = 0; i < rb_value_count(params); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(params, i), "");
        if (!check_param(name, rb_value_member_at(params, i), err))
            return false;
    }
    return true;
}

static char *text_of(const struct rb_value *value)
{
    struct rb_buf text = {0};
    if (rb_value_is(value, RB_INT))
        rb_buf_put_int(&text, rb_value_as_int(value, 0));
    else
        rb_buf_puts(&text, rb_value_as_text(value, ""));
    return rb_buf_take(&text);
}

static void add(struct rb_sql_keywords *keywords, const char *name, char *owned)
{
    keywords->names[keywords->count] = name;
    keywords->values[keywords->count++] = owned;
}

void rb_sql_keywords_init(struct rb_sql_keywords *keywords, const struct rb_value *params,
                          const char *address)
{
    size_t most = RB_COUNT(given) + rb_value_count(params) + 2;
    *keywords = (struct rb_sql_keywords){rb_alloc(most * sizeof *keywords->names),
                                         rb_alloc(most * sizeof *keywords->values), 0};
    for (size_t i = 0; i < RB_COUNT(given); i++)
        add(keywords, given[i].name, rb_strdup(given[i].value));
    for (size_t i = 0; i < rb_value_count(params); i++) {
        const char *name = rb_value_as_text(rb_value_key_at(params, i), "");
        if (strcmp(name, TIMEOUT) != 0)
            add(keywords, name, text_of(rb_value_member_at(params, i)));
    }
    if (address)
        add(keywords, "hostaddr", rb_strdup(address));
}

void rb_sql_keywords_done(struct rb_sql_keywords *keywords)
{
    for (size_t i = 0; i < keywords->count; i++)
        free(keywords->values[i]);
    free(keywords->names);
    free(keywords->values);
}

const char *rb_sql_params_host(const struct rb_value *params)
{
    const char *host = rb_value_get_text(params, "host", "");
    bool known =
        *rb_value_get_text(params, "hostaddr", "") || host[0] == '/' || host[0] == '@';
    return known || !*host ? NULL : host;
}

int64_t rb_sql_params_connect_timeout(const struct rb_value *params)
{
    RB_AUTO_FREE char *text = text_of(rb_value_get(params, TIMEOUT));
    long seconds = strtol(text, NULL, 10);
    if (seconds <= 0)
        seconds = DEFAULT_TIMEOUT_S;
    return (seconds < MAX_TIMEOUT_S ? seconds : MAX_TIMEOUT_S) * RB_SEC;
}
