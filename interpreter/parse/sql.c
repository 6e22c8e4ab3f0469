#include "parse/sql_text.h"

#include "parse/draft.h"
#include "parse/fields.h"
#include "parse/scalar.h"

static const rb_time REVIEW_IDLE = 600 * RB_SEC;

struct sql {
    struct rb_draft *draft;
    struct rb_list_builder statements;
    const char *where;
    const struct rb_yaml_node *reviewed; /* NULL: nobody has to look at it */
    bool read_only, apart; /* apart: each statement is a transaction of its own */
};

static void statement(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    struct sql *sql = into;
    const struct rb_value *text = rb_sql_text(c, item, sql->where);
    if (text)
        rb_list_add(&sql->statements, text);
}

static void statements(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    if (rb_fields_each(c, value, "statements", true, statement, into) &&
        value->kind == RB_NODE_SEQUENCE && value->count == 0)
        rb_diag_help(
            rb_diag_add(c->diags, 218, value->span, "`statements` is an empty list"),
            "write what is to be done: [update ...]");
}

static void read_only(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct sql *sql = into;
    if (rb_scalar_bool(value, "read_only", c->diags, &sql->read_only))
        rb_draft_set(sql->draft, "read_only", rb_value_bool(sql->read_only));
}

static void transaction(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct sql *sql = into;
    bool flag;
    if (rb_scalar_bool(value, "transaction", c->diags, &flag)) {
        rb_draft_set(sql->draft, "transaction", rb_value_bool(flag));
        sql->apart = !flag;
    }
}

static void lock_timeout(struct rb_compiler *c, const struct rb_yaml_node *value,
                         void *into)
{
    struct sql *sql = into;
    rb_time span;
    if (rb_scalar_span(value, "lock_timeout", c->diags, &span))
        rb_draft_set(sql->draft, "lock_timeout_us", rb_value_int(span));
}

struct review {
    const struct rb_value *query;
    const char *where;
    rb_time idle;
};

static void review_query(struct rb_compiler *c, const struct rb_yaml_node *value,
                         void *into)
{
    struct review *review = into;
    rb_value_unref(review->query);
    review->query = rb_sql_text(c, value, review->where);
}

static void review_idle(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct review *review = into;
    if (rb_scalar_span(value, "idle", c->diags, &review->idle) && review->idle < RB_SEC)
        rb_diag_help(
            rb_diag_add(c->diags, 217, value->span, "`idle` is less than a second"),
            "say how long a person may look at it: `idle: 10m`");
}

static void review(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    static const struct rb_field fields[] = {
        {"query", review_query}, {"idle", review_idle}, {0}};
    struct sql *sql = into;
    struct review review = {.where = rb_compiler_where(c, "review"), .idle = REVIEW_IDLE};
    if (value->kind != RB_NODE_MAPPING)
        review_query(c, value, &review);
    else if (rb_fields_read(c, value, "`review`", fields, &review) &&
             !rb_yaml_get(value, "query"))
        rb_fields_missing(c->diags, value, "`review`", "query",
                          "say what is shown before COMMIT: `query: select ...`");
    sql->reviewed = value;
    rb_draft_set(
        sql->draft, "review",
        rb_value_map("query", review.query, "idle_us", rb_value_int(review.idle), NULL));
}

/* The server refuses to write what was declared to read only, so it may be asked again. */
static void judge_reads(struct rb_compiler *c, const struct sql *sql)
{
    const struct rb_yaml_node *name = rb_yaml_get(sql->draft->node, "connection");
    const struct rb_value *connection = name && name->kind == RB_NODE_SCALAR
                                            ? rb_value_get(c->book->connections, name->text)
                                            : NULL;
    bool reads = sql->read_only || rb_value_get_bool(connection, "read_only", false);
    if (sql->reviewed && (reads || sql->apart))
        rb_diag_help(rb_diag_add(c->diags, 222, sql->reviewed->span,
                                 "`review` is of a transaction that writes, and this %s",
                                 reads ? "only reads" : "is none"),
                     reads ? "take `review` out: what is read needs no COMMIT"
                           : "take `transaction: false` out, or `review`");
    if (reads && !rb_yaml_get(sql->draft->node, "idempotent"))
        sql->draft->step.idempotent = true;
}

void rb_sql_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                 struct rb_draft *draft)
{
    static const struct rb_field fields[] = {{"statements", statements},
                                             {"query", statement},
                                             {"read_only", read_only},
                                             {"transaction", transaction},
                                             {"lock_timeout", lock_timeout},
                                             {"review", review},
                                             {0}};
    struct sql sql = {.draft = draft, .where = rb_compiler_where(c, "sql")};
    if (value->kind != RB_NODE_MAPPING) {
        statements(c, value, &sql);
    } else if (rb_fields_read(c, value, "`sql`", fields, &sql)) {
        bool one = rb_yaml_get(value, "query"), several = rb_yaml_get(value, "statements");
        if (one && several)
            rb_diag_help(rb_diag_add(c->diags, 222, value->span,
                                     "`sql` has `query` and `statements`"),
                         "keep one of the two");
        else if (!one && !several)
            rb_fields_missing(c->diags, value, "`sql`", "query",
                              "say what is asked: `query: select ...`");
    }
    if (!rb_yaml_get(draft->node, "connection"))
        rb_fields_missing(c->diags, draft->node, "a step with `sql`", "connection",
                          "say where: `connection: NAME`, and declare it");
    rb_draft_set(draft, "statements", rb_list_end(&sql.statements));
    judge_reads(c, &sql);
}
