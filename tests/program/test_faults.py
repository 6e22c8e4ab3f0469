"""Faults of the machine, by their numbers: the run is made under the fault, then resumed, then
verified. Each time no effect happened twice, and the record is sound."""

import collections
import os
import re
import resource
import shutil
import subprocess

import pytest

from test_crash import THREE, effects_of, go_on, sound, wait_for, was_created, without_times

ALL = ["one", "two", "three"]


class Trial:
    """The same three steps under one fault after another, each with a store of its own."""

    def __init__(self, runbook):
        self.runbook, self.count = runbook, 0
        self.file = runbook.write("three.yaml", THREE)
        self.begin()

    def begin(self):
        self.count += 1
        shutil.rmtree(self.runbook.store, ignore_errors=True)
        self.effects = os.path.join(self.runbook.folder, f"effects.{self.count}")
        self.words = ["exec", self.file, "-p", f"effects={self.effects}"]

    def under(self, call, inject, log="/dev/null"):
        self.begin()
        return self.runbook.strace(*self.words, trace=call, inject=inject, log=log)

    def ends_well(self):
        """Whatever became of the run: it can be brought to its end, with each effect once."""
        if not was_created(self.runbook):
            assert effects_of(self.effects) == []
            return
        go_on(self.runbook)
        assert effects_of(self.effects) == ALL
        sound(self.runbook)


@pytest.fixture
def trial(runbook):
    return Trial(runbook)


@pytest.mark.parametrize("when", ["{}", "{}+"], ids=["once", "for-ever"])
def test_f10_an_error_of_fdatasync_is_final(trial, when):
    for nth in range(1, 40):
        done = trial.under("fdatasync", f"error=EIO:when={when.format(nth)}")
        if done.returncode == 0:
            break
        assert done.returncode == 74, (nth, done)
        assert "Input/output error" in done.stderr
        trial.ends_well()
    assert 3 <= nth < 39


def write_that_fails(trial, nth, error="EIO"):
    """The run whose nth write fails, and what that write went to; None: there were fewer."""
    log = os.path.join(trial.runbook.folder, "writes")
    done = trial.under("write", f"error={error}:when={nth}", log)
    with open(log) as f:
        hit = [line for line in f if line.endswith("(INJECTED)\n")]
    return done, re.match(r"write\((\d+<[^>]*)>", hit[0])[1] if hit else None


def test_f11_an_error_of_write_is_final(trial):
    """How many writes there are and which is which differs from run to run, with what is owed to the
    disk while a check looks: it is judged by what was hit."""
    met = collections.Counter()
    for nth in range(1, 400):
        done, hit = write_that_fails(trial, nth)
        if hit is None:
            break
        if trial.runbook.store in hit:
            met["store"] += 1
            assert done.returncode == 74, (nth, hit, done)
            trial.ends_well()
        elif hit.startswith("2<"):      # nobody sees it, and it is no reason to stop
            met["shown"] += 1
            assert done.returncode == 0, (nth, hit, done)
            assert effects_of(trial.effects) == ALL
        elif "<UNIX" in hit:            # the Lua worker: its evaluation ends at once
            met["worker"] += 1
            assert "took longer than" not in done.stderr, (nth, hit, done)
    assert done.returncode == 0 and nth < 399
    assert met["store"] >= 5 and met["shown"] >= 5 and met["worker"] >= 3, met


def test_f18_a_run_whose_folder_is_not_on_disk_is_not_begun(trial):
    done = trial.under("fsync", "error=EIO:when=1")
    assert done.returncode == 74, done
    assert effects_of(trial.effects) == []
    assert not was_created(trial.runbook)


