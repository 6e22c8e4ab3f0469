"""The certificate of a service: what is to be trusted, what is not, and what does not answer."""

import math
import socket
import time

import pytest

from conftest import Service
from both_schemes import BothSchemes
from people import BOOK, begin, shown

KINDS = {"good": (-1, 90.5), "soon": (-1, 20.5), "expired": (-90, -0.5), "early": (1, 90.5)}


@pytest.fixture(scope="module")
def ports(authority):
    """Name of a certificate -> port of a server that has it."""
    for name, (first, last) in KINDS.items():
        authority.sign(name, first, last)
    authority.sign("other", -1, 90.5, "DNS:other.test")
    authority.self_sign("alone")
    return {name: authority.serve(name) for name in (*KINDS, "other", "alone")}


@pytest.fixture
def ask(runbook, authority):
    """Runs a step that returns what the Lua says."""
    def run(lua, code=0, **params):
        path = runbook.write("tls.yaml", f"""runbook: tls
params: {{port: {{type: integer, default: 443}}, ca: {{type: string, default: "{authority.ca}"}}}}
defaults: {{timeout: 1m}}
steps:
  - id: it
    lua: |
      {lua}
""")
        done = runbook("exec", path, *(word for name, value in params.items()
                                       for word in ("-p", f"{name}={value}")))
        assert done.code == code, done
        for command in ("verify", "replay"):
            shown = runbook(command, "last")
            assert shown.code == 0, shown
        return runbook.named("step.passed")[-1]["outputs"] if code == 0 else done
    return run


SHOWN = """local shown = tls.connect("localhost", {port = params.port, ca = params.ca})
      return {verified = shown.verified, error = shown.error, subject = shown.subject,
              days = shown.days_left}"""


def days(kind):
    """Whole days."""
    return math.floor(KINDS[kind][1])


@pytest.mark.parametrize("kind, error", [
    ("good", None), ("soon", None), ("expired", "certificate has expired"),
    ("early", "certificate is not yet valid")])
def test_tls_a_certificate_is_data_whether_it_is_good_or_not(ask, ports, kind, error):
    got = ask(SHOWN, port=ports[kind])
    assert got.pop("error", None) == error
    assert got == {"verified": error is None, "subject": f"CN = {kind}", "days": days(kind)}


@pytest.mark.parametrize("kind, error", [("other", "it is not for this name"),
                                         ("alone", "self-signed certificate")])
def test_tls_one_of_another_name_or_of_nobody_is_not_verified(ask, ports, kind, error):
    got = ask(SHOWN, port=ports[kind])
    assert got.pop("days") in (89, 90)
    assert got == {"verified": False, "error": error, "subject": f"CN = {kind}"}


def test_tls_what_is_shown_is_all_there(ask, runbook, ports):
    before = time.time()
    got = ask("""local shown = tls.connect("127.0.0.1", {port = params.port, ca = params.ca})
      return {names = shown.names, issuer = shown.issuer, chain = #shown.chain, last = shown.chain[2].subject,
              first = shown.chain[1].subject, before = shown.not_before, after = shown.not_after,
              verified = shown.verified, serial = #shown.serial > 0}""", port=ports["good"])
    assert abs(got.pop("before") - before + 86400) < 3600
    assert abs(got.pop("after") - before - 90.5 * 86400) < 3600
    assert got == {"names": ["localhost", "*.localhost", "127.0.0.1"], "issuer": "CN = A Test Authority",
                   "chain": 2, "last": "CN = A Test Authority", "first": "CN = good", "verified": True,
                   "serial": True}
    shown = runbook("logs", "last", "it", "--evidence")
    assert 'asked     {"tls.connect":{"ca":' in shown.out and '"verified":true' in shown.out, shown


def test_tls_another_name_is_asked_for_and_vouched_for(ask, ports):
    got = ask("""local function at(name)
        return tls.connect("127.0.0.1", {port = params.port, ca = params.ca, servername = name})
      end
      return {own = at("other.test").verified, wrong = at("third.test").error}""", port=ports["other"])
    assert got == {"own": True, "wrong": "it is not for this name"}


