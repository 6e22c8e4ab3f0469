"""What a person had otherwise than the runbook says (a step skipped or marked done, an item passed over, an
undo given up) is seen, with who and why, in every later view: a test for each of them."""

import json
import os
import re
import subprocess

import pytest

from people import approve, assert_sound, shown
from test_examples import assert_sound as is_sound
from test_terminal import Terminal

pytestmark = pytest.mark.usefixtures("every_prefix")

BOOK = """
runbook: shift
defaults: {timeout: 1m}
steps:
  - {id: a, run: 'true'}
  - {id: copy, run: exit 3, on_failure: ask}
  - {id: mount, run: exit 4, on_failure: ask}
  - id: ready
    checklist:
      - {id: backup, text: There is a backup}
      - {id: room, text: The room is booked}
  - {id: other, when: 1 == 2, run: 'true'}
  - {id: look, title: Look at it}
"""
ANSWERS = """answers:
  copy.failure: {answer: skip, reason: there is no copy}
  mount.failure: {answer: done, reason: mounted by hand}
  ready.backup: {answer: skip, reason: of yesterday}
  ready.room: yes
"""
LOOK = "answers:\n  look: {answer: skip, reason: nobody is there}\n"
SAID = ["copy: skipped by {me}: there is no copy", "mount: marked done by {me}: mounted by hand",
        "ready.backup: skipped by {me}: of yesterday", "look: skipped by {me}: nobody is there"]
ENTRIES = [{"step": "copy", "what": "skipped", "reason": "there is no copy"},
           {"step": "mount", "what": "done", "reason": "mounted by hand"},
           {"step": "ready", "item": "backup", "what": "skipped", "reason": "of yesterday"},
           {"step": "look", "what": "skipped", "reason": "nobody is there"}]


class Shift:
    def __init__(self, runbook):
        self.runbook = runbook
        self.begun = runbook("exec", runbook.write("shift.yaml", BOOK), "--answers",
                             runbook.write("a.yaml", ANSWERS))
        assert self.begun.code == 3, self.begun
        who = runbook.events()[0]["d"]["operator"]
        self.by = runbook.named("question.answered")[0]["by"]
        self.me = f"{who['user']}@{who['host']}" if isinstance(self.by, dict) else self.by

    def ends(self):
        done = self.runbook("resume", "last", "--answers", self.runbook.write("b.yaml", LOOK))
        assert done.code == 0, done
        is_sound(self.runbook)
        return done

    def said(self, count=4):
        return [one.format(me=self.me) for one in SAID[:count]]


@pytest.fixture
def shift(runbook):
    return Shift(runbook)


def has_all(text, said):
    assert [one for one in said if one not in text] == [], text


def without_who(overrides):
    assert all(one["by"] for one in overrides), overrides
    return [{name: value for name, value in one.items() if name != "by"} for one in overrides]


def test_status_says_who_had_it_otherwise_and_why(runbook, shift):
    has_all(runbook("status", "last").out, shift.said(3))
    assert "look: skipped" not in runbook("status", "last").out
    shift.ends()
    text = runbook("status", "last").out
    has_all(text, shift.said())
    assert "other: skipped" not in text, "what does not apply, nobody skipped"
    decided = [line.split()[1] for line in text.split("\n") if line.endswith(" (decided by a person)")]
    assert decided == ["copy", "mount", "ready", "look"]


def test_status_has_it_as_json(runbook, shift):
    assert without_who(runbook.status()["overrides"]) == ENTRIES[:3]
    shift.ends()
    assert without_who(runbook.status()["overrides"]) == ENTRIES
    assert runbook.status()["overrides"][0]["by"] == shift.by


def test_list_names_what_a_person_decided(runbook, shift):
    [line] = runbook("list").out.splitlines()
    assert line.endswith("Look at it; by a person: copy: skipped, mount: marked done, ready.backup: skipped")
    shift.ends()
    [line] = runbook("list").out.splitlines()
    assert line.endswith("Z  by a person: copy: skipped, mount: marked done, ready.backup: skipped, and 1 more")


def test_list_has_it_as_json(runbook, shift):
    assert json.loads(runbook("list", "--output", "json").out)[0]["overrides"] == runbook.status()["overrides"]
    shift.ends()
    listed = json.loads(runbook("list", "--output", "json").out)[0]["overrides"]
    assert without_who(listed) == ENTRIES and listed == runbook.status()["overrides"]


