"""Guards: what is watched while steps run. The error rate is in a file that a check reads."""

import os
import subprocess
import time

import pytest

from test_shell import in_shell, opens
from test_terminal import Terminal

pytestmark = pytest.mark.usefixtures("every_prefix")

GUARDED = """
runbook: guarded
defaults: {{timeout: 1m}}
params: {{dir: {{type: string, pattern: /.*}}}}
guards:
  - id: rate
    title: Are there few errors?
    check: |
      local seen = fs.read(params.dir .. "/errors")
      if not seen.exists then unknown("there is no data") end
      return tonumber(seen.text) <= 0.05, "too many errors"
    every: 200ms
    trips_after: {after}
    covers: {{from: deploy, to: bake}}
    on_trip: {trip}
steps:
  - {{id: before, run: 'echo before >> ${{{{ params.dir }}}}/log', undo: none}}
  - id: deploy
    run: 'echo deploy >> ${{{{ params.dir }}}}/log; {deploy}'
    undo: {{run: 'echo back >> ${{{{ params.dir }}}}/log'}}
  - {{id: bake, {bake}}}
  - {{id: after, run: 'echo after >> ${{{{ params.dir }}}}/log', undo: none}}
"""


class Guarded:
    def __init__(self, runbook):
        self.runbook = runbook

    def errors(self, rate):
        path = os.path.join(self.runbook.folder, "errors")
        if rate is None:
            os.unlink(path)
            return
        with open(path + ".new", "w") as f:     # at once: half a number is none
            f.write(str(rate))
        os.rename(path + ".new", path)

    def words(self, trip="rollback", deploy="true", bake="2s", after="1s"):
        action = bake if ":" in bake else f"wait: {bake}"
        text = GUARDED.format(trip=trip, deploy=deploy, bake=action, after=after)
        return ["exec", self.runbook.write("guarded.yaml", text), "-p", f"dir={self.runbook.folder}"]

    def start(self, *more, **how):
        return self.runbook.start(*self.words(**how), *more, text=True, stderr=subprocess.PIPE)

    def await_samples(self, count):
        """Until it has looked so often since now."""
        before, deadline = len(self.samples()), time.monotonic() + 60
        while len(self.samples()) < before + count:
            assert time.monotonic() < deadline, "the guard does not look"
            time.sleep(0.05)

    def lines(self):
        return open(os.path.join(self.runbook.folder, "log")).read().split()

    def samples(self):
        return self.runbook.looks()

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown


@pytest.fixture
def guarded(runbook):
    it = Guarded(runbook)
    it.errors(0.01)
    return it


def test_a_guard_that_holds_ends_with_what_it_covers(guarded):
    done = guarded.runbook(*guarded.words(bake="1s"))
    assert done.code == 0 and guarded.lines() == ["before", "deploy", "after"], done
    assert len(guarded.samples()) >= 3 and guarded.runbook.steps()["rate"] == "passed"
    events = [(event["type"], event["d"].get("step")) for event in guarded.runbook.events()]
    assert events.index(("step.began", "rate")) > events.index(("step.passed", "before"))
    assert events.index(("step.passed", "rate")) < events.index(("step.began", "after"))
    guarded.is_sound()


def test_a_guard_that_trips_ends_the_step_and_rolls_back(guarded):
    process = guarded.start(deploy="sleep 60")
    guarded.runbook.await_event("effect.intent", step="deploy")
    guarded.errors(0.2)
    began = time.monotonic()
    _, err = process.communicate(timeout=50)
    assert process.returncode == 5, err
    assert "rate: does not hold" in err and "trips after 1s of that" in err
    assert "rolled back at rate: too many errors" in err
    assert guarded.lines() == ["before", "deploy", "back"]
    assert time.monotonic() - began < 40, "it did not wait for the step"
    [back] = guarded.runbook.named("rollback.began")
    assert back["by"] == "guard" and back["undo"] == ["deploy"]
    assert list(guarded.runbook.what_is_left()) == []
    guarded.is_sound()


def test_a_guard_watches_across_a_wait_and_forgives_a_moment(guarded):
    process = guarded.start(bake="6s")
    guarded.runbook.await_event("wait.began", step="bake")
    guarded.errors(0.2)
    guarded.runbook.await_event("gate.waiting", verdict="fails")
    guarded.errors(0.01)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert {wait["verdict"] for wait in guarded.runbook.named("gate.waiting")} == {"holds", "fails"}
    guarded.is_sound()


