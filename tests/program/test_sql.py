"""Steps and checks on a real PostgreSQL."""

import os
import re
import signal
import subprocess
import threading

import pytest

from pgbouncer import Pool
from test_crash import sound, wait_for

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

    def run(steps, *more, port=None, **options):
        path = runbook.write("sql.yaml", HEAD + steps)
        return runbook("exec", path, *(words if port is None else ("-p", f"port={port}", *words[2:])),
                       *more, **options)

    def rows(query):
        return postgres.psql("sql_demo", query)

    run.runbook, run.rows, run.words = runbook, rows, words
    yield run
    runbook.kill_what_is_left()
    postgres.psql("postgres", "DROP DATABASE IF EXISTS sql_demo WITH (FORCE)")


def test_a15_statements_are_one_transaction_and_values_are_bound(base):
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


@pytest.mark.parametrize("table", ["it's", 'a"; DROP TABLE orders; --', "orders;", "Größe"],
                         ids=["quote", "quotes", "semicolon", "umlaut"])
def test_a15_a_name_is_quoted_whatever_is_in_it(base, table):
    """By the step and by the check; what it names is the table of that name alone."""
    done = base("""
  - id: make
    connection: primary
    sql: create table ${{ sql.ident("public", params.value) }} (${{ sql.ident(params.value) }} int)
  - id: fill
    connection: primary
    sql:
      - insert into ${{ sql.ident({"public", params.value}) }}(${{ sql.ident(params.value) }}) values (${{ 7 }})
      - update ${{ sql.ident(params.value) }} as t set ${{ sql.ident(params.value) }} = t.${{ sql.ident(params.value) }} + 1
    expect: {rows: 1}
  - id: look
    gate: |
      local name = sql.ident(params.value)
      local q = pg.query("reader", {"select ", name, " from ", name, " where ", name, " = $1"}, {8})
      return q.value == 8
""", "-p", "value=" + table)
    assert done.code == 0, done
    assert base.rows("select count(*) from orders") == "0"
    assert base.rows("select count(*) from pg_tables where schemaname = 'public'") == "2"
    for command in ("verify", "replay"):
        assert base.runbook(command, "last").code in (0, 9)
    shown = base.runbook("plan", os.path.join(base.runbook.folder, "sql.yaml"), *base.words, "-p", "value=" + table)
    assert 'insert into "public"."' + table.replace('"', '""') + '"(' in shown.out, shown


@pytest.mark.parametrize("lua, why", [
    ("sql.ident(params.value)", "part 1 of a name is empty"),
    ("sql.ident(('x'):rep(64))", "64 bytes"),
    ("sql.ident('a', nil)", "part 2 is a nil"),
    ("sql.ident({})", "without parts"),
    ("sql.ident(5)", "part 1 is a number"),
], ids=["empty", "long", "nil", "none", "number"])
def test_a15_what_is_no_name_is_not_sent(base, lua, why):
    done = base(f"""
  - id: work
    connection: primary
    sql: insert into ${{{{ {lua} }}}} values (1)
""")
    assert done.code == 1 and why in done.err, done
    assert base.runbook.named("effect.intent") == []


def test_a15_a_name_in_quotes_is_refused_to_a_check(base):
    done = base("""
  - id: look
    gate:
      check: |
        return pg.query("reader", {"select '", sql.ident(params.value), "'"}).value ~= nil
      timeout: 1ms
""", "-p", "value=' || (select count(*)::text from orders) || '")
    assert done.code == 1 and "in quotes or in a comment" in done.err, done


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
    assert "detail: Key (id)=(1) already exists." in done.err and "where: statement 2" in done.err, done
    assert base.rows("select count(*) from orders").strip() == "0"
    error = base.runbook.named("effect.result")[0]["error"]
    assert (error["sqlstate"], error["statement"], error["sent"]) == ("23505", 1, "no")
    assert base.runbook.named("attempt.failed")[0]["reason"] == "sql"


def test_sql_where_a_statement_is_wrong_and_what_would_help_is_told(base):
    """In the statement alone where there are not several; of `try` as members of its error."""
    done = base("""
  - id: work
    connection: primary
    sql: select sttus from orders where status = ${{ params.value }}
""")
    assert done.code == 1 and 'where: character 8' in done.err, done
    assert 'hint: Perhaps you meant to reference the column "orders.status".' in done.err, done
    long = "x" * 1000
    done = base(f"""
  - id: work
    connection: primary
    sql: do $$ begin raise 'no' using detail = '{long}'; end $$
""")
    assert max(map(len, done.err.splitlines())) < 400 and "detail: xxx" in done.err, done
    assert base("""
  - id: look
    lua: |
      local none, problem = try(pg.query, "reader", "select sttus from orders")
      return {hint = problem.hint, position = problem.position}
""").code == 0
    told = base.runbook.named("step.passed")[0]["outputs"]
    assert told["position"] == 8 and "orders.status" in told["hint"], told


