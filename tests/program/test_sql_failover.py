"""A primary and its replica, both real; and a database that is another one all of a sudden."""

import signal
import subprocess

import pytest

import pg
import pg_proxy
from test_crash import sound, wait_for

HEAD = """
runbook: failover
title: Work on a database that is replicated
params:
  primary: {type: integer}
  replica: {type: integer, default: 1}
  password: {type: string}
connections:
  primary: {type: postgres, host: 127.0.0.1, port: "${{ params.primary }}", dbname: sql_demo, user: postgres, password: "${{ params.password }}"}
  replica: {type: postgres, host: 127.0.0.1, port: "${{ params.replica }}", dbname: sql_demo, user: postgres, password: "${{ params.password }}", read_only: true}
  standby: {type: postgres, host: 127.0.0.1, port: "${{ params.replica }}", dbname: sql_demo, user: postgres, password: "${{ params.password }}"}
defaults: {timeout: 10m}
steps:
"""

ONE = HEAD + """
  - id: work
    connection: primary
    sql: insert into orders values (1)
"""


@pytest.fixture(scope="module")
def primary():
    with pg.Cluster() as cluster:
        make_tables(cluster)
        yield cluster


@pytest.fixture
def orders(primary):
    primary.psql("sql_demo", "TRUNCATE orders")
    return primary


def make_tables(cluster):
    cluster.psql("postgres", "CREATE DATABASE sql_demo")
    cluster.psql("sql_demo", "CREATE TABLE orders(id int PRIMARY KEY)")


def words(primary, port, *more):
    return ("-p", f"primary={port}", "-p", "password=" + primary.password, *more)


def test_sql_a_replica_is_read_and_refuses_what_writes(runbook, orders):
    with pg.Replica(orders) as replica:
        path = runbook.write("replica.yaml", HEAD + """
  - id: change
    connection: primary
    sql: insert into orders values (1), (2)
  - id: arrived
    gate:
      check: pg.query("replica", "select count(*) from orders").value == 2
      every: 50ms
      timeout: 10m
  - id: read
    connection: replica
    sql: select id, pg_is_in_recovery() as standby from orders order by id
    expect: {rows: 2, columns: [id, standby]}
    check: result.records[2].id == 2 and result.records[1].standby
  - id: write
    connection: replica
    sql: delete from orders
    on_failure: continue
  - id: forgotten
    connection: standby
    sql: delete from orders
""")
        done = runbook("exec", path, *words(orders, orders.port, "-p", f"replica={replica.port}"))
        assert done.code == 1 and "read-only transaction" in done.err, done
        assert runbook.steps() == {"change": "passed", "arrived": "passed", "read": "passed",
                                   "write": "failed", "forgotten": "failed"}, done
        results = runbook.named("effect.result")
        for result in results[-2:]:     # by what we say of the connection, and by the standby itself
            assert result["error"]["sqlstate"] == "25006" and result["error"]["sent"] == "no"
            assert result["server"]["in_recovery"] is True
        assert results[0]["server"]["in_recovery"] is False
        assert orders.psql("sql_demo", "SELECT count(*) FROM orders") == "2"


def use_up(cluster, xid):
    """This id is that of a transaction that was committed here, and is not ours."""
    while cluster.psql("postgres", f"SELECT pg_snapshot_xmax(pg_current_snapshot()) > '{xid}'") != "t":
        cluster.psql("postgres", "CREATE TABLE x()", "DROP TABLE x")
    assert cluster.psql("postgres", f"SELECT pg_xact_status('{xid}')") == "committed"


def another_system(primary):
    cluster = pg.Cluster(primary.password)
    cluster.fill = make_tables
    return cluster


def promoted(primary):
    """A replica that has all the primary had before the transaction, and nothing of it."""
    replica = pg.Replica(primary)
    replica.fill = pg.Replica.promote
    return replica


@pytest.mark.parametrize("killed", [False, True], ids=["lost", "killed"])
@pytest.mark.parametrize("elsewhere, why", [(another_system, "another system"),
                                            (promoted, "another timeline")],
                         ids=["another-system", "another-timeline"])
