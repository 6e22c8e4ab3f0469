"""Attacks, by their numbers, on the whole program."""

import fcntl
import json
import os
import shutil
import subprocess
import time

import pytest

from conftest import is_sanitized
from people import approve, stub
from test_attacks_approve import rechained
from test_crash import sound, wait_for, without_times
from test_record import ASKS, WORK

CANARY = "canary"
HOSTILE = {"semicolon": "x; touch canary", "substitution": "$(touch canary)", "backquotes": "`touch canary`",
           "single": "'; touch canary; '", "double": '"; touch canary; "', "lines": "a\nb\ntouch canary",
           "star": "*", "tilde": "~", "variable": "$HOME", "backslash": "\\", "blanks": "a  b", "and": "&",
           "pipe": "|", "separator": "${IFS}", "history": "!!", "format": "%s%n", "letters": "\U0001f512 \u00e4"}
WORDS = """runbook: words
defaults: {timeout: 1m}
params:
  v: {type: string, pattern: '(?s).*'}
  dir: {type: string, pattern: '/.*'}
steps:
  - id: one
    cwd: "${{ params.dir }}"
    exec: [python3, -c, 'import sys; print(sys.argv[1:])', --, "${{ params.v }}"]
  - id: env
    env: {V: "${{ params.v }}"}
    exec: [python3, -c, 'import os; print([os.environ["V"]])']
  - id: script
    cwd: "${{ params.dir }}"
    run: |
      python3 -c 'import sys; print(sys.argv[1:])' -- ${{ params.v }} "${{ params.v }}" '<${{ params.v }}>'
  - id: here
    cwd: "${{ params.dir }}"
    run: |
      cat <<EOF
      ${{ params.v }}
      EOF
  - id: lua
    lua: "return {same = params.v}"
  - id: out
    run: printf %s ${{ steps.lua.outputs.same }}
"""


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a13_a_value_is_one_word_and_never_source(runbook, value):
    file = runbook.write("words.yaml", WORDS)
    params = runbook.write("params.json", json.dumps({"v": value, "dir": runbook.folder},
                                                      ensure_ascii=False))
    done = runbook("exec", file, "--params", params)
    assert done.code == 0, done
    assert not os.path.exists(os.path.join(runbook.folder, CANARY))
    assert runbook("logs", "last", "one").out == f"{['--', value]}\n"
    assert runbook("logs", "last", "env").out == f"{[value]}\n"
    assert runbook("logs", "last", "script").out == f"{['--', value, value, f'<{value}>']}\n"
    assert runbook("logs", "last", "here").out == value + "\n"
    assert runbook("logs", "last", "out").out == value
    sound(runbook)


@pytest.mark.parametrize("program", ["rm", "git", "kubectl", "cat"])
def test_a14_a_value_does_not_become_an_option(runbook, program):
    text = """runbook: option
defaults: {timeout: 1m}
params: {v: {type: string}}
steps:
  - {id: it, exec: [PROGRAM, "${{ params.v }}"]}
""".replace("PROGRAM", program)
    file = runbook.write("option.yaml", text)
    assert "params.v" in runbook("check", file).err
    done = runbook("exec", file, "-p", "v=--version")
    assert done.code != 0, done
    assert "option" in done.err and "--" in done.err
    if os.path.isdir(os.path.join(runbook.store, "runs")):
        assert "effect.result" not in [event["type"] for event in runbook.events()]


