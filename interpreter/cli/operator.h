#pragma once
/* Who runs it, on what: facts for the first event of a run. */

#include "base/error.h"
#include "base/value.h"
#include "plan/plan.h"

/* {user, uid, login_uid, sudo_user, host, boot_id, terminal}; what can't be known is absent. */
const struct rb_value *rb_operator(void);
/* {version, lua, pcre2, libuv, libyaml, jansson, nettle}: versions, and {stdlib/sh}: a digest
 * for each module. NULL with err when RUNBOOK_STDLIB can't be read, or others can write to it or put
 * another in its place (cli/trust.h). */
const struct rb_value *rb_engine_versions(struct rb_error *err);
/* The folder that the caller is in; NULL with err when it is gone. */
const struct rb_value *rb_here(struct rb_error *err);
/* The caller's variables that children get: PATH, HOME, LANG, TERM and what the plan names. */
const struct rb_value *rb_environ(const struct rb_plan *plan);
