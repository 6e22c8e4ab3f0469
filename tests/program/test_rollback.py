"""Taking back what was done: `undo`, `finally`, `on_failure` with steps, a person's choice, and
`cancel --rollback`. The program is real, and so are the kills."""

import json
import os
import shutil
import signal
import time

import pytest

from test_terminal import Terminal

pytestmark = pytest.mark.usefixtures("every_prefix")

RELEASE = """
runbook: release
defaults: {timeout: 1m}
on_failure: rollback
params:
  log: {type: string, pattern: /.*}
  bad: {type: string, default: nothing}
steps:
  - id: look
    run: echo look >> ${{ params.log }}; echo 42
    outputs: {number: 'result.stdout:match("%d+")'}
    undo: none
  - id: schema
    run: echo schema >> ${{ params.log }}
    undo:
      run: |
        test ${{ params.bad }} != undo || test -e ${{ params.log }}.mended
        echo "back schema ${{ steps.look.outputs.number }}" >> ${{ params.log }}
  - id: both
    parallel:
      - id: left
        run: echo left >> ${{ params.log }}
        undo: {run: 'echo "back left" >> ${{ params.log }}'}
      - id: right
        run: sleep 0.2; echo right >> ${{ params.log }}
        undo: {run: 'echo "back right" >> ${{ params.log }}'}
  - id: hosts
    for_each: [a, b]
    as: host
    run: echo "host ${{ host }}" >> ${{ params.log }}
    undo:
      - {id: drain, run: 'echo "drain ${{ host }}" >> ${{ params.log }}'}
      - {id: remove, run: 'echo "back ${{ host }}" >> ${{ params.log }}'}
  - id: health
    run: test ${{ params.bad }} = nothing
    undo: none
    on_failure: [{id: collect, run: 'echo collect >> ${{ params.log }}'}]
  - id: later
    run: echo later >> ${{ params.log }}
    undo: {run: 'echo "back later" >> ${{ params.log }}'}
finally:
  - {id: unlock, run: 'echo unlock >> ${{ params.log }}'}
"""
BACK = ["collect", "drain b", "back b", "drain a", "back a", "back right", "back left", "back schema 42"]


class Release:
    def __init__(self, runbook):
        self.runbook, self.log = runbook, os.path.join(runbook.folder, "log")
        self.file = runbook.write("release.yaml", RELEASE)

    def words(self, bad):
        return ["exec", self.file, "-p", f"log={self.log}", "-p", f"bad={bad}"]

    def run(self, bad="health", code=5, **more):
        done = self.runbook(*self.words(bad), **more)
        assert done.code == code, done
        return done

    def lines(self):
        return open(self.log).read().split("\n")[:-1] if os.path.exists(self.log) else []

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown


@pytest.fixture
def release(runbook):
    return Release(runbook)


def test_what_was_started_is_taken_back_the_newest_first(release):
    done = release.run()
    begun = release.lines()[:-9]
    assert sorted(begun) == ["host a", "host b", "left", "look", "right", "schema"], begun
    assert release.lines()[-9:] == BACK + ["unlock"]
    assert "rolled back at health" in done.err and "runbook resume" not in done.err
    steps = release.runbook.steps()
    assert steps["schema"] == steps["hosts"] == "undone" and steps["later"] == "pending"
    release.is_sound()
    again = release.runbook("resume", "last")
    assert again.code == 2 and "rolled back" in again.err and "begin anew" in again.err
    assert "rolled back" in release.runbook("list").out
    cancelled = release.runbook("cancel", "--rollback", "last")
    assert cancelled.code == 2, cancelled


def test_nothing_is_taken_back_of_what_went_well(release):
    release.run("nothing", code=0)
    assert not [line for line in release.lines() if line.startswith("back")]
    assert release.lines()[-1] == "unlock"
    release.is_sound()


