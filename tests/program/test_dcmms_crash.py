"""The migration procedure, killed with -9 again and again: the same end, every migration once."""

import os
import random
import shutil
import signal
import subprocess
import time

from test_crash import has_succeeded, kill_and_resume, sound, wait_for
from test_dcmms import MIGRATION, YES, procedure  # noqa: F401

KILLS = int(os.environ.get("RUNBOOK_KILLS", "200"))


def words_of(procedure):
    answers = procedure.runbook.write("answers.yaml", YES)
    return [MIGRATION, *procedure.words, f"--answers={answers}"]


def fresh(procedure, cluster, drop):
    shutil.rmtree(procedure.runbook.store, ignore_errors=True)
    drop(cluster)
    cluster.psql("postgres", "CREATE DATABASE dcmms_demo TEMPLATE dcmms_before")
    for name in os.listdir(procedure.backups):
        os.remove(os.path.join(procedure.backups, name))


def began_twice(runbook):
    """Attempts that were begun although an earlier one of the same step may have had an effect:
    all but those found never to have started."""
    intents, unstarted = {}, {}
    for event in runbook.events():
        key = (event["d"].get("step"), event["d"].get("attempt"))
        if event["type"] == "effect.intent":
            intents[key] = intents.get(key, 0) + 1
        elif event["type"] == "effect.unstarted":
            unstarted[key] = unstarted.get(key, 0) + 1
    return [key for key, count in intents.items()
            if count - unstarted.get(key, 0) > 1 or key[1] > 1]


def test_f01_kill_at_random_moments_of_the_migration(procedure, dcmms):  # noqa: F811
    from conftest import drop_databases
    rng = random.Random(9)
    procedure.runbook.env.update(procedure.env)
    kills = runs = 0
    while kills < KILLS:
        fresh(procedure, dcmms, drop_databases)
        kills += kill_and_resume(procedure.runbook, words_of(procedure), rng, 0.6)
        runs += 1
        assert has_succeeded(procedure.runbook)
        assert procedure.applied() == "V001 V002 V003 V004 V005 V006 V007 V008 V009 V010"
        assert procedure.sql("SELECT count(*) FROM schema_history") == "10"
        assert len(os.listdir(procedure.backups)) == 1
        assert began_twice(procedure.runbook) == []
        sound(procedure.runbook)
    print(f"{kills} kills in {runs} runs")


def test_a_running_dump_is_adopted(procedure, dcmms):  # noqa: F811
    """pg_dump waits for a table that another session holds; meanwhile the interpreter dies."""
    runbook = procedure.runbook
    runbook.env.update(procedure.env)
    holder = subprocess.Popen(
        ["psql", "-XAtq", "dcmms_demo"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={**os.environ, **dcmms.env}, text=True)
    holder.stdin.write("BEGIN; LOCK TABLE attachments IN ACCESS EXCLUSIVE MODE;\n")
    holder.stdin.flush()
    try:
        process = runbook.start("exec", *words_of(procedure), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        dumping = ("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%' "
                   "AND wait_event_type = 'Lock'")
        wait_for(lambda: procedure.sql(dumping) == "1")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert procedure.sql(dumping) == "1"
        resumed = runbook.start("resume", "last", words_of(procedure)[-1],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: runbook.named("effect.adopted"))
        time.sleep(0.2)
        assert resumed.poll() is None
    finally:
        holder.stdin.close()
        holder.wait()
    assert resumed.wait(timeout=120) == 0
    assert runbook.named("effect.adopted")[0]["step"] == "backup"
    assert began_twice(runbook) == []
    assert procedure.sql("SELECT count(*) FROM schema_history") == "10"
    sound(runbook)
