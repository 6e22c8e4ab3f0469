"""What people sign with is gone, hangs, dies or is never touched: nobody has signed by that, and the run waits."""

import base64
import os
import socket
import struct
import threading
import time

import pytest

from people import approve, assert_sound, drop, refusals, shown, statement_of, stub
from test_crash import wait_for

pytestmark = pytest.mark.usefixtures("every_prefix")


@pytest.mark.parametrize("script,why", [
    ("sleep 60\n", "took longer than 10 s"),
    ("kill -9 $$\n", "was ended by a signal"),
    ("exit 1\n", "does not hold"),
], ids=["hangs", "dies", "fails"])
def test_f47_an_ssh_keygen_that_hangs_or_dies_lets_nobody_sign(runbook, people, waiting, script, why):
    drop(runbook, "po", people.signed(statement_of(runbook), "po@x"))
    began = time.monotonic()
    done = runbook("resume", "last", env=stub(runbook, script))
    assert done.code == 3 and time.monotonic() - began < 30, done
    assert why in refusals(runbook)[0]
    assert not runbook.named("approval.accepted")
    if script != "exit 1\n":
        assert runbook("resume", "last").code == 3
        assert len(runbook.named("approval.accepted")) == 1, "once it can be judged it counts"


def test_f47_without_ssh_keygen_nobody_signs(runbook, people, waiting, tmp_path):
    statement = statement_of(runbook)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("echo", "env", "sh"):
        os.symlink(f"/usr/bin/{tool}", tools / tool)
    without = {"PATH": str(tools)}
    digest, _ = shown(runbook, "last", "--key", people.key("po@x"))
    refused = runbook("approve", "last", "--key", people.key("po@x"), "--shown", digest, env=without)
    assert refused.code == 4 and "install openssh-client" in refused.err, refused
    drop(runbook, "po", people.signed(statement, "po@x"))
    assert runbook("resume", "last", env=without).code == 3
    assert "install openssh-client" in refusals(runbook)[0]
    verified = runbook("verify", "last", env=without)
    assert verified.code == 9


def test_f47_a_record_is_not_called_sound_where_nothing_verifies_it(runbook, people, waiting):
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x")
    assert runbook("resume", "last").code == 0
    found = runbook("verify", "last", env=stub(runbook, "kill -9 $$\n"))
    assert found.code == 9 and "APPROVALS  ABSENT" in found.out, found
    assert runbook("verify", "last").code == 0


def test_f47_an_agent_that_is_gone_or_deaf(runbook, people, waiting, tmp_path):
    """Neither keeps a run from its approval, nor signs anything."""
    path = str(tmp_path / "agent")
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(path)
        deaf.listen()
        for where in (path, str(tmp_path / "gone")):
            began = time.monotonic()
            refused = runbook("approve", "last", env={"SSH_AUTH_SOCK": where})
            assert refused.code == 4 and "none of your keys" in refused.err, refused
            assert runbook("resume", "last", env={"SSH_AUTH_SOCK": where}).code == 3
            assert time.monotonic() - began < 15


class UntouchedAgent:
    """Lists a key, and answers no request to sign with it: as one that waits for a touch."""

    LIST, IDENTITIES, SIGN = 11, 12, 13

    def __init__(self, path, public):
        self.path, self.asked = str(path), threading.Event()
        blob = base64.b64decode(public.split()[1])
        body = struct.pack(">BI", self.IDENTITIES, 1)
        for field in (blob, b"key that is touched"):
            body += struct.pack(">I", len(field)) + field
        self.identities = struct.pack(">I", len(body)) + body

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                request = stream.read(struct.unpack(">I", head)[0])
                if request[:1] == bytes([self.LIST]):
                    client.sendall(self.identities)
                elif request[:1] == bytes([self.SIGN]):
                    self.asked.set()    # and there is never an answer
                else:
                    client.sendall(struct.pack(">IB", 1, 5))


def those_that_ask(agent):
    """Pids of all that know of this agent: neither the store nor the folder is known to an ssh-keygen."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                found += [pid] if f"SSH_AUTH_SOCK={agent}".encode() in f.read().split(b"\0") else []
        except OSError:
            continue            # it has ended
    return found


def test_f47_a_key_that_nobody_touches_signs_nothing(runbook, people, waiting, tmp_path):
    """Asked for a minute, told why, and nothing is handed in; the run waits as before."""
    with UntouchedAgent(tmp_path / "agent", people.public("po@x")) as agent:
        held = {"SSH_AUTH_SOCK": agent.path}
        digest = runbook("approve", "last", "--shown", "none", env=held).err.split("\nshown ")[1].split("\n")[0]
        refused = runbook("approve", "last", "--shown", digest, env=held, timeout=600)
        assert refused.code == 4 and agent.asked.is_set(), refused
        assert "nothing was signed: ssh-keygen took longer than 60 s, and was ended" in refused.err, refused
        assert "is there a key to be touched" in refused.err
        wait_for(lambda: those_that_ask(agent.path) == [])
    assert not os.listdir(os.path.join(runbook.run_folder(), "inbox"))
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x")
    assert runbook("resume", "last").code == 0
    assert_sound(runbook)


def test_f51_a_worker_that_dies_says_nothing_about_a_signature(runbook, people, waiting):
    """What is shown is made anew by a Lua worker when a signature is judged; without one it is
    neither refused nor counted, nor is a record called broken."""
    # Of all processes of these commands only helpers set up a session of their own.
    dying = {"trace": "setsid", "inject": "signal=KILL", "follow": True}
    drop(runbook, "po", people.signed(statement_of(runbook), "po@x"))
    done = runbook.strace("resume", "last", **dying)
    assert done.returncode == 70 and "the Lua worker died" in done.stderr, done
    assert not runbook.named("approval.received")
    assert runbook("resume", "last").code == 3
    assert len(runbook.named("approval.accepted")) == 1 and not refusals(runbook)
    refused = runbook.strace("approve", "last", "--key", people.key("tl@x"), "--shown", "none", **dying)
    assert refused.returncode == 70 and "the Lua worker died" in refused.stderr, refused
    verified = runbook.strace("verify", "last", **dying)
    assert verified.returncode != 0 and "APPROVALS  FAIL" not in verified.stdout, verified
