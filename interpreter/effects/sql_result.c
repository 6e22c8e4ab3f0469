#include "effects/sql_result.h"

#include "base/json.h"
#include "journal/blob.h"

/* Lines are gathered before they are written, and counted row by row against the cap. */
enum { BATCH = 64 << 10 };

static const int64_t DEFAULT_CAP = INT64_C(256) << 20;

/* Types of the server's own catalogue (pg_type.dat), whose numbers are for ever. */
static const struct {
    Oid oid;
    const char *name;
} types[] = {{16, "boolean"},
             {17, "bytea"},
             {18, "\"char\""},
             {19, "name"},
             {20, "bigint"},
             {21, "smallint"},
             {23, "integer"},
             {25, "text"},
             {26, "oid"},
             {114, "json"},
             {700, "real"},
             {701, "double precision"},
             {869, "inet"},
             {1007, "integer[]"},
             {1009, "text[]"},
             {1042, "character"},
             {1043, "character varying"},
             {1082, "date"},
             {1083, "time without time zone"},
             {1114, "timestamp without time zone"},
             {1184, "timestamp with time zone"},
             {1186, "interval"},
             {1266, "time with time zone"},
             {1700, "numeric"},
             {2278, "void"},
             {2950, "uuid"},
             {3220, "pg_lsn"},
             {3802, "jsonb"},
             {5069, "xid8"}};

static const struct rb_value *type_of(Oid oid)
{
    for (size_t i = 0; i < RB_COUNT(types); i++) {
        if (types[i].oid == oid)
            return rb_value_text(types[i].name);
    }
    return rb_value_textf("oid %u", oid);
}

void rb_sql_result_begin(struct rb_sql_result *result, const struct rb_pq *pq, int folder,
                         const struct rb_value *request)
{
    int64_t cap = rb_value_get_int(request, "cap_bytes", DEFAULT_CAP);
    *result = (struct rb_sql_result){
        .pq = pq, .most = rb_value_get_int(request, "max_rows", INT64_MAX)};
    rb_output_init(&result->rows, folder, "rows", 0);
    result->rows.head_cap = cap;
}

static void describe(struct rb_sql_result *result, const PGresult *answer)
{
    struct rb_list_builder columns = {0};
    int count = result->pq->nfields(answer);
    if (result->columns || count == 0)
        return;
    for (int i = 0; i < count; i++)
        rb_list_add(&columns,
                    rb_value_map("name", rb_value_text(result->pq->fname(answer, i)),
                                 "type", type_of(result->pq->ftype(answer, i)), NULL));
    result->columns = rb_list_end(&columns);
    rb_sql_table_head(&result->table, result->pq, answer);
}

static void flush(struct rb_sql_result *result)
{
    if (result->lines.length > 0)
        rb_output_put(&result->rows, result->lines.data, result->lines.length);
    rb_buf_clear(&result->lines);
}

static void put_row(struct rb_sql_result *result, const PGresult *row)
{
    const struct rb_pq *pq = result->pq;
    struct rb_buf *out = &result->lines;
    rb_buf_putc(out, '[');
    for (int i = 0; i < pq->nfields(row); i++) {
        rb_buf_puts(out, i > 0 ? "," : "");
        if (pq->getisnull(row, 0, i))
            rb_buf_puts(out, "null");
        else
            rb_json_encode_text(pq->getvalue(row, 0, i), (size_t)pq->getlength(row, 0, i),
                                out);
    }
    rb_buf_puts(out, "]\n");
}

/* After the first line that doesn't fit none is kept, so that what is kept is a beginning. */
void rb_sql_result_row(struct rb_sql_result *result, const PGresult *row)
{
    struct rb_output *rows = &result->rows;
    describe(result, row);
    rb_sql_table_row(&result->table, result->pq, row);
    size_t before = result->lines.length;
    put_row(result, row);
    size_t length = result->lines.length - before;
    int64_t end = rows->total + (int64_t)result->lines.length;
    if (result->count++ >= result->most || end > rows->head_cap) {
        result->lines.length = before;
        flush(result);
        rows->total += (int64_t)length;
        result->most = 0;
    } else if (result->lines.length >= BATCH) {
        flush(result);
    }
}

/* NULL when it could not be kept: the rows say so, where there are any. */
static const struct rb_value *keep_table(struct rb_sql_result *result, int run_dir)
{
    struct rb_error err;
    char hex[RB_DIGEST_HEX + 1];
    RB_AUTO_BUF struct rb_buf all = {0}, text = {0};
    if (!result->columns)
        return NULL;
    rb_sql_table_end(&result->table, result->count, &all);
    rb_redact_text(result->redactor, rb_buf_text(&all), all.length, &text);
    if (!rb_blob_put(run_dir, text.data, text.length, hex, &err))
        return NULL;
    return rb_blob_reference(hex, (int64_t)text.length, 0);
}

static const struct rb_value *affected(const struct rb_pq *pq, const PGresult *last)
{
    const char *count = pq->cmdTuples((PGresult *)last);
    return *count ? rb_value_int(strtoll(count, NULL, 10)) : NULL;
}

const struct rb_value *rb_sql_result_end(struct rb_sql_result *result, const PGresult *last,
                                         int run_dir, const char *dir)
{
    const struct rb_pq *pq = result->pq;
    describe(result, last);
    flush(result);
    const struct rb_value *description =
        rb_value_map("command", rb_value_text(pq->cmdStatus((PGresult *)last)), "rows",
                     affected(pq, last), "columns", rb_value_ref(result->columns), "out",
                     rb_output_settle(&result->rows, run_dir, dir), "table",
                     keep_table(result, run_dir), NULL);
    rb_sql_result_discard(result);
    return description;
}

void rb_sql_result_discard(struct rb_sql_result *result)
{
    if (!result->pq)
        return;
    rb_output_discard(&result->rows);
    rb_buf_done(&result->lines);
    rb_value_unref(result->columns);
    rb_value_unref(rb_list_end(&result->table.cells));
    *result = (struct rb_sql_result){0};
}
