"""Faults of the machine under the whole program, by their numbers: memory, disk and clock."""

import datetime
import glob
import json
import os
import re
import resource
import shutil
import subprocess
import time

import pytest

from conftest import Service, is_sanitized
from test_crash import THREE, effects_of, sound, was_created
from test_faults import ALL, trial  # noqa: F401

NO_MEMORY = "runbook: out of memory"
# The record of its second step takes some memory.
LARGE = THREE.replace("echo done", "head -c 400000 /dev/zero | tr '\\0' x").replace(
    "    check: steps.one", "    outputs: {text: result.stdout}\n    check: steps.one")


def with_memory(runbook, kilobytes, *words):
    """Runs it with so much address space; with a sanitizer no allocation over 1 MiB is granted."""
    env, limit = dict(runbook.env), lambda: resource.setrlimit(resource.RLIMIT_AS, (kilobytes << 10,) * 2)
    if is_sanitized(runbook.binary):
        env["ASAN_OPTIONS"] = "allocator_may_return_null=1:max_allocation_size_mb=1"
        limit = None
    return subprocess.run([runbook.binary, *words], env=env, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)


def large(runbook):
    """Beyond the one limit of a sanitizer as well."""
    return LARGE + "# " + "x" * (3 << 20 if is_sanitized(runbook.binary) else 0) + "\n"


def sizes(runbook, step):
    """From too little for its libraries on. A sanitizer has the one limit."""
    return [0] if is_sanitized(runbook.binary) else range(4000, 40000, step)


def go_on_with_answers(runbook, effects):
    """What is in doubt, because the supervisor went as well, was done if its effect is there; what
    itself had too little memory is tried again."""
    done = effects_of(effects)
    answers = "".join(f"  {step}.doubt: {{answer: {'done' if step in done else 'retry'}, reason: seen}}\n"
                      f"  {step}.failure: retry\n" for step in ALL)
    resumed = runbook("resume", "last", "--answers", runbook.write("a.yaml", "answers:\n" + answers))
    assert resumed.code == 0, resumed


def test_f32_without_memory_it_says_so_and_can_be_resumed(trial):      # noqa: F811
    """From too little for its libraries to enough for all, once within the run and once before it."""
    runbook = trial.runbook
    with open(trial.file, "w") as f:
        f.write(large(runbook))
    codes, fell = set(), 0
    for kilobytes in sizes(runbook, 400):
        trial.begin()
        done = with_memory(runbook, kilobytes, *trial.words)
        if done.returncode == 127:      # not even its libraries
            continue
        codes.add(done.returncode)
        assert done.returncode in (0, 1, 3, 70, 74), (kilobytes, done)
        assert done.returncode != 70 or "runbook: " in done.stderr.split("\n")[-2], done
        assert "rubbish" not in done.stderr     # what can't be kept is not wrong
        fell += NO_MEMORY in done.stderr
        if done.returncode == 0:
            break
        if not was_created(runbook):
            assert effects_of(trial.effects) == []
            continue
        go_on_with_answers(runbook, trial.effects)
        intents = [one["step"] for one in runbook.named("effect.intent")]
        assert all(effects_of(trial.effects).count(step) <= intents.count(step) for step in ALL)
        assert set(runbook.steps().values()) == {"passed"}
        sound(runbook)
    assert fell >= 1 and 70 in codes
    assert 0 in codes or is_sanitized(runbook.binary)


def test_f32_a_record_is_not_called_broken_for_want_of_memory(trial):  # noqa: F811
    runbook = trial.runbook
    with open(trial.file, "w") as f:
        f.write(large(runbook))
    assert runbook(*trial.words).code == 0
    codes = set()
    for command in ("verify", "status"):
        for kilobytes in sizes(runbook, 150):
            done = with_memory(runbook, kilobytes, command, "last")
            if done.returncode == 127:
                continue
            codes.add(done.returncode)
            assert done.returncode in (0, 70, 74), (command, kilobytes, done)
            assert (done.returncode == 70) == (NO_MEMORY in done.stderr), (command, kilobytes, done)
            if done.returncode == 0:
                break
    assert 70 in codes
    assert 0 in codes or is_sanitized(runbook.binary)


