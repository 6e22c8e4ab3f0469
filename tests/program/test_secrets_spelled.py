"""Ten thousand prints of a hundred random secrets, in every spelling and in pieces of any size: over pipes,
at a terminal, and from a web service. What is looked for afterwards, everywhere, is made here and in
tests/tools/spill.py, and has nothing to do with the redactor's own list."""

import base64
import http.server
import io
import os
import random
import re
import string
import sys
import threading

import pexpect
import pytest

from conftest import ROOT, is_sanitized
from test_crash import sound

sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
import spill  # noqa: E402

SECRETS = 100
SPILL = os.path.join(ROOT, "tests", "tools", "spill.py")


def times_of(binary):
    """How often each is printed."""
    return 10 if is_sanitized(binary) else 100


@pytest.fixture
def seed():
    """Another one each time; that of a failure is given back to see it again."""
    number = int(os.environ.get("RUNBOOK_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"RUNBOOK_SEED={number}")
    return number


def random_secret(rng, lines):
    plain = string.ascii_letters + string.digits
    kind = rng.choice([plain, plain + "+/=", plain[:12] + "'\"\\/$%&<>!.-_~+=`(){}#;|*?^,:[]",
                       "abc\u00e4\u00df\u6f22\U0001f600\u00e9xyz01", *(["lines"] if lines else [])])
    if kind == "lines":
        return "\n".join("".join(rng.choices(plain + "+/", k=rng.randint(9, 40)))
                         for _ in range(rng.randint(2, 4)))
    # Neither end is one that a program would take for spare.
    return rng.choice(plain) + "".join(rng.choices(kind + " ", k=rng.randint(8, 40))) + rng.choice(plain)


def secrets_of(seed, lines=True):
    rng = random.Random(seed)
    return [random_secret(rng, lines) for _ in range(SECRETS)]


def needles(value):
    """What no part of the world may have of it: of base64 what is the same wherever it stands."""
    raw = value.encode()
    for line in {value, *value.split("\n")}:
        yield line.encode()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw)[(0, 2, 3)[before]:(before + len(raw)) * 8 // 6]
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))
    rng = random.Random(0)
    for name, encode in spill.ENCODERS.items():
        if "base64" not in name and "in lines" not in name:
            text = encode(rng, value)
            yield text.strip(b"'\"") if name.startswith(("json", "shlex", "xtrace")) else text


class Looker:
    """Looks for all of them at once."""

    def __init__(self, secrets):
        self.needles = {needle: number for number, value in enumerate(secrets) for needle in needles(value)}
        assert min(map(len, self.needles)) >= 8 and len(self.needles) > 10 * SECRETS

    def assert_nothing_in(self, data, what):
        data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
        joined = data.replace(b"\r", b"").replace(b"\n", b"")
        for needle, number in self.needles.items():
            assert needle not in data and needle not in joined, (what, number, needle)

    def assert_nothing_anywhere(self, runbook, *more):
        files = [os.path.join(folder, name) for folder, _, names in os.walk(runbook.store) for name in names]
        assert len(files) > 3
        for path in filter(os.path.isfile, files):
            with open(path, "rb") as f:
                self.assert_nothing_in(f.read() + path.encode(), path)
        for words in (["status", "last"], ["status", "last", "--output", "json"], ["logs", "last", "spill"],
                      ["logs", "last", "spill", "--evidence"], ["logs", "last"], ["list"], ["verify", "last"],
                      ["replay", "last"], *more):
            said = runbook(*words)
            self.assert_nothing_in(said.out + said.err, words)


def test_whoever_looks_finds_every_spelling(seed):
    """Each of those that are printed, or this is no oracle."""
    rng, secrets = random.Random(seed), secrets_of(seed)
    looker = Looker(secrets)
    looker.assert_nothing_in(spill.noise(rng, 10000) + b"[secret:s1]", "noise")
    for name, encode in spill.ENCODERS.items():
        for value in secrets[:20]:
            with pytest.raises(AssertionError):
                looker.assert_nothing_in(b"so\n" + encode(rng, value) + b"\n", name)


def assert_each_gave_way(text, count):
    """Every print is there, and where it was there is the name."""
    framed = re.findall(r"@(\d+) (.*?) @\n", text, re.S)
    assert len(framed) == count
    for number, printed in framed:
        assert f"[secret:s{number}]" in printed, (number, printed)


def declared(where):
    names = ", ".join(f"s{n}: {{{where(n)}}}" for n in range(SECRETS))
    return f"runbook: spill\nsecrets: {{{names}}}\ndefaults: {{timeout: 5m}}\n"


