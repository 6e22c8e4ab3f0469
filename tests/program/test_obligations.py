"""What a run leaves to be confirmed later: it goes on and ends, stays listed until each is confirmed,
and the record of what came after its end is sound."""

import json
import os
import signal
import subprocess

import pytest

from test_crash import wait_for
from test_examples import assert_sound

pytestmark = pytest.mark.usefixtures("every_prefix")

BOOK = """
runbook: rollback
defaults: {{timeout: 1m}}
steps:
  - id: undo
    exec: [echo, "rolled back ${{{{ item }}}}"]
    for_each: [a]
  - id: review
    title: After the rollback
    obligation: {{within: {0}}}
    checklist:
      - {{id: incident, text: "The incident is written down", evidence: true}}
      - Customers were told
  - id: meet
    title: Meet about it
    obligation: {0}
  - {{id: sure, confirm: "Was it worth it?", obligation: {0}}}
  - {{id: last, exec: [echo, "the end"]}}
"""


def leave(runbook, within="24h"):
    done = runbook("exec", runbook.write("rollback.yaml", BOOK.format(within)))
    assert done.code == 0, done
    return done


def names(runbook):
    return [(one["step"], one.get("item")) for one in runbook.status()["obligations"]]


def test_a_run_does_not_wait_for_what_it_leaves(runbook):
    done = leave(runbook)
    assert "review: passed after" in done.err
    assert "left open, to be confirmed until 20" in done.err
    assert "4 obligations are still open" in done.err
    assert runbook.named("question.asked") == []
    assert runbook.named("run.finished")[0] == {"status": "succeeded", "exit": 0, "obligations": 4}
    listed = json.loads(runbook("list", "--output", "json").out)[0]
    assert len(listed["obligations"]) == 4 and listed["overdue"] is False
    assert "4 obligations open" in runbook("list").out
    shown = runbook("status", "last").out
    assert "open      review" in shown and "  review.incident  The incident is written down" in shown
    assert "left to be confirmed within 1d" in runbook("plan", runbook.write(
        "p.yaml", BOOK.format("24h"))).out
    assert_sound(runbook)


def test_each_is_confirmed_after_the_end(runbook):
    leave(runbook)
    for words, left in ((("review.incident", "--evidence", "wiki/7"), 3),
                        (("review", "--note", "by mail"), 2), (("meet",), 1), (("sure",), 0)):
        done = runbook("confirm", "last", *words)
        assert done.code == 0, done
        assert f"confirmed; {left} left" in done.out
        assert len(names(runbook)) == left
        assert_sound(runbook)
    met = runbook.named("obligation.met")
    assert met[0]["evidence"] == "wiki/7" and met[0]["item"] == "incident"
    assert met[1]["note"] == "by mail"
    assert "obligations" not in json.loads(runbook("list", "--output", "json").out)[0]
    assert "obligation done: review.incident; evidence: wiki/7; by " in runbook("logs", "last").out
    assert "open " not in runbook("status", "last").out
    assert runbook("confirm", "last", "meet").code == 2
    assert runbook("verify", "--all").code == 0


def test_what_is_wrong_about_a_confirmation_is_said(runbook):
    leave(runbook)
    before = runbook.events()
    refused = runbook("confirm", "last", "review.incident")
    assert refused.code == 2 and "needs evidence" in refused.err
    refused = runbook("confirm", "last", "review.incident", "--evidence", " ")
    assert refused.code == 2, refused
    refused = runbook("confirm", "last", "revue")
    assert refused.code == 2 and "`revue` is not open; these are: review.incident, " in refused.err
    refused = runbook("confirm", "last", "review")
    assert refused.code == 2, "which of the two?"
    assert runbook.events() == before


