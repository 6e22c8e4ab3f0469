"""Steps and checks that ask a real web server: nginx, over plain HTTP, TLS and HTTP/2."""

import hashlib
import os
import socket

import pytest

from conftest import is_sanitized
from nginx import Nginx

WAYS = ["plain", "tls", "h2"]


@pytest.fixture(scope="module")
def certificate(authority):
    authority.sign("nginx", -1, 90)
    return authority.paths("nginx")


@pytest.fixture
def nginx(certificate):
    with Nginx(*certificate) as it:
        yield it


@pytest.fixture
def upstream():
    """A socket that takes connections, for what stands behind nginx."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(120)
        yield listener


@pytest.fixture
def proxy(certificate, upstream):
    with Nginx(*certificate, upstream=upstream.getsockname()[1]) as it:
        yield it


def book(runbook, authority, nginx, way, steps):
    scheme = "http" if way == "plain" else "https"
    return runbook.write("nginx.yaml", f"""runbook: nginx
secrets: {{password: {{env: OPS_PASSWORD}}}}
connections:
  web:
    type: http
    url: "{scheme}://127.0.0.1:{nginx.ports[way]}"
    {'' if way == "plain" else f'tls: {{ca: "{authority.ca}"}}'}
defaults: {{timeout: 2m}}
steps:{steps}""")


@pytest.fixture
def run(runbook, authority):
    """Runs steps against an nginx; returns what came of it."""
    def it(nginx, way, steps, code=0, **env):
        done = runbook("exec", book(runbook, authority, nginx, way, steps), "--no-input", env=env)
        assert done.code == code, done
        assert runbook("replay", "last").code in (0, 9)
        return done
    return it


@pytest.fixture
def begin(runbook, authority):
    """Starts such a run, and returns the process."""
    def it(nginx, way, steps):
        return runbook.start("exec", book(runbook, authority, nginx, way, steps), "--no-input")
    return it


def results(runbook):
    return {d["step"]: d for d in runbook.named("effect.result")}


@pytest.mark.parametrize("way", WAYS)
def test_nginx_what_reads_goes_over_one_connection_and_what_writes_over_its_own(run, runbook, nginx, way):
    nginx.write("www/there.txt", "it is there\n")
    run(nginx, way, """
  - {id: first, connection: web, http: /there.txt}
  - {id: second, connection: web, http: /there.txt}
  - {id: write, connection: web, http: {url: /kept/a, method: PUT, body: a}}
  - {id: again, connection: web, http: {url: /kept/b, method: PUT, body: b}}
  - id: look
    gate: http.get("/there.txt", {connection = "web"}).ok and http.head("/there.txt", {connection = "web"}).ok
  - {id: third, connection: web, http: /there.txt}
""")
    reads = nginx.asked("/there.txt")
    assert [line["turn"] for line in reads] == ["1", "2", "3", "4", "5"], reads
    writes = nginx.asked("/kept/a", "/kept/b")
    assert len({line["connection"] for line in reads + writes}) == 3, reads + writes
    version = "2" if way == "h2" else "1.1"
    assert {d["http_version"] for d in results(runbook).values()} == {version}
    assert {line["protocol"] for line in reads} == {f"HTTP/{'2.0' if way == 'h2' else version}"}


@pytest.mark.parametrize("way", WAYS)
def test_nginx_nothing_compressed_is_asked_for(run, runbook, nginx, tmp_path, way):
    nginx.write("www/much.txt", "the same again\n" * 100_000)
    run(nginx, way, f"""
  - id: read
    connection: web
    http: /much.txt
    check: "#result.body == 1500000"
  - {{id: keep, connection: web, http: {{url: /much.txt, to: "{tmp_path}/kept"}}}}
