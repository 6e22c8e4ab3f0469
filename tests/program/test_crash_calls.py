"""The real binary, killed before any system call that it makes, and with any of them failing. Which
calls those are is taken from a run of it. Whatever happens there, three things hold: nothing is done
more often than it may be, nothing that was shown is missing on record, and `verify` calls nothing
sound that isn't. RUNBOOK_CALLS=N tries N places of each call, and the examples as well."""

import glob
import json
import os
import random
import shutil
import signal
import subprocess

import pytest

from conftest import ROOT, is_sanitized, whole
from syscalls import NEVER_FAIL, errors_of, places, some
from test_crash import THREE, effects_of, sound, was_created

SEED = os.environ.get("RUNBOOK_SEED", "20261129")
CALLS = os.environ.get("RUNBOOK_CALLS")
PARTS = range(3)
MOST_RESUMES = 6
KILLED, ABORTED = (-signal.SIGKILL, 128 + signal.SIGKILL), (-signal.SIGABRT, 128 + signal.SIGABRT)


class Three:
    """Three steps, of which each writes its name where the test sees it."""

    waits_for = 0

    def __init__(self, runbook):
        self.runbook, self.count = runbook, 0
        self.file = runbook.write("three.yaml", THREE.replace("sleep 0.2", "sleep 0.05"))

    def begin(self):
        self.count += 1
        self.effects = os.path.join(self.runbook.folder, f"effects.{self.count}")
        return ["exec", self.file, "-p", f"effects={self.effects}"]

    def answers(self):
        """Whoever is asked looks, and says what is."""
        done = effects_of(self.effects)
        said = {step: "done" if step in done else "retry" for step in ("one", "two", "three")}
        return "".join(f"  {step}.doubt: {{answer: {answer}, reason: looked}}\n"
                       for step, answer in said.items())

    def done_too_often(self):
        done = effects_of(self.effects)
        return sorted({step for step in done if done.count(step) > 1})

    def nothing_done(self):
        return effects_of(self.effects) == []


class Example:
    """An example as it is crashed elsewhere (tests/crash/scenes.c); the programs that it starts are
    seen by what is preloaded into it."""

    def __init__(self, runbook, scene):
        self.runbook, self.scene, self.waits_for = runbook, scene, scene["code"]
        self.world = os.path.join(runbook.folder, "world")
        self.log = os.path.join(runbook.folder, "spawned")
        spy = os.path.join(runbook.folder, "spawned.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O", "-o", spy,
                        os.path.join(ROOT, "tests", "tools", "spawned.c")], check=True)
        runbook.env.update(LD_PRELOAD=spy, SPAWNED=self.log, HOME=self.world,
                           PATH=f"{self.world}/bin:" + runbook.env["PATH"])
        self.undisturbed = None    # what is started when nothing goes wrong, once that is known

    def begin(self):
        shutil.rmtree(self.world, ignore_errors=True)
        os.makedirs(os.path.join(self.world, "bin"))
        work = os.path.join(self.world, "work")
        mktemp = os.path.join(self.world, "bin", "mktemp")
        with open(mktemp, "w") as f:
            f.write(f"#!/bin/sh\nmkdir -p {work} && echo {work}\n")
        os.chmod(mktemp, 0o700)
        if os.path.exists(self.log):
            os.remove(self.log)
        words = [word[:-1] + self.world if word.endswith("@") else word for word in self.scene["words"]]
        answers = self.runbook.write("answers.yaml", "answers:\n" + self.answers())
        return ["exec", self.scene["file"], "--answers", answers, *words]

    def answers(self):
        return self.scene["answers"] + "".join(f'  "{step}.doubt": [{", ".join(["retry"] * 5)}]\n'
                                               for step in self.scene["doubts"])

    def started(self):
        with open(self.log) if os.path.exists(self.log) else open(os.devnull) as f:
            return f.read().splitlines()

    def done_too_often(self):
        """More often than undisturbed, but for looks, and for what somebody decided to do again."""
        if self.undisturbed is None:
            return []
        events = journal(self.runbook)
        looks = {"\x1f".join(asked["req"]["argv"]).replace("\n", " ")
                 for event in events if event["type"] == "eval.result"
                 for asked in event["d"].get("evidence", []) if asked["call"] == "sh.exec"}
        decided = sum(event["type"] in ("retry.scheduled", "step.decided") or
                      event["type"] == "question.answered" and event["d"].get("answer") == "retry"
                      for event in events)
        started = [line for line in self.started() if line not in looks and
                   not line.startswith("/proc/self/exe\x1flook\x1f") and
                   not line.startswith(tuple(self.scene["repeats"]))]
        return sorted({line for line in started
                       if started.count(line) > self.undisturbed.count(line) + decided})

    def nothing_done(self):
        return self.started() == []


