"""Windows, waits until a time, and results that grow old: with a clock that tests move, so that none waits
for long."""

import datetime
import json
import math
import os
import shutil
import signal
import subprocess
import time

import pytest

from conftest import ROOT
from test_crash import effects_of, sound, wait_for
from test_faults_machine import faketime
from test_terminal import Terminal

SHIM = os.path.join(ROOT, "tests", "tools", "clock_shim.c")
# Monday to Thursday, 09:00 to 16:00 in Berlin; 2026-12-01 is a Tuesday, and Berlin is an hour ahead of UTC.
WINDOW = 'window: {days: [Mon, Tue, Wed, Thu], from: "09:00", to: "16:00", tz: Europe/Berlin, except: [2026-12-24]}'
INSIDE, OUTSIDE = "2026-12-01T10:00:00Z", "2026-12-01T16:00:00Z"
OPENS = "2026-12-02 08:00:00Z"

TWO = f"""
runbook: two
{WINDOW}
defaults: {{timeout: 1m, cwd: FOLDER}}
steps:
  - {{id: one, run: echo one >> effects}}
  - {{id: two, run: echo two >> effects}}
"""


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, SHIM], check=True)
    return str(library)


class Clock:
    """The wall clock and that since the boot, both of which a test moves."""

    def __init__(self, runbook, library):
        self.path = os.path.join(runbook.folder, "clock")
        self.wall = self.boot = 0
        self.put()
        runbook.env.update(LD_PRELOAD=library, CLOCK_SHIM=self.path)
        runbook.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"

    def put(self):
        with open(self.path + ".new", "w") as f:
            f.write(f"{self.wall} {self.boot}\n")
        os.rename(self.path + ".new", self.path)

    def is_now(self, text):
        """Before a run begins."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.wall = math.ceil((datetime.datetime.fromisoformat(text) - now).total_seconds())
        self.put()

    def passes(self, seconds):
        """As when the machine sleeps: both clocks go on."""
        self.wall += seconds
        self.boot += seconds
        self.put()

    def is_set(self, seconds):
        self.wall += seconds
        self.put()

    def later(self, seconds):
        """What a step runs to let so much time pass."""
        return (f"echo {self.wall + seconds} {self.boot + seconds} > {self.path}.new; "
                f"mv {self.path}.new {self.path}")


@pytest.fixture
def clock(runbook, shim):
    return Clock(runbook, shim)


class Trial:
    def __init__(self, runbook, text):
        self.runbook, self.effects = runbook, os.path.join(runbook.folder, "effects")
        self.file = runbook.write("time.yaml", text.replace("FOLDER", runbook.folder))

    def done(self):
        return effects_of(self.effects)

    def run(self, *words, code):
        done = self.runbook("exec", self.file, *words)
        assert done.code == code, done
        return done

    def resumes(self, *words, code):
        done = self.runbook("resume", "last", *words)
        assert done.code == code, done
        return done

    def is_sound(self):
        sound(self.runbook)

    def is_open_and_sound(self):
        for command in ("verify", "replay"):
            assert self.runbook(command, "last").code in (0, 9)
        assert self.runbook("verify", "last").code == 9


@pytest.fixture
def trial(runbook, clock, every_prefix):
    return lambda text=TWO: Trial(runbook, text)


def answers(runbook, **given):
    text = "".join(f"  {name.replace('__', '.')}: {answer}\n" for name, answer in given.items())
    return "--answers", runbook.write("answers.yaml", "answers:\n" + text)


def test_outside_of_its_window_nothing_begins(runbook, clock, trial):
    clock.is_now(OUTSIDE)
    run = trial()
    done = run.run(code=3)
    assert f"is closed and opens at {OPENS}" in done.err and "go on at 2026-12-02 08:00:00Z with: " in done.err
    assert run.done() == [] and not runbook.named("effect.intent")
    [suspended] = runbook.named("run.suspended")
    assert suspended["until"] == 1796198400 * 10**6 and suspended["exit"] == 3
    assert OPENS in runbook("status", "last").out and OPENS in runbook("list").out
    assert runbook.status()["waits_until"] == "2026-12-02T08:00:00.000000Z"
    assert runbook.status()["waits_for"]["kind"] == "window"
    run.is_open_and_sound()
    clock.passes(3600)
    run.resumes(code=3)
    assert run.done() == []
    clock.passes(15 * 3600 + 60)
    run.resumes(code=0)
    assert run.done() == ["one", "two"]
    [evaluation] = [one for one in runbook.named("eval.result") if one["items"][0]["value"]["open"]]
    assert [look["call"] for look in evaluation["evidence"]] == ["time.now", "time.window"]
    assert evaluation["items"][0]["value"] == {"open": True, "since": 1796198400, "until": 1796223600}
    assert "waits_until" not in runbook.status()
    run.is_sound()


def test_a_run_that_waits_for_its_window_can_be_cancelled(runbook, clock):
    clock.is_now(OUTSIDE)
    run = Trial(runbook, TWO)
    run.run(code=3)
    assert runbook("cancel", "last", "--reason", "not today").code == 0
    status = runbook("status", "last").out
    assert "cancelled" in status and "waits" not in status and "resume" not in status
    assert run.done() == []
    run.is_sound()


def test_inside_it_all_goes_on_and_the_record_says_until_when(runbook, clock, trial):
    clock.is_now(INSIDE)
    run = trial()
    run.run(code=0)
    assert run.done() == ["one", "two"]
    assert [one["until"] for one in runbook.named("step.admitted")] == [1796137200 * 10**6] * 2
    assert len([one for one in runbook.named("eval.result") if one["phase"] == "window"]) == 1
    run.is_sound()


def test_a_window_that_closes_lets_the_step_end_and_then_pauses(runbook, clock, trial):
    clock.is_now("2026-12-01T14:59:58Z")
    run = trial(TWO.replace("echo one", "sleep 4; echo one"))
    run.run(code=3)
    assert run.done() == ["one"]
    assert [one["step"] for one in runbook.named("step.admitted")] == ["one"]
    assert runbook.steps() == {"one": "passed", "two": "active"}
    run.is_open_and_sound()
    clock.passes(17 * 3600 + 60)
    run.resumes(code=0)
    assert run.done() == ["one", "two"]
    run.is_sound()


def test_a_short_while_is_waited_for(runbook, clock, trial):
    clock.is_now("2026-12-02T07:59:57Z")
    run = trial()
    done = run.run(code=0)
    assert "is closed and opens at" in done.err
    assert run.done() == ["one", "two"]
    run.is_sound()


def test_a_person_overrides_it_with_a_reason_that_is_seen_ever_after(runbook, clock, trial):
    clock.is_now(OUTSIDE)
    run = trial()
    refused = run.run(*answers(runbook, one__window="override"), code=3)
    assert run.done() == [] and "needs a reason" in refused.err + json.dumps(runbook.named("question.unanswered"))
    run.resumes(*answers(runbook, one__window="{answer: override, reason: customers are down}"), code=0)
    assert run.done() == ["one", "two"]
    [override] = runbook.named("window.overridden")
    assert override["reason"] == "customers are down" and override["by"] and override["step"] == "one"
    assert override["until"] == 1796198400 * 10**6
    for words in (("status", "last"), ("logs", "last")):
        assert "customers are down" in runbook(*words).out
    ended = next(line for line in runbook("logs", "last").out.split("\n") if "succeeded: 2 passed" in line)
    assert "customers are down" in ended
    assert runbook.status()["overrides"] == [override]
    run.is_sound()


def test_a_terminal_asks_and_goes_on_by_itself_when_it_opens(runbook, clock, trial):
    clock.is_now("2026-12-02T07:59:56Z")
    run = trial()
    terminal = Terminal(runbook, "exec", run.file)
    terminal.sees("is closed").sees("w wait").sees("o override")
    terminal.sees("succeeded")
    terminal.ends(0)
    assert run.done() == ["one", "two"]
    assert not runbook.named("question.answered")
    run.is_sound()


def test_a_terminal_takes_an_override(runbook, clock, trial):
    clock.is_now(OUTSIDE)
    run = trial()
    terminal = Terminal(runbook, "exec", run.file)
    terminal.sees("is closed").sees("? help")
    terminal.types("o customers are down").sees("overridden").sees("succeeded")
    terminal.ends(0)
    assert run.done() == ["one", "two"]
    run.is_sound()


def test_a_terminal_waits_and_ctrl_c_leaves(runbook, clock, trial):
    clock.is_now(OUTSIDE)
    run = trial()
    terminal = Terminal(runbook, "exec", run.file)
    terminal.sees("is closed").sees("? help").types("w").sees("waiting for its window, until")
    terminal.presses_ctrl_c()
    terminal.ends(130)
    assert run.done() == []
    terminal = Terminal(runbook, "resume", "last")
    terminal.sees("is closed").sees("? help").types("t")
    terminal.ends(4)
    assert run.done() == []
    clock.passes(17 * 3600)
    run.resumes(code=0)
    run.is_sound()


def test_the_window_of_an_environment_and_of_a_group(runbook, clock, trial):
    clock.is_now(OUTSIDE)
    text = f"""
