#pragma once
/* What became of a transaction whose COMMIT had no answer: its id tells, on the same system and
 * timeline, until it is too old. A server that is on its way up again is waited for. */

#include "effects/sql_task.h"

void rb_sql_settle_begin(struct rb_sql_task *task);
/* Events of its session and timer while the task is ASKING or PAUSING. */
void rb_sql_settle_opened(struct rb_sql_task *task);
void rb_sql_settle_row(struct rb_sql_task *task, const PGresult *row);
void rb_sql_settle_done(struct rb_sql_task *task, const PGresult *result);
void rb_sql_settle_lost(struct rb_sql_task *task, const char *why);
void rb_sql_settle_woken(struct rb_sql_task *task);
