"""A whole dCMMS release, made of the runbooks of its sections: against a real PostgreSQL, a real Prometheus and the
application, to its end, and taken back when requests begin to fail while it is validated."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT, Peer
from dcmms_world import World, shorter
from people import approve, shown
from test_dcmms import Procedure, git
from test_time import clock, shim  # noqa: F401

pytestmark = pytest.mark.usefixtures("some_prefixes")

PARTS = ["pre-deployment", "database-migration", "service-deployment", "validation"]
# Only times: limits stay what they are.
TIMES = {"release": {"every: 15s": "every: 300ms", "trips_after: 2m": "trips_after: 1500ms",
                     "trips_after: 15s": "trips_after: 1s"},
         "service-deployment": {"every: 15s": "every: 300ms", "hold: 2m": "hold: 1s", "timeout: 15m": "timeout: 30s"},
         "validation": {"every: 1m": "every: 300ms", "hold: 24h": "hold: {hold}", "timeout: 3d": "timeout: 60s"}}
DEPLOYED = """  deploy:registry-login: yes
  deploy:images-built: yes
  deploy:images-pushed.api: {answer: yes, evidence: "sha256:1f"}
  deploy:images-pushed.frontend: {answer: yes, evidence: "sha256:2e"}
  deploy:latest-tagged: yes
  deploy:manifests-updated: yes
  deploy:manifests-reviewed: yes
  deploy:strategy.max-unavailable: yes
  deploy:strategy.max-surge: yes
  deploy:strategy.grace: yes
  deploy:revision.api: 42
  deploy:revision.frontend: 17
  deploy:config-maps: {answer: skip, reason: they have not changed}
  deploy:secrets: {answer: skip, reason: they have not changed}
  deploy:api: yes
  deploy:frontend: yes
  deploy:rolled-out.api: yes
  deploy:rolled-out.frontend: yes
  deploy:pods.running: yes
  deploy:pods.no-crash-loops: yes
  deploy:pods.logs: yes
