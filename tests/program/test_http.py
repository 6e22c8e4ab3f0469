"""Steps and checks that ask a web service: a real server, which does what the path of a request says."""

import base64
import gzip
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
from urllib.parse import quote

import pytest

from conftest import Service
from test_crash import wait_for

HEAD = """
runbook: web
title: Ask a service
params:
  port: {type: integer}
  value: {type: string, default: ""}
connections:
  api: {type: http, url: "http://127.0.0.1:${{ params.port }}", headers: {X-Team: ops}}
defaults: {timeout: 20s}
steps:
"""


@pytest.fixture
def service():
    with Service() as it:
        yield it


@pytest.fixture
def web(runbook, service):
    """Runs a runbook of these steps against the server."""
    def run(steps, *words, **more):
        path = runbook.write("web.yaml", HEAD + steps)
        return runbook("exec", path, "-p", f"port={service.port}", *words, **more)
    run.runbook, run.service = runbook, service
    return run


def body_of(runbook, step):
    """What a step was answered."""
    result = next(d for d in runbook.named("effect.result") if d["step"] == step)
    blob = result["out"]["blob"].split(":")[1]
    with open(os.path.join(runbook.run_folder(), "blobs", "sha256", blob)) as f:
        return f.read()


def test_http_a_request_says_what_the_step_says(web):
    done = web("""
  - id: get
    connection: api
    http: {url: /echo, query: {q: "${{ params.value }}", plain: a}, headers: {X-Own: "7"}}
  - id: post
    connection: api
    http: {url: /echo, json: {text: "${{ params.value }}", list: [1, true, null]}}
    expect: {status: [200, 201], json: {method: POST}, header: {content-type: /json/}, body: /X-Team/}
    outputs: {status: result.status, type: 'result.headers["content-type"]'}
  - id: form
    connection: api
    http: {url: /echo, method: PUT, form: {a: "1 2", b: "${{ params.value }}"}}
    check: result.ok and steps.post.outputs.status == 200 and steps.post.outputs.type ~= ""
""", "-p", "value=a&b=c d/ü")
    assert done.code == 0, done
    get, post, form = (json.loads(body_of(web.runbook, step)) for step in ("get", "post", "form"))
    headers = {name.lower(): value for name, value in post["headers"]}
    assert get["target"] == "/echo?plain=a&q=a%26b%3Dc%20d%2F%C3%BC"
    assert ["X-Own", "7"] in get["headers"] and ["X-Team", "ops"] in get["headers"]
    assert json.loads(post["body"]) == {"text": "a&b=c d/ü", "list": [1, True, None]}
    assert headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == web.runbook.status()["run"] + "/post.1"
    assert (form["method"], form["body"]) == ("PUT", "a=1%202&b=a%26b%3Dc%20d%2F%C3%BC")
    assert web.runbook("verify", "last").code in (0, 9)
    assert web.runbook("replay", "last").code == 0


@pytest.mark.parametrize("end", ["/echo#", "/echo?a=b", "?"])
@pytest.mark.parametrize("kind, asked", [("http", "http: /status?code=200"), ("prometheus", "lua: \"return {ok = prom.value('it', 'up') == 1}\""),
                                         ("http", "lua: \"return {ok = http.get('/echo', {connection = 'it'}).ok}\"")])
def test_http_a_path_follows_no_query_and_no_fragment(runbook, service, end, kind, asked):
    """Else another URL is asked. What the file says of it, check refuses; what a value says, the request."""
    text = f"""runbook: web
params: {{base: {{type: string, default: "http://127.0.0.1:{service.port}{end}"}}}}
connections: {{it: {{type: {kind}, url: "${{{{ params.base }}}}"}}}}
defaults: {{timeout: 20s}}
steps:
  - {{id: ask, {"connection: it, " if asked.startswith("http") else ""}{asked}}}
"""
    done = runbook("exec", runbook.write("web.yaml", text))
    assert done.code == 1 and f"its URL holds a `{end.strip('/echoab=')}`" in done.err, done
    assert service.count("/echo") == service.count("/") == 0