def test_an_undo_that_fails_stops_and_is_gone_on_with(release):
    done = release.run("undo", code=6)
    assert "ROLLBACK INCOMPLETE at schema.undo" in done.err
    assert "NOT TAKEN BACK: schema" in done.err and "runbook resume" in done.err
    assert "unlock" not in release.lines(), "the last steps wait for the end"
    [end] = release.runbook.named("run.finished")
    assert end["left"] == ["schema"] and end["exit"] == 6
    release.is_sound()
    still = release.runbook("resume", "last")
    assert still.code == 6 and "ROLLBACK INCOMPLETE at schema.undo: exit code 1" in still.err, still
    assert "NOT TAKEN BACK: schema" in still.err and "runbook resume" in still.err
    assert len(release.runbook.named("effect.intent")) == len(set(map(str, release.runbook.named("effect.intent"))))
    release.is_sound()
    release.runbook.write("log.mended", "")
    answers = release.runbook.write("a.yaml", "answers:\n  schema.undo.failure: retry\n")
    resumed = release.runbook("resume", "last", "--answers", answers)
    assert resumed.code == 5, resumed
    assert release.lines()[-2:] == ["back schema 42", "unlock"]
    assert release.lines().count("back a") == 1
    release.is_sound()


def test_kill_at_any_moment_of_a_rollback_takes_nothing_back_twice(release):
    runbook, kills = release.runbook, 0
    for call in ("fdatasync", "sendto"):
        for nth in range(1, 200, 2):
            shutil.rmtree(runbook.store, ignore_errors=True)
            if os.path.exists(release.log):
                os.unlink(release.log)
            done = runbook.strace(*release.words("health"), trace=call,
                                  inject=f"signal=KILL:when={nth}")
            if done.returncode == 5:
                break
            assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done
            if not os.path.isdir(os.path.join(runbook.store, "runs")):
                continue
            kills += 1
            resumed = runbook("resume", "last")
            assert resumed.code in (2, 5), (call, nth, resumed)
            if resumed.code == 2:       # of the run there was nothing yet, or it was over
                assert release.lines()[-1:] in ([], ["unlock"]), (call, nth, resumed)
                continue
            assert release.lines()[-9:] == BACK + ["unlock"], (call, nth)
            assert len(set(release.lines())) == len(release.lines()) == 15, (call, nth)
            release.is_sound()
    assert kills > 15, kills


SLOW = """
runbook: slow
defaults: {{timeout: 1m}}
steps:
  - id: first
    run: echo first >> {0}
    undo: {{run: 'echo "back first" >> {0}'}}
  - id: second
    run: sleep 1; echo second >> {0}
    undo: {{run: 'echo "back second" >> {0}'}}
  - {{id: ask, title: Is it right?}}
"""


def test_cancel_with_rollback_takes_back_a_run_under_way(release):
    runbook = release.runbook
    process = runbook.start("exec", runbook.write("slow.yaml", SLOW.format(release.log)))
    runbook.await_event("effect.intent", step="second")
    asked = runbook("cancel", "last", "--rollback", "--reason", "wrong version")
    assert asked.code == 0 and "asked to roll back after its step" in asked.out, asked
    assert process.wait(timeout=60) == 5
    assert release.lines() == ["first", "second", "back second", "back first"]
    [began] = runbook.named("rollback.began")
    assert began["by"] == "person" and began["undo"] == ["second", "first"]
    [signalled] = runbook.named("signal.received")
    assert signalled["name"] == "rollback" and signalled["reason"] == "wrong version"
    assert (began["who"], began["reason"]) == (signalled["by"], "wrong version")
    for told in (runbook("status", "last").out, runbook("logs", "last").out):
        assert f"asked for by {signalled['by']}: wrong version" in told, told
    release.is_sound()


def test_a_rollback_that_was_cancelled_is_gone_on_with(release):
    """What was asked for has been done: whoever goes on is not stopped by it again."""
    runbook = release.runbook
    process = runbook.start("exec", runbook.write("slow.yaml", f"""runbook: slow
defaults: {{timeout: 1m}}
steps:
  - {{id: one, run: 'true', undo: {{run: 'echo back one >> {release.log}'}}}}
  - {{id: two, run: 'true', undo: {{run: 'sleep 2; echo back two >> {release.log}'}}}}
  - {{id: bad, run: 'false', on_failure: rollback}}
"""))
    runbook.await_event("effect.intent", step="two.undo")
    assert runbook("cancel", "last").code == 0
    assert process.wait(timeout=60) == 6
    assert release.lines() == ["back two"]
    assert runbook("resume", "last").code == 5
    assert release.lines() == ["back two", "back one"]
    release.is_sound()


