/* Statements whose words a run would refuse, by what it refuses them with. */

#include "check/rules.h"
#include "plan/sql_word.h"

/* The nodes of what `sql` has under `query` or `statements`, or is itself. */
static const struct rb_yaml_node *node_of(const struct rb_yaml_node *sql, size_t index)
{
    const struct rb_yaml_node *list = sql;
    if (sql && sql->kind == RB_NODE_MAPPING)
        list = rb_yaml_get(sql, rb_yaml_get(sql, "query") ? "query" : "statements");
    bool several = list && list->kind == RB_NODE_SEQUENCE;
    return several && index < (size_t)list->count ? list->items[index] : list;
}

/* A name that a value gives is a name, whatever it is. */
static void join(const struct rb_value *text, struct rb_buf *out)
{
    if (rb_value_is(text, RB_STRING))
        rb_buf_puts(out, rb_value_as_text(text, ""));
    for (size_t i = 0; rb_value_is(text, RB_LIST) && i < rb_value_count(text); i++)
        rb_buf_puts(out, rb_value_as_text(rb_value_at(text, i), "\"name\""));
}

static void judge(const struct rb_check *check, const struct rb_value *text, bool reads,
                  const struct rb_yaml_node *node)
{
    RB_AUTO_BUF struct rb_buf whole = {0};
    struct rb_error err;
    join(text, &whole);
    if (node && !rb_sql_word_is_missing(rb_buf_text(&whole)) &&
        !rb_sql_word_check(rb_buf_text(&whole), reads, &err))
        rb_diag_add(check->diags, 308, node->span, "%s", err.message);
}

static void judge_step(const struct rb_check *check, int index)
{
    const struct rb_value *spec = check->plan->steps[index].spec;
    const struct rb_value *statements = rb_value_get(spec, "statements");
    const struct rb_value *review = rb_value_get(spec, "review");
    const struct rb_value *connection = rb_value_get(
        check->plan->books[0]->connections, rb_value_get_text(spec, "connection", ""));
    const struct rb_yaml_node *sql = rb_check_value(check, index, "sql");
    bool reads = rb_value_get_bool(spec, "read_only", false) ||
                 rb_value_get_bool(connection, "read_only", false);
    for (size_t i = 0; i < rb_value_count(statements); i++)
        judge(check, rb_value_get(rb_value_at(statements, i), "text"), reads,
              node_of(sql, i));
    if (review && sql && sql->kind == RB_NODE_MAPPING)
        judge(check, rb_value_get(rb_value_get(review, "query"), "text"), false,
              node_of(rb_yaml_get(sql, "review"), 0));
}

void rb_check_statements(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->step_count; i++) {
        if (check->plan->steps[i].action == RB_ACTION_SQL)
            judge_step(check, i);
    }
}
