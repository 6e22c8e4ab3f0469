"""Asking Prometheus: a real one, and a server that answers what one must not believe."""

import json

import pytest

from conftest import Service


@pytest.fixture(scope="module")
def service():
    with Service() as it:
        yield it


def ask(runbook, url, lua, code, kind="prometheus"):
    """A step that returns what the Lua says of the connection `metrics`."""
    path = runbook.write("prom.yaml", f"""runbook: prom
connections:
  metrics: {{type: {kind}, url: "{url}"}}
defaults: {{timeout: 1m}}
steps:
  - id: it
    lua: |
      {lua}
""")
    done = runbook("exec", path)
    assert done.code == code, done
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown
    return done


def outputs(runbook):
    return runbook.named("step.passed")[-1]["outputs"]


def real(runbook, prometheus, lua, code=0):
    return ask(runbook, f"http://127.0.0.1:{prometheus.port}", lua, code)


def test_prom_a_real_server_is_asked_and_its_answer_is_evidence(runbook, prometheus):
    real(runbook, prometheus, """local up = prom.query("metrics", "up")
      local all = prom.query("metrics", "count by (handler) (prometheus_http_requests_total)")
      return {count = #up, value = up[1].value, job = up[1].labels.job, name = up[1].labels.__name__,
              recent = time.since(up[1].time) < 3600, one = prom.value("metrics", "up"),
              scalar = prom.value("metrics", "scalar(up) + 1"), several = #all > 1,
              none = #prom.query("metrics", "no_such_metric"),
              before = #prom.query("metrics", "up", {time = "2001-01-01"})}""")
    assert outputs(runbook) == {"count": 1, "value": 1, "job": "prometheus", "name": "up",
                                "recent": True, "one": 1, "scalar": 2, "several": True, "none": 0,
                                "before": 0}
    [done] = [d for d in runbook.named("eval.result") if d.get("evidence")]
    asked = [one for one in done["evidence"] if one["call"] == "prom.query"]
    assert asked[0]["req"]["connection"] == "metrics"
    assert asked[0]["req"]["query"] == {"query": "up"} and asked[0]["outcome"]["status"] == 200
    shown = runbook("logs", "last", "it", "--evidence")
    assert 'asked     {"prom.query":{"connection":"metrics"' in shown.out, shown
    assert '| {"status":"success"' in shown.out


def test_prom_a_range_of_a_real_server_has_its_times(runbook, prometheus):
    real(runbook, prometheus, """local up = prom.range("metrics", "up", {last = "10m", step = "1s"})[1]
      local now = time.now()
      local same = prom.range("metrics", "up", {from = time.add(now, "-10m"), to = now, step = "1s"})
      return {ones = math.min(table.unpack(up.values)), paired = #up.values == #up.times,
              ordered = up.times[#up.times] >= up.times[1], job = up.labels.job, same = #same,
              nothing = #prom.range("metrics", "up", {from = "2001-01-01", to = "2001-01-02"})}""")
    assert outputs(runbook) == {"ones": 1, "paired": True, "ordered": True, "job": "prometheus",
                                "same": 1, "nothing": 0}


def test_prom_alerts_of_a_real_server_are_those_of_its_rules(runbook, prometheus):
    real(runbook, prometheus, """local all = prom.alerts("metrics")
      return {all = #all, name = all[1].name, state = all[1].state, severity = all[1].labels.severity,
              summary = all[1].annotations.summary, since = time.since(all[1].since) >= 0,
              critical = #prom.alerts("metrics", {labels = {severity = "critical"}}),
              pending = #prom.alerts("metrics", {state = "pending"}),
              never = #prom.alerts("metrics", {name = "Never"})}""")
    assert outputs(runbook) == {"all": 1, "name": "Always", "state": "firing", "severity": "warning",
                                "summary": "it is up", "since": True, "critical": 0, "pending": 0,
                                "never": 0}


