#include <string.h>

#include "base/json.h"
#include "cli/probe.h"
#include "core/request_sql.h"

static const rb_time TIMEOUT = 10 * RB_SEC;
/* Of pg_current_xact_id and pg_xact_status as the driver uses them. */
enum { KEPT_BYTES = 4 << 10, OLDEST = 130000 };

/* Members of what is asked. Of the setting what it is before the driver makes it safe. */
enum { BACKEND, IN_RECOVERY, READ_ONLY, VERSION_NUMBER, VERSION, USER, MEMBERS };
static const char QUESTION[] =
    "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), "
    "(SELECT reset_val FROM pg_catalog.pg_settings "
    "WHERE name = 'default_transaction_read_only'), "
    "pg_catalog.current_setting('server_version_num'), "
    "pg_catalog.current_setting('server_version'), current_user";

static void target(const struct rb_probe *probe, struct rb_buf *out)
{
    const struct rb_value *params = rb_value_get(probe->connection, "params");
    const char *host =
        rb_value_get_text(params, "hostaddr", rb_value_get_text(params, "host", "local"));
    RB_AUTO_BUF struct rb_buf port = {0};
    const struct rb_value *value = rb_value_get(params, "port");
    if (rb_value_is(value, RB_INT))
        rb_buf_printf(&port, "%lld", (long long)rb_value_as_int(value, 0));
    else
        rb_buf_puts(&port, rb_value_as_text(value, "5432"));
    rb_buf_printf(out, "%s:%s/%s", host, rb_buf_text(&port),
                  rb_value_get_text(params, "dbname", ""));
}

/* A session of its own; `owned` are parameters that it has instead, or NULL. */
static const struct rb_value *over_another(const struct rb_value *request,
                                           const struct rb_value *owned)
{
    const struct rb_value *connection = rb_value_get(request, "connection");
    const struct rb_value *params = rb_value_get(connection, "params");
    RB_AUTO_VALUE const struct rb_value *instead = owned;
    RB_AUTO_VALUE const struct rb_value *own = rb_value_map(
        "name", rb_value_textf("%s (another)", rb_value_get_text(connection, "name", "")),
        "params", instead ? rb_value_merge(params, instead) : rb_value_ref(params), NULL);
    RB_AUTO_VALUE const struct rb_value *other =
        rb_value_map("connection", rb_value_merge(connection, own), NULL);
    return rb_value_merge(request, other);
}

/* {connection, statements} with this one of them; `owned` is its parameter, or NULL. */
static const struct rb_value *asking(const struct rb_probe *probe, const char *text,
                                     const struct rb_value *owned)
{
    return rb_value_map("connection", rb_value_text(probe->name), "statements",
                        rb_value_list(rb_value_map("text", rb_value_text(text), "params",
                                                   rb_value_list(owned, NULL), NULL),
                                      NULL),
                        NULL);
}

/* By its name, of the database that each server has to begin with. */
static bool ask_server(const struct rb_probe *probe, const char *dir,
                       const struct rb_value **ret_request, struct rb_error *err)
{
    static const char text[] =
        "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = $1";
    const struct rb_value *params = rb_value_get(probe->connection, "params");
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    RB_AUTO_VALUE const struct rb_value *filled =
        asking(probe, text, rb_value_ref(rb_value_get(params, "dbname")));
    if (!rb_request_sql_build(probe->state, dir, TIMEOUT, true, filled, &request, err))
        return false;
    *ret_request =
        over_another(request, rb_value_map("dbname", rb_value_text("postgres"), NULL));
    return true;
}

/* The first and third round come over the one session that is held under the connection's name,
 * the second over another while that one is there. */
static bool ask(const struct rb_probe *probe, const char *dir,
                const struct rb_value **ret_request, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *request = NULL;
    RB_AUTO_VALUE const struct rb_value *filled = asking(probe, QUESTION, NULL);
    if (probe->absent)
        return ask_server(probe, dir, ret_request, err);
    if (!rb_request_sql_build(probe->state, dir, TIMEOUT, true, filled, &request, err))
        return false;
    *ret_request = probe->round == 2 ? over_another(request, NULL) : rb_value_ref(request);
    return true;
}

static const char *remedy(const char *code)
{
    if (strcmp(code, "connect") == 0)
        return "look at its host, port, dbname, user and password, and whether it is "
               "running";
    if (strcmp(code, "timeout") == 0)
        return "is it the right host and port, and is it overloaded?";
    return "look into the server's log";
}

/* Behind a pool of transactions each of them has whatever session of the server is free. Two that
 * are there at the same time have one each, and keep it, anywhere else. */
static bool is_pool_of_transactions(const struct rb_value *pids)
{
    const struct rb_value *first = rb_value_at(pids, 0);
    return rb_value_equal(first, rb_value_at(pids, 1)) ||
           !rb_value_equal(first, rb_value_at(pids, 2));
}

