"""The dCMMS procedures against a real PostgreSQL: to their end, and where they must not go on."""

import os
import shutil
import subprocess

import pytest

from conftest import ROOT, Service
from test_crash import wait_for

pytestmark = pytest.mark.usefixtures("every_prefix")

MIGRATION = "runbooks/dcmms/database-migration.yaml"
CHECKLIST = "runbooks/dcmms/pre-deployment.yaml"
YES = """answers:
  backup-upload: yes
  reviewed.read-each: yes
  dry-run-reviewed: yes
  go: yes
"""


class Procedure:
    """The migration procedure with the folders and the server it is given."""

    def __init__(self, runbook, cluster):
        self.runbook, self.cluster = runbook, cluster
        self.backups = os.path.join(runbook.folder, "backups")
        os.mkdir(self.backups)
        self.words = ["-e", "demo", "-p", "release=v1.2.0", "-p", f"host={cluster.env['PGHOST']}",
                      "-p", f"port={cluster.env['PGPORT']}", "-p", f"backups={self.backups}"]
        self.env = {"DCMMS_ADMIN_PASSWORD": cluster.password}

    def own_migrations(self):
        """A copy of the migration files that a test may change."""
        folder = os.path.join(self.runbook.folder, "migrations")
        shutil.copytree(os.path.join(ROOT, "runbooks/dcmms/migrations"), folder)
        self.words += ["-p", f"migrations={folder}"]
        return folder

    def exec(self, answers=YES, code=0):
        path = self.runbook.write("answers.yaml", answers)
        done = self.runbook("exec", MIGRATION, *self.words, "--answers", path, env=self.env)
        assert done.code == code, done
        return done

    def resume(self, answers, code=0):
        path = self.runbook.write("more-answers.yaml", answers)
        done = self.runbook("resume", "last", "--answers", path, env=self.env)
        assert done.code == code, done
        return done

    def sql(self, *statements):
        return self.cluster.psql("dcmms_demo", *statements)

    def applied(self):
        return self.sql("SELECT string_agg(version, ' ' ORDER BY version) FROM schema_history")


@pytest.fixture
def procedure(runbook, dcmms):
    return Procedure(runbook, dcmms)


def assert_sound(runbook):
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown


def why_failed(runbook):
    return runbook.named("run.finished")[-1]["why"]


def test_the_migration_runs_to_its_end(procedure):
    procedure.exec()
    assert procedure.applied() == "V001 V002 V003 V004 V005 V006 V007 V008 V009 V010"
    assert procedure.sql("SELECT count(downtime_minutes) FROM work_orders") == "1000"
    assert procedure.sql("SELECT indisvalid FROM pg_index "
                         "WHERE indexrelid = 'work_orders_by_status'::regclass") == "t"
    databases = procedure.sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%proof'")
    assert databases == "0"
    proven = procedure.runbook("logs", "last", "backup-proven", "--evidence")
    assert "public.work_orders 1000\n" in proven.out
    shown = procedure.runbook("status", "last").out
    rows = [line.split() for line in shown.split("\n")]
    assert ["not", "run", "restore"] in [row[:3] for row in rows]
    assert "pending" not in [row[0] for row in rows if row]
    assert_sound(procedure.runbook)


