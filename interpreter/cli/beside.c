#include "cli/beside.h"

#include <stdlib.h>
#include <string.h>

#include "core/effects.h"
#include "core/front.h"
#include "effects/shell.h"

struct rb_beside {
    struct rb_beside_options o;
    struct rb_view *view;
    const struct rb_value *opened; /* payload of shell.opened; NULL: none is open */
    struct rb_shell *shell;        /* NULL: it could not be started */
};

struct rb_beside *rb_beside_new(const struct rb_beside_options *options)
{
    struct rb_beside *beside = rb_alloc(sizeof *beside);
    beside->o = *options;
    return beside;
}

bool rb_beside_is_open(const struct rb_beside *beside)
{
    return beside->opened != NULL;
}

static const char *own_shell(void)
{
    const char *shell = getenv("SHELL");
    return shell && *shell == '/' ? shell : "/bin/sh";
}

/* What is needed to look at the run from there, whatever store it is in. */
static const struct rb_value *about_run(const struct rb_beside *beside)
{
    const char *store = beside->o.store ? beside->o.store : getenv("RUNBOOK_STORE");
    return rb_value_map("RUNBOOK_RUN", rb_value_text(beside->o.run->id), "RUNBOOK_STORE",
                        store ? rb_value_text(store) : NULL, NULL);
}

/* `env`, `cwd` and `shell`; and in `left_out` what the step has and the shell has not. */
static const struct rb_value *request_at(const struct rb_beside *beside, int node)
{
    const struct rb_state at = rb_state_at(beside->o.state, node);
    RB_AUTO_VALUE const struct rb_value *of_step = rb_shell_request(&at);
    RB_AUTO_VALUE const struct rb_value *run = about_run(beside);
    RB_AUTO_VALUE const struct rb_value *own =
        rb_value_map("shell", rb_value_text(own_shell()), "env",
                     rb_value_merge(rb_value_get(of_step, "env"), run), NULL);
    return rb_value_merge(of_step, own);
}

static const struct rb_value *member(const struct rb_value *map, const char *name)
{
    return rb_value_ref(rb_value_get(map, name));
}

/* The question may have been answered from elsewhere by now. */
static bool record_opened(struct rb_beside *beside, const struct rb_value *question,
                          const struct rb_value *request, const char *purpose)
{
    const struct rb_value *without = rb_value_get(request, "left_out");
    const struct rb_value *d = rb_value_map(
        "step", member(question, "step"), "attempt", member(question, "attempt"), "q",
        member(question, "q"), "by", rb_value_text(beside->o.operator_name), "why",
        rb_value_text(purpose), "shell", member(request, "shell"), "cwd",
        member(request, "cwd"), "without",
        rb_value_count(without) > 0 ? rb_value_ref(without) : NULL, NULL);
    beside->opened = rb_value_ref(d);
    bool good = beside->o.put(beside->o.context, RB_EV_SHELL_OPENED, d) &&
                beside->o.state->shell &&
                rb_value_equal(rb_value_get(beside->o.state->shell, "q"),
                               rb_value_get(question, "q"));
    if (!good)
        rb_value_put(&beside->opened, NULL);
    return good;
}

static void ended(void *context, const struct rb_value *outcome)
{
    struct rb_beside *beside = context;
    struct rb_view *view = beside->view;
    RB_AUTO_VALUE const struct rb_value *opened = beside->opened;
    RB_AUTO_VALUE const struct rb_value *which =
        rb_value_map("step", member(opened, "step"), "q", member(opened, "q"), NULL);
    beside->opened = NULL;
    rb_shell_free(beside->shell);
    beside->shell = NULL;
    beside->o.put(beside->o.context, RB_EV_SHELL_CLOSED, rb_value_merge(outcome, which));
    view->ops->take_back(view);
    beside->o.closed(beside->o.context);
}

bool rb_beside_open(struct rb_beside *beside, int tty, struct rb_view *view,
                    const struct rb_value *question, const char *purpose)
{
    struct rb_error err = {0};
    int node = rb_front_find(beside->o.state, rb_value_get_text(question, "step", ""));
    if (beside->opened || node < 0)
        return false;
    RB_AUTO_VALUE const struct rb_value *request = request_at(beside, node);
    if (!record_opened(beside, question, request, purpose))
        return false;
    beside->view = view;
    view->ops->lend(view);
    if (rb_shell_start(beside->o.loop, tty, request, ended, beside, &beside->shell, &err))
        return true;
    RB_AUTO_VALUE const struct rb_value *error =
        rb_value_map("error", rb_value_text(err.message), NULL);
    ended(beside, error);
    return true;
}

void rb_beside_tend(struct rb_beside *beside)
{
    if (beside->shell)
        rb_shell_tend(beside->shell);
}

void rb_beside_hang_up(struct rb_beside *beside)
{
    if (beside->shell)
        rb_shell_hang_up(beside->shell);
}

void rb_beside_leave(struct rb_beside *beside)
{
    if (!beside->opened)
        return;
    rb_shell_free(beside->shell);
    beside->shell = NULL;
    rb_value_put(&beside->opened, NULL);
    beside->view->ops->take_back(beside->view);
}

void rb_beside_free(struct rb_beside *beside)
{
    if (!beside)
        return;
    rb_value_unref(beside->opened);
    rb_shell_free(beside->shell);
    free(beside);
}