def test_f44_what_another_database_says_of_a_transaction_is_no_evidence(
        runbook, orders, elsewhere, why, killed):
    """Behind the same address there is another one before COMMIT is answered, and it knows the id of
    the transaction as that of another that was committed. Whoever believed it would go on."""
    path = runbook.write("failover.yaml", ONE)
    with pg_proxy.Proxy(orders.port) as proxy, elsewhere(orders) as other:
        other.fill(other)
        run = runbook.start("exec", path, *words(orders, proxy.port), stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        while not proxy.held.wait(0.1):
            assert run.poll() is None
        note = runbook.await_event("effect.noted")["note"]
        use_up(other, note["xid"])
        proxy.upstream = other.port
        if killed:
            run.send_signal(signal.SIGKILL)
            run.wait()
        proxy.cut()
        if killed:
            done = runbook("resume", "last", "--no-input")
            assert done.code == 3 and why in done.err, done
        assert run.wait() == (-signal.SIGKILL if killed else 3)
        question = runbook.named("question.asked")[-1]
        assert question["kind"] == "doubt" and why in question["text"]
        assert runbook.steps() == {"work": "active"}
        assert other.psql("sql_demo", "SELECT count(*) FROM orders") == "0"
        assert runbook("replay", "last").code == 9      # the same decisions, and the run is open
    assert orders.psql("sql_demo", "SELECT count(*) FROM orders") == "0"


@pytest.mark.parametrize("killed", [False, True], ids=["lost", "killed"])
def test_f44_the_same_database_is_believed(runbook, orders, killed):
    """The twin of the one above: that COMMIT did not arrive is known where the database is the same."""
    path = runbook.write("failover.yaml", ONE)
    with pg_proxy.Proxy(orders.port) as proxy:
        run = runbook.start("exec", path, *words(orders, proxy.port), stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        while not proxy.held.wait(0.1):
            assert run.poll() is None
        if killed:
            run.send_signal(signal.SIGKILL)
            run.wait()
        proxy.cut()
        if killed:
            done = runbook("resume", "last", "--no-input")
            assert done.code == 0, done
        assert run.wait() == (-signal.SIGKILL if killed else 1)
    assert orders.psql("sql_demo", "SELECT count(*) FROM orders") == ("1" if killed else "0")


@pytest.fixture
def hanging(runbook):
    """A server on which each COMMIT is done and waits for a standby that does not exist, until it is
    started anew."""
    with pg.Cluster() as cluster:
        make_tables(cluster)
        cluster.psql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        cluster.psql("postgres", "SELECT pg_reload_conf()")
        wait_for(lambda: cluster.psql("postgres", "SHOW synchronous_standby_names") == "nobody", 60)
        yield cluster


def in_commit(cluster):
    return cluster.psql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1"


@pytest.mark.parametrize("killed", [False, True], ids=["live", "killed"])
def test_f43_a_database_that_restarts_in_the_middle_of_commit(runbook, hanging, killed):
    """The transaction is in its log, and nobody was told. It is done, and not done again."""
    path = runbook.write("restart.yaml", ONE.replace("values (1)", "select count(*) + 1 from orders"))
    run = runbook.start("exec", path, *words(hanging, hanging.port), stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
    wait_for(lambda: in_commit(hanging), 120)
    if killed:
        run.send_signal(signal.SIGKILL)
        run.wait()
    # Told to those who run already, it would let them go.
    hanging.psql("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''")
    hanging.crash()
    hanging.serve()
    if killed:
        done = runbook("resume", "last", "--no-input")
        assert done.code == 3 and "the server crashed since" in done.err, done
    assert run.wait() == (-signal.SIGKILL if killed else 3)
    [question] = runbook.named("question.asked")
    assert question["kind"] == "doubt" and runbook.steps() == {"work": "active"}
    assert hanging.psql("sql_demo", "SELECT count(*) FROM orders") == "1"
    answers = runbook.write("a.yaml", 'answers: {"work.doubt": {answer: done, reason: its row is there}}\n')
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert hanging.psql("sql_demo", "SELECT count(*) FROM orders") == "1"
    sound(runbook)
