#!/usr/bin/python3
"""valgrind's memcheck over the unit tests of a build: what the sanitizers don't see, above all the
use of memory that was never written.

    memcheck.py BUILD [PATTERN]     only tests whose name contains PATTERN
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
    "lua/test_worker_main": WORKERS,
    "lua/test_expect": "a process without a descriptor left, to which valgrind gives more",
    "lua/test_pattern": "asks how long a pattern may take",
}


def main():
    build, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    tests = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    commands = {}
    for test in tests:
        suite = test["suite"][0].split(":")[-1]
        name = f"{suite}/{test['name']}"
        if pattern in name and not {suite, name} & NOT_UNDER_VALGRIND.keys():
            commands[name] = [*VALGRIND, *test["cmd"]]
    failed = pairs.run(list(commands.items()))
    print(f"memcheck: {len(commands)} test programs, {failed} with findings")
    return 1 if failed or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
