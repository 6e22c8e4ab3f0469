"""Attacks, by their numbers, on the whole program."""

import fcntl
import json
import os
import shutil
import subprocess
import time

import pytest

from people import approve, stub
from test_crash import sound, wait_for, without_times
from test_record import ASKS

CANARY = "canary"
HOSTILE = ["x; touch canary", "$(touch canary)", "`touch canary`", "'; touch canary; '",
           '"; touch canary; "', "a\nb\ntouch canary", "*", "~", "$HOME", "\\", "a  b", "&", "|",
           "${IFS}", "!!", "%s%n", "\U0001f512 \u00e4"]
WORDS = """runbook: words
defaults: {timeout: 1m}
params:
  v: {type: string, pattern: '(?s).*'}
  dir: {type: string, pattern: '/.*'}
steps:
  - id: one
    cwd: "${{ params.dir }}"
    exec: [python3, -c, 'import sys; print(sys.argv[1:])', --, "${{ params.v }}"]
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


@pytest.mark.parametrize("value", HOSTILE)
def test_a13_a_value_is_one_word_and_never_source(runbook, value):
    file = runbook.write("words.yaml", WORDS)
    params = runbook.write("params.json", json.dumps({"v": value, "dir": runbook.folder},
                                                      ensure_ascii=False))
    done = runbook("exec", file, "--params", params)
    assert done.code == 0, done
    assert not os.path.exists(os.path.join(runbook.folder, CANARY))
    assert runbook("logs", "last", "one").out == f"{['--', value]}\n"
    assert runbook("logs", "last", "script").out == f"{['--', value, value, f'<{value}>']}\n"
    assert runbook("logs", "last", "here").out == value + "\n"
    assert runbook("logs", "last", "out").out == value
    sound(runbook)


@pytest.mark.parametrize("program", ["rm", "git", "cat"])
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
defaults: {timeout: 1m}
env: {MINE: yes it is}
steps:
  - {id: it, exec: [env, -0]}
  - {id: shell, run: env -0}
"""
    evil = {name: "/evil" for name in
            ("LD_PRELOAD_", "BASH_ENV", "ENV", "IFS", "PGSERVICE", "PGOPTIONS", "CURL_HOME", "NETRC",
             "LUA_INIT", "LUA_INIT_5_4", "GIT_DIR", "PYTHONPATH", "PS4", "SHELLOPTS_", "PERL5OPT")}
    done = runbook("exec", runbook.write("env.yaml", text), env=evil)
    assert done.code == 0, done
    for step in ("it", "shell"):
        shown = dict(one.split("=", 1) for one in
                     runbook("logs", "last", step).out.split("\0") if "=" in one)
        assert "MINE" in shown and not set(shown) & set(evil), shown
        known = {"PATH", "HOME", "LANG", "TERM", "MINE", "PWD", "SHLVL", "_"}
        assert {name for name in shown if not name.startswith("RUNBOOK_")} <= known, shown


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


@pytest.mark.parametrize("stdin", ["yes |", "printf 'yes\\nyes\\n' |", "", "0</dev/null", "0<&-"])
def test_a31_nothing_piped_in_is_a_yes(runbook, stdin):
    file = runbook.write("asks.yaml", ASKS)
    piped, redirected = (stdin, "") if stdin.endswith("|") else ("", stdin)
    done = subprocess.run(
        ["sh", "-c", f"{piped} {runbook.binary} exec {file} -p dir={runbook.folder} {redirected}"],
        env=runbook.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert done.returncode == 3, done
    assert not os.path.exists(os.path.join(runbook.folder, "deployed"))


@pytest.mark.parametrize("run", ["../../etc", "..", "/etc", "last/../..", "r-1/../../x", ""])
def test_a44_a_run_is_named_not_reached(runbook, run):
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    for command in ("status", "logs", "verify", "replay", "resume", "cancel"):
        done = runbook(command, run)
        assert done.code == 2, (command, done)


def test_a44_a_linked_run_or_journal_is_refused(runbook):
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    run = runbook.run_folder()
    os.rename(run, run + ".away")
    os.symlink(run + ".away", run)
    assert runbook("resume", os.path.basename(run)).code not in (0, 3)
    os.unlink(run)
    os.rename(run + ".away", run)
    journal = os.path.join(run, "journal.jsonl")
    os.link(journal, os.path.join(runbook.folder, "another"))
    assert runbook("resume", os.path.basename(run)).code not in (0, 3)


LUA = {
    "a47": ['load("return 1")()', 'load(string.dump(function() end))', 'string.dump(print)',
            'require("os")', 'dofile("/etc/passwd")', 'loadstring("x")'],
    "a48": ['while true do pcall(function() while true do end end) end',
            'coroutine.wrap(function() while true do pcall(error) end end)()',
            'while true do end'],
    "a49": ['("a"):rep(40):find(("a?"):rep(40) .. ("a"):rep(40))',
            '("x"):rep(1e5):gsub(".-b", "")'],
    "a50": ['setmetatable({}, {__gc = function() while true do end end})'],
    "a51": ['local s = ("x"):rep(1e9)', 'local s = "x" while true do s = s .. s end',
            'local t = {} for i = 1, 1e9 do t[i] = {} end'],
    "a52": ['getmetatable("").__index = {}', 'string.format = nil', '_G.x = 1',
            'debug.getregistry()', 'io.open("/etc/passwd")', 'os.execute("true")'],
    "a54": ['local function f() return 1 + f() end f()', 'string.format("%999.99f", 1)',
            'table.sort({3, 1, 2, 5, 4, 6}, function() return true end) error("x")',
            '("x"):rep(300):find(("("):rep(300))', 'local t = {} t[1] = t do return t end'],
}


@pytest.mark.parametrize("name, code", [(name, code) for name in LUA for code in LUA[name]])
def test_lua_harms_its_own_check_alone(runbook, name, code):
    """a47 to a54: check refuses it, or the step fails, and the run goes on to its end."""
    text = f"""runbook: lua
defaults: {{timeout: 1m}}
steps:
  - id: it
    timeout: 3s
    on_failure: continue
    lua: |
      {code}
      return {{}}
  - {{id: after, gate: 'string.format("%d", 7) == "7"'}}
"""
    done = runbook("exec", runbook.write("lua.yaml", text))
    if done.code == 2:      # check knows already that there is no such thing
        assert "error[RB04" in done.err, done
        assert not os.path.exists(runbook.store)
        return
    assert done.code == 0, done
    assert runbook.steps() == {"it": "failed", "after": "passed"}, done
    sound(runbook)


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


@pytest.mark.parametrize("pattern, why", [
    ('("a"):rep(100000)', "longer than the limit"), (r'[[\C]]', r"\C"),
    ('("("):rep(1000)', "nested")])
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


def test_a53_a_verdict_is_the_same_in_every_process(runbook):
    text = """runbook: same
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
              name = type(tostring(tostring)), problem = problem.message,
              json = json.encode{t = t, n = {0.1, 1e300, -0.0, 2 ^ 53, json.null}},
              found = re.match("\u00e4 Z\u00fcrich", [[(?<word>\\w+)$]]).word or "none"}
"""
    file = runbook.write("same.yaml", text)
    seen = set()
    for round in range(40):
        locale = ("C", "de_DE.UTF-8")[round % 2]
        assert runbook("exec", file, env={"LC_ALL": locale}).code == 0
        seen.add(without_times(runbook.named("eval.result")))
    assert len(seen) == 1, seen


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
