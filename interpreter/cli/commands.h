#pragma once
/* The commands, one file each: cmd_check.c... */

#include "cli/args.h"
#include "cli/history.h"

int rb_cmd_check(const struct rb_args *args);
int rb_cmd_plan(const struct rb_args *args);
int rb_cmd_exec(const struct rb_args *args);
int rb_cmd_resume(const struct rb_args *args);
int rb_cmd_status(const struct rb_args *args);
int rb_cmd_list(const struct rb_args *args);
int rb_cmd_logs(const struct rb_args *args);
int rb_cmd_cancel(const struct rb_args *args);
int rb_cmd_handover(const struct rb_args *args);
int rb_cmd_confirm(const struct rb_args *args);
int rb_cmd_locks(const struct rb_args *args);
int rb_cmd_unlock(const struct rb_args *args);
int rb_cmd_approve(const struct rb_args *args);
int rb_cmd_roster(const struct rb_args *args);
int rb_cmd_replay(const struct rb_args *args);
int rb_cmd_verify(const struct rb_args *args);
int rb_cmd_explain(const struct rb_args *args);
int rb_cmd_completion(const struct rb_args *args);
int rb_cmd_doctor(const struct rb_args *args);

/* `approve` of one question of a run: shown, agreed to, signed, handed in. */
bool rb_approve_item(const struct rb_args *args, const struct rb_history *history,
                     const char *item, struct rb_error *err) RB_MUST_CHECK;