const char *rb_probe_holder(const struct rb_plan *plan, int book, const char *connection)
{
    for (int i = 0; i < plan->step_count; i++) {
        const struct rb_value *spec = plan->steps[i].spec;
        if (plan->steps[i].action == RB_ACTION_SQL && plan->steps[i].book == book &&
            !rb_value_get_bool(spec, "transaction", true) &&
            strcmp(rb_value_get_text(spec, "connection", ""), connection) == 0)
            return plan->steps[i].id;
    }
    return NULL;
}

static const char *text_of(const struct rb_value *row, int member)
{
    return rb_value_as_text(rb_value_at(row, (size_t)member), "");
}

static void conclude(struct rb_probe *probe, const struct rb_value *row, bool pooled)
{
    bool reads = rb_value_get_bool(probe->connection, "read_only", false);
    bool standby = text_of(row, IN_RECOVERY)[0] == 't';
    bool refuses = standby || strcmp(text_of(row, READ_ONLY), "on") == 0;
    const char *version = text_of(row, VERSION);
    const char *holds =
        pooled ? rb_probe_holder(probe->state->plan, probe->book, probe->name) : NULL;
    probe->pooled = holds;
    if (!reads && refuses)
        rb_probe_end(
            probe, false,
            "PostgreSQL %s, %s, and the connection is not declared `read_only`: no "
            "step can write over it",
            version, standby ? "a standby" : "where transactions only read");
    else if (!reads && strtol(text_of(row, VERSION_NUMBER), NULL, 10) < OLDEST)
        rb_probe_end(probe, false,
                     "PostgreSQL %s: what became of a transaction can be asked from 13 on; "
                     "declare the connection `read_only`, or update the server",
                     version);
    else if (holds)
        rb_probe_end(
            probe, false,
            "PostgreSQL %s behind a pool of transactions (as PgBouncer's), and step "
            "`%s` with `transaction: false` needs a session: let it connect to the "
            "server itself",
            version, holds);
    else
        rb_probe_end(probe, true, "PostgreSQL %s, %s as %s%s%s", version,
                     standby ? "a standby" : "a primary", text_of(row, USER),
                     reads ? ", read only" : "",
                     pooled ? ", behind a pool of transactions (as PgBouncer's)" : "");
}

/* The first row of the only result, or NULL. A new reference. */
static const struct rb_value *row_of(const struct rb_probe *probe,
                                     const struct rb_value *outcome, size_t members)
{
    const struct rb_value *result = rb_value_at(rb_value_get(outcome, "results"), 0);
    RB_AUTO_BUF struct rb_buf body = {0};
    RB_AUTO_VALUE const struct rb_value *row = NULL;
    rb_probe_read(probe, rb_value_get(result, "out"), KEPT_BYTES, &body);
    size_t length = strcspn(rb_buf_text(&body), "\n");
    if (!rb_json_decode(rb_buf_text(&body), length, &row, NULL) ||
        rb_value_count(row) != members)
        return NULL;
    return rb_value_ref(row);
}

/* That there is no such database is well before the run; all else stays as it was told. */
static void judge_absent(struct rb_probe *probe, const struct rb_value *outcome)
{
    RB_AUTO_FREE char *why = rb_strdup(rb_buf_text(&probe->text));
    RB_AUTO_VALUE const struct rb_value *row = row_of(probe, outcome, 1);
    if (row && strcmp(text_of(row, 0), "0") == 0)
        rb_probe_end(probe, true, "its server answers; step `%s` makes the database",
                     rb_value_get_text(probe->connection, "made_by", ""));
    else
        rb_probe_end(probe, false, "%s", why);
}

static void judge_failed(struct rb_probe *probe, const struct rb_value *error)
{
    RB_AUTO_BUF struct rb_buf why = {0};
    rb_buf_printf(&why, "%s; %s", rb_value_get_text(error, "message", "?"),
                  remedy(rb_value_get_text(error, "code", "")));
    rb_probe_end(probe, false, "%s", rb_buf_text(&why));
    probe->absent = probe->round == 1 && rb_value_get(probe->connection, "made_by");
    probe->over = !probe->absent;
}

static void judge(struct rb_probe *probe, const struct rb_value *outcome)
{
    const struct rb_value *error = rb_value_get(outcome, "error");
    RB_AUTO_VALUE const struct rb_value *row = NULL;
    if (probe->absent) {
        judge_absent(probe, outcome);
        return;
    }
    if (error) {
        judge_failed(probe, error);
        return;
    }
    if (!(row = row_of(probe, outcome, MEMBERS))) {
        rb_probe_end(probe, false, "what came can't be read");
        return;
    }
    rb_list_add(&probe->seen, rb_value_ref(rb_value_at(row, BACKEND)));
    if (probe->round < 3)
        return;
    RB_AUTO_VALUE const struct rb_value *pids = rb_list_end(&probe->seen);
    conclude(probe, row, is_pool_of_transactions(pids));
}

const struct rb_probe_type rb_probe_postgres = {"postgres", RB_EFFECT_SQL, target, ask,
                                                judge};
