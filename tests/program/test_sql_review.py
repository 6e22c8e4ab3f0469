"""A transaction that is held open until a person has looked at it, on a real PostgreSQL."""

import os
import signal
import subprocess

import pytest

from test_crash import wait_for
from test_terminal import Terminal

HEAD = """
runbook: review
title: A fix that somebody looks at
params:
  port: {type: integer}
  password: {type: string}
connections:
  primary: {type: postgres, host: 127.0.0.1, port: "${{ params.port }}", dbname: review_demo, user: postgres, password: "${{ params.password }}"}
defaults: {timeout: 1m}
steps:
"""

FIX = HEAD + """
  - id: fix
    title: Close what is stuck
    connection: primary
    sql:
      statements:
        - update orders set status = 'closed' where status = ${{ "stuck" }}
        - insert into log values ('closed')
      review: {query: "select id, status from orders order by id", idle: IDLE}
    expect: {rows: 1}
  - id: after
    run: echo done
"""


class Database:
    def __init__(self, runbook, postgres):
        self.runbook, self.postgres = runbook, postgres
        with open(postgres.env["PGPASSFILE"]) as f:
            self.password = f.read().strip().rsplit(":", 1)[1]
        self.words = ("-p", "port=" + postgres.env["PGPORT"], "-p", "password=" + self.password)

    def rows(self, query):
        return self.postgres.psql("review_demo", query)

    def path(self, text=FIX, idle="10m"):
        return self.runbook.write("review.yaml", text.replace("IDLE", idle))

    def answers(self, answer):
        return "--answers", self.runbook.write("answers.yaml", f"answers: {{fix: {answer}}}\n")

    def is_done(self):
        """All of it or nothing."""
        done = self.rows("select count(*) from orders where status = 'closed'")
        assert {"0": "0", "2": "1"}[done] == self.rows("select count(*) from log")
        return done == "2"

    def held(self):
        """How many transactions are."""
        return int(self.rows("select count(*) from pg_stat_activity where "
                             "state = 'idle in transaction' and datname = 'review_demo'"))

    def is_held(self):
        return self.held() > 0

    def start(self, *words):
        """With the question open and the transaction held; nobody types."""
        terminal = Terminal(self.runbook, *words)
        terminal.sees("commit, or roll back?").sees("? help")
        assert self.is_held()
        return terminal


@pytest.fixture
def database(runbook, postgres):
    postgres.psql("postgres", "DROP DATABASE IF EXISTS review_demo WITH (FORCE)")
    postgres.psql("postgres", "CREATE DATABASE review_demo")
    postgres.psql("review_demo", "CREATE TABLE orders(id int PRIMARY KEY, status text)",
                  "CREATE TABLE log(what text)",
                  "INSERT INTO orders VALUES (1, 'stuck'), (2, 'stuck'), (3, 'open')")
    yield Database(runbook, postgres)
    runbook.kill_what_is_left()
    postgres.psql("postgres", "DROP DATABASE IF EXISTS review_demo WITH (FORCE)")


def assert_sound(runbook):
    for command in ("verify", "replay"):
        assert runbook(command, "last").code in (0, 9)
    assert "the same decisions" in runbook("replay", "last").out


@pytest.mark.usefixtures("every_prefix")
def test_sql_review_is_shown_and_committed(database, runbook):
    terminal = database.start("exec", database.path(), *database.words)
    shown = terminal.all()
    for text in ("before:", "1  | stuck", "after:", "1  | closed", "statement 1: 2 rows",
                 "statement 2: 1 row, expected 1", "rolled back after 10m"):
        assert text in shown, shown
    terminal.types("c").sees("succeeded").ends(0)
    assert database.is_done()
    question, answer = runbook.named("question.asked")[0], runbook.named("question.answered")[0]
    assert question["kind"] == "review" and question["rows"] == [2, 1] and question["expected"] == 1
    assert question["after"]["table"] and question["before"] != question["after"]
    assert (answer["answer"], answer["via"]) == ("commit", "terminal")
    assert_sound(runbook)
    told = runbook("logs", "last", "fix", "--evidence").out
    for text in ("update orders set status = 'closed' where status = $1", "  before\n", "| 1  | stuck",
                 "  after\n", "| 1  | closed", 'answered  {"answer":"commit"', '"via":"terminal"'):
        assert text in told, told


def test_sql_review_is_rolled_back_by_a_person(database, runbook):
    terminal = database.start("exec", database.path(), *database.words)
    terminal.types("r").sees("reason>").types("not these").sees("rolled back by").ends(4)
    assert not database.is_done() and not database.is_held()
    assert runbook.named("run.finished")[0]["status"] == "refused"
    assert runbook.named("attempt.failed")[0]["why"].endswith(": not these")
    assert runbook.named("effect.result")[0]["rolled_back"] is True
    assert runbook.steps()["after"] == "pending"
    assert_sound(runbook)


