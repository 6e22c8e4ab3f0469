#include <inttypes.h>
#include <netdb.h>
#include <unistd.h>

#include "base/duration.h"
#include "effects/sql_params.h"
#include "effects/sql_session_inner.h"

/* Who the server is: an id of a transaction means nothing on another, or after a failover to one
 * that may lack it. The timeline of the last checkpoint lags behind a promotion. A crash, and
 * nothing else unasked for, begins the statistics anew. */
#define WHO                                                                             \
    "SELECT s.system_identifier, pg_catalog.pg_is_in_recovery(), "                      \
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN "                                    \
    "(SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() AS c) "              \
    "ELSE ('x' || pg_catalog.left(pg_catalog.pg_walfile_name("                          \
    "pg_catalog.pg_current_wal_lsn()), 8))::pg_catalog.bit(32)::pg_catalog.int4 END, "  \
    "(SELECT EXTRACT(EPOCH FROM b.stats_reset) FROM pg_catalog.pg_stat_bgwriter AS b) " \
    "FROM pg_catalog.pg_control_system() AS s"

/* What `call` sees of the environment is nothing: PGSERVICE, PGOPTIONS, PGTZ and their like are
 * read deep inside libpq, and more of them with each of its versions. */
#define WITHOUT_ENVIRONMENT(call)   \
    ({                              \
        static char *none[] = {0};  \
        char **outside = environ;   \
        environ = none;             \
        typeof(call) result = call; \
        environ = outside;          \
        result;                     \
    })

static void try_next(struct rb_sql_session *session);

static const struct rb_value *params_of(const struct rb_sql_session *session)
{
    return rb_value_get(session->connection, "params");
}

static void forget_addresses(struct rb_sql_session *session)
{
    if (session->found)
        uv_freeaddrinfo(session->found);
    session->found = session->next = NULL;
}

void rb_sql_connect_done(struct rb_sql_session *session)
{
    struct rb_sql_lookup *lookup = session->lookup;
    if (lookup) {
        lookup->session = NULL;
        uv_cancel((uv_req_t *)&lookup->job);
    }
    session->lookup = NULL;
    forget_addresses(session);
}

/* This address is none. `why` NULL: as libpq says. */
static void fail_address(struct rb_sql_session *session, const char *why)
{
    if (!session->next) {
        rb_sql_session_break(session, why);
        return;
    }
    rb_sql_session_say(session, why ? why : session->pq->errorMessage(session->conn));
    rb_sql_session_disconnect(session);
    try_next(session);
}

static void on_late(uv_timer_t *timer)
{
    struct rb_sql_session *session = timer->data;
    char why[64];
    int64_t span = rb_sql_params_connect_timeout(params_of(session));
    snprintf(why, sizeof why, "no answer within %" PRId64 " s", span / RB_SEC);
    if (session->lookup) {
        rb_sql_connect_done(session);
        rb_sql_session_say(session, "its name was not looked up");
    }
    fail_address(session, why);
}

static void limit(struct rb_sql_session *session)
{
    int64_t span = rb_sql_params_connect_timeout(params_of(session));
    uv_update_time(session->loop);
    uv_timer_start(&session->timer, on_late, (uint64_t)(span / RB_MS), 0);
}

static void on_notice(void *context, const PGresult *notice)
{
    const struct rb_sql_session *session = context;
    if (session->events.notice)
        session->events.notice(session->events.context, notice);
}

static void try_address(struct rb_sql_session *session, const char *address)
{
    struct rb_pq *pq = session->pq;
    struct rb_sql_keywords keywords;
    rb_sql_keywords_init(&keywords, params_of(session), address);
    session->conn = WITHOUT_ENVIRONMENT(
        pq->connectStartParams(keywords.names, (const char *const *)keywords.values, 0));
    rb_sql_keywords_done(&keywords);
    if (!session->conn)
        rb_out_of_memory();
    pq->setNoticeReceiver(session->conn, on_notice, session);
    if (pq->status(session->conn) == CONNECTION_BAD ||
        !rb_sql_session_watch(session, UV_WRITABLE))
        fail_address(session, NULL);
    else
        limit(session);
}

static void try_next(struct rb_sql_session *session)
{
    char address[INET6_ADDRSTRLEN];
    const struct addrinfo *at = session->next;
    session->next = at->ai_next;
    if (uv_ip_name(at->ai_addr, address, sizeof address) == 0)
        try_address(session, address);
    else
        fail_address(session, "the host has an address of no known kind");
}

