#!/usr/bin/python3
"""valgrind's memcheck over the unit tests of a build: what the sanitizers don't see, above all the
use of memory that was never written.

    memcheck.py BUILD [PATTERN]             what is quick under valgrind, too
    memcheck.py --slow BUILD [PATTERN]      what is not

Only programs whose name contains PATTERN.
"""

import json
import os
import subprocess
import sys

import pairs

# A document lies in its own arena, so that it is known by a pointer into a block: that is what
# memcheck calls possibly lost.
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99",
            "--errors-for-leak-kinds=definite,indirect"]

# What can't be run, by suite or test, and why.
TREES = "ends processes by pidfd_open(2), which valgrind 3.19 does not know"
WORKERS = "a Lua worker may have fewer descriptors than valgrind needs in it"
NOT_UNDER_VALGRIND = {
    "crash": "thousands of processes, each with its own end as the outcome",
    "effects/test_ending": TREES,
    "effects/test_orphans": TREES,
    "effects/test_output": TREES,
    "effects/test_supervisor": TREES,
    "effects/test_survival": TREES,
    "effects/test_worker": WORKERS,
    "effects/test_worker_replay": WORKERS,
    "effects/test_sql_parts": "begins itself anew by /proc/self/exe, which is valgrind's program then",
    "lua/test_worker_main": WORKERS,
    "lua/test_expect": "a process without a descriptor left, to which valgrind gives more",
}

# What takes more than three seconds of the processor, some of it minutes.
SLOW = {
    "base/test_json", "base/test_redact", "base/test_spelling",
    "check/test_diag_golden", "core/test_apply", "core/test_random",
    "effects/test_frame", "effects/test_http", "effects/test_http_faults",
    "effects/test_http_load", "effects/test_http_notes", "effects/test_http_redirect",
    "effects/test_http_tls", "effects/test_sql", "effects/test_sql_commit",
    "effects/test_sql_limits", "effects/test_sql_review", "effects/test_sql_tls",
    "fuzz/fuzz_plan", "journal/test_chain", "journal/test_like", "journal/test_lines",
    "journal/test_locks", "journal/test_reader", "journal/test_replay",
    "journal/test_verify", "journal/test_writer", "lua/test_convert",
    "lua/test_lib_json", "lua/test_lib_re", "lua/test_lib_world", "lua/test_sandbox",
    "parse/test_document", "parse/test_pattern", "parse/test_shell_bash",
    "plan/test_plan", "render/test_terminal",
}


def main():
    arguments = sys.argv[1:]
    slow = arguments[0] == "--slow"
    build, pattern = (*arguments[slow:], "")[:2]
    programs = commands_of(build)
    known = {*programs, *(name.split("/")[0] for name in programs)}
    if unknown := (SLOW | NOT_UNDER_VALGRIND.keys()) - known:
        sys.exit(f"memcheck: {build} has no such tests: {', '.join(sorted(unknown))}")
    commands = {name: command for name, command in programs.items()
                if pattern in name and (name in SLOW) == slow
                and not {name, name.split("/")[0]} & NOT_UNDER_VALGRIND.keys()}
    failed = pairs.run(list(commands.items()))
    print(f"memcheck: {len(commands)} test programs, {failed} with findings")
    return 1 if failed or not commands else 0


def commands_of(build):
    """One command per program, as valgrind takes longer to begin than many a test to run: a program
    that several tests are made of, each a file, gets all of their files."""
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    programs = {}
    for test in tests:
        suite = test["suite"][0].split(":")[-1]
        program, *arguments = test["cmd"]
        name = f"{suite}/{os.path.basename(program)}"
        programs.setdefault(name, [*VALGRIND, program]).extend(arguments)
    return programs


if __name__ == "__main__":
    sys.exit(main())