runbook: layers
environments:
  staging: {{}}
  production: {{{WINDOW}}}
defaults: {{timeout: 1m, cwd: FOLDER}}
steps:
  - {{id: one, run: echo one >> effects}}
  - id: group
    when: environment == "staging"
    window: {{days: [Fri], tz: Europe/Berlin}}
    steps:
      - {{id: two, run: echo two >> effects}}
"""
    run = trial(text)
    assert "closed" in run.run("-e", "production", code=3).err and run.done() == []
    done = run.run("-e", "staging", code=3)
    assert run.done() == ["one"] and "group: asks: the window (Fri 00:00 to 24:00" in done.err
    planned = runbook("plan", run.file, "-e", "production").out
    assert "begins only in its window: Mon, Tue, Wed, Thu 09:00 to 16:00 in Europe/Berlin" in planned
    assert "begins only in its window: Fri 00:00 to 24:00 in Europe/Berlin" in planned


FREEZE = f"""
runbook: freeze
params:
  release: {{type: time, help: When the release begins}}
defaults: {{timeout: 1m, cwd: FOLDER}}
steps:
  - {{id: announce, run: echo announce >> effects}}
  - {{id: begins, wait: {{until: "${{{{ params.release }}}} - 48h"}}}}
  - {{id: freeze, run: echo freeze >> effects}}
  - {{id: over, wait: {{until: "${{{{ params.release }}}}"}}}}
  - {{id: release, run: echo release >> effects}}
  - {{id: evening, wait: {{until: "22:00 - 30m", tz: Europe/Berlin}}}}
  - {{id: done, run: echo done >> effects}}
