"""The dCMMS procedure for the database in an emergency, against a real primary and its replica."""

import pytest

import pg

PROCEDURE = "runbooks/dcmms/emergency-database.yaml"
YES = "answers: {approval: {answer: yes, note: by phone}, unlock: commit}\n"


class Procedure:
    def __init__(self, runbook, primary, replica):
        self.runbook, self.primary, self.replica = runbook, primary, replica
        self.words = ["-e", "demo", "-p", "incident=INC-204", "-p", f"primary_port={primary.port}",
                      "-p", f"replica_port={replica.port}"]
        self.env = {"DCMMS_READONLY_PASSWORD": primary.password,
                    "DCMMS_ADMIN_PASSWORD": primary.password}

    def exec(self, *words, answers=YES, code=0):
        path = self.runbook.write("answers.yaml", answers)
        done = self.runbook("exec", PROCEDURE, *self.words, *words, "--answers", path, env=self.env)
        assert done.code == code, done
        return done

    def unlock(self, **more):
        return self.exec("-p", "work_order=WO-7", "-p", "commander=Jane Doe", **more)

    def statuses(self):
        """Of the work orders that were touched, and how many others are not as they were."""
        return self.primary.psql("dcmms_demo", "SELECT status FROM work_orders WHERE work_order_id = 'WO-7'",
                                 "SELECT count(*) FROM work_orders WHERE status <> 'scheduled' "
                                 "AND work_order_id <> 'WO-7'").split()


@pytest.fixture(scope="module")
def replica(postgres):
    with pg.Replica(postgres) as replica:
        yield replica


@pytest.fixture
def procedure(runbook, dcmms, replica):
    dcmms.psql("dcmms_demo", "UPDATE work_orders SET status = 'in-progress', priority = 'urgent' "
                             "WHERE work_order_id = 'WO-7'",
               "UPDATE work_orders SET priority = 'urgent' WHERE work_order_id = 'WO-8'")
    replica.await_change()
    checked = runbook("check", PROCEDURE)
    assert checked.code == 0 and "warning" not in checked.err + checked.out, checked
    yield Procedure(runbook, dcmms, replica)


def assert_sound(runbook):
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code in (0, 9), shown


def test_emergency_read_only_access_changes_nothing(procedure, runbook):
    procedure.exec()
    assert runbook.steps() == {"read-only": "passed", "replica": "passed", "urgent-work": "passed",
                               "data-fix": "skipped", "stuck": "pending", "named": "pending", "approval": "pending",
                               "unlock": "pending", "arrived": "pending"}
    shown = runbook("logs", "last", "urgent-work", "--evidence")
    assert "WO-7" in shown.out and "WO-8" in shown.out and "WO-9" not in shown.out, shown
    assert procedure.statuses() == ["in-progress", "0"]
    assert_sound(runbook)


@pytest.mark.usefixtures("every_prefix")
def test_emergency_fix_is_reviewed_committed_and_arrives(procedure, runbook):
    done = procedure.unlock()
    assert procedure.statuses() == ["scheduled", "0"]
    assert set(runbook.steps().values()) == {"passed"}
    review = runbook.named("question.asked")[-1]
    assert review["kind"] == "review" and review["rows"] == [1] and review["expected"] == 1
    assert "WO-7" in done.err and procedure.primary.password not in done.err
    assert_sound(runbook)


@pytest.mark.parametrize("answers, code, step", [
    ("answers: {approval: no, unlock: commit}\n", 4, "approval"),
    ("answers: {approval: yes, unlock: {answer: rollback, reason: another one}}\n", 4, "unlock"),
    ("answers: {approval: yes}\n", 3, "unlock"),
    ("answers: {unlock: commit}\n", 3, "approval"),
])
def test_emergency_fix_without_a_yes_changes_nothing(procedure, runbook, answers, code, step):
    procedure.unlock(answers=answers, code=code)
    assert procedure.statuses() == ["in-progress", "0"]
    assert runbook.status()["end"]["step"] == step
    assert_sound(runbook)


def test_emergency_fix_of_what_is_not_stuck_is_not_asked_about(procedure, runbook):
    done = procedure.exec("-p", "work_order=WO-8", "-p", "commander=Jane Doe", code=1)
    assert "expected" in done.err and runbook.named("question.asked") == [], done
    assert procedure.statuses() == ["in-progress", "0"]


def test_emergency_replica_that_takes_writes_is_none(procedure, runbook):
    procedure.words[-1] = f"replica_port={procedure.primary.port}"
    done = procedure.exec(code=1)
    assert "it is no replica" in done.err, done