def journal(runbook):
    """As far as it is a record: behind a line that is torn there is none."""
    events = []
    if not was_created(runbook):
        return events
    with open(os.path.join(runbook.run_folder(), "journal.jsonl"), "rb") as f:
        for line in f:
            try:
                event = json.loads(line) if line.endswith(b"\n") else {}
            except ValueError:
                break
            if event.get("seq") != len(events):
                break
            events.append(event)
    return whole(events)


def events_in(text):
    """Those that were shown whole."""
    lines = [line for line in text.split("\n")[:-1] if line.startswith("{")]
    return [event for event in map(json.loads, lines) if "seq" in event]


def plain(value):
    """What is on record as it is shown: without what marks a kind of value."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) in (["$number"], ["$int"]):
        return float(*value.values())
    return {name[1:] if name.startswith("$$") else name: plain(item) for name, item in value.items()}


def same(shown, recorded):
    return all(shown.get(name) == plain(recorded.get(name)) for name in ("type", "t", "d"))


class Trial:
    """A run under a fault, and what becomes of it."""

    def __init__(self, subject, trace="all", inject=""):
        self.subject, self.runbook, self.shown = subject, subject.runbook, []
        self.name = f"seed {SEED}: {trace}:{inject}"
        self.log = os.path.join(self.runbook.folder, "calls")
        shutil.rmtree(self.runbook.store, ignore_errors=True)
        self.words = [*subject.begin(), "--output", "json", "--no-input"]
        self.done = self.runbook.strace(*self.words, trace=trace, inject=inject, log=self.log)
        self.note(self.done.stdout)

    def was_failed(self):
        with open(self.log, errors="replace") as f:
            return "(INJECTED)" in f.read()

    def was_killed(self):
        return self.done.returncode in KILLED

    def is_finished(self):
        return any(event["type"] == "run.finished" for event in journal(self.runbook))

    def note(self, out):
        """What was shown is on record, word for word, and `verify` does not take another one for it."""
        self.shown += events_in(out)
        events = journal(self.runbook)
        lost = [event for event in self.shown
                if not (event["seq"] < len(events) and same(event, events[event["seq"]]))]
        code = self.runbook("verify", "last").code if events else None
        assert not lost, f"{self.name}: verify exits with {code}, shown and not on record: {lost}"
        assert code != 0 or self.is_finished(), f"{self.name}: verify calls an open record sound"
        assert not self.subject.done_too_often(), f"{self.name}: {self.subject.done_too_often()}"

    def goes_on(self):
        """Resumed, or begun anew where nothing is on record, until it has ended."""
        for _ in range(MOST_RESUMES):
            if self.is_finished():
                break
            answers = self.runbook.write("answers.yaml", "answers:\n" + self.subject.answers())
            if journal(self.runbook):
                words = ["resume", "last", "--answers", answers, "--output", "json", "--no-input"]
            else:
                assert self.subject.nothing_done(), f"{self.name}: an effect without a record"
                words = self.words
            last = self.runbook(*words)
            self.note(last.out)
        assert self.is_finished(), f"{self.name}: it does not come to its end: {last}"
        sound(self.runbook)


def baseline(subject):
    """The places of a run to which nothing happens, once it has to do with its store."""
    trial = Trial(subject)
    assert trial.done.returncode == subject.waits_for, trial.done
    assert trial.is_finished()
    if isinstance(subject, Example):
        subject.undisturbed = subject.started()
        assert subject.undisturbed, "nothing was seen to start"
    return places(trial.log, subject.runbook.store)


def chosen(runbook, kinds, part):
    """The kinds of this part; the sanitizers see some of them, since each run takes long."""
    kinds = sorted(kinds)[part::len(PARTS)]
    return random.Random(f"{SEED}:{part}").sample(kinds, 4) if is_sanitized(runbook.binary) else kinds


def met(of_kind, place, attempt):
    """The trial of this place, or, as a run may make fewer calls of a kind than another, of one before
    it; None: none of them was met."""
    before = [at for at in of_kind if at.nth < place.nth]
    for at in [place, *before[::-1][:3], of_kind[0]]:
        trial = attempt(at)
        if trial:
            return trial
    return None


def killed_at(subject, place):
    trial = Trial(subject, place.name, f"signal=KILL:when={place.nth}")
    assert trial.was_killed() or trial.done.returncode == subject.waits_for, (trial.name, trial.done)
    return trial if trial.was_killed() else None


def failed_at(subject, place, error, for_ever):
    trial = Trial(subject, place.name, f"error={error}:when={place.nth}{'+' if for_ever else ''}")
    code = trial.done.returncode
    assert 0 <= code < 128 or code in ABORTED, (trial.name, trial.done)
    return trial if trial.was_failed() else None


def kill_each(subject, part, most):
    """Returns how often it was killed."""
    found, kills = baseline(subject), 0
    for kind in chosen(subject.runbook, found, part):
        for place in some(found[kind], most, random.Random(f"{SEED}:{kind}")):
            trial = met(found[kind], place, lambda at: killed_at(subject, at))
            assert trial, f"it was never killed at {kind}, of which there were {found[kind]}"
            trial.goes_on()
            kills += 1
            if isinstance(subject, Three):
                assert effects_of(subject.effects) == ["one", "two", "three"], trial.name
    return kills


def how_long(kind, error, rng):
    """Only once or for ever; an interrupted call is made again, for ever if need be."""
    if error == "EINTR":
        return [False]
    return [False, True] if "journal" in kind else [rng.random() < 0.5]


def fail_each(subject, part, most):
    """Returns how often something failed, and how often libuv gave up the process for that."""
    found, failures, aborted = baseline(subject), 0, 0
    for kind in chosen(subject.runbook, filter(errors_of, found), part):
        rng = random.Random(f"{SEED}:{kind}")
        for error in errors_of(kind):
            for place in some(found[kind], most, rng):
                for for_ever in how_long(kind, error, rng):
                    trial = met(found[kind], place,
                                lambda at: failed_at(subject, at, error, for_ever))
                    assert trial, f"{kind} never failed, of which there were {found[kind]}"
                    trial.goes_on()
                    failures += 1
                    aborted += trial.done.returncode in ABORTED
    return failures, aborted


@pytest.mark.parametrize("part", PARTS)
def test_f01_killed_before_each_kind_of_call(runbook, part):
    print(kill_each(Three(runbook), part, int(CALLS or "2")))


@pytest.mark.parametrize("part", PARTS)
def test_f10_f11_each_kind_of_call_fails(runbook, part):
    print(fail_each(Three(runbook), part, int(CALLS or "1")))


def test_every_call_of_a_run_is_known(runbook):
    """As one that can fail, and with what, or as one that can't."""
    unknown = [kind for kind in baseline(Three(runbook))
               if kind.split()[0] not in NEVER_FAIL and not errors_of(kind)]
    assert not unknown


