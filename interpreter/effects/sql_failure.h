#pragma once
/* A request that fails: what that means for what it did, ROLLBACK, the end. */

#include "effects/sql_task.h"

/* All is over, well or not. */
void rb_sql_finish(struct rb_sql_task *task);
void rb_sql_roll_back(struct rb_sql_task *task);
/* Rolls back what there is, then finishes; takes over the error. */
void rb_sql_fail(struct rb_sql_task *task, const struct rb_value *error);
/* As `killed` says. */
void rb_sql_fail_killed(struct rb_sql_task *task);
/* The server's answer is an error. */
void rb_sql_fail_by_server(struct rb_sql_task *task, const PGresult *result);
/* Its connection is no more, or is not waited for any longer. */
void rb_sql_lose(struct rb_sql_task *task, const PGresult *result, const char *why);