@pytest.mark.parametrize("sql", ["{query: insert into orders values (1), read_only: true}",
                                 "insert into orders values (1)"], ids=["by-statement", "by-connection"])
def test_f45_the_server_refuses_to_write_what_only_reads(base, sql):
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


# The server lets these through in a transaction that is READ ONLY.
LET_THROUGH = ["copy (select 1) to program 'cat > copied'", "do $$ begin copy (select 1) to program 'cat > copied'; end $$",
               "explain analyze create table made as select 1", "explain (analyze) select 1 as a into made", "analyze orders"]


@pytest.mark.parametrize("text", LET_THROUGH, ids=["copy", "do", "explain", "explain-into", "analyze"])
def test_f45_what_a_read_only_transaction_lets_through_is_not_sent(base, text):
    """Neither by a check nor by what is declared to read only, of which `check` knows before a run."""
    done = base(f"""
  - id: look
    lua: |
      return {{n = pg.query("primary", [[{text}]]).rows}}
""")
    assert done.code == 1 and "may do more than read" in done.err, done
    for more in ("connection: reader\n    sql:", "connection: primary\n    sql:\n      read_only: true\n     "):
        done = base(f"""
  - id: work
    {more} {"query: " if "read_only" in more else ""}{text}
""")
        assert done.code == 2 and "RB0308" in done.err and "may do more than read" in done.err, done
    assert base.rows("select count(*) from pg_class where relname = 'made'") == "0"
    assert base.rows("select count(*) from pg_ls_dir('.') as name where name = 'copied'") == "0"


