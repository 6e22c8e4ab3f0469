"""What verify and replay make of a record that is not what was written."""

import hashlib
import json
import os
import random
import shutil

import pytest

from conftest import ROOT

WORK = """runbook: work
defaults: {timeout: 1m}
steps:
  - id: ask
    exec: [uname, -s]
    outputs: {name: 'result.stdout:match("[^\\n]+")'}
  - id: look
    gate: sh.exec{"test", "-d", "/"}.ok
  - id: say
    run: echo "this is ${{ steps.ask.outputs.name }}"
"""


@pytest.fixture
def sound(runbook):
    assert runbook("exec", runbook.write("work.yaml", WORK)).code == 0
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown
    return runbook


def journal(runbook):
    return os.path.join(runbook.run_folder(), "journal.jsonl")


def rewrite(path, data):
    os.chmod(path, 0o600)
    with open(path, "wb") as f:
        f.write(data)


def levels(runbook):
    shown = runbook("verify", "last", "--output", "json")
    [one] = json.loads(shown.out)
    return {level["name"]: level for level in one["levels"]}


def test_verify_says_of_each_level_what_it_found(sound):
    found = {name: level["finding"] for name, level in levels(sound).items()}
    assert found == {"CHAIN": "PASS", "STRUCTURE": "PASS", "DECISIONS": "PASS",
                     "EVIDENCE": "PASS", "APPROVALS": "ABSENT", "SEAL": "ABSENT",
                     "ANCHORS": "ABSENT"}


def test_any_flipped_byte_is_found_and_its_place_named(sound):
    path = journal(sound)
    with open(path, "rb") as f:
        good = f.read()
    places = random.Random(4711).sample(range(len(good) - 1), 24)
    for place in places + [0, len(good) - 2]:
        bad = bytearray(good)
        bad[place] ^= 1 << place % 7
        rewrite(path, bad)
        line = good[:place].count(b"\n")
        for command in ("verify", "replay"):
            shown = sound(command, "last")
            assert shown.code == 7, f"byte {place}: {shown}"
            assert any(f"{word} {number}" in shown.out + shown.err
                       for word in ("seq", "line") for number in (line, line + 1)), \
                f"byte {place} of line {line}: {shown}"
    rewrite(path, good)
    assert sound("verify", "last").code == 0


def lines_of(runbook):
    with open(journal(runbook), "rb") as f:
        return f.read().splitlines(keepends=True)


@pytest.mark.parametrize("forge", [
    lambda lines: lines[:3] + lines[4:],                             # dropped
    lambda lines: lines[:3] + [lines[4], lines[3]] + lines[5:],      # reordered
    lambda lines: lines[:4] + [lines[3]] + lines[4:],                # twice
    lambda lines: lines[1:],                                         # without its beginning
    lambda lines: [line.replace(b'":', b'": ', 1) for line in lines],  # another form of JSON
    lambda lines: [line[:-1] + b"\r\n" for line in lines],
], ids=["dropped", "reordered", "doubled", "beheaded", "spaced", "crlf"])
def test_forged_lines_are_found(sound, forge):
    rewrite(journal(sound), b"".join(forge(lines_of(sound))))
    shown = sound("verify", "last")
    assert shown.code == 7, shown


@pytest.mark.parametrize("keep", [1, 5])
def test_a_cut_tail_is_open_never_sound(sound, keep):
    rewrite(journal(sound), b"".join(lines_of(sound)[:-keep]))
    shown = sound("verify", "last")
    assert shown.code == 9, shown


def test_a_torn_last_line_is_open_and_resume_mends_it(runbook):
    text = WORK + "  - id: sure\n    confirm: Sure?\n"
    assert runbook("exec", runbook.write("work.yaml", text)).code == 3
    lines = lines_of(runbook)
    rewrite(journal(runbook), b"".join(lines[:-1]) + lines[-1][:-20])
    assert runbook("verify", "last").code == 9
    done = runbook("resume", "last", "--answers",
                   runbook.write("answers.yaml", "answers: {sure: yes}"))
    assert done.code == 0, done
    assert len(runbook.named("tail.recovered")) == 1
    assert runbook("verify", "last").code == 0


def blobs(runbook):
    folder = os.path.join(runbook.run_folder(), "blobs", "sha256")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder))


def test_a_changed_output_is_found(sound):
    with open(blobs(sound)[0], "rb") as f:
        data = f.read()
    rewrite(blobs(sound)[0], data + b"x")
    assert sound("verify", "last").code == 7
    assert levels(sound)["EVIDENCE"]["finding"] == "FAIL"


def test_a_missing_output_is_absent(sound):
    os.unlink(blobs(sound)[0])
    shown = sound("verify", "last")
    assert shown.code == 9, shown


