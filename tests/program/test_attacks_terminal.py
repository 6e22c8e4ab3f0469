"""Attacks on the person at the terminal, by their numbers: what is shown for an answer, what counts
as one, and what a step can do to the terminal itself."""

import os
import resource
import signal
import termios

import pexpect
import pytest

from conftest import ROOT, is_sanitized
from test_crash import sound, wait_for
from test_terminal import terminal  # noqa: F401

HEAD = "runbook: x\ndefaults: {timeout: 1m}\n"

# Bidi controls, zero-width characters, fillers, tags, a line separator.
HIDDEN = "\u202e\u2066\u200b\u200d\u2060\ufeff\u00ad\u3164\U000e0041\u2028"
DRAWN_ALIKE = "\u0430\u03bf\u0578"


def escape(character):
    return f"\\U{ord(character):08x}"


@pytest.mark.parametrize("form", ["exec: [echo, 'r%sm']", "exec: [echo, \"r%sm\"]", "run: 'echo r%sm'",
                                  "confirm: 'Run r%sm?'"], ids=["exec", "escaped", "run", "confirm"])
def test_a09_a_command_is_what_it_looks_like(runbook, form):
    found = HIDDEN if "confirm" in form else HIDDEN + DRAWN_ALIKE
    for character in found:
        code = "RB0104" if character in HIDDEN else "RB0533"
        shown = escape(character) if '"' in form else character
        file = runbook.write("x.yaml", HEAD + "steps:\n  - {id: it, " + form % shown + "}\n")
        checked = runbook("check", file)
        assert checked.code == 1 and f"error[{code}]" in checked.err, (form, ascii(character), checked)
        assert f"U+{ord(character):02X}" in checked.err and character not in checked.err + checked.out \
            or character in DRAWN_ALIKE
        assert runbook("exec", file).code == 2
    assert not os.path.exists(runbook.store)


ABOUT = HEAD + """params: {v: {type: string}}
steps:
  - {id: it, exec: [echo, --, "${{ params.v }}"]}
  - {id: sure, confirm: "Remove ${{ params.v }}?"}
"""


def test_a09_a_value_is_shown_with_its_hidden_characters(runbook, terminal):  # noqa: F811
    file = runbook.write("about.yaml", ABOUT)
    value = "a" + "b".join(HIDDEN) + "c"
    told = [runbook("plan", file, "-p", "v=" + value), runbook("exec", file, "-p", "v=" + value)]
    assert [one.code for one in told] == [0, 3]
    told += [runbook(*words) for words in (["status", "last"], ["list"], ["logs", "last"])]
    for one in told:
        assert "\\u202eb\\u2066b" in one.out + one.err, ascii(one)
        assert not set(HIDDEN) & set(one.out + one.err), ascii(one)
    person = terminal("resume", "last")
    person.sees("Remove a\\u202eb\\u2066b\\u200bb").sees("y yes")
    assert not set(HIDDEN) & set(person.child.before), ascii(person.child.before)


# Where a person stands, and what is to be seen there.
AT = {"question": ("confirm: Deploy?", "y yes"),
      "item": ("checklist:\n      - The backup is there", "y yes"),
      "field": ("ask:\n      count: {type: integer}", "count"),
      "gate": ("gate:\n      check: 'sh.exec{\"false\"}.ok'\n      every: 1h\n      timeout: 2h", "1h")}


def hang_up(child):
    """Closes the other end, as ssh does; pexpect keeps a descriptor that it can close."""
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, child.child_fd)
    os.close(null)


# What is done there, and the exit code that it comes to; None: it is waited on.
DONE = {"ctrl-c": (lambda child: child.send("\x03"), dict.fromkeys(AT, 130)),
        "ctrl-d": (lambda child: child.send("\x04"), {**dict.fromkeys(AT, 3), "gate": None}),
        "int": (lambda child: child.kill(signal.SIGINT), dict.fromkeys(AT, 130)),
        "term": (lambda child: child.kill(signal.SIGTERM), dict.fromkeys(AT, 130)),
        "hup": (lambda child: child.kill(signal.SIGHUP), dict.fromkeys(AT, 130)),
        "n": (lambda child: child.send("n\r"), {"question": 4, "item": None, "field": None, "gate": None}),
        "resize": (lambda child: child.setwinsize(10, 20), dict.fromkeys(AT)),
        "closed": (hang_up, dict.fromkeys(AT, 130))}


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("done", DONE)
def test_a32_what_is_no_yes_starts_no_later_step(runbook, terminal, at, done):     # noqa: F811
    action, seen = AT[at]
    person = terminal("exec", runbook.write("at.yaml", HEAD + f"""steps:
  - id: it
    {action}
  - {{id: after, exec: [touch, {runbook.folder}/after]}}
"""))
    person.sees(seen)
    does, codes = DONE[done]
    does(person.child)
    if codes[at] is None:
        person.child.expect(pexpect.TIMEOUT, timeout=0.5)
        person.child.kill(signal.SIGTERM)
    wait_for(lambda: not person.child.isalive(), 60)
    assert person.child.exitstatus == (codes[at] or 130)
    assert not os.path.exists(os.path.join(runbook.folder, "after"))
    assert [event["step"] for event in runbook.named("step.began")] == ["it"]
    assert [event["answer"] for event in runbook.named("question.answered")] == ["no"] * (codes[at] == 4)
    assert runbook("verify", "last").code == (0 if codes[at] == 4 else 9)