@pytest.mark.parametrize("lua, why", [
    ('prom.value("metrics", "no_such_metric")', "there is no data for no_such_metric"),
    ('prom.value("metrics", "prometheus_http_requests_total")', "series instead of one number"),
    ('prom.value("metrics", "up / 0")', "the value of up / 0 is infinite"),
    ('prom.value("metrics", "0 * (up / 0)")', "is NaN"),
    ('prom.query("metrics", "0 * (up / 0)")', "prom.query: the value of 0 * (up / 0) is NaN"),
    ('prom.query("metrics", "scalar(up / 0)")', "the value of scalar(up / 0) is infinite"),
    ('prom.range("metrics", "0 * (up / 0)", {last = "1m"})', "prom.range: the value of 0 * (up / 0) is NaN"),
    ('prom.range("metrics", "-up / 0", {last = "1m"})', "is infinite"),
    ('prom.value("metrics", "up", {nan = true})', "unknown option 'nan'"),
    ('prom.value("metrics", "up[5m]")', "it gives a matrix"),
    ('prom.value("metrics", "up{")', "parse error"),
    ('prom.range("metrics", "up{", {last = "1m"})', "parse error"),
    ('prom.alerts("metrics", {name = "Misspelt"})', "there is no alerting rule Misspelt"),
    ('prom.value("metrics", "up", {timout = "1s"})',
     "unknown option 'timout'; there are time, timeout"),
    ('prom.range("metrics", "up", {})', "either last"),
    ('prom.range("metrics", "up", {last = "1m", to = 5})', "to goes with from"),
    ('prom.alerts("metrics", {state = "fired"})', "state is"),
    ('prom.value("metrics", "up", {time = true})', "time is a boolean"),
    ('prom.query("no" .. "body", "up")', "there is no connection `nobody`"),
])
def test_prom_what_is_no_number_is_unknown(runbook, prometheus, lua, why):
    done = real(runbook, prometheus, f"return {{it = {lua}}}", 1)
    assert why in done.err and "could not be decided" in done.err, done


@pytest.mark.parametrize("lua", [
    'not (prom.query("metrics", "0 * (up / 0)")[1].value > 5)',
    'math.max(0, prom.query("metrics", "0 * (up / 0)")[1].value) < 5',
    'check.lt(prom.query("metrics", "0 * (up / 0)", {nan = true})[1].value, 5)',
    'check.all{a = function() return check.ne(prom.query("metrics", "0 * (up / 0)", {nan = true})[1].value, 5) end}',
])
def test_prom_nan_opens_no_gate(runbook, prometheus, lua):
    path = runbook.write("gate.yaml", f"""runbook: gate
connections:
  metrics: {{type: prometheus, url: "http://127.0.0.1:{prometheus.port}"}}
steps:
  - id: it
    gate: {{check: '{lua}', every: 1ms, timeout: 1ms}}
""")
    done = runbook("exec", path)
    assert done.code == 1, done
    assert {item.get("verdict", "unknown") for d in runbook.named("eval.result") for item in d["items"]} == {"unknown"}


def test_prom_nan_is_given_to_who_asks_for_it(runbook, prometheus):
    real(runbook, prometheus, """local one = prom.query("metrics", "0 * (up / 0)", {nan = true})[1].value
      local all = prom.range("metrics", "up / 0", {last = "10m", step = "1s", nan = true})[1].values
      return {nan = one ~= one, infinite = all[1] == math.huge}""")
    assert outputs(runbook) == {"nan": True, "infinite": True}


def test_prom_no_data_opens_no_gate(runbook, prometheus):
    path = runbook.write("gate.yaml", f"""runbook: gate
connections:
  metrics: {{type: prometheus, url: "http://127.0.0.1:{prometheus.port}"}}
steps:
  - id: it
    gate: {{check: 'prom.value("metrics", "http_errors_total") <= 5', every: 1ms, timeout: 1ms}}
""")
    done = runbook("exec", path)
    assert done.code == 1, done
    assert {item["verdict"] if "verdict" in item else "error"
            for d in runbook.named("eval.result") for item in d["items"]} == {"error"}


def reply(**data):
    return json.dumps({"status": "success", "data": data})


def vector(*values):
    return reply(resultType="vector", result=[{"metric": {}, "value": value} for value in values])


