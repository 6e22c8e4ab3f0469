"""A supervisor that something has stopped keeps no limit (F23, A65): it is told to go on, and one that does not
is ended, after which nothing says how its step went. Whoever waits for it still hears a signal."""

import copy
import os
import signal
import subprocess
import time

import pytest

from test_crash import effects_of, supervisors, wait_for

# What a step does to its supervisor, and how it then ends: its status and that of the program.
STEPS = {
    "once": ("run: 'kill -STOP $PPID; sleep 0.3; echo done'", 0, "passed"),
    "works": ("run: 'kill -STOP $PPID; sleep 300'", 1, "failed"),
    "look": ("""gate: {every: 1ms, check: 'sh.exec{"sh", "-c", "kill -STOP $PPID; sleep 300"}.ok'}""", 1, "failed"),
    "deaf": ("run: |\n      trap '' TERM\n      while kill -STOP $PPID; do :; done", 3, "active"),
}


# Another step asks for more than a socket holds when nobody reads it any more.
FLOOD = """runbook: flood
defaults: {{timeout: 2m, cwd: {folder}}}
steps:
  - id: both
    parallel:
      - {{id: stops, run: 'kill -STOP $PPID; touch stopped'}}
      - id: asks
        steps:
          - {{id: large, lua: 'return {{text = ("x"):rep(1000000)}}'}}
          - {{id: stopped, wait: 2s}}
          - {{id: floods, run: wc -c, stdin: '${{{{ steps.large.outputs.text }}}}',
             check: 'tonumber(result.stdout) == 1000000'}}
"""


def proven(runbook):
    """Its record is sound, whether or not the run has come to its end."""
    verified = runbook("verify", "last")
    assert verified.code in (0, 9) and "FAIL" not in verified.out, verified
    replayed = runbook("replay", "last")
    assert replayed.code in (0, 9) and "the same decisions" in replayed.out, replayed


def apart(runbook, name):
    """The same with a store of its own, for what runs at the same time."""
    one = copy.copy(runbook)
    one.store = os.path.join(runbook.folder, name)
    one.env = {**runbook.env, "RUNBOOK_STORE": one.store}
    return one


def test_f23_a65_a_step_that_stops_its_supervisor_still_ends(runbook):
    runs = {}
    for name, (action, _, _) in STEPS.items():
        text = f"""runbook: stops
defaults: {{timeout: 1s, cwd: {runbook.folder}}}
steps:
  - id: it
    {action}
"""
        one = apart(runbook, name)
        runs[name] = one, one.start("exec", one.write(f"{name}.yaml", text), stderr=subprocess.PIPE, text=True)
    for name, (_, code, status) in STEPS.items():
        one, process = runs[name]
        _, err = process.communicate(timeout=240)
        assert process.returncode == code, (name, err)
        assert one.steps() == {"it": status}, (name, err)
        proven(one)
    assert list(runbook.what_is_left()) == []
    assert runs["once"][0].named("effect.result")[0]["exit"] == 0
    assert runs["works"][0].named("effect.result")[0]["killed"] == "timeout"
    assert len(runs["deaf"][0].named("effect.doubt")) == 1


LONG = """runbook: long
params: {dir: {type: string}}
defaults: {timeout: 5m, cwd: "${{ params.dir }}"}
steps:
  - {id: it, run: 'echo it >> effects; until test -e go; do sleep 0.05; done', on_interrupt: ask}
  - {id: after, run: 'echo after >> effects'}
"""


def left(runbook, number):
    """A step is under way, its interpreter is killed, and its supervisor gets this signal."""
    file = runbook.write("long.yaml", LONG)
    process = runbook.start("exec", file, "-p", f"dir={runbook.folder}", stderr=subprocess.DEVNULL)
    wait_for(lambda: effects_of(runbook.folder + "/effects") == ["it"], 60)
    [supervisor] = supervisors(runbook)
    os.kill(supervisor, number)
    process.kill()
    process.wait()


def test_f23_a_resumed_run_tells_its_supervisor_to_go_on(runbook):
    left(runbook, signal.SIGSTOP)
    runbook.write("go", "")
    done = runbook("resume", "last")
    assert done.code == 0, done
    assert effects_of(runbook.folder + "/effects") == ["it", "after"]
    assert not runbook.named("effect.doubt")
    proven(runbook)


DEAF = """import json, os, signal, socket, sys
os.chdir(sys.argv[1])
os.unlink("supervisor.sock")
listener = socket.socket(socket.AF_UNIX)
listener.bind("supervisor.sock")
listener.listen()
with open("supervisor.pid") as f:
    note = json.load(f)
with open("/proc/self/stat") as f:
    start = int(f.read().rpartition(")")[2].split()[19])
with open("supervisor.pid", "w") as f:
    json.dump({**note, "pids": [os.getpid()], "starts": [start]}, f, sort_keys=True, separators=(",", ":"))
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def deaf(runbook):
    """Stands where the supervisor of the run was, and greets nobody."""
    left(runbook, signal.SIGKILL)
    process = subprocess.Popen(["/usr/bin/python3", "-c", DEAF, runbook.run_folder()], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.communicate()


def test_f23_a_resumed_run_does_not_wait_for_ever_and_hears_a_signal(runbook, deaf):
    process = runbook.start("resume", "last", stderr=subprocess.PIPE, text=True)
    runbook.await_event("run.resumed")
    time.sleep(2)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted while waiting" in err, err
    assert time.monotonic() - began < 30 and deaf.poll() is None
    done = runbook("resume", "last", timeout=240)
    assert done.code == 3 and "in doubt" in done.err, done
    assert deaf.wait(10) == -signal.SIGKILL
    assert effects_of(runbook.folder + "/effects") == ["it"]
    assert list(runbook.what_is_left()) == []
    proven(runbook)


def test_f23_a_second_signal_ends_a_step_that_has_stopped_its_supervisor(runbook):
    text = f"""runbook: stops
defaults: {{timeout: 1h, cwd: {runbook.folder}}}
steps:
  - {{id: it, run: 'touch begun; kill -STOP $PPID; sleep 300'}}
"""
    process = runbook.start("exec", runbook.write("stops.yaml", text), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: os.path.exists(runbook.folder + "/begun"), 60)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    runbook.await_event("signal.received", level=1)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and time.monotonic() - began < 12, err     # less than the grace and some
    assert runbook.named("effect.result")[0]["killed"] == "request"
    assert list(runbook.what_is_left()) == []
    proven(runbook)


def test_f23_a_large_request_does_not_hang_on_a_stopped_supervisor(runbook):
    done = runbook("exec", runbook.write("flood.yaml", FLOOD.format(folder=runbook.folder)), timeout=240)
    assert done.code == 0, done
    assert set(runbook.steps().values()) == {"passed"}
    proven(runbook)