def test_tls_whom_the_machine_does_not_trust_is_not_verified(ask, ports):
    got = ask('local shown = tls.connect("localhost", {port = params.port})\n'
              '      return {verified = shown.verified, days = shown.days_left}', port=ports["good"])
    assert got == {"verified": False, "days": 90}


def test_tls_an_old_certificate_opens_no_gate(runbook, authority, ports):
    for kind, code in (("good", 0), ("soon", 1), ("expired", 1)):
        path = runbook.write("gate.yaml", f"""runbook: gate
steps:
  - id: it
    gate:
      check: 'tls.connect("localhost", {{port = {ports[kind]}, ca = "{authority.ca}"}}).days_left > 30'
      every: 1ms
      timeout: 1ms
""")
        done = runbook("exec", path)
        assert done.code == code, done
        [item] = runbook.named("eval.result")[0]["items"]
        assert item["verdict"] == ("fails" if code else "holds")


@pytest.mark.parametrize("lua, why", [
    ('tls.connect("127.0.0.1", {port = 1})', "there is no connection"),
    ('tls.connect("no-such-host.invalid")', "the name can't be resolved"),
    ('tls.connect("localhost", {port = params.port, ca = "/no/such.pem"})', "trusted certificates"),
    ('tls.connect("a@b")', "`a@b` is no name of a host"),
    ('tls.connect("a/b")', "`a/b` is no name of a host"),
    ('tls.connect("")', "`` is no name of a host"),
    ('tls.connect("localhost", {servername = "a b"})', "`a b` is no name of a host"),
    ('tls.connect("localhost", {port = 70000})', "the port is not one of 1 to 65535"),
    ('tls.connect("localhost", {prot = 1})', "unknown option 'prot'; there are ca, port"),
    ('tls.connect("localhost", {port = "443"})', "port is a string, not an integer"),
])
def test_tls_no_handshake_is_unknown(ask, ports, lua, why):
    done = ask(f"return {{it = {lua}.verified}}", 1, port=ports["good"])
    assert why in done.err and "could not be decided" in done.err, done


def test_tls_what_speaks_no_tls_is_unknown(ask):
    with Service() as service:
        done = ask(SHOWN, 1, port=service.port)
    assert "the TLS handshake failed" in done.err, done


def test_f42_a_handshake_that_stalls_is_bounded_and_unknown(ask, runbook):
    """The connection is there, and then nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        done = ask("""return {it = tls.connect("localhost", {port = params.port, timeout = "300ms"}).verified}""",
                   1, port=silent.getsockname()[1])
    assert "its TLS handshake did not come to an end in time" in done.err and "could not be decided" in done.err, done
    [failed] = [one["outcome"]["error"]["code"] for d in runbook.named("eval.result")
                for one in d.get("evidence", [])]
    assert failed == "timeout"


def test_f42_a_certificate_that_is_another_by_now_is_seen(runbook, authority, ports):
    """Each look makes a handshake of its own, and takes nothing from the last one."""
    port = authority.serve("good")
    server = authority.servers[-1]
    path = runbook.write("expires.yaml", f"""runbook: expires
defaults: {{timeout: 2m}}
steps:
  - id: before
    gate: {{check: 'tls.connect("localhost", {{port = {port}, ca = "{authority.ca}"}}).verified', timeout: 1ms}}
  - id: meanwhile
    exec: [sh, -c, "touch before; until test -e after; do sleep 0.02; done"]
  - id: after
    gate:
      check: return not tls.connect("localhost", {{port = {port}, ca = "{authority.ca}"}}).verified
      timeout: 1ms
""")
    process = runbook.start("exec", path, cwd=runbook.folder)
    runbook.await_event("step.began", step="meanwhile")
    server.kill()
    server.wait()
    assert authority.serve("expired", port) == port
    runbook.write("after", "")
    assert process.wait(120) == 0
    assert runbook("replay", "last").code == 0


@pytest.fixture
def over(runbook, authority):
    """Runs steps over connections to a server with the certificate of this name."""
    def run(service, more, steps, command="exec", code=1):
        path = runbook.write("over.yaml", f"""runbook: over
connections:
  api: {{type: http, url: "https://localhost:{service.tls_port}", tls: {{ca: "{authority.ca}"{more}}}}}
  metrics: {{type: prometheus, url: "https://localhost:{service.tls_port}", tls: {{ca: "{authority.ca}"{more}}}}}