def small_disk(runbook, script):
    """Runs a script with a disk of 1 MiB where the store is, which goes away with it."""
    os.mkdir(runbook.store)
    own = [] if os.geteuid() == 0 else ["-Ur"]
    mount = 'mount -t tmpfs -o size=1m,mode=700 none "$RUNBOOK_STORE"\n'
    return subprocess.run(["unshare", "-m", *own, "sh", "-ec", mount + script, runbook.binary], env=runbook.env,
                          cwd=runbook.folder, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_f12_a_full_disk_suspends_the_run(runbook):
    """A step fills the disk that the record is on; what was set aside lets the record say so. What is left
    of the record's own last page may take the intent of the next step, for whose notes there is no room."""
    unstarted = {fill_disk(runbook, pad) for pad in range(0, 4096, 1024)}
    assert unstarted == {True, False}


def fill_disk(runbook, pad):
    """With a record that is longer by so many bytes; whether a step was not started for want of room."""
    effects = os.path.join(runbook.folder, "effects")
    shutil.rmtree(runbook.store, ignore_errors=True)
    for left in ("effects", "then", "kept"):
        shutil.rmtree(os.path.join(runbook.folder, left), ignore_errors=True)
    if os.path.exists(effects):
        os.unlink(effects)
    file = runbook.write("fill.yaml", f"""runbook: fill
defaults: {{timeout: 1m, cwd: {runbook.folder}}}
params: {{pad: {{type: string}}}}
steps:
  - id: fill
    run: |
      cat /dev/zero > {runbook.store}/filler 2>/dev/null || true
      echo fill >> effects; : ${{{{ params.pad }}}}
""" + "".join(f"  - {{id: s{n}, run: 'echo s{n} >> effects'}}\n" for n in range(20)))
    done = small_disk(runbook, f"""
run() {{ code=0; "$0" "$@" || code=$?; echo "$1: $code"; }}
run exec {file} -p pad={pad * "x"}.
cp effects then
run verify last
run resume last
rm "$RUNBOOK_STORE/filler"
run resume last
run verify last
run replay last
mkdir kept
cat "$RUNBOOK_STORE"/runs/*/journal.jsonl > kept/events
""")
    codes = re.findall(r"^(\w+): (\d+)$", done.stdout, re.M)
    assert codes == [("exec", "74"), ("verify", "9"), ("resume", "74"), ("resume", "0"), ("verify", "0"),
                     ("replay", "0")], done.stdout
    assert "the disk is full" in done.stdout
    done_then = effects_of(os.path.join(runbook.folder, "then"))
    assert done_then == ["fill", *(f"s{n}" for n in range(len(done_then) - 1))]
    assert len(done_then) < 20
    assert effects_of(effects) == ["fill", *(f"s{n}" for n in range(20))]
    with open(os.path.join(runbook.folder, "kept", "events")) as f:
        events = [json.loads(line) for line in f]
    suspended = [event["d"] for event in events if event["type"] == "run.suspended"]
    assert suspended
    for one in suspended:
        assert one.pop("step", "") in ("", f"s{len(done_then) - 1}")
        assert one == {"exit": 74, "why": "the disk is full"}
    return any(event["type"] == "effect.unstarted" for event in events)


def test_f12_what_was_set_aside_holds_the_suspension(trial):       # noqa: F811
    """Each write to the journal finds a full disk: once, as if what was set aside made room, and twice,
    as if it made none. Which write is which differs from run to run: they are gone through until enough of
    the journal's were met."""
    runbook, met, nth = trial.runbook, 0, 0
    for _ in range(400):
        nth += 1
        done, hit, _ = trial.under("write", f"error=ENOSPC:when={nth}")
        if hit is None and met >= 4:
            break
        if hit is None:
            nth = 0
            continue
        if "journal.jsonl" not in hit:
            continue
        met += 1
        assert not os.path.exists(os.path.join(runbook.run_folder(), "reserve"))
        last = runbook.events()[-1]
        if last["type"] != "run.finished":      # it had not its end already
            assert done.returncode == last["d"]["exit"] == 74 and last["type"] == "run.suspended", (nth, done)
        trial.ends_well()
        done, hit, asked = trial.under("write", f"error=ENOSPC:when={nth}..{nth + 1}")
        if hit and "journal.jsonl" in hit:
            assert done.returncode == 74 and not asked, (nth, done, asked)
            trial.ends_well()
    assert hit is None and met >= 4, (nth, met)


WRITES = {"http": ("http: {url: /echo, json: {a: 1}}", "connection: api"),
          "webhook": ("notify: {to: hook, text: It is done}", ""),
          "sql": ("sql: create table noted(a int)", "connection: base")}


@pytest.mark.parametrize("kind", WRITES)
def test_f12_what_has_no_room_for_its_note_is_sent_when_there_is(runbook, postgres, kind):
    """The disk is full at the note that goes before the first byte. Which call that is is counted before."""
    postgres.psql("postgres", "DROP TABLE IF EXISTS noted")
    with Service() as service:
        path = runbook.write("noted.yaml", f"""runbook: noted
secrets: {{password: {{env: DB_PASSWORD}}}}
connections:
  api: {{type: http, url: "http://127.0.0.1:{service.port}"}}
  hook: {{type: webhook, url: "http://127.0.0.1:{service.port}/echo"}}
  base: {{type: postgres, host: 127.0.0.1, port: "{postgres.port}", dbname: postgres, user: postgres, password: "${{{{ secrets.password }}}}"}}
defaults: {{timeout: 1m}}
steps:
  - id: tell
    {WRITES[kind][0]}
    {WRITES[kind][1]}
""")
        runbook.env["DB_PASSWORD"] = postgres.password
        log = os.path.join(runbook.folder, "trace")
        nth, hit = 65535, False
        for _ in range(20):
            done = runbook.strace("exec", path, "--no-input", trace="openat", inject=f"error=ENOSPC:when={nth}",
                                  log=log)
            with open(log) as f:
                calls = [line for line in f if "openat(" in line]
            [noted] = [at for at, line in enumerate(calls, 1) if '"started", O_WRONLY|O_CREAT' in line]
            if hit := "INJECTED" in calls[noted - 1]:
                break
            nth = noted
            postgres.psql("postgres", "DROP TABLE IF EXISTS noted")
        assert hit and done.returncode == 74, done
        assert [e["type"] for e in runbook.events()][-2:] == ["effect.unstarted", "run.suspended"]
        sent = service.count("/echo"), postgres.psql("postgres", "SELECT to_regclass('noted')")
        resumed = runbook("resume", "last")
        assert resumed.code == 0, resumed
        assert runbook.named("question.asked") == []
        now = service.count("/echo"), postgres.psql("postgres", "SELECT to_regclass('noted')")
    assert sent != now, (sent, now)
    assert runbook("verify", "last").code == 0 and runbook("replay", "last").code == 0


def faketime(runbook):
    """The variables under which the wall clock is what the file `clock` says; the others stay."""
    [library] = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": os.path.join(runbook.folder, "clock"),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "ASAN_OPTIONS": runbook.env["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}