@pytest.mark.parametrize("method, body", [("OPTIONS", ""), ("PATCH", "x"), ("DELETE", "x"), ("DELETE", ""),
                                          ("PROPFIND", "x"), ("M-SEARCH", "")])
def test_http_any_method_is_sent_as_it_is_written(web, method, body):
    """Those that are not known to only read count as writing."""
    done = web(f"""
  - id: ask
    connection: api
    http: {{url: /echo, method: {method}{', body: ' + body if body else ''}}}
""")
    assert done.code == 0, done
    asked = json.loads(body_of(web.runbook, "ask"))
    assert (asked["method"], asked["body"]) == (method, body)
    keyed = any(name.lower() == "idempotency-key" for name, _ in asked["headers"])
    assert keyed == (method != "OPTIONS")


@pytest.mark.parametrize("tls, why", [
    ("ca: /nowhere/ca.pem", "the file of trusted certificates can't be used: /nowhere/ca.pem"),
    ("cert: /nowhere/a.pem, key: /nowhere/a.key", "the client's certificate or key can't be used: /nowhere/a.pem")])
def test_http_a_file_that_can_not_be_used_is_named(web, tls, why):
    done = web(f"""
  - id: ask
    http: {{url: "https://127.0.0.1:{web.service.port}/echo", tls: {{{tls}}}}}
""")
    assert done.code == 1 and why in done.err, done


def test_f39_what_was_not_sent_is_tried_again(web):
    done = web("""
  - id: nowhere
    http: {url: "http://127.0.0.1:1/", json: {a: 1}}
    idempotent: true
    retry: {attempts: 3, delay: 10ms, on: [connect]}
""")
    assert done.code == 1, done
    results = web.runbook.named("effect.result")
    assert [d["sent"] for d in results] == ["no"] * 3
    assert [d["reason"] for d in web.runbook.named("attempt.failed")] == ["connect"] * 3


def test_f39_a_write_without_an_answer_is_in_doubt(web):
    steps = """
  - id: pay
    connection: api
    http: {url: "/raw?end=reset&bytes=", json: {amount: 7}}
    retry: {attempts: 5, delay: 10ms}
    probe: http.get("/count?path=/paid", {connection = "api"}).body ~= "0"
    on_interrupt: ask
  - id: after
    connection: api
    http: /echo
"""
    done = web(steps, "--no-input")
    assert done.code == 3, done
    with open(os.path.join(web.runbook.run_folder(), "supervisor.boot")) as noted, \
            open("/proc/sys/kernel/random/boot_id") as boot:
        assert noted.read() == boot.read().strip()      # by which a later boot distrusts its notes
    assert web.service.count("/raw") == 1
    assert web.runbook.steps()["pay"] == "asking" or web.runbook.named("question.asked")
    question = web.runbook.named("question.asked")[0]
    assert question["kind"] == "doubt" and "127.0.0.1" in question["text"]
    answers = web.runbook.write("a.yaml", 'answers: {"pay.doubt": {answer: done, reason: it was paid}}\n')
    done = web.runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert web.service.count("/raw") == 1
    assert web.runbook("replay", "last").code == 0


def test_f39_a_connection_that_breaks_before_it_took_a_byte_has_sent_nothing(web):
    """The server is there and the connection, and the first write to it fails."""
    path = web.runbook.write("web.yaml", HEAD + """
  - id: pay
    connection: api
    http: {url: /echo, json: {amount: 7}}
""")
    log = os.path.join(web.runbook.folder, "trace")
    for nth in range(1, 60):    # others write to sockets as well
        done = web.runbook.strace("exec", path, "-p", f"port={web.service.port}", "--no-input",
                                  trace="sendto", inject=f"error=ECONNRESET:when={nth}", log=log)
        if re.search(rf"<TCP:\[[^]]*:{web.service.port}\]>.*INJECTED", open(log).read()):
            break
    else:
        pytest.fail("no write to the service was found")
    assert done.returncode == 1, done
    [result] = web.runbook.named("effect.result")
    assert (result["sent"], result["error"]["code"]) == ("no", "reset"), result
    assert web.runbook.named("question.asked") == []
    assert web.runbook.named("attempt.failed")[0]["reason"] == "connect"