def test_a_guard_that_knows_nothing_waits_for_a_person(guarded):
    guarded.errors(None)
    done = guarded.runbook(*guarded.words())
    assert done.code == 3 and "could not be decided" in done.err, done
    assert "after" not in guarded.lines() and "back" not in guarded.lines()
    assert not guarded.runbook.named("rollback.began")
    asked = "the guard rate: there is no data"
    assert f"\nwaits for an answer: {asked}\n" in guarded.runbook("status", "last").out
    assert guarded.runbook.status()["waits_for"]["guard"] is True
    assert asked in guarded.runbook("list").out
    answers = guarded.runbook.write(
        "a.yaml", "answers:\n  rate.failure: {answer: skip, reason: the metrics are down}\n")
    resumed = guarded.runbook("resume", "last", "--answers", answers)
    assert resumed.code == 0 and guarded.lines()[-1] == "after", resumed
    guarded.is_sound()


def test_what_a_guard_cant_tell_lets_nothing_begin(guarded):
    guarded.errors(None)
    looked = os.path.join(guarded.runbook.folder, "looked")
    process = guarded.start(deploy=f"until test -e {looked}; do sleep 0.1; done", bake="500ms", after="10m")
    guarded.runbook.await_event("gate.waiting", verdict="unknown")
    open(looked, "w").close()
    guarded.runbook.await_event("step.passed", step="deploy")
    guarded.await_samples(3)
    assert not [e for e in guarded.runbook.named("step.began") if e["step"] == "bake"]
    guarded.errors(0.01)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 0 and "can't be decided (attempt 1)" in err, err
    assert "nothing is begun until it holds" in err
    assert guarded.lines() == ["before", "deploy", "after"]
    guarded.is_sound()


def test_a_suspended_run_says_that_no_guard_looks_on(guarded):
    done = guarded.runbook(*guarded.words(bake="confirm: Go on?"))
    assert done.code == 3, done
    assert "meanwhile no guard looks on: rate (with --wait the run stays, and they do)" in done.err


def test_a_guard_looks_on_while_an_answer_from_elsewhere_is_awaited(guarded):
    process = guarded.start("--wait", bake="confirm: Go on?")
    guarded.runbook.await_event("question.asked", step="bake")
    guarded.await_samples(3)
    guarded.errors(None)        # what can't be told takes the question from nobody
    guarded.runbook.await_event("gate.waiting", verdict="unknown")
    confirmed = guarded.runbook("confirm", "last", "bake", "--answer", "yes")
    assert confirmed.code == 0, confirmed
    guarded.errors(0.01)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert len(guarded.runbook.named("question.asked")) == 1
    assert guarded.lines() == ["before", "deploy", "after"]
    guarded.is_sound()


def test_a_guard_that_trips_while_somebody_is_asked_rolls_back(guarded):
    process = guarded.start("--wait", bake="confirm: Go on?")
    guarded.runbook.await_event("question.asked", step="bake")
    guarded.errors(0.2)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 5 and "rolled back at rate" in err, err
    assert guarded.lines() == ["before", "deploy", "back"]
    guarded.is_sound()


def test_a_guard_looks_on_and_trips_while_somebody_is_in_a_shell(guarded):
    """The rollback waits for nobody; it is told when the shell is closed, and the question is gone."""
    guarded.runbook.env.update(SHELL="/bin/sh", PS1="PROMPT ")
    person = opens(Terminal(guarded.runbook, *guarded.words(deploy="false")))
    guarded.await_samples(3)
    guarded.errors(0.2)
    guarded.runbook.await_event("run.finished", status="rolled_back")
    assert guarded.lines() == ["before", "deploy", "back"]
    in_shell(person)
    assert "rate" not in person.child.before, person.child.before
    person.types("exit").sees("rate: tripped").sees("rolled back at rate").ends(5)
    assert "how to go on?" not in person.child.before
    assert [e["type"] for e in guarded.runbook.events()
            if e["type"] in ("shell.opened", "rollback.began", "run.finished", "shell.closed")] == [
        "shell.opened", "rollback.began", "run.finished", "shell.closed"]
    guarded.is_sound()