@pytest.mark.parametrize("says", ["1969-12-31 23:00:00", "2300-01-01 00:00:00"])
def test_f35_a_clock_beyond_what_a_record_holds_begins_nothing(trial, says):
    ask = trial.runbook.write("ask.yaml", THREE.replace("steps:", "steps:\n  - {id: sure, confirm: Sure?}"))
    runbook, words = trial.runbook, ["exec", ask, *trial.words[2:]]
    env = {**faketime(runbook), "TZ": "UTC"}
    runbook.write("clock", f"@{says}")
    done = runbook(*words, env=env)
    assert done.code == 2 and f"the clock says {says.replace(' ', 'T')[:-1]}" in done.err and "set it right" in done.err
    assert not os.path.exists(runbook.store) and effects_of(trial.effects) == []
    assert runbook(*words).code == 3
    before = runbook.events()
    for word in (["resume", "last"], ["confirm", "last", "sure", "--answer", "yes"], ["cancel", "last"]):
        done = runbook(*word, env=env)
        assert done.code == 2 and "the clock says" in done.err, done
    assert runbook.events() == before and runbook("verify", "last", env=env).code == 9


@pytest.mark.parametrize("jump", ["@1965-03-04 05:06:07", "+9999999d"])
def test_f35_a_clock_that_is_set_there_under_way_leaves_a_record(runbook, jump):
    go = os.path.join(runbook.folder, "go")
    file = runbook.write("clock.yaml", f"""runbook: clock
defaults: {{timeout: 1m, cwd: {runbook.folder}}}
steps:
  - {{id: works, run: 'until test -e {go}; do sleep 0.05; done'}}
  - {{id: waits, wait: 1s}}
  - {{id: holds, gate: {{check: 'true', every: 100ms, hold: 500ms, timeout: 1m}}}}
""")
    runbook.write("clock", "+0")
    process = runbook.start("exec", file, env={**faketime(runbook), "TZ": "UTC"}, stderr=subprocess.PIPE, text=True)
    runbook.await_event("effect.intent")
    os.rename(runbook.write("clock.new", jump), os.path.join(runbook.folder, "clock"))
    time.sleep(0.3)
    runbook.write("go", "")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert runbook.steps() == {"works": "passed", "waits": "passed", "holds": "passed"}
    times = [event["t"] for event in runbook.events()]
    assert times[-1] in ("1970-01-01T00:00:00.000000Z", "2254-06-04T23:47:34.740991Z"), times
    assert runbook.named("clock.set")
    sound(runbook)


