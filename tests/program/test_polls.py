"""What a gate and a guard that look again and again leave in the record, and what is shown of it."""

import http.server
import json
import os
import re
import threading
import time

import pytest

from test_attacks_approve import rechained
from test_terminal import terminal  # noqa: F401

POLL_BYTES = 400        # at most, of a look that saw the same (docs/record.md)

GATE = """runbook: watch
steps:
  - id: ready
    gate: {check: "http.get('http://127.0.0.1:PORT/health').status == 200", every: EVERY, timeout: 1h}
"""

GUARD = """runbook: watched
guards:
  - {id: errors, check: "http.get('http://127.0.0.1:PORT/health').status == 503", every: EVERY, on_trip: stop}
steps:
  - {id: bake, exec: [sh, -c, "until test -e DONE; do sleep 0.05; done"], timeout: 10m}
"""


class Health(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked += 1
        status, body = self.server.answer(self.server.asked)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def starting(_):
    return 503, '{"status": "starting"}'


class Watch:
    """A service, and a runbook that looks at it until it is told to end."""

    def __init__(self, runbook, server):
        self.runbook, self.server, self.process = runbook, server, None

    def begin(self, text, every="20ms"):
        done = os.path.join(self.runbook.folder, "done")
        for name, value in {"PORT": self.server.server_port, "EVERY": every, "DONE": done}.items():
            text = text.replace(name, str(value))
        path = self.runbook.write("watch.yaml", text)
        assert self.runbook("check", path).code == 0
        self.process = self.runbook.start("exec", path)

    def await_asked(self, count):
        """It answers so often, from now on."""
        until = self.server.asked + count
        deadline = time.monotonic() + 120
        while self.server.asked < until:
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.02)

    def end(self):
        self.server.answer = lambda _: (200, '{"status": "ready"}')
        open(os.path.join(self.runbook.folder, "done"), "w").close()
        assert self.process.wait(timeout=120) in (0, 1)

    def path(self):
        return os.path.join(self.runbook.run_folder(), "journal.jsonl")

    def lines(self):
        with open(self.path()) as f:
            return f.read().splitlines(keepends=True)

    def looks(self):
        return [line for line in self.lines() if '"type":"eval.result"' in line and '"like":' in line]

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown


@pytest.fixture
def watch(runbook):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
    server.asked, server.answer, server.daemon_threads = 0, starting, True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    it = Watch(runbook, server)
    yield it
    if it.process and it.process.poll() is None:
        it.process.kill()
        it.process.wait()
    runbook.write("done", "")       # a step outlives its interpreter
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("text", [GATE, GUARD], ids=["gate", "guard"])
def test_a_look_that_saw_the_same_costs_one_short_line(watch, text):
    watch.begin(text)
    watch.runbook.await_event("gate.waiting")
    before, first = os.path.getsize(watch.path()), len(watch.lines())
    watch.await_asked(60)
    grown, polls = os.path.getsize(watch.path()) - before, len(watch.lines()) - first
    assert polls >= 50 and grown <= POLL_BYTES * polls, (grown, polls)
    watch.end()
    types = [json.loads(line)["type"] for line in watch.lines()]
    assert types.count("eval.result") >= 60
    assert types.count("gate.waiting") <= 2 and types.count("timer.due") == 0   # what ends it may be another
    assert len(os.listdir(os.path.join(watch.runbook.run_folder(), "blobs", "sha256"))) <= 3
    assert all(len(line) <= POLL_BYTES for line in watch.looks()[:50])
    watch.is_sound()


