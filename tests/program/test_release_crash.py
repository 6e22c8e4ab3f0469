"""kill -9 at random moments of a release with branches, a guard, a loop that bears failures, a rollback
and last steps: nothing is done, taken back or ended more often than its class and the decisions allow.

Every effect writes its key into a file outside of the store; what is in doubt is answered by that."""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from conftest import resume_prefixes
from test_crash import sound, supervisors, was_created

ROUNDS = int(os.environ.get("RUNBOOK_ROUNDS", "24"))
SEED = int(os.environ.get("RUNBOOK_SEED", "20261129"))
FATES = ["nothing", "one", "hosts", "health", "guard", "undo", "person"]

# Some write at once and work on, some write last: a kill between finds either.
BOOK = """
runbook: counted
title: A release that is counted where it arrives
params: {{fate: {{type: string}}}}
vars: {{log: {0}/log}}
defaults: {{timeout: 30s, cwd: {0}}}
on_failure: rollback
guards:
  - id: rate
    check: return tonumber(fs.read("{0}/errors").text) <= 0.05, "too many errors"
    every: 100ms
    trips_after: 300ms
    covers: {{from: sides, to: bake}}
    on_trip: rollback
steps:
  - id: schema
    run: echo schema >> log; sleep 0.05
    undo:
      - id: drop
        run: |
          test ${{{{ params.fate }}}} != undo || test -e mended
          echo drop >> log; sleep 0.03
      - {{id: dropped, gate: {{check: 'fs.read(vars.log).text:find("drop\\n", 1, true) ~= nil', every: 50ms, timeout: 10s}}}}
  - id: sides
    limit: 2
    parallel:
      - id: left
        run: sleep 0.08; echo left >> log
        undo: {{run: 'sleep 0.03; echo left.undo >> log'}}
      - id: right
        steps:
          - id: probed
            run: sleep 0.04; echo probed >> log; sleep 0.04
            probe: fs.read(vars.log).text:find("probed\\n", 1, true) ~= nil
            undo: {{run: 'echo probed.undo >> log; sleep 0.03'}}
          - id: checked
            run: echo checked >> log
            check: sh.exec{{"grep", "-qx", "checked", vars.log}}.ok
            undo: {{run: echo checked.undo >> log}}
      - id: again
        idempotent: true
        on_interrupt: rerun
        run: echo again >> log; sleep 0.1
        undo: {{run: 'echo again.undo >> log; sleep 0.03', idempotent: true, on_interrupt: rerun}}
  - id: hosts
    for_each: [0, 1, 2, 3]
    as: n
    limit: 2
    max_failures: 2
    steps:
      - id: drain
        run: echo "drain[${{{{ n }}}}]" >> log; sleep 0.03
        undo: {{run: 'sleep 0.02; echo "drain.undo[${{{{ n }}}}]" >> log'}}
      - id: restart
        run: |
          sleep 0.04; echo "restart[${{{{ n }}}}]" >> log
          case "${{{{ params.fate }}}} ${{{{ n }}}}" in "hosts "[13] | "one 1") false ;; esac
        undo: {{run: 'echo "restart.undo[${{{{ n }}}}]" >> log; sleep 0.02'}}
  - {{id: bake, wait: 500ms}}
  - id: health
    run: |
      case ${{{{ params.fate }}}} in health | undo) false ;; esac
    undo: none
    idempotent: true
    on_interrupt: rerun
    on_failure: [{{id: collect, run: echo collect >> log; sleep 0.03}}]
  - id: later
    run: echo later >> log
    undo: {{run: echo later.undo >> log}}
finally:
  - {{id: unlock, run: sleep 0.03; echo unlock >> log}}
  - {{id: tell, run: echo tell >> log; sleep 0.03}}
"""
HOSTS = [f"{what}[{n}]" for what in ("drain", "restart") for n in range(4)]
FORWARD = ["schema", "left", "probed", "checked", "again", *HOSTS, "later"]
UNDOES = {step: "drop" if step == "schema" else step.replace("[", ".undo[") if "[" in step else step + ".undo"
          for step in FORWARD}
LAST = ["unlock", "tell"]
# Those that may run again without a person.
IDEMPOTENT = ["again", "again.undo"]
OVER = {"succeeded": 0, "rolled_back": 5}


