"""Checks that ask a web service, and what is shown of what a step asked and was answered."""

import hashlib
import json
import re

import pytest

from test_http import service, web  # noqa: F401


def test_http_a_check_looks_and_its_answer_is_evidence(web):
    done = web("""
  - id: ready
    gate:
      checks:
        up: http.get("/status", {connection = "api", query = {code = 200}, timeout = "5s"}).status == 200
        head: http.head("/echo", {connection = "api"}).ok
        quick: check.gt(http.get("/echo", {connection = "api"}).duration, 0, "seconds")
        body: http.get("/echo", {connection = "api", headers = {["X-A"] = "b"}}).body:find("X-A", 1, true) ~= nil
      every: 10ms
      timeout: 10s
""")
    assert done.code == 0, done
    evidence = web.runbook.named("eval.result")[-1]["evidence"]
    assert [e["outcome"]["status"] for e in evidence] == [200] * 4
    assert web.runbook("replay", "last").code == 0
    shown = web.runbook("logs", "last", "ready", "--evidence")
    assert shown.code == 0, shown
    assert 'asked     {"http.request":{"connection":"api","headers":{"X-A":"b"}' in shown.out
    assert 'answered  {"duration_us":' in shown.out and '"status":200' in shown.out
    assert '| {"method": "GET"' in shown.out and "says      body: holds" in shown.out
    assert "Z ready, look 1: gate\n" in shown.out
    lines = web.runbook("logs", "last", "ready", "--evidence", "--output", "json").out.splitlines()
    assert json.loads(lines[-1])["d"]["evidence"] == evidence


def test_f40_what_is_asked_of_a_service_lasts_no_longer_than_the_step(web):
    """Each would wait for half a minute by itself."""
    done = web("""
  - id: ready
    gate:
      check: http.get("/drip", {connection = "api"}).ok and http.get("/drip", {connection = "api"}).ok
      every: 100ms
      timeout: 1500ms
    on_failure: continue
  - id: told
    connection: api
    http: /echo
    timeout: 1s
    check: http.get("/drip", {connection = "api"}).ok
    on_failure: continue
""")
    assert done.code == 0 and "in time" in done.err, done
    assert web.runbook.steps() == {"ready": "failed", "told": "failed"}
    assert re.search(r"told: could not be decided after [1-9][\d.]*s", done.err), done   # not 0ms, of its action
    looks = [look for one in web.runbook.named("eval.result") for look in one.get("evidence", [])]
    assert looks and all(look["req"]["timeout_us"] == 30000000 for look in looks)
    assert all(look["outcome"]["duration_us"] < look["req"]["timeout_us"] for look in looks)
    assert web.runbook("replay", "last").code == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_http_an_answer_that_fails_a_step_is_shown(web, method):
    done = web(f"""
  - id: health
    connection: api
    http: {{method: {method}, url: "/status?code=503"}}
""")
    assert done.code == 1 and "status 503, expected 2xx" in done.err, done
    assert "all of the answer:\n          | as asked\n" in done.err, done


def test_http_what_a_step_asked_is_shown_as_it_was_recorded(web):
    """The record has its digest only."""
    done = web("""
  - id: tell
    connection: api
    http: {method: POST, url: "/echo", json: {port: "${{ params.port }}"}}
""")
    assert done.code == 0, done
    shown = web.runbook("logs", "last", "tell", "--evidence")
    assert "says      params.port: " in shown.out, shown
    lines = web.runbook("logs", "last", "tell", "--evidence", "--output", "json").out.splitlines()
    intent = next(event for event in map(json.loads, lines) if event["type"] == "effect.intent")
    request = json.dumps(intent["request"], sort_keys=True, separators=(",", ":"))
    assert intent["d"]["req"] == "sha256:" + hashlib.sha256(request.encode()).hexdigest()
    assert f"asked     {request}" in shown.out
    assert "POST" in request and "port" in intent["request"]["body"]["text"]


def test_http_evidence_is_of_a_step_that_there_is(web):
    assert web("""
  - id: ask
    connection: api
    http: /echo
""").code == 0
    shown = web.runbook("logs", "last", "ask", "--evidence")
    assert "effect.result" in shown.out and "| {" in shown.out, shown
    assert re.search(r'asked     {.*"method":"GET".*/echo"}', shown.out), shown
    assert web.runbook("logs", "last", "asks", "--evidence").code == 2
    assert web.runbook("logs", "last", "--evidence").code == 2
