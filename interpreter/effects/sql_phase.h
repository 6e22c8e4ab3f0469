#pragma once
/* The way of a request from one phase to the next, as long as all is well. */

#include "effects/sql_task.h"

void rb_sql_phase_enter(struct rb_sql_task *task, enum rb_sql_phase phase);
/* The command of its phase was answered. */
void rb_sql_phase_answered(struct rb_sql_task *task, const PGresult *result);
