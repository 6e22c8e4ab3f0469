"""kill -9 at random moments of a run that writes to a web service and to a database, which count what
they receive: nothing twice without a decision, nothing lost."""

import collections
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest

from test_crash import has_succeeded, sound, wait_for, was_created

ROUNDS = int(os.environ.get("RUNBOOK_ROUNDS", "24"))

BOOK = """
runbook: counted
title: Writes that are counted where they arrive
params: {port: {type: integer}, base: {type: integer}}
secrets: {password: {env: DB_PASSWORD}}
connections:
  api: {type: http, url: "http://127.0.0.1:${{ params.port }}"}
  base: {type: postgres, host: 127.0.0.1, port: "${{ params.base }}", dbname: counted, user: postgres, password: "${{ secrets.password }}"}
defaults: {timeout: 30s}
steps:
  - id: pay-1
    connection: api
    http: {url: /pay-1, json: {amount: 1}}
  - id: book-1
    connection: base
    sql:
      - insert into ledger values ('book-1')
      - select pg_sleep(random() * 0.04)
  - id: seen
    gate: pg.query("base", "select count(*) from ledger").value >= 1 and http.get("/count?of=pay-1", {connection = "api"}).ok
  - id: pay-2
    connection: api
    http: {url: /pay-2, form: {amount: "2"}}
  - id: book-2
    connection: base
    sql:
      - insert into ledger values ('book-2')
      - update totals set n = n + 1
  - id: alone
    connection: base
    sql: {query: insert into ledger select 'alone' from pg_sleep(random() * 0.04), transaction: false}
  - id: pay-3
    title: Its probe asks who counts
    connection: api
    http: {url: /pay-3, json: {amount: 3}}
    probe: tonumber(http.get("/count?of=pay-3", {connection = "api"}).body) == 1
  - id: book-3
    connection: base
    sql: insert into ledger values ('book-3')
"""
PAID, BOOKED = ["pay-1", "pay-2", "pay-3"], ["alone", "book-1", "book-2", "book-3"]


class Counter(http.server.BaseHTTPRequestHandler):
    """Counts what was received whole, and takes its time with the answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers["content-length"])
        if len(self.rfile.read(size)) < size:
            return
        with self.server.lock:
            self.server.counts[self.path.strip("/")] += 1
            delay = self.server.rng.uniform(0, 0.05)
        time.sleep(delay)
        self.answer(b"")

    def do_GET(self):
        self.answer(str(self.server.counts[self.path.partition("of=")[2]]).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Counter)
        self.lock, self.rng, self.open = threading.Lock(), random.Random(5), 0
        self.counts = collections.Counter()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def process_request_thread(self, request, address):
        with self.lock:
            self.open += 1
        super().process_request_thread(request, address)
        with self.lock:
            self.open -= 1

    def handle_error(self, *_):
        pass        # whoever asked was killed


class Campaign:
    def __init__(self, runbook, postgres):
        self.runbook, self.postgres, self.rng = runbook, postgres, random.Random(20261128)
        self.told = collections.Counter()
        with open(postgres.env["PGPASSFILE"]) as f:
            runbook.env["DB_PASSWORD"] = f.read().strip().rsplit(":", 1)[1]

    def sql(self, *statements):
        return self.postgres.psql("counted", *statements)

    def settle(self):
        """Whatever was sent by those who are dead has arrived or never will."""
        wait_for(lambda: self.server.open == 0)
        wait_for(lambda: self.sql("select count(*) from pg_stat_activity where datname = 'counted' "
                                  "and pid <> pg_backend_pid()") == "0")

    def received(self, step):
        """How often, by those who count."""
        if step in PAID:
            return self.server.counts[step]
        return int(self.sql(f"select count(*) from ledger where step = '{step}'"))

    def kill(self, process):
        """The interpreter, and in one of three cases its helpers with it."""
        process.send_signal(signal.SIGKILL)
        if self.rng.random() < 1 / 3:
            self.runbook.kill_what_is_left()
            self.told["with its supervisor"] += 1
        process.wait()
        self.told["killed"] += 1

    def run(self, words, longest):
        """Its exit code, or None where it was killed."""
        process = self.runbook.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return process.wait(timeout=self.rng.uniform(0.02, longest))
        except subprocess.TimeoutExpired:
            self.kill(process)
            return None

    def answers(self):
        """Of a question in doubt, by the count."""
        asked = self.runbook.named("question.asked")[-1]
        assert asked["kind"] == "doubt", asked
        step, count = asked["step"], self.received(asked["step"])
        assert count in (0, 1), f"{step} was received {count} times"
        self.told[f"in doubt, {'done' if count else 'not done'}"] += 1
        return self.runbook.write("answers.yaml", 'answers: {"%s.doubt": {answer: %s, reason: counted}}\n' %
                                  (step, "done" if count else "retry"))

    def bring_to_its_end(self, first, longest):
        words = first
        for tries in range(1, 200):
            code = self.run(words, longest * (1 + tries / 10))
            self.settle()
            if not was_created(self.runbook):
                assert not self.server.counts and self.sql("select count(*) from ledger") == "0"
                shutil.rmtree(self.runbook.store, ignore_errors=True)
                words = first
                continue
            if has_succeeded(self.runbook):
                return
            assert code in (None, 3), code
            words = ["resume", "last", "--no-input"]
            if code == 3:
                words += ["--answers", self.answers()]
        pytest.fail("it was killed again and again and never came to its end")

    def round(self, file):
        shutil.rmtree(self.runbook.store, ignore_errors=True)
        self.sql("truncate ledger", "update totals set n = 0")
        self.server.counts.clear()
        self.bring_to_its_end(["exec", file, "-p", f"port={self.server.server_port}", "-p",
                               f"base={self.postgres.port}", "--no-input"], 0.4)
        assert dict(self.server.counts) == {step: 1 for step in PAID}
        assert self.sql("select step from ledger order by step").split() == BOOKED
        assert self.sql("select n from totals") == "1"
        self.told["settled by the id of a transaction"] += sum(
            result.get("settled") == "xid" for result in self.runbook.named("effect.result"))
        self.told["settled by a probe"] += sum(
            decided.get("by") == "probe" for decided in self.runbook.named("step.decided")) + sum(
            passed.get("probed", False) for passed in self.runbook.named("step.passed"))
        sound(self.runbook)


def test_f01_f02_f43_what_arrives_arrives_once_however_often_it_is_killed(runbook, postgres):
    postgres.psql("postgres", "DROP DATABASE IF EXISTS counted WITH (FORCE)", "CREATE DATABASE counted")
    campaign = Campaign(runbook, postgres)
    campaign.sql("create table ledger(step text)", "create table totals(n int)",
                 "insert into totals values (0)")
    file = runbook.write("counted.yaml", BOOK)
    with Server() as campaign.server:
        try:
            for number in range(ROUNDS):
                campaign.round(file)
        finally:
            campaign.server.shutdown()
            print(f"{number + 1} rounds: {json.dumps(campaign.told)}")
    runbook.kill_what_is_left()
    postgres.psql("postgres", "DROP DATABASE counted WITH (FORCE)")
    assert campaign.told["killed"] >= ROUNDS / 2
