"""What stands on a real terminal (tmux) while a release fails: the screens that somebody reads at night, as
they are read, without what differs from run to run."""

import os
import re
import subprocess
import time

import pytest

from conftest import ROOT
from test_examples import assert_sound

# A release in several branches that a guard watches; a branch waits for a file.
WIDE = """
runbook: wide
title: A release in several branches
defaults: {{timeout: 1m, cwd: {0}}}
guards:
  - id: error-rate
    title: At most 5 % of the requests fail
    check: |
      local rate = tonumber(fs.read("{0}/errors").text)
      return rate <= 0.05, "the error rate is " .. rate
    every: 500ms
    trips_after: {1}
    covers: replicas
    on_trip: rollback
steps:
  - id: schema
    title: Migrate the schema
    run: echo V011
    undo: {{title: Migrate it back, run: "echo it is not there; test -e mended"}}
  - id: replicas
    title: Bring the new version out
    parallel:
      - id: api
        title: Restart the API servers
        run: until test -e go; do sleep 0.05; done
        undo: {{title: Restart them with the old version, run: "true"}}
      - id: hosts
        title: Install on each host
        for_each: [web-1, web-2, web-3]
        as: host
        max_failures: 2
        run: test ${{{{ host }}}} != web-2
        undo: {{title: Take it off, run: "true"}}
finally:
  - {{id: open, title: Take the maintenance page away, run: "true"}}
"""


# tmux does not always tell the exit code of what ran in it.
KEEP = 'code=$1; shift; "$@"; echo $? > "$code.new"; mv "$code.new" "$code"'


