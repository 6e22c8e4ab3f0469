"""A person at a terminal: questions, a failing step, Ctrl-C."""

import io
import os
import re

import pexpect
import pytest

from conftest import ROOT

PROMPT = r"\n? *> *"


class Terminal:
    def __init__(self, runbook, *words, kind="xterm-256color"):
        self.child = pexpect.spawn(runbook.binary, list(map(str, words)), cwd=ROOT, timeout=20,
                                   env={**runbook.env, "TERM": kind, "NO_COLOR": "1"},
                                   dimensions=(40, 120), encoding="utf-8")
        self.child.delaybeforesend = 0.2
        self.child.logfile_read = self.log = io.StringIO()

    def sees(self, text):
        self.child.expect_exact(text)
        return self

    def types(self, *lines):
        for line in lines:
            self.child.send(line + "\r")
        return self

    def presses_ctrl_c(self):
        self.child.send("\x03")
        return self

    def all(self):
        """Whatever came on the terminal so far."""
        return self.log.getvalue()

    def ends(self, code):
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == code, self.child.before


@pytest.fixture
def terminal(runbook):
    opened = []

    def open_one(*words):
        opened.append(Terminal(runbook, *words))
        return opened[-1]
    yield open_one
    for one in opened:
        one.child.close(force=True)


def answers(runbook):
    return [(event["answer"], event.get("reason"), event.get("evidence"), event["via"])
            for event in runbook.named("question.answered")]


def test_a_person_goes_through_a_checklist(runbook, terminal):
    person = terminal("exec", "examples/05-people.yaml")
    person.sees("Tell the support desk").sees("y yes").types("y")
    person.sees("The backup of last night is there").sees("y yes").types("y")
    person.sees("evidence>").types("backups/last.dump")
    person.sees("The meeting room is booked").sees("y yes").types("s")
    person.sees("reason>").types("we meet online")
    person.sees("root holds, proven by its check")
    person.sees("Number of the ticket").types("REQ-1").sees(r"OPS-\d+")
    person.child.send("\x15")           # what is refused stands there to be mended
    person.types("OPS-4711")
    person.sees("risk").sees("one of low, medium, high")
    person.child.send("\x15")
    person.types("high")
    person.sees("How many people are affected").types("12")
    person.sees("Begin OPS-4711, of high risk?").sees("type out").types("begin")
    person.sees("succeeded").ends(0)
    assert answers(runbook) == [
        ("yes", None, None, "terminal"), ("yes", None, "backups/last.dump", "terminal"),
        ("skip", "we meet online", None, "terminal"), ("OPS-4711", None, None, "terminal"),
        ("high", None, None, "terminal"), (12, None, None, "terminal"),
        ("yes", None, None, "terminal")]
    assert {event["by"] for event in runbook.named("question.answered")} == {
        runbook.events()[0]["d"]["operator"]["user"]}


def test_a_person_tries_a_failing_step_again(runbook, terminal):
    person = terminal("exec", "examples/07-failure.yaml")
    person.sees("deploy: failed").sees("connection refused").sees("how to go on?")
    person.sees("Look at the load balancer").sees("r retry").types("r")
    person.sees("nowhere: how to go on?").sees("r retry").types("s").sees("reason>")
    person.types("not installed here").sees("succeeded").ends(0)
    assert {event["step"]: event["attempts"] for event in runbook.named("step.passed")}["deploy"] == 2


def test_a_person_stops_at_a_failing_step_and_resumes_later(runbook, terminal):
    person = terminal("exec", "examples/07-failure.yaml")
    person.sees("deploy: how to go on?").sees("t stop").types("t").sees("runbook resume").ends(4)
    again = terminal("resume", "last")
    again.sees("deploy: how to go on?").sees("r retry").types("r")
    again.sees("nowhere: how to go on?").sees("k mark done").types("k").sees("reason>")
    again.types("done by hand").sees("succeeded").ends(0)
    [passed] = [event for event in runbook.named("step.passed") if event["step"] == "nowhere"]
    assert passed["overridden"] == "done by hand"


UNDOABLE = """runbook: undoable
defaults: {timeout: 1m}
steps:
  - {id: schema, exec: ["true"], undo: {exec: ["true"]}}
  - {id: deploy, exec: ["false"]}
"""


def user_of(runbook):
    return runbook.events()[0]["d"]["operator"]["user"]


def test_what_needs_no_reason_takes_one_all_the_same(runbook, terminal):
    file = runbook.write("undoable.yaml", UNDOABLE)
    person = terminal("exec", file)
    person.sees("deploy: how to go on?").types("?").sees("a reason may follow r, t, b")
    person.types("r the network is back").sees("retry; reason: the network is back; by ")
    person.sees("deploy: how to go on?").types("t the DBA is at lunch")
    who = user_of(runbook)
    person.sees(f"stopped at deploy: stopped by {who}: the DBA is at lunch").ends(4)
    assert f"stopped by {who}: the DBA is at lunch" in runbook("logs", "last").out
    again = terminal("resume", "last")
    again.sees("deploy: how to go on?").types("b the database is inconsistent")
    again.sees(f"rolls back at deploy: chosen by {who}: the database is inconsistent")
    again.sees(f"rolled back at deploy: chosen by {who}: the database is inconsistent").ends(5)
    assert [(event["answer"], event.get("reason")) for event in runbook.named("question.answered")] == [
        ("retry", "the network is back"), ("stop", "the DBA is at lunch"),
        ("rollback", "the database is inconsistent")]
    [decided] = runbook.named("step.decided")
    assert (decided["who"], decided["reason"]) == (who, "the network is back")
    [back] = runbook.named("rollback.began")
    assert (back["by"], back["who"], back["reason"]) == ("person", who, "the database is inconsistent")
    logs = runbook("logs", "last").out
    assert f"runs again, as {who} decided: the network is back" in logs
    assert f"chosen by {who}: the database is inconsistent" in logs
    assert f"chosen by {who}: the database is inconsistent" in runbook("status", "last").out
    assert runbook("verify", "last").code == 0 and runbook("replay", "last").code == 0


