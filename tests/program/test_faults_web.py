"""Services that can't be found, answer too slowly, or are not to be trusted."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest

from conftest import ROOT, Service
from tls import Authority


def reasons(runbook):
    return {d["step"]: d["reason"] for d in runbook.named("attempt.failed")}


def sent(runbook):
    """Step -> what is known to have left, of each of its attempts."""
    found = {}
    for d in runbook.named("effect.result"):
        found.setdefault(d["step"], []).append(d.get("sent", d.get("error", {}).get("sent")))
    return found


NAMES = """runbook: names
defaults: {timeout: 4s}
connections:
  base: {type: postgres, host: nx.test, dbname: a, user: b}
  mute: {type: postgres, host: silent.test, dbname: a, user: b}
steps:
  - id: nx
    http: {url: "http://nx.test/", json: {a: 1}}
    retry: {attempts: 2, delay: 10ms, on: [connect]}
    idempotent: true
    on_failure: continue
  - id: broken
    http: {url: "http://broken.test/", json: {a: 1}}
    on_failure: continue
  - id: silent
    http: {url: "http://silent.test/", json: {a: 1}}
    on_failure: continue
  - id: base
    connection: base
    sql: create table t(a int)
    on_failure: continue
  - id: mute
    connection: mute
    sql: create table t(a int)
    on_failure: continue
  - id: later
    http: {url: "http://later.test:8080/", json: {a: 1}}
    idempotent: true
    retry: {attempts: 5, delay: 10ms, on: [connect]}
  - id: refusing
    http: {url: "http://refusing.test:8080/", json: {a: 1}}
  - id: dead
    timeout: 30s
    http: {url: "http://dead.test:8081/", json: {a: 1}}
"""


def in_its_network(runbook, counts, text):
    """Runs it where names come to what tests/tools/names.py says."""
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, "tests", "tools", "names.py"), counts,
         runbook.binary, "exec", runbook.write("names.yaml", text), "--no-input"], cwd=ROOT,
        env=runbook.env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=300)


def test_f38_names_that_come_to_nothing_or_to_the_dead(runbook):
    counts = os.path.join(runbook.folder, "counts")
    done = in_its_network(runbook, counts, NAMES)
    assert done.returncode == 0, done.stderr
    assert sent(runbook) == {
        "nx": ["no", "no"], "broken": ["no"], "silent": ["no"], "base": ["no"], "mute": ["no"],
        "later": ["no", "no", None], "refusing": [None], "dead": [None]}
    assert runbook.named("question.asked") == []
    with open(counts) as f:
        assert json.load(f) == {"later.test": 1, "refusing.test": 1, "dead.test": 1}
    assert runbook("replay", "last").code == 0


LED = """
runbook: led
defaults: {timeout: 20s}
steps:
  - id: other
    http: {url: "http://elsewhere.test:8080/to/http://elsewhere.test:8080/", follow: 3}
  - id: four
    http: {url: "http://elsewhere.test:8080/to/http://127.0.0.1:8082/", follow: 3}
    on_failure: continue
  - id: six
    http: {url: "http://elsewhere.test:8080/to/http://[::1]:8082/", follow: 3}
    on_failure: continue
  - id: mapped
    http: {url: "http://elsewhere.test:8080/to/http://[::ffff:127.0.0.1]:8082/", follow: 3}
    on_failure: continue
  - id: any
    http: {url: "http://elsewhere.test:8080/to/http://0.0.0.0:8082/", follow: 3}
    on_failure: continue
  - id: name
    http: {url: "http://elsewhere.test:8080/to/http://own.test:8082/", follow: 3}
    on_failure: continue
  - id: rebound
    http: {url: "http://rebind.test:8080/to/http://rebind.test:8082/", follow: 3}
    on_failure: continue
  - id: own
    http: {url: "http://own.test:8082/to/http://127.0.0.1:8082/", follow: 3}
"""


def test_a57_a_redirect_from_elsewhere_leads_to_nothing_of_this_machine(runbook):
    """By address, by name, and by a name that has another address by then."""
    counts = os.path.join(runbook.folder, "counts")
    done = in_its_network(runbook, counts, LED)
    assert done.returncode == 0, done.stderr
    refused = {d["step"]: d["error"] for d in runbook.named("effect.result") if "error" in d}
    assert set(refused) == {"four", "six", "mapped", "any", "name", "rebound"}
    for step, error in refused.items():
        assert error["code"] == "redirect" and "local to this machine" in error["message"], step
    with open(counts) as f:
        assert json.load(f) == {"elsewhere.test": 1, "127.0.0.1": 1}    # the latter by `own`
    assert runbook("replay", "last").code == 0


SLOW = [
    ("slow-headers", "/drip-headers", "timeout"),
    ("slow-body", "/drip", "timeout"),
    ("endless-chunks", "/endless", "lost"),
    ("half-closed", "/half-close?bytes=", "lost"),
    ("half-answered", "/half-close?bytes=HTTP/1.1%20200%20So%0D%0AContent-Length:%205%0D%0A%0D%0Aab", "lost"),
    ("endless-chunk", "/raw?end=silence&bytes=HTTP/1.1%20200%20So%0D%0A"
     "Transfer-Encoding:%20chunked%0D%0A%0D%0Afffffff%0D%0Aab", "timeout"),
]


@pytest.mark.parametrize("url, reason", [pair[1:] for pair in SLOW], ids=[pair[0] for pair in SLOW])
def test_f40_an_answer_that_never_gets_whole_is_bounded(runbook, url, reason):
    """A read fails; what writes is in doubt, and not sent again."""
    with Service() as service:
        path = runbook.write("slow.yaml", f"""runbook: slow
