"""A shell beside the run: who is asked how to go on may look around first."""

import os
import re
import signal
import termios
import time

import pexpect
import pytest

from test_crash import wait_for
from test_terminal import Terminal, terminal, user_of      # noqa: F401

SHELLY = """runbook: shelly
defaults: {{timeout: 1m}}
params: {{version: {{type: string, default: v1.2.0}}}}
secrets: {{db_password: {{env: DB_PASSWORD}}}}
env: {{REGION: eu-1}}
steps:
  - {{id: schema, exec: ["true"], undo: {{exec: ["true"]}}}}
  - id: deploy
    cwd: {0}
    env: {{PGPASSWORD: "${{{{ secrets.db_password }}}}", TIER: gold}}
    run: 'echo ${{{{ params.version }}}}; test -e ready'
"""
SECRET = "sesame-of-the-database"


@pytest.fixture
def shelly(runbook):
    runbook.env.update(SHELL="/bin/sh", DB_PASSWORD=SECRET, PS1="PROMPT ")
    return runbook.write("shelly.yaml", SHELLY.format(runbook.folder))


def opens(person, purpose="look at the disk"):
    person.sees("how to go on?").sees("h a shell").types("h").sees("what for>").types(purpose)
    person.sees("leads back to the question")
    return in_shell(person)


def in_shell(person):
    """It is there, and answers."""
    person.types("echo here-$((40 + 2))")
    return person.sees("here-42")


def told(person):
    """What came, without the breaks of its lines."""
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", person.all()))


def closed(runbook):
    return [{name: d.get(name) for name in ("step", "q", "exit", "signal")} for d in runbook.named("shell.closed")]


def test_a_shell_has_what_the_step_has_but_no_secret(runbook, terminal, shelly):        # noqa: F811
    person = opens(terminal("exec", shelly), "is the port open?")
    person.types("env > seen; pwd -P > where; ps -o pgid=,tpgid= -p $$ > groups; exit 3")
    person.sees("the shell is closed after ").sees("exit code 3")
    person.sees("deploy: how to go on?").sees("r retry")
    seen = dict(line.split("=", 1) for line in open(f"{runbook.folder}/seen").read().splitlines())
    run = runbook.events()[0]["d"]["run"]
    assert {"REGION": "eu-1", "TIER": "gold", "RB_1": "v1.2.0", "RUNBOOK_RUN": run,
            "RUNBOOK_STORE": runbook.store, "TERM": "xterm-256color"}.items() <= seen.items(), seen
    assert not {"PGPASSWORD", "DB_PASSWORD", "SHELL", "PS1"} & set(seen), seen
    assert SECRET not in open(f"{runbook.folder}/seen").read()
    assert open(f"{runbook.folder}/where").read().strip() == os.path.realpath(runbook.folder)
    own, foreground = open(f"{runbook.folder}/groups").read().split()
    assert own != str(person.child.pid) and foreground not in ("-1", str(person.child.pid))
    assert runbook.named("question.answered") == []
    open(f"{runbook.folder}/ready", "w").close()
    person.types("r it is now").sees("succeeded").ends(0)
    who = user_of(runbook)
    [opened] = runbook.named("shell.opened")
    assert opened == {"step": "deploy", "attempt": 1, "q": 0, "by": who, "why": "is the port open?",
                      "shell": "/bin/sh", "cwd": runbook.folder, "without": ["PGPASSWORD"]}
    [end] = runbook.named("shell.closed")
    assert (end["step"], end["q"], end["exit"]) == ("deploy", 0, 3) and end["duration_us"] > 0
    line = f"deploy: {who} opens a shell: is the port open?; /bin/sh in {runbook.folder}, without its secrets: PGPASSWORD"
    assert line in runbook("logs", "last").out
    assert f"{who} had a shell at deploy: is the port open?" in told(person)
    assert runbook("verify", "last").code == 0 and runbook("replay", "last").code == 0


def test_every_later_view_says_that_there_was_a_shell(runbook, terminal, shelly):       # noqa: F811
    person = opens(terminal("exec", shelly), "the logs")
    person.types("exit").sees("how to go on?").sees("h a shell").types("t").ends(4)
    who = user_of(runbook)
    again = terminal("resume", "last")
    again.sees(f"resumed by {who}").sees(f"{who} had a shell at deploy: the logs").sees("how to go on?")
    again.types("b").sees("rolled back at deploy").ends(5)
    assert f"{who} had a shell at deploy: the logs" in told(again).rpartition("rolled back")[2]
    assert f"{who} had a shell at deploy: the logs" in runbook("status", "last").out
    [shell] = runbook.status()["shells"]
    assert (shell["by"], shell["step"], shell["why"]) == (who, "deploy", "the logs")


