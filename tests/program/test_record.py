"""What verify and replay make of a record that is not what was written."""

import hashlib
import json
import os
import random
import re
import shutil

import pytest

from conftest import ROOT
from people import BOOK, shown
from test_terminal import terminal  # noqa: F401

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


def test_a33_any_flipped_byte_is_found_and_its_place_named(sound):
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
def test_a38_a40_forged_lines_are_found(sound, forge):
    rewrite(journal(sound), b"".join(forge(lines_of(sound))))
    shown = sound("verify", "last")
    assert shown.code == 7, shown


def bound(lines):
    """Each bound to the one before it, as whoever owns the files can write them."""
    out, prev = [], None
    for line in lines:
        body = line.rpartition(b',"~h":"')[0]
        if prev:
            body = re.sub(rb'"prev":"[0-9a-f]{64}","seq"', b'"prev":"%s","seq"' % prev, body)
        prev = hashlib.sha256(b"runbook.journal.v1\0" + body).hexdigest().encode()
        out.append(b'%s,"~h":"%s"}\n' % (body, prev))
    return out


# The same to whoever reads JSON, or to some of those.
FORMS = {"space": (b'":', b'": '), "escape": (b'"step":"ask"', b'"step":"\\u0061sk"'),
         "exponent": (b'"attempt":1', b'"attempt":1e0'), "order": (b'"attempt":1,"class":"write"', b'"class":"write","attempt":1'),
         "twice": (b'"attempt":1', b'"attempt":2,"attempt":1')}


@pytest.mark.parametrize("form", FORMS)
def test_a40_what_is_written_another_way_is_found_also_with_right_hashes(sound, form):
    lines = lines_of(sound)
    rewrite(journal(sound), b"".join(bound(lines)))
    assert sound("verify", "last").code == 0
    [at] = [at for at, line in enumerate(lines) if b'"type":"effect.intent"' in line and b'"step":"ask"' in line]
    lines[at] = lines[at].replace(*FORMS[form], 1)
    assert b"".join(lines) != b"".join(lines_of(sound))
    rewrite(journal(sound), b"".join(bound(lines)))
    shown = sound("verify", "last")
    assert shown.code == 7 and f"seq {at} " in shown.out, shown


@pytest.mark.parametrize("keep", [1, 5])
def test_a34_a_cut_tail_is_open_never_sound(sound, keep):
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


def test_a39_a_changed_output_is_found(sound):
    with open(blobs(sound)[0], "rb") as f:
        data = f.read()
    rewrite(blobs(sound)[0], data + b"x")
    assert sound("verify", "last").code == 7
    assert levels(sound)["EVIDENCE"]["finding"] == "FAIL"


@pytest.mark.parametrize("name", ["RUNBOOK_SIGNERS", "RUNBOOK_REVOKED"])
@pytest.mark.parametrize("mode", [None, 0o666])
def test_what_an_auditor_names_and_can_not_be_read_says_nothing_of_a_record(sound, name, mode):
    """A file that is not there, or that anyone could have written; named before anything is verified."""
    path = os.path.join(sound.folder, "of-the-auditor")
    if mode:
        sound.write("of-the-auditor", "")
        os.chmod(path, mode)
    for words in (["verify", "last"], ["verify", "--all"], ["verify", "last", "--output", "json"]):
        done = sound(*words, env={name: path})
        assert (done.code, done.out) == (2, "") and path in done.err, done


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


def test_a37_a_missing_run_is_seen_in_the_chain_of_runs(sound):
    sound("exec", sound.folder + "/work.yaml")
    assert sound("verify", "--all").code == 0
    runs = os.path.join(sound.store, "runs")
    shutil.rmtree(os.path.join(runs, sorted(os.listdir(runs))[0]))
    shown = sound("verify", "--all")
    assert shown.code == 7, shown


# What a program prints, and what a person sees of it.
SHOWN = {
    "x\033[2J": r"x\e[2J", "\033]0;owned\007": r"\e]0;owned\x07",
    "\033]8;;http://evil/\033\\click": r"\e]8;;http://evil/\e\click",
    "\033]52;c;b3duZWQ=\007": r"\e]52;c;b3duZWQ=\x07", "\033P+q544e\033\\": "\\eP+q544e\\e\\",
    "\u009b2J\u009d0;owned\u009c": r"\u009b2J\u009d0;owned\u009c", "good\bbad": r"good\x08bad",
    "all good\rnone is": r"all good\rnone is", "\u202edeew": r"\u202edeew", "a\u200bb": r"a\u200bb",
}
HOSTILE = """runbook: hostile
defaults: {timeout: 1m}
params: {dir: {type: string, pattern: /.*}}
steps:
  - id: shout
    cwd: "${{ params.dir }}"
    run: cat said; cat said >&2
    on_failure: continue
    outputs: {said: result.stdout}
    check: return false, result.stdout
  - {id: sure, confirm: "After ${{ steps.shout.stdout }}?"}
"""
OBEYED = set("\033\a\b\r\u009b\u009d\u009c\u202e\u200b")