def test_a_request_to_roll_back_survives_a_kill(release):
    runbook = release.runbook
    process = runbook.start("exec", runbook.write("slow.yaml", SLOW.format(release.log)))
    runbook.await_event("effect.intent", step="second")
    assert runbook("cancel", "last", "--rollback").code == 0
    runbook.await_event("signal.received", level=1)
    process.kill()
    process.wait()
    resumed = runbook("resume", "last")
    assert resumed.code == 5, resumed
    assert release.lines() == ["first", "second", "back second", "back first"]
    release.is_sound()


def test_cancel_with_rollback_takes_back_a_run_that_waits(release):
    runbook = release.runbook
    done = runbook("exec", runbook.write("slow.yaml", SLOW.format(release.log)))
    assert done.code == 3, done
    back = runbook("cancel", "last", "--rollback")
    assert back.code == 5, back
    assert release.lines() == ["first", "second", "back second", "back first"]
    release.is_sound()


def test_a_rollback_that_comes_too_late_is_refused(release):
    """Who asks has to know that nothing is taken back: the last steps run, or the undoes."""
    runbook = release.runbook
    text = SLOW.format(release.log).replace("  - {id: ask, title: Is it right?}\n", "").replace(
        "echo \"back first\"", "sleep 1; echo \"back first\"") + "finally: [{id: last, run: sleep 1}]\n"
    process = runbook.start("exec", runbook.write("slow.yaml", text))
    runbook.await_event("last.began")
    late = runbook("cancel", "last", "--rollback")
    assert late.code == 2 and "has come to its last steps" in late.err, late
    assert process.wait(timeout=60) == 0
    release.is_sound()
    shutil.rmtree(runbook.store)
    process = runbook.start("exec", runbook.write("slow.yaml", text))
    runbook.await_event("effect.intent", step="second")
    assert runbook("cancel", "last", "--rollback").code == 0
    runbook.await_event("effect.intent", step="first.undo")
    late = runbook("cancel", "last", "--rollback")
    assert late.code == 2 and "is being rolled back already" in late.err, late
    assert process.wait(timeout=60) == 5
    release.is_sound()


def test_a_person_chooses_to_roll_back(release):
    terminal = Terminal(release.runbook, *release.words("health"))
    terminal.sees("exit code 1, expected 0").sees("roll back").types("b")
    terminal.sees("rolls back at health").sees("rolled back at health").ends(5)
    assert release.lines()[-9:] == BACK + ["unlock"]
    [answer] = release.runbook.named("question.answered")
    assert answer["answer"] == "rollback" and answer["by"]
    release.is_sound()


def test_a_person_who_stops_a_rollback_is_told_what_is_left(release):
    terminal = Terminal(release.runbook, *release.words("undo"))
    terminal.sees("health: how to go on?").types("b")
    terminal.sees("schema.undo: how to go on?").sees("stop, resume later").types("t")
    terminal.sees("ROLLBACK INCOMPLETE at schema.undo: stopped by ")
    terminal.sees("NOT TAKEN BACK: schema").sees("runbook resume").ends(6)
    release.is_sound()
    release.runbook.write("log.mended", "")
    answers = release.runbook.write("a.yaml", "answers:\n  schema.undo.failure: retry\n")
    assert release.runbook("resume", "last", "--answers", answers).code == 5
    assert release.lines()[-2:] == ["back schema 42", "unlock"]
    release.is_sound()


def test_a_rollback_is_offered_only_where_there_is_something_to_take_back(release):
    text = "runbook: none\ndefaults: {timeout: 1m}\nsteps: [{id: a, run: exit 1}]\n"
    terminal = Terminal(release.runbook, "exec", release.runbook.write("none.yaml", text))
    terminal.sees("stop, resume later").types("b").sees("is none of").types("t").ends(4)
    assert "roll back" not in terminal.all()


DOUBT = """
runbook: doubt
defaults: {{timeout: 1m}}
on_failure: rollback
steps:
  - id: it
    run: sleep 0.5; echo it >> {0}; sleep 30
    on_interrupt: fail
    undo: {{run: 'echo "back it" >> {0}'}}
"""