def test_f39_a_connection_that_is_reset_as_soon_as_it_is_there(web):
    """Whether a byte was on its way by then is a matter of luck: what is told has to fit."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def refuse():
            one, _ = listener.accept()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()

        thread = threading.Thread(target=refuse)
        thread.start()
        done = web(f"""
  - id: pay
    http: {{url: "http://127.0.0.1:{listener.getsockname()[1]}/", json: {{amount: 7}}}}
""", "--no-input")
        thread.join()
    [result] = web.runbook.named("effect.result")
    in_doubt = [d for d in web.runbook.named("question.asked") if d["kind"] == "doubt"]
    assert result["error"]["code"] in ("reset", "connect"), result
    assert (result["sent"], done.code, len(in_doubt)) in (("no", 1, 0), ("maybe", 3, 1)), done


def test_f39_an_upload_that_is_cut_is_in_doubt(web, tmp_path):
    """The server takes 64 KiB of 10 MB and resets the connection."""
    (tmp_path / "big").write_bytes(os.urandom(10_000_000))
    done = web(f"""
  - id: up
    connection: api
    http: {{url: "/reset-within?bytes=65536", method: PUT, file: "{tmp_path}/big"}}
""", "--no-input")
    assert done.code == 3, done
    [result] = web.runbook.named("effect.result")
    assert (result["sent"], result["error"]["code"]) == ("maybe", "reset"), result
    assert web.runbook.named("question.asked")[0]["kind"] == "doubt"
    assert web.service.count("/reset-within") == 1


def test_http_a_read_without_an_answer_is_only_a_failure(web):
    done = web("""
  - id: look
    connection: api
    http: "/raw?end=reset&bytes="
    retry: {attempts: 3, delay: 10ms, on: [lost]}
""")
    assert done.code == 1 and web.service.count("/raw") == 3, done
    assert web.runbook.named("question.asked") == []


@pytest.mark.parametrize("check, why", [
    ('http.get("http://127.0.0.1:1/").ok', "127.0.0.1:1"),
    ('http.get("/x", {connection = "no" .. "body"}).ok', "there is no connection `nobody`"),
    ('http.get("file:///etc/passwd").ok', "http"),
    ('http.get("/echo", {conection = "api"}).ok', "unknown option 'conection'"),
    ('http.get("/echo", {connection = "api", headers = {A = "x\\r\\nB: y"}}).ok', "line break"),
    ('http.get("/echo", {connection = "api", follow = true}).ok', "follow is a boolean, not an integer"),
    ('json.decode(" ").a', "json.decode: not JSON: it is empty"),
    ('http.get("/raw?bytes=SSH-2.0-OpenSSH%0d%0a&end=close", {connection = "api"}).ok', "what answers does not speak HTTP"),
    ('http.get("/raw?bytes=&end=silence", {connection = "api", timeout = "200ms"}).ok', "time"),
])
def test_http_a_check_without_an_answer_is_unknown(web, check, why):
    done = web(f"""
  - id: ready
    lua: |
      return {{ok = {check}}}
""")
    assert done.code == 1 and why in done.err, done
    assert "could not be decided" in done.err


def test_a18_a_line_break_in_a_header_or_url_sends_nothing(web):
    done = web("""
  - id: header
    connection: api
    http: {url: /echo, headers: {X-Name: "a${{ params.value }}"}}
    on_failure: continue
  - id: url
    connection: api
    http: {url: "/echo/${{ params.value }}"}
    on_failure: continue
  - id: host
    http: {url: "http://${{ params.value }}/echo"}
    on_failure: continue