"""
RELEASE = ("-p", "release=2026-12-07T10:00:00+01:00")


def test_a_code_freeze_of_two_days_is_one_run(runbook, clock, trial):
    clock.is_now("2026-12-04T09:00:00Z")
    run = trial(FREEZE)
    done = run.run(*RELEASE, code=3)
    assert "suspended at begins: it waits until 2026-12-05 09:00:00Z" in done.err
    assert runbook.status()["waits_until"] == "2026-12-05T09:00:00.000000Z"
    assert "it waits until 2026-12-05 09:00:00Z" in runbook("list").out
    clock.passes(22 * 3600)
    run.resumes(code=3)
    clock.passes(2 * 3600)
    run.resumes(code=3)
    assert run.done() == ["announce", "freeze"]
    clock.passes(48 * 3600)
    run.resumes(code=3)
    assert run.done() == ["announce", "freeze", "release"]
    assert runbook.named("wait.began")[-1]["at"] == 1796675400 * 10**6        # 21:30 in Berlin
    clock.passes(12 * 3600)
    run.resumes(code=0)
    assert run.done() == ["announce", "freeze", "release", "done"]
    run.is_sound()


def test_what_is_no_time_is_refused_before_anything_runs(runbook, clock, trial):
    run = trial(FREEZE)
    for wrong in ("tomorrow", "10:00", "2026-12-07T10:00:00", "2026-12-07T10:00:00Z - 48h"):
        done = run.run("-p", f"release={wrong}", code=2)
        assert "has to be a time like 2025-11-22T23:00:00Z" in done.err
    done = run.run(*RELEASE, "--wait-at-most", "3", code=2)
    assert "--wait-at-most: \"3\" is not a duration" in done.err
    assert not os.path.exists(runbook.store)


def test_how_long_a_process_waits_is_said(runbook, clock, trial):
    clock.is_now("2026-12-04T09:00:00Z")
    run = trial(FREEZE.replace("- 48h", "- 72h + 3s"))
    assert run.run(*RELEASE, "--wait-at-most", "1s", code=3).err.count("waits until") == 2
    run.resumes("--wait-at-most", "10s", code=3)
    assert run.done() == ["announce", "freeze"]


def test_f37_a_machine_that_sleeps_during_a_wait(runbook, clock, trial):
    """In the living process: time goes on while it sleeps, and so does the run when it is awake."""
    clock.is_now("2026-12-04T09:00:00Z")
    run = trial(FREEZE)
    process = runbook.start("exec", run.file, *RELEASE, "--wait-at-most", "30d", stderr=subprocess.DEVNULL)
    for step, seconds in (("begins", 24 * 3600), ("over", 48 * 3600), ("evening", 13 * 3600)):
        runbook.await_event("wait.began", step=step)
        clock.passes(seconds)
        runbook.await_event("step.passed", seconds=10, step=step)
    assert process.wait(60) == 0
    assert run.done() == ["announce", "freeze", "release", "done"]
    assert not runbook.named("clock.set")
    run.is_sound()


def test_f35_a_clock_that_jumps_has_the_window_looked_at_again(runbook, clock, trial):
    """By libfaketime, two hours forth, out of the window, while a step works: it ends, and no other begins."""
    clock.is_now("2026-12-01T14:00:00Z")
    run = trial(TWO.replace("echo one", "until test -e go; do sleep 0.05; done; echo one"))
    env = {**faketime(runbook), "ASAN_OPTIONS": runbook.env["ASAN_OPTIONS"], "CLOCK_SHIM": ""}
    runbook.write("clock", f"{clock.wall:+d}")
    process = runbook.start("exec", run.file, env=env, stderr=subprocess.PIPE, text=True)
    runbook.await_event("effect.intent")
    os.rename(runbook.write("clock.new", f"{clock.wall + 7200:+d}"), clock.path)
    set_by = runbook.await_event("clock.set")["by_us"]
    assert abs(set_by - 7200e6) < 1e6
    runbook.write("go", "")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "the clock of this machine was set forth by 2h00m" in err
    assert "two: asks: the clock was set forth by 2h00m" in err
    assert run.done() == ["one"]


def test_f35_one_that_is_mended_by_a_little_is_believed(runbook, clock, trial):
    """Three minutes back, across the opening: the run waits for the time it really is."""
    clock.is_now("2026-12-02T07:59:50Z")
    run = trial()
    process = runbook.start("exec", run.file, stderr=subprocess.DEVNULL)
    runbook.await_event("question.unanswered")
    clock.is_set(-180)
    runbook.await_event("clock.set")
    wait_for(lambda: len(runbook.named("question.asked")) == 2, 20)
    clock.passes(190)
    assert process.wait(60) == 0
    assert run.done() == ["one", "two"]
    run.is_sound()


@pytest.mark.parametrize("seconds", [-5 * 3600, 16 * 3600])
def test_a29_a_clock_set_into_the_window_opens_nothing(runbook, clock, trial, seconds):
    """After the run was suspended, and resumed on the same boot."""
    clock.is_now(OUTSIDE)
    run = trial()
    run.run(code=3)
    clock.is_set(seconds)
    done = run.resumes(code=3)
    assert ("set back by 5h00m" in done.err or "set back by 4h59m" in done.err) if seconds < 0 else \
        "set forth by 16h00m" in done.err or "set forth by 15h59m" in done.err
    assert run.done() == [] and runbook.named("question.asked")[-1]["cause"] == "clock"
    verified = runbook("verify", "last").out
    assert "the clock was set back" in verified or seconds > 0
    run.resumes(*answers(runbook, one__window="{answer: override, reason: NTP was down}"), code=0)
    assert run.done() == ["one", "two"]
    assert "NTP was down" in runbook("status", "last").out
    run.is_sound()                      # that it was set back is told, and is no finding
    assert ("PASS" in next(line for line in runbook("verify", "last").out.split("\n")
                           if "the clock was set back" in line)) if seconds < 0 else True


def test_a29_a_clock_set_back_while_the_run_goes_on(runbook, clock, trial):
    clock.is_now(INSIDE)
    run = trial(TWO.replace("echo one >> effects",
                            f"echo one >> effects; echo {clock.wall - 7200} 0 > clock.new; mv clock.new clock"))
    done = run.run(code=3)
    assert "the clock was set back by 2h00m" in done.err and run.done() == ["one"]


def zones(runbook, name, source):
    """A tzdata in which Berlin has the rules of another place."""
    folder = os.path.join(runbook.folder, name, "Europe")
    os.makedirs(folder)
    shutil.copy(os.path.join("/usr/share/zoneinfo", source), os.path.join(folder, "Berlin"))
    return {"TZDIR": os.path.dirname(folder)}


def test_f36_another_tzdata_replays_the_same(runbook, clock, trial):
    """In Berlin it is 16:30, in New York, whose rules the other one has, 10:30."""
    clock.is_now("2026-12-01T15:30:00Z")
    run = trial()
    run.run(code=3)
    runbook.env.update(zones(runbook, "other", "America/New_York"))
    run.resumes(code=3)                 # what was found out counts until it is over
    clock.passes(17 * 3600)             # 03:30 there, 09:30 here
    done = run.resumes(code=3)
    assert "opens at 2026-12-02 14:00:00Z" in done.err
    clock.passes(6 * 3600)
    run.resumes(code=0)
    assert run.done() == ["one", "two"]
    looks = [look["outcome"]["out"]["blob"] for one in runbook.named("eval.result") for look in one["evidence"]
             if look["call"] == "time.window"]
    files = {json.load(open(os.path.join(runbook.run_folder(), "blobs", *blob.split(":"))))["zone"]
             for blob in looks}
    assert len(files) == 2
    for folder in ("/usr/share/zoneinfo", runbook.folder):
        runbook.env["TZDIR"] = folder
        run.is_sound()


def test_f36_a_zone_that_is_not_there_opens_nothing(runbook, clock, trial):
    clock.is_now(INSIDE)
    run = trial()
    runbook.env["TZDIR"] = os.path.join(runbook.folder, "none")
    done = run.run(code=3)
    assert "nobody can say whether the window of the run is open" in done.err
    assert "there is no time zone Europe/Berlin here" in done.err
    assert run.done() == []
    del runbook.env["TZDIR"]
    run.resumes(code=0)
    run.is_sound()


def test_a_runbook_of_another_machine_is_told_that_its_zone_is_unknown(runbook, clock, trial):
    run = trial(TWO.replace("Europe/Berlin", "Europe/Berln"))
    done = run.run(code=2)
    assert "RB0261" in done.err and "did you mean `Europe/Berlin`?" in done.err


def killed(runbook, process):
    """With its supervisor, as when the machine goes."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    runbook.kill_what_is_left()
    wait_for(lambda: list(runbook.what_is_left()) == [], 60)