def test_a45_control_characters_never_reach_the_terminal_raw(runbook):
    runbook.write("said", "\n".join(SHOWN))
    file = runbook.write("hostile.yaml", HOSTILE)
    done = runbook("exec", file, "-p", f"dir={runbook.folder}")
    assert done.code == 3, done
    told = [done] + [runbook(*words) for words in (
        ["status", "last"], ["logs", "last"], ["list"], ["logs", "last", "shout", "--evidence"])]
    for one in told:
        assert not OBEYED & set(one.out + one.err), ascii(one)
        for shown in SHOWN.values():
            assert shown in (one.out + one.err).replace("\\n", "\n"), (shown, one)
    for words in (["logs", "last", "--events"], ["logs", "last", "--output", "json"], ["replay", "last"],
                  ["resume", "last"]):
        one = runbook(*words)
        assert not OBEYED & set(one.out + one.err), ascii(one)


def test_a45_nor_from_the_output_of_a_step_at_a_terminal(runbook, terminal):     # noqa: F811
    runbook.write("said", "\n".join(SHOWN))
    file = runbook.write("hostile.yaml", HOSTILE)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    person = terminal("logs", "last", "shout")
    person.ends(0)
    for shown in SHOWN.values():
        assert person.all().count(shown) == 2, (shown, person.all())
    assert not OBEYED & set(person.all().replace("\r\n", "\n")), ascii(person.all())


def test_a45_nor_from_the_name_of_a_file(runbook):
    """Of a runbook, of parameters and of answers that are not there, and of one with a mistake in it."""
    name = os.path.join(runbook.folder, "".join(part.replace("/", "") for part in SHOWN))
    file = runbook.write("work.yaml", WORK)
    told = [runbook("check", name), runbook("exec", name), runbook("exec", file, "--params", name),
            runbook("exec", file, "--answers", name)]
    runbook.write(name, "steps: no\n")
    told += [runbook("check", name), runbook("exec", name)]
    for one in told:
        assert one.code in (1, 2) and not OBEYED & set(one.out + one.err), ascii(one)
        assert r"\e]0;owned\x07" in one.out + one.err, one
    assert not os.path.exists(runbook.store)


def test_a45_nor_from_the_folder_of_a_file_or_of_the_store(runbook, people):
    folder = os.path.join(runbook.folder, "".join(part.replace("/", "") for part in SHOWN))
    os.mkdir(folder)
    runbook.env["RUNBOOK_STORE"] = os.path.join(folder, "store")
    request, file = (os.path.join(folder, name) for name in ("request", "deploy.yaml"))
    told = [runbook("locks"), runbook("doctor")]
    runbook.write(file, BOOK)
    assert runbook("exec", file, "-e", "production").code == 3
    runbook.write(file, BOOK + "# another\n")
    told += [runbook("resume", "last"), runbook("approve", "last", "--request", request)]
    digest, _ = shown(runbook, "last", "--key", people.key("po@x"))
    told += [runbook("approve", "--sign", request, "--key", people.key("po@x"), "--shown", digest)]
    for one in told:
        assert not OBEYED & set(one.out + one.err), ascii(one)
        assert r"\e]0;owned\x07" in one.out + one.err, one


@pytest.mark.parametrize("place", ["title: 'x\\e[2J'", 'title: "x\\e[2J"', 'run: "echo \\e]0;x"'],
                         ids=["title", "escaped-title", "escaped-command"])
def test_a45_a_runbook_has_no_control_characters(runbook, place):
    head = "runbook: x\ndefaults: {timeout: 1m}\nsteps:\n  - id: it\n    "
    more = "" if place.startswith("run") else "\n    run: 'true'"
    raw = place.replace("\\e", "\033") if "'" in place else place
    checked = runbook("check", runbook.write("x.yaml", head + raw + more + "\n"))
    assert checked.code == 1 and "error[RB0103]" in checked.err, checked
    assert "\033" not in checked.out + checked.err


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


def test_f08_a_flipped_byte_of_an_open_run_is_left_as_it_is(runbook):
    """No tail that a crash has torn: nothing is cut off, and nothing goes on."""
    file = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", file, "-p", f"dir={runbook.folder}").code == 3
    lines = lines_of(runbook)
    files = sorted(os.listdir(runbook.run_folder()))
    answers = runbook.write("answers.yaml", "answers: {sure: yes}")
    for number in (0, len(lines) // 2, len(lines) - 2):
        for place in (1, len(lines[number]) // 2, len(lines[number]) - 1):
            bad = bytearray(lines[number])
            bad[place] ^= 0x10
            whole = b"".join(lines[:number] + [bytes(bad)] + lines[number + 1:])
            rewrite(journal(runbook), whole)
            done = runbook("resume", "last", "--answers", answers)
            assert done.code == 7, (number, place, done)
            with open(journal(runbook), "rb") as f:
                assert f.read() == whole
            assert sorted(os.listdir(runbook.run_folder())) == files
    assert not os.path.exists(os.path.join(runbook.folder, "deployed"))
    rewrite(journal(runbook), b"".join(lines))
    assert runbook("resume", "last", "--answers", answers).code == 0