""")
    assert "content-encoding" not in results(runbook)["read"]["headers"]
    assert [int(line["sent"]) > 1_500_000 for line in nginx.asked("/much.txt")] == [True] * 2
    assert (tmp_path / "kept").read_text() == "the same again\n" * 100_000


@pytest.mark.parametrize("way", WAYS)
def test_nginx_much_goes_up_and_comes_down_in_little_memory(runbook, authority, nginx, tmp_path, way):
    big = tmp_path / "big"
    with open(big, "wb") as f:
        for _ in range(60):
            f.write(os.urandom(1_000_000))
    path = book(runbook, authority, nginx, way, f"""
  - {{id: up, connection: web, http: {{url: /kept/big, method: PUT, file: "{big}"}}, expect: {{status: 201}}}}
  - {{id: down, connection: web, http: {{url: /kept/big, to: "{tmp_path}/down"}}}}
""")
    done, kib = runbook.measured("exec", path)
    assert done.code == 0, done
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (big, tmp_path / "down")}
    assert {f"sha256:{digest}" for digest in digests} == {results(runbook)["down"]["saved"]["digest"]}
    if not is_sanitized(runbook.binary):
        assert kib < 32 << 10


@pytest.mark.parametrize("way", WAYS)
def test_nginx_asks_who_it_is(run, runbook, nginx, way):
    nginx.write("www/private/file", "for ops\n")
    done = run(nginx, way, """
  - {id: nobody, connection: web, http: /private/file, expect: {status: 401, header: {www-authenticate: /who/}}}
  - id: ops
    connection: web
    http: {url: /private/file, auth: {user: ops, password: "${{ secrets.password }}"}}
    expect: {body: for ops}
  - id: wrong
    connection: web
    http: {url: /private/file, auth: {user: ops, password: another}}
""", 1, OPS_PASSWORD="a long password")
    assert "status 401, expected 2xx" in done.err, done
    assert {step: d["status"] for step, d in results(runbook).items()} == {"nobody": 401, "ops": 200, "wrong": 401}
    with open(os.path.join(runbook.run_folder(), "journal.jsonl")) as f:
        assert "a long password" not in f.read()


@pytest.mark.parametrize("way", WAYS)
def test_nginx_a_redirect_is_followed_where_the_step_says_so(run, runbook, nginx, way):
    nginx.write("www/there.txt", "it is there\n")
    run(nginx, way, """
  - {id: stay, connection: web, http: /moved, expect: {status: 301, header: {location: /there.txt/}}}
  - {id: follow, connection: web, http: {url: /moved, follow: 1}, expect: {body: it is there}}
""")
    assert results(runbook)["follow"]["url"].endswith("/there.txt")
    assert [line["path"] for line in nginx.asked("/moved", "/there.txt")] == ["/moved", "/moved", "/there.txt"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [900_000, 30_000_000])
def test_nginx_what_is_too_large_is_refused_before_it_was_sent_whole(run, runbook, nginx, tmp_path, way, size):
    """An answer that comes while the body is still on its way is an answer: nothing is in doubt."""
    (tmp_path / "big").write_bytes(bytes(size))
    done = run(nginx, way, f"""
  - {{id: up, connection: web, http: {{url: /small/big, method: PUT, file: "{tmp_path}/big"}}}}
""", 1)
    [result] = runbook.named("effect.result")
    assert result["status"] == 413 and "error" not in result, result
    assert "status 413, expected 2xx" in done.err, done
    assert runbook.named("question.asked") == []
    assert not os.path.exists(os.path.join(nginx.folder, "www", "small"))


@pytest.mark.parametrize("way", WAYS)
def test_nginx_too_many_requests_are_tried_again_until_there_is_room(begin, runbook, nginx, way):
    """One in a minute, until nginx is told otherwise in the middle of the run."""
    process = begin(nginx, way, """
  - {id: first, connection: web, http: {url: /few/a, method: PUT, body: a}}
  - id: second
    connection: web
    http: {url: /few/b, method: PUT, body: b}
    idempotent: true
    retry: {attempts: 1000, delay: 100ms}
