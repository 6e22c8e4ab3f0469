"""Branches side by side: that they are, what a failure, a question, a signal and a crash in one of
them mean for the others, and that the record of it is sound."""

import os
import signal

import pytest

from test_crash import wait_for
from test_examples import assert_sound

pytestmark = pytest.mark.usefixtures("every_prefix")

HEAD = "runbook: branches\ndefaults:\n  timeout: 1m\nsteps:\n"

# Each waits until the other has begun: they end only side by side.
MEET = HEAD + """
  - id: both
    parallel:
      - {{id: left, run: "touch {0}/left; until [ -e {0}/right ]; do sleep 0.02; done"}}
      - {{id: right, run: "touch {0}/right; until [ -e {0}/left ]; do sleep 0.02; done"}}
  - {{id: after, exec: [echo, "${{{{ steps.left.exit + steps.right.exit }}}}"]}}
"""


def test_branches_that_end_together_share_a_sync(runbook):
    """Each takes a second here, and more than one branch ends meanwhile."""
    count, log = 20, os.path.join(runbook.folder, "calls")
    book = runbook.write("brief.yaml", HEAD + "  - id: all\n    parallel:\n" + "".join(
        f'      - {{id: s{n}, exec: ["true"]}}\n' for n in range(count)))
    done = runbook.strace("exec", book, log=log, trace="fdatasync", inject="delay_enter=1000000")
    assert done.returncode == 0, done
    with open(log) as f:
        assert f.read().count("fdatasync(") < count
    assert sum(e["type"] == "effect.result" for e in runbook.events()) == count


def starts(runbook):
    """Step instance -> how often it was started, by the file that it appends to."""
    path = os.path.join(runbook.folder, "starts")
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        names = f.read().split()
    return {name: names.count(name) for name in names}


def test_branches_run_side_by_side(runbook):
    done = runbook("exec", runbook.write("meet.yaml", MEET.format(runbook.folder)))
    assert done.code == 0, done
    assert_sound(runbook)


def test_a_loop_has_no_more_at_once_than_its_limit(runbook):
    text = HEAD + """
  - id: each
    for_each: [a, b, c, d, e, f, g]
    limit: 3
    run: |
      cd {0}
      touch "at-${{{{ item }}}}"
      set -- at-*
      echo $# >> seen
      sleep 0.2
      rm "at-${{{{ item }}}}"
""".format(runbook.folder)
    done = runbook("exec", runbook.write("loop.yaml", text))
    assert done.code == 0, done
    with open(os.path.join(runbook.folder, "seen")) as f:
        seen = [int(line) for line in f]
    assert len(seen) == 7 and max(seen) in (2, 3), seen
    assert_sound(runbook)


FAILS = HEAD + """
  - id: both
    on_branch_failure: {0}
    parallel:
      - id: left
        steps:
          - {{id: breaks, run: "echo breaks >> {1}/starts; test -e {1}/mended"}}
          - {{id: goes-on, run: "echo goes-on >> {1}/starts"}}
      - id: right
        steps:
          - {{id: slow, run: "echo slow >> {1}/starts; until [ -e {1}/go ]; do sleep 0.02; done"}}
          - {{id: last, run: "echo last >> {1}/starts"}}
"""


