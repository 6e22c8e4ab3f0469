#pragma once
/* The first rows of a result as a table to read: columns under each other, what would act on a
 * terminal made visible, long cells cut. */

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/value.h"
#include "effects/pq_api.h"

enum { RB_SQL_TABLE_ROWS = 20 };

struct rb_sql_table {
    struct rb_list_builder cells; /* row after row, the header first */
    size_t columns;
};

/* The header, then at most RB_SQL_TABLE_ROWS rows; more are left out. */
void rb_sql_table_head(struct rb_sql_table *table, const struct rb_pq *pq,
                       const PGresult *result);
void rb_sql_table_row(struct rb_sql_table *table, const struct rb_pq *pq,
                      const PGresult *row);
/* Appends it, `rows` being how many there were; empties it. */
void rb_sql_table_end(struct rb_sql_table *table, int64_t rows, struct rb_buf *out);
