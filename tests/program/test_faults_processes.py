"""Faults of processes, by their numbers: what a step leaves behind, who has a pid by now, and helpers
that die. The run goes on or says why not, and nothing but its own is signalled."""

import json
import os
import re
import signal
import subprocess

import pytest

from test_crash import effects_of, sound, wait_for

# Its name is what a careless reader of /proc/PID/stat takes for its state, parent and so on.
NAMED = r"""import ctypes, signal, sys
ctypes.CDLL(None).prctl(15, b") R 1 1 (", 0, 0, 0)
print("ready", flush=True)
signal.pause()
"""


def start_of(pid):
    """When it was started, in clock ticks since the boot: field 22 of proc_pid_stat(5)."""
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[19])


@pytest.fixture
def stranger():
    process = subprocess.Popen(["/usr/bin/python3", "-c", NAMED], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.communicate()


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as f:
        return f.read().strip()


def started_of(note):
    with open(note) as f:
        return json.loads(f.read() or '{"pids": []}')


@pytest.mark.parametrize("differs", ["start", "boot", "nothing"])
def test_a68_f34_who_has_the_pid_now_is_not_signalled(runbook, stranger, differs):
    effects = os.path.join(runbook.folder, "effects")
    file = runbook.write("long.yaml", f"""runbook: long
defaults: {{timeout: 5m, cwd: {runbook.folder}}}
steps:
  - {{id: it, run: 'echo it >> effects; sleep 300', on_interrupt: ask}}
""")
    process = runbook.start("exec", file, stderr=subprocess.DEVNULL)
    wait_for(lambda: effects_of(effects) == ["it"], 60)
    [note] = [os.path.join(folder, name) for folder, _, names in os.walk(runbook.run_folder() + "/steps")
              for name in names if name == "started"]
    # What it says is another's from here on, so it has to be noted before anything is killed.
    wait_for(lambda: started_of(note)["pids"], 60)
    runbook.kill_what_is_left()
    process.wait()
    wait_for(lambda: list(runbook.what_is_left()) == [])
    started = started_of(note)
    assert started["boot_id"] == boot_id() and len(started["pids"]) == len(started["starts"]) == 1
    started["pids"] = [stranger.pid]
    started["starts"] = [start_of(stranger.pid) + (differs == "start")]
    if differs == "boot":
        started["boot_id"] = "00000000-0000-0000-0000-000000000000"
    os.chmod(note, 0o600)
    with open(note, "w") as f:
        json.dump(started, f)
    resumed = runbook("resume", "last")
    assert resumed.code == 3 and "it.doubt" in resumed.err, resumed
    if differs == "nothing":        # then it is the step's own, whatever it calls itself
        assert stranger.wait(60) == -signal.SIGTERM
    else:
        assert stranger.poll() is None
        assert f"({') R 1 1 ('})" in open(f"/proc/{stranger.pid}/stat").read()
    assert effects_of(effects) == ["it"]


LEFT_BEHIND = {"child": "sleep 300 &",
               "daemon": "setsid sleep 300 &",
               "quiet": "setsid sleep 300 >/dev/null 2>&1 </dev/null &",
               "orphan": "(setsid sh -c 'sleep 300 & sleep 300 &' &)"}


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_f24_f25_what_a_step_leaves_behind_fails_it(runbook, what):
    """Its exit code is 0, its time far from up, and its output may be held open."""
    text = f"""runbook: left
defaults: {{timeout: 10m, cwd: {runbook.folder}, on_failure: continue}}
steps:
  - {{id: it, run: "echo said; {LEFT_BEHIND[what]}"}}
  - {{id: after, exec: [echo, fine]}}
"""
    done = runbook("exec", runbook.write("left.yaml", text))
    assert done.code == 0 and "left processes behind" in done.err, done
    assert runbook.steps() == {"it": "failed", "after": "passed"}
    result = runbook.named("effect.result")[0]
    assert result["exit"] == 0 and result["survivors"] >= 1 and "killed" not in result
    assert runbook("logs", "last", "it").out == "said\n"
    assert list(runbook.what_is_left()) == []
    sound(runbook)


def test_f27_what_is_written_around_the_end_is_kept(runbook):
    """A full pipe that nobody has read yet, and a writer that begins when the step has ended."""
    text = f"""runbook: late
defaults: {{timeout: 1m, cwd: {runbook.folder}, on_failure: continue}}
steps:
  - {{id: full, run: 'head -c 65536 /dev/zero; exec sh -c "exit 7"'}}
  - id: late
    run: |
      me=$BASHPID
      (while kill -0 $me; do :; done; head -c 200000 /dev/zero; echo end) 2>/dev/null &
      exit 7
"""
    file = runbook.write("late.yaml", text)
    for _ in range(20):
        assert runbook("exec", file).code == 0
        full, late = runbook.named("effect.result")
        assert full["exit"] == late["exit"] == 7
        assert full["out"]["bytes"] == 65536 and full["out"]["lost"] == 0
        sound(runbook)
        if "survivors" not in late:     # else the writer did not get its turn in time
            break
    assert late["out"]["bytes"] == 200004
    assert runbook("logs", "last", "late").out.endswith("end\n")


# Never more than 300 at once: each keeper has so many children, and a new one for each that ends.
BOMB = r"""import os, signal, time
KEEPERS, CHILDREN, RESPAWNS = 20, 14, 2000
def child():
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        time.sleep(300)
        os._exit(0)
for _ in range(KEEPERS):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for _ in range(CHILDREN):
            child()
        for _ in range(RESPAWNS):
            os.wait()
            child()
        os._exit(0)
with open("lit", "w"):
    pass
"""


def test_a66_a_bomb_of_processes_is_ended_whole(runbook):
    bomb = runbook.write("bomb.py", BOMB)
    text = f"""runbook: bomb
defaults: {{timeout: 2m, cwd: {runbook.folder}}}
steps:
  - {{id: it, exec: [/usr/bin/python3, {bomb}], on_failure: continue}}
  - {{id: after, exec: [echo, fine]}}
"""
    done = runbook("exec", runbook.write("bomb.yaml", text))
    assert done.code == 0, done
    assert runbook.steps() == {"it": "failed", "after": "passed"}
    [result] = [one for one in runbook.named("effect.result") if one["step"] == "it"]
    assert result["survivors"] > 20 and result["escalated"] and "remaining" not in result
    assert list(runbook.what_is_left()) == []
    sound(runbook)


# One more than a step may have, and then as many again as it has time for.
CROWD = r"""import os, signal
for _ in range(6000):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pause()
signal.pause()
"""


def test_a66_a_step_with_too_many_processes_is_ended(runbook):
    """Whoever runs it, root as well: it is the supervisor that counts."""
    crowd = runbook.write("crowd.py", CROWD)
    text = f"""runbook: crowd
defaults: {{timeout: 10m, cwd: {runbook.folder}}}
steps:
  - {{id: it, exec: [/usr/bin/python3, -S, {crowd}], on_failure: continue}}
  - {{id: after, exec: [echo, fine]}}
"""
    done = runbook("exec", runbook.write("crowd.yaml", text))
    assert done.code == 0 and "too many processes" in done.err, done
    assert runbook.steps() == {"it": "failed", "after": "passed"}
    [result] = [one for one in runbook.named("effect.result") if one["step"] == "it"]
    assert result["killed"] == "processes" and result["processes"] > 4096
    assert "remaining" not in result and "exit" not in result
    [failed] = runbook.named("attempt.failed")
    assert failed["reason"] == "processes"
    assert list(runbook.what_is_left()) == []
    sound(runbook)


def worker_of(pid):
    """The one child of the interpreter: its supervisor is nobody's."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        [worker] = f.read().split()
    return int(worker)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV])
def test_f51_a_worker_that_dies_or_hangs_opens_no_gate(runbook, number):
    looks = os.path.join(runbook.folder, "looks")
    look = f"cd {runbook.folder}; echo look >> looks; until test -e go; do sleep 0.05; done"
    text = f"""runbook: worker
defaults: {{timeout: 2m, cwd: {runbook.folder}}}
steps:
  - id: open
    gate: {{check: 'sh.exec{{"sh", "-c", "{look}"}}.ok', every: 100ms, timeout: 10m}}
  - id: checked
    run: rm go
    on_failure: continue
    check: 'sh.exec{{"sh", "-c", "{look}"}}.ok'
  - {{id: after, exec: [touch, after]}}
"""
    process = runbook.start("exec", runbook.write("worker.yaml", text), stderr=subprocess.PIPE)
    for n in (1, 3):
        wait_for(lambda: len(effects_of(looks)) == n, 60)
        os.kill(worker_of(process.pid), number)
        assert not os.path.exists(runbook.folder + "/after")
        runbook.write("go", "")
        if n == 1:
            runbook.await_event("step.passed", step="open")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert runbook.steps() == {"open": "passed", "checked": "failed", "after": "passed"}
    first, second, last = runbook.named("eval.result")[-3:]
    assert first["cut"] and last["cut"] and "cut" not in second
    assert all("error" in item and "verdict" not in item for item in first["items"] + last["items"])
    assert len(second["evidence"]) == 1     # of its own look, not of the one that nobody waits for
    assert list(runbook.what_is_left()) == []
    sound(runbook)
