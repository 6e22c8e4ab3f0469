"""Looking at files: what there is, what there is not, and what must not hold up a run."""

import ctypes
import os
import socket
import time

import pytest

from conftest import ROOT

MNT_DETACH = 2


def ask(runbook, lua, code=0, top=""):
    """A step that returns what the Lua says; the run stands in the test's folder."""
    path = runbook.write("fs.yaml", f"""runbook: files
{top}defaults: {{timeout: 1m}}
steps:
  - id: it
    lua: |
      {lua}
""")
    done = runbook("exec", path, cwd=runbook.folder)
    assert done.code == code, done
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown
    return runbook.named("step.passed")[-1]["outputs"] if code == 0 else done


def file(runbook, name, text, age=0):
    path = runbook.write(name, text)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_fs_what_is_at_a_path_and_what_is_not(runbook):
    path = file(runbook, "dump", "12345", age=7200)
    os.chmod(path, 0o640)
    os.symlink("dump", os.path.join(runbook.folder, "link"))
    os.symlink("gone", os.path.join(runbook.folder, "dangling"))
    got = ask(runbook, """local dump, link = fs.stat("dump"), fs.stat("link")
      return {type = dump.type, size = dump.size, mode = dump.mode, uid = dump.uid, link = link.type,
              age = time.since(dump.modified), folder = fs.stat(".").type, device = fs.stat("/dev/null").type,
              dangling = fs.stat("dangling").exists, gone = fs.stat("gone").exists,
              under = fs.stat("dump/x").exists, nothing = fs.stat("gone").size == nil}""")
    age = got.pop("age")
    assert 7200 <= age < 7200 + 600
    assert got == {"type": "file", "size": 5, "mode": "0640", "uid": os.getuid(), "link": "file",
                   "folder": "directory", "device": "device", "dangling": False, "gone": False,
                   "under": False, "nothing": True}
    shown = runbook("logs", "last", "it", "--evidence")
    assert 'asked     {"fs.stat":{"path":"dump"' in shown.out, shown
    assert '| {"exists":true' in shown.out and '"size":5' in shown.out


def test_fs_a_file_is_read_up_to_its_cap(runbook):
    file(runbook, "notes", "one\ntwo\n")
    file(runbook, "raw", "a\nb")
    with open(os.path.join(runbook.folder, "bytes"), "wb") as f:
        f.write(b"\xff\x00\n")
    got = ask(runbook, """local cut = fs.read("notes", {max_bytes = 5, cut = true})
      local _, problem = try(fs.read, "notes", {max_bytes = 7})
      return {all = fs.read("notes", {max_bytes = 8}).text, cut = cut.text, is_cut = cut.cut, size = cut.size,
              whole = fs.read("raw").cut, raw = fs.read("raw").text, code = problem.code,
              bytes = fs.read("bytes").text == "\\xff\\0\\n", gone = fs.read("gone").exists,
              none = fs.read("gone").text == nil, proc = #fs.read("/proc/self/status").text > 0}""")
    assert got == {"all": "one\ntwo\n", "cut": "one\nt", "is_cut": True, "size": 8, "whole": False,
                   "raw": "a\nb", "code": "too_large", "bytes": True, "gone": False, "none": True,
                   "proc": True}
    shown = runbook("logs", "last", "it", "--evidence")
    assert '| {"cut":true,"exists":true,"size":8}' in shown.out, shown