def test_a_branch_that_fails_waits_for_the_others(runbook):
    process = runbook.start("exec", runbook.write("f.yaml", FAILS.format("wait", runbook.folder)))
    runbook.await_event("step.halted", step="breaks")
    assert process.poll() is None
    runbook.write("go", "")
    assert process.wait() == 1
    assert starts(runbook) == {"breaks": 1, "slow": 1, "last": 1}
    assert runbook.named("run.finished")[-1]["step"] == "breaks"
    runbook.write("mended", "")
    answers = runbook.write("a.yaml", "answers:\n  breaks.failure: retry\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert starts(runbook) == {"breaks": 2, "slow": 1, "last": 1, "goes-on": 1}
    assert_sound(runbook)


def test_a_branch_that_fails_ends_the_others_where_it_says_so(runbook):
    text = FAILS.format("cancel", runbook.folder)
    text = text.replace("echo breaks", "until [ -s %s/starts ]; do sleep 0.02; done; echo breaks"
                        % runbook.folder)
    done = runbook("exec", runbook.write("f.yaml", text))
    assert done.code == 1, done
    assert [one["killed"] for one in runbook.named("effect.result") if one["step"] == "slow"] == [
        "request"]
    assert starts(runbook) == {"slow": 1, "breaks": 1}
    assert list(runbook.what_is_left()) == []
    for name in ("mended", "go"):
        runbook.write(name, "")
    # First what failed is decided about, then what was ended for its sake.
    answers = runbook.write("a.yaml", "answers:\n  breaks.failure: retry\n  slow.failure: retry\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert [one["step"] for one in runbook.named("question.asked")] == ["breaks", "slow"]
    assert starts(runbook) == {"breaks": 2, "slow": 2, "last": 1, "goes-on": 1}
    assert_sound(runbook)


def test_the_end_names_each_branch_that_failed(runbook):
    text = HEAD + """
  - id: each
    limit: 2
    parallel:
      - {id: one, run: "exit 3"}
      - {id: two, run: "exit 4"}
      - {id: three, exec: [echo, fine]}
"""
    file = runbook.write("both.yaml", text)
    assert "2 at once" in runbook("plan", file).out
    done = runbook("exec", file)
    assert done.code == 1, done
    assert "failed at one: exit code 3, expected 0 (and at two); 1 passed, 2 failed" in done.err, done
    shown = runbook("status", "last").out
    assert [line.split()[:2] for line in shown.split("\n") if " failed " in line][-2:] == [
        ["failed", "one"], ["failed", "two"]], shown
    assert "one: exit code 3, expected 0" in shown


def test_questions_of_branches_are_all_named(runbook):
    text = HEAD + """
  - id: both
    parallel:
      - {{id: one, confirm: First?}}
      - {{id: two, confirm: Second?}}
      - {{id: works, run: "sleep 0.2; touch {0}/done"}}
""".format(runbook.folder)
    done = runbook("exec", runbook.write("q.yaml", text))
    assert done.code == 3, done
    assert os.path.exists(os.path.join(runbook.folder, "done"))
    assert "which answers one, two" in done.err, done
    assert [one["text"] for one in runbook.status()["questions"]] == ["First?", "Second?"]
    answers = runbook.write("a.yaml", "answers: {two: yes, one: yes}\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert_sound(runbook)


def test_a_killed_run_adopts_all_its_branches(runbook):
    path = runbook.write("meet.yaml", HEAD + """
  - id: both
    parallel:
      - {{id: left, run: "echo left >> {0}/starts; until [ -e {0}/go ]; do sleep 0.02; done"}}
      - {{id: right, run: "echo right >> {0}/starts; until [ -e {0}/go ]; do sleep 0.02; done"}}
      - {{id: ends, run: "echo ends >> {0}/starts; until [ -e {0}/first ]; do sleep 0.02; done"}}
""".format(runbook.folder))
    process = runbook.start("exec", path)
    wait_for(lambda: len(starts(runbook)) == 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    runbook.write("first", "")          # one ends while nobody is there
    resumed = runbook.start("resume", "last")
    runbook.await_event("effect.adopted", step="left")
    runbook.await_event("effect.adopted", step="right")
    runbook.write("go", "")
    assert resumed.wait() == 0
    assert starts(runbook) == {"left": 1, "right": 1, "ends": 1}
    assert_sound(runbook)


def test_loops_side_by_side_end_each_by_itself(runbook):
    text = HEAD + """
  - id: outer
    for_each: [1, 2]
    as: o
    limit: 2
    steps:
      - id: inner
        for_each: [x, y]
        as: i
        run: sleep 0.${{ o * 2 }}; echo ${{ o }}${{ i }} >> starts
        cwd: %s
      - {id: after, exec: [echo, "after ${{ o }}"]}
""" % runbook.folder
    done = runbook("exec", runbook.write("nested.yaml", text))
    assert done.code == 0, done
    assert starts(runbook) == {"1x": 1, "1y": 1, "2x": 1, "2y": 1}
    assert_sound(runbook)


def test_a_signal_lets_all_branches_end_their_step(runbook):
    path = runbook.write("f.yaml", FAILS.format("wait", runbook.folder).replace(
        "test -e", "until [ -e %s/go ]; do sleep 0.02; done; true" % runbook.folder))
    process = runbook.start("exec", path)
    wait_for(lambda: len(starts(runbook)) == 2)
    process.send_signal(signal.SIGINT)
    runbook.await_event("signal.received")
    runbook.write("go", "")
    assert process.wait() == 130
    assert starts(runbook) == {"breaks": 1, "slow": 1}
    done = runbook("resume", "last")
    assert done.code == 0, done
    assert starts(runbook) == {"breaks": 1, "slow": 1, "goes-on": 1, "last": 1}
    assert_sound(runbook)


def test_a_run_killed_after_a_branch_failed_fails_all_the_same(runbook):
    process = runbook.start("exec", runbook.write("f.yaml", FAILS.format("wait", runbook.folder)))
    runbook.await_event("step.halted", step="breaks")
    process.send_signal(signal.SIGKILL)
    process.wait()
    runbook.write("go", "")
    done = runbook("resume", "last")
    assert done.code == 1, done
    assert starts(runbook) == {"breaks": 1, "slow": 1, "last": 1}
    assert_sound(runbook)


def test_f01_a_run_killed_while_it_ends_a_branch_ends_it_when_resumed(runbook):
    """What is to be ended takes its time, and the interpreter is killed meanwhile."""
    process = runbook.start("exec", runbook.write("f.yaml", HEAD + """
  - id: both
    on_branch_failure: cancel
    parallel:
      - {{id: breaks, run: "until [ -s {0}/starts ]; do sleep 0.02; done; exit 3"}}
      - {{id: slow, run: "trap '' TERM; echo slow >> {0}/starts; sleep 30 & wait; sleep 30; echo end >> {0}/starts"}}
""".format(runbook.folder)))
    runbook.await_event("step.halted", step="breaks")
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = runbook("resume", "last")
    assert done.code == 1, done
    [adopted], [killed] = runbook.named("effect.adopted"), [
        one["killed"] for one in runbook.named("effect.result") if one["step"] == "slow"]
    assert adopted["step"] == "slow" and killed == "request"
    wait_for(lambda: list(runbook.what_is_left()) == [])
    assert starts(runbook) == {"slow": 1}
    assert_sound(runbook)
