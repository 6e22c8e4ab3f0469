#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "parse/shell.h"
#include "parse/shell_sink.h"

struct fixture {
    struct rb_arena *arena;
    struct rb_diags diags;
    struct rb_yaml_node *scalar;
    struct rb_shell_script script;
    struct rb_shell_outside outside;
};

/* The script as the scalar of a literal block, read by the YAML reader so that it has places. */
static bool interpolate(struct fixture *fixture, const char *script)
{
    RB_AUTO_BUF struct rb_buf yaml = {0};
    rb_buf_puts(&yaml, "run: |\n  ");
    for (const char *at = script; *at; at++) {
        rb_buf_putc(&yaml, *at);
        if (*at == '\n')
            rb_buf_puts(&yaml, "  ");
    }
    rb_buf_putc(&yaml, '\n');
    fixture->arena = rb_arena_new();
    const struct rb_source *source =
        rb_source_new(fixture->arena, "test.yaml", rb_buf_text(&yaml), yaml.length);
    struct rb_yaml_node *root = rb_yaml_read(fixture->arena, source, &fixture->diags);
    assert_non_null(root);
    fixture->scalar = rb_yaml_get(root, "run");
    assert_non_null(fixture->scalar);
    struct rb_arena *scratch = rb_arena_new();
    bool good = rb_shell_interpolate(fixture->arena, scratch, fixture->scalar,
                                     &fixture->diags, &fixture->script);
    struct rb_shell_lex lex;
    rb_shell_lex(scratch, fixture->scalar->text, fixture->scalar->length, &lex);
    const struct rb_shell_piece piece = {.scalar = fixture->scalar};
    const struct rb_shell_text text = {
        .lex = &lex, .pieces = &piece, .piece_count = 1, .outside = fixture->outside};
    good &= rb_shell_sinks(scratch, &text, &fixture->diags);
    rb_arena_free(scratch);
    return good;
}

static void done(struct fixture *fixture)
{
    rb_arena_free(fixture->arena);
    rb_diags_done(&fixture->diags);
}

static void becomes(const char *script, const char *expected)
{
    struct fixture fixture = {0};
    if (!interpolate(&fixture, script))
        fail_msg("%s: %s", script, fixture.diags.items[0].message);
    assert_int_equal(fixture.script.text[strlen(fixture.script.text) - 1], '\n');
    char *text = rb_arena_strndup(fixture.arena, fixture.script.text,
                                  strlen(fixture.script.text) - 1);
    assert_string_equal(text, expected);
    done(&fixture);
}

/* Each `code line:column` in order, with spaces between. */
static void is_refused(const char *script, const char *expected)
{
    struct fixture fixture = {0};
    RB_AUTO_BUF struct rb_buf found = {0};
    bool good = interpolate(&fixture, script);
    rb_diags_sort(&fixture.diags);
    for (int i = 0; i < fixture.diags.count; i++) {
        const struct rb_diag *diag = &fixture.diags.items[i];
        rb_buf_printf(&found, "%s%d %d:%d", i ? " " : "", diag->code, diag->span.line - 1,
                      diag->span.column - 2);
    }
    if (strcmp(rb_buf_text(&found), expected) != 0)
        fail_msg("%s: '%s' instead of '%s'", script, rb_buf_text(&found), expected);
    assert_false(good);
    done(&fixture);
}

static void a_value_outside_of_quotes_is_one_quoted_word(void **state)
{
    (void)state;
    becomes("echo ${{ a }}", "echo \"$RB_1\"");
    becomes("echo x${{ a }}y", "echo x\"$RB_1\"y");
    becomes("a=${{ a }}; b[1]=x", "a=\"$RB_1\"; b[1]=x");
    becomes("for x in ${{ a }} ${{ b }}; do :; done",
            "for x in \"$RB_1\" \"$RB_2\"; do :; done");
    becomes("case ${{ a }} in ${{ b }}|c) echo ${{ c }};; esac",
            "case \"$RB_1\" in \"$RB_2\"|c) echo \"$RB_3\";; esac");
    becomes("[[ $x == ${{ a }}* && $y =~ ^${{ b }}$ ]]",
            "[[ $x == \"$RB_1\"* && $y =~ ^\"$RB_2\"$ ]]");
    becomes("cat > ${{ a }} 2>${{ b }} <<< ${{ c }}",
            "cat > \"$RB_1\" 2>\"$RB_2\" <<< \"$RB_3\"");
    becomes("x=(a ${{ a }} \"${{ b }}\")", "x=(a \"$RB_1\" \"${RB_2}\")");
    becomes("f() { echo ${{ a }}; }; f", "f() { echo \"$RB_1\"; }; f");
    becomes("echo \\\\${{ a }} \\\"${{ b }}\\\"", "echo \\\\\"$RB_1\" \\\"\"$RB_2\"\\\"");
}

