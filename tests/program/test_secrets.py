"""Secrets: attacks A61 to A64 on the whole program, with values from each source, through runs that
pass, fail, are killed and go on."""

import base64
import hashlib
import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import threading
import urllib.parse

import pytest

from conftest import is_sanitized
from test_crash import sound, wait_for
from test_terminal import Terminal, terminal  # noqa: F401

VALUES = {
    "env": "hunter2/with 'quotes' & \u00fcmlaut",
    "file": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC+/==\nfour\n-----END KEY-----",
    "command": "from-a-command \"$x\" \\ 47110815",
    "prompt": "typed-by-a-person #1",
}
# What a program could do with a text that it should not have printed.
SPELLINGS = {
    "plain": lambda v: v,
    "json": lambda v: json.dumps(v)[1:-1].encode(),
    "json utf-8": lambda v: json.dumps(v, ensure_ascii=False)[1:-1].encode(),
    "hex": lambda v: v.encode().hex(),
    "HEX": lambda v: v.encode().hex().upper(),
    "url": urllib.parse.quote,
    "url whole": lambda v: urllib.parse.quote(v, safe=""),
    "form": urllib.parse.quote_plus,
    "shell": lambda v: shlex.quote(v).strip("'"),
}
for width in range(3):      # what of it is the same whatever stands beside it
    def aligned(value, width=width):
        raw = value.encode()
        return base64.b64encode(b"\0" * width + raw)[(0, 2, 3)[width]:(width + len(raw)) * 8 // 6]
    SPELLINGS[f"base64 {width}"] = aligned
    SPELLINGS[f"base64 url {width}"] = lambda v, f=aligned: f(v).translate(
        bytes.maketrans(b"+/", b"-_"))


def traces(data, values=VALUES):
    """Which secrets in which spellings are in the bytes, also with line ends in them."""
    data += b"\0" + data.replace(b"\r", b"").replace(b"\n", b"")
    found = set()
    for name, value in values.items():
        lines = [line for line in value.split("\n") if len(line) >= 6]
        for spelling, spell in SPELLINGS.items():
            for text in [value, *lines]:
                spelled = spell(text)
                spelled = spelled.encode() if isinstance(spelled, str) else spelled
                if spelled in data:
                    found.add((name, spelling))
    return sorted(found)


def assert_nothing_in(folder, values=VALUES):
    """No file below it holds a secret, nor is called like one."""
    seen = 0
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                data = f.read() + path.encode()
            assert traces(data, values) == [], path
            seen += 1
    assert seen > 3


class Watch:
    """Looks at the arguments of every process, over and over, while something runs."""

    def __enter__(self):
        self.found, self.rounds, self.over = set(), 0, threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while not self.over.is_set():
            for name in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{name}/cmdline", "rb") as f:
                        self.found.update(traces(f.read().replace(b"\0", b" ")))
                except OSError:
                    continue
            self.rounds += 1

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        assert self.rounds > 0 and self.found == set()


PYTHON = "import os, sys, time; v = os.environ['SECRET']"
SPILL = """
import base64, json, os, shlex, urllib.parse
value = os.environ['SECRET']
raw = value.encode()
spelled = [raw, raw.hex().encode(), raw.hex().upper().encode(), json.dumps(value).encode(),
           json.dumps(value, ensure_ascii=False).encode(), urllib.parse.quote(value).encode(),
           urllib.parse.quote(value, safe='').encode(), urllib.parse.quote_plus(value).encode(),
           shlex.quote(value).encode(), *raw.split(b'\\n')]
for before in (b'', b'.', b'..', b'...'):
    spelled += [base64.b64encode(before + raw), base64.urlsafe_b64encode(before + raw + b'.'),
                base64.encodebytes(before + raw)]
for text in spelled:
    for byte in b'<' + text + b'>\\n':
        os.write(1, bytes([byte]))
for text in spelled:
    for over in (1, len(text) // 2, len(text) - 1, 0):
        os.write(2, b'x' * (4096 - over) + text + b'\\n')
os.write(1, raw[:len(raw) // 2])
"""


def runbook_with(**more):
    """A runbook whose secrets come from everywhere; `more` replaces members of its steps."""
    return f"""runbook: secrets
secrets:
  env: {{env: THE_SECRET}}
  file: {{file: secret.txt}}
  command: {{command: [cat, command.txt]}}
defaults: {{timeout: 1m}}
env: {{FROM_FILE: "${{{{ secrets.file }}}}"}}
steps:
  - id: environment
    env: {{SECRET: "${{{{ secrets.env }}}}"}}
    exec: [python3, spill.py]
    check: |
      return sh.exec{{"sh", "-c", 'test "$SECRET" = "$(cat)"; echo "$SECRET"', stdin = secrets.env,
                     env = {{SECRET = secrets.env}}}}.ok
  - id: input
    stdin: "${{{{ secrets.command }}}}"
    run: tee copy.txt; set -x; echo "$FROM_FILE"
    outputs: {{all: result.stdout}}
  - id: again
    env: {{SECRET: "${{{{ secrets.file }}}}"}}
    pipe: [[python3, spill.py], [cat]]
  - id: shown
    run: echo ${{{{ steps.input.outputs.all }}}}; exit {more.get("exit", 0)}
    expect: {{stdout: /no such text/}}
    on_failure: continue
"""


@pytest.fixture
def place(runbook):
    """The test's folder, with files for the secrets that come from files."""
    for name, value in (("secret.txt", VALUES["file"] + "\n"), ("command.txt", VALUES["command"]),
                        ("spill.py", SPILL)):
        os.chmod(runbook.write(name, value), 0o600)
    runbook.env["THE_SECRET"] = VALUES["env"]
    return runbook


def run(runbook, file, *words, code=0):
    done = runbook("exec", file, *words, cwd=runbook.folder)
    assert done.code == code, done
    assert traces((done.out + done.err).encode()) == []
    return done


def assert_no_trace(runbook, file):
    """Neither the store nor anything that can be asked about the run has a secret in it."""
    assert_nothing_in(runbook.store)
    planned = runbook("plan", file, cwd=runbook.folder).out
    assert "FROM_FILE = secret:file" in planned and "SECRET = secret:env" in planned
    assert "standard input = secret:command" in planned
    for words in (["status"], ["status", "--output", "json"], ["logs", "last", "environment"],
                  ["logs", "last", "input"], ["logs", "last", "again"], ["verify"], ["replay"],
                  ["list"], ["plan", file], ["plan", file, "--output", "json"]):
        shown = runbook(*words, *(["last"] if words[0] in ("status", "verify", "replay") else []),
                        cwd=runbook.folder)
        assert traces((shown.out + shown.err).encode()) == [], words


@pytest.mark.parametrize("output", ["plain", "json", "github"])
@pytest.mark.parametrize("code", [0, 3])
def test_a61_a63_a_secret_is_nowhere_however_it_is_printed(place, output, code):
    file = place.write("secrets.yaml", runbook_with(exit=code))
    with Watch():
        run(place, file, "--output", output)
    assert_no_trace(place, file)
    spilled = place("logs", "last", "environment").out
    assert spilled.count("[secret:env]") > 15 and spilled.count("<") == spilled.count(">")
    with open(os.path.join(place.folder, "copy.txt")) as f:
        assert f.read() == VALUES["command"]        # the program itself had it
    sound(place)


def test_a61_secrets_that_overlap_leave_nothing_of_each_other(place):
    place.env.update(A="overlapping-one", B="one-after-another", C="overlap", D="lapping-one-af")
    file = place.write("overlap.yaml", """runbook: overlap
secrets: {a: {env: A}, b: {env: B}, c: {env: C}, d: {env: D}}
defaults: {timeout: 1m}
env: {A: "${{ secrets.a }}", B: "${{ secrets.b }}", C: "${{ secrets.c }}", D: "${{ secrets.d }}"}
steps:
  - id: one
    run: echo "<overlapping-one-after-another> <$A$B> <$C$D>"
""")
    done = place("exec", file)
    assert done.code == 0, done
    assert place("logs", "last", "one").out == \
        "<[secret:b]> <[secret:a][secret:b]> <[secret:c][secret:d]>\n"


MESSAGES = """runbook: messages
secrets: {db: {env: THE_SECRET}}
defaults: {timeout: 1m}
env: {PGPASSWORD: "${{ secrets.db }}"}
steps:
  - id: fails
    run: |
      set -x
      echo "connection to postgres://app:$PGPASSWORD@db failed: $PGPASSWORD" >&2
      env
      exit 7
    on_failure: continue
  - id: expected
    run: echo "$PGPASSWORD"
    expect: {stdout: /nothing like it/, stderr: {equals: x}}
    on_failure: continue
  - id: raised
    run: echo "$PGPASSWORD"
    check: error("it said " .. result.stdout)
    on_failure: continue
  - id: said
    run: echo "$PGPASSWORD"
    check: return false, result.stdout
    on_failure: continue
  - id: looked
    lua: |
      local out = sh.exec{"sh", "-c", "cat; cat >&2", stdin = secrets.db}
      error(out.stdout .. out.stderr)
    on_failure: continue
  - id: compared
    gate: {check: 'sh.exec{"printenv", "PGPASSWORD"}.stdout == "x"', timeout: 1s, every: 500ms}
    on_failure: continue
  - id: unseen
    lua: |
      return {text = pcall(tostring, secrets.db) or pcall(function() return secrets.db .. "" end)
              or pcall(function() return #secrets.db end) or pcall(string.format, "%s", secrets.db)
              or pcall(function() return secrets.db < secrets.db end),
              out = sh.exec{"true", env = {A = secrets.db}}.ok}
  - id: proven
    run: 'true'
    check: not steps.unseen.outputs.text and steps.unseen.outputs.out
"""


def test_a62_a_secret_is_in_no_message(place):
    file = place.write("messages.yaml", MESSAGES)
    for output in ("plain", "json"):
        done = run(place, file, "--output", output)
        assert_nothing_in(place.store)
    assert place.steps()["proven"] == "passed"
    reasons = json.dumps(place.named("attempt.failed"))
    assert reasons.count("[secret:db]") >= 3, reasons
    assert "[secret:db]" in done.out
    sound(place)


def test_a62_what_the_system_says_is_redacted_too(place):
    hidden = place.env["THE_SECRET"] = os.path.join(place.folder, "folder-8472")
    os.mkdir(hidden)
    os.chmod(place.write("folder-8472/no-program", "\x7f"), 0o755)
    file = place.write("what.yaml", f"""runbook: what
secrets: {{s: {{env: THE_SECRET}}}}
defaults: {{timeout: 1m}}
env: {{S: "${{{{ secrets.s }}}}"}}
steps:
  - id: one
    exec: [{hidden}/program]
    on_failure: continue
  - id: two
    pipe: [['true'], [{hidden}/no-program]]
    on_failure: continue
""")
    done = place("exec", file)
    assert done.code == 0, done
    results = place.named("effect.result")
    assert [result["what"] for result in results] == \
        ["the program [secret:s]/program does not exist",
         "[secret:s]/no-program is neither a program nor a script that begins with #!"]
    assert "the program [secret:s]/program does not exist" in done.err


@pytest.mark.parametrize("declared, value, said", [
    ("env: THE_SECRET", "short", "fewer than 6 bytes"),
    ("env: THE_SECRET", "", "is empty"),
    ("env: OTHER_SECRET", "x", "the environment variable OTHER_SECRET is not set"),
    ("file: absent.txt", "x", "absent.txt can't be opened: No such file"),
    ("file: open.txt", "x", "open.txt can be read by everybody"),
    ("file: /", "x", "/ is not a regular file"),
    ("file: large.txt", "x", "more than 64 KiB"),
    ("command: [sh, -c, 'echo hidden-words-$((40 + 2)) | tee /dev/stderr; exit 4']", "x",
     "its command `sh`: it failed with exit code 4"),
    ("command: [no-such-program]", "x", "can't be started: no such file"),
    ("command: [head, -c, 70000, /dev/zero]", "x", "it printed more than 64 KiB"),
], ids=["short", "empty", "unset", "absent", "open", "folder", "large", "failed", "no-program", "endless"])
def test_a62_a_secret_that_can_not_be_had_fails_its_step(place, declared, value, said):
    place.env["THE_SECRET"] = value
    os.chmod(place.write("open.txt", "everybody reads this"), 0o644)
    os.chmod(place.write("large.txt", "x" * 65537), 0o600)
    file = place.write("fails.yaml", f"""runbook: fails
secrets: {{s: {{{declared}}}}}
defaults: {{timeout: 1m}}
steps:
  - id: one
    stdin: "${{{{ secrets.s }}}}"
    run: touch started
""")
    done = place("exec", file, cwd=place.folder)
    assert done.code == 1 and "the secret `s` can't be had" in done.err and said in done.err, done
    assert "hidden-words-42" not in done.err and not os.path.exists(place.folder + "/started")
    assert_nothing_in(place.store, {"x": "hidden-words-42"})
    assert place.named("effect.result")[0]["spawn_error"] == "ENOKEY"


def test_a62_a_short_secret_may_be_unmasked(place):
    place.env["THE_SECRET"] = "1234"
    file = place.write("pin.yaml", """runbook: pin
secrets: {pin: {env: THE_SECRET, unmasked: true}}
defaults: {timeout: 1m}
steps:
  - id: one
    stdin: "${{ secrets.pin }}"
    exec: [cat]
""")
    done = place("exec", file)
    assert done.code == 0 and place("logs", "last", "one").out == "1234", done


WAITS = """runbook: waits
secrets: {s: {env: THE_SECRET}, later: {command: [cat, command.txt]}}
defaults: {timeout: 1m}
steps:
  - id: one
    env: {SECRET: "${{ secrets.s }}"}
    check: sh.exec{"true"}.ok
    run: |
      echo "before $SECRET"
      touch started
      while ! test -e go; do sleep 0.02; done
      printf %s "after $SECRET" | base64 -w0
  - id: two
    env: {SECRET: "${{ secrets.s }}"}
    stdin: "${{ secrets.later }}"
    run: echo "$SECRET"; cat
"""


def start_waiting(runbook, **more):
    file = runbook.write("waits.yaml", WAITS)
    process = runbook.start("exec", file, cwd=runbook.folder, stderr=subprocess.DEVNULL, **more)
    started = os.path.join(runbook.folder, "started")
    wait_for(lambda: os.path.exists(started))
    return process


def helpers_of(runbook, process):
    """Pids of the interpreter, its supervisor and its worker."""
    for pid in runbook.what_is_left():
        with open(f"/proc/{pid}/comm") as f:
            if f.read().strip() in ("runbook", "rb-supervisor"):
                yield pid


def with_core_files():
    """As many as may be: many a machine has none, and then none has to be kept from being written."""
    most = resource.RLIM_INFINITY if os.getuid() == 0 else resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def test_a63_neither_helper_nor_environment_shows_a_secret(place):
    process = start_waiting(place, preexec_fn=with_core_files)
    pids = list(helpers_of(place, process))
    assert process.pid in pids and len(pids) >= 2
    for pid in pids:
        with open(f"/proc/{pid}/environ", "rb") as f:
            environment = f.read()
        assert b"THE_SECRET=" in environment and traces(environment) == []
        with open(f"/proc/{pid}/limits") as f:
            assert [line for line in f if line.startswith("Max core file size")][0].split()[4] == "0"
        owner = os.stat(f"/proc/{pid}/environ").st_uid
        assert owner == 0, "it can be traced: prctl(PR_SET_DUMPABLE) gives its files to root"
    place.write("go", "")
    assert process.wait() == 0
    assert_nothing_in(place.store)


LARGEST = 256 << 20         # more than a worker may have


def memory_of(pid):
    """What is written in the private pages of a process."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(text, 16) for text in place.split("-"))
            if end - start > LARGEST:       # a sanitizer's own
                continue
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except OSError:
                continue


def test_a63_the_worker_never_has_a_secret(place):
    file = place.write("worker.yaml", """runbook: worker
secrets: {s: {env: THE_SECRET}, c: {command: [cat, command.txt]}}
defaults: {timeout: 1m}
steps:
  - id: one
    env: {SECRET: "${{ secrets.s }}", MORE: "${{ secrets.c }}"}
    run: 'true'
    check: sh.exec{"sh", "-c", "touch started; while ! test -e go; do sleep 0.02; done"}.ok
""")
    process = place.start("exec", file, cwd=place.folder, stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(os.path.join(place.folder, "started")))
    children = subprocess.run(["pgrep", "-P", str(process.pid)], stdout=subprocess.PIPE, text=True)
    [worker] = map(int, children.stdout.split())
    pages = b"\0".join(memory_of(worker))
    assert len(pages) > 100000 and b"sh.exec" in pages
    # A sanitizer keeps a copy of the environment of its own.
    looked_for = ("command",) if is_sanitized(place.binary) else ("env", "command")
    assert traces(pages, {name: VALUES[name] for name in looked_for}) == []
    place.write("go", "")
    assert process.wait() == 0


def test_a63_the_same_user_can_not_look_into_the_interpreter(place):
    root = os.getuid() == 0     # who may look everywhere
    folder = os.path.join("/tmp", f"runbook-secrets-{os.getpid()}")
    os.mkdir(folder)
    try:
        with open(os.path.join(folder, "waits.yaml"), "w") as f:
            f.write(WAITS.replace("command.txt", "/etc/hostname"))
        os.chmod(os.path.join(folder, "waits.yaml"), 0o644)
        binary = shutil.copy(place.binary, os.path.join(folder, "runbook"))
        if root:
            subprocess.run(["chown", "-R", "nobody", folder], check=True)
        nobody = ["setpriv", "--reuid=nobody", "--clear-groups"] if root else []
        process = subprocess.Popen(
            [*nobody, binary, "--store", f"{folder}/store", "exec", "waits.yaml"], cwd=folder,
            env={**place.env, "HOME": folder}, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(f"{folder}/started"))
        look = subprocess.run([*nobody, "cat", f"/proc/{process.pid}/environ",
                               f"/proc/{process.pid}/mem"], stderr=subprocess.PIPE)
        assert look.stderr.count(b"Permission denied") == 2, look
        open(f"{folder}/go", "w").close()
        assert process.wait() in (0, 1)
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)


def test_a64_no_digest_depends_on_a_secret(place):
    file = place.write("secrets.yaml", runbook_with())
    requests = []
    for value in ("first-value-of-it", "second-value-of-it"):
        place.env["THE_SECRET"] = value
        assert place("exec", file, cwd=place.folder).code == 0
        requests.append([intent["req"] for intent in place.named("effect.intent")])
        created = place.named("run.created")[0]
        assert created["secrets"]["env"] == {"env": "THE_SECRET"}
        assert created["secrets"]["command"] == {"command": ["cat", "command.txt"]}
        digests = [hashlib.new(kind, text.encode()).hexdigest().encode()
                   for kind in ("sha256", "sha1", "md5")
                   for text in (value, value + "\n", f"env={value}")]
        for folder, _, names in os.walk(place.store):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as f:
                        data = f.read() + name.encode()
                    assert not any(digest in data for digest in digests), path
    assert requests[0] == requests[1]


@pytest.mark.parametrize("together", [False, True])
def test_a61_f01_f02_a_killed_run_goes_on_with_its_secrets(place, together):
    process = start_waiting(place)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if together:
        place.kill_what_is_left()
        os.unlink(os.path.join(place.folder, "started"))
    place.write("go", "")
    words = ["resume", "last"]
    if together:                # in doubt, and to be done again
        words += ["--answers", place.write("answers.yaml", "answers:\n  one.doubt: {answer: retry, reason: seen}\n")]
    done = place(*words, cwd=place.folder)
    assert done.code == 0, done
    assert traces((done.out + done.err).encode()) == []
    assert_nothing_in(place.store)
    log = place("logs", "last", "one").out
    assert log.startswith("before [secret:s]\n") and "[secret:s]" in log.split("\n")[1], log
    assert place("logs", "last", "two").out == "[secret:s]\n[secret:later]"
    sound(place)


def test_a_resumed_run_knows_the_secrets_of_the_steps_before(place):
    file = place.write("kept.yaml", """runbook: kept
secrets: {s: {env: THE_SECRET}, said: {command: [cat, command.txt]}}
defaults: {timeout: 1m}
steps:
  - id: one
    env: {SECRET: "${{ secrets.s }}", SAID: "${{ secrets.said }}"}
    run: echo "$SECRET $SAID" > kept.txt
  - id: two
    run: cat kept.txt; test -e go
""")
    assert place("exec", file, cwd=place.folder).code == 1
    place.write("go", "")
    done = place("resume", "last", "--answers", place.write("answers.yaml", "answers:\n  two.failure: retry\n"),
                 cwd=place.folder)
    assert done.code == 0, done
    assert_nothing_in(place.store)
    assert place("logs", "last", "two").out == "[secret:s] [secret:said]\n"


PROMPTS = """runbook: prompts
secrets: {pw: {prompt: The password of the database}}
defaults: {timeout: 1m}
steps:
  - id: one
    env: {SECRET: "${{ secrets.pw }}"}
    run: |
      test ${#SECRET} = 20; echo "it is $SECRET"
"""


@pytest.mark.usefixtures("every_prefix")
@pytest.mark.parametrize("kind", ["xterm-256color", "dumb"])
def test_a_secret_is_typed_unseen(place, kind):
    file = place.write("prompts.yaml", PROMPTS)
    without = place("exec", file)
    assert without.code == 3 and "the secret `pw` has to be typed in" in without.err, without
    assert [event["type"] for event in place.events()][-2:] == ["effect.unstarted", "run.suspended"]
    person = Terminal(place, "resume", "last")
    person.child.close(force=True)
    person = Terminal(place, "resume", "last", kind=kind)
    person.sees("The password of the database").sees(">")
    person.types("typxx\x7f\x7fed-by-a-person #1").ends(0)
    assert traces(person.all().encode()) == [] and "person" not in person.all()
    assert_nothing_in(place.store)
    assert place("logs", "last", "one").out == "it is [secret:pw]\n"
    assert "by-a-person" not in json.dumps(place.events())
    sound(place)


def test_leaving_while_a_secret_is_typed(place):
    """By a closed journal: nobody takes the question back from a view that is gone."""
    file = place.write("prompts.yaml", PROMPTS)
    person = Terminal(place, "exec", file)
    person.sees("The password of the database").sees(">")
    os.unlink(os.path.join(place.run_folder(), "journal.jsonl"))
    person.presses_ctrl_c().ends(74)


@pytest.mark.parametrize("key", ["\x04", "\x03"])
def test_a_secret_that_nobody_types_stops_the_run(place, key):
    file = place.write("prompts.yaml", PROMPTS)
    person = Terminal(place, "exec", file)
    person.sees("The password of the database").sees(">")
    person.child.send("half of it\x15" + key)
    person.ends(3 if key == "\x04" else 130)
    assert place.steps()["one"] == "active" and "half" not in person.all()
    assert place.named("effect.unstarted") and not place.named("effect.result")
    assert traces(person.all().encode()) == []
