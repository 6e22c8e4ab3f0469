"""Steps and checks on a real PostgreSQL."""

import os
import re
import signal
import subprocess
import time

import pytest

HEAD = """
runbook: database
title: Work on the database
params:
  port: {type: integer}
  password: {type: string}
  value: {type: string, default: ""}
connections:
  primary: {type: postgres, host: 127.0.0.1, port: "${{ params.port }}", dbname: sql_demo, user: postgres, password: "${{ params.password }}"}
  reader: {type: postgres, host: 127.0.0.1, port: "${{ params.port }}", dbname: sql_demo, user: postgres, password: "${{ params.password }}", read_only: true}
defaults: {timeout: 20s}
steps:
"""


@pytest.fixture
def base(runbook, postgres):
    """Runs a runbook of these steps on a database that has one table."""
    postgres.psql("postgres", "DROP DATABASE IF EXISTS sql_demo WITH (FORCE)")
    postgres.psql("postgres", "CREATE DATABASE sql_demo")
    postgres.psql("sql_demo", "CREATE TABLE orders(id int PRIMARY KEY, status text, price numeric)")
    with open(postgres.env["PGPASSFILE"]) as f:
        password = f.read().strip().rsplit(":", 1)[1]
    words = ("-p", "port=" + postgres.env["PGPORT"], "-p", "password=" + password)

    def run(steps, *more, **options):
        return runbook("exec", runbook.write("sql.yaml", HEAD + steps), *words, *more, **options)

    def rows(query):
        return postgres.psql("sql_demo", query)

    run.runbook, run.rows, run.words = runbook, rows, words
    yield run
    runbook.kill_what_is_left()
    postgres.psql("postgres", "DROP DATABASE IF EXISTS sql_demo WITH (FORCE)")


def test_sql_statements_are_one_transaction_and_values_are_bound(base):
    done = base("""
  - id: fill
    connection: primary
    sql:
      - insert into orders values (1, ${{ params.value }}, ${{ 1.5 }}), (2, null, ${{ "7.25" }})
      - update orders set status = coalesce(status, 'none')
    expect: {rows: 2}
  - id: look
    connection: reader
    sql: select id, status, price, id = 1 as first from orders order by id
    expect: {columns: [id, status, price, first], value: 1}
    check: |
      local r = result.records
      return result.rows == 2 and r[1].status == params.value and r[1].price == 1.5
         and r[1].first == true and r[2].status == "none" and r[2].price == 7.25
    outputs: {ids: '{result.records[1].id, result.records[2].id}'}
  - id: gate
    gate: |
      local q = pg.query("reader", "select count(*) from orders where status = $1", {params.value})
      return q.value == 1 and #steps.look.outputs.ids == 2
""", "-p", "value='; DROP TABLE orders; --")
    assert done.code == 0, done
    assert base.rows("select count(*) from orders").strip() == "2"
    assert base.runbook("verify", "last").code in (0, 9)
    replayed = base.runbook("replay", "last")
    assert replayed.code == 0, replayed
    noted = base.runbook.named("effect.noted")
    assert [d["step"] for d in noted] == ["fill"] and noted[0]["note"]["xid"]


def test_a15_what_was_captured_is_a_parameter_and_never_text(base):
    done = base("""
  - id: evil
    exec: [printf, "%s", "x'); DROP TABLE orders; --"]
    outputs: {text: result.stdout}
  - id: put
    connection: primary
    sql: insert into orders values (9, ${{ steps.evil.outputs.text }}, null)
""")
    assert done.code == 0, done
    assert base.rows("select status from orders").strip() == "x'); DROP TABLE orders; --"


def test_sql_what_fails_is_taken_back_and_its_state_is_told(base):
    done = base("""
  - id: work
    connection: primary
    sql:
      - insert into orders values (1, 'a', 1)
      - insert into orders values (1, 'b', 1)
""")
    assert done.code == 1, done
    assert "duplicate key" in done.err
    assert base.rows("select count(*) from orders").strip() == "0"
    error = base.runbook.named("effect.result")[0]["error"]
    assert (error["sqlstate"], error["statement"], error["sent"]) == ("23505", 1, "no")
    assert base.runbook.named("attempt.failed")[0]["reason"] == "sql"


@pytest.mark.parametrize("sql", ["{query: insert into orders values (1), read_only: true}",
                                 "insert into orders values (1)"])
def test_sql_the_server_refuses_to_write_what_only_reads(base, sql):
    done = base(f"""
  - id: look
    connection: reader
    sql: {sql}
""")
    assert done.code == 1 and "read-only" in done.err, done
    assert base.runbook.named("effect.result")[0]["error"]["sqlstate"] == "25006"


def test_sql_a_check_can_not_write(base):
    done = base("""
  - id: look
    lua: return {n = pg.query("primary", "insert into orders values (1) returning id").value}
""")
    assert done.code == 1 and "25006" in done.err, done
    assert base.rows("select count(*) from orders").strip() == "0"