static void a_value_in_double_quotes_can_not_join_what_follows(void **state)
{
    (void)state;
    becomes("echo \"${{ a }}bc\"", "echo \"${RB_1}bc\"");
    becomes("echo \"a\\\"${{ a }}'${{ b }}'\"", "echo \"a\\\"${RB_1}'${RB_2}'\"");
    becomes("echo $\"${{ a }}\"", "echo $\"${RB_1}\"");
}

static void a_value_in_single_quotes_leaves_them_for_a_moment(void **state)
{
    (void)state;
    becomes("echo 'a ${{ a }} b'", "echo 'a '\"$RB_1\"' b'");
    becomes("echo $'a\\'${{ a }}\\n'", "echo $'a\\''\"$RB_1\"$'\\n'");
    becomes("echo '\\'${{ a }}", "echo '\\'\"$RB_1\"");
}

static void substitutions_begin_quoting_anew(void **state)
{
    (void)state;
    becomes("echo \"$(cat ${{ a }} '${{ b }}')\"",
            "echo \"$(cat \"$RB_1\" ''\"$RB_2\"'')\"");
    becomes("echo \"$(echo \"${{ a }}\" $(echo ')' ${{ b }}))${{ c }}\"",
            "echo \"$(echo \"${RB_1}\" $(echo ')' \"$RB_2\"))${RB_3}\"");
    becomes("echo `cat ${{ a }} \\`cat \"${{ b }}\"\\``",
            "echo `cat \"$RB_1\" \\`cat \"${RB_2}\"\\``");
    becomes("echo \"`cat \\\"${{ a }}\\\"`\"", "echo \"`cat \\\"${RB_1}\\\"`\"");
    becomes("diff <(cat ${{ a }}) >(cat \"${{ b }}\")",
            "diff <(cat \"$RB_1\") >(cat \"${RB_2}\")");
    becomes("x=$(case a in a) echo ${{ a }};; esac) # it's",
            "x=$(case a in a) echo \"$RB_1\";; esac) # it's");
}

static void a_value_may_be_the_word_of_a_parameter_expansion(void **state)
{
    (void)state;
    becomes("echo ${x:-${{ a }}}", "echo ${x:-\"$RB_1\"}");
    becomes("echo \"${x:-${{ a }}}\"", "echo \"${x:-${RB_1}}\"");
    becomes("echo \"${x#${{ a }}}${x/${{ b }}/${{ c }}}\"",
            "echo \"${x#\"$RB_1\"}${x/\"$RB_2\"/\"$RB_3\"}\"");
    becomes("echo ${#x} ${x[1]} ${!x*} $# $$ ${{ a }}",
            "echo ${#x} ${x[1]} ${!x*} $# $$ \"$RB_1\"");
}

static void a_here_document_is_like_double_quotes_without_the_quotes(void **state)
{
    (void)state;
    becomes(
        "cat <<EOF > ${{ a }}\nit's \"${{ b }}\" $(cat ${{ c }})\nEOF\necho ${{ d }}",
        "cat <<EOF > \"$RB_1\"\nit's \"${RB_2}\" $(cat \"$RB_3\")\nEOF\necho \"$RB_4\"");
    becomes("cat <<-A; cat <<'B'\n\t${{ a }}\n\tA\nit's\nB\necho '${{ b }}'",
            "cat <<-A; cat <<'B'\n\t${RB_1}\n\tA\nit's\nB\necho ''\"$RB_2\"''");
    becomes("x=$(cat <<EOF\n)' ${{ a }}\nEOF\n); echo ${{ b }}",
            "x=$(cat <<EOF\n)' ${RB_1}\nEOF\n); echo \"$RB_2\"");
}

static void a_value_in_a_comment_stays_as_it_is(void **state)
{
    (void)state;
    becomes("echo a # it's ${{ a }}\necho a#${{ b }}",
            "echo a # it's ${{ a }}\necho a#\"$RB_1\"");
}