""", "-p", "value=x\r\nX-Evil: 1")
    assert "X-Evil" not in done.out
    by_step = {d["step"]: d for d in web.runbook.named("attempt.failed")}
    assert "line break" in by_step["header"]["why"]
    assert "no host" in by_step["host"]["why"]
    results = web.runbook.named("effect.result")
    # In a path it is a part of the path, encoded, and nothing else.
    assert [d["url"].endswith("/echo/x%0D%0AX-Evil%3A%201") for d in results] == [True]


@pytest.mark.parametrize("asked, code, why", [
    ('{url: /echo, headers: {X-Name: "a${{ params.value }}"}}', 1, "line break"),
    ('{url: "http://${{ params.value }}/echo"}', 1, "no host"),
    ('{url: "http://127.0.0.1:${{ params.value }}/echo"}', 1, ""),
    ('{url: /echo, headers: {X-Name: "a\\r\\nX-Evil: 1"}}', 2, ""),
    ('{url: /echo, headers: {X-Name: "a\\nX-Evil: 1"}}', 2, "RB0231"),
    ('{url: /echo, headers: {"X-Name\\r\\nX-Evil": a}}', 2, ""),
], ids=["header", "host", "port", "written", "feed", "name"])
def test_a18_who_would_send_a_line_break_fails(web, asked, code, why):
    """By a value the step, by the text itself the whole runbook."""
    done = web(f"""
  - id: it
    connection: api
    http: {asked}
""", "-p", "value=x\r\nX-Evil: 1")
    assert done.code == code and why in done.err, done
    assert web.service.count("/echo") == 0


def test_a56_credentials_do_not_follow_to_another_origin(web):
    with Service() as other:
        done = web(f"""
  - id: follow
    connection: api
    http:
      url: /redirect
      query: {{to: "http://localhost:{other.port}/echo"}}
      headers: {{Authorization: Bearer abcdef, Cookie: a=b, X-Key: k}}
      follow: 3
  - id: stay
    connection: api
    http: {{url: /redirect, query: {{to: "/echo"}}}}
    expect: {{status: 302}}
""")
        assert done.code == 0, done
        asked = json.loads(body_of(web.runbook, "follow"))
        names = {name.lower() for name, _ in asked["headers"]}
        assert not names & {"authorization", "cookie", "x-key", "x-team"}, asked


@pytest.mark.parametrize("lua", [False, True], ids=["step", "check"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:{other}/echo", "http://localhost:{own}/echo",
                                 "http://localhost.:{own}/echo", "https://127.0.0.1:{own}/echo"])
def test_a56_the_credentials_of_a_connection_stay_with_its_origin(web, url, lua):
    """Whatever the URL came from: here it is a value."""
    with Service() as other:
        url = url.format(own=web.service.port, other=other.port)
        done = web("""
  - id: ask
    lua: return {ok = http.get(params.value, {connection = "api"}).ok}
""" if lua else """
  - id: ask
    connection: api
    http: {url: "${{ params.value }}", json: {a: 1}}
""", "-p", "value=" + url, "--no-input")
        assert web.service.count("/echo") == other.count("/echo") == 0
    assert done.code == 1 and "leads to http" in done.err and "credentials are not sent there" in done.err, done
    assert web.runbook("replay", "last").code == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1@127.0.0.1:{own}/echo", "http://127.0.0.1:{own}\\@localhost:{own}/echo",
                                 "HTTP://localhost:{own}/echo", "http:/localhost:{own}/echo",
                                 "//localhost:{own}/echo"])
def test_a56_an_odd_form_of_a_url_is_no_way_to_another_origin(web, url):
    done = web("""
  - id: ask
    lua: return {ok = http.get(params.value, {connection = "api"}).ok}
""", "-p", "value=" + url.format(own=web.service.port))
    assert done.code == 1 and web.service.count("/echo") == 0, done


def test_http_a_complete_url_may_lead_to_where_the_connection_does(web):
    done = web("""
  - id: ask
    connection: api
    http: {url: "${{ params.value }}"}
    check: http.get("HTTP" .. params.value:sub(5), {connection = "api"}).body:find("X-Team", 1, true) ~= nil
