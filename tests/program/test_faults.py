"""Faults of the machine, by their numbers: the run is made under the fault, then resumed, then
verified. Each time no effect happened twice, and the record is sound."""

import collections
import os
import re
import resource
import shutil
import subprocess

import pytest

from conftest import is_sanitized
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

    def under(self, call, inject):
        """The run under this fault; which descriptor it hit (None: it did not come to that), and what was
        asked of the supervisor afterwards."""
        self.begin()
        log = os.path.join(self.runbook.folder, "calls")
        done = self.runbook.strace(*self.words, trace=call, beside="sendto,sendmsg", inject=inject,
                                   log=log)
        with open(log) as f:
            lines = f.read().splitlines()
        hits = [n for n, line in enumerate(lines) if line.endswith("(INJECTED)")]
        hit = hits[0] if hits else len(lines)
        asked = [line for line in lines[hit + 1:] if r'{\"run\":' in line]
        to = re.match(r"\w+\((\d+<[^>]*)>", "".join(lines[hit:hit + 1]))
        return done, to and to[1], asked

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
        done, hit, asked = trial.under("fdatasync", f"error=EIO:when={when.format(nth)}")
        if not hit:
            break
        assert done.returncode == 74 and not asked, (nth, hit, done, asked)
        assert "Input/output error" in done.stderr
        trial.ends_well()
    assert 3 <= nth < 39 and done.returncode == 0


def test_f11_an_error_of_write_is_final(trial):
    """How many writes there are and which is which differs from run to run, with what is owed to the
    disk while a check looks: it is judged by what was hit."""
    met = collections.Counter()
    for nth in range(1, 400):
        done, hit, asked = trial.under("write", f"error=EIO:when={nth}")
        if not hit:
            break
        if trial.runbook.store in hit:
            met["store"] += 1
            assert done.returncode == 74 and not asked, (nth, hit, done, asked)
            # It has its place among the runs before it does anything.
            assert "runs.jsonl" not in hit or effects_of(trial.effects) == []
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
    """Each sync of a folder or of a file in it: those of the run's come after those of the store's own."""
    met = collections.Counter()
    for nth in range(1, 40):
        done, hit, asked = trial.under("fsync", f"error=EIO:when={nth}")
        if not hit:
            break
        met["run" if "/runs/" in hit else "store"] += 1
        assert done.returncode == 74 and not asked, (nth, hit, done)
        assert effects_of(trial.effects) == [], (nth, hit)
        trial.ends_well()
    assert done.returncode == 0 and met["store"] >= 2 and met["run"] >= 5, met


def test_f15_too_few_descriptors_are_told_before_anything_is_done(trial):
    for limit in range(5, 64, 6):
        trial.begin()
        done = subprocess.run(
            [trial.runbook.binary, *trial.words], env=trial.runbook.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        assert done.returncode == 2 and "ulimit -n 64" in done.stderr, (limit, done)
        assert not os.path.exists(trial.runbook.store)


def with_small_files(trial, kilobytes, *words):
    return subprocess.run([trial.runbook.binary, *words], env=trial.runbook.env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10,) * 2))


def test_f53_files_that_may_not_grow_are_told_like_a_full_disk(trial):
    done = with_small_files(trial, 8, *trial.words)
    assert done.returncode == 74 and "File too large" in done.stderr, done
    trial.ends_well()
    long = "x" * 60000                  # the record has it, beyond what may be written of it
    with open(trial.file, "w") as f:
        f.write(THREE.replace("steps:", f"steps:\n  - {{id: said, lua: 'return {{text = \"{long}\"}}'}}\n"
                                        "  - {id: again, lua: 'return {text = steps.said.outputs.text}'}"))
    trial.begin()
    done = with_small_files(trial, 100, *trial.words)
    assert done.returncode == 74 and "cannot write it: File too large" in done.stderr, done
    trial.ends_well()


def test_f53_nor_is_that_signal_withheld_from_programs(runbook):
    """Whoever writes beyond it is ended by the signal, as he is used to."""
    file = runbook.write("large.yaml", "runbook: large\ndefaults: {timeout: 1m}\nsteps:\n"
                         "  - {id: it, run: 'ulimit -f 8; head -c 100000 /dev/zero > large'}\n")
    done = runbook("exec", file, cwd=runbook.folder)
    [result] = runbook.named("effect.result")
    assert done.code == 1 and result["exit"] == 153, (done, result)