def test_f15_too_few_descriptors_are_told_before_anything_is_done(trial):
    for limit in range(5, 64, 6):
        trial.begin()
        done = subprocess.run(
            [trial.runbook.binary, *trial.words], env=trial.runbook.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        assert done.returncode == 2 and "ulimit -n 64" in done.stderr, (limit, done)
        assert not os.path.exists(trial.runbook.store)


def test_f17_what_cannot_be_started_is_known_not_to_have_been(runbook):
    text = """runbook: none
defaults: {timeout: 1m}
params: {program: {type: string, pattern: '/.*'}}
steps:
  - {id: it, exec: ["${{ params.program }}"]}
"""
    file = runbook.write("none.yaml", text)
    plain = runbook.write("plain", "no program\n")
    binary = runbook.write("binary", "\177ELF and then nothing\n")
    os.chmod(binary, 0o755)
    for program, said in ((runbook.folder + "/gone", "does not exist"),
                          (plain, "permission denied"), (binary, "neither a program nor a script")):
        done = runbook("exec", file, "-p", f"program={program}")
        assert done.code == 1 and said in done.err, done
        assert "effect.doubt" not in [event["type"] for event in runbook.events()]
        sound(runbook)


@pytest.mark.parametrize("harm", ["removed", "renamed", "replaced"])
def test_f20_a_journal_that_is_gone_ends_the_run(trial, harm):
    with open(trial.file, "w") as f:
        f.write(THREE.replace("sleep 0.2", "sleep 1"))
    process = trial.runbook.start(*trial.words, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
    wait_for(lambda: effects_of(trial.effects) == ["one", "two"])
    journal = os.path.join(trial.runbook.run_folder(), "journal.jsonl")
    if harm == "replaced":
        shutil.copy(journal, journal + ".new")
        os.rename(journal + ".new", journal)
    elif harm == "renamed":
        os.rename(journal, journal + ".old")
    else:
        os.unlink(journal)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 74, err
    assert "journal" in err
    assert effects_of(trial.effects) == ["one", "two"]


def test_f22_f23_what_ignores_or_stops_still_ends(runbook):
    text = f"""runbook: stubborn
defaults: {{timeout: 300ms, cwd: {runbook.folder}, on_failure: continue}}
steps:
  - {{id: deaf, run: "trap '' TERM; while true; do sleep 0.1; done"}}
  - {{id: stopped, run: 'kill -STOP $$'}}
  - {{id: after, exec: [echo, fine], timeout: 1m}}
"""
    done = runbook("exec", runbook.write("stubborn.yaml", text))
    assert done.code == 0, done
    assert runbook.steps() == {"deaf": "failed", "stopped": "failed", "after": "passed"}
    assert list(runbook.what_is_left()) == []
    sound(runbook)


def test_f26_more_output_than_is_kept_is_said(runbook):
    text = """runbook: big
defaults: {timeout: 2m}
steps:
  - {id: it, run: "head -c 300M /dev/zero"}
"""
    done = runbook("exec", runbook.write("big.yaml", text))
    assert done.code == 0, done
    [result] = runbook.named("effect.result")
    lost = result["out"]["lost"]
    assert lost > 0 and result["out"]["bytes"] + lost == 300 << 20
    assert "were not kept" in done.err
    assert "were not kept" in runbook("logs", "last").out
    sound(runbook)


CLOSED = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-", "all": "<&- >&- 2>&-",
          "full": "> /dev/full 2>&1", "full json": "--output json > /dev/full"}


@pytest.mark.parametrize("how", CLOSED)
def test_f28_a_run_does_not_depend_on_who_listens(trial, how):
    words = " ".join([trial.runbook.binary, *trial.words])
    done = subprocess.run(["sh", "-c", f"{words} {CLOSED[how]}"], env=trial.runbook.env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done
    assert effects_of(trial.effects) == ALL
    sound(trial.runbook)


@pytest.mark.parametrize("words", ["explain RB0208", "--help", "completion bash"])
def test_f28_an_answer_that_is_lost_is_no_success(runbook, words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([runbook.binary, *words.split()], env=runbook.env, stdout=full,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (
        74, b"runbook: standard output did not take all of the answer\n")


def test_f28_a_reader_may_leave_an_answer(runbook):
    left, end = os.pipe()
    os.close(left)
    with os.fdopen(end, "wb") as out:
        done = subprocess.run([runbook.binary, "explain", "RB0208"], env=runbook.env,
                              stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("output", ["plain", "json"])
def test_f28_a_reader_that_leaves_stops_nothing(trial, output):
    process = trial.runbook.start(*trial.words, "--output", output, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
    process.stdout.close()
    process.stderr.close()
    assert process.wait(60) == 0
    assert effects_of(trial.effects) == ALL
    sound(trial.runbook)


def decisions(runbook):
    """What was decided, without what differs from run to run."""
    kinds = ("step.", "eval.", "run.finished")
    return without_times([[event["type"], event["d"]] for event in runbook.events()
                          if event["type"].startswith(kinds)])


def test_f53_the_surroundings_change_no_decision(trial):
    base = dict(trial.runbook.env)
    empty_name = f"exec -a '' {trial.runbook.binary} "
    cases = [{}, {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}, {"TZ": "Pacific/Kiritimati"},
             {"LC_ALL": "tr_TR.UTF-8", "TZ": ":/etc/nowhere"}, {"HOME": None}, {"TERM": None}]
    seen = set()
    for case in cases:
        for before in ("", "umask 0; ", "umask 777; ", "cd /; ", "ulimit -s 512; "):
            trial.begin()
            env = {k: v for k, v in {**base, **case}.items() if v is not None}
            done = subprocess.run(["bash", "-c", before + empty_name + " ".join(trial.words)],
                                  env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
            assert done.returncode == 0, (case, before, done)
            seen.add(decisions(trial.runbook).replace(trial.effects, "EFFECTS"))
    assert len(seen) == 1, seen