def test_a16_the_environment_is_what_the_runbook_says(runbook):
    text = """runbook: env
secrets: {s: {command: [sh, -c, 'env -0 > envs; echo a secret']}}
defaults: {timeout: 1m}
params: {dir: {type: string, pattern: '/.*'}}
env: {MINE: yes it is}
steps:
  - {id: it, exec: [env, -0]}
  - {id: shell, run: env -0}
  - id: asked
    lua: 'return {env = sh.exec{"env", "-0"}.stdout}'
  - {id: hidden, env: {S: "${{ secrets.s }}"}, exec: [env, -0]}
"""
    evil = {name: "/evil" for name in
            ("LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "IFS", "PGSERVICE", "PGOPTIONS",
             "CURL_HOME", "NETRC", "LUA_INIT", "LUA_INIT_5_4", "GIT_DIR", "PYTHONPATH", "PS4",
             "PERL5OPT")}
    if is_sanitized(runbook.binary):
        del evil["LD_PRELOAD"]      # a sanitizer has to be the first
    done = runbook("exec", runbook.write("env.yaml", text), "-p", f"dir={runbook.folder}", env=evil,
                   cwd=runbook.folder)
    assert done.code == 0, done
    [asked] = [d["outputs"]["env"] for d in runbook.named("step.passed") if "outputs" in d]
    with open(os.path.join(runbook.folder, "envs")) as f:
        seen = {"secret": f.read(), "asked": asked}
    seen.update({step: runbook("logs", "last", step).out for step in ("it", "shell", "hidden")})
    known = {"PATH", "HOME", "LANG", "TERM", "MINE", "PWD", "SHLVL", "OLDPWD", "S", "_"}
    for where, text in seen.items():
        shown = dict(one.split("=", 1) for one in text.split("\0") if "=" in one)
        assert "PATH" in shown and not set(shown) & set(evil), (where, shown)
        assert ("MINE" in shown) == (where != "secret"), (where, shown)
        assert {name for name in shown if not name.startswith("RUNBOOK_")} <= known, (where, shown)


@pytest.fixture
def left_open():
    """A descriptor that the caller forgot to close, away from those that are ours."""
    null = os.open("/dev/null", os.O_RDWR)
    fd = fcntl.fcntl(null, fcntl.F_DUPFD, 50)
    os.set_inheritable(fd, True)
    yield fd
    os.close(fd)
    os.close(null)


def leaky(runbook, fd, *words, **more):
    process = runbook.start(*words, pass_fds=[fd], stderr=subprocess.PIPE, text=True, **more)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def test_a17_a_child_has_three_descriptors(runbook, left_open):
    text = """runbook: fds
secrets: {s: {command: [sh, -c, 'ls /proc/self/fd | tee fds; echo a secret']}}
defaults: {timeout: 1m, cwd: "${{ params.dir }}"}
params: {dir: {type: string, pattern: '/.*'}}
steps:
  - {id: it, exec: [ls, /proc/self/fd]}
  - {id: shell, run: 'ls /proc/$$/fd; true'}
  - id: asked
    lua: 'return {fds = sh.exec{"ls", "/proc/self/fd"}.stdout}'
  - {id: files, exec: [ls, /proc/self/fd], env: {A: {file: a}, B: b, C: {file: c}}}
  - {id: pipe, pipe: [['true'], [ls, /proc/self/fd]], stdin: x, env: {A: {file: a}}}
  - {id: hidden, env: {S: "${{ secrets.s }}"}, exec: [ls, /proc/self/fd]}
"""
    file = runbook.write("fds.yaml", text)
    leaky(runbook, left_open, "exec", file, "-p", f"dir={runbook.folder}", cwd=runbook.folder)
    # The fourth is the folder that ls itself reads; 255 is bash's own for its script.
    for step in ("it", "hidden"):
        assert runbook("logs", "last", step).out.split() == ["0", "1", "2", "3"]
    assert set(runbook("logs", "last", "shell").out.split()) <= {"0", "1", "2", "255"}
    [fds] = [d["outputs"]["fds"] for d in runbook.named("step.passed") if "outputs" in d]
    assert fds.split() == ["0", "1", "2", "3"]
    # Files in memory that the step itself asks for are all that there may be besides.
    assert runbook("logs", "last", "files").out.split() == ["0", "1", "10", "11", "2", "3"]
    assert runbook("logs", "last", "pipe").out.split() == ["0", "1", "10", "2", "3"]
    with open(os.path.join(runbook.folder, "fds")) as f:
        assert f.read().split() == ["0", "1", "2", "3"]