class Screen:
    """A terminal of tmux with a server of its own, in which one command runs."""

    def __init__(self, runbook, number, columns, rows, *words):
        self.socket = os.path.join(runbook.folder, f"tmux{number}")
        self.code = self.socket + ".code"
        env = {**runbook.env, "TERM": "screen-256color", "LANG": "C.UTF-8"}
        settings = [f"{name}={value}" for name, value in env.items()]
        self.env = {"PATH": env["PATH"], "HOME": runbook.folder, "LANG": "C.UTF-8"}
        config = runbook.write("tmux.conf", "set -g status off\nset -g remain-on-exit on\n"
                                            "set -g remain-on-exit-format ''\n")
        self.tmux("-f", config, "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", ROOT,
                  "env", "-i", *settings, "sh", "-c", KEEP, "sh", self.code, runbook.binary, *map(str, words))

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-S", self.socket, *words], env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def rows(self):
        """What is seen, without the empty rows below, and without what differs from run to run."""
        text = self.tmux("capture-pane", "-p").rstrip("\n")
        text = re.sub(r"r-\d{8}-\d{6}-[a-z0-9]{4}", "RUN", text)
        text = re.sub(r" +\d+(\.\d+)?(ms|s)  ", " SPAN  ", text)
        return re.sub(r"\b\d+(\.\d+)?(ms|s)\b", "SPAN", text)

    def sees(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text not in self.rows():
            assert time.monotonic() < deadline, f"{text!r} is not on the screen:\n{self.rows()}"
            time.sleep(0.05)
        return self

    def types(self, word):
        self.tmux("send-keys", word)
        time.sleep(0.2)         # what is typed ahead answers nothing
        self.tmux("send-keys", "Enter")
        return self

    def ends(self, code):
        deadline = time.monotonic() + 30
        while not os.path.exists(self.code):
            assert time.monotonic() < deadline, self.rows()
            time.sleep(0.05)
        with open(self.code) as f:
            assert f.read() == f"{code}\n", self.rows()

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.env,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def screen(runbook):
    opened = []

    def open_one(*how):
        opened.append(Screen(runbook, len(opened), *how))
        return opened[-1]
    yield open_one
    for one in opened:
        one.close()


FAILED = """\
✓ before SPAN  Remember what runs now
✓ maintenance SPAN  Show the maintenance page
▸ servers, 2 of them: Install it on each server
  ✓ servers[0] SPAN  Install it on each server
  ✓ servers[1] SPAN  Install it on each server
✓ servers SPAN  Install it on each server
✓ switch SPAN  Switch to the new version
✗ health: failed after SPAN: exit code 1, expected 0
  ▸ health.on_failure
    ✓ evidence SPAN  Keep what there is to see of the failure
  ✓ health.on_failure SPAN
"""
CHOICE = {80: """\
? health: how to go on?
    r retry   s skip…   k mark done…   t stop, resume later   h a shell…
    b roll back   ? help
    later     runbook resume RUN
  >""", 120: """\
? health: how to go on?
    r retry   s skip…   k mark done…   t stop, resume later   h a shell…   b roll back   ? help
    later     runbook resume RUN
  >"""}
TAKEN_BACK = """\
  ▸ switch.undo
    ✓ back SPAN  Switch back
    ✓ sure SPAN  Does the old version run?
  ✓ switch.undo SPAN
  ✓ servers.undo[1] SPAN  Remove it there
  ✓ servers.undo[0] SPAN  Remove it there
◦ rolled back at health; the last steps follow
✓ open SPAN  Take the maintenance page away
"""


def told(text):
    """Ends of rows where a span was stand behind one space."""
    return re.sub(r" +SPAN", " SPAN", text)


@pytest.mark.parametrize("columns, rows", [(80, 24), (120, 40)])
def test_a_failing_release_from_its_failure_to_its_end(runbook, screen, columns, rows):
    """The failure, the choice, the rollback; then what status and list say of it."""
    one = screen(columns, rows, "exec", "examples/17-rollback.yaml", "-p", f"dir={runbook.folder}",
                 "-p", "healthy=false")
    shown = told(one.sees("b roll back").sees("  >").rows())
    assert shown.endswith(FAILED + CHOICE[columns]), shown
    one.types("b").sees("undone, 1").ends(5)
    shown = told(one.rows())
    assert TAKEN_BACK in shown, shown
    why = "health: chosen by WHO after: exit code 1, expected 0"
    text = re.sub(r"chosen by \w+", "chosen by WHO", " ".join(shown.split()))
    order = "switch, servers[1] (right), servers[0] (left)"
    assert f"◦ rolls back at {why}; to be taken back, in this order: {order}" in text, shown
    assert text.endswith(f"✗ rolled back at {why}; 8 passed, 3 undone, 1 failed in SPAN"), shown
    one = screen(columns, rows, "list")
    one.ends(0)
    assert len(one.rows().split("\n")) == 1, one.rows()
    one = screen(columns, rows, "status", "last")
    one.ends(0)
    assert "  undone    switch                       Switch to the new version\n" in one.rows()
    assert re.sub(r"chosen by \w+", "chosen by WHO", " ".join(one.rows().split())).endswith(why)
    assert_sound(runbook)


LIVE = """\
▸ replicas: Bring the new version out
  ▸ hosts, 3 of them: Install on each host
    ✓ hosts[0] SPAN  Install on each host
    ✗ hosts[1]: failed after SPAN: exit code 1, expected 0
    ✗ hosts[1] SPAN  failed, 1 of the 2 with which the loop fails
    ✓ hosts[2] SPAN  Install on each host
  ✓ hosts SPAN  1 of 3 failed: web-2; done: web-1, web-3
"""
ROLLED = """\
✗ error-rate: tripped: the error rate is 0.2
◦ error-rate: the run is rolled back when what runs beside it has ended
◦ rolls back at error-rate: the error rate is 0.2; to be taken back, in this
  order: hosts[2] (web-3), hosts[1] (web-2), hosts[0] (web-1), api, schema
  ✓ hosts.undo[2] SPAN  Take it off
  ✓ hosts.undo[1] SPAN  Take it off
  ✓ hosts.undo[0] SPAN  Take it off
  ✓ api.undo SPAN  Restart them with the old version
  ✗ schema.undo: failed after SPAN: exit code 1, expected 0
      all of standard output:
      │ it is not there
"""


def test_branches_and_their_guard_up_to_an_undo_that_fails(runbook, screen):
    runbook.write("errors", "0.01")
    file = runbook.write("wide.yaml", WIDE.format(runbook.folder, "3s"))
    one = screen(80, 24, "exec", file).sees("1 of 3 failed").sees("holds, attempt")
    shown = told(one.rows())
    assert LIVE in shown, shown
    guard, api, footer = shown.split("\n")[-3:]
    assert re.fullmatch(r"[◦▸] error-rate  At most 5 % of the requests fail   holds, attempt \d+(, next in SPAN)?",
                        guard), guard
    assert re.fullmatch(r"  ▸ api  Restart the API servers   running for SPAN of 1m", api), api
    assert re.fullmatch(r"  2 of 4 steps done, 2 left · SPAN so far · Ctrl-C stops after this step", footer), footer
    runbook.write("errors", "0.2")
    shown = told(one.sees("does not hold for").rows())
    assert re.search(r"◦ error-rate At most 5 % of the requests fail does not hold for SPAN of SPAN, "
                     r"attempt \d+(, next in SPAN)?, last: the error rate is 0.2 ", re.sub(r"\s+", " ", shown)), shown
    shown = told(one.sees("schema.undo: how to go on?").sees("  >").rows())
    assert ROLLED in shown, shown
    one.types("t").ends(6)
    shown = one.rows()
    assert "ROLLBACK INCOMPLETE at schema.undo: stopped by WHO; NOT TAKEN BACK: schema" in re.sub(
        r"stopped by \w+", "stopped by WHO", re.sub(r"\s+", " ", shown)), shown
    assert "runbook resume RUN" in shown
    assert_sound(runbook)