def test_f45_a_lock_is_waited_for_no_longer_than_it_says(base, postgres):
    holder = subprocess.Popen(
        ["psql", "-XqAt", "-d", "sql_demo", "-c",
         "BEGIN; LOCK TABLE orders; SELECT 'held'; SELECT pg_sleep(60)"],
        env={**os.environ, **postgres.env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: base.rows("select count(*) from pg_locks where mode = 'AccessExclusiveLock' "
                                   "and relation = 'orders'::regclass").strip() == "1")
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


DEADLOCK = """
  - id: work
    connection: primary
    sql:
      - update orders set status = 'ours' where id = 1
      - select pg_advisory_xact_lock(7)
      - do $$ begin while not exists (select from pg_locks where not granted) loop perform pg_sleep(0.05); end loop; end $$
      - update orders set status = 'ours' where id = 2
  - {id: later, connection: primary, sql: "insert into orders values (3, 'later', 3)"}
"""


def test_f45_a_deadlock_is_told_and_nothing_of_it_is_left(base, postgres):
    """Each has a row that the other wants, and ours is the one that looks for deadlocks."""
    base.rows("insert into orders values (1, 'new', 1), (2, 'new', 2)")
    other = subprocess.Popen(
        ["psql", "-XqAt", "-d", "sql_demo", "-c", "SET deadlock_timeout = '1h'", "-c", "BEGIN",
         "-c", "UPDATE orders SET status = 'theirs' WHERE id = 2",
         "-c", "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7) "
               "LOOP PERFORM pg_sleep(0.05); END LOOP; END $$",
         "-c", "UPDATE orders SET status = 'theirs' WHERE id = 1", "-c", "COMMIT"],
        env={**os.environ, **postgres.env}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    done = base(DEADLOCK)
    assert done.code == 1 and "deadlock detected (40P01)" in done.err, done
    assert other.wait(60) == 0, other.stderr.read()
    other.stderr.close()
    [result] = base.runbook.named("effect.result")
    assert (result["error"]["sqlstate"], result["error"]["sent"]) == ("40P01", "no"), result
    assert base.runbook.named("attempt.failed")[0]["reason"] == "sql"
    assert base.rows("select id, status from orders order by id").split() == ["1|theirs", "2|theirs"]
    sound(base.runbook)


OUTLASTS = """
  - id: work
    connection: primary
    sql: select pg_sleep(60)
    timeout: 300ms
"""


def test_f45_a_statement_that_outlasts_its_time_is_ended_by_the_server(base):
    for _ in range(5):      # a second later the driver ends it, which a busy machine may let it
        done = base(OUTLASTS)
        assert done.code == 1, done
        error = base.runbook.named("effect.result")[0]["error"]
        if "sqlstate" in error:
            break
    assert (error["sqlstate"], error["sent"]) == ("57014", "no"), error
    assert "statement timeout" in error["message"]


def test_f45_a_statement_outlasts_its_time_by_nothing(base):
    done = base(OUTLASTS)
    assert done.code == 1, done
    [failed] = base.runbook.named("attempt.failed")
    assert failed["reason"] in ("timeout", "sql") and "process" not in failed["why"], failed
    if failed["reason"] == "timeout":
        assert "its time was up" in failed["why"], failed
    assert base.rows("select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and "
                     "state = 'active' and pid <> pg_backend_pid()").strip() == "0"


OURS = "from pg_stat_activity where datname = 'sql_demo' and pid <> pg_backend_pid()"


def test_sql_killed_before_its_commit_it_is_done_once(base):
    """The transaction is held until the interpreter is killed: nothing of it is left."""
    base.rows("create table held ()")
    base.rows("insert into held default values")
    path = base.runbook.write("sql.yaml", HEAD + """
  - id: work
    connection: primary
    sql:
      - insert into orders values (1)
      - do $$ begin while exists (select from held) loop perform pg_sleep(0.05); end loop; end $$
""")
    first = base.runbook.start("exec", path, *base.words, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    wait_for(lambda: base.rows(f"select count(*) {OURS} and query like '%from held%'").strip() == "1")
    first.send_signal(signal.SIGKILL)
    first.wait()
    base.rows("delete from held")
    done = base.runbook("resume", "last", "--no-input")
    assert done.code == 0, done
    assert base.rows("select count(*) from orders").strip() == "1"
    assert base.runbook("replay", "last").code == 0


COUNTED = """
  - id: one
    connection: primary
    sql: insert into orders values (1, 'x', (select count(*) from orders))
  - id: two
    connection: primary
    sql: insert into orders values (2, 'y', (select count(*) from orders))
"""


@pytest.mark.parametrize("nth", [8, 9, 10, 13, 14, 15])
def test_f43_killed_around_its_commit_it_is_neither_lost_nor_repeated(base, nth):
    """Each step has a transaction of its own that counts how often it was done."""
    path = base.runbook.write("sql.yaml", HEAD + COUNTED)
    # Five messages open the session, and the last of the next four is COMMIT; a fifth comes before the next step's.
    assert base.runbook.killed_at("sendto", nth, "exec", path, *base.words)
    is_done(base)


def test_f43_killed_before_it_reads_the_answer_to_its_commit(base):
    """The transaction is done, and what says so is lost: its id tells, and it is not done again."""
    path = base.runbook.write("sql.yaml", HEAD + COUNTED)
    for nth in range(7, 20):        # the answer comes whole, or in pieces
        base.rows("truncate orders")
        assert base.runbook.killed_at("recvfrom", nth, "exec", path, *base.words)
        if base.runbook.named("effect.noted") and not base.runbook.named("effect.result"):
            break
    assert not base.runbook.named("effect.result")
    is_done(base)
    assert base.runbook.named("effect.result")[0]["settled"] == "xid"


def is_done(base):
    """When the run is resumed: each once."""
    done = base.runbook("resume", "last", "--no-input")
    assert done.code in (0, 2), done      # it may have ended
    assert base.runbook.steps() == {"one": "passed", "two": "passed"}, done
    assert base.rows("select id, price from orders order by id").split() == ["1|0", "2|1"]
    assert base.runbook("replay", "last").code == 0


def test_sql_who_needs_no_database_does_not_load_its_library(runbook):
    log = runbook.write("trace", "")
    runbook.strace("exec", "examples/01-hello.yaml", trace="openat", log=log)
    assert "libpq" not in open(log).read()


def test_sql_logs_of_a_step_show_what_its_statements_returned(base):
    assert base("""
  - id: put
    connection: primary
    sql:
      - insert into orders values (1, 'open'), (2, 'done')
      - select id, status from orders order by id
      - select count(*) as n from orders
""").code == 0
    shown = base.runbook("logs", "last", "put")
    assert shown.code == 0, shown
    lines = [" ".join(line.replace("|", " ").split()) for line in shown.out.splitlines()]
    assert lines[0] == "INSERT 0 2", shown
    assert lines.index("id status") < lines.index("1 open") < lines.index("2 done") < lines.index("n")
    assert lines[lines.index("n") + 2] == "2", shown


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
    ("connection: primary\n    sql: table \"${{ sql.ident(params.value) }}\"", "RB0305"),
    ("connection: primary\n    sql: table log_${{ sql.ident(params.value) }}", "RB0305"),
    ("connection: primary\n    sql: table ${{ sql.ident(params.value) }}_old", "RB0305"),
    ("connection: primary\n    sql: table ${{ sql.ident(params.value) .. 'x' }}", "RB0422"),
    ("run: echo ${{ sql.ident(params.value) }}", "RB0422"),
    ("when: sql.ident(params.value)[1] == 'x'\n    run: 'true'", "RB0422"),
    ("connection: primary\n    sql: ' ; '", "RB0218"),
    ("connection: primary\n    sql: [begin, select 1, commit]", "RB0308"),
    ("connection: primary\n    sql: insert into a values (${{ params.value }}); drop table a", "RB0308"),
    ("connection: reader\n    sql: copy (select 1) to '/tmp/a'", "RB0308"),
    ("connection: primary\n    sql: {query: select 1, statements: [select 2]}", "RB0222"),
    ("connection: primary\n    sql: insert into a values (1)\n    retry: 3", "RB0512"),
    ("connection: primary\n    sql: select 1\n    check: result.exit == 0", "RB0409"),
])
def test_sql_what_is_wrong_with_a_statement_is_an_error_of_check(runbook, text, code):
    path = runbook.write("bad.yaml", HEAD + f"  - id: a\n    {text}\n")
    done = runbook("check", path)
    assert done.code == 1 and re.search(rf"error\[{code}\]", done.out + done.err), done


POOLED = """
  - {id: first, run: "touch ran"}
  - id: index
    connection: primary
    sql: {query: create index concurrently i on orders(status), transaction: false}
"""


def test_a60_a_run_that_needs_a_session_is_not_begun_over_a_pool_of_transactions(base, postgres):
    steps = POOLED.replace("touch ran", f"touch {base.runbook.folder}/ran")
    with Pool(postgres, "transaction") as pool:
        refused = base(steps, port=pool.port)
        plain = base(steps.replace("transaction: false", "read_only: false").replace("concurrently ", ""),
                     port=pool.port)
    assert refused.code == 2 and "nothing was executed" in refused.err, refused
    assert f"connection `primary`, postgres 127.0.0.1:{pool.port}/sql_demo" in refused.err
    assert "step `index`" in refused.err and "let it connect to the server itself" in refused.err
    assert plain.code == 0 and len(os.listdir(os.path.join(base.runbook.store, "runs"))) == 1, plain
    base.rows("drop index i")
    with Pool(postgres, "session") as pool:
        assert base(steps, port=pool.port).code == 0
    sound(base.runbook)


@pytest.fixture
def end_session(base):
    """Lets the server end what of ours it runs, as soon as it sleeps (or is idle)."""
    threads = []

    def when(state):
        def act():
            wait_for(lambda: base.rows(f"select count(*) {OURS} and {state}").strip() == "1")
            base.rows(f"select pg_terminate_backend(pid) {OURS}")
        threads.append(threading.Thread(target=act))
        threads[-1].start()
    yield when
    for thread in threads:
        thread.join()


SLEEPS = "query like '%pg_sleep(20)%' and state = 'active'"
ENDED = """
  - id: write
    connection: primary
    sql:
      statements:
        - insert into orders values (1, 'before', 1)
        - select pg_sleep(20)
        - insert into orders values (2, 'after', 2)
      transaction: {0}
  - {{id: later, connection: primary, sql: "insert into orders values (3, 'later', 3)"}}
"""


def test_a60_a_session_that_is_ended_in_a_transaction_did_nothing(base, end_session):
    end_session(SLEEPS)
    done = base(ENDED.format("true"))
    assert done.code == 1, done
    assert "terminating connection due to administrator command (57P01)" in done.err
    [result] = base.runbook.named("effect.result")
    assert (result["error"]["sqlstate"], result["error"]["sent"]) == ("57P01", "no"), result
    assert base.rows("select count(*) from orders").strip() == "0"
    sound(base.runbook)


def test_a60_a_session_that_is_ended_among_statements_of_their_own_is_asked_about(base, end_session):
    end_session(SLEEPS)
    done = base(ENDED.format("false"))
    assert done.code == 3, done
    [asked] = base.runbook.named("question.asked")
    [result] = base.runbook.named("effect.result")
    assert asked["kind"] == "doubt" and result["error"]["sqlstate"] == "57P01", (asked, result)
    assert "terminating connection" in done.err, done
    assert base.rows("select id from orders").strip() == "1"


def test_a60_a_session_that_is_ended_at_rest_is_opened_anew(base, end_session):
    end_session("state = 'idle'")
    done = base(f"""
  - {{id: first, connection: primary, sql: "insert into orders values (1, 'first', 1)"}}
  - {{id: rest, gate: {{check: 'fs.stat("{base.runbook.folder}/go").exists', every: 10ms, timeout: 1s}}, on_failure: continue}}
  - {{id: second, connection: primary, sql: "insert into orders values (2, 'second', 2)"}}
""")
    assert done.code == 0, done
    assert base.rows("select count(*) from orders").strip() == "2"
