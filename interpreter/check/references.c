/* Names that an expression sees: members, globals, loop variables. */

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "check/rules.h"
#include "plan/globals.h"

#define QUOTED(name) name,
static const char *const scope_names[] = {RB_SCOPE_NAMES(QUOTED) NULL};
static const char *const globals[] = {RB_SCOPE_NAMES(QUOTED) RB_WORLD_MODULES(
    QUOTED) RB_PURE_MODULES(QUOTED) RB_PURE_NAMES(QUOTED) NULL};
static const char *const process_names[] = {RB_PROCESS_NAMES(QUOTED) NULL};
static const char *const answer_names[] = {RB_ANSWER_NAMES(QUOTED) NULL};
static const char *const rows_names[] = {RB_ROWS_NAMES(QUOTED) NULL};

/* The members of what an action comes to. */
static const char *const *names_of(enum rb_action action)
{
    return action == RB_ACTION_HTTP  ? answer_names
           : action == RB_ACTION_SQL ? rows_names
                                     : process_names;
}
static const char *const run_names[] = {RB_RUN_NAMES(QUOTED) NULL};

static const struct {
    const char *name;
    const char *const members[32]; /* ends with NULL */
} modules[] = {
    {"http", {RB_HTTP_NAMES(QUOTED)}},     {"pg", {RB_PG_NAMES(QUOTED)}},
    {"sh", {RB_SH_NAMES(QUOTED)}},         {"math", {RB_MATH_NAMES(QUOTED)}},
    {"string", {RB_STRING_NAMES(QUOTED)}}, {"table", {RB_TABLE_NAMES(QUOTED)}},
    {"utf8", {RB_UTF8_NAMES(QUOTED)}},     {"check", {RB_CHECK_NAMES(QUOTED)}},
    {"json", {RB_JSON_NAMES(QUOTED)}},     {"re", {RB_RE_NAMES(QUOTED)}},
    {"sql", {RB_SQL_NAMES(QUOTED)}},       {"fs", {RB_FS_NAMES(QUOTED)}},
    {"tls", {RB_TLS_NAMES(QUOTED)}},       {"prom", {RB_PROM_NAMES(QUOTED)}},
    {"time", {RB_TIME_NAMES(QUOTED)}},
};

static bool among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

static void judge_member(const struct rb_check *check, const struct rb_lua_ref *ref,
                         const char *const *names)
{
    if (ref->depth == 0 || among(ref->path[0], names))
        return;
    RB_AUTO_BUF struct rb_buf list = {0};
    for (int i = 0; names[i]; i++)
        rb_buf_printf(&list, "%s%s", i ? ", " : "it has ", names[i]);
    struct rb_diag *diag = rb_diag_add(check->diags, 409, ref->spans[0], "`%s` has no `%s`",
                                       ref->root, ref->path[0]);
    rb_check_did_you_mean(diag, ref->path[0], names, rb_buf_text(&list));
}

/* `params`, `vars`, `secrets` and `steps` are looked into by a name that is written out. */
static void dynamic(const struct rb_check *check, const struct rb_lua_ref *ref)
{
    struct rb_diag *diag = rb_diag_add(check->diags, 410, ref->span,
                                       "`%s` without the name of what is meant", ref->root);
    rb_diag_help(diag, "write %s.NAME, so that it is known before the run that it exists",
                 ref->root);
}

static void judge_result(const struct rb_check *check, const struct rb_site *site,
                         const struct rb_lua_ref *ref)
{
    if (site->moment == RB_AT_RESULT) {
        judge_member(check, ref, names_of(check->plan->steps[site->step].action));
        return;
    }
    struct rb_diag *diag =
        rb_diag_add(check->diags, 412, ref->root_span, "there is no `result` here");
    rb_diag_help(diag,
                 "it is the outcome that `check`, `outputs` and `retry.when` look at; "
                 "elsewhere write steps.ID.outputs.NAME");
}

