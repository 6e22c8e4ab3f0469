"""The standard library: one source of its documentation, and what its functions do in a run."""

import calendar
import glob
import hashlib
import json
import os
import re
import signal
import sys
import textwrap
import time

import pytest

from conftest import ROOT, Service

sys.path.insert(0, os.path.join(ROOT, "stdlib"))
import document  # noqa: E402

MODULES = [document.Module(path) for path in sorted(glob.glob(os.path.join(ROOT, "stdlib/*.lua")))]
EXAMPLES = [(f"{block.name}-{number}", example) for module in MODULES for block in module.members
            for number, example in enumerate(block.examples, 1)]


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


@pytest.fixture(scope="session")
def world(postgres, prometheus, authority):
    """What the examples reach by these names: a service, a database, a Prometheus, a certificate."""
    postgres.psql("postgres", "CREATE DATABASE stdlib_demo")
    postgres.psql("stdlib_demo", "CREATE TABLE work_orders(id int, status text)")
    with open(postgres.env["PGPASSFILE"]) as f:
        password = f.read().strip().rsplit(":", 1)[1]
    authority.sign("documented", -1, 90)
    with Service() as service:
        yield f"""params:
  tls_port: {{type: integer, default: {authority.serve("documented")}}}
  ca: {{type: string, default: "{authority.ca}"}}
connections:
  api: {{type: http, url: "http://127.0.0.1:{service.port}"}}
  metrics: {{type: prometheus, url: "http://127.0.0.1:{prometheus.port}"}}
  replica: {{type: postgres, host: 127.0.0.1, port: "{postgres.env['PGPORT']}", dbname: stdlib_demo, user: postgres, password: "{password}", read_only: true}}
"""


def run_gate(runbook, lua, code=0, top=""):
    text = f"""runbook: example
defaults: {{timeout: 1m}}
{top}steps:
  - id: it
    gate:
      every: 1ms
      timeout: 1ms
      check: |
{textwrap.indent(lua, " " * 8)}
"""
    path = runbook.write("example.yaml", text)
    done = runbook("exec", path)
    assert done.code == code, done
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown
    return done


def test_there_is_documentation_to_check():
    assert {"", "check", "json", "re", "sh"} <= {module.name for module in MODULES}
    assert len(EXAMPLES) >= 16


def test_every_function_has_an_example():
    without = [block.name for module in MODULES for block in module.members
               if "(" in block.call and not block.examples]
    assert without == []


@pytest.mark.parametrize("example", [text for _, text in EXAMPLES],
                         ids=[name for name, _ in EXAMPLES])
def test_an_example_holds(runbook, example, request):
    outside = re.search(r"\b(http|pg|prom|tls)\.", example)
    run_gate(runbook, example, top=request.getfixturevalue("world") if outside else "")


def test_the_reference_is_made_of_the_comments():
    assert read("docs/stdlib.md") == document.markdown(MODULES), \
        "python3 stdlib/document.py markdown stdlib/*.lua > docs/stdlib.md"


def test_files_for_editors_declare_what_there_is(binary):
    folder = os.path.join(os.path.dirname(binary), "stdlib", "meta")
    for module in MODULES:
        text = read(os.path.join(folder, (module.name or "base") + ".lua"))
        assert text == document.meta(module)
        declared = re.findall(r"^function ([\w.]+)|^(\w+(?:\.\w+)?) = nil", text, re.M)
        assert [a or b for a, b in declared] == [block.name for block in module.members]


def globals_of(name):
    """The names of a list of plan/globals.h; None: there is no such list."""
    text = read("interpreter/plan/globals.h").replace("\\\n", " ")
    found = re.search(rf"^#define RB_{name}\(X\)(.*)$", text, re.M)
    return found and sorted(re.findall(r'X\("(\w+)"\)', found.group(1)))