class Release:
    """One run, from its beginning to its end, with the kills of one round."""

    def __init__(self, campaign, number):
        self.runbook, self.told = campaign.runbook, campaign.told
        self.dice = random.Random(f"{SEED}/{number}")
        self.fate = FATES[number % len(FATES)]
        self.killed = collections.Counter()
        for name in ("log", "mended"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        self.runbook.write("errors", "0.2" if self.fate == "guard" else "0.01")
        self.runbook.write("log", "")
        shutil.rmtree(self.runbook.store, ignore_errors=True)
        self.first = ["exec", self.runbook.write("counted.yaml", BOOK.format(self.runbook.folder)),
                      "-p", f"fate={self.fate}", "--no-input"]

    def path(self, name):
        return os.path.join(self.runbook.folder, name)

    def log(self):
        with open(self.path("log")) as f:
            return f.read().split()

    # Killing

    def kill_supervisors(self):
        for pid in supervisors(self.runbook):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def kill(self, process):
        """The interpreter, its supervisor, or both; then sometimes also what the steps have started.
        Whether the interpreter is dead."""
        victim = self.dice.choice(["interpreter", "interpreter", "supervisor", "both", "all"])
        self.told["killed"] += 1
        self.told[victim] += 1
        self.killed[victim] += 1
        if victim != "supervisor":
            process.send_signal(signal.SIGKILL)
        if victim != "interpreter":
            self.kill_supervisors()
        if victim == "all":
            self.runbook.kill_what_is_left()
        if victim == "supervisor":
            return False
        process.wait()
        return True

    def ask_for_rollback(self):
        """A person changes her mind while the run is under way."""
        asked = self.runbook("cancel", "last", "--rollback", "--reason", "wrong version",
                             cwd=self.runbook.folder)
        assert asked.code in (0, 2, 3, 5, 8), asked
        if asked.code in (0, 5):
            self.fate = "asked"
        self.told["asked to roll back"] += asked.code in (0, 5)

    def run(self, words, longest):
        """Its exit code, or None where it was killed."""
        process = self.runbook.start(*words, cwd=self.runbook.folder, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                return process.wait(timeout=self.dice.uniform(0.02, longest))
            except subprocess.TimeoutExpired:
                if self.fate == "person" and was_created(self.runbook):
                    self.ask_for_rollback()
                elif self.kill(process):
                    return None
        pytest.fail("it works on and on")

    # Deciding

    def answer(self, question):
        step, kind = question["step"], question["kind"]
        self.told[f"asked about {kind}"] += 1
        if kind == "undo":      # of the step that it takes back
            undone = next((s for s, undo in UNDOES.items() if step in (undo, s + ".undo")), None)
            word = "undo" if undone in self.log() else "leave"
            return step, {"answer": word, "reason": "counted"}
        count = self.log().count(step)
        if kind == "doubt" and step not in IDEMPOTENT:
            assert count in (0, 1), f"{step} was done {count} times"
        if kind == "failure" and self.fate == "undo" and step == "drop":
            self.runbook.write("mended", "")
        return f"{step}.{kind}", {"answer": "done" if count else "retry", "reason": "counted"}

    def answers(self):
        """To all that is asked, by the count."""
        asked = {question["step"]: question for question in self.runbook.named("question.asked")}
        given = dict(self.answer(question) for question in asked.values())
        return self.runbook.write("answers.yaml", json.dumps({"answers": given}))

    # The whole

    def end(self):
        """Of the last line alone, which may be cut off: how the run ended, or None."""
        with open(os.path.join(self.runbook.run_folder(), "journal.jsonl"), "rb") as f:
            last = f.readlines()[-1]
        try:
            event = json.loads(last)
        except ValueError:
            return None
        return event["d"]["status"] if event["type"] == "run.finished" else None

    def bring_to_its_end(self):
        words, longest = self.first, 1.0
        for tries in range(1, 200):
            code = self.run(words, longest * (1 + tries / 10))
            if not was_created(self.runbook):
                assert self.log() == [], "an effect without a record"
                shutil.rmtree(self.runbook.store, ignore_errors=True)
                words = self.first
                continue
            if self.end() in OVER:
                assert code in (None, OVER[self.end()]), code
                return
            assert code in (None, 3, 6), (code, self.end())
            words = ["resume", "last", "--no-input"]
            if code is not None:
                self.told[f"stood still with {code}"] += 1
                words += ["--answers", self.answers()]
        pytest.fail("it was killed again and again and never came to its end")

    # Judging

    def may_be_done(self, step):
        """How often, with what was decided without a person."""
        decided = [d for d in self.runbook.named("step.decided")
                   if d["step"] == step and d.get("by") == "idempotent"]
        return 1 + len(decided)

    def judge_counts(self):
        counts = collections.Counter(self.log())
        known = {*FORWARD, *UNDOES.values(), *LAST, "collect"}
        assert set(counts) <= known, counts
        for step, count in counts.items():
            assert count <= self.may_be_done(step), f"{step} was done {count} times"
        for step in LAST:
            assert counts[step] == 1, f"{step} of finally was done {counts[step]} times"
        return counts

    def began(self, step):
        """Was there an intent of it that may have come to something?"""
        events = self.runbook.events()
        kinds = [e["type"] for e in events if e["d"].get("step") == step]
        return kinds.count("effect.intent") > kinds.count("effect.unstarted")

    def judge_undoes(self, counts):
        for step, undo in UNDOES.items():
            if counts[undo]:
                assert self.began(step), f"{undo} without {step}"
        log = self.log()
        undoes = set(UNDOES.values())
        back = next((at for at, name in enumerate(log) if name in undoes), len(log))
        assert not set(log[back:]) & {*FORWARD}, f"something was done while it was taken back: {log}"

    def judge_rollback(self, counts):
        """All that was done is taken back, the newest first."""
        for step, undo in UNDOES.items():
            assert bool(counts[undo]) >= bool(counts[step]), f"{step} was left: {self.log()}"
        [began] = self.runbook.named("rollback.began")
        order = [UNDOES[step] for step in began["undo"] if step in UNDOES]
        done = list(dict.fromkeys(name for name in self.log() if name in order))
        assert done == [undo for undo in order if undo in done], (done, order)

    def failed_hosts(self):
        """Those that were to fail, but for one that was in doubt and called done."""
        doomed = {"one": {"restart[1]"}, "hosts": {"restart[1]", "restart[3]"}}.get(self.fate, set())
        return doomed - {d["step"] for d in self.runbook.named("step.passed") if d.get("overridden")}

    def judge_success(self, counts):
        assert not any(counts[undo] for undo in UNDOES.values()), self.log()
        assert all(counts[step] for step in FORWARD), counts
        [end] = self.runbook.named("run.finished")
        assert end.get("failed", 0) == len(self.failed_hosts()), end

    def judge(self):
        end, counts = self.end(), self.judge_counts()
        self.judge_undoes(counts)
        if self.fate == "asked" and not self.runbook.named("signal.received"):
            self.fate = "person"        # its last steps began between the question and the answer
        if end == "rolled_back":
            assert self.fate not in ("nothing", "one"), self.fate
            self.judge_rollback(counts)
        else:
            # A watch begins anew with each resume, and a wish may come too late.
            assert self.fate in ("nothing", "one", "guard", "person") or (
                self.fate == "hosts" and len(self.failed_hosts()) < 2), self.fate
            self.judge_success(counts)
        assert len(self.runbook.named("last.began")) == 1
        self.told[f"{self.fate}: {end}"] += 1
        sound(self.runbook)
        resume_prefixes(self.runbook, 12)


class Campaign:
    def __init__(self, runbook):
        self.runbook, self.told = runbook, collections.Counter()

    def round(self, number):
        release = Release(self, number)
        try:
            release.bring_to_its_end()
            release.judge()
        except BaseException:
            print(f"RUNBOOK_SEED={SEED} round {number}, fate {release.fate}, killed {dict(release.killed)}")
            print("log:", " ".join(release.log()))
            raise


def test_f01_f02_a_release_that_is_killed_again_and_again(runbook):
    campaign = Campaign(runbook)
    began = time.monotonic()
    number = 0
    try:
        for number in range(ROUNDS):
            campaign.round(number)
    finally:
        print(f"{number + 1} rounds in {time.monotonic() - began:.0f} s: "
              f"{json.dumps(dict(sorted(campaign.told.items())))}")
    assert campaign.told["killed"] >= ROUNDS / 2
