#include "cli/signers_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/trust.h"
#include "effects/signers.h"

static bool step_is_signed(const struct rb_step *step)
{
    const struct rb_value *items = rb_value_get(step->spec, "items");
    bool is = step->action == RB_ACTION_APPROVE || rb_value_get(step->spec, "role") ||
              rb_value_get(rb_value_get(step->spec, "window"), "override");
    for (size_t i = 0; i < rb_value_count(items) && !is; i++)
        is = rb_value_get(rb_value_at(items, i), "role");
    return is;
}

bool rb_plan_is_signed(const struct rb_plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        if (step_is_signed(&plan->steps[i]))
            return true;
    }
    return rb_value_get(plan->window, "override");
}

/* Does the run come to it whatever happens but a failure? */
static bool is_certain(const struct rb_plan *plan, int step)
{
    bool certain = true;
    for (int at = step; at >= 0; at = plan->steps[at].parent)
        certain &= plan->steps[at].when < 0 && plan->steps[at].for_each < 0;
    return certain;
}

static bool needs_signers(const struct rb_plan *plan)
{
    bool needs = false;
    for (int i = 0; i < plan->step_count; i++)
        needs |= step_is_signed(&plan->steps[i]) && is_certain(plan, i);
    return needs;
}

/* A path of the command line or of the surroundings is one from here, of the runbook one from its
 * folder. Allocated; NULL: nobody names one. */
static char *choose(const struct rb_args *args, const struct rb_plan *plan,
                    const char *runbook, const char *name, const char *variable,
                    const char *member)
{
    const char *given = rb_args_value(args, name);
    const char *own = plan ? rb_value_get_text(plan->signers, member, NULL) : NULL;
    RB_AUTO_BUF struct rb_buf path = {0};
    if (!given)
        given = getenv(variable);
    if (given && *given)
        return rb_strdup(given);
    if (!own)
        return NULL;
    const char *slash = strrchr(runbook, '/');
    if (slash && *own != '/')
        rb_buf_append(&path, runbook, (size_t)(slash - runbook) + 1);
    rb_buf_puts(&path, own);
    return rb_buf_take(&path);
}

static char *absolute(char *path)
{
    char *real = path ? realpath(path, NULL) : NULL;
    if (!real)
        return path;
    free(path);
    return real;
}

static bool read_file(struct rb_signers_file *file, struct rb_error *err)
{
    if (!rb_trust_file_of_one(file->path, "signers", err))
        return false;
    if (!rb_file_read(AT_FDCWD, file->path, RB_SIGNERS_MAX, &file->text, err)) {
        err->code = RB_ERR_INVALID;
        return rb_error_prefix(err, "the file of signers");
    }
    file->lines = rb_signers_read(rb_buf_text(&file->text), file->text.length);
    return true;
}

bool rb_signers_file_read(const struct rb_args *args, const struct rb_plan *plan,
                          const char *runbook, struct rb_signers_file *ret_file,
                          struct rb_error *err)
{
    struct rb_signers_file file = {
        .path = absolute(choose(args, plan, runbook, "signers", "RUNBOOK_SIGNERS", "file")),
        .revoked =
            absolute(choose(args, plan, runbook, "revoked", "RUNBOOK_REVOKED", "revoked"))};
    bool good = file.path
                    ? read_file(&file, err)
                    : !plan || !needs_signers(plan) ||
                          rb_fail(err, RB_ERR_USAGE,
                                  "steps of this runbook have to be signed: say whose "
                                  "keys count, in the runbook (`signers: FILE`), by "
                                  "--signers FILE or by RUNBOOK_SIGNERS");
    good =
        good && (!file.revoked || rb_trust_file_of_one(file.revoked, "revoked keys", err));
    if (good)
        *ret_file = file;
    else
        rb_signers_file_done(&file);
    return good;
}

void rb_signers_file_done(struct rb_signers_file *file)
{
    free(file->path);
    free(file->revoked);
    rb_buf_done(&file->text);
    rb_value_unref(file->lines);
    *file = (struct rb_signers_file){0};
}