def test_prom_an_answer_that_the_server_warns_of_is_unknown(runbook, service):
    # That nothing is in a part of the data says nothing of the rest.
    said = {"status": "success", "data": {"resultType": "vector", "result": []}, "infos": ["so so"]}
    ask(runbook, service.said(200, json.dumps(said)), 'return {it = #prom.query("metrics", "x")}', 0)
    assert outputs(runbook) == {"it": 0}
    said["warnings"] = ["half of it is away"]
    done = ask(runbook, service.said(200, json.dumps(said)), 'return #prom.query("metrics", "x")', 1)
    assert "could not be decided" in done.err and "half of it is away" in done.err, done
    assert "so so" in runbook("logs", "last", "it", "--evidence").out


@pytest.mark.parametrize("lua", [
    'return #prom.alerts("metrics", {labels = {shard = 1}})',
    'return #prom.alerts("metrics", {labels = {"critical"}})',
])
def test_prom_labels_that_no_alert_can_have_are_refused(runbook, prometheus, lua):
    done = real(runbook, prometheus, lua, 1)
    assert "labels are texts by name" in done.err, done


@pytest.mark.parametrize("status, body, code", [
    (200, vector(), "no_data true"),
    (200, vector([1, "NaN"]), "no_number true"),
    (200, reply(resultType="vector", result={"x": 1}), "protocol false"),
    (200, vector([1, "-Inf"]), "no_number true"),
    (200, vector([1, "one"]), "protocol false"),
    (200, vector([1, 1]), "protocol false"),
    (200, vector("1"), "protocol false"),
    (200, vector([1, "1"], [1, "2"]), "many false"),
    (200, reply(resultType="vector", result=[{"metric": {}, "histogram": [1, {}]}]), "refused false"),
    (200, reply(resultType="string", result=[1, "x"]), "refused false"),
    (200, reply(resultType="vector"), "protocol false"),
    (200, "[]", "protocol false"),
    (200, "<html>log in</html>", "protocol false"),
    (200, '{"status": "success", "status": "success"}', "protocol false"),
    (200, "", "protocol false"),
    (302, "", "status false"),
    (503, "Service Unavailable", "status true"),
    (503, vector([1, "1"]), "status true"),
    (400, '{"status": "error", "errorType": "bad_data", "error": "no"}', "refused false"),
    (503, '{"status": "error", "errorType": "unavailable", "error": "soon"}', "refused true"),
    (200, '{"status": "error", "errorType": "internal", "error": "oh"}', "refused true"),
])
def test_prom_a_broken_answer_is_no_number(runbook, service, status, body, code):
    ask(runbook, service.said(status, body), """local it, problem = try(prom.value, "metrics", "x")
      return {it = it, code = problem.code .. " " .. tostring(problem.retryable)}""", 0)
    assert outputs(runbook) == {"code": code}


@pytest.mark.parametrize("rules, code", [
    ([], "no_rule"),
    ([{"type": "recording", "name": "x", "health": "ok"}], "no_rule"),
    ([{"type": "alerting", "name": "x", "health": "err", "lastError": "bad", "alerts": []}], "rule"),
    ([{"type": "alerting", "name": "x", "health": "unknown", "alerts": []}], "rule"),
    ([{"type": "alerting", "name": "x", "health": "ok"}], "protocol"),
])
def test_prom_no_alert_of_no_rule_means_nothing(runbook, service, rules, code):
    ask(runbook, service.said(200, reply(groups=[{"rules": rules}])),
        """local it, problem = try(prom.alerts, "metrics")
      return {it = it and #it, code = problem and problem.code}""", 0)
    assert outputs(runbook) == {"code": code}


def test_prom_its_connection_is_of_its_type(runbook, service):
    done = ask(runbook, f"http://127.0.0.1:{service.port}",
               'return {it = prom.value("metr" .. "ics", "up")}', 1, kind="http")
    assert "`metrics` is a connection of the type http" in done.err, done


def test_prom_nobody_answers(runbook):
    done = ask(runbook, "http://127.0.0.1:1", 'return {it = prom.value("metrics", "up")}', 1)
    assert "prom.value: 127.0.0.1:1: there is no connection" in done.err, done


def test_prom_check_knows_its_functions(runbook):
    path = runbook.write("wrong.yaml", """runbook: wrong
steps:
  - {id: it, gate: 'prom.valeu("metrics", "up") == 1'}
""")
    done = runbook("check", path)
    assert done.code == 1 and "`prom` has no `valeu`" in done.err + done.out, done
    assert "did you mean `value`?" in done.err + done.out