def test_a_rollback_without_a_reason_names_who_chose_it_and_the_failure(runbook, terminal):
    person = terminal("exec", runbook.write("undoable.yaml", UNDOABLE))
    person.sees("deploy: how to go on?").types("b")
    person.sees(f"rolled back at deploy: chosen by {user_of(runbook)} after: exit code 1, expected 0").ends(5)


def test_the_word_has_to_be_typed_out(runbook, terminal):
    person = terminal("exec", runbook.write("go.yaml", """runbook: go
steps:
  - id: go
    confirm: {message: Really?, type: production}
"""))
    person.sees("Really?").sees("type out").types("yes").types("y")
    person.child.expect(PROMPT)
    person.child.send("\x15")
    person.types("production").sees("succeeded").ends(0)


SLOW = """runbook: slow
defaults: {timeout: 1m}
steps:
  - id: work
    title: Work for a while
    run: |
      for i in {1..%d}; do echo "line $i"; sleep 0.2; done
  - id: after
    exec: [echo, after]
"""


def test_the_running_step_is_shown_with_its_last_lines(runbook, terminal):
    person = terminal("exec", runbook.write("slow.yaml", SLOW % 10))
    person.sees("Work for a while").sees("line 5").sees("Ctrl-C stops after this step")
    person.sees("succeeded").ends(0)


def test_ctrl_c_once_ends_the_run_after_the_step(runbook, terminal):
    person = terminal("exec", runbook.write("slow.yaml", SLOW % 15))
    person.sees("line 2").presses_ctrl_c().sees("stops after this step")
    person.sees("runbook resume").ends(130)
    assert runbook.steps() == {"work": "passed", "after": "pending"}
    assert runbook("resume", "last").code == 0


def test_ctrl_c_twice_ends_the_step(runbook, terminal):
    person = terminal("exec", runbook.write("slow.yaml", SLOW % 200))
    person.sees("line 2").presses_ctrl_c().sees("once more ends the step")
    person.presses_ctrl_c().sees("the step is being ended").sees("runbook resume").ends(130)
    assert runbook.named("effect.result")[-1]["killed"] == "request"
    assert runbook.steps()["after"] == "pending"


def test_type_ahead_answers_nothing(runbook, terminal):
    person = terminal("exec", runbook.write("ahead.yaml", SLOW % 10 + """
  - id: sure
    confirm: Are you sure?
"""))
    person.sees("line 3").types("y", "y", "y")
    person.sees("Are you sure?").sees("y yes")
    person.child.expect(pexpect.TIMEOUT, timeout=1)
    assert answers(runbook) == []
    person.types("n")
    person.sees("refused").ends(4)


def test_a_no_is_told_once(runbook, terminal):
    person = terminal("exec", runbook.write("sure.yaml", """runbook: sure
defaults: {timeout: 1m}
steps:
  - {id: sure, confirm: "Go on with it?"}
  - {id: after, exec: ["true"]}
"""))
    person.sees("Go on with it?").sees(">").types("n")
    person.ends(4)
    assert person.all().count("a person said no") == 1 and "refused at sure" in person.all()
    assert runbook.named("run.finished")[0]["why"] == "a person said no"


def test_questions_are_not_answered_from_standard_input(runbook, tmp_path):
    shell = pexpect.spawn("/bin/sh", ["-c", 'yes | "$0" exec examples/05-people.yaml', runbook.binary],
                          env={**runbook.env, "TERM": "xterm", "NO_COLOR": "1"}, cwd=ROOT, timeout=20,
                          dimensions=(40, 120), encoding="utf-8")
    shell.expect_exact("Tell the support desk")
    shell.expect_exact("y yes")
    shell.expect(pexpect.TIMEOUT, timeout=1)
    assert answers(runbook) == []
    shell.close(force=True)


def test_control_characters_of_a_child_are_shown_not_obeyed(runbook, terminal):
    path = runbook.write("hostile.yaml", """runbook: hostile
defaults: {timeout: 1m}
steps:
  - id: shout
    run: |
      printf 'x\\033]0;owned\\007y\\n' >&2
      sleep 1
      exit 1
""")
    person = terminal("exec", path)
    person.sees("how to go on?")
    shown = person.child.before
    assert "\033]0;owned" not in shown and "\a" not in shown
    assert re.search(r"x.*owned.*y", shown)
    person.types("t").ends(4)
