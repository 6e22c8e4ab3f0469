"""Locks: one run at a time holds each; a run that waits or was killed keeps its own; whoever does not
get one is told who has it, and writes nothing."""

import json
import os
import signal
import subprocess
import time

import pytest

from conftest import ROOT
from test_crash import wait_for
from test_examples import assert_sound

# Works until there is a file `go`.
BOOK = """
runbook: migrate
title: Migrate the database
defaults: {{timeout: 1m}}
params: {{host: {{type: string, default: primary}}}}
vars: {{db_host: "${{{{ params.host }}}}"}}
locks: ["db:${{{{ vars.db_host }}}}"]
environments:
  production: {{locks: [production]}}
steps:
  - id: work
    run: |
      cd {0}
      echo began >> starts
      until [ -e go ]; do sleep 0.02; done
  - {{id: sure, confirm: Go on?}}
"""
YES = "answers: {sure: yes}\n"


@pytest.fixture
def book(runbook):
    return runbook.write("migrate.yaml", BOOK.format(runbook.folder))


def lock(runbook, name="db%3Aprimary"):
    with open(os.path.join(runbook.store, "locks", name)) as f:
        return json.loads(f.read().split("\n")[-2])


def put_lock(runbook, holder, name="db%3Aprimary"):
    with open(os.path.join(runbook.store, "locks", name), "w") as f:
        f.write(json.dumps(holder) + "\n")


def began(runbook):
    try:
        return open(os.path.join(runbook.folder, "starts")).read().count("began")
    except FileNotFoundError:
        return 0


def everything(runbook):
    """Each file of the store and its bytes."""
    found = {}
    for folder, _, names in os.walk(runbook.store):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and "/steps/" not in path:  # where the supervisor notes
                found[path] = open(path, "rb").read()
    return found


def suspended(runbook, book):
    """A run that waits for a person, and the program's answer."""
    runbook.write("go", "")
    done = runbook("exec", book)
    assert done.code == 3, done
    return done


def test_plan_shows_the_locks(runbook, book):
    shown = runbook("plan", book, "-e", "production")
    assert "holds the locks db:primary, production\n" in shown.out
    assert json.loads(runbook("plan", book, "--output", "json").out)["locks"] == ["db:primary"]
    assert not os.path.exists(runbook.store)