defaults: {{timeout: 20s}}
steps:{steps}""")
        done = runbook(command, path)
        assert done.code == code, done
        return done
    return run


@pytest.mark.parametrize("kind, why", [("expired", "certificate has expired"),
                                       ("other", "for this name"), ("alone", "self-signed")],
                         ids=["expired", "other", "alone"])
def test_a59_a_certificate_that_is_no_good_is_refused_before_anything_is_sent(
        over, runbook, authority, ports, kind, why):
    with Service(*authority.paths(kind)) as service:
        done = over(service, "", """
  - id: step
    connection: api
    http: {url: /echo, json: {a: 1}}
    on_failure: continue
  - id: module
    gate: {check: 'http.get("/echo", {connection = "api"}).ok', every: 10ms, timeout: 10ms}
    on_failure: continue
  - id: metrics
    gate: {check: 'prom.value("metrics", "up") == 1', every: 10ms, timeout: 10ms}
    on_failure: continue
""", code=0)
        assert service.count("/echo") == service.count("/api/v1/query") == 0
    assert runbook.steps() == {"step": "failed", "module": "failed", "metrics": "failed"}
    [result] = runbook.named("effect.result")
    assert (result["error"]["code"], result["sent"]) == ("tls", "no") and why in done.err, done
    items = [d["items"][0] for d in runbook.named("eval.result") if d["phase"] == "gate"]
    assert len(items) >= 2 and all("verdict" not in item or item["verdict"] == "unknown" for item in items)


@pytest.mark.parametrize("start, end", [("https", "http"), ("http", "https"), ("https", "https")])
def test_a56_another_scheme_alone_is_another_origin(runbook, authority, ports, start, end):
    """The same name and the same port; the last pair is the twin that stays where it was."""
    with BothSchemes(*authority.paths("good")) as both:
        done = runbook("exec", runbook.write("schemes.yaml", f"""runbook: schemes
defaults: {{timeout: 20s}}
steps:
  - id: follow
    http:
      url: "{start}://localhost:{both.port}/to/{end}://localhost:{both.port}/there"
      headers: {{Cookie: a=b, X-Key: k}}
      auth: {{bearer: abcdef}}
      tls: {{ca: "{authority.ca}"}}
      follow: 1
"""))
        assert done.code == 0, done
    [(scheme, names)] = both.seen
    secret = {"authorization", "cookie", "x-key"}
    assert scheme == end and names & secret == (secret if start == end else set()), both.seen


def test_a59_that_nobody_looks_at_a_certificate_is_said_and_recorded(over, runbook, authority, ports):
    steps = """
  - id: step
    connection: api
    http: {url: /health, tls: {verify: false}}
  - {id: sure, confirm: "Go on?"}
"""
    said = "any certificate is taken by connection `api`, connection `metrics`, step `step` " \
           "(`tls: {verify: false}`)"
    with Service(*authority.paths("expired")) as service:
        planned = over(service, ", verify: false", steps, "plan", 0)
        assert said in planned.out
        done = over(service, ", verify: false", steps, "exec", 3)
    assert said in done.err and done.err.index(said) < done.err.index("sure"), done
    [result] = runbook.named("effect.result")
    assert result["tls"]["verify"] is False and result["tls"]["subject"] == "/CN=expired"
    assert said in runbook("resume", "last").err
    with Service(*authority.paths("good")) as service:
        assert "any certificate" not in over(service, "", steps.replace("false", "true"), "plan", 0).out


def test_a59_who_approves_is_shown_that_nobody_looks_at_a_certificate(runbook, people):
    book = BOOK.replace("steps:", "connections:\n  api: {type: http, url: 'https://localhost/', "
                        "tls: {verify: false}}\nsteps:", 1)
    begin(runbook, book)
    _, text = shown(runbook, "last", "--key", people.key("po@x"))
    assert "any certificate is taken by connection `api` (`tls: {verify: false}`)" in text, text


def test_a59_off_is_no_way_to_say_it_by_accident(over, authority, ports):
    with Service(*authority.paths("good")) as service:
        done = over(service, ", verify: off", "\n  - {id: it, wait: 1ms}\n", "check", 1)
    assert "`verify` has to be true or false, not `off`" in done.err and "write false" in done.err, done