def spilling(runbook, seed, times, secrets, then="true"):
    """Half of them come from the environment, half from files; the last step ends with the command `then`."""
    for number, value in enumerate(secrets):
        runbook.env[f"GIVEN_{number}"] = value
        os.chmod(runbook.write(f"s{number}", value + "\n"), 0o600)
    env = ", ".join(f'S{n}: "${{{{ secrets.s{n} }}}}"' for n in range(SECRETS))
    return runbook.write("spill.yaml", declared(lambda n: f"env: GIVEN_{n}" if n % 2 else f"file: s{n}") + f"""
steps:
  - id: spill
    env: {{{env}}}
    exec: [/usr/bin/python3, {SPILL}, "{seed}", "{times}"]
    check: |
      local all = ""
      for line in (result.stdout .. result.stderr):gmatch("[^\\n]+") do all = #line > #all and line or all end
      return #result.stdout > 0, all
    outputs: {{said: "result.stdout:sub(-20000)"}}
  - id: passed-on
    run: echo ${{{{ steps.spill.outputs.said }}}}; {then}
""")


def test_a61_ten_thousand_prints_leave_nothing(runbook, seed):
    secrets, times = secrets_of(seed), times_of(runbook.binary)
    looker, file = Looker(secrets), spilling(runbook, seed, times, secrets)
    done = runbook("exec", file, "--output", "json", cwd=runbook.folder, timeout=600)
    assert done.code == 0, done.err
    looker.assert_nothing_in(done.out + done.err, "exec")
    looker.assert_nothing_anywhere(runbook, ["plan", file], ["logs", "last", "passed-on"])
    printed = runbook("logs", "last", "spill")
    assert_each_gave_way(printed.out + printed.err, SECRETS * times)
    sound(runbook)


def test_a61_prints_at_a_terminal_leave_nothing(runbook, seed):
    secrets, times = secrets_of(seed), times_of(runbook.binary) // 5
    # What ends before the screen is drawn again is not drawn.
    looker = Looker(secrets)
    file = spilling(runbook, seed, times, secrets, then="until [ -e drawn ]; do sleep 0.1; done")
    # So wide that nothing is broken where it is looked for.
    child = pexpect.spawn(runbook.binary, ["exec", file], cwd=runbook.folder, timeout=600, dimensions=(50, 2000),
                          env={**runbook.env, "TERM": "xterm-256color"}, encoding="utf-8", codec_errors="replace")
    child.logfile_read = io.StringIO()
    child.expect_exact("[secret:s")
    runbook.write("drawn", "")
    child.expect(pexpect.EOF)
    child.close()
    seen = child.logfile_read.getvalue()
    assert child.exitstatus == 0, seen[-2000:]
    looker.assert_nothing_in(seen, "the terminal")
    looker.assert_nothing_anywhere(runbook)


class Echo(http.server.BaseHTTPRequestHandler):
    """Says again what it was sent as a header, in every spelling: in headers of its own, and in the body."""

    protocol_version = "HTTP/1.1"
    rng = times = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        given = [(int(name[1:]), value.encode("latin-1").decode()) for name, value in self.headers.items()
                 if re.fullmatch(r"S\d+", name)]
        self.send_response(200)
        for number, value in given:
            for name, encode in (("B", "base64 alone"), ("H", "hex"), ("U", "url"), ("P", "plain")):
                self.send_header(f"X-{name}-{number}", spill.ENCODERS[encode](self.rng, value).decode("latin-1"))
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        prints = given * self.times
        self.rng.shuffle(prints)
        for number, value in prints:
            for piece in spill.in_pieces(self.rng, spill.frame(number, spill.spelled(self.rng, value))):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


@pytest.fixture
def echo(seed, runbook):
    Echo.rng, Echo.times = random.Random(seed), times_of(runbook.binary) // 5
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_a61_what_a_service_says_again_leaves_nothing(runbook, seed, echo):
    secrets, each = secrets_of(seed, lines=False), 20
    looker = Looker(secrets)
    for number, value in enumerate(secrets):
        runbook.env[f"GIVEN_{number}"] = value
    steps = "".join(f"""
  - id: {"spill" if first == 0 else f"spill-{first}"}
    http:
      url: "http://127.0.0.1:{echo}/"
      headers: {{{", ".join(f'S{n}: "${{{{ secrets.s{n} }}}}"' for n in range(first, first + each))}}}
    check: result.body:find("secret:s{first}", 1, true) ~= nil
    outputs: {{headers: result.headers}}
""" for first in range(0, SECRETS, each))
    file = runbook.write("echo.yaml", declared(lambda n: f"env: GIVEN_{n}") + "steps:" + steps)
    done = runbook("exec", file, timeout=600)
    assert done.code == 0, done
    looker.assert_nothing_in(done.out + done.err, "exec")
    looker.assert_nothing_anywhere(runbook)
    assert_each_gave_way("".join(runbook("logs", "last", f"spill-{first}" if first else "spill").out
                                 for first in range(0, SECRETS, each)), SECRETS * Echo.times)
    sound(runbook)