static void equal_expressions_share_a_variable(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    assert_true(interpolate(&fixture, "echo ${{ a.b }} '${{b}}' \"${{a.b}}\""));
    assert_int_equal(fixture.script.count, 2);
    assert_string_equal(fixture.script.text, "echo \"$RB_1\" ''\"$RB_2\"'' \"${RB_1}\"\n");
    assert_string_equal(fixture.script.values[0].expr, "a.b");
    assert_string_equal(fixture.script.values[1].expr, "b");
    assert_int_equal(fixture.script.values[1].offset, 20);
    assert_int_equal(fixture.script.values[1].span.line, 2);
    assert_int_equal(fixture.script.values[1].span.column, 23);
    done(&fixture);
}

static void lua_says_where_an_expression_ends(void **state)
{
    (void)state;
    becomes("echo ${{ f({a = {}}, '}}', [[}}]]) }} b", "echo \"$RB_1\" b");
    is_refused("echo ${{ a }", "301 1:6");
    is_refused("echo ${{ 'a }} b", "301 1:6");
    is_refused("echo ${{ }}", "302 1:6");
}

static void where_no_reference_can_stand_is_an_error(void **state)
{
    (void)state;
    is_refused("cat <<'EOF'\n${{ a }}\nEOF", "304 2:1");
    is_refused("cat <<\\EOF\n${{ a }}\nEOF", "304 2:1");
    is_refused("echo \\${{ a }} \"\\${{ b }}\" $${{ c }}", "305 1:7 305 1:18 305 1:29");
    is_refused("for ${{ a }} in b; do :; done", "305 1:5");
    is_refused("cat <<${{ a }}\nx\n", "305 1:7 306 1:7");
    is_refused("echo ${${{ a }}}", "305 1:8");
    is_refused("echo ${x${{ a }}}", "305 1:9");
}

static void two_dollars_stand_for_the_braces_themselves(void **state)
{
    (void)state;
    becomes("echo 'a $${{ b }}' $'$${{' # $${{", "echo 'a ${{ b }}' $'${{' # $${{");
    becomes("cat <<'EOF'\n$${{ a }}\nEOF\necho \"\\$${{ b }}\"",
            "cat <<'EOF'\n${{ a }}\nEOF\necho \"\\$${RB_1}\"");
    is_refused("echo $${{ a }} \"$${{ b }}\"", "305 1:7 305 1:18");
}

static void what_is_never_closed_is_a_warning(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "echo 'it's ${{ a }}'",        "echo \"a",    "echo $(ls",
        "if true; then echo ${{ a }}", "cat <<EOF\n", "echo `a",
        "case a in a) echo",           "echo ${x:-",  "(ls"};
    for (size_t i = 0; i < RB_COUNT(scripts); i++) {
        struct fixture fixture = {0};
        assert_true(interpolate(&fixture, scripts[i]));
        assert_int_equal(fixture.diags.count, 1);
        assert_int_equal(fixture.diags.items[0].code, 306);
        done(&fixture);
    }
}

static void bash_that_is_whole_has_no_warning(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "case $x in (a|b) echo 1;; c) echo 2;& *) echo 3;;& esac; echo ${{ a }}",
        "while read -r l; do echo \"$l\"; done < <(ls) | cat && { a; } || ( b; )",
        "if ! a; then b; elif c; then d; else e; fi; until f; do g; done",
        "for ((i = 0; i < 3; i++)); do echo $((i * (2 + 1))); done",
        "select x in a; do :; done",
        "a=${x//[^a-z]/} b=${x%%\\}*} c=${y:-'}'} d=${#a[@]} e=${z^^} f=\"${x:1:2}\"",
        "function f { local -a x=(1 2); echo \"${x[@]}\"; }; g() ( echo 1 )",
        "echo a\\ b\\'c \"a\\\"b\" $'a\\'b' a'b'\"c\" ~/x {a,b} [ab]* ?(a|b) !(c) # '",
        "cat <<A <<B\n$(echo \"')\")\nA\n'\nB\necho 1 2>&1 >/dev/null &>x >&2 <&-",
        "[[ -f a && ( $b < c || ! $d =~ (x|y)+$ ) ]] && echo 'a\nb' \\\n  c",
        "((x++)); ((echo a); (echo b)); echo $((1)) $( (echo) ) $((echo a); echo b)",
        "time -p ls; ! ls; coproc ls; echo $[1+1] ${x:$((1)):2} ${x: -1} $? $! $- $@",
    };
    for (size_t i = 0; i < RB_COUNT(scripts); i++) {
        struct fixture fixture = {0};
        if (!interpolate(&fixture, scripts[i]) || fixture.diags.count > 0)
            fail_msg("%s: %d:%d %s", scripts[i], fixture.diags.items[0].span.line - 1,
                     fixture.diags.items[0].span.column - 2,
                     fixture.diags.items[0].message);
        done(&fixture);
    }
}

