"""Attacks on the reader of a runbook, by their numbers: refused with a place, quickly, in little
memory, and nothing is executed."""

import os
import shutil

import pytest

from conftest import ROOT, is_sanitized

HEAD = "runbook: x\ndefaults: {timeout: 1m}\n"
STEP = "steps:\n  - {id: it, exec: [touch, ran]}\n"
BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 9) + "]\n" for n in range(1, 9))

REFUSED = {
    "a01-alias-bomb": (BOMB, "error[RB0108]: alias `*a0`"),
    "a02-lists": ("x: " + "[" * 60000, "error[RB0113]: nested more than 64 deep"),
    "a02-maps": ("x: " + "{a: " * 60000, "error[RB0113]: nested more than 64 deep"),
    "a02-dashes": ("- " * 60000, "error[RB0113]: nested more than 64 deep"),
    "a03-key-twice": (HEAD + "steps:\n  - id: it\n    exec: [touch, ran]\n    on_failure: stop\n"
                      "    on_failure: continue\n",
                      "error[RB0107]: duplicate key `on_failure`, also on line 6"),
    "a04-merge": (HEAD + "steps:\n  - {id: it, <<: {when: 'true'}, exec: [touch, ran]}\n",
                  "error[RB0109]"),
    "a04-anchor-twice": (HEAD + "steps:\n  - {id: &it it, exec: [touch, &it ran]}\n", "error[RB0108]: anchor `&it`"),
    "a05-octal": (HEAD + "params: {n: {type: integer, default: 0755}}\n" + STEP, "error[RB0205]"),
    "a05-base-60": (HEAD.replace("1m", "12:30:00") + STEP, "error[RB0206]"),
    "a05-no": (HEAD + "params: {n: {type: boolean, default: no}}\n" + STEP, "error[RB0204]"),
    "a06-binary": (HEAD + "steps:\n  - {id: it, exec: [touch, !!binary cmFu]}\n", "error[RB0110]"),
    "a06-python": (HEAD + "x: !!python/object:os.system {}\n" + STEP, "error[RB0110]"),
    "a07-nul": (HEAD + 'steps:\n  - {id: it, exec: [touch, "ran\\0--force"]}\n',
                "error[RB0103]: control character U+0000"),
    "a07-escape": (HEAD + "steps:\n  - {id: it, exec: [touch, 'ran\x1b[2J']}\n",
                   "error[RB0103]: control character U+001B"),
    "a08-second-document": (HEAD + STEP + "---\n" + HEAD + STEP, "error[RB0111]"),
    "a08-directive": ("%YAML 1.1\n---\n" + HEAD + STEP, "error[RB0112]"),
    "a10-misspelt": (HEAD + "steps:\n  - {id: it, gaet: 'true', exec: [touch, ran]}\n",
                     "did you mean `gate`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a01_to_a10_input_that_is_refused(runbook, name):
    text, said = REFUSED[name]
    file = runbook.write("evil.yaml", text)
    done, kib = runbook.measured("exec", file, cwd=runbook.folder)
    assert done.code == 2 and said in done.err, done
    assert "evil.yaml:" in done.err and len(done.err) < 40000
    assert "\033" not in done.err
    assert kib < (100 if is_sanitized(runbook.binary) else 32) << 10
    assert not os.path.exists(os.path.join(runbook.folder, "ran"))
    assert not os.path.exists(runbook.store)


@pytest.mark.parametrize("encoding, code", [("utf-16", "RB0105"), ("utf-16-le", "RB0105"), ("utf-32", "RB0105"),
                                            ("utf-8-sig", "RB0105"), ("latin-1", "RB0102")])
def test_a08_another_encoding_is_refused(runbook, encoding, code):
    file = os.path.join(runbook.folder, "evil.yaml")
    with open(file, "wb") as f:
        f.write((HEAD + "# \u00e4\n" + STEP).encode(encoding))
    done = runbook("exec", file)
    assert done.code == 2 and "evil.yaml" in done.err and f"error[{code}]" in done.err, done


def test_a02_a_file_without_end_is_refused(runbook):
    file = os.path.join(runbook.folder, "evil.yaml")
    with open(file, "wb") as f:
        f.truncate(17 << 20)
    done = runbook("check", file)
    assert done.code == 2 and "is larger than 16777216 bytes" in done.err, done
    for path in ("/dev/zero", "/proc/self/mem", runbook.folder):
        assert runbook("exec", path).code == 2


def test_a02_many_flat_steps_are_fine(runbook):
    count = 1000 if is_sanitized(runbook.binary) else 100000
    file = runbook.write("long.yaml", HEAD + "steps:\n" + "".join(
        f"  - {{id: s{n}, exec: [echo, x]}}\n" for n in range(count)))
    done = runbook("check", file)
    assert done.code == 0, done


def test_a02_a_fifo_is_not_waited_for(runbook):
    path = os.path.join(runbook.folder, "evil.yaml")
    os.mkfifo(path)
    assert runbook("check", path, timeout=10).code == 2


def test_a05_scalars_keep_their_type(runbook):
    text = """runbook: typed
defaults: {timeout: 1m}
params:
  version: {type: string, default: 1.10}
  mode: {type: string, default: 0755}
  id: {type: string, default: 1e3}
  no: {type: string, default: no}
steps:
  - {id: it, exec: [echo, "${{ params.version }}", "${{ params.mode }}", "${{ params.id }}", "${{ params.no }}"]}
"""
    done = runbook("exec", runbook.write("typed.yaml", text))
    assert done.code == 0, done
    assert runbook("logs", "last", "it").out == "1.10 0755 1e3 no\n"


ASKS = """params: {v: {type: string}}
steps:
  - {id: sure, confirm: Sure?}
  - {id: it, exec: [echo, "${{ params.v }}"]}
"""


def written(runbook, folder):
    """A runbook that asks, its parameters and its answers, in this folder."""
    os.makedirs(folder)
    texts = {"asks.yaml": HEAD + ASKS, "params.yaml": "v: x\n", "answers.yaml": "answers: {sure: yes}\n"}
    files = [runbook.write(os.path.join(folder, name), text) for name, text in texts.items()]
    for file in files:
        os.chmod(file, 0o644)
    return files


def with_files(runbook, files):
    file, params, answers = files
    return runbook("exec", file, "--params", params, "--answers", answers)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["runbook", "params", "answers"])
def test_a12_what_anyone_can_write_decides_nothing(runbook, which):
    folder = os.path.join(runbook.folder, "checkout")
    files = written(runbook, folder)
    os.chmod(files[which], 0o646)
    done = with_files(runbook, files)
    assert done.code == 2 and files[which] in done.err, done
    os.chmod(files[which], 0o644)
    os.chmod(folder, 0o777)
    safe = written(runbook, os.path.join(runbook.folder, "safe"))
    into, out_of = os.path.join(runbook.folder, "link.yaml"), os.path.join(folder, "link.yaml")
    os.symlink(files[which], into)
    os.symlink(safe[which], out_of)
    for one in (files[which], into, out_of):
        done = with_files(runbook, [*safe[:which], one, *safe[which + 1:]])
        assert done.code == 2 and folder in done.err, done
    assert not os.path.exists(runbook.store)


def test_a12_a_checkout_of_a_group_is_fine(runbook):
    folder = os.path.join(runbook.folder, "checkout")
    files = written(runbook, folder)
    for path in (folder, *files):       # umask 002
        os.chmod(path, os.stat(path).st_mode | 0o020)
    assert with_files(runbook, files).code == 0
    os.chmod(folder, 0o1777)            # as /tmp: who is not the owner can't replace it
    assert with_files(runbook, files).code == 0


def test_a12_a_strangers_file_where_anyone_can_put_one(runbook):
    folder = os.path.join(runbook.folder, "tmp")
    files = written(runbook, folder)
    os.chmod(folder, 0o1777)
    if os.geteuid() != 0:
        # Nobody else's file is to be had: root's is not a stranger's.
        assert with_files(runbook, files).code == 0
        return
    for path in files:
        os.chown(path, 65534, 65534)
        done = with_files(runbook, files)
        assert done.code == 2 and path in done.err, done
        os.chown(path, 0, 0)
    assert with_files(runbook, files).code == 0


def test_a12_a_folder_further_up_that_anyone_can_replace(runbook):
    open_to_all = os.path.join(runbook.folder, "open")
    files = written(runbook, os.path.join(open_to_all, "sub", "checkout"))
    assert with_files(runbook, files).code == 0
    os.chmod(open_to_all, 0o777)
    safe = written(runbook, os.path.join(runbook.folder, "safe"))
    into, through = os.path.join(runbook.folder, "into"), os.path.join(runbook.folder, "through.yaml")
    os.symlink(os.path.join(open_to_all, "sub"), into)
    os.symlink(safe[0], os.path.join(open_to_all, "link.yaml"))
    os.symlink("open/link.yaml", through)
    for path in (files[0], os.path.join(into, "checkout", "asks.yaml"), through):
        done = with_files(runbook, [path, *safe[1:]])
        assert done.code == 2 and f"anyone can replace {path}: the folder {open_to_all} is writable by all" in done.err
    done = runbook("exec", "asks.yaml", cwd=os.path.dirname(files[0]))
    assert done.code == 2 and open_to_all in done.err, done
    os.chmod(open_to_all, 0o1777)       # as /tmp
    assert with_files(runbook, files).code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a12_a_strangers_folder_where_anyone_can_put_one(runbook):
    open_to_all = os.path.join(runbook.folder, "tmp")
    his = os.path.join(open_to_all, "his")
    files = written(runbook, his)
    os.chmod(open_to_all, 0o1777)
    os.chown(his, 65534, 65534)
    done = with_files(runbook, files)
    assert done.code == 2 and f"{his} is another user's, in the folder {open_to_all}" in done.err, done
    os.chmod(open_to_all, 0o755)        # his own folder, where nobody else can put another
    os.chown(files[0], 65534, 65534)
    assert with_files(runbook, files).code == 0


def test_a12_checks_of_a_library_that_anyone_can_write_decide_nothing(runbook):
    folder = os.path.join(runbook.folder, "stdlib")
    shutil.copytree(os.path.join(ROOT, "stdlib"), folder)
    env = {"RUNBOOK_STDLIB": folder}
    files = written(runbook, os.path.join(runbook.folder, "checkout"))
    file, params, answers = files
    assert runbook("exec", file, "--params", params, env=env).code == 3
    before = runbook.events()
    for path in (folder, os.path.join(folder, "check.lua")):
        mode = os.stat(path).st_mode
        os.chmod(path, mode | 0o002)
        for words in (["exec", file, "--params", params], ["resume", "last", "--answers", answers]):
            done = runbook(*words, env=env)
            assert done.code == 2 and "RUNBOOK_STDLIB: anyone can" in done.err and path in done.err, done
        os.chmod(path, mode & ~0o022)
    assert runbook.events() == before
    assert runbook("resume", "last", "--answers", answers, env=env).code == 0


def test_a12_resume_takes_no_answers_that_anyone_can_write(runbook):
    file, params, answers = written(runbook, os.path.join(runbook.folder, "checkout"))
    assert runbook("exec", file, "--params", params).code == 3
    before = runbook.events()
    os.chmod(answers, 0o666)
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 2 and answers in done.err, done
    assert runbook.events() == before
    os.chmod(answers, 0o644)
    assert runbook("resume", "last", "--answers", answers).code == 0