def line_with(text, word):
    [line] = [line for line in text.splitlines() if word in line]
    return line


def test_the_end_line_and_the_line_that_goes_on_say_it(runbook, shift):
    has_all(line_with(shift.begun.err, "suspended at look"), shift.said(3))
    done = shift.ends()
    has_all(line_with(done.err, "resumed by"), shift.said(3))
    has_all(line_with(done.err, "succeeded: "), shift.said())
    has_all(line_with(runbook("logs", "last").out, "succeeded: "), shift.said())


def test_a_terminal_says_it_at_the_end(runbook, shift):
    person = Terminal(runbook, "resume", "last")
    person.sees("Look at it").types("s").sees("reason>").types("nobody is there").sees("succeeded").ends(0)
    shown = " ".join(re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", person.all()).split())
    has_all(shown[shown.rindex("succeeded: "):], shift.said())
    assert without_who(runbook.status()["overrides"]) == ENTRIES


def test_an_item_that_its_role_skips_is_named_with_the_role(runbook, people):
    people.write("qa@x")
    text = ("runbook: signed\nroles: {qa: [qa@x]}\nsigners: allowed_signers\nsteps:\n"
            "  - id: ready\n    checklist:\n      - {id: uat, text: UAT is signed off, role: qa}\n")
    assert runbook("exec", runbook.write("signed.yaml", text)).code == 3
    words = ["confirm", "last", "ready.uat", "--key", people.key("qa@x"), "--answer", "skip",
             "--reason", "done last week", "--shown"]
    digest = runbook(*words, "x").err.split("\nshown ")[1].split("\n")[0]
    assert runbook(*words, digest).code == 0
    assert runbook("resume", "last").code == 0
    assert "ready.uat: skipped by qa@x as qa: done last week" in runbook("status", "last").out
    entry = {"step": "ready", "item": "uat", "what": "skipped", "reason": "done last week", "by": "qa@x",
             "role": "qa"}
    assert runbook.status()["overrides"] == [entry]
    assert json.loads(runbook("list", "--output", "json").out)[0]["overrides"] == [entry]
    assert_sound(runbook)


BACK = """
runbook: back
defaults: {timeout: 1m}
on_failure: rollback
steps:
  - {id: one, run: 'true', undo: {run: 'test -e FOLDER/mended'}}
  - {id: two, run: 'true', undo: {run: exit 7}}
  - {id: bad, run: exit 1, undo: none}
"""


def back(runbook, answer):
    return runbook("resume", "last", "--answers", runbook.write("a.yaml", "answers:\n" + answer))


@pytest.fixture
def incomplete(runbook):
    done = runbook("exec", runbook.write("back.yaml", BACK.replace("FOLDER", runbook.folder)))
    assert done.code == 6, done
    return runbook


def test_what_an_incomplete_rollback_has_left_is_listed(incomplete):
    runbook = incomplete
    assert "\nNOT TAKEN BACK: two, one\n" in runbook("status", "last").out
    assert runbook.status()["left"] == ["two", "one"]
    [line] = runbook("list").out.splitlines()
    assert "ROLLBACK INCOMPLETE" in line and line.endswith("NOT TAKEN BACK: two, one")
    assert json.loads(runbook("list", "--output", "json").out)[0]["left"] == ["two", "one"]


def test_an_undo_that_is_given_up_stays_named_whatever_comes_of_the_others(incomplete):
    runbook = incomplete
    skip = "  two.undo.failure: {answer: skip, reason: by hand tomorrow}\n"
    done = back(runbook, skip)
    me = runbook.named("question.answered")[0]["by"]
    me = me if isinstance(me, str) else f"{me['user']}@{me['host']}"
    assert done.code == 6 and "ROLLBACK INCOMPLETE at one.undo" in done.err, done
    assert runbook.named("run.finished")[-1]["left"] == ["two", "one"]
    has_all(done.err, ["NOT TAKEN BACK: two, one", f"two.undo: skipped by {me}: by hand tomorrow"])
    runbook.write("mended", "")
    done = back(runbook, "  one.undo.failure: retry\n")
    assert done.code == 6, done
    has_all(line_with(done.err, "ROLLED BACK IN PART at bad"),
            ["NOT TAKEN BACK: two;", f"two.undo: skipped by {me}: by hand tomorrow"])
    text = runbook("status", "last").out
    has_all(text, ["  ROLLED BACK IN PART\n", "\nNOT TAKEN BACK: two\n", f"two.undo: skipped by {me}: by hand tomorrow"])
    assert runbook.status()["left"] == ["two"]
    [line] = runbook("list").out.splitlines()
    assert "ROLLED BACK IN PART" in line
    assert "ROLLED BACK IN PART" in runbook("resume", "last").err
    assert line.endswith("NOT TAKEN BACK: two; by a person: two.undo: skipped")
    assert json.loads(runbook("list", "--output", "json").out)[0]["left"] == ["two"]
    is_sound(runbook)


def test_while_it_is_rolled_back_status_says_what_is_to_come(runbook):
    text = BACK.replace("test -e FOLDER/mended", "true").replace(
        "exit 7", f"'until test -e {runbook.folder}/go; do sleep 0.02; done'")
    process = runbook.start("exec", runbook.write("back.yaml", text), stderr=subprocess.DEVNULL)
    runbook.await_event("effect.intent", step="two.undo")
    assert "\nstill to be taken back: two, one\n" in runbook("status", "last").out
    assert runbook("list").out.rstrip().endswith("THE ROLLBACK IS NOT COMPLETE")
    process.kill()
    process.wait()
    assert "\nNOT TAKEN BACK: two, one\n" in runbook("status", "last").out
    runbook.write("go", "")
    done = runbook("resume", "last")
    assert done.code == 5, done
    assert runbook.status()["left"] == [] and "TAKEN BACK" not in runbook("status", "last").out
    is_sound(runbook)


SIGNED = """
runbook: shift
roles: {product-owner: [po@x]}
signers: allowed_signers
defaults: {timeout: 1m}
steps:
  - {id: tests, run: exit 3, on_failure: ask}
  - {id: go, approve: {roles: [product-owner], expires: 4h, message: Deploy?}}
"""


@pytest.fixture
def to_sign(runbook, people):
    """A run whose tests were skipped, in front of who approves it."""
    people.write("po@x")
    answers = runbook.write("a.yaml", "answers:\n  tests.failure: {answer: skip, reason: no time}\n")
    assert runbook("exec", runbook.write("signed.yaml", SIGNED), "--answers", answers).code == 3
    by = runbook.named("question.answered")[0]["by"]
    return f"by a person  tests: skipped by {by}: no time\n"


def test_who_approves_is_shown_it_and_signs_over_it(runbook, people, to_sign):
    digest, text = shown(runbook, "last", "--key", people.key("po@x"))
    assert to_sign in text, text
    approve(runbook, people, "po@x")
    assert runbook("resume", "last").code == 0
    blob = runbook.named("approval.received")[0]["shown"]["blob"]
    assert blob == digest
    with open(os.path.join(runbook.run_folder(), "blobs", *blob.split(":"))) as f:
        assert to_sign in f.read()
    assert_sound(runbook)


def test_who_signs_elsewhere_is_shown_it_and_nothing_less_counts(runbook, people, to_sign):
    """A request out of which it was taken has another text, and so another digest is signed."""
    request = os.path.join(runbook.folder, "go.json")
    assert runbook("approve", "last", "--request", request).code == 0
    key = ["--key", people.key("po@x"), "--shown"]
    whole = runbook("approve", "--sign", request, *key, "x").err
    assert to_sign in whole
    with open(request) as f:
        carried = json.load(f)
    del carried["overrides"]
    less = runbook.write("less.json", json.dumps(carried, sort_keys=True, separators=(",", ":")))
    said = runbook("approve", "--sign", less, *key, "x").err
    assert "skipped" not in said
    for path, text, code in ((less, said, 4), (request, whole, 0)):
        digest = text.split("\nshown ")[1].split("\n")[0]
        assert runbook("approve", "--sign", path, *key, digest).code == 0
        taken = runbook("approve", "--accept", path + ".signed")
        assert taken.code == code and ("another text was shown" in taken.err) == (code == 4), taken
    assert runbook("resume", "last").code == 0
    assert_sound(runbook)
