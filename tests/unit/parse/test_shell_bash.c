/* What the lexer promises, held against the bash that runs the scripts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "parse/shell.h"
#include "parse/shell_sink.h"

static const char *const hostile[] = {
    "$(touch canary)",
    "`touch canary`",
    "; touch canary",
    "\ntouch canary\n#",
    "&& touch canary #",
    "| touch canary",
    "'; touch canary; '",
    "\"; touch canary; \"",
    "'$(touch canary)'",
    "\"$(touch canary)\"",
    "\\\"$(touch canary)\\\"",
    "${x:=$(touch canary)}",
    "a[$(touch canary)]",
    "x -o a[$(touch canary)]",
    "EOF\ntouch canary\n",
    "}; touch canary; {",
    "); touch canary; (",
    ")) && touch canary && ((",
    "]] && touch canary && [[",
    ";; *) touch canary;;",
    "<(touch canary)",
    "> canary",
    "-oProxyCommand=touch canary",
    "-e",
    "--",
    "*",
    "~",
    " a  b ",
    "\\",
    "'",
    "\"",
    "$RB_2",
    "%s%n",
    "\xc3\xa9\t!",
};

/* The folder that scripts run in. */
struct folder {
    char path[64];
    int fd;
};

static void enter(struct folder *folder)
{
    strcpy(folder->path, "/tmp/runbook-shell-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder->fd >= 0);
}

static int drop(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

static void leave(struct folder *folder)
{
    close(folder->fd);
    assert_int_equal(nftw(folder->path, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Runs an interpolated script with these values; ended after so many seconds whatever it does.
 * Returns the exit code, or -1. */
static int run(const struct folder *folder, const struct rb_shell_script *script,
               const char *const *values, unsigned seconds)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
            fchdir(folder->fd) != 0)
            _exit(99);
        clearenv();
        setenv("PATH", "/usr/bin:/bin", 1);
        setenv("FUNCNEST", "8", 1);
        for (int i = 0; i < script->count; i++) {
            char name[16];
            snprintf(name, sizeof name, "RB_%d", i + 1);
            setenv(name, values[i], 1);
        }
        alarm(seconds);
        execl("/bin/bash", "bash", "-euo", "pipefail", "-c", script->text, NULL);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 99);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A value stands where `@` is in the pattern; each has an expression of its own. */
static void fill(const char *pattern, struct rb_buf *ret_script)
{
    int count = 0;
    for (const char *at = pattern; *at; at++) {
        if (*at == '@')
            rb_buf_printf(ret_script, "${{ params.p%d }}", ++count);
        else
            rb_buf_putc(ret_script, *at);
    }
}

static bool interpolate(struct rb_arena *arena, const char *script,
                        struct rb_shell_script *ret_script)
{
    struct rb_diags diags = {0};
    RB_AUTO_BUF struct rb_buf yaml = {0};
    rb_buf_puts(&yaml, "run: |2\n  ");
    for (const char *at = script; *at; at++) {
        rb_buf_putc(&yaml, *at);
        if (*at == '\n')
            rb_buf_puts(&yaml, "  ");
    }
    const struct rb_source *source =
        rb_source_new(arena, "test.yaml", rb_buf_text(&yaml), yaml.length);
    struct rb_yaml_node *root = rb_yaml_read(arena, source, &diags);
    struct rb_arena *scratch = rb_arena_new();
    bool good = root && rb_shell_interpolate(arena, scratch, rb_yaml_get(root, "run"),
                                             &diags, ret_script);
    const struct rb_yaml_node *scalar = root ? rb_yaml_get(root, "run") : NULL;
    struct rb_shell_lex lex;
    if (good) {
        rb_shell_lex(scratch, scalar->text, scalar->length, &lex);
        const struct rb_shell_piece piece = {.scalar = scalar};
        const struct rb_shell_text text = {.lex = &lex, .pieces = &piece, .piece_count = 1};
        good = rb_shell_sinks(scratch, &text, &diags);
    }
    rb_arena_free(scratch);
    rb_diags_done(&diags);
    return good;
}

/* One script for all the values, each in a folder of its own with a file `out`. */
static void arrives(const char *pattern)
{
    struct folder folder;
    struct rb_arena *arena = rb_arena_new();
    RB_AUTO_BUF struct rb_buf script = {0};
    struct rb_shell_script ready;
    for (size_t i = 0; i < RB_COUNT(hostile); i++) {
        rb_buf_printf(&script, "cd d%zu\n", i);
        for (const char *at = pattern; *at; at++) {
            if (*at == '@')
                rb_buf_printf(&script, "${{ params.p%zu }}", i);
            else
                rb_buf_putc(&script, *at);
        }
        rb_buf_puts(&script, "\ncd ..\n");
    }
    enter(&folder);
    for (size_t i = 0; i < RB_COUNT(hostile); i++) {
        char name[16];
        snprintf(name, sizeof name, "d%zu", i);
        assert_int_equal(mkdirat(folder.fd, name, 0700), 0);
    }
    assert_true(interpolate(arena, rb_buf_text(&script), &ready));
    assert_int_equal(ready.count, RB_COUNT(hostile));
    assert_int_equal(run(&folder, &ready, hostile, 100), 0);
    for (size_t i = 0; i < RB_COUNT(hostile); i++) {
        RB_AUTO_BUF struct rb_buf out = {0};
        char path[32];
        snprintf(path, sizeof path, "d%zu/out", i);
        bool read = rb_file_read(folder.fd, path, 1 << 16, &out, NULL);
        if (!read || strcmp(rb_buf_text(&out), hostile[i]) != 0)
            fail_msg("'%s' with '%s': '%s'", pattern, hostile[i], rb_buf_text(&out));
        snprintf(path, sizeof path, "d%zu/canary", i);
        assert_int_equal(faccessat(folder.fd, path, F_OK, 0), -1);
    }
    rb_arena_free(arena);
    leave(&folder);
}

static void a_value_arrives_as_it_is_in_every_quoting(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "printf %s @ > out",
        "printf %s \"@\" > out",
        "printf %s '@' > out",
        "printf %s $'@' > out",
        "printf %s $\"@\" > out",
        "x=@; printf %s \"$x\" > out",
        "x=''@\"\"; printf %s \"$x\" > out",
        "for x in @; do printf %s \"$x\"; done > out",
        "x=(1 @); printf %s \"${x[1]}\" > out",
        "x=$(printf '%s.' @); printf %s \"${x%.}\" > out",
        "x=\"$(printf '%s.' \"@\")\"; printf %s \"${x%.}\" > out",
        "x=\"$(printf '%s.' '@')\"; printf %s \"${x%.}\" > out",
        "x=\"`printf '%s.' @`\"; printf %s \"${x%.}\" > out",
        "x=\"`printf '%s.' \\\"@\\\"`\"; printf %s \"${x%.}\" > out",
        "x=\"`printf %s \\\"\\`printf '%s.' @\\`\\\"`\"; printf %s \"${x%.}\" > out",
        "IFS= read -rd '' x <<EOF || :\n@\nEOF\nprintf %s \"${x%?}\" > out",
        "IFS= read -rd '' x <<-EOF || :\n\t@\n\tEOF\nprintf %s \"${x%?}\" > out",
        "IFS= read -rd '' x <<< @ || :; printf %s \"${x%?}\" > out",
        "IFS= read -rd '' x <<< \"@\" || :; printf %s \"${x%?}\" > out",
        "printf %s ${unset:-@} > out",
        "printf %s \"${unset:-@}\" > out",
        "x=@; [[ $x == @ ]] && printf %s \"$x\" > out",
        "case @ in '@') printf %s @;; esac > out",
        "x=a@b; y=${x#a@}; [ \"$y\" = b ] && printf %s @ > out",
        "x=a@b; y=${x%@b}; [ \"$y\" = a ] && printf %s @ > out",
        "x=a@b; y=\"${x/@/}\"; [ \"$y\" = ab ] && printf %s @ > out",
        "x=ab; y=\"${x/b/@}\"; printf %s \"${y#a}\" > out",
        "f() { printf %s \"$1\" > out; }; f @",
        "cat <(printf %s @) > out",
        "sh -c 'printf %s \"$1\" > out' sh @",
        "bash -s -- @ <<'S'\nprintf %s \"$1\" > out\nS",
    };
    for (size_t i = 0; i < RB_COUNT(patterns); i++)
        arrives(patterns[i]);
}

/* xorshift: the scripts are the same in every run. */
static unsigned pick(uint64_t *random, size_t count)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (unsigned)((*random >> 11) % count);
}

static void put_snippet(uint64_t *random, int depth, struct rb_buf *out)
{
    static const char *const simple[] = {
        "echo @",
        "echo \"a @ b\"",
        "echo 'a @ b'",
        "echo $'\\'@'",
        "x=@",
        "x[1]=@",
        "x+=(@ b)",
        "cat <<EOF\na '@' \"$x\"\nEOF\n",
        "cat <<-'EOF' # @\n\tit's\n\tEOF\n",
        "cat <<< @",
        "for x in @ b; do echo $x; done",
        "case @ in a|@) echo @;; *) :;; esac",
        "[[ $x == @* || @ =~ @ ]]",
        "[ @ = \"@\" ]",
        "test -n @",
        "echo ${x:-@}",
        "echo \"${x#@} ${x//@/@}\"",
        "echo ${x:=@}",
        "export Y=@",
        "printf '%s' @",
        "f @",
        "f() { echo \"$1\" @; }",
        "echo $(( 1 + ${#x} ))",
        "echo $((@))",
        "(( x > @ ))",
        "[[ @ -eq 1 ]]",
        "read -r y <<< @",
        "eval echo @",
        "sh -c \"echo @\"",
        "sh -c 'echo \"$1\"' sh @",
        "bash -c 'echo '@",
        "trap 'echo @' EXIT",
        "$x @",
        "set -- @",
        "echo \"$@\" $1",
        "y=$x",
        "echo $((x))",
        "eval \"$x\"",
        "sh -c \"$y\"",
        "declare -i n=@",
        "n=@; echo ${x:n}",
        "echo ${!x}",
        "echo \"${x@P}\"",
        "let n=@",
        "unset @",
        "PS4=@; set -x",
        "echo @ | cat",
        "echo @ | sh",
        "cat <(echo @)",
        ". <(echo @)",
        "xargs sh -c @ <<< a",
        "env A=@ bash -c 'echo \"$A\"'",
        "while read -r x; do echo \"$x\"; done <<< @",
        "# it's @",
        "echo a\\ @\\\\@",
        "echo $x@$x",
        "printf -v x %s @",
        "echo {a,@}",
        "awk -v a=@ 'BEGIN{}'",
        "awk 'BEGIN { system(\"@\") }'",
        "sed 's/a/@/e' <<< a",
        "test -v @",
        "[[ -v @ ]]",
        "mapfile -t z <<< @",
        "echo ${z[@]}",
        "echo \"${x:@:1}\"",
        "echo ${z[x]}",
    };
    static const char *const around[] = {
        "$(|)",
        "\"$(|)\"",
        "( | )",
        "{ |\n}",
        "if |; then :; fi",
        "echo \"$(|)\"",
        "`|`",
        "\"`|`\"",
        "! |",
        "if true; then |\nfi",
        "|\n|",
        "| | |",
        "| && |",
        "|; |",
        "| || |",
        "while |; do break; done",
        "f() { |\n}",
        "x=$(|)",
        "case a in a) |\n;; esac",
        "cat <(|)",
        "cat <<EOF\n$(|)\n'\"\nEOF\n",
        "echo ${x:-$(|)}",
        "echo $(( $(|) + 1 ))",
    };
    unsigned shape = pick(random, RB_COUNT(around) * (depth > 0 ? 3 : 1));
    if (depth == 0 || shape >= RB_COUNT(around)) {
        rb_buf_puts(out, simple[pick(random, RB_COUNT(simple))]);
        return;
    }
    for (const char *at = around[shape]; *at; at++) {
        if (*at == '|' && at[1] != '|' && (at == around[shape] || at[-1] != '|'))
            put_snippet(random, depth - 1, out);
        else
            rb_buf_putc(out, *at);
    }
}

/* A quote, a bracket or a value where nobody expects it. */
static void disturb(uint64_t *random, struct rb_buf *pattern)
{
    static const char bytes[] = "@@@@'\"`$(){}\\#\n;&|<>[] ";
    char byte = bytes[pick(random, sizeof bytes - 1)];
    size_t at = pick(random, pattern->length + 1);
    RB_AUTO_BUF struct rb_buf tail = {0};
    rb_buf_append(&tail, pattern->data + at, pattern->length - at);
    pattern->length = at;
    rb_buf_putc(pattern, byte);
    rb_buf_append(pattern, tail.data, tail.length);
}

static void no_value_is_ever_run(void **state)
{
    (void)state;
    struct folder folder;
    enter(&folder);
    uint64_t random = UINT64_C(88172645463325252);
    const char *given = getenv("RUNBOOK_TEST_SCRIPTS");
    long count = given ? strtol(given, NULL, 10) : 200, ran = 0;
    for (long i = 0; i < count; i++) {
        struct rb_arena *arena = rb_arena_new();
        RB_AUTO_BUF struct rb_buf pattern = {0}, script = {0};
        struct rb_shell_script ready;
        for (unsigned n = pick(&random, 4) + 1; n > 0; n--) {
            put_snippet(&random, 2, &pattern);
            rb_buf_putc(&pattern, '\n');
        }
        for (unsigned n = pick(&random, 4); n > 0; n--)
            disturb(&random, &pattern);
        fill(rb_buf_text(&pattern), &script);
        const char *values[256];
        for (size_t j = 0; j < RB_COUNT(values); j++)
            values[j] = hostile[pick(&random, RB_COUNT(hostile))];
        if (interpolate(arena, rb_buf_text(&script), &ready) &&
            ready.count <= (int)RB_COUNT(values)) {
            run(&folder, &ready, values, 5);
            ran++;
            if (faccessat(folder.fd, "canary", F_OK, 0) == 0) {
                for (int j = 0; j < ready.count; j++)
                    print_error("RB_%d='%s'\n", j + 1, values[j]);
                fail_msg("a value ran in:\n%s", ready.text);
            }
        }
        rb_arena_free(arena);
    }
    assert_true(ran > count / 4);
    leave(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_arrives_as_it_is_in_every_quoting),
        cmocka_unit_test(no_value_is_ever_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
