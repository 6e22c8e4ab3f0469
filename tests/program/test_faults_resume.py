"""kill -9 of `resume` itself, by the numbers of the faults: each time the next one goes on."""

import os
import shutil

import pytest

from test_crash import effects_of, go_on, has_succeeded, sound, wait_for
from test_faults import ALL, trial  # noqa: F401


class Killed:
    """A run that was killed after its second effect, to be had again and again."""

    def __init__(self, trial):      # noqa: F811
        self.runbook, self.effects = trial.runbook, trial.effects
        self.kept = os.path.join(self.runbook.folder, "kept")
        for nth in range(1, 40):
            assert self.runbook.killed_at("fdatasync", nth, *trial.words), "it was never there"
            self.at_rest()
            if effects_of(self.effects) == ["one", "two"]:
                break
            shutil.rmtree(self.runbook.store)
            self.forget_effects()
        shutil.copytree(self.runbook.store, self.kept, ignore=shutil.ignore_patterns("*.sock"))

    def at_rest(self):
        wait_for(lambda: list(self.runbook.what_is_left()) == [], 60)

    def forget_effects(self):
        if os.path.exists(self.effects):
            os.unlink(self.effects)

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
