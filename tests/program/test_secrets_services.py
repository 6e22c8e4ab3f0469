"""Secrets that a web service and a database get."""

import base64
import json
import os
import socket
import subprocess
import threading
import urllib.parse

from conftest import Service
from test_crash import wait_for


def say_password_again(listener):
    """A server that asks for the password in clear and answers with it (PostgreSQL 15, section 55.2)."""
    one, _ = listener.accept()
    with one, one.makefile("rb") as said:
        def message(kind=b""):
            head = said.read(len(kind) + 4)
            return said.read(int.from_bytes(head[-4:], "big") - 4)

        while int.from_bytes(message()[:4], "big") in (80877103, 80877104):     # SSL, GSS: no
            one.sendall(b"N")
        one.sendall(b"R\0\0\0\x08\0\0\0\x03")
        password = message(b"p").rstrip(b"\0")
        fields = b"SFATAL\0C28P01\0Mno user has the password " + password + b" here\0D" + password + b"\0\0"
        one.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)


def test_a62_a_password_is_in_no_error_of_a_connection(runbook):
    password = "pw-Zq8~=/&x yz"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=say_password_again, args=(listener,), daemon=True)
        server.start()
        path = runbook.write("base.yaml", f"""
runbook: base
secrets: {{password: {{env: DB_PASSWORD}}}}
connections:
  base: {{type: postgres, host: 127.0.0.1, port: "{listener.getsockname()[1]}", dbname: a, user: b, password: "${{{{ secrets.password }}}}"}}
defaults: {{timeout: 20s}}
steps:
  - {{id: put, connection: base, sql: create table t(a text)}}
""")
        done = runbook("exec", path, env={"DB_PASSWORD": password})
        server.join()
    assert done.code == 1 and "no user has the password [secret:password] here" in done.err, done
    seen = done.out + done.err + all_of_the_store(runbook)
    assert password not in seen and urllib.parse.quote(password, safe="") not in seen
    assert runbook.named("effect.result")[0]["error"]["code"] == "connect"


def all_of_the_store(runbook):
    seen = ""
    for command in ("status", "logs", "replay", "verify"):
        shown = runbook(command, "last")
        seen += shown.out + shown.err
    for folder, _, names in os.walk(runbook.store):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                seen += f.read().decode("latin-1")
    return seen


def test_a61_a_service_and_a_database_get_a_secret_and_nobody_else(runbook, postgres):
    """What a service echoes of it, in a header, in the body, in an error, is redacted."""
    postgres.psql("postgres", "DROP DATABASE IF EXISTS secret_demo", "CREATE DATABASE secret_demo")
    with open(postgres.env["PGPASSFILE"]) as f:
        password = f.read().strip().rsplit(":", 1)[1]
    token = "tok-" + "Zq8~'\"\\+/=&x"
    with Service() as service:
        path = runbook.write("services.yaml", f"""
runbook: services
secrets: {{token: {{env: API_TOKEN}}, password: {{env: DB_PASSWORD}}}}
connections:
  api: {{type: http, url: "http://127.0.0.1:{service.port}", auth: {{bearer: "${{{{ secrets.token }}}}"}}}}
  base: {{type: postgres, host: 127.0.0.1, port: "{postgres.env['PGPORT']}", dbname: secret_demo, user: postgres, password: "${{{{ secrets.password }}}}"}}
defaults: {{timeout: 20s}}
steps:
  - id: ask
    connection: api
    http: {{url: /echo, headers: {{X-Token: "${{{{ secrets.token }}}}"}}, json: {{a: 1}}}}
    check: result.body:find("secret:token", 1, true) ~= nil
  - id: put
    connection: base
    sql: create table t(a text)
  - id: look
    gate: |
      local echoed = http.get("/echo", {{connection = "api", headers = {{["X-Other"] = secrets.token}}}})
      return echoed.ok and pg.query("base", "select current_user").value == "postgres"
  - id: refused
    connection: base
    sql: select * from nowhere
    on_failure: continue
""")
        done = runbook("exec", path, env={"API_TOKEN": token, "DB_PASSWORD": password})
    assert done.code == 0, done
    seen = done.out + done.err + all_of_the_store(runbook)
    for secret in (token, password):
        for spelled in (secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret, safe=""),
                        base64.b64encode(secret.encode()).decode()):
            assert spelled not in seen, spelled
    assert "[secret:token]" in seen
    assert runbook("replay", "last").code == 0


def test_what_was_sent_stays_in_doubt_where_its_secret_is_lost(runbook):
    """Killed while the service is silent, and resumed without the secret."""
    with Service() as service:
        path = runbook.write("pay.yaml", f"""
runbook: pay
secrets: {{token: {{env: API_TOKEN}}}}
connections:
  api: {{type: http, url: "http://127.0.0.1:{service.port}", auth: {{bearer: "${{{{ secrets.token }}}}"}}}}
defaults: {{timeout: 60s}}
steps:
  - id: pay
    connection: api
    http: {{url: "/raw?end=silence&bytes=", json: {{amount: 7}}}}
""")
        first = runbook.start("exec", path, env={"API_TOKEN": "abcdefgh"},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: service.count("/raw") > 0)
        first.kill()
        first.wait()
        done = runbook("resume", "last", "--no-input")
        assert done.code == 3 and service.count("/raw") == 1, done
    assert runbook.named("question.asked")[0]["kind"] == "doubt"
    assert runbook.named("effect.result") == []


def test_a_secret_in_the_name_of_a_header_is_redacted(runbook):
    """As it is, or in the lower case that HTTP/2 gives to names; two headers stay two."""
    token = "Zq8-Token-W7"
    answer = f"HTTP/1.1 200 OK\r\nX-{token}: 1\r\nX-{token.lower()}-b: 2\r\n" \
             f"X-WnE4LVRva2VuLVc3: 3\r\nContent-Length: 0\r\n\r\n"
    with Service() as service:
        path = runbook.write("names.yaml", f"""
runbook: names
secrets: {{token: {{env: API_TOKEN}}}}
connections:
  api: {{type: http, url: "http://127.0.0.1:{service.port}", auth: {{bearer: "${{{{ secrets.token }}}}"}}}}
defaults: {{timeout: 20s}}
steps:
  - id: ask
    connection: api
    http: "/raw?bytes={urllib.parse.quote(answer)}"
""")
        done = runbook("exec", path, env={"API_TOKEN": token})
    assert done.code == 0, done
    headers = runbook.named("effect.result")[0]["headers"]
    assert headers == {"x-[secret:token]": "1", "x-[secret:token]-b": "2", "x-[secret:token]~2": "3",
                       "content-length": "0"}