/* Does the expression stand where a loop gives this name a value? */
static bool in_loop(const struct rb_plan *plan, const struct rb_site *site,
                    const char *name)
{
    int step = site->step;
    if (step >= 0 && site->moment == RB_AT_WHEN)
        step = plan->steps[step].parent;
    for (; step >= 0; step = plan->steps[step].parent) {
        if (plan->steps[step].for_each >= 0 &&
            strcmp(plan->steps[step].loop_name, name) == 0)
            return true;
    }
    return false;
}

/* The step whose loop has a variable of this name, -1: none. */
static int loop_of(const struct rb_plan *plan, const char *name)
{
    int step = plan->step_count - 1;
    while (step >= 0 && (plan->steps[step].for_each < 0 ||
                         strcmp(plan->steps[step].loop_name, name) != 0))
        step--;
    return step;
}

static void outside_loop(const struct rb_check *check, const struct rb_site *site,
                         const struct rb_lua_ref *ref, int loop)
{
    struct rb_diag *diag =
        rb_diag_add(check->diags, 413, ref->root_span,
                    "the loop variable `%s` has no value here", ref->root);
    rb_diag_also(diag, check->plan->steps[loop].span, "the loop");
    if (site->step == loop)
        rb_diag_help(diag,
                     "`when` and `for_each` are decided once, before the loop: put the "
                     "step into a group that has the loop");
    else
        rb_diag_help(diag, "it exists only inside the step that has the `for_each`");
}

/* What people who know other languages, or Lua elsewhere, reach for. */
static const char *hint(const char *name)
{
    static const struct {
        const char *name, *help;
    } hints[] = {
        {"null", "Lua's word for it is `nil`"},
        {"None", "Lua's word for it is `nil`"},
        {"True", "Lua writes `true`"},
        {"False", "Lua writes `false`"},
        {"os", "an expression can't reach outside: the clock is time.now()"},
        {"io", "an expression can't reach outside: a file is read by fs.read(path)"},
        {"require", "there are no modules but those of the standard library"},
        {"load", "an expression can't make source out of a text"},
        {"print", "return the text, or use fail(\"...\")"},
        {"env", "the run's environment is `environment`; variables are `vars.NAME`"},
        {"item", "`item` is the variable of a `for_each`"},
    };
    for (size_t i = 0; i < RB_COUNT(hints); i++) {
        if (strcmp(hints[i].name, name) == 0)
            return hints[i].help;
    }
    return NULL;
}

static void unknown_global(const struct rb_check *check, const struct rb_site *site,
                           const struct rb_lua_ref *ref)
{
    const struct rb_plan *plan = check->plan;
    const char *names[RB_COUNT(globals) + 16];
    size_t count = RB_COUNT(globals) - 1;
    memcpy(names, globals, sizeof globals);
    for (int step = site->step; step >= 0 && count < RB_COUNT(names) - 1;
         step = plan->steps[step].parent) {
        if (plan->steps[step].for_each >= 0)
            names[count++] = plan->steps[step].loop_name;
    }
    names[count] = NULL;
    struct rb_diag *diag =
        rb_diag_add(check->diags, 411, ref->root_span, "there is no `%s`", ref->root);
    if (rb_check_find_param(plan, ref->root) >= 0)
        rb_diag_help(diag, "the parameter is params.%s", ref->root);
    else if (rb_check_find_var(plan, ref->root) >= 0)
        rb_diag_help(diag, "the variable is vars.%s", ref->root);
    else if (rb_plan_find(plan, ref->root) >= 0)
        rb_diag_help(diag, "the step is steps.%s", ref->root);
    else if (hint(ref->root))
        rb_diag_help(diag, "%s", hint(ref->root));
    else
        rb_check_did_you_mean(diag, ref->root, names,
                              "a text needs quotes; a variable of your own needs `local`");
}