BESIDE = """runbook: beside
defaults: {{timeout: 1m}}
steps:
  - id: both
    parallel:
      - {{id: left, exec: ["false"]}}
      - id: right
        steps:
          - {{id: first, run: 'until [ -e {0}/go ]; do sleep 0.05; done'}}
          - {{id: second, exec: [touch, {0}/second]}}
          - {{id: third, exec: ["false"]}}
"""


@pytest.mark.parametrize("kind", ["xterm-256color", "dumb"])
def test_what_is_beside_goes_on_and_nothing_is_drawn_over_the_shell(runbook, shelly, kind):
    person = Terminal(runbook, "exec", runbook.write("beside.yaml", BESIDE.format(runbook.folder)), kind=kind)
    opens(person)
    person.child.sendline(f"stty -echo; touch {runbook.folder}/go; until [ -e {runbook.folder}/second ]; do sleep 0.05;"
                          " done; echo second-is-$((1 + 1))")
    person.sees("second-is-2")
    runbook.await_event("question.asked", step="third")
    for _ in range(5):              # ten draws would have come by now, and each tells of what ended
        time.sleep(0.1)
    person.types("echo still-$((1 + 2))").sees("still-3")
    assert "first" not in person.child.before and "second" not in person.child.before, person.child.before
    person.types("exit")
    person.sees("first").sees("third: failed").sees("the shell is closed").sees("left: how to go on?")
    person.types("s", "none").sees("third: how to go on?").types("s", "none").sees("succeeded").ends(0)
    assert runbook("verify", "last").code == 0
    assert [event["type"] for event in runbook.events() if event["type"].startswith("shell")] == [
        "shell.opened", "shell.closed"]


def test_a67_the_modes_of_the_terminal_around_a_shell(runbook, terminal, shelly):       # noqa: F811
    person = terminal("exec", shelly)
    held = os.open(f"/proc/{person.child.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
    person.sees("how to go on?").sees("h a shell")
    shown = termios.tcgetattr(held)
    assert not shown[3] & (termios.ECHO | termios.ICANON)
    person.types("h modes").sees("leads back to the question")
    in_shell(person)
    lent = termios.tcgetattr(held)
    assert lent[3] & termios.ECHO and lent[3] & termios.ICANON      # as whoever began the run has it
    person.types("printf '\\033[?1049h\\033[?2004h'; stty raw -echo; kill -9 $$")
    person.sees("ended by signal 9").sees("how to go on?")
    assert "\x1b[?1047l" in person.all() and "\x1b[?2004l" in person.all()
    assert termios.tcgetattr(held) == shown
    person.types("h once more").sees("leads back to the question")
    in_shell(person)
    assert termios.tcgetattr(held) == lent
    person.types("exit").sees("how to go on?").sees("h a shell")
    assert termios.tcgetattr(held) == shown
    os.close(held)
    person.types("t").ends(4)


@pytest.mark.parametrize("jobs", ["jobs", "none"])
def test_a32_the_keys_of_the_shell_are_the_shells(runbook, terminal, shelly, jobs):     # noqa: F811
    if jobs == "none":                  # a shell that makes no groups of processes: the keys are for its own
        runbook.env["SHELL"] = runbook.write("plain", "#!/bin/sh\nexec /bin/sh +m\n")
        os.chmod(runbook.env["SHELL"], 0o755)
    person = opens(terminal("exec", shelly))
    person.types("sleep 1000").child.send("\x03")
    in_shell(person)
    person.types("kill -STOP $$")       # nobody else would let it go on
    in_shell(person)
    person.child.send("\x1a")
    in_shell(person)
    person.child.send("\x04")
    person.sees("the shell is closed").sees("how to go on?").sees("h a shell")
    assert runbook.named("signal.received") == runbook.named("question.answered") == []
    person.child.send("\x04")
    person.sees("suspended").ends(3)


@pytest.mark.parametrize("end", [signal.SIGHUP, signal.SIGTERM, None])
def test_a32_a_run_that_is_to_end_ends_its_shell(runbook, terminal, shelly, end):       # noqa: F811
    person = opens(terminal("exec", shelly))
    if end:
        person.child.kill(end)
    else:                               # the terminal is closed
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, person.child.child_fd)
        os.close(null)
    wait_for(lambda: not person.child.isalive(), 60)
    assert person.child.exitstatus == 130
    assert runbook.named("question.answered") == []
    assert len(closed(runbook)) == 1
    assert runbook("verify", "last").code == 9
    assert not list(runbook.what_is_left())