connections: {{api: {{type: http, url: "http://127.0.0.1:{service.port}"}}}}
defaults: {{timeout: 2s}}
steps:
  - id: read
    connection: api
    http: {{url: "{url}", max_bytes: 1000000}}
    on_failure: continue
  - id: write
    connection: api
    http: {{url: "{url}", method: POST, max_bytes: 1000000}}
    retry: {{attempts: 3, delay: 10ms}}
    probe: unknown("nobody can say")
""")
        done = runbook("exec", path, "--no-input")
        assert done.code == 3, done
        assert service.count(url.partition("?")[0]) == 2
    assert reasons(runbook)["read"] == reason, runbook.named("effect.result")
    assert [d["kind"] for d in runbook.named("question.asked")] == ["doubt"]
    assert sent(runbook) == {"read": ["maybe"], "write": ["maybe"]}
    assert runbook("replay", "last").code == 9      # open: it waits for a person


def test_f42_a_handshake_that_stalls_is_bounded_and_nothing_was_sent(runbook):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        path = runbook.write("stall.yaml", f"""runbook: stall
steps:
  - id: write
    timeout: 1s
    http: {{url: "https://127.0.0.1:{silent.getsockname()[1]}/", json: {{a: 1}}}}
    idempotent: true
    retry: {{attempts: 2, delay: 10ms, on: [timeout, connect]}}
""")
        done = runbook("exec", path, "--no-input")
    assert done.code == 1 and "its TLS handshake did not come to an end in time" in done.err, done
    assert sent(runbook) == {"write": ["no", "no"]}
    assert runbook.named("question.asked") == []


def test_f42_a_certificate_that_expires_between_two_steps(runbook, tmp_path):
    authority = Authority(tmp_path)
    good = authority.certificate("good", 30)
    expired = authority.certificate("expired", 30, begun="90 days ago")
    with Service(*good) as service:
        path = runbook.write("expires.yaml", f"""runbook: expires
connections:
  safe: {{type: http, url: "https://localhost:{service.tls_port}", tls: {{ca: "{authority.ca}"}}}}
defaults: {{timeout: 20s}}
steps:
  - id: before
    connection: safe
    http: {{url: /echo, json: {{a: 1}}}}
  - id: renew
    connection: safe
    http: "/renew?certificate={expired[0]}&key={expired[1]}"
  - id: after
    connection: safe
    http: {{url: /echo, json: {{a: 2}}}}
    on_failure: continue
  - id: look
    gate: {{check: 'http.get("/health", {{connection = "safe"}}).ok', every: 10ms, timeout: 50ms}}
""")
        done = runbook("exec", path, "--no-input")
        assert done.code == 1 and service.count("/echo") == 1, done
        assert service.count("/health") == 0
    assert sent(runbook) == {"before": [None], "renew": [None], "after": ["no"]}
    assert "certificate has expired" in done.err
    assert runbook.named("question.asked") == []
    assert runbook("replay", "last").code == 0


def test_f33_a_new_request_makes_no_earlier_note_one_of_this_boot(runbook):
    """Three writes at once, of which one had not begun when the power went, and took the notes of the
    others with it. That there are none says nothing, though the first begins before they are looked for."""
    with Service() as service:
        url = f"http://127.0.0.1:{service.port}"
        path = runbook.write("boot.yaml", f"""runbook: boot
params: {{text: {{type: string, default: x}}}}
defaults: {{timeout: 20s}}
steps:
  - id: all
    parallel:
      - id: new
        http: {{url: "{url}/echo", method: POST, body: "${{{{ params.text }}}}"}}
      - id: left
        http: {{url: "{url}/zeros?size=9000000", method: POST}}
      - id: right
        http: {{url: "{url}/zeros?size=9000001", method: POST}}
""")
        assert runbook("exec", path).code == 0
        journal = os.path.join(runbook.run_folder(), "journal.jsonl")
        with open(journal, "rb") as f:
            lines = f.readlines()
        last = next(i for i, event in enumerate(runbook.events())
                    if event["type"] == "eval.result" and event["d"].get("step") == "new")
        kept = [(event["type"], event["d"]["step"]) for event in runbook.events()[:last]
                if event["type"].startswith("effect.")]
        assert kept == [("effect.intent", "left"), ("effect.intent", "right")], kept
        with open(journal, "wb") as f:
            f.writelines(lines[:last + 1])
        for name in ("new.1", "left.1", "right.1"):
            shutil.rmtree(os.path.join(runbook.run_folder(), "steps", name))
        noted = os.path.join(runbook.run_folder(), "supervisor.boot")
        with open(noted, "w") as f:
            f.write("00000000-0000-0000-0000-000000000000")
        done = runbook("resume", "last", "--no-input")
        assert done.code == 3, done
        assert service.count("/zeros") == 2 and service.count("/echo") == 2
    assert {d["step"] for d in runbook.named("effect.doubt")} == {"left", "right"}
    assert [d["step"] for d in runbook.named("effect.result")] == ["new"]
    assert open(noted).read() != "00000000-0000-0000-0000-000000000000"
