/* What a step needs so that a failure is seen and ends: a strict shell, a timeout, arguments that
 * stay arguments. */

#include <string.h>

#include "check/rules.h"

/* The place of the `shell` that a step has: its own, its group's, or that of `defaults`. */
static struct rb_span shell_span(const struct rb_check *check, int index)
{
    for (int step = index; step >= 0; step = check->plan->steps[step].parent) {
        const struct rb_yaml_node *shell = rb_check_value(check, step, "shell");
        if (shell)
            return shell->span;
    }
    const struct rb_yaml_node *defaults = rb_yaml_get(check->document->root, "defaults");
    const struct rb_yaml_node *shell = defaults && defaults->kind == RB_NODE_MAPPING
                                           ? rb_yaml_get(defaults, "shell")
                                           : NULL;
    return shell ? shell->span : check->plan->steps[index].span;
}

/* Can the program do `-o pipefail`? */
static bool can_be_strict(const char *program)
{
    static const char *const shells[] = {"bash", "zsh", "ksh", "ksh93", "mksh"};
    const char *slash = strrchr(program, '/');
    for (size_t i = 0; i < RB_COUNT(shells); i++) {
        if (strcmp(slash ? slash + 1 : program, shells[i]) == 0)
            return true;
    }
    return false;
}

/* Does the list turn on -e, -u and -o pipefail, and end with -c? */
static bool is_strict(const struct rb_value *shell)
{
    bool errexit = false, nounset = false, pipefail = false, command = false;
    for (size_t i = 1; i < rb_value_count(shell); i++) {
        const char *word = rb_value_as_text(rb_value_at(shell, i), "");
        bool option = word[0] == '-' && word[1] != '-';
        command = option && strchr(word, 'c');
        errexit |= (option && strchr(word, 'e')) || strcmp(word, "errexit") == 0;
        nounset |= (option && strchr(word, 'u')) || strcmp(word, "nounset") == 0;
        pipefail |= strcmp(word, "pipefail") == 0;
    }
    return errexit && nounset && pipefail && command;
}

static void shell(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    const struct rb_value *shell = rb_value_get(step->spec, "shell");
    if (step->action != RB_ACTION_RUN || rb_value_count(shell) == 0)
        return;
    const char *program = rb_value_as_text(rb_value_at(shell, 0), "");
    if (!can_be_strict(program)) {
        struct rb_diag *diag = rb_diag_add(
            check->diags, 530, shell_span(check, index),
            "`%s` can't be told to stop at the first failure of a pipe", program);
        rb_diag_help(diag, "leave `shell` out for bash, or run the program with `exec:`");
    } else if (!is_strict(shell)) {
        struct rb_diag *diag = rb_diag_add(check->diags, 530, shell_span(check, index),
                                           "this shell would go on after a failure");
        rb_diag_help(diag, "write [%s, -euo, pipefail, -c]", program);
    }
}

/* A value that is known and begins with something else. */
static bool is_harmless(const struct rb_check *check, int expr)
{
    const struct rb_plan *plan = check->plan;
    const char *source = plan->exprs[expr].source;
    for (int i = 0; i < plan->books[0]->var_count && strncmp(source, "vars.", 5) == 0;
         i++) {
        const char *text = rb_value_as_text(plan->books[0]->vars[i].value, NULL);
        if (strcmp(plan->books[0]->vars[i].name, source + 5) == 0 && text && text[0] != '-')
            return true;
    }
    return false;
}

static int first_expr(const struct rb_value *argument)
{
    const struct rb_value *parts = rb_value_get(argument, "$text");
    const struct rb_value *first = parts ? rb_value_at(parts, 0) : argument;
    return (int)rb_value_get_int(first, "$expr", -1);
}

/* `node` is the list as written, `dash_ok` what the compiler found out about each argument. */
static void arguments(const struct rb_check *check, const struct rb_yaml_node *node,
                      const struct rb_value *argv, const struct rb_value *dash_ok)
{
    if (!node || node->kind != RB_NODE_SEQUENCE ||
        (size_t)node->count != rb_value_count(argv))
        return;
    for (size_t i = 1; i < rb_value_count(argv); i++) {
        int expr = first_expr(rb_value_at(argv, i));
        if (rb_value_as_bool(rb_value_at(dash_ok, i), false) || expr < 0 ||
            is_harmless(check, expr))
            continue;
        struct rb_diag *diag = rb_diag_add(
            check->diags, 531, node->items[i]->span,
            "a value that begins with `-` would be an option here, and is refused");
        rb_diag_help(diag,
                     "put `--` before it, join it as in --name=${{ ... }}, or give the "
                     "parameter a pattern");
    }
}

static void programs(const struct rb_check *check, int index)
{
    const struct rb_value *spec = check->plan->steps[index].spec;
    const struct rb_value *dash_ok = rb_value_get(spec, "dash_ok");
    if (check->plan->steps[index].action == RB_ACTION_EXEC)
        arguments(check, rb_check_value(check, index, "exec"), rb_value_get(spec, "argv"),
                  dash_ok);
    const struct rb_value *pipe = rb_value_get(spec, "pipe");
    const struct rb_yaml_node *node = rb_check_value(check, index, "pipe");
    for (size_t i = 0; i < rb_value_count(pipe) && (int)i < node->count; i++)
        arguments(check, node->items[i], rb_value_at(pipe, i), rb_value_at(dash_ok, i));
}

static void timeout(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    if (!rb_action_is_effect(step->action) || step->timeout > 0 || step->within > 0)
        return;
    struct rb_diag *diag = rb_diag_add(check->diags, 532, step->span,
                                       "nothing ends `%s` if it hangs", step->id);
    rb_diag_help(diag, "give it a `timeout`, or all steps one: defaults: {timeout: 10m}");
}

void rb_check_safety(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->step_count; i++) {
        shell(check, i);
        programs(check, i);
        timeout(check, i);
    }
}