def test_a_changed_copy_of_the_runbook_is_found(sound):
    path = os.path.join(sound.run_folder(), "sources", "work.yaml")
    with open(path, "rb") as f:
        data = f.read()
    rewrite(path, data.replace(b"this is", b"that is"))
    assert sound("verify", "last").code == 7
    assert sound("replay", "last").code == 7


def test_a_missing_run_is_seen_in_the_chain_of_runs(sound):
    sound("exec", sound.folder + "/work.yaml")
    assert sound("verify", "--all").code == 0
    runs = os.path.join(sound.store, "runs")
    shutil.rmtree(os.path.join(runs, sorted(os.listdir(runs))[0]))
    shown = sound("verify", "--all")
    assert shown.code == 7, shown


def test_control_characters_never_reach_the_terminal_raw(runbook):
    text = """runbook: hostile
defaults: {timeout: 1m}
steps:
  - id: shout
    title: "look: \\e[2J"
    run: |
      printf 'x\\033]0;owned\\007\\033[2Jy\\n' >&2
      exit 1
"""
    done = runbook("exec", runbook.write("hostile.yaml", text))
    assert done.code in (1, 2)
    for command in (["status", "last"], ["logs", "last"], ["list"]):
        shown = runbook(*command)
        for stream in (shown.out, shown.err, done.out, done.err):
            assert "\033" not in stream and "\a" not in stream


def test_what_was_cut_off_is_taken_as_recorded(runbook):
    text = """runbook: slow
defaults: {timeout: 1s}
steps:
  - id: spin
    lua: 'return {x = (("a"):rep(40)):find(("a?"):rep(40) .. ("a"):rep(40))}'
"""
    assert runbook("exec", runbook.write("slow.yaml", text)).code == 1
    assert [d["cut"] for d in runbook.named("eval.result")] == [True]
    assert runbook("verify", "last").code == 0
    shown = json.loads(runbook("replay", "last", "--output", "json").out)
    assert shown["same"] and shown["timeouts"] == 1 and shown["evaluations"] == 0


def test_a_difference_by_another_library_is_explained(sound):
    with open(os.path.join(ROOT, "stdlib", "sh.lua"), "rb") as f:
        text = f.read()
    [created] = sound.named("run.created")
    digest = "sha256:" + hashlib.sha256(text).hexdigest()
    assert created["engine"]["stdlib/sh"] == digest
    other = os.path.join(sound.folder, "stdlib")
    shutil.copytree(os.path.join(ROOT, "stdlib"), other)
    sound.write("stdlib/sh.lua", "return {exec = function() return {ok = false} end}\n")
    shown = sound("replay", "last", env={"RUNBOOK_STDLIB": other})
    assert shown.code == 7, shown
    assert f"the run was made with stdlib/sh {digest}" in shown.out
    os.unlink(os.path.join(other, "sh.lua"))
    missing = sound("exec", sound.folder + "/work.yaml", env={"RUNBOOK_STDLIB": other})
    assert missing.code == 2 and "stdlib/sh.lua" in missing.err, missing
    assert len(os.listdir(os.path.join(sound.store, "runs"))) == 1


def test_replay_counts_what_it_derived(sound):
    shown = json.loads(sound("replay", "last", "--output", "json").out)
    assert shown["decisions"] > 0 and shown["evaluations"] >= 2


ASKS = """runbook: asks
defaults: {timeout: 1m}
steps:
  - {id: sure, confirm: Really?}
  - {id: deploy, run: "touch deployed", cwd: "${{ params.dir }}"}
params: {dir: {type: string, pattern: /.*}}
"""


def chained(last, type, d):
    """A line that whoever owns the file can write: every hash is right, nothing of it happened."""
    end = json.loads(last)
    body = json.dumps({"d": d, "mono": end["mono"] + 1, "prev": end["~h"], "seq": end["seq"] + 1,
                       "t": end["t"], "type": type, "v": 1, "w": end["w"]},
                      sort_keys=True, separators=(",", ":"))[:-1]
    h = hashlib.sha256(b"runbook.journal.v1\0" + body.encode()).hexdigest()
    return (body + ',"~h":"' + h + '"}\n').encode()


@pytest.mark.parametrize("type, d", [
    ("step.passed", {"attempts": 1, "step": "sure"}),
    ("eval.result", {"items": [], "phase": "gate", "step": "deploy"}),
    ("question.answered", {"answer": "yes", "q": 9, "step": "sure"}),
    ("run.finished", {"exit": 0, "status": "succeeded"}),
])
def test_what_was_added_with_right_hashes_does_not_follow(runbook, type, d):
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    lines = lines_of(runbook)
    rewrite(journal(runbook), b"".join(lines) + chained(lines[-1], type, d))
    for command in ("verify", "replay"):
        assert runbook(command, "last").code == 7
    assert runbook("status", "last").code in (0, 7)
    assert runbook("logs", "last").code in (0, 7)
    if type != "run.finished":
        assert runbook("resume", "last").code == 7
    assert not os.path.exists(os.path.join(runbook.folder, "deployed"))