def test_a_run_that_is_cancelled_waits_for_who_is_in_the_shell(runbook, terminal, shelly):      # noqa: F811
    person = opens(terminal("exec", shelly))
    runbook("cancel", "last", "--reason", "no use")
    runbook.await_event("run.finished", status="cancelled")
    in_shell(person)
    assert "cancelled" not in person.child.before
    person.types("exit").sees("cancelled at deploy").sees("no use").sees("the shell is closed").ends(4)
    assert runbook.events()[-1]["type"] == "shell.closed"
    assert runbook("verify", "last").code == 0 and runbook("replay", "last").code == 0
    assert "cancelled" in runbook("status", "last").out and "cancelled" in runbook("list").out


def test_f01_a_killed_interpreter_leaves_the_opening_on_record(runbook, shelly):
    outer = pexpect.spawn("/bin/bash", ["--norc", "--noprofile", "-i"], timeout=20, dimensions=(40, 120), encoding="utf-8",
                          env={**runbook.env, "TERM": "xterm-256color", "NO_COLOR": "1", "PS1": "OUTER> "})
    outer.delaybeforesend = 0.2
    outer.expect_exact("OUTER> ")
    outer.sendline(f"{runbook.binary} exec {shelly}")
    outer.expect_exact("h a shell")
    outer.send("h what is it\r")
    outer.expect_exact("leads back to the question")
    outer.sendline("echo here-$((40 + 2)); kill -9 $PPID")
    outer.expect_exact("here-42")
    outer.expect_exact("OUTER> ")
    outer.sendline("echo back-$((1 + 1))")          # the terminal is the outer shell's
    outer.expect_exact("back-2")
    [opened] = runbook.named("shell.opened")
    assert opened["why"] == "what is it" and runbook.named("shell.closed") == []
    assert runbook("verify", "last").code == 9
    outer.sendline(f"{runbook.binary} resume last")
    outer.expect_exact("had a shell at deploy: what is it")
    outer.expect_exact("h a shell")
    outer.send("h again\r")
    outer.expect_exact("leads back to the question")
    outer.sendline("exit")
    outer.expect_exact("the shell is closed")
    outer.expect_exact("h a shell")
    outer.send("s not now\r")
    outer.expect_exact("succeeded")
    outer.expect_exact("OUTER> ")
    outer.sendline("stty -a | grep -o ' icanon.*' | tr -d ' '")
    outer.expect_exact("icanoniexten")
    outer.expect_exact("OUTER> ")
    assert [event["why"] for event in runbook.named("shell.opened")] == ["what is it", "again"]
    assert len(closed(runbook)) == 1 and runbook("verify", "last").code == 0
    outer.close(force=True)


def test_a_shell_that_can_not_be_had_is_said(runbook, terminal, shelly):                # noqa: F811
    runbook.env["SHELL"] = "/no/such/shell"
    person = terminal("exec", shelly)
    person.sees("h a shell").types("h").sees("what for>").types("").sees("a purpose is needed")
    person.types("the logs").sees("there is no shell: the program /no/such/shell does not exist")
    person.sees("how to go on?").sees("h a shell").types("t").ends(4)
    [end] = runbook.named("shell.closed")
    assert "/no/such/shell" in end["error"]
    assert runbook("verify", "last").code == 9


def test_only_who_is_at_the_terminal_has_a_shell(runbook, terminal, shelly):            # noqa: F811
    answers = runbook.write("answers.yaml", "answers: {deploy.failure: {answer: shell, reason: the logs}}\n")
    refused = runbook("exec", shelly, "--answers", answers)
    assert refused.code != 0 and "shell" not in "".join(sorted(
        event["type"] for event in runbook.events())), refused
    person = terminal("exec", shelly, "--no-input")
    person.ends(1)
    assert "h a shell" not in person.all()
    assert runbook.named("shell.opened") == []
