#pragma once
/* The standard library: Lua modules that are part of the program, or those of the folder that
 * RUNBOOK_STDLIB names. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

struct rb_module {
    const char *name, *text;
    size_t length;
    struct rb_buf compiled; /* empty: not yet */
};

struct rb_modules;

/* folder NULL: what is part of the program. RB_ERR_INVALID or RB_ERR_IO when a module can't be
 * read from the folder. */
bool rb_modules_open(const char *folder, struct rb_modules **ret_modules,
                     struct rb_error *err) RB_MUST_CHECK;
void rb_modules_free(struct rb_modules *modules); /* accepts NULL */

/* NULL: there is no such module. */
struct rb_module *rb_modules_find(struct rb_modules *modules, const char *name);
/* Once, and not for each evaluation that uses it. What Lua makes of a text of ours may be loaded as
 * what it is, which no author's may. RB_ERR_INVALID: it is no Lua. */
bool rb_module_compile(struct rb_module *module, struct rb_error *err) RB_MUST_CHECK;
/* {"stdlib/sh": "sha256:..."}: for the record of a run. */
const struct rb_value *rb_modules_digests(const struct rb_modules *modules);
