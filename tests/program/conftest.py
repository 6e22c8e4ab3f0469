"""What the tests of the whole program stand on: the built binary, a store of its own for each
test, no terminal unless a test makes one, and a real PostgreSQL."""

import base64
import email
import email.policy
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
import pg  # noqa: E402
from people import People, begin  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from tls_server import Authority  # noqa: E402


# Those that wait most are begun first, so that the others work meanwhile (`--dist loadfile`).
SLOWEST = ("faults_supervisor", "dcmms_rollback", "dcmms_ramp", "dcmms_crash", "faults_approve", "faults", "dcmms", "dcmms_release",
           "attacks", "crash_calls", "guards", "faults_machine", "http", "faults_processes")


def pytest_collection_modifyitems(items):
    order = {f"test_{name}": place for place, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


SMALL = """import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)     # PR_SET_CHILD_SUBREAPER: a supervisor is nobody's child
pid, most, code = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ), 0, None
try:
    while True:
        ended, status, used = os.wait4(-1, 0)
        most = max(most, used.ru_maxrss)
        code = os.waitstatus_to_exitcode(status) % 256 if ended == pid else code
except ChildProcessError:
    open(sys.argv[1], "w").write(str(most))
sys.exit(code)"""


class Runbook:
    """The program with a store of its own. Called with a command's words it runs without a
    terminal, in the root of the repository."""

    def __init__(self, binary, folder, sanitizer_log):
        self.binary, self.folder = binary, str(folder)
        self.store = os.path.join(self.folder, "store")
        keep = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        self.env = {**keep, "HOME": self.folder, "LANG": "C.UTF-8", "TERM": "dumb",
                    "RUNBOOK_STORE": self.store}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            given = os.environ.get(name, "")
            self.env[name] = ":".join(filter(None, [given, "log_path=" + sanitizer_log]))

    def start(self, *words, env=None, cwd=ROOT, stdin=subprocess.DEVNULL, **more):
        """Starts it and returns the Popen."""
        return subprocess.Popen([self.binary, *map(str, words)], cwd=cwd, stdin=stdin,
                                env={**self.env, **(env or {})}, start_new_session=True, **more)

    def __call__(self, *words, env=None, cwd=ROOT, text_in=None, timeout=120):
        stdin = subprocess.DEVNULL if text_in is None else subprocess.PIPE
        process = self.start(*words, env=env, cwd=cwd, stdin=stdin, text=True,
                             errors="surrogateescape", stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(text_in, timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"runbook {' '.join(map(str, words))} did not end\n{out}\n{err}")
        return Result(subprocess.CompletedProcess(words, process.returncode, out, err))

    def measured(self, *words, cwd=ROOT):
        """Runs it from a process that is small, because the memory of who starts it counts as its own;
        returns the result and the most KiB that it, its supervisor or anything that they started had."""
        told = os.path.join(self.folder, "most")
        done = subprocess.run(["/usr/bin/python3", "-SEc", SMALL, told, self.binary, *map(str, words)],
                              cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(told) as f:
            return Result(done), int(f.read())

    def strace(self, *words, trace, beside="", inject="", log="/dev/null", follow=False):
        """Runs it with this system call of the interpreter traced, or of all its processes, and others
        `beside` it; `inject` is what happens to it, as strace takes it."""
        # Under a tracer the leak check cannot work, and says so by failing.
        env = {**self.env, "ASAN_OPTIONS": self.env["ASAN_OPTIONS"] + ":detect_leaks=0"}
        options = ["-e", "trace=" + ",".join(filter(None, [trace, beside]))]
        if follow:
            options += ["-f"]
        if inject:
            options += ["-e", f"inject={trace}:{inject}"]
        return subprocess.run(["strace", "-yy", "-o", log, *options, self.binary, *map(str, words)],
                              env=env, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True)

    def killed_at(self, call, nth, *words):
        """Runs it, killed with -9 just before its nth system call of this name; returns whether
        that killed it."""
        done = self.strace(*words, trace=call, inject=f"signal=KILL:when={nth}")
        assert done.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL), done
        return done.returncode != 0

    def write(self, name, text):
        """A file in the test's folder; returns its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def run_folder(self, run="last"):
        runs = sorted(os.listdir(os.path.join(self.store, "runs")))
        return os.path.join(self.store, "runs", runs[-1] if run == "last" else run)

    def events(self, run="last"):
        """The journal of a run, a list of its lines as maps, each payload whole."""
        with open(os.path.join(self.run_folder(run), "journal.jsonl")) as f:
            return whole([json.loads(line) for line in f])

    def looks(self, run="last"):
        """The payloads of what gates and guards saw, one for each time they looked."""
        return [d for d in self.named("eval.result", run) if d["phase"] == "gate"]

    def named(self, name, run="last"):
        """The payloads of the events of this name."""
        return [event["d"] for event in self.events(run) if event["type"] == name]

    def await_event(self, name, seconds=60, **members):
        """Until the newest run has an event of this name with these members in its payload."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                for event in self.named(name):
                    if members.items() <= event.items():
                        return event
            except (FileNotFoundError, IndexError, ValueError):
                pass            # no run yet, or a line that is being written
            time.sleep(0.02)
        pytest.fail(f"there was no {name} with {members}")

    def what_is_left(self):
        """Pids of all that runs of this store have started and that still works."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as f:
                    marked = ("RUNBOOK_STORE=" + self.store).encode() in f.read().split(b"\0")
                if marked or os.readlink(f"/proc/{name}/cwd").startswith(self.folder):
                    yield int(name)
            except OSError:
                continue

    def kill_what_is_left(self):
        for pid in self.what_is_left():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def status(self, run="last"):
        shown = self("status", run, "--output", "json")
        assert shown.code == 0, shown
        return json.loads(shown.out)

    def steps(self, run="last"):
        """Id of each step -> its status."""
        return {step["id"]: step["status"] for step in self.status(run)["steps"]}


def whole(events):
    """With what a look that is like an earlier one leaves out (docs/record.md)."""
    for event in events:
        if event["type"] == "eval.result" and "like" in event["d"]:
            d = json.loads(json.dumps(events[event["d"]["like"]]["d"]))
            for pointer, value in event["d"]["with"].items():
                *holders, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
                at = d
                for part in holders:
                    at = at[int(part) if isinstance(at, list) else part]
                at[int(last) if isinstance(at, list) else last] = value
            event["d"] = d
    return events


def is_sanitized(binary):
    """A sanitizer's own memory is beyond any limit."""
    with open(binary, "rb") as f:
        return b"__asan_init" in f.read()


class Service:
    """A web service that does what the path of a request says (tests/tools/http_server.py); with a
    certificate and its key also over TLS."""

    def __init__(self, *tls):
        self.tls = tls

    def __enter__(self):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(ROOT, "tests", "tools", "http_server.py"), *self.tls],
            text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        ports = [int(port) for port in self.process.stdout.readline().split()]
        self.port, self.tls_port = ports[0], ports[-1]
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def said(self, status, body):
        """Where it answers everything with this."""
        text = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
        return f"http://127.0.0.1:{self.port}/said/{status}/{text}"

    def count(self, path):
        """How often a path was asked for."""
        url = f"http://127.0.0.1:{self.port}/count?path={path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url) as answer:
            return int(answer.read())


class Peer:
    """A server of tests/tools in a folder of its own, where it keeps what it took."""

    def __init__(self, tool, folder, *words):
        self.tool, self.folder, self.words = tool, str(folder), words
        os.makedirs(self.folder)

    def __enter__(self):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(ROOT, "tests", "tools", self.tool), self.folder,
             *map(str, self.words)], text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def taken(self):
        """What a webhook took, in order."""
        path = os.path.join(self.folder, "taken")
        return [json.loads(line) for line in open(path)] if os.path.exists(path) else []

    def mails(self):
        paths = glob.glob(os.path.join(self.folder, "*.eml"))
        return [email.message_from_binary_file(open(path, "rb"), policy=email.policy.default)
                for path in sorted(paths)]


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("RUNBOOK", os.path.join(ROOT, "build", "runbook"))
    path = os.path.abspath(path)
    assert os.access(path, os.X_OK), f"{path} is not built: ./dev build"
    return path


