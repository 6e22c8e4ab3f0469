"""Files in memory: what a program gets that wants its secrets from a path."""

import json
import os
import signal
import subprocess

import pytest

from test_crash import sound, wait_for
from test_secrets import Watch, assert_nothing_in, traces

PASSWORD = "Zq8/with a %40 & \u00fc"
VALUES = {"password": PASSWORD}
LOOK = """
import errno, fcntl, mmap, os
path = os.environ['FILE']
fd = int(path.rsplit('/', 1)[1])
def tried(act, *words):
    try:
        return str(act(*words))
    except OSError as e:
        return errno.errorcode[e.errno]
def opened(flags):
    return os.write(os.open(path, flags), b'x')
print(path, oct(os.stat(path).st_mode), os.stat(path).st_uid == os.getuid(), open(path).read(), open(path).read(), sep='|')
print(tried(os.write, fd, b'x'), tried(os.ftruncate, fd, 1), tried(os.ftruncate, fd, 100), tried(os.pwrite, fd, b'x', 0),
      tried(mmap.mmap, fd, 0, mmap.MAP_SHARED, mmap.PROT_WRITE), tried(fcntl.fcntl, fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL))
print(tried(opened, os.O_WRONLY), tried(opened, os.O_RDWR), tried(opened, os.O_WRONLY | os.O_APPEND), tried(os.truncate, path, 0),
      tried(os.open, path, os.O_RDWR | os.O_TRUNC))
print(open(path).read(), end='')
"""


@pytest.fixture
def place(runbook):
    runbook.env["THE_PASSWORD"] = PASSWORD
    return runbook


def test_what_stands_in_a_file_can_not_be_changed(place):
    """Neither over the descriptor nor over the path, by root nor by its owner."""
    place.write("look.py", LOOK)
    file = place.write("seals.yaml", """runbook: seals
secrets: {password: {env: THE_PASSWORD}}
defaults: {timeout: 1m}
params: {host: {type: string, default: "db:1"}}
steps:
  - id: one
    env: {FILE: {file: "${{ params.host }}=${{ secrets.password }};"}}
    exec: [/usr/bin/python3, look.py]
""")
    done = place("exec", file, cwd=place.folder)
    assert done.code == 0, done
    lines = place("logs", "last", "one").out.split("\n")
    text = "db:1=[secret:password];"
    assert lines[:3] == [f"/proc/self/fd/10|0o100400|True|{text}", f"|{text}", ""], lines
    assert lines[3] == " ".join(["EPERM"] * 6)
    # Who isn't root doesn't even get as far as the seals: the file can be read, and no more.
    assert lines[4] == " ".join(["EPERM" if os.getuid() == 0 else "EACCES"] * 5)
    assert lines[5:] == [text, ""]


SHARED = """runbook: shared
secrets: {password: {env: THE_PASSWORD}}
defaults: {timeout: 1m}
env: {A: {file: "${{ secrets.password }}"}, B: replaced, C: {file: "text\\n"}}
steps:
  - id: group
    env: {B: {file: "two ${{ secrets.password }}"}}
    steps:
      - id: exec
        exec: [cat, /proc/self/fd/10, /proc/self/fd/11, /proc/self/fd/12]
      - id: run
        run: |
          cat "$A" "$B"; sh -c 'cat "$A"'; cat < "$A"; read -r line < "$B"; echo "$line"
          exec 3< /dev/null 4< /dev/null; cat "$B"; cat "/proc/$$${A#/proc/self}"
      - id: pipe
        pipe: [[sh, -c, 'cat "$A"'], [sh, -c, 'cat - "$A"']]
  - id: asked
    lua: |
      local out = sh.exec{"sh", "-c", 'cat "$A" "$B" "$D"; echo "$C"',
                          env = {B = {file = {"also ", secrets.password}}, C = "no file", D = {file = "plain"}}}
      return {said = out.stdout}
"""


def test_every_program_of_a_step_reads_it_from_its_beginning(place):
    file = place.write("shared.yaml", SHARED)
    with Watch():
        done = place("exec", file)
    assert done.code == 0, done
    a, b = "[secret:password]\n", "two [secret:password]\n"
    assert place("logs", "last", "exec").out == a + b + "text\n"
    assert place("logs", "last", "run").out == a + b + a + a + b + b + a
    assert place("logs", "last", "pipe").out == a + a
    [said] = [d["outputs"]["said"] for d in place.named("step.passed") if "outputs" in d]
    assert said == a + "also [secret:password]\nplain\nno file\n"
    assert_nothing_in(place.store, VALUES)
    sound(place)


def test_what_is_shown_and_recorded_of_a_file_has_names(place):
    file = place.write("shared.yaml", SHARED)
    assert place("exec", file).code == 0
    requests = [intent["req"] for intent in place.named("effect.intent")]
    place.env["THE_PASSWORD"] = "another-password"
    assert place("exec", file).code == 0
    assert [intent["req"] for intent in place.named("effect.intent")] == requests
    shown = place("plan", file).out
    assert "A = a file with secret:password\n" in shown and "\nC = " not in shown
    plan = json.loads(place("plan", file, "--output", "json").out)
    assert plan["env"]["A"] == {"file": [{"$secret": "password"}]}
    evidence = place("logs", "last", "asked", "--evidence").out
    assert "also " in evidence and "secret:password" in evidence
    for words in (["plan", file], ["plan", file, "--output", "json"], ["logs", "last", "asked", "--evidence"],
                  ["status", "last"], ["status", "last", "--output", "json"]):
        out = place(*words)
        assert traces((out.out + out.err).encode(), {"it": "another-password", **VALUES}) == [], words