static void deep_nesting_is_an_error_and_no_crash(void **state)
{
    (void)state;
    static const char *const pieces[] = {"$(", "\"$(", "${x:-",         "( ",
                                         "{ ", "$((",  "if ",           "a=(",
                                         "@(", "$[",   "case x in x) ", "<("};
    for (size_t i = 0; i < RB_COUNT(pieces); i++) {
        struct rb_buf script = {0};
        for (int j = 0; j < 3000; j++)
            rb_buf_puts(&script, pieces[i]);
        rb_buf_puts(&script, "${{ a }}");
        struct fixture fixture = {0};
        interpolate(&fixture, script.data);
        if (fixture.diags.count == 0)
            fail_msg("%s", pieces[i]);
        done(&fixture);
        rb_buf_done(&script);
    }
}

static void a_second_shell_gets_no_value(void **state)
{
    (void)state;
    is_refused("sh -c \"rm ${{ a }}\"", "501 1:11");
    is_refused("sudo -u x bash -euo pipefail -c 'rm ${{ a }}'", "501 1:37");
    is_refused("xargs sh -c ${{ a }}", "501 1:13");
    is_refused("env A=b /bin/sh -ec \"$(echo ${{ a }})\"", "501 1:29");
    is_refused("docker exec -it db sh -c 'x ${{ a }}'", "501 1:29");
    is_refused("kubectl exec -n a pod/b -- bash -lc \"x ${{ a }}\"", "501 1:40");
    is_refused("ssh host rm ${{ a }}", "501 1:13");
    is_refused("ssh -p 22 -i key u@h -- \"rm '${{ a }}'\"", "501 1:30");
    is_refused("eval ls ${{ a }}", "501 1:9");
    is_refused("sh -ce ${{ a }}; bash -c -x ${{ b }}", "501 1:8 501 1:29");
    is_refused("bash -c +x -- ${{ a }}; sh -c - ${{ b }}", "501 1:15 501 1:33");
    is_refused("bash -co pipefail ${{ a }}", "501 1:19");
    is_refused("node -pe ${{ a }}", "503 1:10");
    is_refused("su - user -c \"ls ${{ a }}\"", "501 1:18");
    is_refused("trap 'rm ${{ a }}' EXIT", "501 1:10");
    is_refused("source <(echo x=${{ a }})", "501 1:17");
    is_refused("bash <(echo ${{ a }})", "501 1:13");
    is_refused("ssh h bash <<EOF\nls ${{ a }}\nEOF", "501 2:4");
    is_refused("ssh h <<EOF\nls ${{ a }}\nEOF", "501 2:4");
    is_refused("bash -s <<< ${{ a }}", "501 1:13");
    is_refused("PS4=${{ a }}", "501 1:5");
    is_refused("if ! timeout 5 sh -c \"${{ a }}\"; then :; fi", "501 1:23");
}