@pytest.mark.usefixtures("every_prefix")
def test_a_lock_is_held_from_before_the_first_step_to_the_end(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    types = [event["type"] for event in runbook.events()]
    assert types.index("lock.taken") < types.index("run.started") < types.index("step.began")
    assert runbook.named("lock.taken")[0]["keys"] == ["db:primary"]
    holder = lock(runbook)
    assert holder["held"] and holder["pid"] == process.pid
    assert holder["run"] == os.path.basename(runbook.run_folder())
    assert holder["purpose"] == "Migrate the database"
    assert "db:primary  held by r-" in runbook("locks").out
    assert "holds db:primary" in runbook("status", "last").out
    runbook.write("go", "")
    assert process.wait() == 3
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert lock(runbook)["status"] == "succeeded" and not lock(runbook)["held"]
    assert runbook("locks").out == ""
    assert_sound(runbook)


def test_a69_the_loser_of_a_lock_is_told_who_has_it_and_writes_nothing(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    run = os.path.basename(runbook.run_folder())
    before = everything(runbook)
    other = runbook("exec", book)
    assert other.code == 8, other
    assert f"db:primary is held by run {run} of " in other.err
    assert "for: Migrate the database; a process is at work on that run" in other.err
    assert everything(runbook) == before
    runbook.write("go", "")
    process.wait()
    # Another target is another lock.
    assert runbook("exec", book, "-p", "host=replica").code == 3


def test_a69_a_second_resume_is_told_who_is_at_work_and_writes_nothing(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    before = everything(runbook)
    other = runbook("resume", "last")
    assert other.code == 8, other
    assert f"process {process.pid} is at work on r-" in other.err
    assert everything(runbook) == before
    runbook.write("go", "")
    process.wait()
    assert began(runbook) == 1


@pytest.mark.usefixtures("every_prefix")
def test_a_run_that_waits_for_a_person_keeps_its_lock(runbook, book):
    suspended(runbook, book)
    run = os.path.basename(runbook.run_folder())
    before = everything(runbook)
    other = runbook("exec", book)
    assert other.code == 8, other
    assert f"held by run {run}" in other.err and "nobody is at work on that run" in other.err
    assert everything(runbook) == before
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert runbook("exec", book).code == 3
    assert "over" not in runbook.named("lock.taken")[0]
    assert_sound(runbook, run)


def test_cancelled_it_gives_it_up(runbook, book):
    suspended(runbook, book)
    assert runbook("cancel", "last").code == 0
    assert lock(runbook)["status"] == "cancelled"
    suspended(runbook, book)
    assert "that run was cancelled" in runbook.named("lock.taken")[0]["over"][0]["why"]


@pytest.mark.usefixtures("every_prefix")
def test_f01_a_killed_run_keeps_its_lock_and_has_it_when_it_is_resumed(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    other = runbook("exec", book)
    assert other.code == 8, other
    assert "but its step still works: `runbook resume`" in other.err and "unlock" not in other.err
    runbook.write("go", "")
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert began(runbook) == 1
    taken = runbook.named("lock.taken")
    assert len(taken) == 2 and "over" not in taken[1]
    assert_sound(runbook)


@pytest.mark.parametrize("call", ["fsync", "fdatasync", "ftruncate", "pwrite64"])
def test_f01_killed_at_each_call_that_writes_no_lock_is_lost_or_left(runbook, book, call):
    runbook.write("go", "")
    answers = runbook.write("a.yaml", YES)
    for nth in range(1, 12):
        killed = runbook.strace("exec", book, "--answers", answers, trace=call,
                                inject=f"signal=KILL:when={nth}").returncode != 0
        if not killed:
            break
        names = runbook("list").out.split("\n")
        open_runs = [line.split()[0] for line in names if " crashed " in line]
        for run in open_runs:
            assert runbook("resume", run, "--answers", answers).code in (0, 9)
        done = runbook("exec", book, "--answers", answers)
        assert done.code == 0, (call, nth, done)
    assert not lock(runbook)["held"]


def test_f48_of_two_at_the_same_instant_exactly_one_gets_it(runbook, book):
    answers = runbook.write("a.yaml", YES)
    go = os.path.join(runbook.folder, "go")
    for turn in range(40):
        both = [runbook.start("exec", book, "--answers", answers, stderr=subprocess.PIPE,
                              text=True) for _ in range(2)]
        wait_for(lambda: any(one.poll() is not None for one in both))
        loser = next(one for one in both if one.poll() is not None)
        winner = next(one for one in both if one is not loser)
        said = loser.communicate()[1]
        assert loser.returncode == 8 and "db:primary is held by run r-" in said, (turn, said)
        wait_for(lambda: began(runbook) == turn + 1)
        runbook.write("go", "")
        said = winner.communicate()[1]
        assert winner.returncode == 0, (turn, said)
        os.remove(go)
    assert began(runbook) == 40
    assert len(os.listdir(os.path.join(runbook.store, "runs"))) == 40


def test_f49_a_paused_writer_that_was_taken_over_writes_and_begins_nothing(runbook, book):
    text = open(book).read().replace("steps:\n", "steps:\n  - {id: pause, wait: 2s}\n")
    process = runbook.start("exec", runbook.write("migrate.yaml", text),
                            stderr=subprocess.PIPE, text=True)
    runbook.await_event("wait.began")
    process.send_signal(signal.SIGSTOP)
    # Only by force: somebody removes what proves that it lives.
    os.remove(os.path.join(runbook.run_folder(), "lock"))
    os.remove(os.path.join(runbook.store, "locks", "db%3Aprimary"))
    runbook.write("go", "")
    taken_over = runbook("resume", "last")
    assert taken_over.code == 3, taken_over
    before = everything(runbook)
    process.send_signal(signal.SIGCONT)
    said = process.communicate()[1]
    assert process.returncode == 74, said
    assert "another process changed it" in said
    assert everything(runbook) == before
    assert began(runbook) == 1
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert_sound(runbook)


@pytest.mark.usefixtures("every_prefix")
def test_who_waits_says_for_whom_and_gets_it_in_the_end(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    first = os.path.basename(runbook.run_folder())
    answers = runbook.write("a.yaml", YES)
    waiting = runbook.start("exec", book, "--wait", "--answers", answers,
                            stderr=subprocess.PIPE, text=True)
    assert f"waits: db:primary is held by run {first}" in waiting.stderr.readline()
    time.sleep(0.5)
    assert len(os.listdir(os.path.join(runbook.store, "runs"))) == 1
    runbook.write("go", "")
    assert process.wait() == 3
    # While the first waits for a person it holds it still, as is told.
    assert "nobody is at work on that run" in waiting.stderr.readline()
    assert runbook("resume", first, "--answers", answers).code == 0
    said = waiting.communicate()[1]
    assert waiting.returncode == 0, said
    # It began when it got the lock, not when it began to wait.
    assert lock(runbook)["since"] >= [event["t"] for event in runbook.events(first)][-1]
    assert os.path.basename(runbook.run_folder()) > first
    assert_sound(runbook)


@pytest.mark.usefixtures("every_prefix")
def test_a_run_that_ended_without_giving_it_up_is_taken_over_with_a_note(runbook, book):
    suspended(runbook, book)
    held = lock(runbook)
    answers = runbook.write("a.yaml", YES)
    assert runbook("resume", "last", "--answers", answers).code == 0
    put_lock(runbook, held)             # as a kill just after its last event leaves it
    done = runbook("exec", book, "--answers", answers)
    assert done.code == 0, done
    over = runbook.named("lock.taken")[0]["over"]
    assert over == [{"key": "db:primary", "run": held["run"], "by": held["by"],
                     "why": "that run has succeeded, and had not given it up"}]
    assert f"was held by {held['run']}: that run has succeeded, and had not given it up" in done.err
    put_lock(runbook, {**held, "run": "r-20200101-000000-aaaa"})
    assert runbook("exec", book, "--answers", answers).code == 0
    assert "that run is not there" in runbook.named("lock.taken")[0]["over"][0]["why"]
    assert_sound(runbook)


def test_what_can_not_be_looked_up_is_held(runbook, book):
    suspended(runbook, book)
    held = lock(runbook)
    put_lock(runbook, {**held, "store": "/etc/passwd"})
    other = runbook("exec", book)
    assert other.code == 8, other
    assert "whether that run has ended can't be told from here" in other.err
    # Its disk is not mounted; it is the place where one will be; it is another machine's path.
    bare = os.path.join(runbook.folder, "bare")
    os.mkdir(bare)
    gone = {**held, "run": "r-20200101-000000-aaaa"}
    for there in ({**held, "store": bare + "/none"}, {**held, "store": bare},
                  {**gone, "host": "elsewhere"}):
        put_lock(runbook, there)
        other = runbook("exec", book)
        assert other.code == 8 and "can't be told from here" in other.err, other
    with open(os.path.join(runbook.store, "locks", "db%3Aprimary"), "w") as f:
        f.write("not ours\x1b[2J\n")
    other = runbook("exec", book)
    assert other.code == 8, other
    assert "is damaged" in other.err and "\x1b" not in other.err
    with open(os.path.join(runbook.store, "locks", "db%3Aprimary"), "a") as f:
        f.write("much of it\n" * 10000)
    assert runbook("exec", book).code == 8
    assert runbook("unlock", "db:primary", "--reason", "damaged").code == 0
    assert runbook("exec", book).code == 3


def test_a_line_that_was_cut_off_changes_nothing(runbook, book):
    suspended(runbook, book)
    path = os.path.join(runbook.store, "locks", "db%3Aprimary")
    with open(path, "a") as f:
        f.write('{"key":"db:primary","held":fal')
    assert runbook("exec", book).code == 8, "it is held as it was"
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    assert lock(runbook)["held"] is False
    with open(path, "w") as f:
        f.write('{"key":"db:primary","held":true')
    assert runbook("exec", book).code == 3, "the first line was never synced: nothing had begun"


def test_the_file_of_a_lock_does_not_grow_for_ever(runbook, book):
    suspended(runbook, book)
    answers = runbook.write("a.yaml", YES)
    assert runbook("resume", "last", "--answers", answers).code == 0
    path = os.path.join(runbook.store, "locks", "db%3Aprimary")
    line = open(path).readlines()[-1]
    with open(path, "a") as f:
        f.write(line * 100)
    assert runbook("exec", book, "--answers", answers).code == 0
    assert len(open(path).readlines()) == 2


def test_a_run_that_was_resumed_a_thousand_times_is_still_told_of(runbook, book):
    suspended(runbook, book)
    path = os.path.join(runbook.store, "locks", "db%3Aprimary")
    line = open(path).readlines()[-1]
    with open(path, "a") as f:
        f.write(line * 1000 + line[:40])
    assert "db:primary  kept by r-" in runbook("locks").out
    other = runbook("exec", book)
    assert other.code == 8 and "db:primary is held by run r-" in other.err, other
    assert runbook("resume", "last", "--answers", runbook.write("a.yaml", YES)).code == 0
    assert lock(runbook)["status"] == "succeeded"
    assert runbook("exec", book).code == 3
    assert len(open(path).readlines()) == 1


def test_unlock_needs_a_reason_and_takes_nothing_from_a_process(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    for words in ((), ("--reason", " ")):
        refused = runbook("unlock", "db:primary", *words)
        assert refused.code == 2 and "say why" in refused.err
    refused = runbook("unlock", "db:primary", "--reason", "in the way")
    assert refused.code == 8, refused
    runbook.write("go", "")
    assert process.wait() == 3
    broken = runbook("unlock", "db:primary", "--reason", "alice is ill")
    assert broken.code == 0 and "was held by run r-" in broken.out
    assert runbook("unlock", "db:primary", "--reason", "again").code == 2
    # The run has to take it anew, and its record says that it was taken from it.
    first = os.path.basename(runbook.run_folder())
    assert runbook("exec", book).code == 3
    refused = runbook("resume", first)
    assert refused.code == 8, refused
    assert runbook("cancel", "last").code == 0
    done = runbook("resume", first, "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0, done
    over = [each for each in runbook.named("lock.taken", first)[-1]["over"] if each["run"] == first]
    assert len(over) == 1 and "alice is ill" in over[0]["why"]
    assert_sound(runbook, first)


def test_unlock_takes_nothing_from_a_step_that_outlives_its_run(runbook, book):
    process = runbook.start("exec", book)
    wait_for(lambda: began(runbook) == 1)
    process.kill()
    process.wait()
    refused = runbook("unlock", "db:primary", "--reason", "it is dead")
    assert refused.code == 8 and "its step still works" in refused.err, refused
    assert lock(runbook)["held"]
    runbook.write("go", "")
    wait_for(lambda: "still works" not in runbook("exec", book).err)
    assert runbook("unlock", "db:primary", "--reason", "it is dead").code == 0
    done = runbook("resume", "last", "--answers", runbook.write("a.yaml", YES))
    assert done.code == 0 and began(runbook) == 1, done
    assert_sound(runbook)


def test_what_was_broken_is_told_to_the_next(runbook, book):
    suspended(runbook, book)
    first = os.path.basename(runbook.run_folder())
    assert runbook("unlock", "db:primary", "--reason", "by hand").code == 0
    done = runbook("exec", book)
    assert f"was held by {first}: it was taken from that run by " in done.err
    assert "by hand" in runbook.named("lock.taken")[0]["over"][0]["why"]


def test_a_cancel_needs_no_lock(runbook, book):
    suspended(runbook, book)
    first = os.path.basename(runbook.run_folder())
    assert runbook("unlock", "db:primary", "--reason", "by hand").code == 0
    suspended(runbook, book)
    cancelled = runbook("cancel", first)
    assert cancelled.code == 0, cancelled
    assert runbook.named("run.finished", first)[-1]["status"] == "cancelled"
    assert runbook.named("lock.refused", first)
    assert lock(runbook)["run"] != first and lock(runbook)["held"]
    assert_sound(runbook, first)


def test_stores_that_share_a_folder_share_the_locks(runbook, book):
    shared = os.path.join(runbook.folder, "shared")
    os.mkdir(shared)
    os.chmod(shared, 0o2770)
    env = {"RUNBOOK_LOCKS": shared}
    runbook.write("go", "")
    assert runbook("exec", book, env=env).code == 3
    assert oct(os.stat(os.path.join(shared, "db%3Aprimary")).st_mode & 0o777) == "0o660"
    other = runbook("exec", book, env={**env, "RUNBOOK_STORE": runbook.store + "2"})
    assert other.code == 8, other
    assert "held by run r-" in other.err
    assert runbook("exec", book).code == 3, "the store's own folder is another"
    os.chmod(shared, 0o2777)
    refused = runbook("exec", book, env=env)
    assert refused.code == 2 and "anybody can take and break the locks" in refused.err
    relative = runbook("exec", book, env={"RUNBOOK_LOCKS": "locks"})
    assert relative.code == 2 and "has to be an absolute path" in relative.err
    missing = runbook("exec", book, env={"RUNBOOK_LOCKS": shared + "/none"})
    assert missing.code == 2 and "cannot open the folder of locks" in missing.err


@pytest.mark.parametrize("host", ["../../x", "a/../../../b", "\u00e9\u0001\x7f", "x" * 400, "%2e%2e"],
                         ids=["up", "further-up", "control", "long", "escaped"])
def test_a44_a_key_is_data_and_its_file_stays_in_its_folder(runbook, book, host):
    runbook.write("go", "")
    done = runbook("exec", book, "-p", f"host={host}")
    assert done.code == 3, done
    names = os.listdir(os.path.join(runbook.store, "locks"))
    assert len(names) == 1
    assert all(c.isalnum() and c.isascii() or c in "%._-@~" for c in names[0]), names
    assert lock(runbook, names[0])["key"] == f"db:{host}"
    assert sorted(os.listdir(runbook.store)) == ["locks", "runs", "runs.jsonl"]
    assert runbook("exec", book, "-p", f"host={host}").code == 8
    assert runbook("unlock", f"db:{host}", "--reason", "test").code == 0


def test_a_link_in_place_of_a_lock_is_refused(runbook, book):
    suspended(runbook, book)
    path = os.path.join(runbook.store, "locks", "db%3Aprimary")
    os.remove(path)
    os.symlink("/etc/passwd", path)
    refused = runbook("exec", book)
    assert refused.code != 3 and "is a link, or not what it should be" in refused.err


def test_a_key_that_names_nothing_is_refused(runbook):
    text = "runbook: none\nparams: {what: {type: string, default: ''}}\n" \
           "locks: ['${{ params.what }}']\nsteps:\n  - {id: a, confirm: 'Yes?'}\n"
    done = runbook("exec", runbook.write("none.yaml", text))
    assert done.code == 2 and "locks: number 1 is empty" in done.err, done


def test_without_locks_there_is_no_folder_of_them(runbook):
    runbook("exec", os.path.join(ROOT, "examples/01-hello.yaml"))
    assert not os.path.exists(os.path.join(runbook.store, "locks"))


def test_who_only_lists_locks_makes_no_folder_of_them(runbook, book):
    os.makedirs(os.path.join(runbook.store, "runs"), mode=0o700)
    os.chmod(runbook.store, 0o700)
    listed = runbook("locks", "--output", "json")
    assert listed.code == 0 and json.loads(listed.out) == [], listed
    assert "nobody has held the lock" in runbook("unlock", "x", "--reason", "y").err
    assert os.listdir(runbook.store) == ["runs"]