def test_what_is_overdue_is_marked(runbook):
    leave(runbook, "1ms")
    assert "4 obligations open, OVERDUE" in runbook("list").out
    assert "OVERDUE since 20" in runbook("status", "last").out
    late = runbook("list", "--overdue")
    assert late.code == 1 and "r-" in late.out
    assert json.loads(runbook("list", "--overdue", "--output", "json").out)[0]["overdue"] is True
    for name in ("review.customers-were-told", "meet", "sure"):
        assert runbook("confirm", "last", name).code == 0
    assert runbook("confirm", "last", "review.incident", "--evidence", "here").code == 0
    late = runbook("list", "--overdue")
    assert late.code == 0 and late.out == "" and late.err == ""


def test_it_is_handed_over_with_what_is_open(runbook):
    leave(runbook)
    done = runbook("handover", "last", "--to", "bob")
    assert done.code == 0 and "  meet  Meet about it" in done.out
    assert_sound(runbook)


def test_while_the_run_goes_on_it_is_confirmed_by_its_inbox(runbook):
    text = BOOK.format("24h").replace(
        'exec: [echo, "the end"]', 'run: "until [ -e %s/go ]; do sleep 0.02; done"' % runbook.folder)
    process = runbook.start("exec", runbook.write("rollback.yaml", text), stderr=subprocess.PIPE)
    runbook.await_event("effect.intent", step="last")
    done = runbook("confirm", "last", "meet")
    assert done.code == 0, done
    assert runbook.named("obligation.met")[0]["inbox"] == 1
    runbook.write("go", "")
    process.communicate()
    assert process.returncode == 0
    assert runbook.named("run.finished")[0]["obligations"] == 3
    assert_sound(runbook)


@pytest.mark.parametrize("nth", range(1, 5))
def test_f01_killed_while_it_is_confirmed_it_is_confirmed_or_open(runbook, nth):
    leave(runbook)
    for call in ("write", "fdatasync"):
        runbook.strace("confirm", "last", "meet", trace=call, inject=f"signal=KILL:when={nth}")
        open_now = ("meet", None) in names(runbook)
        again = runbook("confirm", "last", "meet")
        assert again.code == (0 if open_now else 2), again
    assert ("meet", None) not in names(runbook)
    assert len(runbook.named("obligation.met")) == 1
    assert_sound(runbook)


def test_f01_a_killed_run_still_has_them(runbook):
    text = BOOK.format("24h").replace(
        'exec: [echo, "the end"]', 'run: "until [ -e %s/go ]; do sleep 0.02; done"' % runbook.folder)
    process = runbook.start("exec", runbook.write("rollback.yaml", text))
    runbook.await_event("effect.intent", step="last")
    wait_for(lambda: os.path.exists(os.path.join(runbook.run_folder(), "steps", "last.1", "started")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert runbook("confirm", "last", "meet").code == 0
    runbook.write("go", "")
    done = runbook("resume", "last")
    assert done.code == 0, done
    assert len(names(runbook)) == 3
    assert_sound(runbook)


def test_a_forged_confirmation_is_no_fact(runbook):
    """Of a duty that nobody left."""
    leave(runbook)
    assert runbook("confirm", "last", "meet").code == 0
    folder = os.path.join(runbook.run_folder(), "inbox")
    with open(os.path.join(folder, "remark.1"), "w") as f:
        f.write(json.dumps({"type": "run.finished", "d": {"status": "succeeded"}}))
    assert runbook("confirm", "last", "sure").code == 0
    assert_sound(runbook)


def test_what_can_not_be_left_is_refused(runbook):
    text = """
runbook: wrong
defaults: {timeout: 1m}
steps:
  - id: a
    obligation: 1h
    checklist: [{id: x, text: X, check: "true"}]
  - {id: b, obligation: 1h, confirm: {message: Sure?, type: word}}
  - {id: c, obligation: {}, title: C}
  - {id: d, obligation: 1h, exec: [echo, d]}
  - {id: e, obligation: 0s, title: E}
"""
    checked = runbook("check", runbook.write("wrong.yaml", text))
    assert checked.code == 1
    assert "`check` stands beside `obligation`" in checked.err
    assert "`type` stands beside `obligation`" in checked.err
    assert "`obligation` has no `within`" in checked.err
    assert "`obligation` has no meaning for a step with `exec`" in checked.err
    assert "5 errors" in checked.err