def test_f53_a_folder_that_is_gone_is_told_before_a_run_is_made(trial):
    gone = os.path.join(trial.runbook.folder, "gone")
    for word in ("exec", "plan"):
        os.mkdir(gone)
        done = subprocess.run(["bash", "-c", f"rmdir '{gone}'; exec \"$@\"", "-", trial.runbook.binary, word,
                               *trial.words[1:]], cwd=gone, env=trial.runbook.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 74 and "this folder is gone" in done.stderr, done
    assert not was_created(trial.runbook) and effects_of(trial.effects) == []


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
    busy = shutil.copy("/bin/true", os.path.join(runbook.folder, "busy"))
    cases = {(runbook.folder + "/gone", "ENOENT"): "does not exist", (plain, "EACCES"): "permission denied",
             (binary, "ENOEXEC"): "neither a program nor a script", (busy, "ETXTBSY"): "busy"}
    with open(busy, "ab"):
        for (program, error), said in cases.items():
            done = runbook("exec", file, "-p", f"program={program}")
            assert done.code == 1 and said in done.err, done
            [result] = runbook.named("effect.result")
            assert result["spawn_error"] == error and "exit" not in result, result
            assert not runbook.named("effect.doubt")
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
    deaf, stopped, after = runbook.named("effect.result")
    assert deaf["killed"] == "timeout" and deaf["escalated"] is True, deaf
    assert stopped["killed"] == "timeout" and "escalated" not in stopped, stopped   # it went on, to its TERM
    assert "killed" not in after and "escalated" not in after, after
    assert list(runbook.what_is_left()) == []
    sound(runbook)


def test_f26_more_output_than_is_kept_is_said(runbook):
    text = """runbook: big
defaults: {timeout: 2m}
steps:
  - {id: it, run: "echo the first; head -c 300M /dev/zero; echo the last"}
"""
    done, kib = runbook.measured("exec", runbook.write("big.yaml", text))
    assert done.code == 0, done
    if not is_sanitized(runbook.binary):
        assert kib < 32 << 10
    [result] = runbook.named("effect.result")
    lost = result["out"]["lost"]
    assert lost > 0 and result["out"]["bytes"] + lost == (300 << 20) + len("the first\nthe last\n")
    assert "were not kept" in done.err
    assert "were not kept" in runbook("logs", "last").out
    kept = os.path.join(runbook.run_folder(), "blobs/sha256", result["out"]["blob"].split(":")[1])
    with open(kept, "rb") as f:
        assert f.read(11) == b"the first\n\0"
        f.seek(-10, os.SEEK_END)
        assert f.read() == b"\0the last\n"
    sound(runbook)


CLOSED = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-", "all": "<&- >&- 2>&-",
          "full": "> /dev/full 2>&1", "full json": "--output json > /dev/full"}


@pytest.mark.parametrize("how", CLOSED)
def test_f28_a_run_does_not_depend_on_who_listens(trial, how):
    def redirected(*words):
        return subprocess.run(["sh", "-c", " ".join([trial.runbook.binary, *words, CLOSED[how]])],
                              env=trial.runbook.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)

    done = redirected(*trial.words)
    assert done.returncode == 0, done
    assert effects_of(trial.effects) == ALL
    sound(trial.runbook)
    if "&-" in CLOSED[how]:     # nor is what is opened next taken for who listens
        verified = redirected("verify", "last")
        assert verified.returncode == 0, verified


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


SURROUNDED = THREE.replace("steps:", """steps:
  - {id: half, lua: 'return {half = 1 / 2, small = ("I"):lower()}'}
  - {id: said, exec: [echo, "${{ steps.half.outputs.half }}", "${{ steps.half.outputs.small }}"]}""")


def test_f53_the_surroundings_change_no_decision(trial, locales):
    with open(trial.file, "w") as f:
        f.write(SURROUNDED)
    base = dict(trial.runbook.env)
    empty_name = f"exec -a '' {trial.runbook.binary} "
    german, turkish = locales
    cases = [{}, german, {"TZ": "Pacific/Kiritimati"}, {**turkish, "TZ": ":/etc/nowhere"},
             {"HOME": None}, {"TERM": None}]
    seen = set()
    for case in cases:
        for before in ("", "umask 0; ", "umask 777; ", "cd /; ", "ulimit -s 512; "):
            trial.begin()
            env = {k: v for k, v in {**base, **case}.items() if v is not None}
            done = subprocess.run(["bash", "-c", before + empty_name + " ".join(trial.words)],
                                  env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
            assert done.returncode == 0, (case, before, done)
            assert trial.runbook("logs", "last", "said").out == "0.5 i\n", (case, before)
            seen.add(decisions(trial.runbook).replace(trial.effects, "EFFECTS"))
    assert len(seen) == 1, seen
