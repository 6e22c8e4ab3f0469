#pragma once
/* How a request went, as effects/sql.md has it. */

#include "effects/sql_task.h"

bool rb_sql_is_bad(const struct rb_pq *pq,
                   const PGresult *result); /* no answer to go on with */

/* Errors; new references. What the server said with `result` (may be NULL) comes along, `why` is
 * for where it said nothing; `statement` -1: none. */
const struct rb_value *rb_sql_error(const struct rb_pq *pq, const char *code,
                                    const char *sent, const PGresult *result,
                                    const char *why, int64_t statement);
const struct rb_value *rb_sql_error_text(const char *code, const char *sent,
                                         const char *why);

const struct rb_value *rb_sql_notice(const struct rb_pq *pq, const PGresult *notice);

/* Of a task that is over; empties its lists. */
const struct rb_value *rb_sql_outcome(struct rb_sql_task *task);