@pytest.mark.usefixtures("every_prefix")
def test_sql_review_without_anybody_is_rolled_back_and_asked_anew(database, runbook):
    done = runbook("exec", database.path(), *database.words)
    assert done.code == 3 and "nobody answered" in done.err, done
    assert not database.is_done() and not database.is_held()
    assert runbook.status()["waits_for"]["kind"] == "review"
    database.rows("insert into orders values (4, 'stuck'); update orders set status = 'x' where id = 2")
    done = runbook("resume", "last", *database.answers("commit"))
    assert done.code == 0, done
    asked = runbook.named("question.asked")
    assert len(asked) == 2 and asked[0]["after"]["out"] != asked[1]["after"]["out"]
    assert database.rows("select id from orders where status = 'closed' order by id").split() == ["1", "4"]
    assert_sound(runbook)


def test_sql_review_that_nobody_ends_is_rolled_back_at_its_limit(database, runbook):
    terminal = database.start("exec", database.path(idle="3s"), *database.words)
    terminal.sees("suspended").ends(3)
    assert not database.is_done() and not database.is_held()
    assert runbook.named("effect.result")[0]["error"]["code"] == "idle"
    terminal = database.start("resume", "last")
    terminal.types("c").sees("succeeded").ends(0)
    assert database.is_done()
    assert_sound(runbook)


def test_f43_review_whose_connection_ends_at_the_question(database, runbook):
    terminal = database.start("exec", database.path(), *database.words)
    database.rows("select pg_terminate_backend(pid) from pg_stat_activity where "
                  "state = 'idle in transaction' and datname = 'review_demo'")
    terminal.sees("how to go on?").types("r").sees("commit, or roll back?").sees("? help")
    terminal.types("c").sees("succeeded").ends(0)
    assert database.is_done()
    assert runbook.named("effect.result")[0]["error"]["sent"] == "no"
    assert_sound(runbook)


def test_sql_review_is_left_by_ctrl_c(database, runbook):
    terminal = database.start("exec", database.path(), *database.words)
    terminal.presses_ctrl_c().sees("go on with").ends(130)
    assert not database.is_done() and not database.is_held()
    database.start("resume", "last").types("c").sees("succeeded").ends(0)
    assert database.is_done()
    assert_sound(runbook)


def test_f01_review_killed_at_the_question(database, runbook):
    terminal = database.start("exec", database.path(), *database.words)
    terminal.child.kill(signal.SIGKILL)
    terminal.child.wait()
    wait_for(lambda: not database.is_held())
    assert not database.is_done()
    done = runbook("resume", "last", "--no-input")
    assert done.code == 3, done
    done = runbook("resume", "last", *database.answers("commit"))
    assert done.code == 0 and database.is_done(), done
    assert len(runbook.named("question.asked")) == 3
    assert_sound(runbook)


@pytest.mark.parametrize("answer", ["commit", "{answer: rollback, reason: not these}"])
@pytest.mark.parametrize("call", ["sendto", "fdatasync"])
def test_f01_review_killed_around_its_answer(database, runbook, call, answer):
    """At each of the last messages to the server, and each of the last times that the record is made
    safe: what was committed is done, what was not is asked about anew, and no yes counts twice."""
    log = runbook.write("trace", "")
    first = runbook.strace("exec", database.path(), *database.words, *database.answers(answer),
                           trace=call, log=log)
    commits = answer == "commit"
    assert first.returncode == (0 if commits else 4), first
    count = len(open(log).readlines())
    for nth in range(max(1, count - 6), count):
        database.rows("update orders set status = 'stuck' where id < 3; truncate log")
        runbook.strace("exec", database.path(), *database.words, *database.answers(answer), trace=call,
                       inject=f"signal=KILL:when={nth}")
        before = [d["answer"] for d in runbook.named("question.answered")]
        done = runbook("resume", "last", "--no-input")
        if commits:
            assert done.code in (0, 2, 3), (nth, done)
            assert database.is_done() == (done.code != 3), (nth, done)
        else:
            assert done.code in (2, 3, 4) and not database.is_done(), (nth, done)
        if done.code == 3 and "rollback" in before:     # it had ended, and is asked how to go on
            assert runbook.named("question.asked")[-1]["kind"] == "failure", (nth, done)
        elif done.code == 3:
            assert [event["type"] for event in runbook.events()][-4:] == [
                "question.asked", "question.unanswered", "effect.result", "run.suspended"], (nth, done)
            done = runbook("resume", "last", *database.answers("commit"))
            assert done.code == 0 and database.is_done(), (nth, done)
        assert_sound(runbook)


def test_sql_review_is_part_of_the_plan(database, runbook):
    shown = runbook("plan", database.path(idle="5m"), *database.words)
    assert shown.code == 0 and "asks before COMMIT, at most 5m" in shown.out, shown
    assert "select id, status from orders order by id" in shown.out


