"""kill -9 of `resume` itself, by the numbers of the faults: each time the next one goes on."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from test_crash import effects_of, go_on, has_succeeded, sound, wait_for, was_created
from test_faults import ALL, trial  # noqa: F401


class Killed:
    """A run that was killed after its second effect, to be had again and again."""

    def __init__(self, trial):      # noqa: F811
        self.runbook = trial.runbook
        self.kept = os.path.join(self.runbook.folder, "kept")
        # Which one is between the two differs from run to run.
        for attempt in range(80):
            trial.begin()
            self.effects = trial.effects
            self.runbook.killed_at("fdatasync", 1 + attempt % 8, *trial.words)
            self.at_rest()
            if self.is_between():
                break
        assert self.is_between()
        shutil.copytree(self.runbook.store, self.kept, ignore=shutil.ignore_patterns("*.sock"))

    def is_between(self):
        return (was_created(self.runbook) and effects_of(self.effects) == ["one", "two"]
                and "two" in [event["step"] for event in self.runbook.named("step.passed")])

    def at_rest(self):
        wait_for(lambda: list(self.runbook.what_is_left()) == [], 60)

    def again(self, cut=0):
        """As it was, less some bytes of its journal; returns that and what was cut off a line."""
        shutil.rmtree(self.runbook.store)
        shutil.copytree(self.kept, self.runbook.store)
        with open(self.effects, "w") as f:
            f.write("one\ntwo\n")
        self.journal = os.path.join(self.runbook.run_folder(), "journal.jsonl")
        os.truncate(self.journal, os.path.getsize(self.journal) - cut)
        with open(self.journal, "rb") as f:
            self.tail = f.read().rpartition(b"\n")[2]

    def ends_well(self):
        go_on(self.runbook)
        assert effects_of(self.effects) == ALL
        writers = [event["w"] for event in self.runbook.events()]
        assert writers == sorted(writers) and set(writers) == set(range(1, writers[-1] + 1))
        resumed = [event for event in self.runbook.events() if event["type"] == "run.resumed"]
        assert len(resumed) == writers[-1] - 1
        sound(self.runbook)


@pytest.fixture
def killed(trial):      # noqa: F811
    return Killed(trial)


@pytest.mark.parametrize("call", ["write", "fdatasync", "sendto", "epoll_wait", "epoll_pwait"])
def test_f03_killed_while_it_resumes_and_again(killed, call):
    for nth in range(1, 200):
        killed.again()
        died = [not has_succeeded(killed.runbook) and killed.runbook.killed_at(call, nth, "resume", "last")
                for _ in range(3)]
        killed.at_rest()
        killed.ends_well()
        if not died[0]:
            break
    assert 1 < nth < 199 or call.startswith("epoll")


def test_f04_killed_while_it_repairs_the_tail(killed):
    kills = {}
    for call in ("write", "fsync", "fdatasync", "ftruncate"):
        for nth in range(1, 60):
            killed.again(cut=30)
            before = os.path.getsize(killed.journal)
            if not killed.runbook.killed_at(call, nth, "resume", "last"):
                break
            kills[call] = nth
            torn = [name for name in os.listdir(killed.runbook.run_folder()) if ".torn." in name]
            with open(killed.journal, "rb") as f:
                still_there = f.read(before).endswith(killed.tail)
            if not still_there:     # then its copy is
                [copy] = [os.path.join(killed.runbook.run_folder(), name) for name in torn]
                with open(copy, "rb") as f:
                    assert f.read() == killed.tail
            killed.at_rest()
            killed.ends_well()
            [recovered] = killed.runbook.named("tail.recovered") or [{"bytes": None}]
            assert recovered["bytes"] in (len(killed.tail), None)
    assert kills["ftruncate"] == 1 and kills["fsync"] >= 3, kills


def test_f01_a_stop_by_a_person_is_asked_about_again_after_a_kill(runbook):
    text = """runbook: stopped
defaults: {{timeout: 1m}}
steps:
  - id: both
    parallel:
      - {{id: breaks, on_failure: ask, run: "exit 3"}}
      - id: right
        steps:
          - {{id: slow, run: "sleep 3"}}
          - {{id: last, run: "touch {0}/last"}}
""".format(runbook.folder)
    answers = runbook.write("a.yaml", "answers:\n  breaks.failure: stop\n")
    process = runbook.start("exec", runbook.write("s.yaml", text), "--answers", answers)
    runbook.await_event("step.halted", step="breaks")
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 4, done
    assert [event["step"] for event in runbook.named("question.asked")] == ["breaks", "breaks"]
    assert runbook.named("run.suspended")[-1]["step"] == "breaks"
    assert not os.path.exists(os.path.join(runbook.folder, "last"))
    assert runbook("verify", "last").code == 9     # sound as far as it goes


PAUSED = """runbook: paused
defaults: {timeout: 1m}
steps:
  - {id: wait, wait: 1s}
  - {id: once, exec: [sh, -c, 'echo done >> "$0"', "${{ params.ledger }}"]}
params: {ledger: {type: string, pattern: '/.*'}}
"""


def test_f49_a_paused_writer_that_was_taken_over_starts_nothing(runbook):
    """Its lock is held for as long as it is there; somebody removes the file all the same."""
    ledger = os.path.join(runbook.folder, "ledger")
    paused = runbook.start("exec", runbook.write("paused.yaml", PAUSED), "-p", "ledger=" + ledger)
    runbook.await_event("wait.began")
    time.sleep(0.3)     # it has its place among the runs, whose lock it holds for that
    os.kill(paused.pid, signal.SIGSTOP)
    assert runbook("resume", "last").code == 8
    os.unlink(os.path.join(runbook.run_folder(), "lock"))
    taken_over = runbook("resume", "last")
    assert taken_over.code == 0, taken_over
    before = runbook.events()
    os.kill(paused.pid, signal.SIGCONT)
    assert paused.wait(30) == 74
    assert runbook.events() == before
    assert effects_of(ledger) == ["done"]
    sound(runbook)
