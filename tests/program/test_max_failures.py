"""Loops that bear some failures: which elements fail, when the loop does, what every view says of it,
and that a killed or resumed run comes to the same."""

import os
import signal
import time

import pytest

from test_crash import wait_for
from test_examples import assert_sound
from test_parallel import starts

pytestmark = pytest.mark.usefixtures("every_prefix")

# An element fails until there is a file mended-ELEMENT.
LOOP = """
runbook: rollout
defaults: {{timeout: 1m}}
steps:
  - id: roll
    for_each: [a, b, c, d, e]
    limit: {limit}
    max_failures: {most}
    steps:
      - id: drain
        run: echo "drain-${{{{ item }}}}" >> {folder}/starts
      - id: restart
        run: |
          cd {folder}
          echo "restart-${{{{ item }}}}" >> starts
          case "${{{{ item }}}}" in {failing}) test -e "mended-${{{{ item }}}}" ;; esac
  - id: after
    exec: [echo, "roll has ${{{{ steps.roll.status }}}}"]
"""


def book(runbook, most, failing="b|d", limit=1):
    return runbook.write("roll.yaml", LOOP.format(most=most, failing=failing, limit=limit,
                                                  folder=runbook.folder))


def test_with_fewer_failures_than_it_may_have_a_loop_passes(runbook):
    done = runbook("exec", book(runbook, 3))
    assert done.code == 0, done
    assert "roll[1]: failed after" in done.err
    assert "(the loop fails with 3, this is 2)" in done.err
    assert "roll: passed after" in done.err
    assert "2 of 5 failed: b, d; done: a, c, e" in done.err
    assert "told to go on after a failure: roll[1], roll[3])" in done.err
    assert starts(runbook) == {f"{what}-{item}": 1 for item in "abcde"
                               for what in ("drain", "restart")}
    assert runbook.named("run.finished") == [{"status": "succeeded", "exit": 0, "failed": 2}]
    roll = runbook.status()["steps"][0]
    assert roll["status"] == "passed"
    assert roll["elements"]["failed"] == {"count": 2, "names": ["b", "d"]}
    assert "(2 of 5 failed: b, d; done: a, c, e)" in runbook("status", "last").out
    assert "2 of 5 failed: b, d" in runbook("logs", "last").out
    assert_sound(runbook)


@pytest.mark.parametrize("most", ["2", "40%", "21%"])
def test_with_as_many_failures_as_it_may_not_have_it_fails(runbook, most):
    done = runbook("exec", book(runbook, most))
    assert done.code == 1, done
    end = runbook.named("run.finished")[0]
    assert end["step"] == "roll"
    assert end["why"] == "2 of 5 failed: b, d; done: a, c; untouched: e"
    failed = [one for one in runbook.named("attempt.failed") if one["step"] == "roll"]
    assert failed[0]["elements"] == {"done": {"count": 2, "names": ["a", "c"]},
                                     "failed": {"count": 2, "names": ["b", "d"]},
                                     "untouched": {"count": 1, "names": ["e"]}}
    assert "restart-e" not in starts(runbook) and "drain-e" not in starts(runbook)
    assert "untouched: e" in runbook("status", "last").out
    assert runbook.status()["steps"][0]["elements"]["untouched"]["names"] == ["e"]
    assert_sound(runbook)


