"""The dCMMS rollback procedure: section 5.1's table against a real Prometheus, the database taken back on a
real PostgreSQL, and what follows."""

import datetime
import glob
import os
import random
import re
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT, Peer
from dcmms_world import World, shorter
from test_crash import was_created

TIMES = {"every: 5s": "every: 200ms", "hold: 15s": "hold: 500ms", "every: 15s": "every: 300ms",
         "hold: 1m": "hold: 1s", "timeout: 5m\n\n          - {id: smoke": "timeout: 5s\n\n          - {id: smoke"}
YES = {"reason.reason": "security-vulnerability", "go": "yes", "revision": "{answer: yes, note: revision 42}",
       "undo-api": "yes", "undo-frontend": "yes", "rolled-out": "yes", "database-decision.choice": "keep",
       "database-decision.caused": "true", "caution": "yes", "writers-stopped": "yes", "smoke-tests": "yes"}
every_prefix = pytest.mark.usefixtures("every_prefix")


@pytest.fixture(scope="module")
def world():
    with tempfile.TemporaryDirectory(prefix="runbook-dcmms-") as folder, World(folder) as world:
        yield world


@pytest.fixture(scope="module")
def mail(world):
    with Peer("mail_server.py", os.path.join(os.path.dirname(world.api.folder), "mail")) as mail:
        yield mail


class Rollback:
    def __init__(self, runbook, world, mail, cluster):
        self.runbook, self.world, self.cluster = runbook, world, cluster
        self.file = runbook.write("rollback.yaml", shorter("rollback", TIMES))
        self.values = {
            "release": "v1.2.0", "previous": "v1.1.0", "incident": "INC-204", "commander": "Jane Doe",
            "api": f"http://127.0.0.1:{world.api.port}", "window": "5s", "last": "10s", "before": "15s",
            "metrics": f"http://127.0.0.1:{world.prometheus.port}", "mail_port": mail.port,
            "port": cluster.port, "status": f"http://127.0.0.1:{world.slack.port}/status"}
        runbook.env.update(DCMMS_ADMIN_PASSWORD=cluster.password, DCMMS_STATUS_TOKEN="status-token",
                           SLACK_WEBHOOK=f"http://127.0.0.1:{world.slack.port}/services/x")

    def words(self, answers=None, **values):
        said = {**YES, **(answers or {})}
        text = "answers:\n" + "".join(f"  {name}: {answer}\n" for name, answer in said.items() if answer)
        given = [word for name, value in {**self.values, **values}.items() for word in ("-p", f"{name}={value}")]
        return [self.file, "-e", "demo", *given, "--answers", self.runbook.write("answers.yaml", text)]

    def run(self, answers=None, code=0, **values):
        done = self.runbook("exec", *self.words(answers, **values))
        assert done.code == code, done
        self.is_sound()
        return done

    def is_sound(self):
        """Of a run that waits the record is open, and sound as far as it goes."""
        code = 9 if self.runbook.status()["status"] == "waiting" else 0
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == code, shown

    def says(self):
        [passed] = [event for event in self.runbook.named("step.passed") if event["step"] == "verdict"]
        return passed["outputs"]["says"], passed["outputs"]["why"]

    def applied(self):
        return self.cluster.psql("dcmms_demo", "SELECT string_agg(version, ' ' ORDER BY version) FROM schema_history")

    def columns(self):
        return self.cluster.psql("dcmms_demo", "SELECT count(*) FROM information_schema.columns "
                                               "WHERE table_name = 'work_orders'")


@pytest.fixture
def rollback(runbook, world, mail, dcmms):
    world.state(version="1.1.0")
    return Rollback(runbook, world, mail, dcmms)


@pytest.fixture
def migrated(rollback):
    """As the release has left the database."""
    rollback.before = rollback.columns()
    for path in sorted(glob.glob(os.path.join(ROOT, "runbooks/dcmms/migrations/V0*.sql"))):
        version = os.path.basename(path)[:4]
        if version > "V007":
            statements = re.sub(r"--.*", "", open(path).read()).split(";")
            rollback.cluster.psql("dcmms_demo", *filter(str.strip, statements),
                                  f"INSERT INTO schema_history VALUES ('{version}', 'x', 'x')")
    return rollback


def test_rollback_is_without_a_fault_to_check(runbook):
    for environment in ("demo", "production"):
        checked = runbook("check", "runbooks/dcmms/rollback.yaml", "-e", environment)
        assert checked.code == 0 and "warning" not in checked.out + checked.err, checked


# ---- 5.1: the table ------------------------------------------------------------------------------
@pytest.mark.parametrize("reason, says", [
    ("critical-functionality", "roll-back"), ("database-corruption", "roll-back"),
    ("security-vulnerability", "roll-back"), ("minor-ui-glitch", "fix-forward"),
    ("bug-with-workaround", "fix-forward")])