""")
    runbook.await_event("attempt.failed", step="second")
    nginx.configure(rate="1000r/s")
    nginx.reload()
    assert process.wait(120) == 0
    statuses = [line["status"] for line in nginx.asked("/few/a", "/few/b")]
    assert statuses == ["201"] + ["503"] * (len(statuses) - 2) + ["201"] and len(statuses) > 2
    assert "503" in runbook.named("attempt.failed")[0]["why"]
    assert runbook.named("question.asked") == []


@pytest.mark.parametrize("way", WAYS)
def test_nginx_a_dead_upstream_is_an_answer(run, runbook, nginx, way):
    """502 and what else nginx says of itself fails the step; nobody is asked whether it was done."""
    done = run(nginx, way, """
  - {id: look, connection: web, http: /via, on_failure: continue}
  - {id: write, connection: web, http: {url: /via, json: {a: 1}}}
""", 1)
    assert "status 502, expected 2xx" in done.err, done
    assert [d["status"] for d in runbook.named("effect.result")] == [502, 502]
    assert runbook.named("question.asked") == []


@pytest.mark.parametrize("way", WAYS)
def test_nginx_an_upstream_that_stalls_is_an_answer_too(run, runbook, proxy, upstream, way):
    done = run(proxy, way, """
  - {id: write, connection: web, http: {url: /via, json: {a: 1}}}
""", 1)
    assert "status 504, expected 2xx" in done.err, done
    assert runbook.named("question.asked") == []
    upstream.accept()[0].close()        # it had come that far


@pytest.mark.parametrize("way", WAYS)
def test_f41_nginx_whose_upstream_dies_in_its_answer_is_in_doubt(begin, runbook, proxy, upstream, way):
    process = begin(proxy, way, """
  - {id: write, connection: web, http: {url: /patient, json: {a: 1}}}
""")
    behind, _ = upstream.accept()
    behind.recv(65536)
    behind.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe beginning")
    behind.close()
    assert process.wait(120) == 3
    [result] = runbook.named("effect.result")
    assert (result["status"], result["sent"]) == (200, "maybe"), result
    assert [d["kind"] for d in runbook.named("question.asked")] == ["doubt"]


@pytest.mark.parametrize("way", WAYS)
def test_nginx_a_reload_disturbs_nothing(begin, runbook, nginx, way):
    """What is under way comes to its end on the old configuration; the connection that was kept is closed."""
    nginx.write("www/long.txt", "x" * 50_000)
    nginx.write("www/there.txt", "it is there\n")
    process = begin(nginx, way, """
  - {id: before, connection: web, http: /there.txt}
  - {id: during, connection: web, http: /slow/long.txt, check: "#result.body == 50000"}
  - {id: after, connection: web, http: /there.txt}
""")
    nginx.await_writing()
    nginx.reload()
    assert process.wait(120) == 0
    before, during, after = nginx.asked("/there.txt", "/slow/long.txt")
    assert before["connection"] == during["connection"] != after["connection"]


@pytest.mark.parametrize("way", WAYS)
def test_f39_a_restart_of_nginx_fails_what_reads_and_leaves_in_doubt_what_writes(begin, runbook, proxy, upstream, way):
    proxy.write("www/long.txt", "x" * 50_000)
    process = begin(proxy, way, """
  - id: read
    connection: web
    http: /slow/long.txt
    retry: {attempts: 1000, delay: 100ms, on: [connect, lost]}
  - {id: write, connection: web, http: {url: /patient, json: {a: 1}}}
""")
    proxy.await_writing()
    proxy.stop()
    runbook.await_event("attempt.failed", step="read", reason="connect")
    proxy.start()
    behind, _ = upstream.accept()
    behind.recv(65536)
    proxy.stop()
    assert process.wait(120) == 3
    reasons = [d["reason"] for d in runbook.named("attempt.failed")]
    assert reasons == ["lost"] + ["connect"] * (len(reasons) - 1), reasons
    assert results(runbook)["write"]["sent"] == "maybe"
    assert [d["kind"] for d in runbook.named("question.asked")] == ["doubt"]
    behind.close()