@pytest.mark.parametrize("jump, seconds", [("+2h", 7200), ("-1h", -3600)])
def test_f35_a_clock_that_jumps_moves_no_deadline(runbook, jump, seconds):
    """While an effect works that has a minute, and before a gate that has to hold for a second."""
    go = os.path.join(runbook.folder, "go")
    file = runbook.write("clock.yaml", f"""runbook: clock
defaults: {{timeout: 1m, cwd: {runbook.folder}}}
steps:
  - {{id: works, run: 'until test -e {go}; do sleep 0.05; done'}}
  - {{id: holds, gate: {{check: 'true', every: 100ms, hold: 1s, timeout: 1m}}}}
  - {{id: waits, wait: 1s}}
  - {{id: late, run: 'sleep 300', timeout: 1s, on_failure: continue}}
""")
    runbook.write("clock", "+0")
    began = time.monotonic()
    process = runbook.start("exec", file, env=faketime(runbook), stderr=subprocess.PIPE, text=True)
    runbook.await_event("effect.intent")
    os.rename(runbook.write("clock.new", jump), os.path.join(runbook.folder, "clock"))
    runbook.write("go", "")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert 3 <= time.monotonic() - began < 60
    assert runbook.steps() == {"works": "passed", "holds": "passed", "waits": "passed", "late": "failed"}
    assert runbook.named("effect.result")[-1]["killed"] == "timeout"
    events = runbook.events()
    monos = [event["mono"] for event in events]
    assert monos == sorted(monos) and monos[-1] - monos[0] < 60e6
    first, last = (datetime.datetime.fromisoformat(event["t"]) for event in (events[0], events[-1]))
    assert abs((last - first).total_seconds() - seconds) < 60       # the jump is on record
    sound(runbook)