def test_the_table_where_a_person_has_seen_it(rollback, reason, says):
    rollback.run({"reason.reason": reason, "go": None, "fix-forward": "yes"}, code=3 if says == "roll-back" else 0)
    assert rollback.says()[0] == says
    assert rollback.runbook.steps()["fix-forward"] == ("skipped" if says == "roll-back" else "passed")
    assert "reason" not in [question["step"] for question in rollback.runbook.named("question.asked")][1:]


@pytest.mark.parametrize("reason, state, seconds, says", [
    ("error-rate", {"errors": 0.06}, 17, "roll-back"), ("error-rate", {"errors": 0.04}, 17, "fix-forward"),
    ("error-rate", {"errors": 0.5}, 5, "fix-forward"),          # not for so long
    ("performance", {"p95": 0.119}, 8, "fix-forward"), ("performance", {"p95": 0.122}, 8, "unknown"),
    ("error-rate", {"silent": True}, 16, "unknown"), ("performance", {"silent": True}, 8, "unknown")])
def test_the_table_where_it_can_be_measured(rollback, reason, state, seconds, says):
    rollback.world.begin()
    time.sleep(10 if reason == "performance" else 0)             # of good data, for what is held against it
    rollback.world.state(**state)
    time.sleep(seconds)
    done = rollback.run({"reason.reason": reason, "go": None, "undecided": None, "fix-forward": "yes"},
                        code=0 if says == "fix-forward" else 3)
    assert rollback.says()[0] == says, rollback.says()
    if says == "unknown":
        assert "undecided" in done.err
        again = rollback.runbook("resume", "last", "--answers", rollback.runbook.write(
            "no.yaml", "answers: {undecided: no, fix-forward: yes}\n"))
        assert again.code == 0 and rollback.runbook.steps()["rollback"] == "skipped", again
    rollback.is_sound()


# ---- 5.2 and 5.3: the steps ----------------------------------------------------------------------
@every_prefix
def test_a_rollback_of_the_services_alone(rollback, mail):
    before, mails = len(rollback.world.slack.taken()), len(mail.mails())
    rollback.world.begin(version="1.1.0")
    rollback.run()
    said = rollback.world.slack.taken()[before:]
    assert [one["path"] for one in said] == ["/status", "/services/x"]
    assert said[0]["body"]["text"].startswith("Issue resolved, system rolled back.")
    assert said[0]["headers"]["authorization"] == "Bearer status-token"
    assert mail.mails()[mails]["Subject"] == "[dCMMS] Issue resolved, system rolled back"
    assert [item["item"] for item in rollback.runbook.named("item.proven")] == \
        ["status-page-updated", "stakeholders-notified"]
    assert rollback.runbook.steps()["reverse"] == rollback.runbook.steps()["restore"] == "skipped"


def test_what_is_due_within_a_day_stays_listed_until_it_is_confirmed(rollback):
    rollback.world.begin(version="1.1.0")
    rollback.run()
    runbook = rollback.runbook
    ticket, meeting = runbook.status()["obligations"]
    assert (ticket["step"], ticket["item"], ticket["evidence"]) == ("post-mortem", "ticket", True)
    assert ticket["text"] == "Jane Doe: there is a post-mortem ticket for INC-204"
    assert (meeting["step"], meeting["item"], meeting["evidence"]) == ("root-cause", "meeting", True)
    until = re.match(r"Until (\d{4}-\d\d-\d\dT[\d:]+)Z, the Tech Lead: the root cause", meeting["text"])
    assert until and abs(seconds_between(until.group(1), meeting["due"])) < 60, meeting
    assert "2 obligations open" in runbook("list").out and "root-cause.meeting" in runbook("status", "last").out
    assert runbook("confirm", "last", "post-mortem.ticket").code == 2, "it needs evidence"
    for item, evidence, left in (("post-mortem.ticket", "OPS-9", 1), ("root-cause.meeting", "Tuesday at 10", 0)):
        done = runbook("confirm", "last", item, "--evidence", evidence)
        assert done.code == 0 and f"confirmed; {left} left" in done.out, done
    assert "open" not in runbook("list").out and runbook.status().get("obligations", []) == []
    rollback.is_sound()


def seconds_between(one, other):
    begin, end = (datetime.datetime.fromisoformat(text[:19]) for text in (one, other))
    return (end - begin).total_seconds()


def test_who_could_not_be_told_is_told_by_hand(rollback):
    rollback.world.begin(version="1.1.0")
    done = rollback.run(code=3, mail_port=1)
    assert "confirmed.stakeholders-notified" in done.err and "confirmed.status-page-updated" not in done.err