# What it says of a process that is killed while it looks for leaks at its end.
NOT_FOUND = re.compile(r"==\d+==Unable to get registers from thread \d+\.\n")


@pytest.fixture
def runbook(binary, tmp_path):
    log = str(tmp_path / "sanitizer")
    it = Runbook(binary, tmp_path, log)
    yield it
    it.kill_what_is_left()
    found = "".join(line for path in glob.glob(log + "*") for line in open(path, errors="replace")
                    if not NOT_FOUND.fullmatch(line))
    assert found == "", "a sanitizer found something:\n" + found


def resume_prefixes(runbook, most=150):
    """The journals of the store, cut at any event and resumed on a fake executor, must come to the
    ends that they have (tests/replay/prefixes.c)."""
    tool = os.path.join(os.path.dirname(runbook.binary), "tests", "replay", "prefixes")
    most = os.environ.get("RUNBOOK_PREFIXES", str(most))
    done = subprocess.run([tool, runbook.store, most], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    print(done.stdout)


@pytest.fixture
def every_prefix(runbook):
    yield
    resume_prefixes(runbook)


@pytest.fixture
def some_prefixes(runbook):
    """The same for long journals, of which each prefix costs more."""
    yield
    resume_prefixes(runbook, 12)


@pytest.fixture(scope="session")
def postgres():
    with pg.Cluster() as cluster:
        made = subprocess.run(["tests/tools/dcmms_database.sh", "dcmms_before"], cwd=ROOT,
                              env={**os.environ, **cluster.env}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert made.returncode == 0, made.stdout
        yield cluster


@pytest.fixture(scope="session")
def locales(tmp_path_factory):
    """The environments of locales that write 0,5, and of one of them in which i is no small I."""
    folder = tmp_path_factory.mktemp("locales")
    charsets = {"de_DE": "ISO-8859-1", "tr_TR": "ISO-8859-9"}      # made in no time
    found = [{"LOCPATH": str(folder), "LC_ALL": name} for name in charsets]
    for env in found:
        name = env["LC_ALL"]
        subprocess.run(["localedef", "-i", name, "-f", charsets[name], folder / name], check=True)
        point = subprocess.run(
            ["/usr/bin/python3", "-c", "import locale; locale.setlocale(locale.LC_ALL, ''); "
             "print(locale.localeconv()['decimal_point'])"], env=env, text=True, stdout=subprocess.PIPE)
        assert point.stdout == ",\n", env
    return found


@pytest.fixture(scope="session")
def prometheus():
    with Prometheus() as it:
        yield it


@pytest.fixture(scope="session")
def authority():
    with Authority() as it:
        yield it


@pytest.fixture
def dcmms(postgres):
    """The cluster, with a fresh database dcmms_demo as it is before the release."""
    drop_databases(postgres)
    postgres.psql("postgres", "CREATE DATABASE dcmms_demo TEMPLATE dcmms_before")
    yield postgres
    drop_databases(postgres)


def drop_databases(postgres):
    names = postgres.psql("postgres", "SELECT datname FROM pg_database "
                                      "WHERE datname LIKE 'dcmms\\_demo%'").split()
    for name in names:
        postgres.psql("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def people(runbook):
    them = People(os.path.join(runbook.folder, "keys"))
    them.write("po@x", "tl@x", "tl2@x")
    runbook.env["RUNBOOK_SIGNERS"] = them.signers
    return them


@pytest.fixture
def waiting(runbook, people):
    """A run in production that is suspended at its approval."""
    return begin(runbook)