def test_a_look_that_saw_another_thing_costs_what_is_new(watch):
    body = "x" * 200
    watch.server.answer = lambda n: (502 + n % 2, json.dumps({"status": "starting", "more": body, "n": n // 5}))
    watch.begin(GATE)
    watch.await_asked(60)
    watch.end()
    statuses = [look["evidence"][0]["outcome"]["status"] for look in watch.runbook.looks()]
    assert statuses[:4] in ([503, 502, 503, 502], [502, 503, 502, 503]) and statuses[-1] == 200
    assert all(len(line) < 900 for line in watch.looks()[:50])
    shown = watch.runbook("logs", "last", "--events").out
    assert shown.count('"/health"') == 0 and '"like"' not in shown and shown.count('"status":503') >= 25
    watch.is_sound()


def test_the_looks_of_a_run_that_was_killed_go_on_with_a_whole_one(watch):
    watch.begin(GATE)
    watch.await_asked(10)
    watch.process.kill()
    watch.process.wait()
    watch.process = watch.runbook.start("resume", "last")
    watch.await_asked(10)
    watch.end()
    lines = [json.loads(line) for line in watch.lines()]
    first = next(event for event in lines if event["w"] == 2 and event["type"] == "eval.result")
    assert "like" not in first["d"]
    for event in lines:
        if "like" in event["d"]:
            before = lines[event["d"]["like"]]
            assert before["w"] == event["w"] and before["type"] == "eval.result"
    watch.is_sound()


def sixth(change):
    def each(event, seen=[]):
        if event["seq"] == 0:
            seen.clear()
        if "like" in event["d"]:
            seen.append(event)
            if len(seen) == 6:
                change(event, seen[-2])
    return each


def differs(**members):
    return lambda event, _: event["d"].update(members)


def says(place, value):
    return lambda event, _: event["d"]["with"].update({place: value})


def a_moment_after(event, before):
    event["mono"] = before["mono"] + 1000       # every 20 ms it looks


@pytest.mark.parametrize("change, why", [
    (lambda event, before: differs(like=before["d"]["like"])(event, before), "which is not the look before it"),
    (lambda event, before: differs(like=event["seq"])(event, before), "which is not the look before it"),
    (differs(step="other"), "which is not the look before it"),
    (says("/phase", "gate"), "is not what would be written"),
    (says("/no/such/place", 1), "is not what would be written"),
    (says("/evidence/0/outcome/status", 200), "recorded eval.result"),
    (says("/items/0/verdict", "holds"), "recorded eval.result"),
    (says("/evidence/0/req/method", "HEAD"), "recorded eval.result"),
    (a_moment_after, "which nothing had asked for"),
], ids=["earlier", "itself", "step", "same", "nowhere", "status", "verdict", "request", "early"])
def test_a38_a_look_that_refers_to_what_it_is_not_like_is_found(watch, change, why):
    """With right hashes; without them the line itself is found to be another."""
    watch.begin(GATE)
    watch.await_asked(12)
    watch.end()
    watch.is_sound()
    with open(watch.path(), "rb") as f:
        sound = f.read()
    rechained(watch.path(), lambda event: None)
    with open(watch.path(), "rb") as f:
        assert f.read() == sound
    rechained(watch.path(), sixth(change))
    assert watch.runbook("verify", "last").code == 7
    shown = watch.runbook("replay", "last")
    assert shown.code == 7 and why in shown.out + shown.err, shown
    where = sound.index(b'"like":') + 7
    with open(watch.path(), "wb") as f:
        f.write(sound[:where] + bytes([sound[where] ^ 1]) + sound[where + 1:])
    shown = watch.runbook("verify", "last")
    assert shown.code == 7 and "was edited" in shown.out, shown


DOING = r"attempt 1, next in \d+s, last: .*\.status is 503"


@pytest.mark.parametrize("text, step", [(GATE, "ready"), (GUARD.replace("== 503", "== 200"), "errors")],
                         ids=["gate", "guard"])
def test_status_says_which_attempt_it_is_and_what_the_last_one_saw(watch, text, step):
    watch.begin(text.replace("on_trip: stop", "trips_after: 5m, on_trip: stop"), every="50s")
    watch.runbook.await_event("gate.waiting")
    shown = watch.runbook("status", "last")
    assert shown.code == 0 and re.search(rf"^{step}: .*{DOING}$", shown.out, re.M), shown


def test_logs_say_it_once_of_each_look(watch):
    watch.begin(GATE)
    watch.await_asked(4)
    watch.end()
    shown = watch.runbook("logs", "last")
    assert shown.out.count("ready: does not hold yet (attempt 1): ") == 1, shown
    assert shown.out.count("ready: does not hold yet (attempt 3): ") == 1, shown


def test_the_terminal_says_it_in_the_same_words(watch, terminal):  # noqa: F811
    text = GATE.replace("PORT", str(watch.server.server_port)).replace("EVERY", "50s")
    person = terminal("exec", watch.runbook.write("watch.yaml", text))
    person.sees("attempt 1, next in ").sees("last: ")