def test_a_version_that_is_not_back_is_no_rollback(rollback):
    rollback.world.begin(version="1.2.0")
    rollback.file = rollback.runbook.write("rollback.yaml", shorter("rollback", {**TIMES, "timeout: 5m\n\n": "timeout: 2s\n\n"}))
    done = rollback.run(code=3)
    assert 'version: "v1.2.0", expected "v1.1.0"' in done.err
    assert rollback.runbook.status()["end"]["step"] == "version"
    assert "smoke-tests" not in {question["step"] for question in rollback.runbook.named("question.asked")}


REVERSE = {"database-decision.choice": "reverse"}


@every_prefix
def test_the_migrations_are_reversed(migrated):
    migrated.world.begin(version="1.1.0")
    migrated.run(REVERSE, target="V007")
    assert migrated.applied() == "V001 V002 V003 V004 V005 V006 V007"
    assert migrated.columns() == migrated.before
    reversed_ = [event["step"] for event in migrated.runbook.named("step.passed") if "reverse-one[" in event["step"]]
    assert reversed_ == ["reverse-one[0]", "reverse-one[1]", "reverse-one[2]"]


def test_what_would_lose_data_is_not_reversed(migrated):
    migrated.cluster.psql("dcmms_demo", "INSERT INTO work_order_comments (work_order_id, author, body) "
                                        "VALUES ('WO-1', 'U-1', 'look at the seal')")
    done = migrated.run(REVERSE, target="V007", code=3)
    assert "export them first" in done.err
    assert migrated.applied().endswith("V007 V008"), "V010 and V009 were before it"
    assert migrated.cluster.psql("dcmms_demo", "SELECT count(*) FROM work_order_comments") == "1"


@pytest.mark.parametrize("target, why", [("V042", "V042 is not applied"), ("V006", "V007 is not reversible")])
def test_what_cant_be_reversed_is_not_begun(migrated, target, why):
    done = migrated.run(REVERSE, target=target, code=3)
    assert why in done.err and migrated.applied().endswith("V009 V010")


def test_without_a_yes_the_database_is_kept(migrated):
    migrated.run({**REVERSE, "caution": "no"}, target="V007", code=4)
    assert migrated.applied().endswith("V010")


def dump(migrated, *options):
    path = os.path.join(migrated.runbook.folder, "before.dump")
    subprocess.run(["pg_dump", *options, "-f", path, "dcmms_demo"], check=True,
                   env={**os.environ, **migrated.cluster.env})
    return path


def test_the_backup_is_restored_beside_and_put_in_place(rollback):
    path = dump(rollback, "--format=custom")
    rollback.cluster.psql("dcmms_demo", "DELETE FROM attachments", "INSERT INTO schema_history VALUES ('V008', 'x', 'x')")
    rollback.world.begin(version="1.1.0")
    rollback.run({"database-decision.choice": "restore"}, backup=path, target="V007")
    count = "SELECT count(*) FROM attachments"
    assert rollback.cluster.psql("dcmms_demo", count) == "50"
    assert rollback.cluster.psql("dcmms_demo_failed", count) == "0", "what it was is kept"
    assert rollback.applied().endswith("V007")


@pytest.mark.parametrize("options, target, step", [
    (["--format=plain"], "V007", "backup-list"), (["--format=custom"], "V006", "restore-verified")])
def test_a_backup_that_is_not_the_one_stays_out_of_place(rollback, options, target, step):
    path = dump(rollback, *options)
    rollback.run({"database-decision.choice": "restore"}, backup=path, target=target, code=3)
    assert rollback.runbook.status()["end"]["step"] == step
    assert rollback.cluster.psql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'dcmms_demo_failed'") == "0"


def test_f01_a_rollback_that_is_killed_again_and_again(migrated):
    """Every script once, every message once, whenever it is killed."""
    rng, kills = random.Random(5), 0
    migrated.world.begin(version="1.1.0")
    words = ["exec", *migrated.words(
        {**REVERSE, "status-page.doubt": "done", "confirmed.status-page-updated": "yes",
         "confirmed.stakeholders-notified": "yes",
         # its time goes on while nobody runs it
         "version.failure": "[" + ", ".join(["retry"] * 60) + "]"}, target="V007")]
    said = len(migrated.world.slack.taken())
    for _ in range(60):
        process = migrated.runbook.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, err = process.communicate(timeout=rng.uniform(0.05, 0.3 + kills / 16))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            if was_created(migrated.runbook):
                words = ["resume", "last", *words[-2:]]
                if migrated.runbook.status()["status"] == "succeeded":  # killed after its end
                    break
            continue
        assert process.returncode == 0, err
        break
    assert kills >= 5 and migrated.runbook.status()["status"] == "succeeded"
    assert migrated.applied().endswith("V007") and migrated.columns() == migrated.before
    paths = [one["path"] for one in migrated.world.slack.taken()[said:]]
    assert len(paths) == len(set(paths)), paths
    migrated.is_sound()