static void a_value_is_followed_to_a_second_shell(void **state)
{
    (void)state;
    is_refused("c=\"ls ${{ a }}\"\nssh host \"$c\"", "501 2:10");
    is_refused("a=${{ a }}; b=\"x $a\"; export c=$b; eval \"$c\"", "501 1:41");
    is_refused("for x in ${{ a }}; do sh -c \"$x\"; done", "501 1:29");
    is_refused("read -r x <<< ${{ a }}; eval $x", "501 1:30");
    is_refused("echo ${{ a }} | sh", "501 1:17");
    is_refused("echo ${{ a }} |\n tr a b | sudo bash", "501 2:16");
    is_refused("{ echo 1; printf %s ${{ a }}; } | ssh host", "501 1:35");
    is_refused("echo ${{ a }} | while read -r x; do eval \"$x\"; done", "501 1:42");
    is_refused("while read -r x; do eval \"$x\"; done <<< ${{ a }}", "501 1:26");
    is_refused("f() { sh -c \"$1\"; }; f ${{ a }}", "501 1:13");
    is_refused("set -- ${{ a }}; eval \"$*\"", "501 1:23");
    is_refused("x=$(echo ${{ a }}); eval \"$x\"", "501 1:26");
    is_refused("printf -v x %s ${{ a }}; eval \"$x\"", "501 1:31");
    is_refused("cat > f <<< ${{ a }}; sh f", "501 1:26");
    is_refused("echo ${{ a }} | tee x f >/dev/null; . f", "501 1:39");
    is_refused("echo \"${{ a }}\" >> $d/q.sql; psql -f $d/q.sql", "503 1:38");
    is_refused("sh < <(cat <(echo ${{ a }}))", "501 1:1");
    is_refused("echo ${{ a }} > f; x=$(< f); eval \"$x\"", "501 1:35");
    is_refused("echo ${{ a }} | tee >(sh) > >(cat)", "501 1:23");
    is_refused("f() { sh; }; echo ${{ a }} | f", "501 1:7");
    is_refused("{ x=$(cat); eval \"$x\"; } <<< ${{ a }}", "501 1:18");
    is_refused("echo ${{ a }} | eval \"$(cat)\"", "501 1:22");
    is_refused("exec <<< ${{ a }}; sh", "501 1:20");
    is_refused("echo ${{ a }} | wrap -x sh", "501 1:25");
    is_refused("echo ${{ a }} > ./f; chmod +x f; ./f", "501 1:34");
    is_refused("x=${{ a }}; $x y; $(echo \"$x\")", "501 1:13 501 1:19");
    is_refused("x=${{ a }}; sudo -u $x ls", "501 1:21");
}

static void a_variable_without_quotes_is_a_warning(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    assert_true(
        interpolate(&fixture, "x=${{ a }}; y=$x; rm $x \"$x\"; c=(ls $y); \"${c[@]}\""));
    assert_int_equal(fixture.diags.count, 1);
    assert_int_equal(fixture.diags.items[0].code, 506);
    assert_int_equal(fixture.diags.items[0].span.column, 24);
    done(&fixture);
}

static void a_second_shell_may_get_a_value_as_an_argument(void **state)
{
    (void)state;
    becomes("sh -c 'ls -- \"$1\"' sh ${{ a }}", "sh -c 'ls -- \"$1\"' sh \"$RB_1\"");
    becomes("ssh -p ${{ a }} -- ${{ b }} 'cat > x' <<< ${{ c }}",
            "ssh -p \"$RB_1\" -- \"$RB_2\" 'cat > x' <<< \"$RB_3\"");
    becomes("x=${{ a }}; trap 'rm -- \"$x\"' EXIT",
            "x=\"$RB_1\"; trap 'rm -- \"$x\"' EXIT");
    becomes("kubectl exec ${{ a }} -c ${{ b }} -- ls",
            "kubectl exec \"$RB_1\" -c \"$RB_2\" -- ls");
    becomes("{ sh < f; sh <<< ls; } <<< ${{ a }}", "{ sh < f; sh <<< ls; } <<< \"$RB_1\"");
    becomes("sh -ce 'ls \"$1\"' x ${{ a }}; sh + ${{ b }}",
            "sh -ce 'ls \"$1\"' x \"$RB_1\"; sh + \"$RB_2\"");
    becomes("bash ${{ a }} -c ${{ b }}", "bash \"$RB_1\" -c \"$RB_2\"");
    becomes("echo ${{ a }} | ssh h 'cat > x'", "echo \"$RB_1\" | ssh h 'cat > x'");
    becomes("echo sh -c ${{ a }}", "echo sh -c \"$RB_1\"");
    becomes("n=$(wc -l < ${{ a }}); (( n > 3 ))", "n=$(wc -l < \"$RB_1\"); (( n > 3 ))");
    becomes("ssh h \"sleep ${{ tonumber(a) }}\"", "ssh h \"sleep ${RB_1}\"");
}

