"""What `status` and `list` say of how a run and its steps stand, and what `confirm` and `cancel` do with
a run that has ended."""

import re
import subprocess

import pytest

from people import approve

ASKS = """runbook: asks
defaults: {timeout: 1m}
steps:
  - {id: before, run: 'true'}
  - {id: both, steps: [{id: sure, title: Is it quiet?}, {id: after, run: 'true'}]}
"""


def words(runbook):
    """Id of each step -> the word that `status` has for it."""
    lines = re.findall(r"^  (\S+(?: run)?) +(\S+)(?: .*)?$", runbook("status", "last").out.split("\n\n")[1], re.M)
    return {step: word for word, step in lines}


def answers(runbook, *lines):
    return "--answers", runbook.write("a.yaml", "answers:\n" + "".join(f"  {line}\n" for line in lines))


def is_over_and_asks_nothing(runbook):
    assert words(runbook) == {"before": "passed", "both": "cancelled", "sure": "cancelled", "after": "not run"}
    text, shown = runbook("status", "last").out, runbook.status()
    assert "waits for" not in text and "confirm" not in text, text
    assert "waits_for" not in shown and shown["questions"] == []
    assert runbook.steps()["sure"] == "cancelled"
    late = runbook("confirm", "last", "sure", "--answer", "yes")
    assert late.code == 2 and "has ended: cancelled" in late.err, late


def test_a_run_that_was_cancelled_asks_nothing_any_more(runbook):
    assert runbook("exec", runbook.write("asks.yaml", ASKS)).code == 3
    assert "waits for an answer: Is it quiet?" in runbook("status", "last").out
    assert runbook("cancel", "last").code == 0
    is_over_and_asks_nothing(runbook)


def test_nor_does_one_that_was_cancelled_while_it_waited(runbook):
    process = runbook.start("exec", runbook.write("asks.yaml", ASKS), "--wait", "--no-input",
                            stderr=subprocess.DEVNULL)
    runbook.await_event("question.asked")
    assert runbook("cancel", "last").code == 0
    assert process.wait(30) == 4
    is_over_and_asks_nothing(runbook)


FAN = """runbook: fan
defaults: {timeout: 1m}
steps:
  - id: roll
    for_each: [a, b, c]
    limit: 2
    MOST
    run: |
      cd FOLDER
      case "${{ item }}" in
        a) until test -e begun-b; do sleep 0.02; done; exit 1 ;;
        b) touch begun-b; until test -e go; do sleep 0.02; done ;;
      esac
"""


@pytest.mark.parametrize("most", ["max_failures: 1", ""])
def test_a_loop_that_failed_is_failed_whichever_element_ended_last(runbook, most):
    text = FAN.replace("FOLDER", runbook.folder).replace("MOST", most or "undo: none")
    process = runbook.start("exec", runbook.write("fan.yaml", text), stderr=subprocess.DEVNULL)
    runbook.await_event("attempt.failed", step="roll[0]")
    runbook.write("go", "")
    assert process.wait(30) == 1
    assert runbook.named("step.passed")[-1]["step"] == "roll[1]"
    assert words(runbook) == {"roll": "failed"} == runbook.steps()
    [roll] = runbook.status()["steps"]
    assert ("elements" in roll) == bool(most)


def test_a_loop_is_under_way_while_an_element_is(runbook):
    text = FAN.replace("FOLDER", runbook.folder).replace("MOST", "undo: none").replace("exit 1", "true")
    process = runbook.start("exec", runbook.write("fan.yaml", text), stderr=subprocess.DEVNULL)
    runbook.await_event("step.passed", step="roll[2]")
    assert words(runbook) == {"roll": "active"} == runbook.steps()
    runbook.write("go", "")
    assert process.wait(30) == 0
    assert words(runbook) == {"roll": "passed"} == runbook.steps()


BACK = """runbook: back
defaults: {timeout: 1m}
on_failure: rollback
steps:
  - id: hosts
    for_each: [a, b, c]
    steps:
      - {id: inside, run: 'true', undo: {run: 'test -e FOLDER/mended || test ${{ item }} != b'}}
  - {id: flat, for_each: [a, b, c], run: 'true', undo: {run: 'true'}}
  - {id: bad, run: exit 1, undo: none}
"""


def test_what_is_taken_back_in_part_is_not_undone(runbook):
    file = runbook.write("back.yaml", BACK.replace("FOLDER", runbook.folder))
    assert runbook("exec", file).code == 6
    assert runbook.status()["left"] == ["inside[1]", "inside[0]"]
    assert runbook.steps()["inside"] == words(runbook)["inside"] == "passed"
    assert runbook.steps()["flat"] == words(runbook)["flat"] == "undone"
    assert re.search(r"passed +inside +\(1 of 3 taken back\)\n", runbook("status", "last").out)
    runbook.write("mended", "")
    assert runbook("resume", "last", *answers(runbook, "'inside.undo[1].failure': retry")).code == 5
    assert runbook.steps()["inside"] == words(runbook)["inside"] == "undone"
    assert "taken back" not in runbook("status", "last").out


def test_a_loop_that_is_taken_back_in_part_says_so(runbook):
    text = BACK.replace("undo: {run: 'true'}", "undo: {run: 'test -e FOLDER/mended || test ${{ item }} != b'}")
    assert runbook("exec", runbook.write("back.yaml", text.replace("FOLDER", runbook.folder))).code == 6
    assert re.search(r"passed +flat +\(1 of 3 taken back\)\n", runbook("status", "last").out)


