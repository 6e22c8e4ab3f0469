#pragma once
/* The folder of a request, steps/<dir>, and its notes. */

#include "effects/sql_task.h"

bool rb_sql_folder_open(struct rb_sql_task *task, struct rb_error *err) RB_MUST_CHECK;
/* Of a write, before its first statement: whoever finds no note knows that nothing was sent.
 * RB_ERR_REFUSED: there is one already. */
bool rb_sql_folder_start(struct rb_sql_task *task, struct rb_error *err) RB_MUST_CHECK;
/* Notes the outcome of a write; a read leaves no folder. */
void rb_sql_folder_conclude(struct rb_sql_task *task, const struct rb_value *outcome);
