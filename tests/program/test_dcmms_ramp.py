"""The dCMMS feature flag ramp, watched by the table of section 5.1, against a real Prometheus and a real
PostgreSQL: above and below each of its limits, and without data."""

import os
import subprocess
import tempfile

import pytest

import pg
from dcmms_world import FLAG, World, shorter

pytestmark = pytest.mark.usefixtures("some_prefixes")

TIMES = {"every: 15s": "every: 500ms", "trips_after: 2m": "trips_after: 2500ms",
         "trips_after: 15s": "trips_after: 1s", "hold: 20m": "hold: 2s", "timeout: 1h": "timeout: 40s"}
YES = "answers:\n  go: yes\n"


@pytest.fixture(scope="module")
def world():
    with tempfile.TemporaryDirectory(prefix="runbook-dcmms-") as folder, World(folder) as world:
        yield world


class Ramp:
    def __init__(self, runbook, world, cluster):
        self.runbook, self.world = runbook, world
        self.file = runbook.write("ramp.yaml", shorter("feature-flag-ramp", TIMES))
        self.words = ["-e", "demo", "-p", f"flag={FLAG}", "-p", f"api=http://127.0.0.1:{world.api.port}",
                      "-p", f"metrics=http://127.0.0.1:{world.prometheus.port}", "-p", "window=5s",
                      "-p", f"port={cluster.port}"]
        runbook.env.update(DCMMS_ADMIN_TOKEN="admin-token", DCMMS_READONLY_PASSWORD=cluster.password,
                           SLACK_WEBHOOK=f"http://127.0.0.1:{world.slack.port}/services/x")

    def start(self, *words, answers=YES, **more):
        path = self.runbook.write("answers.yaml", answers)
        return self.runbook.start("exec", self.file, *self.words, *words, "--answers", path, text=True,
                                  stderr=subprocess.PIPE, **more)

    def run(self, *words, code=0, **more):
        process = self.start(*words, **more)
        _, err = process.communicate(timeout=300)
        assert process.returncode == code, err
        return err

    def resume(self, answers="answers: {}\n", code=0):
        path = self.runbook.write("more.yaml", answers)
        done = self.runbook("resume", "last", "--answers", path)
        assert done.code == code, done
        return done

    def await_set(self, percent):
        self.runbook.await_event("effect.result", step=f"set[{[10, 25, 50, 100].index(percent)}]")

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown

    def rolled_back(self, by, to=0):
        [began] = self.runbook.named("rollback.began")
        assert began["by"] == by[0] and began["step"] == by[1], began
        assert self.world.flag() == to
        self.is_sound()


@pytest.fixture
def ramp(runbook, world, dcmms):
    world.begin()
    return Ramp(runbook, world, dcmms)


def test_the_ramp_has_the_limits_of_the_table(runbook):
    """The tests below make its times shorter; these are the true ones."""
    checked = runbook("check", "runbooks/dcmms/feature-flag-ramp.yaml", "-e", "production")
    assert checked.code == 0 and "warning" not in checked.out + checked.err, checked
    plan = runbook("plan", "runbooks/dcmms/feature-flag-ramp.yaml", "-e", "production", "-p", f"flag={FLAG}").out
    for watched in ("every 15s, trips after 2m: rollback", "every 15s, trips after 2m: ask"):
        assert watched in plan, plan
    assert "to 10, then 25, then 50, then 100 %" in plan


def test_the_ramp_runs_to_its_end(ramp):
    ramp.run()
    assert ramp.world.changes() == [10, 25, 50, 100] and ramp.world.flag() == 100
    looks = {step: {look["verdict"] for look in ramp.runbook.named("gate.waiting") if look["step"] == step}
             for step in ("error-rate", "critical-functionality", "database-corruption", "performance")}
    assert all(verdicts == {"holds"} for verdicts in looks.values()), looks
    assert f"{FLAG} is on for 100 %" in ramp.world.slack.taken()[-1]["body"]["text"]
    assert "admin-token" not in open(os.path.join(ramp.runbook.run_folder(), "journal.jsonl")).read()
    ramp.is_sound()


def test_an_error_rate_above_5_percent_takes_it_back_step_by_step(ramp):
    ramp.world.state(worse={"from": 50, "errors": 0.06})
    err = ramp.run(code=5)
    assert ramp.world.changes() == [10, 25, 50, 25, 10, 0]
    assert "share of the requests that fail: 0.0" in err and "is on for 0 %" in ramp.world.slack.taken()[-1]["body"]["text"]
    ramp.rolled_back(("guard", "error-rate"))


def test_an_error_rate_below_5_percent_does_not_roll_back(ramp):
    """It is no reason to go on either: 0.1 % is what is usual, so that it does not bake."""
    process = ramp.start()
    ramp.await_set(10)
    ramp.world.state(errors=0.04)
    ramp.runbook.await_event("gate.waiting", step="bake[0]", verdict="fails")
    for _ in range(3):
        samples = len(ramp.runbook.looks())
        while len(ramp.runbook.looks()) < samples + 12:
            assert process.poll() is None
    assert ramp.world.changes() == [10] and not ramp.runbook.named("rollback.began")
    ramp.world.state()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    ramp.is_sound()


def test_errors_for_less_than_the_two_minutes_are_forgiven(ramp):
    process = ramp.start()
    ramp.await_set(10)
    ramp.world.state(errors=1)
    ramp.runbook.await_event("gate.waiting", step="error-rate", verdict="fails")
    ramp.world.state(requests=100000)       # soon they are few of all
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert ramp.world.changes() == [10, 25, 50, 100]


