"""`runbook doctor` on a runbook with connections: what is well, and each thing that can be wrong."""

import json
import os
import socket
import subprocess

import pytest

from conftest import Peer, Service
from pgbouncer import Pool
from tls import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def password_of(postgres):
    with open(postgres.env["PGPASSFILE"]) as f:
        return f.read().strip().rsplit(":", 1)[1]


class Doctor:
    """Asked about a runbook with these connections."""

    def __init__(self, runbook):
        self.runbook = runbook

    def __call__(self, connections, *words, more="", env=None):
        path = self.runbook.write("doctor.yaml", f"""runbook: doctor
secrets: {{password: {{env: DB_PASSWORD}}, typed: {{prompt: "Password?"}}}}
params: {{host: {{type: string, default: 127.0.0.1}}, text: {{type: string, default: ""}}}}
connections:
{connections}
defaults: {{timeout: 1m}}
{more or "steps: [{id: a, exec: [echo, --, '${{ params.host }}'], env: {P: '${{ secrets.password }}', Q: '${{ secrets.typed }}'}}]"}
""")
        self.told = self.runbook("doctor", path, "--output", "json", *words, env=env)
        assert self.told.code in (0, 1), self.told
        shown = self.runbook("doctor", path, *words, env=env)
        assert shown.code == self.told.code
        found = {f["what"]: f for f in json.loads(self.told.out) if "target" in f}
        for f in found.values():
            assert f'{f["target"]}: {f["text"]}' in shown.out, shown.out
        assert (self.told.code == 0) == all(f["ok"] for f in json.loads(self.told.out))
        return found


@pytest.fixture
def doctor(runbook):
    scratch = os.path.join(runbook.folder, "scratch")
    os.mkdir(scratch)
    runbook.env["TMPDIR"] = scratch
    yield Doctor(runbook)
    assert os.listdir(scratch) == []


def base(postgres, port=None, user="postgres", password="${{ secrets.password }}",
         dbname="postgres", more="", name="base"):
    return (f'  {name}: {{type: postgres, host: "${{{{ params.host }}}}", port: "{port or postgres.port}", '
            f'dbname: {dbname}, user: {user}, password: "{password}"{more}}}\n')


def test_doctor_finds_all_well(doctor, postgres, authority):
    good, key = authority.certificate("good", 90, begun="1 hour ago")
    with Service(good, key) as service:
        found = doctor(
            base(postgres) + base(postgres, more=", read_only: true", name="replica") +
            f'  api: {{type: http, url: "http://127.0.0.1:{service.port}/health"}}\n'
            f'  safe: {{type: http, url: "https://localhost:{service.tls_port}/health", '
            f'tls: {{ca: "{authority.ca}"}}}}\n'
            f'  metrics: {{type: prometheus, url: "http://127.0.0.1:{service.port}"}}\n',
            "-p", "host=localhost", env={"DB_PASSWORD": password_of(postgres)})
        assert service.count("/api/v1/status/buildinfo") == 2
    assert doctor.told.code == 0
    assert found["base"]["target"] == f"postgres localhost:{postgres.port}/postgres"
    assert found["base"]["text"].startswith("PostgreSQL 1")
    assert found["base"]["text"].endswith("a primary as postgres")
    assert found["replica"]["text"].endswith("as postgres, read only")
    assert found["api"]["text"] == "it answers 200 over HTTP/1.1"
    assert "TLSv1.3, certificate valid for 89 days" in found["safe"]["text"]
    assert found["metrics"]["text"] == "Prometheus 2.42.0"