@pytest.mark.parametrize("word, code, lines", [("undo", 5, ["back it"]), ("leave", 5, [])])
def test_f01_what_is_in_doubt_is_taken_back_only_by_decision(release, word, code, lines):
    runbook = release.runbook
    process = runbook.start("exec", runbook.write("doubt.yaml", DOUBT.format(release.log)))
    runbook.await_event("effect.intent", step="it")
    time.sleep(0.2)
    process.kill()
    process.wait()
    runbook.kill_what_is_left()
    waits = runbook("resume", "last")
    assert waits.code == 3 and "which answers it.doubt" in waits.err, waits
    answers = runbook.write("b.yaml", "answers:\n  it.doubt: rollback\n")
    waits = runbook("resume", "last", "--answers", answers)
    assert waits.code == 3 and "nobody can say whether it was done at all" in waits.err, waits
    assert "THE ROLLBACK IS NOT COMPLETE; NOT TAKEN BACK: it" in waits.err, waits
    answers = runbook.write("a.yaml", f"answers:\n  it.undo: {{answer: {word}, reason: seen}}\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == code, done
    assert [line for line in release.lines() if "back" in line] == lines
    release.is_sound()


def test_the_last_steps_run_once_whatever_happened(release):
    text = """runbook: last
defaults: {{timeout: 1m}}
on_failure: [{{id: collect, run: 'echo collect >> {0}'}}]
steps: [{{id: it, run: "exit 3"}}, {{id: next, run: 'echo next >> {0}'}}]
finally:
  - {{id: one, run: 'echo one >> {0}; exit 1'}}
  - {{id: two, run: 'echo two >> {0}'}}
""".format(release.log)
    done = release.runbook("exec", release.runbook.write("last.yaml", text))
    assert done.code == 1 and release.lines() == ["collect", "one", "two"], done
    [end] = release.runbook.named("run.finished")
    assert end["step"] == "it" and end["last_failed"] == 1
    again = release.runbook("resume", "last")
    assert again.code == 2 and release.lines() == ["collect", "one", "two"], again
    release.is_sound()


FLEET = """
runbook: fleet
defaults: {timeout: 1m}
on_failure: rollback
steps:
  - id: hosts
    for_each: [web-1, {name: db-1}]
    as: host
    steps:
      - id: ports
        for_each: [80, 443]
        as: port
        run: "true"
        undo: {run: 'echo ${{ port }}; exit ${{ host == "web-1" and port == 443 and 1 or 0 }}'}
  - {id: fails, run: "false", undo: none}
"""


def test_what_is_left_of_a_loop_is_named_by_its_elements(runbook):
    """Nobody knows by heart which host is the second; an element that has no short name keeps its number."""
    done = runbook("exec", runbook.write("fleet.yaml", FLEET))
    assert done.code == 6, done
    assert ("to be taken back, in this order: ports[1][1] (443), ports[1][0] (80), ports[0][1] (web-1, 443), "
            "ports[0][0] (web-1, 80)") in done.err, done
    [began] = runbook.named("rollback.began")
    assert began["undo"] == ["ports[1][1]", "ports[1][0]", "ports[0][1]", "ports[0][0]"]
    assert runbook.named("run.finished")[-1]["left"] == runbook.status()["left"] == ["ports[0][1]", "ports[0][0]"]
    for words in (done.err, runbook("status", "last").out):
        assert "NOT TAKEN BACK: ports[0][1] (web-1, 443), ports[0][0] (web-1, 80)" in words, words
    for command in ("verify", "replay"):
        assert runbook(command, "last").code == 0


WAY = """
runbook: way
defaults: {timeout: 1m}
steps:
  - {id: look, exec: [cat, /etc/hostname], undo: none}
  - {id: one, run: echo one, undo: {run: echo back one}}
  - {id: two, run: echo two}
  - {id: group, undo: {run: echo back group}, steps: [{id: three, run: echo three}]}
  - {id: four, run: echo four}
finally:
  - {id: last, run: echo last}
"""


def of_step(text, name):
    """What the plan says of one step: its line, and those below it."""
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.strip().startswith(name + " "))
    depth = len(lines[at]) - len(lines[at].lstrip())
    end = next(i for i in range(at + 1, len(lines))
               if not lines[i].strip() or len(lines[i]) - len(lines[i].lstrip()) <= depth)
    return "\n".join(lines[at:end])


