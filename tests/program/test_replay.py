"""Replay with the world: what it makes of a record whose evidence is not what the checks saw, with
every hash right."""

import json
import os

import pytest

from conftest import Service
from test_attacks_approve import rechained

HEAD = """runbook: looks
connections:
  api: {{type: http, url: "http://127.0.0.1:{web}"}}
  reader: {{type: postgres, host: 127.0.0.1, port: "{pg}", dbname: postgres, user: postgres, password: "{password}", read_only: true}}
  metrics: {{type: prometheus, url: "http://127.0.0.1:{prom}"}}
defaults: {{timeout: 1m}}
steps:
"""

LOOKS = {
    "http": """
  - id: look
    lua: |
      local answer = http.get("/echo", {connection = "api"})
      return {good = answer.ok and answer.body:find("GET", 1, true) ~= nil}
""",
    "pg": """
  - id: look
    lua: |
      local answer = pg.query("reader", "select 7 as n")
      return {good = answer.rows == 1 and answer.value == 7}
""",
    "prom": """
  - id: look
    lua: 'return {good = prom.value("metrics", "vector(7)") == 7}'
""",
}


@pytest.fixture(params=list(LOOKS))
def looked(request, runbook):
    """A run that looked at the world once, and is sound."""
    kind = request.param
    ports = {"web": 1, "pg": 1, "prom": 1, "password": ""}
    if kind == "http":
        with Service() as service:
            look(runbook, LOOKS[kind], {**ports, "web": service.port})
    elif kind == "pg":
        cluster = request.getfixturevalue("postgres")
        look(runbook, LOOKS[kind], {**ports, "pg": cluster.port, "password": cluster.password})
    else:
        look(runbook, LOOKS[kind], {**ports, "prom": request.getfixturevalue("prometheus").port})
    assert runbook.named("step.passed")[0]["outputs"] == {"good": True}
    return runbook


def look(runbook, steps, ports):
    done = runbook("exec", runbook.write("looks.yaml", HEAD.format(**ports) + steps))
    assert done.code == 0, done
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown


def altered(runbook, alter):
    """Written anew by the owner of the files, what was seen other than it was."""
    def change(event):
        if event["type"] == "eval.result" and event["d"].get("evidence"):
            alter(event["d"]["evidence"])

    rechained(os.path.join(runbook.run_folder(), "journal.jsonl"), change)


def differs(runbook, why):
    verified = runbook("verify", "last")
    assert verified.code == 7 and "CHAIN      PASS" in verified.out, verified
    shown = runbook("replay", "last")
    assert shown.code == 7 and "the replay differs at seq" in shown.out and why in shown.out, shown


def asked_elsewhere(evidence):
    evidence[0]["req"]["connection"] = "another"


def answered_otherwise(evidence):
    """By an error of the server, or with another number of rows."""
    outcome = evidence[0]["outcome"]
    if "status" in outcome:
        outcome["status"] = 500
    else:
        outcome["results"][0]["rows"] = 2


@pytest.mark.parametrize("alter, why", [
    (asked_elsewhere, "it asks for something else than the record holds"),
    (lambda evidence: evidence.pop(), "it asks for more than the record holds"),
    (lambda evidence: evidence.append(evidence[0]), "it asks for less than the record holds"),
    (answered_otherwise, "recorded eval.result"),
], ids=["another-request", "dropped", "doubled", "another-answer"])
def test_evidence_that_is_not_what_was_seen_is_told(looked, alter, why):
    altered(looked, alter)
    differs(looked, why)


def blob_of_evidence(runbook):
    [evidence] = [d["evidence"] for d in runbook.named("eval.result") if d.get("evidence")]
    outcome = evidence[0]["outcome"]
    reference = outcome.get("out") or outcome["results"][0]["out"]
    return blob(runbook, reference)


def blob(runbook, reference):
    return os.path.join(runbook.run_folder(), "blobs", "sha256", reference["blob"].split(":")[1])


def is_missing(runbook, path):
    """Neither the same nor another: nobody can know."""
    os.unlink(path)
    shown = runbook("replay", "last")
    assert shown.code == 9 and "differs" not in shown.out, shown
    assert f"evidence is missing: there is no blobs/sha256/{os.path.basename(path)}" in shown.out
    told = json.loads(runbook("replay", "last", "--output", "json").out)
    assert (told["same"], told["missing"]) == (False, True) and os.path.basename(path) in told["what"]
    verified = runbook("verify", "last")
    assert verified.code == 9 and "EVIDENCE   ABSENT" in verified.out, verified
    assert "DECISIONS  ABSENT" in verified.out


def test_evidence_that_is_missing_is_neither_the_same_nor_another(looked):
    is_missing(looked, blob_of_evidence(looked))


def test_a_body_that_was_changed_is_another(looked):
    path = blob_of_evidence(looked)
    os.chmod(path, 0o600)
    with open(path, "ab") as f:
        f.write(b" ")
    differs(looked, "was changed")


@pytest.mark.parametrize("judged", ["expect: {json: {method: GET}}",
                                    "check: result.body ~= ''",
                                    "check: try(function() return result.body end) == nil"])
def test_the_answer_of_a_step_that_is_missing_is_missing_evidence(runbook, judged):
    with Service() as service:
        done = runbook("exec", runbook.write("ask.yaml", HEAD.format(
            web=service.port, pg=1, prom=1, password="") + f"""
  - id: ask
    connection: api
    http: /echo
    {judged}
    on_failure: continue
"""))
        assert done.code in (0, 1), done
    [result] = runbook.named("effect.result")
    is_missing(runbook, blob(runbook, result["out"]))