# What a step can try on the terminal of whoever runs it; prints what it got.
GRASPS = r"""import fcntl, os, subprocess, termios
got = []
for fd in range(3):
    try:
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        got.append(f"typed into {fd}")
    except OSError:
        pass
try:
    got.append("read " + repr(os.open("/dev/tty", os.O_RDWR)))
except OSError:
    pass
got += [f"{fd} is a terminal" for fd in range(3) if os.isatty(fd)]
got += ["the operator's session"] * (os.getsid(0) == int(os.environ["OPERATOR"]))
got += ["another's session"] * (os.getsid(0) not in (os.getpid(), os.getppid()))
got += ["something to read"] * (os.read(0, 1) != b"")
got += ["a terminal of its own"] * (open("/proc/self/stat").read().rpartition(")")[2].split()[4] != "0")
got += ["stty"] * (subprocess.run(["stty", "raw"], stderr=subprocess.DEVNULL).returncode == 0)
print(got)
"""


class Shell:
    """A terminal that the program gets from a shell and leaves behind, with what follows $0."""

    def __init__(self, runbook, words):
        env = {**runbook.env, "TERM": "xterm-256color", "NO_COLOR": "1"}
        self.child = pexpect.spawn("/bin/sh", ["-c", f'stty sane; echo ready; read go; exec "$0" {words}',
                                               runbook.binary], cwd=ROOT, timeout=60, env=env,
                                   dimensions=(40, 120), encoding="utf-8")
        self.tty = os.readlink(f"/proc/{self.child.pid}/fd/0")
        self.child.expect_exact("ready")
        self.held = os.open(self.tty, os.O_RDWR | os.O_NOCTTY)
        self.before = termios.tcgetattr(self.held)
        self.child.send("\r")

    def sees(self, text):
        self.child.expect_exact(text)

    def ends(self):
        """How it ended, once it has; the terminal has to be as it was."""
        wait_for(lambda: not self.child.isalive(), 60)
        assert termios.tcgetattr(self.held) == self.before
        return self.child.exitstatus, self.child.signalstatus

    def close(self):
        os.close(self.held)
        self.child.close(force=True)


@pytest.fixture
def shell(runbook):
    opened = []

    def open_one(words):
        opened.append(Shell(runbook, words))
        return opened[-1]
    yield open_one
    for one in opened:
        one.close()


def test_a67_a_step_has_no_terminal(runbook, shell):
    grasps = runbook.write("grasps.py", GRASPS)
    file = runbook.write("grasps.yaml", HEAD + f"""params: {{operator: {{type: string}}}}
env: {{OPERATOR: "${{{{ params.operator }}}}"}}
steps:
  - {{id: program, exec: [/usr/bin/python3, {grasps}]}}
  - {{id: shell, run: /usr/bin/python3 {grasps}}}
  - id: asked
    lua: 'return {{got = sh.exec{{"/usr/bin/python3", "{grasps}"}}.stdout}}'
  - {{id: show, exec: [echo, "${{{{ steps.asked.outputs.got }}}}"]}}
  - {{id: sure, confirm: Sure?}}
""")
    person = shell(f"exec {file} -p operator=$$")
    person.sees("Sure?")
    person.sees("y yes")
    assert runbook.events()[0]["d"]["params"]["operator"] == str(os.getsid(person.child.pid))
    for step in ("program", "shell", "show"):
        assert runbook("logs", "last", step).out.strip() == "[]", step
    person.child.send("y\r")
    assert person.ends() == (0, None)
    sound(runbook)


# How the program ends, and with which exit code or by which signal.
ENDS = {"end": (None, (0, None)), "child": (None, (4, None)), "int": (signal.SIGINT, (130, None)),
        "term": (signal.SIGTERM, (130, None)), "hup": (signal.SIGHUP, (130, None)),
        "quit": (signal.SIGQUIT, (None, signal.SIGQUIT)), "abrt": (signal.SIGABRT, (None, signal.SIGABRT)),
        "segv": (signal.SIGSEGV, (None, signal.SIGSEGV)), "memory": (None, (70, None))}


LAST = {"child": "kill -9 $$", "memory": "head -c 900000 /dev/zero | tr -c x x"}


@pytest.mark.parametrize("how", ENDS)
def test_a67_the_terminal_is_left_as_it_was(runbook, shell, how):
    """Also where a step of the same user takes it by its name."""
    file = runbook.write("raw.yaml", HEAD + """params: {tty: {type: string, pattern: '/dev/.*'}}
steps:
  - {id: raw, exec: [stty, -F, "${{ params.tty }}", raw, -echo]}
  - {id: sure, confirm: Sure?}
  - {id: last, run: 'HOW', outputs: {text: result.stdout}}
""".replace("HOW", LAST.get(how, "true")))
    person = shell(f'exec {file} -p "tty=$(tty)"')
    person.sees("Sure?")
    person.sees("y yes")
    assert runbook.named("effect.result")[0]["exit"] == 0
    assert termios.tcgetattr(person.held) != person.before
    number, end = ENDS[how]
    if how == "memory" and is_sanitized(runbook.binary):
        number, end = ENDS["abrt"]      # it would tell of that itself, instead of us
    if number:
        person.child.kill(number)
    else:
        if how == "memory":             # no more than it has
            resource.prlimit(person.child.pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))
        person.child.send("y\r")
    if how == "child":
        person.sees("how to go on?")
        person.child.send("t\r")
    assert person.ends() == end
