"""The shape of the source: who may include whom, how long a file and a function may be, and
that the core can reach nothing but memory and its arguments."""

import glob
import os
import re
import shlex
import subprocess
import sys

import pytest

from conftest import ROOT

INTERPRETER = os.path.join(ROOT, "interpreter")

# `base < plan < { parse < check | core < journal < effects } < lua < render < cli`
LEFT_OF = {"base": set(), "plan": {"base"}}
LEFT_OF["parse"] = {"base", "plan"}
LEFT_OF["check"] = LEFT_OF["parse"] | {"parse"}
LEFT_OF["core"] = {"base", "plan"}
LEFT_OF["journal"] = LEFT_OF["core"] | {"core"}
LEFT_OF["effects"] = LEFT_OF["journal"] | {"journal"}
LEFT_OF["lua"] = LEFT_OF["check"] | {"check"} | LEFT_OF["effects"] | {"effects"}
LEFT_OF["render"] = LEFT_OF["lua"] | {"lua"}
LEFT_OF["cli"] = LEFT_OF["render"] | {"render"}

LINES_OF_FILE, LINES_OF_FUNCTION = 600, 70

# What the core and the plan may call besides this project's own functions: no I/O, no clock,
# no randomness, no environment, no locale.
PURE_LIBC = {"__assert_fail", "__stack_chk_fail", "abort", "exit", "free", "malloc", "calloc",
             "realloc", "memchr", "memcmp", "memcpy", "memmove", "mempcpy", "memset", "snprintf", "strchr",
             "strcmp", "strcspn", "strlen", "strncmp", "strrchr", "strspn", "strstr", "strtol",
             "strtoll", "qsort", "bsearch", "_GLOBAL_OFFSET_TABLE_"}


def sources(*patterns):
    found = [path for pattern in patterns
             for path in glob.glob(os.path.join(ROOT, pattern), recursive=True)]
    assert found
    return sorted(found)


def climbing_includes(path, text):
    folder = os.path.relpath(path, INTERPRETER).split(os.sep)[0]
    for target in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        other = target.split("/")[0]
        if target == "stdlib_embedded.h":       # made by the build
            continue
        if "/" not in target:
            yield f"{path}: \"{target}\" has no folder"
        elif other != folder and other not in LEFT_OF[folder]:
            yield f"{path}: {folder}/ may not include {target}"


def long_functions(path, text):
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start + 1 > LINES_OF_FUNCTION:
                yield f"{path}:{start}: a function of {number - start + 1} lines"
            start = None


def read(path):
    with open(path) as f:
        return f.read()


def test_no_include_climbs_a_layer_wall():
    found = [problem for path in sources("interpreter/**/*.[ch]")
             for problem in climbing_includes(path, read(path))]
    assert not found, "\n".join(found)


def test_every_folder_has_its_place_among_the_layers():
    folders = {name for name in os.listdir(INTERPRETER)
               if os.path.isdir(os.path.join(INTERPRETER, name))}
    assert folders == set(LEFT_OF)


@pytest.mark.parametrize("folder, include", [("core", "parse/parse.h"), ("parse", "core/core.h"),
                                             ("base", "plan/plan.h"), ("effects", "lua/view.h")])
def test_a_climbing_include_is_seen(folder, include):
    path = os.path.join(INTERPRETER, folder, "x.c")
    assert list(climbing_includes(path, f'#include "{include}"\n'))


def test_no_file_has_two_ideas():
    found = [f"{path}: {count} lines"
             for path in sources("interpreter/**/*.[ch]", "tests/**/*.c", "stdlib/*.lua",
                                 "tests/**/*.py", "tests/**/*.sh")
             if (count := read(path).count("\n")) > LINES_OF_FILE]
    assert not found, "\n".join(found)


def test_every_trace_of_the_core_is_run():
    folder = os.path.join(ROOT, "tests", "unit", "core")
    with open(os.path.join(folder, "meson.build")) as f:
        listed = set(re.findall(r"'(traces/\w+\.trace)'", f.read()))
    assert listed == {os.path.relpath(path, folder) for path in glob.glob(os.path.join(folder, "traces", "*.trace"))}