def test_check_and_completion_know_what_is_documented():
    named = [module for module in MODULES if module.name]
    assert sorted(module.name for module in named) == \
        sorted(globals_of("WORLD_MODULES") + globals_of("PURE_MODULES"))
    for module in named:
        members = sorted(block.name.split(".")[1] for block in module.members)
        assert members == globals_of(module.name.upper() + "_NAMES"), module.name
    [base] = [module for module in MODULES if not module.name]
    [head] = re.findall(r"own (.*?)\. Each example", document.HEAD, re.S)
    functions = [block.name for block in base.members if "(" in block.call]
    values = [block.name for block in base.members if "(" not in block.call]
    assert sorted(re.findall(r"`(\w+)`", head) + functions) == globals_of("PURE_NAMES")
    assert sorted(values) == globals_of("SCOPE_NAMES")


def fields_of(name):
    """Of a class that a comment declares, with those of the class that it is made of."""
    [block] = [block for module in MODULES for block in module.classes
               if block.values("class")[0].split()[0].rstrip(":") == name]
    parent = re.match(r"\S+: (\S+)", block.values("class")[0])
    own = {field.split()[0].rstrip("?") for field in block.values("field")}
    return own | (fields_of(parent.group(1)) if parent else set())


@pytest.mark.parametrize("name, names", [
    ("Step", "STEP_NAMES"), ("Run", "RUN_NAMES"), ("Process", "PROCESS_NAMES"),
    ("http.Outcome", "ANSWER_NAMES"), ("pg.Outcome", "ROWS_NAMES")])
def test_editors_know_the_members_of_what_the_run_has(name, names):
    assert sorted(fields_of(name)) == globals_of(names)


def test_every_class_that_a_type_names_is_declared():
    declared = {block.values("class")[0].split()[0].rstrip(":") for module in MODULES
                for block in module.blocks if block.values("class")}
    generic = {name for module in MODULES for block in module.blocks for name in block.values("generic")}
    for module in MODULES:
        for block in module.blocks:
            for tag in ("field", "param", "return", "type"):
                for value in block.values(tag):
                    kind = value if tag in ("return", "type") else value.split(None, 1)[1]
                    text = re.sub(r'"[^"]*"', "", document.split_type(kind)[0])
                    named = set(re.findall(r"\b(?:[a-z]+\.)?[A-Z]\w*", text))
                    assert named <= declared | generic, (module.name, value)


def test_what_is_documented_is_there(runbook):
    names = {block.name for module in MODULES for block in module.members} - set(globals_of("SCOPE_NAMES"))
    run_gate(runbook, "\n".join(f'if type({name}) == "nil" then fail("{name}") end'
                                for name in sorted(names)) + "\nreturn true")


def test_a_member_without_a_comment_is_refused(tmp_path):
    (tmp_path / "x.lua").write_text("---@meta x\n\nlocal x = {}\n\nfunction x.f() end\n")
    with pytest.raises(AssertionError, match="x.f has no comment"):
        document.Module(tmp_path / "x.lua")


def test_what_a_check_compared_is_shown_and_kept(runbook):
    done = run_gate(runbook, """return check.all{
  pods = function() return check.eq(3, 3, "ready") end,
  rate = function() return check.lt(0.07, 0.05, "error rate") end}""", code=1)
    assert "1 of 2 do not hold: rate: error rate: 0.07, expected < 0.05" in done.err
    assert "compared: ready: 3 == 3\n" in done.err
    assert "compared: error rate: 0.07 < 0.05, does not hold\n" in done.err
    [item] = runbook.named("eval.result")[-1]["items"]
    assert item["verdict"] == "fails"
    assert item["seen"] == [
        {"what": "ready", "left": "3", "op": "==", "right": "3", "holds": True},
        {"what": "error rate", "left": "0.07", "op": "<", "right": "0.05", "holds": False}]


def rechained(events):
    """The lines of these events with every hash right, as whoever owns the file can write them."""
    last = "0" * 64
    for event in events:
        event = {**event, "prev": last}
        del event["~h"]
        body = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)[:-1]
        last = hashlib.sha256(b"runbook.journal.v1\0" + body.encode()).hexdigest()
        yield body + ',"~h":"' + last + '"}\n'