def test_fs_what_is_no_file_is_not_opened(runbook):
    """A FIFO without a writer, a device, a socket, a folder: none is waited for, none is an answer."""
    os.mkfifo(os.path.join(runbook.folder, "fifo"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.join(runbook.folder, "socket"))
        got = ask(runbook, """local codes = {}
      for i, path in ipairs{"fifo", "/dev/zero", "socket", "."} do
        local _, problem = try(fs.read, path)
        codes[i] = problem.code .. " " .. tostring(problem.retryable)
      end
      local _, problem = try(fs.list, "fs.yaml")
      return {codes = codes, list = problem.code}""")
    assert got == {"codes": ["kind false"] * 4, "list": "kind"}


@pytest.mark.parametrize("lua, why", [
    ('fs.stat("")', "the path is no text"),
    ('fs.stat(5)', "the path is no text"),
    ('fs.stat("a\\0b")', "NUL"),
    ('fs.stat("x", {timout = "1s"})', "unknown option 'timout'; there are timeout"),
    ('fs.read("x", {max_bytes = 9000000})', "max_bytes is a whole number from 1 to 8388608"),
    ('fs.read("x", {max_bytes = "1"})', "max_bytes is a string"),
    ('fs.list("x", "y")', "options are a table"),
    ('fs.stat("x", {timeout = 5})', "timeout is a number"),
    ('fs.stat(("x"):rep(5000))', "File name too long"),
])
def test_fs_a_question_that_is_none_is_unknown(runbook, lua, why):
    done = ask(runbook, f"return {{it = {lua}}}", 1)
    assert why in done.err and "could not be decided" in done.err, done


def test_fs_what_nobody_may_see_is_unknown_and_not_absent(runbook):
    """Root, if it is that, without what makes it root to files."""
    folder = os.path.join(runbook.folder, "closed")
    os.mkdir(folder, 0)
    path = runbook.write("fs.yaml", """runbook: files
steps:
  - {id: it, lua: 'return {it = fs.stat("closed/dump").exists}'}
""")
    caps = "-dac_override,-dac_read_search"
    first = ["setpriv", "--bounding-set", caps, "--inh-caps", caps] if os.geteuid() == 0 else []
    words = [*first, runbook.binary, "exec", path]
    runbook.binary = words[0]
    done = runbook(*words[1:], cwd=runbook.folder)
    os.chmod(folder, 0o700)
    assert done.code == 1 and "closed/dump: Permission denied" in done.err, done


def test_fs_the_newest_backup_is_found(runbook):
    os.mkdir(os.path.join(runbook.folder, "backups"))
    for name, age, text in (("a.dump", 200000, "old"), ("b.dump", 3600, "newer"), ("c.log", 0, "")):
        file(runbook, "backups/" + name, text, age)
    os.mkdir(os.path.join(runbook.folder, "backups", "d.dump"))
    os.symlink("gone", os.path.join(runbook.folder, "backups", "e.dump"))
    os.mkdir(os.path.join(runbook.folder, "empty"))
    got = ask(runbook, """local all = fs.list("backups")
      local dumps = fs.list("backups", {match = [[\\.dump$]]})
      local names = {}
      for i, entry in ipairs(all.entries) do names[i] = entry.name .. " " .. entry.type end
      return {names = names, count = #dumps.entries, newest = dumps.newest.name, size = dumps.newest.size,
              fresh = time.since(dumps.newest.modified) < time.seconds("24h"),
              empty = #fs.list("empty").entries, none = fs.list("empty").newest == nil,
              gone = fs.list("gone").exists}""")
    assert got == {"names": ["a.dump file", "b.dump file", "c.log file", "d.dump directory", "e.dump link"],
                   "count": 4, "newest": "b.dump", "size": 5, "fresh": True, "empty": 0, "none": True,
                   "gone": False}


def test_fs_no_backup_opens_no_gate(runbook):
    path = runbook.write("gate.yaml", """runbook: gate
steps:
  - id: it
    gate: {check: 'time.since(fs.stat("dump").modified) < time.seconds("24h")', every: 1ms, timeout: 1ms}
""")
    done = runbook("exec", path, cwd=runbook.folder)
    assert done.code == 1, done
    assert all("error" in item for d in runbook.named("eval.result") for item in d["items"])


def test_fs_a_directory_of_too_many_is_no_answer(runbook):
    os.mkdir(os.path.join(runbook.folder, "many"))
    for number in range(10001):
        os.close(os.open(os.path.join(runbook.folder, "many", str(number)), os.O_CREAT, 0o600))
    done = ask(runbook, 'return {it = fs.list("many").newest}', 1)
    assert "more than 10000 entries" in done.err, done
    os.unlink(os.path.join(runbook.folder, "many", "0"))
    assert ask(runbook, 'return {it = #fs.list("many").entries}') == {"it": 10000}


def test_fs_a_name_that_is_no_text_is_no_answer(runbook):
    # Shown as another name it would be looked for in vain, and count as gone.
    folder = os.path.join(runbook.folder, "locks")
    os.mkdir(folder)
    with open(os.path.join(folder.encode(), b"a\377b"), "w"):
        pass
    done = ask(runbook, 'return fs.list("locks").entries[1].name', 1)
    assert "could not be decided" in done.err and "not UTF-8" in done.err, done


def test_fs_needs_no_secret_of_the_runbook(runbook):
    top = "secrets: {nope: {env: THERE_IS_NONE}}\nenv: {TOKEN: \"${{ secrets.nope }}\"}\n"
    assert ask(runbook, 'return {exists = fs.stat("/").exists}', top=top) == {"exists": True}


def test_fs_free_space_is_what_df_says(runbook):
    got = ask(runbook, """local free = fs.free("/")
      local df = sh.exec{"df", "--output=pcent", "/"}
      return {percent = math.floor(free.percent), used = tonumber(df.stdout:match("%d+")), bytes = free.bytes > 0,
              less = free.bytes < free.total, gone = fs.free("/no/such").exists,
              proc = fs.free("/proc").percent == nil}""")
    assert abs(100 - got.pop("percent") - got.pop("used")) <= 2, got
    assert got == {"bytes": True, "less": True, "gone": False, "proc": True}


def test_fs_a_secret_in_a_file_is_taken_out(runbook):
    runbook.env["DB_PASSWORD"] = "hunter2hunter2"
    file(runbook, "config", "password = hunter2hunter2\n")
    got = ask(runbook, """sh.exec{"true", stdin = secrets.db}
      return {it = fs.read("config").text}""", top="secrets: {db: {env: DB_PASSWORD}}\n")
    assert got["it"].startswith("password = ") and "hunter2" not in got["it"]
    shown = runbook("logs", "last", "it", "--evidence").out
    assert "| password = " in shown and "hunter2" not in shown


@pytest.fixture
def hung(tmp_path):
    """A file system whose server never answers."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder = tmp_path / "hung"
    folder.mkdir()
    try:
        server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as problem:
        pytest.skip(f"/dev/fuse: {problem}")
    options = f"fd={server},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    if libc.mount(b"hung", bytes(folder), b"fuse", 0, options.encode()) != 0:
        os.close(server)
        pytest.skip(f"mount: {os.strerror(ctypes.get_errno())}")
    yield str(folder)
    libc.umount2(bytes(folder), MNT_DETACH)
    os.close(server)


@pytest.mark.parametrize("look", ['stat("hung/x")', 'read("hung/x")', 'free("hung")', 'list("hung")'])
def test_fs_a_mount_that_hangs_does_not_hold_up_the_run(runbook, hung, look):
    name, rest = look.split("(", 1)
    done = ask(runbook, f"""return {{it = fs.{name}({rest[:-1]}, {{timeout = "200ms"}}).exists}}""", 1)
    assert "it took too long" in done.err and "could not be decided" in done.err, done
    assert list(runbook.what_is_left()) == []


def test_fs_check_knows_its_functions(runbook):
    path = runbook.write("wrong.yaml", """runbook: wrong
steps:
  - {id: it, gate: 'fs.stats("x").exists'}
""")
    done = runbook("check", path)
    assert done.code == 1 and "did you mean `stat`?" in done.err + done.out, done


def test_fs_looks_need_no_path_of_the_environment(runbook):
    """The program that looks is the one that runs, wherever it lies."""
    runbook.env["PATH"] = "/nowhere"
    assert ask(runbook, f'return {{it = fs.stat("{ROOT}").type}}') == {"it": "directory"}