def test_doctor_says_what_is_wrong_with_a_service(doctor, authority):
    expired, key = authority.certificate("expired", 30, begun="2170 hours ago")
    with socket.socket() as taken, Service(expired, key) as service:
        taken.bind(("127.0.0.1", 0))        # nobody listens
        at = f"127.0.0.1:{service.port}"
        found = doctor(
            f'  deaf: {{type: http, url: "http://127.0.0.1:{taken.getsockname()[1]}"}}\n'
            f'  unknown: {{type: http, url: "http://no-such-host.invalid/"}}\n'
            f'  foreign: {{type: http, url: "https://localhost:{service.tls_port}/health"}}\n'
            f'  old: {{type: http, url: "https://localhost:{service.tls_port}/health", '
            f'tls: {{ca: "{authority.ca}"}}}}\n'
            f'  trusting: {{type: http, url: "https://localhost:{service.tls_port}/health", '
            f'tls: {{verify: false}}}}\n'
            f'  locked: {{type: http, url: "http://{at}/said/401/eA"}}\n'
            f'  ill: {{type: http, url: "http://{at}/said/503/eA"}}\n'
            f'  other: {{type: prometheus, url: "http://{at}/echo"}}\n')
    text = {name: f["text"] for name, f in found.items()}
    assert {name for name, f in found.items() if f["ok"]} == {"trusting"}
    assert "there is no connection" in text["deaf"] and "is it running" in text["deaf"]
    assert "can't be resolved" in text["unknown"]
    assert "not to be trusted" in text["foreign"] and "tls: {ca: FILE}" in text["foreign"]
    assert "expired" in text["old"]
    assert "verify: false" in text["trusting"] and "expired 61 days ago" in text["trusting"]
    assert "401" in text["locked"] and "`auth`" in text["locked"]
    assert "503" in text["ill"]
    assert "not as Prometheus does" in text["other"]


def test_doctor_says_what_is_wrong_with_a_database(doctor, postgres):
    postgres.psql("postgres", "DROP ROLE IF EXISTS timid", "CREATE ROLE timid LOGIN PASSWORD 'timid-one'",
                  "ALTER ROLE timid SET default_transaction_read_only = on")
    try:
        found = doctor(
            base(postgres, dbname="no_such") +
            base(postgres, password="wrong-password", name="refused") +
            base(postgres, user="timid", password="timid-one", name="timid") +
            base(postgres, user="timid", password="timid-one", more=", read_only: true", name="reader") +
            base(postgres, password="${{ secrets.typed }}", name="asked"),
            env={"DB_PASSWORD": password_of(postgres)})
    finally:
        postgres.psql("postgres", "DROP ROLE timid")
    text = {name: f["text"] for name, f in found.items()}
    assert {name for name, f in found.items() if f["ok"]} == {"reader"}
    assert 'database "no_such" does not exist' in text["base"] and "dbname" in text["base"]
    assert "password authentication failed" in text["refused"]
    assert "not declared `read_only`" in text["timid"]
    assert "type its secret `typed`" in text["asked"]
    assert password_of(postgres) not in doctor.told.out + doctor.told.err


def test_doctor_does_not_miss_what_the_run_makes(doctor, postgres):
    """Its server is asked: only that there is no such database yet is as it should be."""
    env = {"DB_PASSWORD": password_of(postgres)}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))        # nobody listens
        found = doctor(
            base(postgres, dbname="later", more=", made_by: a") +
            base(postgres, dbname="later", more=", made_by: a", password="wrong-password", name="refused") +
            base(postgres, dbname="later", more=", made_by: a", port=taken.getsockname()[1], name="deaf") +
            base(postgres, more=", made_by: a", name="there"), env=env)
    text = {name: f["text"] for name, f in found.items()}
    assert {name for name, f in found.items() if f["ok"]} == {"base", "there"}
    assert text["base"] == "its server answers; step `a` makes the database"
    assert "password authentication failed" in text["refused"]
    assert "is running" in text["deaf"] and text["there"].endswith("a primary as postgres")
    postgres.psql("postgres", "CREATE DATABASE later ALLOW_CONNECTIONS false")
    try:
        shut = doctor(base(postgres, dbname="later", more=", made_by: a"), env=env)["base"]
    finally:
        postgres.psql("postgres", "DROP DATABASE later")
    assert not shut["ok"] and "not currently accepting connections" in shut["text"]


def test_what_makes_a_database_is_a_step(runbook):
    path = runbook.write("made.yaml", """runbook: made
connections: {base: {type: postgres, host: localhost, dbname: later, made_by: b}}
steps: [{id: a, exec: ["true"], timeout: 1m}]
""")
    told = runbook("check", path)
    assert told.code == 1 and "error[RB0401]: there is no step `b`" in told.out + told.err, told


@pytest.mark.parametrize("name, params, made", [
    ("database-migration", {"backups": "/var/tmp"}, {"proof", "restored"}),
    ("rollback", {"previous": "v1.1.0", "incident": "INC-1", "commander": "po"}, {"restored"})])
