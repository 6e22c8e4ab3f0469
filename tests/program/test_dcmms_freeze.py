"""The two days of code freeze of the dCMMS procedure, on a clock that the tests move: one run, suspended between its
phases."""

import os
import time

import pytest

from test_dcmms import CHECKLIST, assert_sound, checklist, exec_checklist, procedure  # noqa: F401
from test_time import clock, shim  # noqa: F401


@pytest.fixture
def frozen(checklist, clock):  # noqa: F811
    """The checklist of a release at noon in Berlin on Thursday."""
    at = [word for word in checklist.words if word.startswith("production_at=")]
    checklist.words[checklist.words.index(*at)] = "production_at=2026-12-03T12:00:00+01:00"
    checklist.backup = os.path.join(checklist.backups, "nightly.dump")
    with open(checklist.backup, "w") as f:
        f.write("x")
    return checklist


def test_the_code_freeze_is_two_days_of_one_run(frozen, clock):  # noqa: F811
    """Suspended until T-48 hours, T-24 hours and T: what belongs there is done then, and no earlier."""
    clock.is_now("2026-11-30T11:00:00Z")
    exec_checklist(frozen, 3)
    runbook = frozen.runbook
    resume = "resume", "last", "--answers", os.path.join(runbook.folder, "answers.yaml")
    for step, day, first in (("t-48-reached", "2026-12-01", "announce-code-freeze"),
                             ("t-24-reached", "2026-12-02", "deploy-to-staging"),
                             ("t-reached", "2026-12-03", "infrastructure")):
        assert runbook.status()["waits_until"] == day + "T11:00:00.000000Z"
        done = runbook(*resume, env=frozen.env)
        assert done.code == 3 and f"suspended at {step}" in done.err, done
        assert (runbook.steps()[step], runbook.steps()[first]) == ("active", "pending")
        clock.passes(24 * 3600)
        os.utime(frozen.backup, 2 * (time.time() + clock.wall,))
        done = runbook(*resume, env=frozen.env)
        assert done.code == (0 if step == "t-reached" else 3), done
        assert runbook.steps()[first] == "passed"
    assert runbook.steps()["freeze-is-shorter"] == "skipped"
    assert_sound(runbook)


def test_a_code_freeze_that_begins_late_is_put_before_a_person(frozen, clock):  # noqa: F811
    clock.is_now("2026-12-01T12:30:00Z")
    done = frozen.runbook("exec", CHECKLIST, *frozen.words, env=frozen.env)
    assert done.code == 3 and "less than two days before 2026-12-03" in done.err, done
    assert frozen.runbook.steps()["announce-code-freeze"] == "pending"
    answers = frozen.runbook.write("no.yaml", "answers: {freeze-is-shorter: no}")
    done = frozen.runbook("resume", "last", "--answers", answers, env=frozen.env)
    assert done.code == 4, done
    assert frozen.runbook.steps()["announce-code-freeze"] == "pending"
