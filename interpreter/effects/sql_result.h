#pragma once
/* What one statement answers, while it arrives: its rows go into a file of the step's folder as
 * lines of JSON (lists of text or null), the first ones into a table as well. Memory stays flat. */

#include "effects/output.h"
#include "effects/sql_table.h"

struct rb_sql_result {
    const struct rb_redactor *redactor; /* borrowed; NULL: there are no secrets */
    const struct rb_pq *pq;             /* borrowed; NULL: nothing has begun */
    const struct rb_value *columns;     /* NULL until the first row, or the end */
    struct rb_sql_table table;
    struct rb_output rows;
    struct rb_buf lines; /* not yet in the file */
    int64_t count, most;
};

/* `folder` (borrowed) is open where `dir` is. Of the rows the first max_rows are kept, in whole
 * lines, as far as cap_bytes go; what is not is counted. */
void rb_sql_result_begin(struct rb_sql_result *result, const struct rb_pq *pq, int folder,
                         const struct rb_value *request);
void rb_sql_result_row(struct rb_sql_result *result, const PGresult *row);
/* The description that goes into the outcome, with its blobs; a new reference. */
const struct rb_value *rb_sql_result_end(struct rb_sql_result *result, const PGresult *last,
                                         int run_dir, const char *dir);
/* Takes back what has begun; accepts one that has not. */
void rb_sql_result_discard(struct rb_sql_result *result);
