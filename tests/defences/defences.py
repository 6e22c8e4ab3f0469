#!/usr/bin/python3
"""Takes away one defence after the other, in a copy of the source, and sees the test of its attack or fault fail.

    defences.py [PATTERN...]     only those whose number, file or test contains a PATTERN

A test that passes without the defence that it is named for shows nothing. The lists lie beside this file, one
`Defence` each; a number may have several. Where a line is taken away that several defences stand behind, it is
replaced by what an author who had not thought of the attack would have written.
"""

import collections
import importlib
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LISTS = ("attacks", "record", "faults", "approvals", "world")
PROGRAMS = ("runbook", "tests/replay/prefixes")     # what tests of the whole program run
CRASH = "tests/crash/crash"

# `old` stands once in `file`. `tests` are of pytest, "test_x.py::test_name", of meson, "unit:name", or a scene of
# tests/crash, "crash:name", several with a space between; each has to fail, of one with parameters at least one.
Defence = collections.namedtuple("Defence", "number what file old new tests")


def every():
    sys.modules.setdefault("defences", sys.modules[__name__])
    return [defence for name in LISTS for defence in importlib.import_module(name).DEFENCES]


def main():
    patterns = sys.argv[1:] or [""]
    wanted = [defence for defence in every() if any(
        pattern in text for pattern in patterns for text in (defence.number, defence.file, defence.tests))]
    with tempfile.TemporaryDirectory(prefix="runbook-defences-") as folder:
        copy_into(folder)
        see_pass(folder, sorted({test for defence in wanted for test in defence.tests.split()}))
        missed = 0
        for place, defence in enumerate(wanted, 1):
            began = time.monotonic()
            passing = without(folder, defence)
            missed += bool(passing)
            print(f"[{place}/{len(wanted)}] {defence.number}: without {defence.what}: "
                  + (f"NOT SEEN by {', '.join(passing)}" if passing else f"{defence.tests} fails")
                  + f" ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(wanted) - missed} seen to fail, {missed} not")
    return 1 if missed or not wanted else 0


def copy_into(folder):
    """What is committed, because that is what can be built again."""
    archive = subprocess.Popen(["git", "-C", ROOT, "archive", "HEAD"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True)
    assert archive.wait() == 0
    # A defence that is gone may leave a variable or a function that nobody uses.
    said("meson", "setup", "build", "--wrap-mode=nodownload", "-Dwerror=false", cwd=folder)


def said(*words, cwd):
    """Runs what has to go well."""
    done = subprocess.run(words, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(done.stdout)


def build(folder, tests):
    built = filter(None, (built_for(folder, test) for test in tests))
    said("ninja", "-C", "build", *PROGRAMS, *built, cwd=folder)


def see_pass(folder, tests):
    """With every defence in its place: a test that fails by itself shows as little as one that can't."""
    build(folder, tests)
    broken = [test for test in tests if not passes(folder, test)]
    if broken:
        sys.exit(f"fails anyway: {', '.join(broken)}")
    print(f"with all of them {len(tests)} tests pass", flush=True)


def without(folder, defence):
    """Those of its tests that pass although it is gone."""
    path = os.path.join(folder, defence.file)
    with open(path) as file:
        text = file.read()
    if text.count(defence.old) != 1 or defence.old == defence.new:
        sys.exit(f"{defence.number}: {defence.file} has it not once: {defence.old}")
    try:
        put(path, text.replace(defence.old, defence.new))
        tests = defence.tests.split()
        build(folder, tests)
        return [test for test in tests if passes(folder, test)]
    finally:
        put(path, text)


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def built_for(folder, test):
    """Its program, where it has one of its own."""
    kind, _, name = test.partition(":")
    if kind == "crash":
        return CRASH
    if kind != "unit":
        return None
    found = [os.path.relpath(os.path.join(where, name), os.path.join(folder, "tests", "unit"))
             for where, _, names in os.walk(os.path.join(folder, "tests", "unit")) if name + ".c" in names]
    assert len(found) == 1, test
    return f"tests/unit/{found[0]}"


def passes(folder, test):
    if test.startswith("unit:"):
        words = ["meson", "test", "-C", "build", "--no-rebuild", "--quiet", test.partition(":")[2]]
    elif test.startswith("crash:"):
        words = [f"build/{CRASH}", "--scene", test.partition(":")[2], "--most", "12", "--until-broken"]
    else:
        words = ["/usr/bin/python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/program/" + test]
    done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace",
                          env={**os.environ, "RUNBOOK": os.path.join(folder, "build", "runbook")})
    # 1 is a test that failed; anything else is no test that was run.
    if done.returncode not in (0, 1):
        sys.exit(f"{test} was not run: exit {done.returncode}\n{done.stdout}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
