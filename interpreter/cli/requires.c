#include "cli/load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ">=0.1" against our own version: numbers, part by part. */
static bool version_holds(const char *wanted)
{
    const char *have = RB_VERSION;
    wanted += strspn(wanted, ">= ");
    while (*wanted || *have) {
        char *end_wanted, *end_have;
        long a = strtol(wanted, &end_wanted, 10), b = strtol(have, &end_have, 10);
        if (a != b)
            return b > a;
        wanted = end_wanted + (*end_wanted == '.');
        have = end_have + (*end_have == '.');
        if (end_wanted == wanted && end_have == have)
            break;
    }
    return true;
}

static bool in_path(const char *tool)
{
    if (strchr(tool, '/'))
        return access(tool, X_OK) == 0;
    const char *path = getenv("PATH");
    for (const char *at = path ? path : ""; *at;) {
        size_t length = strcspn(at, ":");
        RB_AUTO_BUF struct rb_buf file = {0};
        rb_buf_append(&file, at, length);
        rb_buf_printf(&file, "/%s", tool);
        if (access(rb_buf_text(&file), X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

int rb_load_missing(const struct rb_plan *plan, struct rb_buf *out)
{
    int missing = 0;
    if (plan->requires_runbook && !version_holds(plan->requires_runbook)) {
        missing++;
        rb_buf_printf(out, "runbook %s is needed; this is " RB_VERSION "\n",
                      plan->requires_runbook);
    }
    for (const char *const *tool = plan->tools; tool && *tool; tool++) {
        if (!in_path(*tool)) {
            missing++;
            rb_buf_printf(out, "the program `%s` is not in PATH; install it\n", *tool);
        }
    }
    for (const char *const *file = plan->files; file && *file; file++) {
        if (access(*file, R_OK) != 0) {
            missing++;
            rb_buf_printf(out, "`%s` can't be read from %s\n", *file, "this folder");
        }
    }
    for (const char *const *name = plan->variables; name && *name; name++) {
        if (!getenv(*name)) {
            missing++;
            rb_buf_printf(out, "the variable `%s` is not set; export it\n", *name);
        }
    }
    return missing;
}