def test_cancel_of_a_run_that_ends_at_once_is_none_that_failed(runbook):
    """Between the request and the look at who is at work on the run."""
    process = runbook.start("exec", runbook.write("asks.yaml", ASKS), "--wait", "--no-input",
                            stderr=subprocess.DEVNULL)
    runbook.await_event("question.asked")
    done = runbook.strace("cancel", "last", trace="fsync", inject="delay_exit=500000")
    assert done.returncode == 0 and "has ended: cancelled" in done.stdout, done
    assert process.wait(30) == 4


TWO = """runbook: two
roles: {tech-lead: [tl@x]}
signers: allowed_signers
steps:
  - id: both
    parallel:
      - {id: api, approve: {roles: [tech-lead], message: Is the API good?}}
      - {id: web, approve: {roles: [tech-lead], message: Is the web good?}}
"""


def test_of_two_approvals_each_is_named_where_it_is_said_how_to_sign(runbook, people):
    people.write("tl@x")
    done = runbook("exec", runbook.write("two.yaml", TWO))
    assert done.code == 3, done
    for told in (done.err, runbook("status", "last").out):
        commands = re.findall(r"to be signed by tech-lead: runbook (approve \S+ --item \S+)\n", told)
        assert {command.split()[-1] for command in commands} == {"api", "web"}, told
    for command in set(commands):
        approve(runbook, people, "tl@x", *command.split()[2:])
        assert runbook("resume", "last").code in (0, 3)
        assert "--item" not in runbook("status", "last").out
    assert runbook.steps()["both"] == "passed"


def test_cancel_of_what_has_ended_says_whether_it_can_be_gone_on_with(runbook):
    back = runbook.write("back.yaml", BACK.replace("FOLDER", runbook.folder))
    failing = runbook.write("fails.yaml", """runbook: fails
defaults: {timeout: 1m}
steps:
  - {id: bad, run: exit 1}
""")
    for file, code, word in ((back, 6, "ROLLBACK INCOMPLETE"), (failing, 1, "failed")):
        assert runbook("exec", file).code == code
        assert "\nto go on: runbook resume " in runbook("status", "last").out
        done = runbook("cancel", "last")
        assert done.code == 2 and f"has ended: {word}; nothing of it is under way" in done.err, done
        assert re.search("`runbook resume r-\\S+` goes on with it", done.err), done
    assert runbook("cancel", "--rollback", "last").code == 0
    done = runbook("cancel", "last")
    assert done.code == 2 and "has ended already: cancelled" in done.err and "resume" not in done.err, done


LAST = """runbook: last
defaults: {timeout: 1m}
steps:
  - {id: first, run: 'true', undo: {run: 'test -e FOLDER/mended'}}
  - {id: bad, run: 'test ${{ params.bad }} = no', undo: none}
  - {id: later, run: 'true', undo: none}
on_failure:
  - {id: tell, run: 'true'}
finally:
  - {id: look, title: Is the page gone?}
  - {id: tidy, steps: [{id: sweep, run: 'true'}, {id: mop, title: Is it dry?}, {id: polish, run: 'true'}]}
  - {id: shut, run: 'true'}
params: {bad: {type: string, default: 'yes'}}
"""


def stands(runbook, **words_of):
    now = words(runbook)
    assert {step: now[step] for step in words_of} == words_of


@pytest.mark.parametrize("bad", ["yes", "no"])
def test_last_steps_that_are_to_come_are_pending(runbook, bad):
    file = runbook.write("last.yaml", LAST.replace("FOLDER", runbook.folder))
    assert runbook("exec", file, "-p", "bad=" + bad).code == 3
    stands(runbook, later="not run" if bad == "yes" else "passed", look="active", tidy="pending",
           sweep="pending", shut="pending")
    assert words(runbook).get("tell") == ("passed" if bad == "yes" else None)
    assert runbook("resume", "last", *answers(runbook, "look: yes")).code == 3
    stands(runbook, look="passed", tidy="active", sweep="passed", mop="active", polish="pending", shut="pending")
    assert runbook("resume", "last", *answers(runbook, "mop: yes")).code == (1 if bad == "yes" else 0)
    stands(runbook, later="not run" if bad == "yes" else "passed", polish="passed", shut="passed")


def test_last_steps_come_after_a_rollback(runbook):
    text = LAST.replace("FOLDER", runbook.folder).replace("\nsteps:", "\non_failure: rollback\nsteps:").replace(
        "on_failure:\n  - {id: tell, run: 'true'}\n", "")
    assert runbook("exec", runbook.write("last.yaml", text)).code == 6
    stands(runbook, later="not run", look="pending", shut="pending")
    runbook.write("mended", "")
    given = answers(runbook, "first.undo.failure: retry", "look: {answer: no, reason: it is up}", "mop: yes")
    assert runbook("resume", "last", *given).code == 5
    stands(runbook, look="failed", polish="passed", shut="passed")
    skipped = "finally:\n  - {id: never, when: 'false', steps: [{id: deep, run: 'true'}]}\n"
    assert runbook("exec", runbook.write("last.yaml", text.replace("finally:\n", skipped))).code == 3
    stands(runbook, never="skipped", deep="not run", look="active", shut="pending")