def test_plan_shows_the_way_back_and_where_there_is_none(runbook):
    """Each undo below its step, what writes and has none, and the first of those: from there on nothing
    brings back what was."""
    path = runbook.write("way.yaml", WAY)
    text = runbook("plan", path).out
    assert "a rollback runs each `undo` of what was started, the newest first\n" in text
    assert "point of no return: two writes, and has no undo\n" in text
    assert "no undo wanted" in of_step(text, "look") and "NO UNDO" not in of_step(text, "look")
    assert "echo back one" in of_step(text, "one.undo") and "takes it back" in of_step(text, "one.undo")
    for name in ("one", "three", "last"):
        assert "NO UNDO" not in of_step(text, name), text
    for name in ("two", "four"):
        assert "NO UNDO" in of_step(text, name), text
    planned = json.loads(runbook("plan", path, "--output", "json").out)
    steps = {step["id"]: step for step in planned["steps"]}
    assert planned["no_return"] == "two"
    assert {name for name, step in steps.items() if step.get("lacks_undo")} == {"two", "four"}
    assert steps["one"]["undo"] == "one.undo" and steps["one.undo"]["undoes"] == "one"


NONE = """
runbook: way
defaults: {timeout: 1m}
environments: {staging: {}, production: {}}
steps:
  - {id: look, http: {url: "https://example.org/"}}
  - {id: one, run: echo one}
  - {id: group, steps: [{id: two, run: echo two}]}
  - {id: part, call: part.yaml}
finally: [{id: last, run: echo last}]
"""
PART = "runbook: part\ndefaults: {timeout: 1m}\nsteps: [{id: three, run: echo three}]\n"


def test_no_way_back_at_all_is_told_in_production(runbook):
    """Once by `check`, whatever the number of steps; by `plan` at each, and where it begins."""
    runbook.write("part.yaml", PART)
    path = runbook.write("way.yaml", NONE)
    told = runbook("check", path, "-e", "production")
    assert told.code == 0 and told.err.count("RB0525") == 1, told
    assert "nothing takes back what `one` and 2 more do\n" in told.err, told
    assert runbook("check", path).err.count("RB0525") == 1
    text = runbook("plan", path, "-e", "production").out
    assert ("\nthere is no way back: no step has an `undo`\n"
            "point of no return: one writes, and has no undo\n") in text, text
    assert text.count("NO UNDO") == 3 and "NO UNDO" in of_step(text, "one"), text
    assert json.loads(runbook("plan", path, "-e", "production", "--output", "json").out)["no_return"] == "one"
    assert runbook("check", path, "-e", "staging").err == ""
    assert "way back" not in runbook("plan", path, "-e", "staging").out


def test_no_way_back_is_not_told_where_there_is_nothing_to_take_back(runbook):
    runbook.write("part.yaml", PART.replace("three}", "three, undo: none}"))
    path = runbook.write("way.yaml", NONE.replace("echo one", "echo one, undo: none")
                         .replace("id: group", "id: group, undo: none"))
    told = runbook("check", path, "-e", "production")
    assert (told.code, told.err) == (0, ""), told
    assert "way back" not in runbook("plan", path, "-e", "production").out


def test_plan_has_no_point_of_no_return_where_all_is_taken_back_or_nothing_is(runbook):
    whole = WAY.replace("  - {id: two, run: echo two}\n", "").replace("  - {id: four, run: echo four}\n", "")
    none = "runbook: way\ndefaults: {timeout: 1m}\nsteps: [{id: two, run: echo two}]\n"
    for text, back in ((whole, True), (none, False)):
        path = runbook.write("way.yaml", text)
        said = runbook("plan", path).out
        assert "point of no return" not in said and "NO UNDO" not in said, said
        assert ("a rollback runs each `undo`" in said) == back, said
        assert "no_return" not in json.loads(runbook("plan", path, "--output", "json").out)


def test_what_has_no_undo_is_named_as_left_in_place(runbook):
    path = runbook.write("left.yaml", """runbook: left
defaults: {timeout: 1m}
steps:
  - {id: one, exec: ['true'], undo: {exec: ['true']}}
  - {id: drop-table, exec: ['true']}
  - {id: look, exec: ['true'], undo: none}
  - {id: each, for_each: [a, b], as: x, exec: ['true']}
  - {id: four, gate: {check: 'false', every: 10ms, timeout: 50ms}, on_failure: rollback}
  - {id: five, exec: ['true']}
""")
    done = runbook("exec", path, "--no-input")
    assert done.code == 5 and "; left as they are, without an undo: drop-table, each; " in done.err, done
    assert "\nleft as they are, without an undo: drop-table, each\n" in runbook("status", "last").out
