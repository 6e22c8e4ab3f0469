/* What commands are known to do to a run: never return, hide a failure, show a secret. Each of
 * these was found in a real procedure. */

#include <string.h>

#include "base/buf.h"
#include "check/argv.h"
#include "parse/shell_flow.h"

static bool is(const char *text, const char *list)
{
    return rb_shell_one_of(text, list);
}

/* Does a word behind the program equal one of the list, or begin with it and a `=`? */
static const char *option(const struct rb_argv *argv, const char *list)
{
    for (int i = argv->program + 1; i < argv->count; i++) {
        char name[32] = "";
        size_t length = strcspn(argv->texts[i], "=");
        if (length < sizeof name)
            memcpy(name, argv->texts[i], length);
        if (is(name, list))
            return argv->texts[i];
    }
    return NULL;
}

/* Does a cluster such as `-fsS` hold the letter, before one of those that take the rest? */
static bool letter(const struct rb_argv *argv, char wanted, const char *with)
{
    for (int i = argv->program + 1; i < argv->count; i++) {
        const char *text = argv->texts[i];
        if (text[0] != '-' || text[1] == '-')
            continue;
        for (const char *at = text + 1; *at; at++) {
            if (*at == wanted)
                return true;
            if (strchr(with, *at))
                break;
        }
    }
    return false;
}

static void warn(const struct rb_argv *argv, int code, int word, const char *message,
                 const char *help)
{
    rb_diag_help(rb_diag_add(argv->diags, code, rb_argv_span(argv, word), "%s", message),
                 "%s", help);
}

/* The first operand behind the program, "" when there is none. */
static const char *subcommand(const struct rb_argv *argv)
{
    for (int i = argv->program + 1; i < argv->count; i++) {
        if (argv->texts[i][0] != '-')
            return argv->texts[i];
    }
    return "";
}

/* Is one of the operands in the list? */
static bool operand(const struct rb_argv *argv, const char *list)
{
    for (int i = argv->program + 1; i < argv->count; i++) {
        if (argv->texts[i][0] != '-' && is(argv->texts[i], list))
            return true;
    }
    return false;
}

static bool follows(const struct rb_argv *argv, const char *name)
{
    const char *watched = option(argv, "--watch --watch-only --follow -w -f");
    bool off = watched && strstr(watched, "=false");
    if (is(name, "kubectl oc") && operand(argv, "logs"))
        return watched && !off;
    if (is(name, "kubectl oc"))
        return operand(argv, "port-forward proxy attach") ||
               (operand(argv, "get events") && watched && !off &&
                strcmp(watched, "-f") != 0);
    if (is(name, "docker podman docker-compose"))
        return operand(argv, "logs") && option(argv, "-f --follow") && !off;
    if (is(name, "tail"))
        return (letter(argv, 'f', "nc") || letter(argv, 'F', "nc") || watched) &&
               !option(argv, "--pid");
    if (is(name, "journalctl"))
        return letter(argv, 'f', "nu") || watched;
    if (is(name, "ping"))
        return !letter(argv, 'c', "") && !letter(argv, 'w', "");
    if (is(name, "top"))
        return !letter(argv, 'b', "");
    return is(name, "watch htop less more vi vim nano man") ||
           (is(name, "sleep") && is(subcommand(argv), "infinity"));
}

static void never_returns(const struct rb_argv *argv)
{
    const char *name = argv->texts[argv->program];
    if (argv->limited || argv->before_head || !follows(argv, name))
        return;
    const char *help = "bound it: timeout 60 ..., or ask for a state and end";
    if (is(name, "kubectl oc"))
        help = "write `kubectl wait --for=... --timeout=...`, `kubectl rollout status "
               "--timeout=...`, or logs with --tail";
    else if (is(name, "less more vi vim nano man top htop"))
        help = "print what is to be seen; a question to a person is a `confirm` step";
    else if (is(name, "watch"))
        help = "make it a `gate`: it looks again until a condition holds";
    warn(argv, 540, argv->program, "this command does not return by itself", help);
}

static void ignores_status(const struct rb_argv *argv)
{
    static const char with[] = "oXHdFuAbceTwmxCDEKPQrtyYzU";
    if (strcmp(argv->texts[argv->program], "curl") != 0 || letter(argv, 'f', with) ||
        option(argv, "--fail --fail-with-body --fail-early -w --write-out"))
        return;
    warn(argv, 541, argv->program, "`curl` succeeds with an error page as well",
         "add --fail (or --fail-with-body): an HTTP status from 400 on is then a failure");
}