static void the_text_of_a_second_shell_is_read_as_well(void **state)
{
    (void)state;
    is_refused("bash -c 'eval $1' _ ${{ a }}", "501 1:9");
    is_refused("sh -c 'sh -c \"$1\"' _ ${{ a }}", "501 1:7");
    is_refused("export X=${{ a }}; bash -c 'eval \"$X\"'", "501 1:28");
    is_refused("x=${{ a }}; eval 'sh -c \"$x\"'", "501 1:18");
    is_refused("set -- ${{ a }}; trap 'eval \"$1\"' EXIT", "501 1:23");
    is_refused("ssh h 'read -r x; eval \"$x\"' <<< ${{ a }}", "501 1:7");
    is_refused("echo ${{ a }} | xargs sh -c 'eval \"$1\"' _", "501 1:29");
    is_refused("echo ${{ a }} | xargs -I% sh -c 'echo %'", "501 1:33");
    is_refused("sh -c 'echo $(($1))' _ ${{ a }}", "502 1:7");
    becomes("X=${{ a }}; ssh h 'eval \"$X\"'", "X=\"$RB_1\"; ssh h 'eval \"$X\"'");
    becomes("set -- ${{ a }}; sh -c 'eval \"$1\"' _ ls",
            "set -- \"$RB_1\"; sh -c 'eval \"$1\"' _ ls");
    becomes("echo ${{ a }} | xargs sh -c 'ls -- \"$@\"' _",
            "echo \"$RB_1\" | xargs sh -c 'ls -- \"$@\"' _");
}

static void a_shell_is_one_whatever_stands_before_it(void **state)
{
    (void)state;
    is_refused("prlimit --nofile=100 sh -c ${{ a }}", "501 1:28");
    is_refused("wrap x y python3 -c ${{ a }}", "503 1:21");
    is_refused("runuser -u root -- sh -c ${{ a }}", "501 1:26");
    is_refused("busybox sh -c ${{ a }}", "501 1:15");
    is_refused("S=/bin/sh; \"$S\" -c ${{ a }}", "501 1:20");
    is_refused("export X=${{ a }}; wrap sh -c 'eval \"$X\"'", "501 1:31");
    becomes("useradd -s /bin/bash -c ${{ a }} x", "useradd -s /bin/bash -c \"$RB_1\" x");
    becomes("wrap awk ${{ a }}; apt-get install jq ${{ b }}",
            "wrap awk \"$RB_1\"; apt-get install jq \"$RB_2\"");
}

static void an_argument_may_say_what_a_program_runs(void **state)
{
    (void)state;
    is_refused("env -S ${{ a }}; env -S\"x ${{ b }}\"", "501 1:8 501 1:27");
    is_refused("alias x=${{ a }}", "501 1:9");
    is_refused("make -f - <<< ${{ a }}", "501 1:15");
    is_refused("make --eval=${{ a }}", "501 1:13");
    is_refused("git -c alias.x=${{ a }} x", "501 1:16");
    is_refused("ssh -o ProxyCommand=${{ a }} h; scp -oProxyCommand=${{ b }} x h:",
               "501 1:21 501 1:52");
    is_refused("tar -cf x --checkpoint-action=exec=${{ a }} y", "501 1:36");
    is_refused("ed -s <<< ${{ a }}; gdb -ex ${{ b }}", "503 1:11 503 1:29");
    is_refused("tmux new -d ${{ a }}", "501 1:13");
    is_refused("export LD_PRELOAD=${{ a }}; env BASH_ENV=${{ b }} ls", "501 1:19 501 1:42");
    becomes("git -c user.name=${{ a }} commit -m ${{ b }}",
            "git -c user.name=\"$RB_1\" commit -m \"$RB_2\"");
    becomes("env curl -sS ${{ a }}; env X=${{ b }} ls; env sort -S ${{ c }}",
            "env curl -sS \"$RB_1\"; env X=\"$RB_2\" ls; env sort -S \"$RB_3\"");
    becomes("tar -czf ${{ a }} -C ${{ b }} .; make x V=${{ c }}",
            "tar -czf \"$RB_1\" -C \"$RB_2\" .; make x V=\"$RB_3\"");
    becomes("tmux new -s ${{ a }} -d top; rsync -a -- ${{ b }} x",
            "tmux new -s \"$RB_1\" -d top; rsync -a -- \"$RB_2\" x");
}