def test_no_function_is_too_long():
    found = [problem for path in sources("interpreter/**/*.c")
             for problem in long_functions(path, read(path))]
    assert not found, "\n".join(found)


def test_a_function_that_is_too_long_is_seen():
    assert list(long_functions("x.c", "void f(void)\n{\n" + "    g();\n" * 69 + "}\n"))
    assert not list(long_functions("x.c", "void f(void)\n{\n" + "    g();\n" * 68 + "}\n"))


def symbols(archive, *flags):
    shown = subprocess.run(["nm", "--format=posix", *flags, archive], text=True, check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = [line.split() for line in shown.split("\n")]
    return {row[0] for row in rows if len(row) > 1}


def foreign_symbols(archive, own):
    return {name for name in symbols(archive, "--undefined-only") - own - PURE_LIBC
            if not name.startswith(("__asan_", "__ubsan_"))}


def test_the_core_reaches_nothing_but_memory(binary):
    folder = os.path.join(os.path.dirname(binary), "interpreter")
    base, plan, core = (os.path.join(folder, name, f"librb_{name}.a")
                        for name in ("base", "plan", "core"))
    files = os.path.join(base + ".p", "file.c.o")
    own = symbols(base, "--defined-only") - symbols(files, "--defined-only")
    own |= symbols(plan, "--defined-only")
    assert foreign_symbols(plan, own) == set()
    assert foreign_symbols(core, own | symbols(core, "--defined-only")) == set()


def test_a_clock_in_the_core_would_be_seen(tmp_path):
    (tmp_path / "x.c").write_text(
        "#include <time.h>\nlong now(void) { return (long)time(0); }\n")
    subprocess.run(["gcc", "-c", "x.c"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rc", "libx.a", "x.o"], cwd=tmp_path, check=True)
    assert foreign_symbols(str(tmp_path / "libx.a"), set()) == {"time"}


# What the layers below the command line call besides, and why no test fails it at the seam: it
# closes or ends something, it asks about this process alone, it looks where nothing is kept, or it is a
# child's that puts itself where a shell stands and becomes it.
NOT_FAILED = {
    "close", "closedir", "close_range", "dup2", "dup3", "dirfd", "fdopendir", "opendir", "statvfs64",
    "readdir64", "_exit", "quick_exit", "at_quick_exit", "kill", "raise", "shutdown",
    "pidfd_open", "pidfd_send_signal", "setpgid", "tcsetpgrp", "fchdir", "execve",
    "getpid", "getppid", "getpgrp", "geteuid", "gethostname", "getenv", "unsetenv", "prctl", "setsid", "getsid", "getrlimit64",
    "setrlimit64", "dlopen", "dlsym", "dlerror", "environ", "explicit_bzero", "madvise", "mlock", "munmap",
    "setenv", "localtime_r", "tzset",
    "setlocale", "signal", "sigaction", "sigaddset", "sigemptyset", "sigfillset", "sigprocmask",
    "ioctl", "tcflush", "tcgetattr", "tcgetpgrp", "tcsetattr", "fprintf", "stderr",
    "pthread_cond_destroy", "pthread_cond_init", "pthread_cond_signal", "pthread_cond_wait",
    "pthread_create", "pthread_join", "pthread_mutex_destroy", "pthread_mutex_init",
    "pthread_mutex_lock", "pthread_mutex_unlock", "posix_spawn_file_actions_addclosefrom_np",
    "posix_spawn_file_actions_addclose", "posix_spawn_file_actions_adddup2",
    "posix_spawn_file_actions_addfchdir_np",
    "posix_spawn_file_actions_destroy", "posix_spawn_file_actions_init",
    "posix_spawnattr_destroy", "posix_spawnattr_init", "posix_spawnattr_setflags",
    "posix_spawnattr_setsigdefault", "posix_spawnattr_setsigmask"}
PURE_TEXT = {
    "__errno_location", "__isoc99_sscanf", "gmtime_r", "inet_pton", "memmem", "memrchr", "sigabbrev_np",
    "strcasecmp", "strcasestr", "strerror", "strerror_r", "strerrorname_np", "strncasecmp",
    "strpbrk", "strtod", "timegm", "vsnprintf"}
OF_LIBRARIES = ("rb_", "lua", "json_", "nettle_", "yaml_", "pcre2_", "uv_", "__asan_", "__ubsan_")


def calls_at_the_seam():
    text = read(os.path.join(ROOT, "tests", "crash", "calls.h"))
    return set(re.findall(r"^(?:OWN\(|ALLOC\(|CALL\([^,]+, )(\w+)", text, re.M))


def calls_past_the_seam(archives):
    called = set().union(*(symbols(archive, "--undefined-only") for archive in archives))
    return {name for name in called if not name.startswith(OF_LIBRARIES)} \
        - calls_at_the_seam() - NOT_FAILED - PURE_TEXT - PURE_LIBC


def test_nothing_touches_the_world_past_the_seam(binary):
    archives = glob.glob(os.path.join(os.path.dirname(binary), "interpreter", "*", "lib*.a"))
    assert len(archives) == len(LEFT_OF) - 1        # the command line is no library
    assert calls_past_the_seam(archives) == set()


def test_a_call_past_the_seam_would_be_seen(tmp_path):
    (tmp_path / "x.c").write_text(
        "#include <unistd.h>\nint f(void) { return link(\"a\", \"b\"); }\n")
    subprocess.run(["gcc", "-c", "x.c"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rc", "libx.a", "x.o"], cwd=tmp_path, check=True)
    assert calls_past_the_seam([str(tmp_path / "libx.a")]) == {"link"}


def planted():
    """File, text that stands there and text that is put in its place, of each bug that a script plants."""
    scripts = "".join(map(read, sources("tests/**/planted.sh"))).replace("\\\n", " ")
    return [tuple(shlex.split(line)[2:5]) for line in re.findall(r"^plant .*", scripts, re.M)]


def test_what_is_planted_stands_where_it_is_looked_for():
    assert len(planted()) > 4
    wrong = [f"{file}: {old}" for file, old, new in planted()
             if read(os.path.join(ROOT, file)).count(old) != 1 or old == new]
    assert not wrong, "\n".join(wrong)


def defences():
    sys.path.insert(0, os.path.join(ROOT, "tests", "defences"))
    from defences import every
    return every()


def test_each_attack_and_fault_has_a_defence_that_is_taken_away():
    rows = re.findall(r"^\| ([AF]\d\d[AF\d, ]*) \|", read(os.path.join(ROOT, "docs", "reliability.md")), re.M)
    numbers = {number for row in rows for number in row.split(", ")}
    assert len(numbers) > 90
    assert numbers == {defence.number for defence in defences()}


def test_each_defence_that_is_taken_away_stands_there_and_has_its_test():
    for defence in defences():
        assert read(os.path.join(ROOT, defence.file)).count(defence.old) == 1, defence
        assert defence.old != defence.new and defence.tests, defence
        for test in defence.tests.split():
            kind, _, name = test.partition("[")[0].partition(":")
            if kind == "unit":
                assert sources(f"tests/unit/**/{name}.c"), defence
            elif kind == "crash":
                assert f'.name = "{name}"' in read(os.path.join(ROOT, "tests", "crash", "scenes.c")), defence
            else:
                assert f"\ndef {name[1:]}(" in read(os.path.join(ROOT, "tests", "program", kind)), defence


def test_every_example_is_a_scene_of_the_crashes():
    examples = {os.path.basename(path) for path in sources("examples/*.yaml")
                if not path.endswith(".answers.yaml")}
    scenes = re.findall(r'\.file = "examples/([^"]+)"',
                        read(os.path.join(ROOT, "tests", "crash", "scenes.c")))
    assert sorted(scenes) == sorted(examples)
