"""When a look at the world begins, what is on disk and shown by then, and what it brings back."""

import os
import re
import time

import pytest

from conftest import Service
from test_crash import sound, wait_for
from test_secrets import traces

HEAD = """
runbook: looks
params: {port: {type: integer}}
connections:
  api: {type: http, url: "http://127.0.0.1:${{ params.port }}"}
defaults: {timeout: 20s}
steps:
"""
PAIR = """
  - {{id: act-{0}, exec: ["true"]}}
  - {{id: look-{0}, gate: 'http.get("/echo?n={0}", {{connection = "api"}}).ok'}}
"""


@pytest.fixture
def service():
    with Service() as it:
        yield it


def calls_of(log, journal):
    """The calls of a traced run: written, synced (both of the journal), shown, asked (of the
    service)."""
    kinds = {rf"write\(\d+<.*{journal}>": "written", rf"fdatasync\(\d+<.*{journal}>": "synced",
             r"write\(2<": "shown", r"sendto\(\d+<TCP:": "asked"}
    with open(log) as f:
        for line in f:
            yield from (what for call, what in kinds.items() if re.match(call, line))


LOOKS = 40


def test_a_look_waits_for_no_sync_and_nothing_is_shown_before_one(runbook, service):
    """Of most steps the look after it begins before the step's end is on disk; whatever is shown is."""
    book = runbook.write("looks.yaml", HEAD + "".join(PAIR.format(n) for n in range(LOOKS)))
    log = os.path.join(runbook.folder, "calls")
    done = runbook.strace("exec", book, "-p", f"port={service.port}", log=log,
                          trace="write,fdatasync,sendto")
    assert done.returncode == 0, done
    calls = list(calls_of(log, "journal.jsonl"))
    assert calls.count("asked") == LOOKS, calls
    owed, syncs = False, [0]
    for call in calls:
        owed = call == "written" or (owed and call != "synced")
        assert not (call == "shown" and owed), calls
        syncs[-1] += call == "synced"
        syncs += [0] if call == "asked" else []
    # The one before the next act covers this look and the act before it. On a machine that is busy a look
    # may take so long that what precedes it is synced meanwhile; if it waited for that, it would be so each time.
    assert syncs[1:-1].count(1) >= 1, calls
    sound(runbook)


def test_what_precedes_a_look_that_takes_long_is_recorded_and_shown(runbook, service):
    book = runbook.write("slow.yaml", HEAD + """
  - {id: act, exec: ["true"]}
  - {id: look, gate: 'not pcall(http.get, "/slow-to-read", {connection = "api", timeout = "4s"})'}
""")
    said = os.path.join(runbook.folder, "said")
    with open(said, "w") as out:
        process = runbook.start("exec", book, "-p", f"port={service.port}", stderr=out)
    runbook.await_event("step.passed", step="act")
    wait_for(lambda: "act: passed" in open(said).read())
    assert "eval.result" not in [event["type"] for event in runbook.events()
                                 if event["d"].get("step") == "look"]
    began = time.monotonic()
    assert process.wait(60) in (0, 1)
    assert time.monotonic() - began > 2, "it was not told before the look had ended"


UNUSED = """runbook: unused
params: {{file: {{type: string, pattern: /.*}}}}
secrets:
  of_file: {{file: {0}}}
  of_env: {{env: UNUSED_SECRET}}
defaults: {{timeout: 1m}}
steps:
  - {{id: look, gate: '#fs.read(params.file).text > 0'}}
  - {{id: print, exec: [cat, "${{{{ params.file }}}}"]}}
  - {{id: rotate, run: "printf 'the-second-of-them' > {0}"}}
  - {{id: again, exec: [cat, {0}]}}
  - {{id: used, run: 'test "$S" = the-second-of-them && echo "$S"', env: {{S: "${{{{ secrets.of_file }}}}", T: "${{{{ secrets.of_env }}}}"}}}}
"""


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a61_a_secret_that_nothing_has_used_is_found_in_what_is_read(runbook, mode):
    """A file that holds it is read before any step needs it; when one does, it has changed."""
    values = {"file": "the-first-of-them", "env": "of-the-environment", "new": "the-second-of-them"}
    path = runbook.write("key", values["file"])
    os.chmod(path, mode)
    held = runbook.write("held", f"a {values['file']} b {values['env']} c\n")
    done = runbook("exec", runbook.write("unused.yaml", UNUSED.format(path)), "-p", f"file={held}",
                   env={"UNUSED_SECRET": values["env"]})
    assert done.code == (0 if mode == 0o600 else 1), done
    if mode == 0o644:
        assert "can be read by everybody" in done.err
    assert traces((done.out + done.err).encode(), values) == []
    store = os.path.join(runbook.store, "runs")
    found = [name for folder, _, names in os.walk(store) for name in names
             if "blobs" in folder or name == "journal.jsonl"
             if traces(open(os.path.join(folder, name), "rb").read(), {k: values[k] for k in ("file", "env")})]
    assert found == []
    assert "a [secret:of_file] b [secret:of_env] c" in runbook("logs", "last", "print").out
    assert "[secret:of_file]" in runbook("logs", "last", "again").out