/* With X in the environment, F a file, and the standard input. */
static void what_a_script_begins_with_is_followed(void **state)
{
    (void)state;
    static const char *const x[] = {"X"}, *const f[] = {"F"};
    static const struct {
        const char *script, *found;
    } cases[] = {
        {"eval \"$X\"", "501"},
        {"eval \"$RB_1\"", "501"},
        {"sh /proc/self/fd/0", "501"},
        {"y=$X; sh -c \"$y\"", "501"},
        {"bash", "501"},
        {"x=$(cat); eval \"$x\"", "501"},
        {". /dev/stdin", "501"},
        {"cat | sudo sh", "501"},
        {". \"$F\"; sh $F", "501 501"},
        {"psql -c 'select 1'; psql < x; psql <<< x; echo \"$X\" | cat; ls \"$F\"", ""},
        {"echo \"$Y\"; eval \"$Y\"", ""},
    };
    for (size_t i = 0; i < RB_COUNT(cases); i++) {
        struct fixture fixture = {
            .outside = {
                .names = x, .name_count = 1, .files = f, .file_count = 1, .fed = true}};
        RB_AUTO_BUF struct rb_buf found = {0};
        interpolate(&fixture, cases[i].script);
        for (int j = 0; j < fixture.diags.count; j++)
            rb_buf_printf(&found, "%s%d", j ? " " : "", fixture.diags.items[j].code);
        if (strcmp(rb_buf_text(&found), cases[i].found) != 0)
            fail_msg("%s: '%s' instead of '%s'", cases[i].script, rb_buf_text(&found),
                     cases[i].found);
        done(&fixture);
    }
}

static void bash_evaluates_no_value(void **state)
{
    (void)state;
    is_refused("echo $(( ${{ a }} + 1 ))", "502 1:10");
    is_refused("(( x > ${{ a }} )) && echo $[${{ b }}]", "502 1:8 502 1:30");
    is_refused("echo ${x:${{ a }}} ${x[${{ b }}]} \"${x:1:${{ c }}}\"",
               "502 1:10 502 1:24 502 1:42");
    is_refused("x[${{ a }}]=1", "502 1:3");
    is_refused("let x=${{ a }}", "502 1:7");
    is_refused("[[ ${{ a }} -gt 3 || 1 -eq ${{ b }} ]]", "502 1:4 502 1:28");
    is_refused("declare -i x=${{ a }}", "502 1:14");
    is_refused("n=${{ a }}; (( n > 3 ))", "502 1:15");
    is_refused("n=${{ a }}; echo $((n)) ${!n} ${n@P} ${x:n}",
               "502 1:21 502 1:25 502 1:31 502 1:42");
    is_refused("echo $(( $(( ${{ a }} )) ))", "502 1:14");
    is_refused("echo $(( ${x:-${{ a }}} ))", "502 1:15");
    is_refused("declare -n x=${{ a }}", "502 1:14");
}

static void a_number_may_stand_in_arithmetic(void **state)
{
    (void)state;
    becomes("echo $(( ${{ math.tointeger(a) }} + 1 ))", "echo $(( ${RB_1} + 1 ))");
    becomes("n=${{ tonumber(f(a) .. ')') }}; (( n > 3 ))", "n=\"$RB_1\"; (( n > 3 ))");
    becomes("[ ${{ a }} -gt 3 ]", "[ \"$RB_1\" -gt 3 ]");
    becomes("echo $(( $(wc -l < ${{ a }}) + 1 ))", "echo $(( $(wc -l < \"$RB_1\") + 1 ))");
    is_refused("echo $(( ${{ tonumber(a) .. b }} ))", "502 1:10");
    is_refused("echo $(( ${{ tonumber(a) or (b) }} ))", "502 1:10");
}

static void a_name_is_no_value(void **state)
{
    (void)state;
    is_refused("read -r ${{ a }} < x", "504 1:9");
    is_refused("declare ${{ a }}=1; export \"${{ b }}\"", "504 1:9 504 1:29");
    is_refused("unset ${{ a }}; printf -v ${{ b }} x", "504 1:7 504 1:27");
    is_refused("[[ -v ${{ a }} ]] || test -v ${{ b }}", "504 1:7 504 1:30");
    becomes("read -rp ${{ a }} x; export X=${{ b }}; local y=${{ c }}",
            "read -rp \"$RB_1\" x; export X=\"$RB_2\"; local y=\"$RB_3\"");
}