static bool refers_to(const struct rb_lua_refs *refs, const char *root)
{
    for (int i = 0; i < refs->count; i++) {
        if (strcmp(refs->items[i].root, root) == 0)
            return true;
    }
    return false;
}

/* Elsewhere it would be a list of texts, and in a text a value that goes unquoted. */
static void judge_name(const struct rb_check *check, int expr, const struct rb_lua_ref *ref)
{
    if (check->sites[expr].names || refers_to(&check->document->refs[expr], "pg"))
        return;
    rb_diag_help(
        rb_diag_add(check->diags, 422, ref->span, "a name of SQL can't stand here"),
        "write ${{ sql.ident(...) }} in the text of a statement, nothing else in "
        "its braces; in a check give pg.query a list: {\"select count(*) from \", "
        "sql.ident(...)}");
}

static void judge_module(const struct rb_check *check, int expr,
                         const struct rb_lua_ref *ref)
{
    if (strcmp(ref->root, "sql") == 0)
        judge_name(check, expr, ref);
    for (size_t i = 0; i < RB_COUNT(modules); i++) {
        if (strcmp(modules[i].name, ref->root) == 0)
            judge_member(check, ref, modules[i].members);
    }
}

static bool is_assigned(const struct rb_lua_refs *refs, const char *name)
{
    for (int i = 0; i < refs->count; i++) {
        if (refs->items[i].assigned && strcmp(refs->items[i].root, name) == 0)
            return true;
    }
    return false;
}

static void judge_global(const struct rb_check *check, int expr,
                         const struct rb_lua_ref *ref)
{
    const struct rb_site *site = &check->sites[expr];
    if (in_loop(check->plan, site, ref->root) ||
        is_assigned(&check->document->refs[expr], ref->root))
        return;
    if (among(ref->root, globals)) {
        judge_module(check, expr, ref);
        return;
    }
    int loop = loop_of(check->plan, ref->root);
    if (loop >= 0)
        outside_loop(check, site, ref, loop);
    else
        unknown_global(check, site, ref);
}

static void judge_scope(const struct rb_check *check, int expr,
                        const struct rb_lua_ref *ref)
{
    const struct rb_site *site = &check->sites[expr];
    const char *root = ref->root;
    bool looked_into = strcmp(root, "params") == 0 || strcmp(root, "vars") == 0 ||
                       strcmp(root, "secrets") == 0 || strcmp(root, "steps") == 0;
    if (looked_into && ref->depth == 0)
        dynamic(check, ref);
    else if (strcmp(root, "params") == 0)
        rb_check_param(check, ref);
    else if (strcmp(root, "vars") == 0)
        rb_check_var(check, site, ref);
    else if (strcmp(root, "secrets") == 0)
        rb_check_secret(check, expr, ref);
    else if (strcmp(root, "run") == 0)
        judge_member(check, ref, run_names);
    else if (strcmp(root, "result") == 0)
        judge_result(check, site, ref);
}

static void judge(const struct rb_check *check, int expr, const struct rb_lua_ref *ref)
{
    const struct rb_site *site = &check->sites[expr];
    if (ref->assigned) {
        struct rb_diag *diag = rb_diag_add(check->diags, 414, ref->span,
                                           "`%s` can't be assigned to", ref->root);
        if (among(ref->root, globals))
            rb_diag_help(diag, "nothing of the run can be changed by an expression");
        else
            rb_diag_help(diag, "declare a variable of your own: local %s = ...", ref->root);
    } else if (among(ref->root, scope_names) && !in_loop(check->plan, site, ref->root)) {
        judge_scope(check, expr, ref);
    } else {
        judge_global(check, expr, ref);
    }
}

void rb_check_references(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->expr_count; i++) {
        const struct rb_lua_refs *refs = &check->document->refs[i];
        for (int k = 0; k < refs->count && check->sites[i].moment != RB_AT_NO_TIME; k++)
            judge(check, i, &refs->items[k]);
    }
}