def test_a17_ssh_keygen_has_its_own_descriptors(runbook, people, waiting, left_open):
    """Three, and one for each file that it is given (the folder that ls reads takes another)."""
    for who in ("po@x", "tl@x"):
        approve(runbook, people, who)
    seen = os.path.join(runbook.folder, "fds")
    listing = f'ls /proc/self/fd >> {seen}\nexec {shutil.which("ssh-keygen")} "$@"\n'
    leaky(runbook, left_open, "resume", "last", env=stub(runbook, listing))
    with open(seen) as f:
        fds = {int(fd) for fd in f.read().split()}
    assert {0, 1, 2, 3} <= fds <= set(range(10)), fds


@pytest.mark.parametrize("stdin", ["yes |", "printf 'yes\\nyes\\n' |", "", "0</dev/null", "0<&-",
                                   "0<yes"], ids=["endless", "two", "none", "null", "closed", "file"])
def test_a31_nothing_piped_in_is_a_yes(runbook, stdin):
    file = runbook.write("asks.yaml", ASKS)
    runbook.write("yes", "yes\n" * 100)
    piped, redirected = (stdin, "") if stdin.endswith("|") else ("", stdin)
    done = subprocess.run(
        ["sh", "-c", f"{piped} {runbook.binary} exec {file} -p dir={runbook.folder} {redirected}"],
        env=runbook.env, cwd=runbook.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True, timeout=120)
    assert done.returncode == 3, done
    assert not os.path.exists(os.path.join(runbook.folder, "deployed"))


@pytest.mark.parametrize("run", ["../../etc", "..", "/etc", "last/../..", "r-1/../../x", ""])
def test_a44_a_run_is_named_not_reached(runbook, run):
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    for command in ("status", "logs", "verify", "replay", "resume", "cancel"):
        done = runbook(command, run)
        assert done.code == 2, (command, done)


def swap_in_link(path):
    os.rename(path, path + ".away")
    os.symlink(path + ".away", path)


LINKS = {"run": swap_in_link,
         "journal": lambda run: swap_in_link(os.path.join(run, "journal.jsonl")),
         "hard": lambda run: os.link(os.path.join(run, "journal.jsonl"), run + ".another")}


@pytest.mark.parametrize("which", LINKS)
def test_a44_a_linked_run_or_journal_is_refused(runbook, which):
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    before, run = runbook.events(), runbook.run_folder()
    LINKS[which](run)
    answers = runbook.write("answers.yaml", "answers: {sure: yes}")
    for words in (["status"], ["logs"], ["logs", "deploy"], ["verify"], ["replay"], ["cancel"],
                  ["resume", "--answers", answers]):
        done = runbook(words[0], os.path.basename(run), *words[1:])
        assert done.code == 7 and "link" in done.out + done.err, (words, done)
    assert runbook("verify", "--all").code == 7
    [line] = runbook("list").out.splitlines()
    assert line.startswith(os.path.basename(run)) and "link" in line, line
    assert runbook.events(os.path.basename(run)) == before
    assert not os.path.exists(os.path.join(runbook.folder, "deployed"))


@pytest.mark.parametrize("name", ["steps", "inbox", "sources", "blobs/sha256", "lock"])
def test_a44_nothing_is_written_through_a_link_in_a_run(runbook, name):
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    before, path = runbook.events(), os.path.join(runbook.run_folder(), name)
    away = os.path.join(runbook.folder, "away")
    os.rename(path, away)
    os.symlink(away, path)
    there = os.path.isdir(away) and os.listdir(away)
    done = runbook("resume", "last", "--answers", runbook.write("answers.yaml", "answers: {sure: yes}"))
    assert done.code == 7 and f"{name} is a link, or not what it should be" in done.err, done
    assert runbook.events() == before and there == (os.path.isdir(away) and os.listdir(away))
    assert not os.path.exists(os.path.join(runbook.folder, "deployed"))