static void other_languages_get_values_apart(void **state)
{
    (void)state;
    is_refused("psql -h x -Atc \"select '${{ a }}'\" db", "503 1:25");
    is_refused("psql --command=\"select '${{ a }}'\"", "503 1:25");
    is_refused("sudo -u postgres psql <<SQL\nselect '${{ a }}'\nSQL", "503 2:9");
    is_refused("q=\"select '${{ a }}'\"; echo \"$q\" | psql", "503 1:36");
    is_refused("awk -F: '/${{ a }}/' x", "503 1:11");
    is_refused("sed -i 's/a/${{ a }}/' x", "503 1:13");
    is_refused("sed -n -e \"/${{ a }}/p\" x", "503 1:13");
    is_refused("perl -pi.bak -e 's/a/${{ a }}/' x", "503 1:22");
    is_refused("python3.11 -c \"print('${{ a }}')\"", "503 1:23");
    is_refused("jq '.a == \"${{ a }}\"' x", "503 1:12");
    is_refused("sqlite3 x \"select '${{ a }}'\"", "503 1:20");
    becomes("psql -d ${{ a }} -v x=${{ b }} -f ${{ c }}",
            "psql -d \"$RB_1\" -v x=\"$RB_2\" -f \"$RB_3\"");
    becomes("awk -v x=${{ a }} '$1 == x' ${{ b }}",
            "awk -v x=\"$RB_1\" '$1 == x' \"$RB_2\"");
    becomes("jq --arg a ${{ a }} '.a == $a' ${{ b }}",
            "jq --arg a \"$RB_1\" '.a == $a' \"$RB_2\"");
    becomes("sed -n 's/a/b/p' ${{ a }} | grep -e ${{ b }}",
            "sed -n 's/a/b/p' \"$RB_1\" | grep -e \"$RB_2\"");
    becomes("python3 -c 'import sys' ${{ a }}", "python3 -c 'import sys' \"$RB_1\"");
}

static void an_option_can_not_come_from_a_value(void **state)
{
    (void)state;
    is_refused("ssh ${{ a }} uptime", "505 1:5");
    is_refused("h=${{ a }}; scp -P 22 x \"$h:\"", "505 1:25");
    is_refused("psql ${{ a }}", "505 1:6");
    becomes("ssh -p 22 -- ${{ a }} uptime; psql -- ${{ b }}; ssh x@${{ c }} ls",
            "ssh -p 22 -- \"$RB_1\" uptime; psql -- \"$RB_2\"; ssh x@\"$RB_3\" ls");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_outside_of_quotes_is_one_quoted_word),
        cmocka_unit_test(a_value_in_double_quotes_can_not_join_what_follows),
        cmocka_unit_test(a_value_in_single_quotes_leaves_them_for_a_moment),
        cmocka_unit_test(substitutions_begin_quoting_anew),
        cmocka_unit_test(a_value_may_be_the_word_of_a_parameter_expansion),
        cmocka_unit_test(a_here_document_is_like_double_quotes_without_the_quotes),
        cmocka_unit_test(a_value_in_a_comment_stays_as_it_is),
        cmocka_unit_test(equal_expressions_share_a_variable),
        cmocka_unit_test(lua_says_where_an_expression_ends),
        cmocka_unit_test(where_no_reference_can_stand_is_an_error),
        cmocka_unit_test(two_dollars_stand_for_the_braces_themselves),
        cmocka_unit_test(what_is_never_closed_is_a_warning),
        cmocka_unit_test(bash_that_is_whole_has_no_warning),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
        cmocka_unit_test(a_second_shell_gets_no_value),
        cmocka_unit_test(a_value_is_followed_to_a_second_shell),
        cmocka_unit_test(a_variable_without_quotes_is_a_warning),
        cmocka_unit_test(a_second_shell_may_get_a_value_as_an_argument),
        cmocka_unit_test(the_text_of_a_second_shell_is_read_as_well),
        cmocka_unit_test(a_shell_is_one_whatever_stands_before_it),
        cmocka_unit_test(an_argument_may_say_what_a_program_runs),
        cmocka_unit_test(what_a_script_begins_with_is_followed),
        cmocka_unit_test(bash_evaluates_no_value),
        cmocka_unit_test(a_number_may_stand_in_arithmetic),
        cmocka_unit_test(a_name_is_no_value),
        cmocka_unit_test(other_languages_get_values_apart),
        cmocka_unit_test(an_option_can_not_come_from_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