def test_work_orders_that_cant_be_created_take_it_back(ramp):
    """One request in a hundred is no high error rate: this line of the table is its own."""
    ramp.world.state(creates=1, worse={"from": 25, "broken": 1.0, "creates": 1})
    ramp.run(code=5)
    ramp.rolled_back(("guard", "critical-functionality"))
    assert ramp.world.changes()[:2] == [10, 25] and ramp.world.changes()[-2:] == [10, 0]


@pytest.mark.parametrize("p95, trips", [(0.119, False), (0.122, True)])
def test_a_loss_of_performance_never_rolls_back_by_itself(ramp, p95, trips):
    """Below 20 % nothing happens; from there a person decides."""
    ramp.world.state(worse={"from": 100, "p95": p95})
    err = ramp.run(code=3 if trips else 0)
    assert ramp.world.changes() == [10, 25, 50, 100] and not ramp.runbook.named("rollback.began")
    if trips:
        assert "performance.failure" in err
        ramp.resume("answers:\n  performance.failure: rollback\n", code=5)
        ramp.rolled_back(("person", "performance"))
        assert ramp.world.changes() == [10, 25, 50, 100, 50, 25, 10, 0]
    ramp.is_sound()


def test_without_data_nothing_is_begun_and_nothing_taken_back(ramp):
    ramp.world.state(worse={"from": 25, "silent": True})
    err = ramp.run(code=3)
    assert "could not be decided" in err and ".failure" in err, err
    assert ramp.world.changes()[:2] == [10, 25] and ramp.world.flag() < 100 and not ramp.runbook.named("rollback.began")
    ramp.world.state()
    ramp.world.await_calm()
    guards = ("error-rate", "critical-functionality", "performance")
    ramp.resume("answers:\n" + "".join(f"  {guard}.failure: retry\n" for guard in guards))
    assert ramp.world.changes() == [10, 25, 50, 100]
    ramp.is_sound()


def test_a_bake_that_never_comes_takes_it_back(ramp):
    ramp.file = ramp.runbook.write("ramp.yaml", shorter("feature-flag-ramp", {**TIMES, "timeout: 1h": "timeout: 3s"}))
    ramp.world.state(worse={"from": 50, "errors": 0.03})
    ramp.run(code=5)
    ramp.rolled_back(("on_failure", "bake[2]"))
    assert ramp.world.changes() == [10, 25, 50, 25, 10, 0]


def test_the_flag_goes_back_to_what_it_was_and_not_to_nothing(ramp):
    ramp.world.begin(flag=5)
    process = ramp.start()
    ramp.await_set(25)
    asked = ramp.runbook("cancel", "--rollback", "last", "--reason", "security vulnerability introduced")
    assert asked.code == 0, asked
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    assert ramp.world.changes()[:2] == [10, 25] and ramp.world.changes()[-2:] == [10, 5]
    ramp.rolled_back(("person", ramp.runbook.named("rollback.began")[0]["step"]), to=5)


def test_f01_a_ramp_that_is_killed_goes_on_and_is_taken_back(ramp):
    process = ramp.start()
    ramp.await_set(25)
    process.kill()
    process.communicate()
    ramp.world.state(worse={"from": 50, "errors": 0.5})
    process = ramp.runbook.start("resume", "last")
    ramp.runbook.await_event("rollback.began")
    process.kill()
    process.wait()
    if not ramp.runbook.named("run.finished"):      # it may have been quicker
        ramp.resume(code=5)
    changes = [to for to, before in zip(ramp.world.changes(), [None, *ramp.world.changes()]) if to != before]
    assert changes == [10, 25, 50, 25, 10, 0]       # the same value again is the same flag
    ramp.rolled_back(("guard", "error-rate"))




def damage(cluster, table):
    """Overwrites a page of a table of dcmms_demo that the server has not read yet."""
    path = cluster.psql("dcmms_demo", f"SELECT pg_relation_filepath('{table}')")
    with open(os.path.join(cluster.data, path), "r+b") as f:
        f.seek(4000)
        f.write(b"\xff" * 64)


def test_damaged_pages_of_the_database_take_it_back(runbook, world):
    world.begin()
    with pg.Cluster() as cluster:
        cluster.psql("postgres", "CREATE DATABASE source")
        cluster.psql("source", "CREATE TABLE work_orders AS SELECT generate_series(1, 5000) AS n")
        cluster.psql("postgres", "CREATE DATABASE dcmms_demo TEMPLATE source STRATEGY file_copy")
        damage(cluster, "work_orders")
        ramp = Ramp(runbook, world, cluster)
        process = ramp.start()
        ramp.await_set(25)
        with pytest.raises(RuntimeError, match="invalid page"):
            cluster.psql("dcmms_demo", "SELECT count(*) FROM work_orders")
        _, err = process.communicate(timeout=120)
        assert process.returncode == 5, err
        assert "damaged pages: 1, expected <= 0" in err
        ramp.rolled_back(("guard", "database-corruption"))


def test_a_server_without_checksums_does_not_know(runbook, world):
    world.begin()
    with pg.Cluster(checksums=False) as cluster:
        cluster.psql("postgres", "CREATE DATABASE dcmms_demo")
        ramp = Ramp(runbook, world, cluster)
        err = ramp.run(code=3)
        assert "the server has no data checksums" in err and not runbook.named("rollback.began")
        ramp.resume("answers:\n  database-corruption.failure: {answer: skip, reason: no checksums here}\n")
        assert world.flag() == 100
        ramp.is_sound()