def test_psql_signs_on_with_a_password_file_in_memory(place, postgres):
    place.env["THE_PASSWORD"] = postgres.password
    connect = f"-h 127.0.0.1 -p {postgres.env['PGPORT']} -U postgres -w -d postgres"
    words = ", ".join(f'"{word}"' for word in connect.split())
    file = place.write("psql.yaml", f"""runbook: psql
secrets: {{password: {{env: THE_PASSWORD}}}}
defaults: {{timeout: 1m}}
env: {{PGPASSFILE: {{file: "127.0.0.1:${{{{ params.port }}}}:*:postgres:${{{{ secrets.password }}}}"}}}}
params: {{port: {{type: integer, default: {postgres.env['PGPORT']}}}}}
steps:
  - id: exec
    exec: [psql, {words}, -XAtc, "select 'signed on as ' || current_user"]
    check: sh.exec{{"psql", {words}, "-XAtc", "select 1"}}.stdout == "1\\n"
  - id: run
    run: |
      psql {connect} -XAtc "select 'again'"
      pg_dump {connect} --schema-only | grep -c 'PostgreSQL database dump complete'
  - id: without
    env: {{PGPASSFILE: {{file: "127.0.0.1:1:*:postgres:${{{{ secrets.password }}}}"}}}}
    exec: [psql, {words}, -XAtc, select 1]
    expect: {{exit: 2, stderr: /no password supplied/}}
""")
    done = place("exec", file)
    assert done.code == 0, done
    assert place("logs", "last", "exec").out == "signed on as postgres\n"
    assert place("logs", "last", "run").out == "again\n1\n"
    assert_nothing_in(place.store, {"password": postgres.password})


def test_a_private_key_in_memory_is_one(place):
    key = os.path.join(place.folder, "id")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    place.env["THE_KEY"] = open(key).read()     # once as it is, once without its last line end
    file = place.write("key.yaml", """runbook: key
secrets: {kept: {file: id}, given: {env: THE_KEY}}
defaults: {timeout: 1m}
steps:
  - id: kept
    env: {KEY: {file: "${{ secrets.kept }}"}}
    run: ssh-keygen -y -P '' -f "$KEY"; cmp "$KEY" id
  - id: agent
    env: {KEY: {file: "${{ secrets.kept }}"}}
    run: |
      eval "$(ssh-agent)" >&2
      ssh-add -q "$KEY"; ssh-add -L; kill "$SSH_AGENT_PID"
  - id: given
    env: {KEY: {file: "${{ secrets.given }}"}}
    run: ssh-keygen -y -P '' -f "$KEY"; cmp "$KEY" id
""")
    done = place("exec", file, cwd=place.folder)
    assert done.code == 0, done
    public = open(key + ".pub").read().split()
    for step in ("kept", "agent", "given"):
        assert place("logs", "last", step).out.split()[:2] == public[:2]
    assert_nothing_in(place.store, {"key": open(key).read()})


WAITS = """runbook: waits
secrets: {password: {env: THE_PASSWORD}}
defaults: {timeout: 1m}
steps:
  - id: one
    env: {FILE: {file: "user:${{ secrets.password }}"}}
    run: |
      touch started; while ! test -e go; do sleep 0.02; done
      cat "$FILE"
  - id: two
    env: {FILE: {file: "other:${{ secrets.password }}"}}
    run: cat "$FILE"
"""


def holders(place):
    """The programs that have a file in memory open."""
    for pid in place.what_is_left():
        try:
            names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            with open(f"/proc/{pid}/comm") as f:
                program = f.read().strip()
        except OSError:
            continue            # it has ended
        if any(name.startswith("/memfd:file") for name in names):
            yield program


@pytest.mark.parametrize("together", [False, True])
def test_a_killed_run_has_its_files_anew_and_left_none(place, together):
    file = place.write("waits.yaml", WAITS)
    started = os.path.join(place.folder, "started")
    process = place.start("exec", file, cwd=place.folder, stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(started))
    assert "bash" in (found := set(holders(place))) and found <= {"bash", "sleep"}
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert_nothing_in(place.store, VALUES)
    if together:
        place.kill_what_is_left()
    place.write("go", "")
    doubt = place.write("answers.yaml", "answers:\n  one.doubt: {answer: retry, reason: seen}\n")
    done = place("resume", "last", *(["--answers", doubt] if together else []), cwd=place.folder)
    assert done.code == 0, done
    assert place("logs", "last", "one").out == "user:[secret:password]\n"
    assert place("logs", "last", "two").out == "other:[secret:password]\n"
    assert_nothing_in(place.store, VALUES)
    sound(place)


@pytest.mark.parametrize("env, said", [
    ("{FILE = {fiel = 'x'}}", "env.FILE is a table; it has to be a text, a secret or {file = ...}"),
    ("{FILE = {file = {}}}", "env.FILE.file is empty"),
    ("{FILE = {file = {1, x = 2}}}", "env.FILE.file is no list of texts"),
    ("{FILE = {file = {{}}}}", "env.FILE.file is a table; it has to be a text or a number"),
    ("{FILE = {}}", "env.FILE.file is empty"),
])
def test_what_is_no_file_is_said_in_lua(place, env, said):
    file = place.write("lua.yaml", f"""runbook: lua
defaults: {{timeout: 1m}}
steps:
  - id: one
    lua: return {{ok = sh.exec{{"true", env = {env}}}.ok}}
""")
    done = place("exec", file)
    assert done.code == 1 and said in done.err, done
