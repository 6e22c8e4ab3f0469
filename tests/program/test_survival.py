"""kill -9 of interpreter and supervisor together at random moments of the migration, as a power
cut would: nobody saw how a step ended. Then resume: the same end, no completed effect twice, none
in doubt repeated without a decision, and nothing of an earlier attempt goes on beside the next."""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from test_crash import has_succeeded
from test_dcmms import MIGRATION, YES, Procedure, assert_sound

KILLS = int(os.environ.get("RUNBOOK_KILLS", "200")) // 4
AT_A_TIME = 25          # in one run, so that each of its moments is hit sooner or later


@pytest.fixture
def procedure(runbook, dcmms):
    return Procedure(runbook, dcmms)


def await_death(process, seconds):
    """The exit code, or None if it still works after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return process.returncode
        time.sleep(0.002)
    return None


def attempts_of(events):
    """(step, attempt) -> names of what happened to it, in order."""
    story = {}
    for event in events:
        if event["type"].startswith("effect.") or event["type"] == "step.decided":
            key = event["d"]["step"], event["d"].get("attempt")
            story.setdefault(key, []).append(event["type"])
    return story


def assert_nothing_happened_twice(runbook):
    events = runbook.events()
    for (step, attempt), story in attempts_of(events).items():
        if attempt is None:
            continue
        begun = story.count("effect.intent") - story.count("effect.unstarted")
        assert begun <= 1, (step, attempt, story)
        assert story.count("effect.result") <= 1, (step, attempt, story)
    passed = [event["d"]["step"] for event in events if event["type"] == "step.passed"]
    assert len(passed) == len(set(passed)), "a step has passed twice"
    doubted = [event["d"] for event in events if event["type"] == "effect.doubt"]
    decided = [event["d"]["step"] for event in events if event["type"] == "step.decided"]
    for doubt in doubted:
        again = (doubt["step"], doubt["attempt"] + 1)
        if again in attempts_of(events):
            assert doubt["step"] in decided, f"{doubt['step']} was repeated without a decision"


def run_with_kills(procedure, dice, kills):
    """Kills it so many times, each time a random moment after it began; returns how many of
    the kills hit it alive."""
    runbook = procedure.runbook
    answers = runbook.write("answers.yaml", YES)
    words = ["exec", MIGRATION, *procedure.words, "--answers", answers]
    hits = 0
    shutil.rmtree(runbook.store, ignore_errors=True)
    while True:
        process = runbook.start(*words, env=procedure.env, stderr=subprocess.DEVNULL)
        moment = dice.uniform(0, 0.5) if hits < kills else 300
        code = await_death(process, moment)
        if code is not None:
            return hits, code
        process.send_signal(signal.SIGKILL)
        process.wait()
        hits += 1
        if dice.random() < 0.5:
            runbook.kill_what_is_left()
        if os.path.exists(os.path.join(runbook.store, "runs")) and runbook_began(runbook):
            if has_succeeded(runbook):      # killed after its end
                return hits, 0
            words = ["resume", "last", "--answers", answers]


def runbook_began(runbook):
    """Is there an event of a run? A run that was cut off before its first one never began."""
    try:
        return bool(runbook.events())
    except (FileNotFoundError, IndexError, ValueError):
        return False


def test_f02_the_migration_survives_without_its_supervisor(procedure, postgres):
    seed = int(os.environ.get("RUNBOOK_SEED", time.time_ns() % 1000000))
    dice = random.Random(seed)
    hits = rounds = 0
    while hits < KILLS:
        rounds += 1
        hit, code = run_with_kills(procedure, dice, AT_A_TIME)
        hits += hit
        assert code == 0, f"seed {seed}, round {rounds}: exit {code}\n" + procedure.runbook("status", "last").out
        assert procedure.applied() == " ".join(f"V{n:03}" for n in range(1, 11))
        assert procedure.sql("SELECT count(*) FROM work_orders") == "1000"
        assert_nothing_happened_twice(procedure.runbook)
        assert_sound(procedure.runbook)
        postgres.psql("postgres", "DROP DATABASE dcmms_demo WITH (FORCE)",
                      "CREATE DATABASE dcmms_demo TEMPLATE dcmms_before")