def test_a44_a_blob_is_named_not_reached(runbook):
    assert runbook("exec", runbook.write("work.yaml", WORK)).code == 0
    journal = os.path.join(runbook.run_folder(), "journal.jsonl")
    runbook.write(os.path.join(runbook.run_folder(), "hidden"), "not for you")

    def change(event):
        if event["type"] == "effect.result":
            event["d"]["out"]["blob"] = "sha256:../../hidden"
    rechained(journal, change)
    for words in (["verify"], ["replay"]):
        assert runbook(*words, "last").code == 7
    for words in (["logs", "last", "ask"], ["logs", "last", "ask", "--evidence"]):
        assert "not for you" not in repr(runbook(*words))


# What `check` has nothing against, and what it comes to.
SPINS = "more than 50000000 instructions"
TIME = "it took longer than 2s and was ended"
SPACE = "bytes of memory"
LUA = {
    "a47": [('string["du" .. "mp"](fail)', "attempt to call a nil value"),
            ('("x")["du" .. "mp"](fail)', "attempt to call a nil value")],
    "a48": [('while true do pcall(function() while true do end end) end', SPINS),
            ('while true do end', SPINS)],
    "a49": [('("a"):rep(26):find(("a?"):rep(26) .. ("a"):rep(26))', TIME),
            ('("x"):rep(1e5):gsub(".-.-.-b", "")', TIME)],
    "a50": [('local x <close> = {__close = function() while true do end end}', "non-closable value")],
    "a51": [('local s = ("x"):rep(1e9)', SPACE),
            ('local s = "x" while true do s = s .. s end', SPACE),
            ('local t = {} for i = 1, 1e9 do t[i] = {} end', SPACE)],
    "a52": [('local s = string s.format = nil', "can't be assigned to"),
            ('local r = run r.id = "another"', "read-only"),
            ('("x").y = 1', "attempt to index a string value")],
    "a54": [('local function f() return 1 + f() end f()', SPACE),
            ('string.format("%999.99f", 1)', "invalid conversion"),
            ('local t = {} for i = 1, 200 do t[i] = 1 end table.sort(t, function() return true end) '
             'error("sorted")', "sorted"),
            ('("x"):rep(300):find(("("):rep(300))', "too many captures"),
            ('local function f(s) return (s:gsub(".", f)) end f("x")', "C stack overflow")],
}


@pytest.mark.parametrize("code, why", [one for several in LUA.values() for one in several],
                         ids=[f"{name}-{place}" for name in LUA for place in range(len(LUA[name]))])
def test_a47_to_a54_lua_harms_its_own_check_alone(runbook, code, why):
    text = f"""runbook: lua
defaults: {{timeout: 1m}}
steps:
  - id: it
    timeout: {'2s' if why == TIME else '1m'}
    on_failure: continue
    lua: |
      {code}
      return {{}}
  - {{id: after, gate: 'string.format("%d", 7) == "7"'}}
"""
    done = runbook("exec", runbook.write("lua.yaml", text))
    assert done.code == 0, done
    assert runbook.steps() == {"it": "failed", "after": "passed"}, done
    [item] = runbook.named("eval.result")[0]["items"]
    assert why in item["error"], item
    assert why in done.err
    sound(runbook)


# Neither in the sandbox (tests/unit/lua/test_sandbox.c walks through all that is), nor let through by `check`.
ABSENT = {"load": 'load("return 1")()', "loadstring": 'loadstring("x")', "require": 'require("os")',
          "dofile": 'dofile("/etc/passwd")', "_ENV": '_ENV["lo" .. "ad"]("x")', "_G": "_G.x = 1",
          "coroutine": "coroutine.wrap(print)()", "setmetatable": "setmetatable({}, {__gc = fail})",
          "getmetatable": 'getmetatable("").__index = {}', "debug": "debug.getregistry()",
          "io": 'io.open("/etc/passwd")', "os": 'os.execute("true")', "dump": "string.dump(fail)",
          "rawset": "rawset(string, 'x', 1)", "collectgarbage": 'collectgarbage("count")'}