def test_a_guard_that_pauses_lets_nothing_begin_until_it_holds(guarded):
    guarded.errors(0.2)
    process = guarded.start(trip="pause", deploy="sleep 2", bake="500ms")
    guarded.runbook.await_event("gate.waiting", pauses=True)
    guarded.runbook.await_event("step.passed", step="deploy")
    time.sleep(0.5)
    assert not [e for e in guarded.runbook.named("step.began") if e["step"] == "bake"]
    guarded.errors(0.01)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 0 and "nothing is begun until it holds" in err, err
    assert guarded.lines() == ["before", "deploy", "after"]
    guarded.is_sound()


def test_a_guard_that_stops_lets_the_step_end_and_is_asked_about(guarded):
    guarded.errors(0.2)
    done = guarded.runbook(*guarded.words(trip="stop", deploy="sleep 2; echo end >> $PWD/log"),
                           cwd=guarded.runbook.folder)
    assert done.code == 1 and "failed at rate: too many errors" in done.err, done
    assert guarded.lines() == ["before", "deploy", "end"]
    guarded.errors(0.01)
    answers = guarded.runbook.write("a.yaml", "answers:\n  rate.failure: retry\n")
    resumed = guarded.runbook("resume", "last", "--answers", answers)
    assert resumed.code == 0 and guarded.lines()[-1] == "after", resumed
    guarded.is_sound()


def test_f01_a_guard_of_a_run_that_was_killed_looks_on(guarded):
    process = guarded.start(bake="8s")
    guarded.runbook.await_event("wait.began", step="bake")
    guarded.errors(0.2)
    guarded.runbook.await_event("gate.waiting", verdict="fails")
    process.kill()
    process.communicate()
    time.sleep(1.2)         # nobody looked: no time without a break
    resumed = guarded.runbook("resume", "last")
    assert resumed.code == 5, resumed
    events = guarded.runbook.events()
    second = [e for e in events if e["w"] == 2]
    first = next(e for e in second if e["type"] == "eval.result")
    tripped = next(e for e in second if e["type"] == "attempt.failed")
    assert tripped["mono"] - first["mono"] >= 1000000
    assert guarded.lines() == ["before", "deploy", "back"]
    guarded.is_sound()


def test_a_person_rolls_back_when_a_guard_asks(guarded):
    guarded.errors(0.2)
    terminal = Terminal(guarded.runbook, *guarded.words(trip="ask", bake="1m"))
    terminal.sees("too many errors").sees("roll back").types("b").sees("rolled back").ends(5)
    assert guarded.lines() == ["before", "deploy", "back"]
    guarded.is_sound()


def test_f01_a_guard_has_decided_though_the_run_was_killed(guarded):
    """Killed while the step that it covers is being ended: the run is rolled back without a question."""
    guarded.errors(0.2)
    process = guarded.start(deploy="trap \"\" TERM; sleep 30 & wait; sleep 30; echo end")
    guarded.runbook.await_event("step.halted", step="rate")
    process.kill()
    process.communicate()
    resumed = guarded.runbook("resume", "last")
    assert resumed.code == 5, resumed
    assert not guarded.runbook.named("question.asked")
    assert guarded.lines() == ["before", "deploy", "back"]
    assert list(guarded.runbook.what_is_left()) == []
    guarded.is_sound()


def test_slow_checks_of_steps_hold_up_no_guard(guarded):
    """More gates than there are workers, each of which takes its time to look."""
    gates = "".join(f"      - {{id: g{i}, gate: {{check: 'sh.exec{{\"sleep\", \"3\"}}.ok', every: 1s}}}}\n" for i in range(6))
    text = GUARDED.format(trip="rollback", deploy="true", bake="wait: 500ms", after="1s").replace(
        "  - {id: bake", "  - id: gates\n    parallel:\n" + gates + "  - {id: bake")
    done = guarded.runbook("exec", guarded.runbook.write("slow.yaml", text), "-p", f"dir={guarded.runbook.folder}")
    assert done.code == 0, done
    events = guarded.runbook.events()
    began = next(e["mono"] for e in events if e["d"].get("step") == "g0")
    ended = next(e["mono"] for e in events if e["type"] == "step.passed" and e["d"].get("step") == "g0")
    samples = [e["mono"] for e in events if e["type"] == "eval.result" and e["d"]["step"] == "rate"]
    between = [at for at in samples if began < at < ended]
    assert ended - began >= 3000000 and len(between) >= 5, [at - began for at in samples]
    guarded.is_sound()