""", "-p", f"value=http://127.0.0.1:{web.service.port}/echo")
    assert done.code == 0, done
    assert ["X-Team", "ops"] in json.loads(body_of(web.runbook, "ask"))["headers"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1:70/",
                                    "http://169.254.169.254/latest"])
def test_a57_a_redirect_leads_nowhere_but_to_http_of_others(web, target):
    done = web(f"""
  - id: follow
    connection: api
    http: {{url: /redirect, query: {{to: "{target}"}}, follow: 3}}
""")
    assert done.code == 1, done
    assert web.runbook.named("effect.result")[0]["error"]["code"] == "redirect"


@pytest.mark.parametrize("url, code", [
    ("/endless", "too_large"),
    ("/many-headers?count=100000", "too_large")])
def test_a58_an_answer_without_an_end_is_cut(web, url, code):
    done = web(f"""
  - id: ask
    connection: api
    http: {{url: "{url}", max_bytes: 1000000}}
""")
    assert done.code == 1, done
    assert web.runbook.named("effect.result")[0]["error"]["code"] == code


HALF = base64.b64encode(gzip.compress(b"ERROR " * 100)[:20]).decode()


@pytest.mark.parametrize("asked, packed", [
    ("/bomb?size=200000000", "gzip"), ("/packed?in=gzip&bytes=" + quote(HALF), "gzip"),
    ("/packed?in=BR&bytes=AAAA", "BR"), ("/packed?in=identity&in=x-gzip&bytes=AAAA", "x-gzip")],
    ids=["bomb", "half", "another", "second"])
@pytest.mark.parametrize("method, code", [("GET", 1), ("POST", 3)])
def test_a58_what_is_packed_is_not_unpacked(web, asked, packed, method, code):
    done = web(f"""
  - id: ask
    connection: api
    http: {{url: "{asked}", method: {method}}}
    expect: {{status: [200]}}
""", "--no-input")
    [result] = web.runbook.named("effect.result")
    assert (done.code, result["error"]["code"], result["status"]) == (code, "protocol", 200), done
    assert f"answered in {packed}, although only plain bytes were asked for" in result["error"]["message"]
    assert "out" not in result


def test_http_what_is_packed_is_saved_as_it_came(web, tmp_path):
    """That it is packed is no harm where there is no body, or nobody looks at it."""
    done = web(f"""
  - {{id: ask, connection: api, http: /echo}}
  - {{id: own, connection: api, http: {{url: /echo, headers: {{accept-encoding: br}}}}}}
  - {{id: plain, connection: api, http: "/packed?in=Identity&bytes=AAAA"}}
  - {{id: head, connection: api, http: {{url: "/packed?in=gzip&bytes=", method: HEAD}}}}
  - {{id: save, connection: api, http: {{url: "/packed?in=x-gzip&bytes={quote(HALF)}", to: "{tmp_path}/kept"}}}}
""")
    assert done.code == 0, done
    assert ["Accept-Encoding", "identity"] in json.loads(body_of(web.runbook, "ask"))["headers"]
    assert [value for name, value in json.loads(body_of(web.runbook, "own"))["headers"]
            if name.lower() == "accept-encoding"] == ["br"]
    assert (tmp_path / "kept").read_bytes() == base64.b64decode(HALF)


def test_a58_a_byte_a_second_is_too_slow(web):
    """Long before the step's own time is over."""
    done = web("""
  - id: ask
    connection: api
    http: "/drip?every=1"
    timeout: 1h
""")
    assert done.code == 1, done
    error = web.runbook.named("effect.result")[0]["error"]
    assert error["code"] == "too_slow" and "the answer comes too slowly" in done.err, done


@pytest.mark.parametrize("url, code", [
    ("/early?count=100000", "too_large"),
    ("/raw?end=close&bytes=HTTP/1.1%20200%20So%0D%0AContent-Length:%205%0D%0AContent-Length:%203%0D%0A%0D%0Ahello",
     "protocol")], ids=["answers-before-the-answer", "two-lengths"])
def test_f41_an_answer_that_is_none_is_no_success(web, url, code):
    done = web(f"""
  - id: look
    connection: api
    http: "{url}"
    on_failure: continue
  - id: write
    connection: api
    http: {{url: "{url}", method: POST}}
""", "--no-input")
    assert done.code == 3, done
    assert [d["error"]["code"] for d in web.runbook.named("effect.result")] == [code] * 2
    assert web.runbook.named("question.asked")[0]["kind"] == "doubt"