def test_replay_compares_what_was_compared(runbook):
    run_gate(runbook, 'return check.eq(#"abc", 3, "bytes")')
    events = runbook.events()
    [seen] = [event["d"]["items"][0]["seen"][0] for event in events
              if event["type"] == "eval.result"]
    journal = os.path.join(runbook.run_folder(), "journal.jsonl")
    os.chmod(journal, 0o600)
    for left, code in (("3", 0), ("4", 7)):
        seen["left"] = left
        with open(journal, "w") as f:
            f.writelines(rechained(events))
        assert runbook("replay", "last").code == code


def test_looks_run_side_by_side_and_each_gets_its_answer(runbook):
    """Each waits for the one after it to end: one by one the first would never end."""
    folder, count = runbook.folder, 12
    runbook.write(f"ended-{count}", "")
    branches = "\n".join(
        f"""b{n:02} = function()
              local ends = [[until test -e {folder}/ended-{n + 1}; do sleep 0.01; done
                touch {folder}/ended-{n}; exit {n}]]
              return sh.exec{{"sh", "-c", ends, timeout = "50s"}}.exit == {n}
            end,""" for n in range(count))
    run_gate(runbook, f"local seen = parallel{{\n{branches}\n}}\nreturn check.all(seen)")
    [done] = runbook.named("eval.result")
    assert [call["outcome"]["exit"] for call in done["evidence"]] == list(range(count))


def test_more_looks_than_may_run_at_once_take_turns(runbook):
    """A branch of 50 that asks together with another: 100 in one round."""
    run_gate(runbook, """local function fifty()
  local all = {}
  for i = 1, 50 do all[i] = function() return sh.exec{"sh", "-c", "exit $0", i}.exit == i end end
  return check.all(parallel(all))
end
return check.all(parallel{fifty, fifty})""")
    [done] = runbook.named("eval.result")
    assert [call["outcome"]["exit"] for call in done["evidence"]] == 2 * list(range(1, 51))


def test_an_interrupted_look_leaves_nothing(runbook):
    """Its siblings end with it."""
    text = """runbook: stopped
defaults: {timeout: 1m}
steps:
  - id: it
    gate: |
      local function wait() sh.exec{"sleep", "600", timeout = "1h", cwd = "FOLDER"} end
      parallel{wait, wait, wait}
      return true
"""
    file = runbook.write("stopped.yaml", text.replace("FOLDER", runbook.folder))
    process = runbook.start("exec", file)
    deadline = time.monotonic() + 60
    while len(list(sleeping(runbook))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(list(sleeping(runbook))) == 3
    for _ in range(2):
        process.send_signal(signal.SIGINT)
    process.wait(60)
    while list(sleeping(runbook)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(sleeping(runbook)) == []


def test_the_clock_is_asked_once_and_replayed(runbook):
    """Wherever the process says it is."""
    lua = """local now = time.now()
return now > time.parse("2024-01-01") and time.format(now) == time.format(time.add(now, "0s"))"""
    runbook.env["TZ"] = "Asia/Tokyo"
    before = int(time.time())
    run_gate(runbook, lua)
    [done] = runbook.named("eval.result")
    [one] = done["evidence"]
    assert one["call"] == "time.now" and one["req"] == {"clock": "utc"}
    said = calendar.timegm(time.strptime(one["outcome"]["now"][:19], "%Y-%m-%dT%H:%M:%S"))
    assert before <= said <= time.time()
    shown = runbook("logs", "last", "it", "--evidence")
    assert 'asked     {"time.now":' in shown.out and '{"now":"' in shown.out, shown


def sleeping(runbook):
    for pid in runbook.what_is_left():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if f.read() == b"sleep\x00600\x00":
                    yield pid
        except OSError:
            continue