@pytest.mark.parametrize("name", ABSENT)
def test_a47_to_a52_what_is_not_there_is_refused_by_check(runbook, name):
    text = f"runbook: lua\ndefaults: {{timeout: 1m}}\nsteps:\n  - id: it\n    lua: |\n      {ABSENT[name]}\n"
    done = runbook("exec", runbook.write("lua.yaml", text))
    assert done.code == 2 and "error[RB04" in done.err and name in done.err, done
    assert not os.path.exists(runbook.store)


PATTERNS = {
    "counted": ('("a"):rep(40)', "(?:(?:a?){40}){40}b|a"),
    "alternatives": ('("a"):rep(40) .. "!"', "(a|aa)+b|c"),
    "nested": ('("a"):rep(40) .. "!"', "(a+)+$"),
    "lifted": ('("a"):rep(40) .. "!"', "(*LIMIT_MATCH=4000000000)(*LIMIT_DEPTH=4000000000)(a+)+$"),
    "callout": ('("a"):rep(40) .. "!"', "(?C1)(a+)+$"),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_a55_a_pattern_without_end_is_given_up(runbook, name):
    """By its own limit, the same each time; not by the clock that ends a worker."""
    subject, pattern = PATTERNS[name]
    text = f"""runbook: pattern
defaults: {{timeout: 1m}}
steps:
  - id: it
    on_failure: continue
    gate:
      every: 1ms
      timeout: 1ms
      check: |
        local found = try(re.match, {subject}, [[{pattern}]])
        return found == nil
  - {{id: after, gate: 're.match("v1", [[^v(?<n>\\d)$]]).n == "1"'}}
"""
    done = runbook("exec", runbook.write("pattern.yaml", text))
    assert done.code == 0, done
    assert runbook.steps() == {"it": "failed", "after": "passed"}, done
    evaluated = runbook.named("eval.result")[0]
    assert "cut" not in evaluated
    [item] = evaluated["items"]
    assert item["verdict"] == "unknown" and "limit exceeded" in item["why"], item
    sound(runbook)


# What would open a gate if the limit were caught: its check, and what the limit is called.
CAUGHT = {
    "memory": ('not pcall(string.rep, "x", 1e9)', SPACE),
    "memory, handled": ('not xpcall(string.rep, tostring, "x", 1e9)', SPACE),
    "memory, judged": ('not pcall(check.all, {function() return ("x"):rep(1e9) end})', SPACE),
    "instructions": ('not pcall(function() while true do end end)', SPINS),
    "pattern": ('not pcall(re.match, ("a"):rep(40) .. "!", "(a+)+$")', "limit exceeded"),
    "pattern, handled": ('not xpcall(re.match, tostring, ("a"):rep(40) .. "!", "(a+)+$")', "limit exceeded"),
    "pattern, judged": ('not pcall(check.all, {function() return re.match(("a"):rep(40) .. "!", "(a+)+$") end})',
                        "limit exceeded"),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_a48_a51_a55_a_limit_that_is_caught_opens_no_gate(runbook, name):
    check, why = CAUGHT[name]
    text = f"""runbook: caught
defaults: {{timeout: 1m}}
steps:
  - {{id: it, gate: {{every: 1ms, timeout: 1ms, check: '{check}'}}}}
  - {{id: after, exec: [touch, {runbook.folder}/after]}}
"""
    done = runbook("exec", runbook.write("caught.yaml", text))
    assert done.code == 1 and why in done.err, done
    [item] = runbook.named("eval.result")[0]["items"]
    assert "holds" not in item.values() and why in item.get("why", item.get("error")), item
    assert not os.path.exists(runbook.folder + "/after")
    sound(runbook)


@pytest.mark.parametrize("pattern, why", [
    ('("a"):rep(100000)', "longer than the limit"), (r'[[\C]]', r"\C"),
    ('("("):rep(1000)', "nested")], ids=["long", "byte", "nested"])
def test_a55_a_pattern_that_is_none_says_so(runbook, pattern, why):
    text = f"""runbook: pattern
defaults: {{timeout: 1m}}
steps:
  - id: it
    gate:
      every: 1ms
      timeout: 1ms
      check: re.match("a", {pattern}) == nil
"""
    done = runbook("exec", runbook.write("pattern.yaml", text))
    assert done.code == 1 and why in done.err, done
    [item] = runbook.named("eval.result")[0]["items"]
    assert why in item["error"], item
    sound(runbook)


SAME = """runbook: same
defaults: {timeout: 1m}
steps:
  - id: it
    lua: |
      local t, s = {}, {}
      for i = 1, 50 do t["k" .. i * 7919 % 1000] = i end
      for k, v in pairs(t) do s[#s + 1] = k .. "=" .. v end
      local looks = {}
      for i = 1, 5 do looks["l" .. i * 7919 % 100] = function()
        sh.exec{"echo", i} return check.eq(sh.exec{"echo", i}.stdout, i .. "\\n", "n" .. i)
      end end
      check.all(parallel(looks))
      local _, problem = try(json.decode, '{"a": 1, "a": 2}')
      return {order = table.concat(s, ","), number = tostring(1 / 3), big = tostring(2 ^ 53),
              name = tostring(tostring) .. tostring(t), problem = problem.message,
              half = ("%.1f"):format(0.5), read = tonumber("0.5"), comma = tostring(tonumber("0,5")),
              small = ("I\\u{c4}"):lower(), sorts = "a" < "B",
              json = json.encode{t = t, n = {0.1, 1e300, -0.0, 2 ^ 53, json.null}},
              found = re.match("\u00e4 Z\u00fcrich", [[(?<word>\\w+)$]]).word or "none"}
  - {id: said, exec: [echo, "${{ steps.it.outputs.read }}"]}
"""


def test_a53_a_verdict_is_the_same_in_every_process(runbook, locales):
    """40 runs, and the evaluations of the last in a thousand processes."""
    file = runbook.write("same.yaml", SAME)
    surroundings = [{}, *locales]
    seen = set()
    for round in range(40):
        assert runbook("exec", file, env=surroundings[round % 3]).code == 0
        seen.add(without_times(runbook.named("eval.result")))
        assert len(seen) == 1, seen
    assert runbook("logs", "last", "said").out == "0.5\n"
    for round in range(100 if is_sanitized(runbook.binary) else 1000):
        shown = runbook("replay", "last", "--output", "json", env=surroundings[round % 3])
        assert shown.code == 0, shown
        told = json.loads(shown.out)
        assert told["same"] and told["evaluations"] >= 2 and told["timeouts"] == 0, shown


def test_a65_nothing_outlives_its_step(runbook):
    text = f"""runbook: orphans
defaults: {{timeout: 2s, cwd: {runbook.folder}}}
steps:
  - id: it
    on_failure: continue
    run: |
      python3 -c '
      import os, signal, time
      if os.fork() == 0:
          os.setsid()
          if os.fork() == 0:
              signal.signal(signal.SIGTERM, signal.SIG_IGN)
              time.sleep(300)
          os._exit(0)
      '
  - {{id: after, exec: [echo, fine]}}
"""
    began = time.monotonic()
    done = runbook("exec", runbook.write("orphans.yaml", text))
    assert done.code == 0, done
    assert time.monotonic() - began < 60
    assert runbook.steps() == {"it": "failed", "after": "passed"}
    assert list(runbook.what_is_left()) == []
    sound(runbook)


def test_a69_one_run_has_one_interpreter(runbook):
    file = runbook.write("asks.yaml", ASKS.replace("confirm: Really?", 'run: "sleep 2"'))
    process = runbook.start("exec", file, "-p", f"dir={runbook.folder}", stderr=subprocess.PIPE)
    wait_for(lambda: os.path.isdir(os.path.join(runbook.store, "runs")))
    runbook.await_event("effect.intent")
    before = runbook.events()
    for _ in range(10):
        second = runbook("resume", "last")
        assert second.code == 8 and str(process.pid) in second.err, second
    assert runbook.events()[:len(before)] == before
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert {event["w"] for event in runbook.events()} == {1}
