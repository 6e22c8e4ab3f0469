"""A run given to another person: while it is under way, suspended, cut off and after its end; who has
it is the same in every view, and the record of it is sound."""

import json
import os
import signal
import subprocess

import pytest

from test_crash import wait_for
from test_examples import assert_sound

pytestmark = pytest.mark.usefixtures("every_prefix")

BOOK = """
runbook: night
defaults: {{timeout: 1m}}
steps:
  - id: work
    run: |
      cd {0}
      echo began >> starts
      until [ -e go ]; do sleep 0.02; done
  - {{id: sure, confirm: Is the queue empty?}}
  - {{id: after, exec: [echo, "it is ${{{{ run.operator }}}}'s"]}}
"""
YES = "answers: {sure: yes}\n"


def book(runbook):
    return runbook.write("night.yaml", BOOK.format(runbook.folder))


def began(runbook):
    return os.path.exists(os.path.join(runbook.folder, "starts"))


def operator(runbook):
    listed = json.loads(runbook("list", "--output", "json").out)[0]["operator"]
    assert runbook.status()["operator"] == listed
    return listed


def test_a_suspended_run_is_handed_over(runbook):
    runbook.write("go", "")
    assert runbook("exec", book(runbook)).code == 3
    me = operator(runbook)
    done = runbook("handover", "last", "--to", "bob", "--reason", "end of my shift")
    assert done.code == 0, done
    assert "is bob's now" in done.out
    assert "waits for an answer: sure: Is the queue empty?" in done.out
    assert runbook.named("run.handed_over") == [
        {"from": me, "to": "bob", "by": me, "reason": "end of my shift"}]
    assert operator(runbook) == "bob"
    assert "handed over to bob" in runbook("status", "last").out
    assert runbook("list").out.rstrip().endswith("; handed over to bob")
    assert f"handed over from {me} to bob, by {me}: end of my shift" in runbook("logs", "last").out
    assert runbook("verify", "last").code == 9, "open, and sound as far as it goes"
    again = runbook("handover", "last", "--to", "bob")
    assert again.code == 2 and "bob has it already" in again.err
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert runbook("logs", "last", "after").out == "it is bob's\n"
    assert_sound(runbook)


def test_a_run_under_way_is_handed_over_by_its_inbox(runbook):
    process = runbook.start("exec", book(runbook), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: began(runbook))
    for who in ("bob", "carol"):
        done = runbook("handover", "last", "--to", who)
        assert done.code == 0, done
        assert f"is {who}'s now" in done.out
    assert [one["inbox"] for one in runbook.named("run.handed_over")] == [1, 2]
    assert {event["w"] for event in runbook.events()} == {1}
    runbook.write("go", "")
    assert "to carol, by " in process.communicate()[1]
    # What is in the inbox is taken once.
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert len(runbook.named("run.handed_over")) == 2
    assert runbook("logs", "last", "after").out == "it is carol's\n"
    assert_sound(runbook)


def test_a_run_that_was_cut_off_is_handed_over_and_goes_on(runbook):
    process = runbook.start("exec", book(runbook))
    wait_for(lambda: began(runbook))
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = runbook("handover", "last", "--to", "bob")
    assert done.code == 0, done
    assert [event["w"] for event in runbook.events()][-1] == 2
    runbook.write("go", "")
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert operator(runbook) == "bob"
    assert_sound(runbook)


def test_f01_killed_between_its_request_and_the_record_it_is_taken_by_the_next(runbook):
    process = runbook.start("exec", book(runbook))
    wait_for(lambda: began(runbook))
    process.send_signal(signal.SIGSTOP)
    waiting = runbook.start("handover", "last", "--to", "bob", stdout=subprocess.PIPE, text=True)
    wait_for(lambda: os.path.exists(os.path.join(runbook.run_folder(), "inbox", "remark.1")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    said = waiting.communicate()[0]
    assert waiting.returncode == 0 and "is bob's now" in said
    assert [one.get("inbox") for one in runbook.named("run.handed_over")] == [1]
    runbook.write("go", "")
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert len(runbook.named("run.handed_over")) == 1
    assert_sound(runbook)


def test_after_a_torn_line_it_is_put_behind_what_is_sound(runbook):
    process = runbook.start("exec", book(runbook))
    wait_for(lambda: began(runbook))
    process.send_signal(signal.SIGKILL)
    process.wait()
    path = os.path.join(runbook.run_folder(), "journal.jsonl")
    size = os.path.getsize(path)
    os.truncate(path, size - 20)
    assert runbook("handover", "last", "--to", "bob").code == 0
    assert [event["type"] for event in runbook.events()][-2:] == ["tail.recovered", "run.handed_over"]
    runbook.write("go", "")
    answers = runbook.write("a.yaml", "answers: {sure: yes, work.doubt: retry}\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert_sound(runbook)


def test_to_nobody_is_refused(runbook):
    runbook.write("go", "")
    assert runbook("exec", book(runbook)).code == 3
    before = runbook.events()
    for words in ((), ("--to", ""), ("--to", " "), ("--to", "bob\x1b[2J")):
        refused = runbook("handover", "last", *words)
        assert refused.code == 2, refused
        assert "\x1b" not in refused.err
    assert runbook("handover", "r-20200101-000000-aaaa", "--to", "bob").code == 2
    assert runbook.events() == before


def test_decisions_that_a_crash_cut_off_are_made_after_it(runbook):
    runbook.write("go", "")
    assert runbook("exec", book(runbook)).code == 3
    types = [event["type"] for event in runbook.events()]
    path = os.path.join(runbook.run_folder(), "journal.jsonl")
    lines = open(path, "rb").readlines()
    with open(path, "wb") as f:
        f.writelines(lines[:types.index("effect.result") + 1])
    for who in ("bob", "carol"):
        assert runbook("handover", "last", "--to", who).code == 0
    assert [event["type"] for event in runbook.events()][-3:] == [
        "effect.result", "run.handed_over", "run.handed_over"]
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert open(os.path.join(runbook.folder, "starts")).read() == "began\n"
    assert_sound(runbook)