"""
VALIDATED = "  validate:alerts: yes\n" + "".join(
    f"  validate:{item}: {{answer: yes, evidence: report 7}}\n"
    for item in ["automated.integration", "automated.e2e", "automated.performance"]) + "".join(
    f"  validate:{step}.{item}: yes\n" for step, items in {
        "functional": ["login", "created", "attachment", "assigned", "executed", "completed", "reported"],
        "integration": ["telemetry", "idp", "notifications", "mobile"],
        "reviewed": ["error-rate", "latency", "query-time", "queue-lag", "memory", "sessions", "failed-logins"],
    }.items() for item in items)
TAKEN_BACK = "".join(f"  {step}.undo: yes\n" for step in [
    "deploy:frontend", "deploy:api", "deploy:manifests-updated", "deploy:latest-tagged", "migrate"])


@pytest.fixture(scope="module")
def world():
    with tempfile.TemporaryDirectory(prefix="runbook-dcmms-") as folder, World(folder) as world:
        yield world


RELEASE = ["-p", "release=v1.2.0", "-p", "previous=v1.1.0", "-p", "production_at=2025-11-26T10:00:00Z", "-p", "repository=.",
           "-p", "backups=/tmp"]


@pytest.fixture(scope="module")
def mail(world):
    with Peer("mail_server.py", os.path.join(os.path.dirname(world.api.folder), "mail")) as mail:
        yield mail


def prefixed(prefix, name):
    """The answers of the demo of a part, as the release has them."""
    with open(os.path.join(ROOT, "runbooks/dcmms/demo", name + ".answers.yaml")) as f:
        return "".join(f"  {prefix}:{line.lstrip()}" for line in f if re.match(r"  [a-z]", line))


class Release:
    """The runbooks, in a folder of their own, with their times made shorter."""

    def __init__(self, runbook, world, mail, cluster, hold):
        self.runbook, self.world, self.mail = runbook, world, mail
        self.folder = os.path.join(runbook.folder, "books")
        os.mkdir(self.folder)
        self.procedure = Procedure(runbook, cluster)
        with open(os.path.join(self.procedure.backups, "nightly.dump"), "w") as f:
            f.write("x")
        for name in [*PARTS, "release"]:
            times = {long: short.replace("{hold}", hold) for long, short in TIMES.get(name, {}).items()}
            with open(os.path.join(self.folder, name + ".yaml"), "w") as f:
                f.write(shorter(name, times))
        repository = os.path.join(runbook.folder, "dcmms")
        os.mkdir(repository)
        git(repository, "init", "-q", "-b", "main")
        git(repository, "commit", "-q", "--allow-empty", "-m", "Work orders")
        git(repository, "tag", "v1.1.0")
        git(repository, "commit", "-q", "--allow-empty", "-m", "Comments on work orders")
        self.words = [os.path.join(self.folder, "release.yaml"), *self.procedure.words, "-p", "previous=v1.1.0",
                      "-p", "production_at=2025-11-26T10:00:00Z", "-p", f"repository={repository}", "-p", f"api=http://127.0.0.1:{world.api.port}",
                      "-p", f"metrics=http://127.0.0.1:{world.prometheus.port}", "-p", "window=10s",
                      "-p", f"status=http://127.0.0.1:{world.slack.port}/status", "-p", f"mail_port={mail.port}"]
        runbook.env.update(DCMMS_TEST_TOKEN="test-token", DCMMS_READONLY_PASSWORD=cluster.password,
                           SLACK_WEBHOOK=f"http://127.0.0.1:{world.slack.port}/services/x",
                           DCMMS_STATUS_TOKEN="status-token", **self.procedure.env)

    def answers(self, taken_back=TAKEN_BACK):
        return self.runbook.write("answers.yaml", "answers:\n" + prefixed("prepare", "pre-deployment") +
                                  prefixed("migrate", "database-migration") + DEPLOYED + VALIDATED + taken_back)

    def start(self, **more):
        return self.runbook.start("exec", *self.words, "--answers", self.answers(**more), text=True, stderr=subprocess.PIPE)

    def orders(self):
        with open(os.path.join(self.world.api.folder, "orders")) as f:
            return [json.loads(line) for line in f]

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown


@pytest.fixture
def release(runbook, world, mail, dcmms, request):
    world.begin(version="1.2.0")
    return Release(runbook, world, mail, dcmms, request.param)


@pytest.mark.parametrize("release", ["2s"], indirect=True)
def test_a_release_comes_to_its_end(release):
    process = release.start()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    [order] = release.orders()
    assert order["siteId"] == "SITE-TEST" and order["title"].startswith("Test WO r-")
    assert release.procedure.applied().endswith("V010")
    assert [one["step"] for one in release.runbook.named("call.began")] == ["prepare", "migrate", "deploy", "validate"]
    release.is_sound()


@contextlib.contextmanager
def holding(cluster, table):
    """A session that has this table to itself."""
    holder = subprocess.Popen(["psql", "-XAtq", "dcmms_demo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={**os.environ, **cluster.env}, text=True)
    holder.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "held\n"
    yield
    holder.communicate()


@pytest.mark.parametrize("release", ["45s"], indirect=True)
def test_work_orders_that_cant_be_created_stop_the_migration(release):
    """Nothing is deployed yet: what broke them can only be the migration. Nobody says outside that all is well while it is not."""
    with holding(release.procedure.cluster, "attachments"):         # pg_dump waits for it
        process = release.start()
        release.runbook.await_event("effect.intent", step="migrate:backup", seconds=300)
        release.world.state(version="1.2.0", creates=1, broken=1.0)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 5, err
    [began] = release.runbook.named("rollback.began")
    assert (began["by"], began["step"], began["undo"]) == ("guard", "critical-functionality", ["migrate"])
    assert release.runbook.steps()["status-page"] == release.runbook.steps()["stakeholders"] == "skipped"
    assert [one["step"] for one in release.runbook.status()["obligations"]] == [
        "status-page-updated", "stakeholders-notified", "post-mortem", "root-cause"]
    release.is_sound()


@pytest.mark.parametrize("release", ["45s"], indirect=True)
def test_requests_that_fail_while_it_is_validated_take_it_back(release):
    process = release.start(taken_back=TAKEN_BACK.replace("  migrate.undo: yes\n", ""))
    release.runbook.await_event("gate.waiting", step="validate:watched", seconds=300)
    release.world.state(errors=0.2, version="1.2.0")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 3, err
    release.world.state(version="1.1.0")
    said, mails = len(release.world.slack.taken()), len(release.mail.mails())
    done = release.runbook("resume", "last", "--answers", release.answers())
    assert done.code == 5, done
    [began] = release.runbook.named("rollback.began")
    assert (began["by"], began["step"]) == ("guard", "error-rate")
    assert began["undo"] == ["deploy:frontend", "deploy:api", "deploy:manifests-updated", "deploy:latest-tagged",
                             "migrate"]
    # What a person has skipped was not done, and the database is left to a person.
    asked = [one["text"] for one in release.runbook.named("question.asked") if one["step"].endswith(".undo")]
    assert "--to-revision=17" in asked[0] and "--to-revision=42" in asked[1]
    assert asked[4].startswith("The database is of v1.2.0")
    assert_all_are_told(release, said, mails)
    assert_its_duties_stay_until_they_are_confirmed(release.runbook)
    release.is_sound()


def assert_all_are_told(release, said, mails):
    """5.2, step 4: the team, the status page and the stakeholders, of what is served."""
    [team, page] = release.world.slack.taken()[said:]
    assert team["path"] == "/services/x" and page["path"] == "/status"
    assert team["body"]["text"].startswith("v1.2.0 is NOT released to demo, which serves v1.1.0 (run r-")
    assert page["body"]["text"].startswith("Issue resolved, system rolled back.")
    assert [mail["Subject"] for mail in release.mail.mails()[mails:]] == ["[dCMMS] Issue resolved, system rolled back"]


def assert_its_duties_stay_until_they_are_confirmed(runbook):
    assert runbook.status()["status"] == "rolled_back"
    assert [(one["step"], one["item"]) for one in runbook.status()["obligations"]] == [
        ("post-mortem", "ticket"), ("root-cause", "meeting")]
    assert "rolled back" in runbook("list").out and "2 obligations open" in runbook("list").out
    for item, left in (("post-mortem.ticket", 1), ("root-cause.meeting", 0)):
        done = runbook("confirm", "last", item, "--evidence", "OPS-9")
        assert done.code == 0 and f"confirmed; {left} left" in done.out, done
    assert "obligation" not in runbook("list").out and runbook.status().get("obligations", []) == []


def test_production_is_approved_by_two_within_its_window(runbook):
    planned = runbook("plan", "runbooks/dcmms/release.yaml", "-e", "production", *RELEASE)
    assert planned.code == 0, planned
    for said in ("signed by product-owner: po@dcmms.io", "signed by tech-lead: tl@dcmms.io",
                 "Mon, Tue, Wed, Thu 09:00 to 16:00 in Europe/Berlin", "holds the locks dcmms:production"):
        assert said in planned.out, said
    for name in [*PARTS, "release"]:
        checked = runbook("check", f"runbooks/dcmms/{name}.yaml", "-e", "production")
        assert checked.code == 0 and "warning" not in checked.err, checked


def of_production(name, release):
    """A runbook as production has it, where all of its services are those of the test."""
    world, cluster = release.world, release.procedure.cluster
    here = {"https://api.dcmms.io": world.api.port, "https://app.dcmms.io": world.api.port,
            "http://prometheus.dcmms.io:9090": world.prometheus.port}
    with open(os.path.join(release.folder, name)) as f:
        text = f.read()
    for url, port in here.items():
        text = text.replace(url, f"http://127.0.0.1:{port}")
    text = re.sub(r"\bport: 5432\b", f"port: {cluster.port}", text.replace("db-primary.dcmms.io", "127.0.0.1"))
    return re.sub("dcmms_prod", "dcmms_demo", re.sub("admin_user|readonly_user", "postgres", text))


class Production:
    """A release of production at noon in Berlin on Thursday, by people who sign, on a clock that the test moves."""

    def __init__(self, release, people, clock):
        self.release, self.runbook, self.people, self.clock = release, release.runbook, people, clock
        people.write("po@dcmms.io", "tl@dcmms.io")
        for name in os.listdir(release.folder):
            text = of_production(name, release)
            with open(os.path.join(release.folder, name), "w") as f:
                f.write(text)
        mine = {"demo": "production", "production_at=2025-11-26T10:00:00Z": "production_at=2026-12-03T12:00:00+01:00"}
        self.words = [mine.get(word, word) for word in release.words]

    def begins(self, text):
        self.clock.is_now(text)
        self.days_pass(0)
        self.goes_on(3, "exec", *self.words)

    def days_pass(self, days):
        """And there is a backup of the night before."""
        self.clock.passes(days * 24 * 3600)
        os.utime(os.path.join(self.release.procedure.backups, "nightly.dump"), 2 * (time.time() + self.clock.wall,))

    def goes_on(self, code, *begin):
        done = self.runbook(*(begin or ("resume", "last")), "--answers", self.release.answers(), timeout=400)
        assert done.code == code, done
        return done

    def approves(self, who, *more):
        return approve(self.runbook, self.people, who, *more)


@pytest.fixture
def production(release, people, clock):  # noqa: F811
    return Production(release, people, clock)


@pytest.mark.parametrize("release", ["2s"], indirect=True)
def test_a_release_of_production_from_its_freeze_to_its_end(production):
    """Two days of freeze, suspended until each of its phases; then both have to sign, one of them is not enough."""
    runbook = production.runbook
    production.begins("2026-11-30T11:00:00Z")
    for step, day in (("t-48-reached", "2026-12-01"), ("t-24-reached", "2026-12-02"), ("t-reached", "2026-12-03")):
        assert runbook.status()["waits_until"] == day + "T11:00:00.000000Z"
        assert runbook.steps()["prepare:" + step] == "active"
        production.days_pass(1)
        production.goes_on(3)
    _, text = shown(runbook, "last", "--key", production.people.key("po@dcmms.io"))
    for evidence in ("all-tests", "uat", "sign-offs"):
        assert re.search(rf"\b{evidence}\W+passed\b", text), text
    production.approves("po@dcmms.io")
    production.goes_on(3)
    assert [one["role"] for one in runbook.named("approval.accepted")] == ["product-owner"]
    assert runbook.steps()["migrate"] == "pending"
    production.approves("tl@dcmms.io")
    production.goes_on(0)
    assert [one["role"] for one in runbook.named("approval.accepted")] == ["product-owner", "tech-lead"]
    assert production.release.procedure.applied().endswith("V010")
    assert runbook.steps()["not-released"] == "skipped" and runbook.status().get("obligations", []) == []
    production.release.is_sound()


@pytest.mark.parametrize("release", ["2s"], indirect=True)
def test_a_release_that_one_rejects_changes_nothing(production):
    runbook = production.runbook
    production.release.world.state(version="1.1.0")
    production.begins("2026-12-03T11:00:02Z")
    said = len(production.release.world.slack.taken())
    production.approves("tl@dcmms.io", "--reject", "--reason", "not on a Thursday")
    done = production.goes_on(5)
    assert "not on a Thursday" in done.err, done
    steps = runbook.steps()
    assert (steps["migrate"], steps["post-rollback"]) == ("pending", "skipped")
    assert production.release.procedure.applied().endswith("V007") and runbook.status().get("obligations", []) == []
    [told] = production.release.world.slack.taken()[said:]
    assert told["body"]["text"].startswith("v1.2.0 is NOT released to production, which serves v1.1.0 ")
    production.release.is_sound()


def guards_of(runbook, name, *words):
    planned = runbook("plan", f"runbooks/dcmms/{name}.yaml", "-e", "production", *words, "--output", "json")
    assert planned.code == 0, planned
    plan = json.loads(planned.out)
    guards = {step["id"]: {**step, "spec": {key: value for key, value in step["spec"].items() if key != "covers"}}
              for step in plan["steps"] if step["action"] == "guard"}
    return guards, {name: plan["vars"][name] for name in ("errors", "creates", "broken", "p95", "most_errors",
                                                         "most_broken", "most_loss")}


def test_the_guards_of_the_release_are_those_of_the_ramp(runbook):
    """A file that is called can't have guards, so that both have them; but for what they cover they are the same."""
    release = guards_of(runbook, "release", *RELEASE)
    assert release == guards_of(runbook, "feature-flag-ramp", "-p", "flag=x")
    assert set(release[0]) == {"error-rate", "critical-functionality", "database-corruption", "performance"}