# Two ask services that count what arrives, and one waits for signatures.
NOT_ALONE = ["12-review.yaml", "14-approve.yaml", "20-requests.yaml"]
EXAMPLES = sorted({os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "examples", "*.yaml"))
                   if ".answers." not in path} - {*NOT_ALONE})


def scene_of(binary, file):
    tool = os.path.join(os.path.dirname(binary), "tests", "crash", "crash")
    scenes = json.loads(subprocess.run([tool, "--scenes"], check=True, stdout=subprocess.PIPE).stdout)
    found = [scene for scene in scenes
             if scene["file"] == f"examples/{file}" and not scene["signed"] and not scene["service"]]
    assert found, f"{file} is no run from its begin to its end: tests/crash/scenes.c"
    return found[0]


def test_each_example_that_can_be_tried_has_a_scene(binary):
    assert len(EXAMPLES) > 10
    for file in EXAMPLES:
        assert scene_of(binary, file)["file"] == f"examples/{file}"


@pytest.mark.parametrize("file", [*NOT_ALONE, "no-example.yaml"])
def test_what_has_no_scene_is_an_error(binary, file):
    with pytest.raises(AssertionError, match="is no run from its begin to its end"):
        scene_of(binary, file)


if CALLS:       # long: RUNBOOK_CALLS says how many places of each call
    @pytest.mark.parametrize("file", EXAMPLES)
    def test_calls_of_an_example(runbook, file):
        subject = Example(runbook, scene_of(runbook.binary, file))
        print(file, [(kill_each(subject, part, int(CALLS)), *fail_each(subject, part, int(CALLS)))
                     for part in PARTS])
