#pragma once
/* The commands, one file each: cmd_check.c... */

#include "cli/args.h"

int rb_cmd_check(const struct rb_args *args);
int rb_cmd_plan(const struct rb_args *args);
int rb_cmd_exec(const struct rb_args *args);
int rb_cmd_resume(const struct rb_args *args);
int rb_cmd_status(const struct rb_args *args);
int rb_cmd_list(const struct rb_args *args);
int rb_cmd_logs(const struct rb_args *args);
int rb_cmd_cancel(const struct rb_args *args);
int rb_cmd_replay(const struct rb_args *args);
int rb_cmd_verify(const struct rb_args *args);
int rb_cmd_explain(const struct rb_args *args);
int rb_cmd_completion(const struct rb_args *args);
int rb_cmd_doctor(const struct rb_args *args);