@pytest.mark.parametrize("moment", ["wait.began", "question.unanswered"])
def test_killed_while_it_waits_it_keeps_its_time(runbook, clock, trial, moment):
    if moment == "wait.began":
        clock.is_now("2026-12-04T09:00:00Z")
        run, words, passes, last = trial(FREEZE), RELEASE, 24 * 3600 + 60, "freeze"
    else:
        clock.is_now(OUTSIDE)
        run, words, passes, last = trial(), (), 16 * 3600 + 60, "two"
    process = runbook.start("exec", run.file, *words, "--wait-at-most", "30d", stderr=subprocess.DEVNULL)
    runbook.await_event(moment)
    killed(runbook, process)
    run.resumes(code=3)
    assert last not in run.done()
    clock.passes(passes)
    run.resumes(code=3 if words else 0)
    assert run.done()[-1] == last
    if not words:
        run.is_sound()


def test_f01_killed_at_any_line_nothing_begins_outside_and_nothing_is_done_twice(runbook, clock, trial):
    clock.is_now(INSIDE)
    run = trial()
    for nth in range(1, 40):
        if os.path.exists(run.effects):
            os.unlink(run.effects)
        if not runbook.killed_at("fdatasync", nth, "exec", run.file):
            break
        wait_for(lambda: list(runbook.what_is_left()) == [], 60)
        before = run.done()
        clock.passes(8 * 3600)          # it is evening
        if os.path.isdir(os.path.join(runbook.store, "runs")) and os.listdir(os.path.join(runbook.store, "runs")):
            status = runbook("status", "last")
            if status.code == 0 and "succeeded" not in status.out:
                done = runbook("resume", "last")
                assert done.code in (0, 3) and run.done() == before, (nth, done)
                clock.passes(16 * 3600)
                if done.code == 3:
                    run.resumes(*answers(runbook, one__doubt="{answer: done, reason: seen}",
                                         two__doubt="{answer: done, reason: seen}"), code=0)
            assert run.done() == ["one", "two"], (nth, before)
            run.is_sound()
        shutil.rmtree(runbook.store, ignore_errors=True)
        clock.is_now(INSIDE)
    assert nth >= 4