@pytest.mark.parametrize("answer", [
    "HTTP/1.1 200 So%0D%0AContent-Length: 100%0D%0A%0D%0Ashort",
    "HTTP/1.1 200 So%0D%0ATransfer-Encoding: chunked%0D%0A%0D%0A5%0D%0Ahell"], ids=["length", "chunked"])
def test_f41_an_answer_that_is_cut_is_no_success(web, answer):
    done = web(f"""
  - id: ask
    connection: api
    http: "/raw?end=close&bytes={answer.replace(' ', '%20')}"
""")
    assert done.code == 1, done
    assert web.runbook.named("effect.result")[0]["error"]["code"] == "short"


def test_f39_killed_in_the_middle_it_is_asked_and_never_sent_twice(web):
    path = web.runbook.write("web.yaml", HEAD + """
  - id: pay
    connection: api
    http: {url: "/raw?end=silence&bytes=", json: {amount: 7}}
""")
    first = web.runbook.start("exec", path, "-p", f"port={web.service.port}",
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: web.service.count("/raw") > 0)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = web.runbook("resume", "last", "--no-input")
    assert done.code == 3 and web.service.count("/raw") == 1, done
    assert web.runbook.named("question.asked")[0]["kind"] == "doubt"
    answers = web.runbook.write("a.yaml", 'answers: {"pay.doubt": {answer: skip, reason: seen in the books}}\n')
    assert web.runbook("resume", "last", "--answers", answers).code == 0
    assert web.runbook("verify", "last").code in (0, 9)
    assert web.runbook("replay", "last").code == 0


def test_http_a_kill_before_anything_was_sent_is_no_doubt(web):
    path = web.runbook.write("web.yaml", HEAD + """
  - id: pay
    connection: api
    http: {url: /echo, json: {amount: 7}}
""")
    words = ("exec", path, "-p", f"port={web.service.port}")
    for nth in range(1, 8):     # others connect as well: to look up who runs it
        assert web.runbook.killed_at("connect", nth, *words)
        if os.path.getsize(os.path.join(web.runbook.run_folder(), "journal.jsonl")) and \
                web.runbook.named("effect.intent"):
            break
    assert web.runbook.named("effect.intent") and web.service.count("/echo") == 0
    done = web.runbook("resume", "last", "--no-input")
    assert done.code == 0 and web.service.count("/echo") == 1, done


def test_http_a_file_goes_up_and_comes_down(web, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(3_000_000))
    done = web(f"""
  - id: up
    connection: api
    http: {{url: /digest, method: PUT, file: "{big}"}}
    outputs: {{sha: result.body}}
  - id: down
    connection: api
    http: {{url: "/zeros?size=2000000", to: "{tmp_path}/down"}}
  - id: same
    pipe: [[sha256sum, "{big}"], [grep, "${{{{ steps.up.outputs.sha }}}}"]]
""")
    assert done.code == 0, done
    assert (tmp_path / "down").read_bytes() == bytes(2_000_000)


@pytest.mark.parametrize("size, asks", [(2, False), ((1 << 20) - 1, False), (1 << 20, True)])
def test_http_only_a_large_body_asks_whether_it_is_wanted(web, tmp_path, size, asks):
    (tmp_path / "body").write_bytes(b"x" * size)
    done = web(f"""
  - {{id: ask, connection: api, http: {{url: /echo, method: PUT, file: "{tmp_path}/body"}}}}
""")
    assert done.code == 0, done
    assert (["Expect", "100-continue"] in json.loads(body_of(web.runbook, "ask"))["headers"]) == asks


def test_http_who_needs_no_service_does_not_load_its_library(runbook):
    log = runbook.write("trace", "")
    runbook.strace("exec", "examples/01-hello.yaml", trace="openat", log=log)
    opened = open(log).read()
    assert "liblua" in opened and "libcurl" not in opened