def test_f45_a_lock_is_waited_for_no_longer_than_it_says(base, postgres):
    holder = subprocess.Popen(
        ["psql", "-XqAt", "-d", "sql_demo", "-c",
         "BEGIN; LOCK TABLE orders; SELECT 'held'; SELECT pg_sleep(60)"],
        env={**os.environ, **postgres.env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        while base.rows("select count(*) from pg_locks where mode = 'AccessExclusiveLock' and "
                        "relation = 'orders'::regclass").strip() != "1":
            time.sleep(0.05)
        done = base("""
  - id: work
    connection: primary
    sql: {query: "insert into orders values (1)", lock_timeout: 200ms}
""")
        assert done.code == 1, done
        assert base.runbook.named("effect.result")[0]["error"]["sqlstate"] == "55P03"
    finally:
        holder.kill()
        holder.wait()


def test_sql_a_statement_outlasts_its_time_by_nothing(base):
    done = base("""
  - id: work
    connection: primary
    sql: select pg_sleep(60)
    timeout: 300ms
""")
    assert done.code == 1, done
    assert base.runbook.named("attempt.failed")[0]["reason"] in ("timeout", "sql")
    assert base.rows("select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and "
                     "state = 'active' and pid <> pg_backend_pid()").strip() == "0"


def test_sql_killed_before_its_commit_it_is_done_once(base):
    """The transaction is held by a lock until the interpreter is killed: nothing of it is left."""
    path = base.runbook.write("sql.yaml", HEAD + """
  - id: work
    connection: primary
    sql: [insert into orders values (1), select pg_sleep(1)]
""")
    first = base.runbook.start("exec", path, *base.words, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while base.rows("select count(*) from pg_stat_activity where query like '%pg_sleep(1)%' and "
                    "pid <> pg_backend_pid()").strip() == "0":
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = base.runbook("resume", "last", "--no-input")
    assert done.code == 0, done
    assert base.rows("select count(*) from orders").strip() == "1"
    assert base.runbook("replay", "last").code == 0


@pytest.mark.parametrize("nth", range(1, 7))
def test_sql_killed_around_its_commit_it_is_neither_lost_nor_repeated(base, nth):
    """Each step has a transaction of its own that counts how often it was done."""
    path = base.runbook.write("sql.yaml", HEAD + """
  - id: one
    connection: primary
    sql: insert into orders values (1, 'x', (select count(*) from orders))
  - id: two
    connection: primary
    sql: insert into orders values (2, 'y', (select count(*) from orders))
""")
    # Each is sent in several messages; the last of them is COMMIT.
    killed = base.runbook.killed_at("sendto", 12 + nth, "exec", path, *base.words)
    for _ in range(3):
        done = base.runbook("resume", "last", "--no-input")
        if done.code == 0 or not killed:
            break
    assert base.runbook.steps() == {"one": "passed", "two": "passed"}, done
    assert base.rows("select id, price from orders order by id").split() == ["1|0", "2|1"]
    assert base.runbook("replay", "last").code == 0


def test_sql_who_needs_no_database_does_not_load_its_library(runbook):
    log = runbook.write("trace", "")
    runbook.strace("exec", "examples/01-hello.yaml", trace="openat", log=log)
    assert "libpq" not in open(log).read()


def test_sql_what_would_be_done_is_shown_with_its_values(base):
    path = base.runbook.write("sql.yaml", HEAD + """
  - id: put
    connection: primary
    sql: insert into orders values (1, ${{ params.value }})
""")
    shown = base.runbook("plan", path, *base.words, "-p", "value=it's")
    assert shown.code == 0 and "insert into orders values (1, $1)" in shown.out, shown
    assert "$1 = it's" in shown.out


@pytest.mark.parametrize("text, code", [
    ("sql: select 1", "RB0202"),
    ("connection: primry\n    sql: select 1", "RB0420"),
    ("connection: primary\n    sql: select '${{ params.value }}'", "RB0305"),
    ("connection: primary\n    sql: 'select \"${{ params.value }}\"'", "RB0305"),
    ("connection: primary\n    sql: select 1 -- ${{ params.value }}", "RB0305"),
    ("connection: primary\n    sql: select $$ ${{ params.value }} $$", "RB0305"),
    ("connection: primary\n    sql: select $1", "RB0305"),
    ("connection: primary\n    sql: ' ; '", "RB0218"),
    ("connection: primary\n    sql: {query: select 1, statements: [select 2]}", "RB0222"),
    ("connection: primary\n    sql: insert into a values (1)\n    retry: 3", "RB0512"),
    ("connection: primary\n    sql: select 1\n    check: result.exit == 0", "RB0409"),
])
def test_sql_what_is_wrong_with_a_statement_is_an_error_of_check(runbook, text, code):
    path = runbook.write("bad.yaml", HEAD + f"  - id: a\n    {text}\n")
    done = runbook("check", path)
    assert done.code == 1 and re.search(rf"error\[{code}\]", done.out + done.err), done