static void on_found(uv_getaddrinfo_t *job, int status, struct addrinfo *found)
{
    struct rb_sql_lookup *lookup = job->data;
    struct rb_sql_session *session = lookup->session;
    free(lookup);
    if (!session) {
        uv_freeaddrinfo(found);
        return;
    }
    session->lookup = NULL;
    session->found = session->next = found;
    if (status < 0) {
        rb_sql_session_say(session, "the name of the host can't be looked up");
        rb_sql_session_break(session, uv_strerror(status));
        return;
    }
    try_next(session);
}

static void look_up(struct rb_sql_session *session, const char *host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct rb_sql_lookup *lookup = rb_alloc(sizeof *lookup);
    *lookup = (struct rb_sql_lookup){.job.data = lookup, .session = session};
    session->lookup = lookup;
    int code = uv_getaddrinfo(session->loop, &lookup->job, on_found, host, NULL, &hints);
    if (code == 0) {
        limit(session);
        return;
    }
    session->lookup = NULL;
    free(lookup);
    rb_sql_session_break(session, uv_strerror(code));
}

void rb_sql_connect(struct rb_sql_session *session)
{
    const char *host = rb_sql_params_host(params_of(session));
    rb_sql_connect_done(session);
    rb_sql_session_disconnect(session);
    rb_buf_clear(&session->why);
    session->pq->clear(session->result);
    session->result = NULL;
    rb_value_unref(session->server);
    session->server = NULL;
    session->refreshing = false;
    session->state = RB_SQL_CONNECTING;
    if (host)
        look_up(session, host);
    else
        try_address(session, NULL);
}

static void greet(struct rb_sql_session *session)
{
    uv_timer_stop(&session->timer);
    forget_addresses(session);
    rb_buf_clear(&session->why);
    session->pq->setnonblocking(session->conn, 1);
    rb_sql_session_greet(session, WHO);
}

/* libpq may change to another socket each time, of the same number even. */
void rb_sql_connect_go_on(struct rb_sql_session *session)
{
    struct rb_pq *pq = session->pq;
    rb_sql_session_unwatch(session);
    PostgresPollingStatusType wanted = WITHOUT_ENVIRONMENT(pq->connectPoll(session->conn));
    if (wanted == PGRES_POLLING_OK)
        greet(session);
    else if (wanted == PGRES_POLLING_FAILED ||
             !rb_sql_session_watch(session, wanted == PGRES_POLLING_READING ? UV_READABLE
                                                                            : UV_WRITABLE))
        fail_address(session, NULL);
}

/* A role that may not ask who the server is learns its version alone. */
static const struct rb_value *describe(const struct rb_sql_session *session,
                                       const PGresult *who)
{
    const struct rb_pq *pq = session->pq;
    const char *version = pq->parameterStatus(session->conn, "server_version");
    const struct rb_value *about = rb_value_text(version ? version : "");
    if (pq->resultStatus(who) != PGRES_TUPLES_OK || pq->ntuples(who) != 1)
        return rb_value_map("version", about, NULL);
    return rb_value_map("version", about, "system", rb_value_text(pq->getvalue(who, 0, 0)),
                        "in_recovery", rb_value_bool(pq->getvalue(who, 0, 1)[0] == 't'),
                        "timeline",
                        rb_value_int(strtoll(pq->getvalue(who, 0, 2), NULL, 10)),
                        "stats_reset", rb_value_text(pq->getvalue(who, 0, 3)), NULL);
}

void rb_sql_connect_greeted(struct rb_sql_session *session, const PGresult *result)
{
    bool fresh = !session->refreshing;
    session->refreshing = false;
    if (!fresh && session->pq->resultStatus(result) != PGRES_COMMAND_OK) {
        rb_sql_connect(session);
        return;
    }
    if (fresh)
        session->server = describe(session, result);
    session->state = RB_SQL_READY;
    session->events.opened(session->events.context);
}

static void on_start(uv_timer_t *timer)
{
    rb_sql_connect(timer->data);
}

void rb_sql_session_open(struct rb_sql_session *session,
                         const struct rb_sql_session_events *events)
{
    session->events = *events;
    session->refreshing = session->state == RB_SQL_READY;
    if (session->refreshing)
        rb_sql_session_greet(session, "DISCARD ALL");
    else
        uv_timer_start(&session->timer, on_start, 0, 0);
}