FRESH = """
runbook: fresh
defaults: {timeout: 2h, cwd: FOLDER}
steps:
  - {id: backup, run: 'echo backup >> effects', fresh_for: 15m}
  - {id: preflight, run: 'echo preflight >> effects; LATER'}
  - {id: migrate, run: 'echo migrate >> effects', needs: [backup]}
  - {id: check, run: 'echo check >> effects', needs: backup}
"""


def test_what_is_too_old_is_made_again_before_the_step_that_needs_it(runbook, clock, trial):
    run = trial(FRESH.replace("LATER", clock.later(20 * 60)))
    done = run.run(code=0)
    assert run.done() == ["backup", "preflight", "backup", "migrate", "check"]
    assert "backup: again: its result is too old for migrate" in done.err
    intents = [(one["step"], one["attempt"]) for one in runbook.named("effect.intent")]
    assert intents == [("backup", 1), ("preflight", 1), ("backup", 2), ("migrate", 1), ("check", 1)]
    assert "its result counts for 15m" in runbook("plan", run.file).out
    assert "before it, what is too old is made again: backup" in runbook("plan", run.file).out
    run.is_sound()


def test_what_is_young_counts(runbook, clock, trial):
    run = trial(FRESH.replace("LATER", clock.later(14 * 60)))
    run.run(code=0)
    assert run.done() == ["backup", "preflight", "migrate", "check"]
    run.is_sound()


def test_while_the_run_is_suspended_results_grow_old(runbook, clock, trial):
    clock.is_now("2026-12-01T14:59:58Z")
    run = trial(FRESH.replace("defaults:", WINDOW + "\ndefaults:").replace("LATER", "sleep 3"))
    run.run(code=3)
    assert run.done() == ["backup", "preflight"]
    clock.passes(17 * 3600 + 60)
    run.resumes(code=0)
    assert run.done() == ["backup", "preflight", "backup", "migrate", "check"]
    run.is_sound()


def test_killed_while_it_is_made_again_it_goes_on_there(runbook, clock, trial):
    text = FRESH.replace("LATER", clock.later(20 * 60)).replace(
        "echo backup >> effects", "echo backup >> effects; test ! -e effects.again || sleep 1; touch effects.again")
    run = trial(text)
    process = runbook.start("exec", run.file, stderr=subprocess.DEVNULL)
    runbook.await_event("effect.intent", step="backup", attempt=2)
    wait_for(lambda: run.done().count("backup") == 2, 20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    run.resumes(code=0)
    assert run.done() == ["backup", "preflight", "backup", "migrate", "check"]
    assert runbook.named("effect.adopted") or runbook.named("effect.result")[2]["attempt"] == 2
    run.is_sound()
