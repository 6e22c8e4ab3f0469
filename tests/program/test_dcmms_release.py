"""A whole dCMMS release, made of the runbooks of its sections: against a real PostgreSQL, a real Prometheus and the
application, to its end, and taken back when requests begin to fail while it is validated."""

import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import ROOT
from dcmms_world import World, shorter
from people import approve
from test_dcmms import Procedure, git

PARTS = ["pre-deployment", "database-migration", "service-deployment", "validation"]
# Only times: limits stay what they are.
TIMES = {"release": {"every: 15s": "every: 300ms", "trips_after: 2m": "trips_after: 1500ms"},
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


def prefixed(prefix, name):
    """The answers of the demo of a part, as the release has them."""
    with open(os.path.join(ROOT, "runbooks/dcmms/demo", name + ".answers.yaml")) as f:
        return "".join(f"  {prefix}:{line.lstrip()}" for line in f if re.match(r"  [a-z]", line))


class Release:
    """The runbooks, in a folder of their own, with their times made shorter."""

    def __init__(self, runbook, world, cluster, hold):
        self.runbook, self.world = runbook, world
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
                      "-p", f"metrics=http://127.0.0.1:{world.prometheus.port}", "-p", "window=5s"]
        runbook.env.update(DCMMS_TEST_TOKEN="test-token", DCMMS_READONLY_PASSWORD=cluster.password,
                           SLACK_WEBHOOK=f"http://127.0.0.1:{world.slack.port}/services/x", **self.procedure.env)

    def start(self):
        answers = self.runbook.write("answers.yaml", "answers:\n" + prefixed("prepare", "pre-deployment") +
                                     prefixed("migrate", "database-migration") + DEPLOYED + VALIDATED + TAKEN_BACK)
        return self.runbook.start("exec", *self.words, "--answers", answers, text=True, stderr=subprocess.PIPE)

    def orders(self):
        with open(os.path.join(self.world.api.folder, "orders")) as f:
            return [json.loads(line) for line in f]

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown


@pytest.fixture
def release(runbook, world, dcmms, request):
    world.begin(version="1.2.0")
    return Release(runbook, world, dcmms, request.param)


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


@pytest.mark.parametrize("release", ["45s"], indirect=True)
def test_requests_that_fail_while_it_is_validated_take_it_back(release):
    process = release.start()
    release.runbook.await_event("gate.waiting", step="validate:watched", seconds=120)
    release.world.state(errors=0.2, version="1.2.0")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    [began] = release.runbook.named("rollback.began")
    assert (began["by"], began["step"]) == ("guard", "error-rate")
    assert began["undo"] == ["deploy:frontend", "deploy:api", "deploy:manifests-updated", "deploy:latest-tagged",
                             "migrate"]
    # What a person has skipped was not done, and the database is left to a person.
    asked = [one["text"] for one in release.runbook.named("question.asked") if one["step"].endswith(".undo")]
    assert "--to-revision=17" in asked[0] and "--to-revision=42" in asked[1]
    assert asked[4].startswith("The database is of v1.2.0")
    release.is_sound()


def test_production_is_approved_by_two_within_its_window(runbook):
    planned = runbook("plan", "runbooks/dcmms/release.yaml", "-e", "production", "-p", "release=v1.2.0",
                      "-p", "previous=v1.1.0", "-p", "production_at=2025-11-26T10:00:00Z", "-p", "repository=.",
                      "-p", "backups=/tmp")
    assert planned.code == 0, planned
    for said in ("signed by product-owner: po@dcmms.io", "signed by tech-lead: tl@dcmms.io",
                 "Mon, Tue, Wed, Thu 09:00 to 16:00 in Europe/Berlin", "holds the locks dcmms:production"):
        assert said in planned.out, said
    for name in [*PARTS, "release"]:
        checked = runbook("check", f"runbooks/dcmms/{name}.yaml", "-e", "production")
        assert checked.code == 0 and "warning" not in checked.err, checked


APPROVED = """runbook: approved
roles: {product-owner: [po@x], tech-lead: [tl@x]}
signers: allowed_signers
steps:
"""


def test_the_approval_matrix_holds(runbook, people):
    """The step of the release itself, behind a checklist that says what it is shown."""
    with open(os.path.join(ROOT, "runbooks/dcmms/release.yaml")) as f:
        text = f.read()
    step = re.search(r"  - id: approved\n.*?(?=\n  - id: before)", text, re.S).group(0)
    step = re.sub(r"    when: .*\n", "", step).replace("steps.prepare.outputs.", "vars.")
    book = APPROVED.replace("steps:\n", "vars: {tests: passed, uat: passed, sign_offs: passed}\n"
                            "params: {release: {type: string, default: v1.2.0}, previous: {type: string, default: v1.1.0}}\n"
                            "environments: {production: {}}\nsteps:\n") + step
    assert runbook("exec", runbook.write("approved.yaml", book), "-e", "production").code == 3
    approve(runbook, people, "po@x")
    assert runbook("resume", "last").code == 3, "one of the two is no approval"
    approve(runbook, people, "tl@x")
    assert runbook("resume", "last").code == 0
    assert {one["role"] for one in runbook.named("approval.accepted")} == {"product-owner", "tech-lead"}
