#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "checking.h"

static void a_shell_has_to_stop_at_the_first_failure(void **state)
{
    (void)state;
    steps_find(
        "- {id: a, run: echo, shell: sh}\n"
        "- {id: b, run: echo, shell: bash}\n"
        "- {id: c, run: echo, shell: [bash, -c]}\n"
        "- {id: d, run: echo, shell: [/bin/bash, -eu, -o, pipefail, -c]}\n"
        "- {id: e, run: echo, shell: [zsh, -o, errexit, -o, nounset, -o, pipefail, -c]}\n"
        "- {id: f, run: echo, shell: [bash, -euo, pipefail]}\n",
        "530 1:29 530 3:29 530 6:29");
}

static void one_shell_for_many_steps_is_told_once(void **state)
{
    (void)state;
    finds("runbook: a\n"
          "defaults: {timeout: 1m, shell: [dash, -c]}\n"
          "steps:\n"
          "- {id: a, run: echo}\n"
          "- {id: b, run: echo}\n",
          "530 2:32");
}

static void an_argument_that_could_be_an_option_is_pointed_out(void **state)
{
    (void)state;
    finds("runbook: a\n"
          "params:\n"
          "  a: {type: string}\n"
          "  b: {type: string, pattern: '[a-z]+'}\n"
          "  c: {type: integer, min: 0}\n"
          "vars: {o: -f, v: fixed, w: \"${{ params.a }}\"}\n"
          "defaults: {timeout: 1m}\n"
          "steps:\n"
          "- {id: a, exec: [rm, \"${{ params.a }}\", \"x${{ params.a }}\", \"${{ params.a "
          "}}x\"]}\n"
          "- {id: b, exec: [rm, \"${{ params.b }}\", \"${{ params.c }}\", \"${{ vars.v "
          "}}\"]}\n"
          "- {id: c, exec: [rm, \"${{ vars.w }}\", --, \"${{ params.a }}\"]}\n"
          "- {id: d, pipe: [[ls], [xargs, \"${{ params.a }}\"]]}\n"
          "- {id: e, exec: [rm, \"${{ vars.o }}\"]}\n",
          "531 9:22 531 9:61 531 11:22 531 12:32 531 13:22");
}

static void every_program_needs_a_timeout(void **state)
{
    (void)state;
    finds("runbook: a\n"
          "steps:\n"
          "- {id: a, run: echo}\n"
          "- {id: b, exec: [echo], timeout: 1m}\n"
          "- {id: c, pipe: [[echo], [cat]], within: 1m}\n"
          "- {id: d, gate: 'run.id ~= nil'}\n"
          "- {id: e, lua: 'return {}'}\n"
          "- {id: g, timeout: 1m, steps: [{id: f, run: echo}]}\n",
          "532 3:8");
}

static void letters_of_two_alphabets_in_one_word_are_found(void **state)
{
    (void)state;
    script_finds("ls b\xd0\xb0r 'kubectl' \xd0\xb0\xd0\xb1\xd0\xb2 10k\xce\xa9 \xc2\xb5s",
                 "533 1:5");
    steps_find("- {id: a, exec: [ls, p\xd0\xb0th, \xce\xb1]}\n"
               "- {id: b, pipe: [[ls], [\xef\xbd\x83\x61t]]}\n",
               "533 1:23 533 2:25");
}

static void typography_is_found_where_nothing_is_quoted(void **state)
{
    (void)state;
    script_finds(
        "ls \xe2\x80\x93l \xe2\x80\x9c\x61\xe2\x80\x9d a\xc2\xa0\x62 a\xe2\x80\x93\x62",
        "534 1:4 534 1:7 534 1:12");
    script_finds("echo \"\xe2\x80\x9c\x61\xe2\x80\x9d \xe2\x80\x93\" 'a\xc2\xa0\x62'", "");
    steps_find("- {id: a, exec: [ls, \xe2\x80\x93l, \"a \xe2\x80\x93 b\"]}\n", "534 1:22");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_has_to_stop_at_the_first_failure),
        cmocka_unit_test(one_shell_for_many_steps_is_told_once),
        cmocka_unit_test(an_argument_that_could_be_an_option_is_pointed_out),
        cmocka_unit_test(every_program_needs_a_timeout),
        cmocka_unit_test(letters_of_two_alphabets_in_one_word_are_found),
        cmocka_unit_test(typography_is_found_where_nothing_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