def test_doctor_finds_the_databases_of_the_dcmms_procedures_well(runbook, dcmms, name, params, made):
    """Before the first run of one of them, which makes the databases that it restores a backup into."""
    given = {"release": "v1.2.0", "port": dcmms.port, **params}
    told = runbook("doctor", f"runbooks/dcmms/{name}.yaml", "-e", "demo", "--output", "json",
                   *(word for one in given.items() for word in ("-p", "%s=%s" % one)),
                   env={"DCMMS_ADMIN_PASSWORD": dcmms.password})
    found = {f["what"]: f for f in json.loads(told.out) if "/dcmms_demo" in f.get("target", "")}
    assert all(f["ok"] for f in found.values()), found
    assert {what for what, f in found.items() if "makes the database" in f["text"]} == made, found


def test_doctor_names_a_secret_that_can_not_be_had(doctor, postgres):
    found = doctor(base(postgres))
    assert found["base"]["text"] == (
        "the secret `password` can't be had: the environment variable DB_PASSWORD is not set")


OWN_STATEMENT = """steps:
  - id: index
    connection: base
    sql: {query: "create index concurrently i on t(a)", transaction: false}
  - id: a
    exec: [echo, --, "${{ params.host }}"]
    env: {P: "${{ secrets.password }}", Q: "${{ secrets.typed }}"}
"""


def test_a60_a_pool_of_transactions_is_found_out(doctor, postgres):
    env = {"DB_PASSWORD": password_of(postgres)}
    with Pool(postgres, "transaction") as pool:
        plain = doctor(base(postgres, pool.port), env=env)["base"]
        holding = doctor(base(postgres, pool.port), env=env, more=OWN_STATEMENT)["base"]
    with Pool(postgres, "session") as pool:
        session = doctor(base(postgres, pool.port), env=env, more=OWN_STATEMENT)["base"]
    assert plain["ok"] and "behind a pool of transactions" in plain["text"]
    assert not holding["ok"] and "step `index`" in holding["text"]
    assert session["ok"] and "pool" not in session["text"]


def test_f40_f45_doctor_does_not_wait_for_ever(doctor):
    """A service that says nothing, and a database that takes the connection and no more."""
    with socket.socket() as silent, Service() as service:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        found = doctor(
            f'  mute: {{type: http, url: "http://127.0.0.1:{service.port}/slow-to-read"}}\n'
            f'  base: {{type: postgres, host: 127.0.0.1, port: "{silent.getsockname()[1]}", '
            f'dbname: a, user: b}}\n')
    assert "in time" in found["mute"]["text"] and not found["mute"]["ok"]
    assert "no answer within" in found["base"]["text"] and not found["base"]["ok"]


def test_a45_what_a_service_says_is_shown_visibly(doctor, postgres):
    """The name of a database comes back in the server's message."""
    found = doctor(base(postgres, dbname='"${{ params.text }}"'), "-p", "text=no\u202esuch",
                   env={"DB_PASSWORD": password_of(postgres)})
    assert not found["base"]["ok"] and "does not exist" in found["base"]["text"]
    assert "\u202e" not in found["base"]["text"] + found["base"]["target"]