static void takes_any_file(const struct rb_argv *argv)
{
    if (!is(argv->texts[argv->program], "pg_restore psql mysql sqlite3"))
        return;
    for (int i = argv->program + 1; i < argv->count; i++) {
        if (argv->texts[i][0] != '-' && rb_argv_plain(argv, i) &&
            strpbrk(argv->texts[i], "*?"))
            warn(argv, 542, i, "this is whatever files there are, yesterday's as well",
                 "name the file: give it a step's output, as in ${{ "
                 "steps.backup.outputs.file }}");
    }
}

static void reads_plain_dump(const struct rb_argv *argv)
{
    if (strcmp(argv->texts[argv->program], "pg_restore") != 0)
        return;
    for (int i = argv->program + 1; i < argv->count; i++) {
        const char *text = argv->texts[i];
        size_t length = strlen(text);
        if (length > 4 && strcmp(text + length - 4, ".sql") == 0)
            warn(argv, 545, i, "`pg_restore` can't read a dump in plain SQL",
                 "dump with -Fc (custom format), or restore this one with psql -f");
    }
}

static void ends_early(const struct rb_argv *argv)
{
    const char *name = argv->texts[argv->program];
    bool head = is(name, "head");
    bool quiet = is(name, "grep egrep fgrep") &&
                 (letter(argv, 'q', "efmABC") || option(argv, "--quiet --max-count"));
    if (!argv->piped || (!head && !quiet))
        return;
    warn(argv, 543, argv->program,
         "this ends before it has read all, and what writes to it then fails",
         head ? "read it all: sed -n 1,20p, or awk 'NR <= 20'"
              : "read it all: grep ... > /dev/null");
}

static void finds_trouble(const struct rb_argv *argv)
{
    static const char *const troubles[] = {"rror", "ail",  "rash",
                                           "atal", "anic", "xception"};
    if (!is(argv->texts[argv->program], "grep egrep") || argv->condition || argv->feeds ||
        letter(argv, 'v', "efmABC") || letter(argv, 'c', "efmABC"))
        return;
    for (size_t i = 0; i < RB_COUNT(troubles); i++) {
        const char *pattern = subcommand(argv);
        if (!strstr(pattern, troubles[i]))
            continue;
        warn(argv, 544, argv->program,
             "`grep` succeeds when it finds trouble, and fails when "
             "all is well",
             "turn it round: if ... | grep ... > /dev/null; then exit 1; fi");
        return;
    }
}

static bool expands(const char *text)
{
    return strchr(text, RB_SHELL_EXPANSION);
}

static void shows_secret(const struct rb_argv *argv)
{
    for (int i = argv->program + 1; i < argv->count; i++) {
        const char *text = argv->texts[i], *before = argv->texts[i - 1];
        bool header = strstr(text, "uthorization:") && expands(text);
        bool user = strcmp(argv->texts[argv->program], "curl") == 0 &&
                    is(before, "-u --user") && strchr(text, ':') && expands(text);
        bool long_option =
            (strncmp(text, "--password=", 11) == 0 || strncmp(text, "--token=", 8) == 0) &&
            expands(text);
        if (header || user || long_option)
            warn(argv, 546, i, "everybody on this machine can read this argument",
                 header ? "give it on standard input: curl -H @- <<< \"Authorization: ...\""
                        : "give it in the environment, in a file, or on standard input");
    }
}

static void is_sql(const struct rb_argv *argv)
{
    if (argv->program == 0 &&
        is(argv->texts[0], "SELECT INSERT UPDATE DELETE ALTER CREATE DROP "
                           "BEGIN COMMIT ROLLBACK VACUUM ANALYZE"))
        warn(argv, 547, 0, "this is SQL, and the shell takes it for a program",
             "give it to psql: psql -v ON_ERROR_STOP=1 <<'SQL'");
}

static void judge(const struct rb_argv *argv)
{
    never_returns(argv);
    ignores_status(argv);
    takes_any_file(argv);
    reads_plain_dump(argv);
    ends_early(argv);
    finds_trouble(argv);
    shows_secret(argv);
    is_sql(argv);
}

void rb_check_shell_text(const struct rb_check *check)
{
    for (int i = 0; i < check->plan->step_count; i++) {
        rb_argv_of_run(check, i, judge);
        rb_argv_of_list(check, rb_check_value(check, i, "exec"), judge);
        const struct rb_yaml_node *pipe = rb_check_value(check, i, "pipe");
        for (int k = 0; pipe && k < pipe->count; k++)
            rb_argv_of_list(check, pipe->items[k], judge);
    }
}