def test_a_second_run_finds_nothing_to_do(procedure):
    procedure.exec()
    procedure.exec()
    outputs = {step["id"]: step.get("outputs") for step in procedure.runbook.status()["steps"]}
    assert outputs["pending"]["count"] == 0


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_backup_is_found(procedure, damage):
    # The question about the upload comes between the dump and its verification.
    procedure.exec("answers: {reviewed.read-each: yes, dry-run-reviewed: yes, go: yes}", code=3)
    [name] = os.listdir(procedure.backups)
    path = os.path.join(procedure.backups, name)
    with open(path, "r+b") as f:
        if damage == "cut":
            f.truncate(os.path.getsize(path) * 2 // 3)
        else:
            data = bytearray(f.read())
            # The last quarter is data of work_orders, compressed: the list is still whole.
            for i in range(len(data) * 3 // 4, len(data) * 3 // 4 + 64):
                data[i] ^= 0xFF
            f.seek(0)
            f.write(data)
    procedure.resume("answers: {backup-upload: yes}", code=1)
    failed = procedure.runbook.named("run.finished")[-1]["step"]
    assert failed in ("backup-list", "backup-restored", "backup-proven")
    assert procedure.applied().endswith("V007")


def test_a_plain_dump_would_not_pass_as_a_backup(procedure):
    procedure.exec("answers: {reviewed.read-each: yes, dry-run-reviewed: yes, go: yes}", code=3)
    [name] = os.listdir(procedure.backups)
    subprocess.run(["pg_dump", "--format=plain", "dcmms_demo", "-f",
                    os.path.join(procedure.backups, name)],
                   check=True, env={**os.environ, **procedure.cluster.env})
    procedure.resume("answers: {backup-upload: yes}", code=1)
    assert procedure.runbook.named("run.finished")[-1]["step"] == "backup-list"


DANGEROUS = {
    "no-data-loss": """
        ALTER TABLE work_orders DROP COLUMN title;
        alter table work_orders
          drop type;
        /* tidy */ DROP TABLE attachments;
        TRUNCATE assets;
        DELETE FROM users;""",
    "indexes-concurrently": """
        CREATE INDEX on assets (name);
        CREATE UNIQUE INDEX once ON assets (name);""",
    "defaults-for-not-null": """
        ALTER TABLE assets ADD COLUMN price numeric(10,2) NOT NULL;
        ALTER TABLE sites ADD a int, ADD b int NOT NULL;
        ALTER TABLE users ALTER name SET NOT NULL;"""}
HARMLESS = """
    CREATE TABLE new (a int NOT NULL);
    CREATE INDEX ON new (a);
    ALTER TABLE assets ADD COLUMN price numeric(10,2) NOT NULL DEFAULT 0;
    COMMENT ON TABLE assets IS 'never DROP TABLE assets; it''s needed';
    ALTER TABLE assets ALTER name DROP NOT NULL;
    DELETE FROM attachments WHERE file_name = 'x';"""


def test_dangerous_migrations_are_put_before_a_person(procedure):
    folder = procedure.own_migrations()
    for number, sql in enumerate(DANGEROUS.values(), 11):
        with open(os.path.join(folder, f"V0{number}__dangerous.sql"), "w") as f:
            f.write("-- don't worry\n" + sql + "\n")
    procedure.exec("answers: {backup-upload: yes, reviewed.read-each: yes}", code=3)
    for number, (item, sql) in enumerate(DANGEROUS.items(), 11):
        waiting = procedure.runbook.status()["waits_for"]
        assert waiting["item"] == item
        assert waiting["detail"].count(f"V0{number}: ") == sql.count(";")
        procedure.resume(f"answers: {{reviewed.{item}: {{answer: yes, note: it has to be}}}}",
                         code=1 if number == 13 else 3)
    assert procedure.applied().endswith("V007"), "the dry run has stopped it"


def test_harmless_migrations_ask_nobody(procedure):
    with open(os.path.join(procedure.own_migrations(), "V011__harmless.sql"), "w") as f:
        f.write(HARMLESS)
    procedure.exec(YES.replace("  go: yes\n", ""), code=3)
    assert procedure.runbook.status()["waits_for"]["step"] == "go"


@pytest.mark.parametrize("change, why", [
    (lambda f: open(f + "/V003__create_assets_table.sql", "a").write("\n"), "has changed since it was applied"),
    (lambda f: os.unlink(f + "/V003__create_assets_table.sql"), "V003 is applied and its file is missing"),
    (lambda f: open(f + "/V010__again.sql", "w").close(), "V010 is there twice"),
    (lambda f: open(f + "/fix.sql", "w").close(), "is not named like"),
    (lambda f: open(f + "/V011__mixed.sql", "w").write(
        "ALTER TABLE assets ADD a int;\nCREATE INDEX CONCURRENTLY i ON assets (a);"),
     "CONCURRENTLY has to stand in a file of its own"),
])
def test_migration_files_that_cannot_be_trusted_stop_the_run(procedure, change, why):
    change(procedure.own_migrations())
    procedure.exec(code=1)
    assert why in why_failed(procedure.runbook)
    assert procedure.applied().endswith("V007")


def test_a_migration_that_fails_on_real_data_is_stopped_by_the_dry_run(procedure):
    with open(os.path.join(procedure.own_migrations(), "V011__broken.sql"), "w") as f:
        f.write("ALTER TABLE assets ADD CONSTRAINT c CHECK (name = 'Pump 1');\n")
    procedure.exec(code=1)
    assert procedure.runbook.named("run.finished")[-1]["step"] == "dry-run-apply[3]"
    assert procedure.applied().endswith("V007")


def failing_in_production(procedure):
    """V010 works on the copy and fails on the database itself, where the name is taken."""
    procedure.exec(YES.replace("  go: yes\n", ""), code=3)
    procedure.sql("ALTER TABLE work_orders ADD COLUMN failure_code text")
    procedure.resume("answers: {go: yes}", code=3)
    assert procedure.runbook.status()["waits_for"]["kind"] == "failure"
    assert procedure.applied().endswith("V009"), "V010 is not half applied"


def test_a_failed_migration_can_be_mended_and_tried_again(procedure):
    failing_in_production(procedure)
    procedure.sql("ALTER TABLE work_orders DROP COLUMN failure_code")
    procedure.resume("answers: {'apply-one[2].failure': retry}")
    assert procedure.applied().endswith("V010")
    assert_sound(procedure.runbook)


def test_a_failed_migration_may_leave_the_database_as_it_is(procedure):
    failing_in_production(procedure)
    procedure.resume("answers:\n  apply-one[2].failure: {answer: skip, reason: not today}\n"
                     "  decision.choice: keep\n", code=1)
    assert "not applied: V010" in why_failed(procedure.runbook)
    assert procedure.applied().endswith("V009")
    assert_sound(procedure.runbook)


def test_a_failed_migration_can_be_taken_back_to_the_backup(procedure):
    failing_in_production(procedure)
    procedure.sql("DELETE FROM attachments")
    procedure.resume("answers:\n  apply-one[2].failure: {answer: skip, reason: back to before}\n"
                     "  decision.choice: restore\n  writers-stopped: yes\n", code=1)
    assert "not applied: V010" in why_failed(procedure.runbook)
    assert procedure.runbook.steps()["restore-history"] == "passed"
    assert procedure.applied().endswith("V007")
    assert procedure.sql("SELECT count(*) FROM attachments") == "50"
    kept = procedure.cluster.psql("dcmms_demo_failed", "SELECT count(*) FROM attachments")
    assert kept == "0"
    assert_sound(procedure.runbook)


def test_nothing_follows_a_migration_that_was_skipped(procedure):
    procedure.exec(YES.replace("  go: yes\n", ""), code=3)
    procedure.sql("CREATE TABLE work_order_comments ()")
    procedure.resume("answers:\n  go: yes\n"
                     "  apply-one[0].failure: {answer: skip, reason: later}\n"
                     "  decision.choice: keep\n", code=1)
    skipped = [event["step"] for event in procedure.runbook.named("step.skipped")]
    assert [step for step in skipped if step.startswith("apply-one")] == [
        "apply-one[0]", "apply-one[1]", "apply-one[2]"]
    assert procedure.applied().endswith("V007")


def test_a_lock_that_is_not_to_be_had_is_tried_for_again(procedure):
    procedure.exec(YES.replace("  go: yes\n", ""), code=3)
    holder = subprocess.Popen(
        ["psql", "-Xq", "-d", "dcmms_demo", "-c",
         "BEGIN; LOCK TABLE work_orders IN SHARE MODE; SELECT pg_sleep(60)"],
        env={**os.environ, **procedure.cluster.env}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    wait_for(lambda: procedure.sql("SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND "
                                   "granted AND relation = 'work_orders'::regclass") == "1", 60)
    path = procedure.runbook.write("more-answers.yaml", "answers: {go: yes}")
    process = procedure.runbook.start("resume", "last", "--answers", path, env=procedure.env,
                                      stderr=subprocess.DEVNULL)
    procedure.runbook.await_event("attempt.failed", step="apply-one[0]")
    procedure.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE query LIKE '%pg_sleep(60)'")
    holder.wait()
    assert process.wait(60) == 0
    passed = {event["step"]: event["attempts"] for event in procedure.runbook.named("step.passed")}
    assert (passed["apply-one[0]"], passed["apply-one[2]"]) == (2, 1)
    assert procedure.applied().endswith("V010")


def test_the_wrong_database_is_noticed_before_anything_is_done(procedure):
    procedure.cluster.psql("postgres", "DROP DATABASE dcmms_demo")
    procedure.exec(code=1)
    assert procedure.runbook.named("run.finished")[-1]["step"] == "connected"
    assert os.listdir(procedure.backups) == []


def git(folder, *words):
    subprocess.run(["git", "-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@dcmms.io",
                    *words], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def checklist(procedure):
    repository = os.path.join(procedure.runbook.folder, "dcmms")
    os.mkdir(repository)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "commit", "-q", "--allow-empty", "-m", "Work orders")
    git(repository, "tag", "v1.1.0")
    git(repository, "commit", "-q", "--allow-empty", "-m", "Comments on work orders")
    procedure.repository = repository
    procedure.words += ["-p", "previous=v1.1.0", "-p", "production_at=2025-11-26T10:00:00Z",
                        "-p", f"repository={repository}"]
    return procedure


def exec_checklist(procedure, code, unanswered=None):
    """With the answers of the demo, but for one item."""
    with open(os.path.join(ROOT, "runbooks/dcmms/demo/pre-deployment.answers.yaml")) as f:
        answers = procedure.runbook.write("answers.yaml", "".join(
            line for line in f if not (unanswered and f".{unanswered}:" in line)))
    done = procedure.runbook("exec", CHECKLIST, *procedure.words, "--answers", answers,
                             env=procedure.env)
    assert done.code == code, done
    return done


def test_the_checklist_runs_to_its_end(checklist):
    with open(os.path.join(checklist.backups, "nightly.dump"), "w") as f:
        f.write("x")
    exec_checklist(checklist, 0)
    proven = [item["item"] for item in checklist.runbook.named("item.proven")]
    assert proven == ["disk-space", "backup-in-last-24h", "connection-pool"]
    git(checklist.repository, "rev-parse", "--verify", "release/v1.2.0")
    notes = checklist.runbook("logs", "last", "generate-release-notes")
    assert notes.out == "- Comments on work orders\n"
    assert_sound(checklist.runbook)


def test_an_old_backup_is_put_before_a_person(checklist):
    path = os.path.join(checklist.backups, "old.dump")
    with open(path, "w") as f:
        f.write("x")
    day_and_more = os.stat(path).st_mtime - 25 * 3600
    os.utime(path, (day_and_more, day_and_more))
    exec_checklist(checklist, 3)
    waiting = checklist.runbook.status()["waits_for"]
    assert waiting["item"] == "backup-in-last-24h"
    assert "no *.dump of the last 24 hours" in waiting["detail"]


def test_what_answers_is_looked_at_and_not_asked(checklist, authority):
    """External APIs, certificates and Grafana, where they are named."""
    with open(os.path.join(checklist.backups, "nightly.dump"), "w") as f:
        f.write("x")
    authority.sign("dcmms", -1, 90)
    with Service() as service:
        api = f"http://127.0.0.1:{service.port}/health"
        checklist.words += ["-p", f"apis=[{api}?of=idp, {api}?of=erp]", "-p", f"ca={authority.ca}",
                            "-p", f"services=localhost:{authority.serve('dcmms')}",
                            "-p", "grafana=" + service.said(200, '{"database": "ok"}')]
        exec_checklist(checklist, 0)
    proven = [item["item"] for item in checklist.runbook.named("item.proven")]
    assert proven == ["disk-space", "backup-in-last-24h", "connection-pool", "external-apis",
                      "certificates", "grafana"]
    assert_sound(checklist.runbook)


@pytest.mark.parametrize("item, why", [
    ("disk-space", "/proc is no volume with a size"), ("backup-in-last-24h", "bytes of nightly.dump: 1, expected >= 1000"),
    ("external-apis", "it answers 503"), ("certificates", "days left: 20, expected > 30"),
    ("grafana", 'its database: "failing", expected "ok"')])
def test_what_is_not_as_it_should_be_is_put_before_a_person(checklist, authority, item, why):
    with open(os.path.join(checklist.backups, "nightly.dump"), "w") as f:
        f.write("x")
    authority.sign("dcmms-soon", -1, 20.5)
    with Service() as service:
        wrong = {
            "disk-space": lambda: ["-p", "volumes=/proc"],
            "backup-in-last-24h": lambda: ["-p", "backup_bytes=1000"],
            "external-apis": lambda: ["-p", f"apis={service.said(503, '')}"],
            "certificates": lambda: ["-p", f"services=localhost:{authority.serve('dcmms-soon')}",
                                     "-p", f"ca={authority.ca}"],
            "grafana": lambda: ["-p", "grafana=" + service.said(200, '{"database": "failing"}')]}
        checklist.words += wrong[item]()
        exec_checklist(checklist, 3, unanswered=item)
    waiting = checklist.runbook.status()["waits_for"]
    assert waiting["item"] == item and why in waiting["detail"], waiting


def test_staging_has_no_code_freeze(checklist):
    planned = checklist.runbook("plan", CHECKLIST, *checklist.words, "-e", "staging")
    assert planned.code == 0, planned