def test_a_failed_loop_goes_on_with_what_failed_and_what_had_not_begun(runbook):
    done = runbook("exec", book(runbook, 2))
    assert done.code == 1, done
    runbook.write("mended-b", "")
    runbook.write("mended-d", "")
    answers = runbook.write("a.yaml", "answers: {roll.failure: retry}\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    counts = starts(runbook)
    assert {name: n for name, n in counts.items() if n == 2} == {
        f"{what}-{item}": 2 for item in "bd" for what in ("drain", "restart")}
    assert counts["restart-e"] == 1
    assert "failed" not in runbook.named("run.finished")[-1]
    assert "elements" not in runbook.status()["steps"][0]
    assert_sound(runbook)


def test_what_is_under_way_ends_before_the_loop_fails(runbook):
    path = book(runbook, 1, failing="a", limit=2)
    text = open(path).read().replace(
        "case ", f"[ \"${{{{ item }}}}\" = a ] || until [ -e {runbook.folder}/go ]; do sleep 0.02; done; case ")
    process = runbook.start("exec", runbook.write("roll.yaml", text))
    runbook.await_event("step.failed", step="roll[0]")
    time.sleep(0.2)
    assert process.poll() is None
    runbook.write("go", "")
    assert process.wait() == 1
    assert runbook.named("run.finished")[0]["why"] == "1 of 5 failed: a; done: b; untouched: c, d, e"
    assert_sound(runbook)


def test_kill_9_at_each_event_of_a_loop_that_fails(runbook):
    """Killed before several of the journal's syncs, resumed, retried: no element that was done is done
    again."""
    path = book(runbook, 2)
    answers = runbook.write("a.yaml", "answers: {roll.failure: retry}\n")
    for nth in range(3, 40, 6):
        for name in ("starts", "mended-b", "mended-d"):
            if os.path.exists(os.path.join(runbook.folder, name)):
                os.remove(os.path.join(runbook.folder, name))
        first = runbook.strace("exec", path, trace="fdatasync",
                               inject=f"signal=KILL:when={nth}")
        if first.returncode != 1:
            first = runbook("resume", "last")
            assert first.code == 1, first
        runbook.write("mended-b", "")
        runbook.write("mended-d", "")
        done = runbook("resume", "last", "--answers", answers)
        assert done.code == 0, done
        counts = starts(runbook)
        assert all(counts[f"restart-{item}"] == 1 for item in "ace"), (nth, counts)
        assert all(counts[f"restart-{item}"] == 2 for item in "bd"), (nth, counts)
        assert_sound(runbook)


def test_a_stop_is_no_failure_of_an_element(runbook):
    text = open(book(runbook, 1, failing="none")).read().replace(
        "case ", f"until [ -e {runbook.folder}/go ]; do sleep 0.02; done; case ")
    process = runbook.start("exec", runbook.write("roll.yaml", text))
    wait_for(lambda: "restart-a" in starts(runbook))
    for level in (1, 2):
        process.send_signal(signal.SIGINT)
        runbook.await_event("signal.received", level=level)
    assert process.wait() == 130
    assert runbook.named("step.failed") == []
    runbook.write("go", "")
    answers = runbook.write("a.yaml", 'answers: {"restart[0].failure": retry}\n')
    assert runbook("resume", "last").code == 1
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert [one["step"] for one in runbook.named("question.asked")] == ["restart[0]"]
    assert_sound(runbook)


def test_a_no_of_a_person_stops_the_run_whatever_may_fail(runbook):
    text = """
runbook: asks
steps:
  - {id: each, for_each: [a, b], max_failures: 2, confirm: "Go on?"}
"""
    answers = runbook.write("a.yaml", 'answers: {"each[0]": no}\n')
    done = runbook("exec", runbook.write("asks.yaml", text), "--answers", answers)
    assert done.code == 4, done
    assert len(runbook.named("question.asked")) == 1
    assert_sound(runbook)


def test_the_loop_itself_may_go_on(runbook):
    text = open(book(runbook, 1)).read().replace("    limit: 1\n",
                                                 "    limit: 1\n    on_failure: continue\n")
    done = runbook("exec", runbook.write("roll.yaml", text))
    assert done.code == 0, done
    assert runbook("logs", "last", "after").out == "roll has failed\n"
    assert runbook.named("run.finished")[0]["failed"] == 1
    assert_sound(runbook)


def test_plan_tells_of_it(runbook):
    assert "fails with 20% failed" in runbook("plan", book(runbook, "20%")).out
