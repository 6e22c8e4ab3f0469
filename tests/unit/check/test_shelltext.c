#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "checking.h"

static void commands_that_never_return_are_found(void **state)
{
    (void)state;
    script_finds("kubectl get pods -w\nkubectl -n a logs -f pod/a", "540 1:1 540 2:1");
    script_finds("sudo tail -f x\ndocker compose logs --follow\nwatch ls\njournalctl -fu a",
                 "540 1:6 540 2:1 540 3:1 540 4:1");
    script_finds("docker logs -f a\nsleep infinity\nless x\nping a",
                 "540 1:1 540 2:1 540 3:1 540 4:1");
    script_finds("if true; then kubectl get pods --watch; fi", "540 1:15");
    steps_find("- {id: a, exec: [kubectl, logs, -f, pod/a]}\n"
               "- {id: b, pipe: [[tail, -f, x], [cat]]}\n",
               "540 1:18 540 2:19");
}

static void what_looks_like_them_and_returns_is_not(void **state)
{
    (void)state;
    script_finds("timeout 5 kubectl logs -f a; kubectl apply -f x; kubectl get -f x", "");
    script_finds(
        "kubectl get pods --watch=false; tail -n 5 x; tail -nf x; tail -f x | head -1",
        "543 1:70");
    script_finds("echo kubectl get -w; ping -c 3 a; top -bn1; docker logs a", "");
}

static void curl_has_to_look_at_the_status(void **state)
{
    (void)state;
    script_finds("curl -sS https://a\nx=$(curl https://a -o f)", "541 1:1 541 2:5");
    script_finds("curl -fsS a; curl -sSf a; curl --fail a; curl --fail-with-body a", "");
    script_finds("curl -s -o /dev/null -w '%{http_code}' a", "");
    script_finds("curl -ofile a", "541 1:1");
}

static void a_file_to_restore_has_a_name(void **state)
{
    (void)state;
    script_finds("pg_restore -d x backup_*.dump\npg_restore 'a*'\npg_restore a.sql",
                 "542 1:17 545 3:12");
}

static void readers_that_end_early_are_found(void **state)
{
    (void)state;
    script_finds("ls | head -3\nls | grep -q a\nls | sort | head",
                 "543 1:6 543 2:6 543 3:13");
    script_finds("echo a | grep -q a; head -3 a; grep -q a b; ls | grep a > /dev/null", "");
}

static void grep_for_trouble_is_turned_round(void **state)
{
    (void)state;
    script_finds("kubectl get pods | grep -E 'CrashLoop|Error'\ngrep -i fatal log",
                 "544 1:20 544 2:1");
    script_finds("if grep Error log; then exit 1; fi; grep -v Error log; ! grep Error log",
                 "");
    script_finds("n=$(grep Error log); grep Error log | cat; grep Error log || true; grep "
                 "-c Error x",
                 "");
}

static void secrets_are_no_arguments(void **state)
{
    (void)state;
    script_finds(
        "curl -f -H \"Authorization: Bearer $T\" a\ncurl -f -u \"a:$P\" b\nx --password=$P",
        "546 1:12 546 2:12 546 3:3");
    script_finds(
        "curl -f -H @- a <<< \"Authorization: $T\"; curl -f -H 'Authorization: x' a", "");
}

static void sql_is_no_command(void **state)
{
    (void)state;
    script_finds("SELECT 1;\necho SELECT\nselect x in a; do break; done", "547 1:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_that_never_return_are_found),
        cmocka_unit_test(what_looks_like_them_and_returns_is_not),
        cmocka_unit_test(curl_has_to_look_at_the_status),
        cmocka_unit_test(a_file_to_restore_has_a_name),
        cmocka_unit_test(readers_that_end_early_are_found),
        cmocka_unit_test(grep_for_trouble_is_turned_round),
        cmocka_unit_test(secrets_are_no_arguments),
        cmocka_unit_test(sql_is_no_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
