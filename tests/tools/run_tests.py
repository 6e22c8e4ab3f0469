#!/usr/bin/python3
"""Every test in both builds: the units by meson, the whole program by pytest; and the quick part of
`./dev lint`, each of its checks counted like a test. The last line is `N passed, N failed`; the
output of what failed is shown where it failed.

    run_tests.py [PATTERN]     only units, program tests and checks whose name contains PATTERN
"""

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

PYTHON = "/usr/bin/python3"
BUILDS = (("plain", "build"), ("sanitized", "build-asan"))
# Those of lint.sh that are quick; its `shape` is a program test anyway.
CHECKS = ("format", "gcc", "clang", "cppcheck", "tidy", "memcheck")
SANITIZERS = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    stages = [("lint", lint, ())]
    for name, build in BUILDS:
        stages += [(f"{name} build, unit tests", units, (build,)),
                   (f"{name} build, program tests", program, (build,))]
    passed = failed = 0
    for stage, run, build in stages:
        began = time.monotonic()
        good, bad = run(*build, pattern)
        print(f"dev: {stage}: {good} passed, {bad} failed ({time.monotonic() - began:.0f} s)",
              flush=True)
        passed += good
        failed += bad
    if passed + failed == 0:
        print(f"dev: no test is called like {pattern!r}")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def lint(pattern):
    good = bad = 0
    for check in CHECKS:
        if pattern not in f"lint_{check}":
            continue
        done = subprocess.run(["sh", "tests/tools/lint.sh", check], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode == 0:
            good += 1
        else:
            bad += 1
            print(done.stdout, flush=True)
    return good, bad


def units(build, pattern):
    names = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--list"], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split("\n")
    # "project:suite / name", or the name alone where there are no suites
    names = [line.split(" / ")[-1].strip() for line in names if line.strip()]
    names = [name for name in names if pattern in name]
    if not names:
        return 0, 0
    log = os.path.join(build, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    done = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--quiet",
                           "--print-errorlogs", "--num-processes", "2", "--timeout-multiplier", "20",
                           *names],
                          text=True, env={**os.environ, **SANITIZERS},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(done.stdout, flush=True)
    good, bad = count_units(log)
    if done.returncode != 0 and bad == 0:
        bad = 1
    return good, bad


def count_units(log):
    """A test program counts as many tests as cmocka ran in it."""
    good = bad = 0
    if not os.path.exists(log):
        return 0, 1
    with open(log) as lines:
        for line in lines:
            test = json.loads(line)
            text = (test.get("stdout") or "") + (test.get("stderr") or "")
            cases = [int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text)]
            broken = [int(n) for n in re.findall(r"\[  FAILED  \] .*?(\d+) test", text)]
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                good += sum(cases) or 1
            else:
                good += sum(cases)
                bad += sum(broken) or 1
    return good, bad


def program(build, pattern):
    report = os.path.join(build, "program-tests.xml")
    if os.path.exists(report):
        os.unlink(report)
    # As meson has it for the units: memory that is fresh or freed holds something else.
    env = {**os.environ, **SANITIZERS, "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_PERTURB_": "85",
           "RUNBOOK": os.path.abspath(os.path.join(build, "runbook"))}
    if build.endswith("asan"):
        env.setdefault("RUNBOOK_KILLS", "40")   # the plain build has shown more of each
        env.setdefault("RUNBOOK_ROUNDS", "10")
        env.setdefault("RUNBOOK_PREFIXES", "12")
    select = ["-k", pattern] if pattern else []
    # Four times the processors: most of a test is waiting.
    done = subprocess.run([PYTHON, "-m", "pytest", "-q", "--tb=short", "--durations=5", "-n", "8",
                           "--dist", "loadfile", "-p", "no:cacheprovider", "--junitxml", report, *select,
                           "tests/program"],
                          text=True, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode not in (0, 5):       # 5: nothing is called like the pattern
        print(done.stdout, flush=True)
    if not os.path.exists(report):
        return 0, 1
    total = bad = 0
    for suite in xml.etree.ElementTree.parse(report).getroot().iter("testsuite"):
        total += int(suite.get("tests"))
        # A test that was skipped has shown nothing.
        bad += sum(int(suite.get(kind)) for kind in ("failures", "errors", "skipped"))
    if done.returncode not in (0, 5) and bad == 0:
        bad = 1
    return total - bad, bad


if __name__ == "__main__":
    sys.exit(main())
