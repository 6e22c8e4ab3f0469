"""What check says of requests and connections before anything is sent."""

import re

import pytest

from test_http import HEAD


@pytest.mark.parametrize("text, code", [
    ("connection: app\n    http: /x", "RB0420"),
    ("http: {url: \"ftp://x/\"}", "RB0230"),
    ("http: {url: \"https://x/\", json: 1, body: x}", "RB0222"),
    ("http: {url: \"https://x/\", methd: GET}", "RB0201"),
    ("http: {method: GET}", "RB0202"),
    ("http: {url: \"https://x/\", method: get}", "RB0207"),
    ("http: {url: \"https://x/\", method: TRACE}", "RB0207"),
    ("http: {url: \"https://x/\", method: CONNECT}", "RB0207"),
    ("http: {url: \"https://x/\", method: \"GET /\"}", "RB0207"),
    ("http: {url: \"https://x/\", headers: {\"a b\": c}}", "RB0209"),
    ("http: {url: \"https://x/\", auth: {user: a}}", "RB0202"),
    ("http: {url: \"https://x/\", json: {}}\n    retry: 3", "RB0512"),
    ("http: /x\n    stdin: a", "RB0212"),
    ("http: {url: \"https://x/\", headers: {X-A: \"a\\nB: c\"}}", "RB0231"),
    ("http: {url: \"https://x/\", headers: {Content-Length: \"3\"}}", "RB0231"),
    ("http: {url: \"https://x/\", headers: {transfer-encoding: chunked}}", "RB0231"),
    ("http: {url: \"https://x/\", method: HEAD, body: a}", "RB0222"),
    ("http: {url: \"https://x/\", method: HEAD, to: /tmp/a}", "RB0222"),
    ("http: {url: \"https://x/\", auth: {sigv4: {region: \"\", service: s3, key: a, secret: b}}}", "RB0218"),
    ("http: /x", "RB0230"),
    ("http: {url: \"https://x/\", to: /tmp/a}\n    expect: {body: \"\"}", "RB0222"),
    ("http: {url: \"https://x/\", to: /tmp/a}\n    expect: {json: {a: 1}}", "RB0222"),
    ("http: {url: \"https://x/\", to: /tmp/a}\n    expect: {status: 200}", ""),
    ("http: http://user:pw@host/", "RB0230"),
    ("http: \"http://[::1/x\"", "RB0230"),
    ("http: http://host:port/x", "RB0230"),
    ("http: http://host:65536/x", "RB0230"),
    ("http: \"http:///x\"", "RB0230"),
    ("http: http://${{ params.value }}:99999/x", ""),
    ("connection: api\n    http: http://localhost:80/x", "RB0423"),
    ("connection: api\n    http: https://127.0.0.1:80/x", "RB0423"),
    ("connection: api\n    http: http://127.0.0.1:8080/x", "RB0423"),
    ("connection: api\n    http: {url: http://127.0.0.1/x}", ""),
    ("connection: api\n    http: \"//localhost/x\"", ""),
    ("gate: http.get('http://localhost/x', {connection = 'api'}).ok", "RB0423"),
    ("gate: http.get('HTTP://127.0.0.1/x', {connection = 'api'}).ok", ""),
    ("gate: http.get('http:/localhost/x', {connection = 'api'}).ok", "RB0230"),
    ("http: https://x/\n    expect: {exit: 0}", "RB0201"),
])
def test_http_what_is_wrong_with_a_request_is_an_error_of_check(runbook, text, code):
    path = runbook.write("bad.yaml", HEAD.replace("${{ params.port }}", "80") + f"  - id: a\n    {text}\n")
    done = runbook("check", path)
    assert (done.code == 1 and re.search(rf"error\[{code}\]", done.out + done.err)) if code else done.code == 0, done


@pytest.mark.parametrize("kind, rest", [
    ("http", ""), ("prometheus", ""), ("s3", ", region: eu-central-1, access_key: a, secret_key: \"${{ secrets.k }}\"")])
@pytest.mark.parametrize("url, code", [
    ("http://host/a?b=c", "RB0230"), ("http://${{ params.port }}.host/#", "RB0230"), ("/a", "RB0230"),
    ("http://user:pw@host", "RB0230"), ("http://host/a/${{ params.value .. '?#' }}/", None)])
def test_http_what_is_wrong_with_a_connection_is_an_error_of_check(runbook, kind, rest, url, code):
    text = HEAD.replace("steps:", "secrets: {k: {env: K}}\nsteps:").replace(
        "connections:\n", f"connections:\n  it: {{type: {kind}, url: \"{url}\"{rest}}}\n")
    done = runbook("check", runbook.write("bad.yaml", text + "  - {id: a, connection: it, http: /x}\n"))
    found = re.findall(r"error\[(RB\d+)\]", done.out + done.err)
    assert found == ([code] if code else []), done


@pytest.mark.parametrize("rest, code", [
    ("type: s3, url: \"https://x\", region: \"\", access_key: a, secret_key: b", "RB0218"),
    ("type: postgres, dbname: a, port: 99999", "RB0217"), ("type: postgres, dbname: a, port: abc", "RB0217"),
    ("type: postgres, dbname: a, port: \"5432,0\"", "RB0217"), ("type: postgres, dbname: a, port: \"5432,,6432\"", None),
    ("type: postgres, dbname: a, sslmode: bogus", "RB0207"), ("type: postgres, dbname: a, sslmode: verify-full", None),
    ("type: postgres, dbname: a, sslmode: \"${{ params.value }}\", port: \"${{ params.port }}\"", None)])
def test_http_what_is_written_wrong_in_other_connections_is_an_error_of_check(runbook, rest, code):
    text = HEAD.replace("connections:\n", f"connections:\n  it: {{{rest}}}\n")
    done = runbook("check", runbook.write("bad.yaml", text + "  - {id: a, exec: [echo, a]}\n"))
    assert re.findall(r"error\[(RB\d+)\]", done.out + done.err) == ([code] if code else []), done