def test_sql_review_shows_no_secret(database, runbook):
    """What the server says before COMMIT goes the way of the note, not of the outcome."""
    secret = runbook.write("secret", database.password)
    os.chmod(secret, 0o600)
    database.rows("insert into orders values (9, '" + database.password + "')")
    path = runbook.write("secret.yaml", f"""
runbook: secret
params: {{port: {{type: integer}}}}
secrets: {{db: {{file: {secret}}}}}
connections:
  primary: {{type: postgres, host: 127.0.0.1, port: "${{{{ params.port }}}}", dbname: review_demo, user: postgres, password: "${{{{ secrets.db }}}}"}}
defaults: {{timeout: 1m}}
steps:
  - id: fix
    connection: primary
    sql:
      statements:
        - "do $x$ begin raise notice 'it is %', (select status from orders where id = 9); end $x$"
        - update orders set status = status
      review: select status from orders where id = 9
""")
    done = runbook("exec", path, *database.words[:2], *database.answers("commit"))
    assert done.code == 0 and "NOTICE: it is" in done.err, done
    assert runbook.named("question.asked")[0]["notices"]
    found = subprocess.run(["grep", "-rlFe", database.password, runbook.run_folder()],
                           stdout=subprocess.PIPE)
    assert found.returncode == 1 and database.password not in done.err, found


@pytest.mark.parametrize("expected, commits", [("rows: 2", False), ("rows: 1", True), ("max_time: 10s", True)])
def test_sql_review_a_file_commits_only_the_rows_that_are_expected(database, runbook, expected, commits):
    """Who wrote it has not seen them. A person may commit others, and a file roll back."""
    path = database.path(FIX.replace("{rows: 1}", "{" + expected + "}"))
    done = runbook("exec", path, "--no-input", *database.words, *database.answers("commit"))
    assert (done.code, database.is_done()) == ((0, True) if commits else (3, False)), done
    assert commits or "1 rows, expected 2, and who commits that has to have seen it" in done.err, done
    if not commits:
        done = runbook("resume", "last", "--no-input", *database.answers("{answer: rollback, reason: too few}"))
        assert done.code != 0 and not database.is_done() and "rolled back" in done.err, done
    assert runbook("replay", "last").code == 0


@pytest.mark.parametrize("sql, code", [
    ("{query: select 1, review: select 1, read_only: true}", "RB0222"),
    ("{query: vacuum, review: select 1, transaction: false}", "RB0222"),
    ("{query: select 1, review: {idle: 5m}}", "RB0202"),
    ("{query: select 1, review: {query: select 1, idle: 10ms}}", "RB0217"),
    ("{query: select 1, review: \"select '${{ params.port }}'\"}", "RB0305"),
    ("{query: select 1, review: ''}", "RB0218"),
])
def test_sql_review_that_can_not_be_is_an_error_of_check(runbook, sql, code):
    path = runbook.write("bad.yaml", HEAD + f"  - id: a\n    connection: primary\n    sql: {sql}\n")
    done = runbook("check", path)
    assert done.code == 1 and f"error[{code}]" in done.out + done.err, done


BESIDE = HEAD + """
  - id: all
    on_branch_failure: cancel
    parallel:
      - id: sure
        confirm: Are we sure?
      - id: fix
        connection: primary
        sql:
          query: update orders set status = 'closed' where id = 1
          review: select id, status from orders order by id
      - id: log
        connection: primary
        sql:
          query: insert into log values ('closed')
          review: select count(*) from log
"""


def start_beside(database):
    """With the first question open and two transactions held."""
    terminal = Terminal(database.runbook, "exec", database.path(BESIDE), *database.words)
    terminal.sees("Are we sure?").sees("? help")
    wait_for(lambda: database.held() == 2)
    return terminal


def test_sql_reviews_side_by_side_are_asked_one_after_the_other(database, runbook):
    terminal = start_beside(database)
    terminal.types("y").sees("commit, or roll back?").sees("? help")
    terminal.types("c").sees("commit, or roll back?").sees("? help").types("c").sees("succeeded").ends(0)
    assert database.rows("select status from orders where id = 1") == "closed"
    assert database.rows("select count(*) from log") == "1"
    assert sorted(d["step"] for d in runbook.named("question.answered")) == ["fix", "log", "sure"]
    assert_sound(runbook)


def test_sql_review_is_off_when_a_branch_beside_it_ends_all(database, runbook):
    """What was held is rolled back, and a resumed run asks about other transactions."""
    start_beside(database).types("n").sees("refused").ends(4)
    assert database.held() == 0 and database.rows("select count(*) from log") == "0"
    assert database.rows("select count(*) from orders where status = 'closed'") == "0"
    answers = runbook.write("more.yaml", "answers: {fix: commit, log: commit, "
                                         "sure.failure: {answer: done, reason: seen}}\n")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0, done
    assert database.rows("select count(*) from log") == "1"
    assert database.rows("select status from orders where id = 1") == "closed"
    assert_sound(runbook)
