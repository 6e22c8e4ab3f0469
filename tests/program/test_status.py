"""What `status` and `list` say of how a run and its steps stand, and what `confirm` and `cancel` do with
a run that has ended."""

import json
import re
import subprocess

import pytest

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
