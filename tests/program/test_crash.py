"""kill -9 of the real binary at any moment, then resume: the same end, no effect twice, none in
doubt repeated without a decision. At any system call: test_crash_calls.py."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

THREE = """
runbook: three
defaults: {timeout: 1m}
steps:
  - id: one
    run: echo one >> ${{ params.effects }}
    outputs: {said: result.exit}
  - id: two
    run: |
      echo two >> ${{ params.effects }}
      sleep 0.2
      echo done
    check: steps.one.outputs.said == 0
  - {id: calm, gate: 'sh.exec{"true"}.ok'}
  - id: three
    exec: [sh, -c, 'echo three >> "$1"', sh, "${{ params.effects }}"]
params: {effects: {type: string, pattern: /.*}}
"""


def effects_of(path):
    return open(path).read().split() if os.path.exists(path) else []


def go_on(runbook, *more):
    """Resumes a run that was killed, unless it was killed after its end."""
    if has_succeeded(runbook):
        return
    done = runbook("resume", "last", *more)
    assert done.code == 0, done


def has_succeeded(runbook):
    """By the last line alone, which may be cut off."""
    with open(os.path.join(runbook.run_folder(), "journal.jsonl"), "rb") as f:
        return b'"status":"succeeded"' in f.readlines()[-1]


def sound(runbook):
    verified = runbook("verify", "last")
    assert verified.code == 0, verified
    replayed = runbook("replay", "last")
    assert replayed.code == 0, replayed


def without_times(value):
    """The value as text, but for how long a look took: that is evidence, and differs each time."""
    return re.sub(r'"duration_us": \d+, ', "", json.dumps(value, sort_keys=True))


def supervisors(runbook):
    """Their pids; one may end before it is opened, or read."""
    for pid in runbook.what_is_left():
        try:
            with open(f"/proc/{pid}/comm") as f:
                if f.read() == "rb-supervisor\n":
                    yield pid
        except OSError:
            continue


def was_created(runbook):
    """Did the run get so far that there is something to resume?"""
    runs = os.path.join(runbook.store, "runs")
    if not os.path.isdir(runs) or not os.listdir(runs):
        return False
    journal = os.path.join(runbook.run_folder(), "journal.jsonl")
    return os.path.exists(journal) and b"\n" in open(journal, "rb").read()


def kill_and_resume(runbook, words, rng, longest):
    """Runs it, killed at random moments again and again; returns how often it was killed. On a
    busy machine the moments get longer, so that it does come to its end."""
    kills = 0
    process = runbook.start("exec", *words, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    while True:
        try:
            code = process.wait(timeout=rng.uniform(0.01, longest * (1 + kills / 20)))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            code = None
        if code is not None:
            assert code == 0, f"exit {code} after {kills} kills"
            return kills
        if not was_created(runbook):
            shutil.rmtree(runbook.store, ignore_errors=True)
            again = ["exec", *words]
        elif has_succeeded(runbook):
            return kills
        else:
            again = ["resume", "last", *(w for w in words if str(w).startswith("--answers"))]
        process = runbook.start(*again, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_kill_at_random_moments(runbook):
    rng = random.Random(20261124)
    file = runbook.write("three.yaml", THREE)
    kills = 0
    for round in range(10):
        effects = os.path.join(runbook.folder, f"effects.{round}")
        shutil.rmtree(runbook.store, ignore_errors=True)
        kills += kill_and_resume(runbook, [file, "-p", f"effects={effects}"], rng, 0.25)
        assert effects_of(effects) == ["one", "two", "three"]
        sound(runbook)
    assert kills >= 10


def test_killed_supervisor_leaves_a_doubt(runbook):
    """Both ends gone: nobody can say whether it happened, so nobody runs it again."""
    effects = os.path.join(runbook.folder, "effects")
    file = runbook.write("both.yaml", THREE.replace("sleep 0.2", "sleep 30"))
    process = runbook.start("exec", file, "-p", f"effects={effects}",
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: effects_of(effects) == ["one", "two"])
    children = supervised(process.pid, runbook)
    process.kill()
    process.wait()
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    resumed = runbook("resume", "last")
    assert resumed.code == 3, resumed
    assert "two.doubt" in resumed.err
    assert effects_of(effects) == ["one", "two"]
    answers = runbook.write("a.yaml", "answers:\n  two.doubt: {answer: done, reason: seen}\n")
    go_on(runbook, "--answers", answers)
    assert effects_of(effects) == ["one", "two", "three"]
    sound(runbook)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def supervised(interpreter, runbook):
    """Pids of the supervisor of this test's run and of what it runs."""
    folder = os.path.realpath(runbook.run_folder())
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == interpreter:
            continue
        try:
            environ = open(f"/proc/{name}/environ", "rb").read()
            links = [os.readlink(f"/proc/{name}/fd/{fd}") for fd in os.listdir(f"/proc/{name}/fd")]
        except OSError:
            continue
        if any(link.startswith(folder) for link in links) or runbook.folder.encode() in environ:
            found.append(int(name))
    assert found
    return found


def test_running_child_is_adopted(runbook):
    effects = os.path.join(runbook.folder, "effects")
    file = runbook.write("adopt.yaml", THREE.replace("sleep 0.2", "sleep 1.5"))
    process = runbook.start("exec", file, "-p", f"effects={effects}",
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: effects_of(effects) == ["one", "two"])
    process.kill()
    process.wait()
    go_on(runbook)
    assert len(runbook.named("effect.adopted")) == 1
    assert effects_of(effects) == ["one", "two", "three"]
    assert runbook("logs", "last", "two").out == "done\n"
    sound(runbook)


def test_f06_torn_last_line_is_put_aside(runbook):
    """Bytes that were never synced may be lost in the middle of a line."""
    file = runbook.write("three.yaml", THREE)
    for cut in (1, 40, 90):
        effects = os.path.join(runbook.folder, f"effects.{cut}")
        shutil.rmtree(runbook.store, ignore_errors=True)
        assert runbook.killed_at("fdatasync", 4, "exec", file, "-p", f"effects={effects}")
        assert not has_succeeded(runbook)
        journal = os.path.join(runbook.run_folder(), "journal.jsonl")
        os.truncate(journal, os.path.getsize(journal) - cut)
        assert runbook("verify", "last").code == 9
        go_on(runbook)
        assert runbook.named("tail.recovered")
        assert effects_of(effects) == ["one", "two", "three"]
        sound(runbook)


def test_f08_flipped_byte_is_named(runbook):
    effects = os.path.join(runbook.folder, "effects")
    file = runbook.write("three.yaml", THREE)
    assert runbook("exec", file, "-p", f"effects={effects}").code == 0
    journal = os.path.join(runbook.run_folder(), "journal.jsonl")
    whole = open(journal, "rb").read()
    rng = random.Random(7)
    for _ in range(60):
        at, bit = rng.randrange(len(whole) - 1), 1 << rng.randrange(8)
        changed = bytearray(whole)
        changed[at] ^= bit
        with open(journal, "wb") as f:
            f.write(changed)
        for command in ("verify", "replay"):
            done = runbook(command, "last")
            assert done.code == 7, (command, at, bit, done)
            assert "seq" in done.out + done.err, done
    with open(journal, "wb") as f:
        f.write(whole)
    sound(runbook)