def test_doctor_needs_the_parameters_of_its_connections(runbook):
    path = runbook.write("doctor.yaml", """runbook: doctor
params: {port: {type: integer}}
connections: {api: {type: http, url: "http://127.0.0.1:${{ params.port }}"}}
steps: [{id: a, exec: ["true"], timeout: 1m}]
""")
    told = runbook("doctor", path)
    assert told.code == 2 and "port" in told.err
    done = subprocess.run([runbook.binary, "doctor", path, "-p", "port=1"], env=runbook.env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "FAILED   api" in done.stdout


def test_doctor_sends_no_message_to_find_out(doctor, authority, tmp_path):
    good, key = authority.certificate("good", 90, begun="1 hour ago")
    expired, old_key = authority.certificate("expired", 30, begun="2170 hours ago")
    with socket.socket() as taken, Peer("slack.py", tmp_path / "slack") as slack, \
            Service(good, key) as service, Service(expired, old_key) as old:
        taken.bind(("127.0.0.1", 0))        # nobody listens
        found = doctor(
            f'  team: {{type: webhook, url: "http://127.0.0.1:{slack.port}/hook"}}\n'
            f'  secret: {{type: slack, webhook: "${{{{ secrets.password }}}}"}}\n'
            f'  safe: {{type: webhook, url: "https://localhost:{service.tls_port}/hook", '
            f'tls: {{ca: "{authority.ca}"}}}}\n'
            f'  foreign: {{type: webhook, url: "https://localhost:{service.tls_port}/hook"}}\n'
            f'  old: {{type: webhook, url: "https://localhost:{old.tls_port}/hook", '
            f'tls: {{ca: "{authority.ca}"}}}}\n'
            f'  trusting: {{type: webhook, url: "https://localhost:{old.tls_port}/hook", '
            f'tls: {{verify: false}}}}\n'
            f'  deaf: {{type: webhook, url: "http://127.0.0.1:{taken.getsockname()[1]}/hook"}}\n',
            env={"DB_PASSWORD": f"http://127.0.0.1:{slack.port}/services/T/B/very-secret"})
        assert slack.taken() == [] and service.count("/hook") == old.count("/hook") == 0
    text = {name: f["text"] for name, f in found.items()}
    assert {name for name, f in found.items() if f["ok"]} == {"team", "secret", "safe", "trusting"}, text
    assert text["team"] == "it can be reached; whether it takes a message only a message tells"
    assert found["secret"]["target"] == "slack (its URL is a secret)"
    assert "very-secret" not in doctor.told.out + doctor.told.err
    assert "certificate valid for 89 days" in text["safe"]
    assert "not to be trusted" in text["foreign"] and "tls: {ca: FILE}" in text["foreign"]
    assert "expired" in text["old"]
    assert "verify: false" in text["trusting"] and "expired 61 days ago" in text["trusting"]
    assert "there is no connection" in text["deaf"] and "is it running" in text["deaf"]


def mail(port, name, more=""):
    return (f'  {name}: {{type: smtp, host: "${{{{ params.host }}}}", port: "{port}", from: ops@example.org, '
            f'to: [team@example.org]{more}}}\n')


def test_doctor_asks_a_mail_server_and_sends_no_mail(doctor, authority, tmp_path):
    good, key = authority.certificate("good", 90, begun="1 hour ago")
    sign_on = ', user: runbook, password: "${{ secrets.password }}"'
    wrong = ', user: somebody, password: "${{ secrets.password }}"'
    trust = f', ca: "{authority.ca}"'
    with socket.socket() as taken, Peer("mail_server.py", tmp_path / "plain") as plain, \
            Peer("mail_server.py", tmp_path / "starttls", good, key) as starttls, \
            Peer("mail_server.py", tmp_path / "implicit", good, key, "implicit") as implicit:
        taken.bind(("127.0.0.1", 0))        # nobody listens
        found = doctor(
            mail(plain.port, "plain", ", tls: none") +
            mail(starttls.port, "starttls", trust + sign_on) +
            mail(implicit.port, "implicit", trust + sign_on + ", tls: implicit") +
            mail(plain.port, "bare") +
            mail(starttls.port, "foreign", sign_on) +
            mail(starttls.port, "wrong", trust + wrong) +
            mail(taken.getsockname()[1], "deaf", ", tls: none"),
            "-p", "host=localhost", env={"DB_PASSWORD": "correct horse"})
        assert [peer.mails() for peer in (plain, starttls, implicit)] == [[], [], []]
    text = {name: f["text"] for name, f in found.items()}
    assert {name for name, f in found.items() if f["ok"]} == {"plain", "starttls", "implicit"}, text
    assert found["plain"]["target"] == f"smtp localhost:{plain.port}"
    assert "it would take a mail, in the clear" in text["plain"]
    for name in ("starttls", "implicit"):
        assert "it would take a mail from us, who signed on, over TLS" in text[name]
    assert "TLS" in text["bare"] and "starttls, implicit, none" in text["bare"]
    assert "not to be trusted" in text["foreign"] and "`ca: FILE`" in text["foreign"]
    assert "535" in text["wrong"] and "`user` and `password`" in text["wrong"]
    assert "correct horse" not in doctor.told.out + doctor.told.err
    assert "is it running" in text["deaf"]


def test_doctor_asks_a_store_of_files_with_a_signature(doctor):
    with Service() as service:
        of = (f'  backups: {{type: s3, url: "http://127.0.0.1:{service.port}/signed", region: eu-central-1, '
              'access_key: AKIDEXAMPLE, secret_key: "${{ secrets.password }}"}\n')
        good = doctor(of, env={"DB_PASSWORD": "secret"})["backups"]
        bad = doctor(of, env={"DB_PASSWORD": "another"})["backups"]
    assert good["ok"] and good["text"] == "it answers 200 over HTTP/1.1", good
    assert not bad["ok"] and "403" in bad["text"] and "not let in" in bad["text"], bad
