"""People with throw-away SSH keys, and the file of signers that has them."""

import json
import os
import subprocess

NAMESPACE = "approve.runbook"


def keygen(*words, **more):
    return subprocess.run(["ssh-keygen", *map(str, words)], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)


class People:
    """Their keys are in a folder of their own, so that none of them is the one who runs."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.signers = os.path.join(self.folder, "allowed_signers")

    def key(self, who, kind="ed25519"):
        """The private key of this person, made when it is asked for first."""
        path = os.path.join(self.folder, who.split("@")[0])
        if not os.path.exists(path):
            keygen("-q", "-t", kind, "-N", "", "-C", who, "-f", path)
        return path

    def public(self, who):
        self.key(who)
        with open(self.key(who) + ".pub") as f:
            return " ".join(f.read().split()[:2])

    def fingerprint(self, who):
        return keygen("-l", "-f", self.key(who) + ".pub").stdout.decode().split()[1]

    def line(self, who, options=f'namespaces="{NAMESPACE}"', key_of=None):
        return " ".join(filter(None, [who, options, self.public(key_of or who)]))

    def write(self, *lines):
        """A file of signers of these lines; a name alone stands for its usual line."""
        with open(self.signers, "w") as f:
            for line in lines:
                f.write((line if " " in line else self.line(line)) + "\n")
        os.chmod(self.signers, 0o600)
        return self.signers

    def sign(self, statement, who, namespace=NAMESPACE):
        """The armour of a signature over a statement, as a map."""
        line = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return keygen("-q", "-Y", "sign", "-n", namespace, "-f", self.key(who),
                      input=line.encode() + b"\n").stdout.decode()

    def signed(self, statement, who, **more):
        """The file that is handed in."""
        whole = {"signature": self.sign(statement, who, **more), "statement": statement}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


# A run of this runbook that waits for its approval, and what is done to it.

BOOK = """runbook: deploy
roles:
  product-owner: [po@x]
  tech-lead: [tl@x, tl2@x]
signers: allowed_signers
defaults: {timeout: 1m}
steps:
  - id: tests
    exec: [echo, all 12 tests passed]
    outputs: {log: result.stdout}
  - id: go
    approve:
      roles: [product-owner, tech-lead]
      expires: 4h
      message: Deploy version ${{ params.version }}?
      evidence: {tests: "${{ steps.tests.outputs.log }}"}
  - id: deploy
    exec: [echo, "deployed ${{ params.version }}"]
params: {version: {type: string, default: v1}}
environments:
  staging: {title: Staging}
  production: {title: Production}
"""


def begin(runbook, text=BOOK, *words, environment="production"):
    done = runbook("exec", runbook.write("deploy.yaml", text), "-e", environment, *words)
    assert done.code == 3, done
    assert "to be signed by" in done.err
    return os.path.basename(runbook.run_folder())


def shown(runbook, run="last", *words):
    """The digest of the text that is shown to whoever signs."""
    refused = runbook("approve", run, "--shown", "none", *words)
    assert refused.code == 4, refused
    return refused.err.split("\nshown ")[1].split("\n")[0], refused.err


def approve(runbook, people, who, *words, run="last", code=0):
    digest, _ = shown(runbook, run, "--key", people.key(who), *words)
    done = runbook("approve", run, "--key", people.key(who), "--shown", digest, *words)
    assert done.code == code, done
    return done


def statement_of(runbook, who="po@x", role="product-owner", **other):
    """What `who` would sign, made by hand of a request; nobody has to be allowed to sign for that."""
    request = os.path.join(runbook.folder, "request.json")
    assert runbook("approve", "last", "--request", request).code == 0
    keys = People(os.path.join(runbook.folder, "keys"))
    with open(request) as f:
        carried = json.load(f)
    os.remove(request)
    return {**statement_in(carried), "shown": shown_in(runbook, keys, carried), "who": who,
            "role": role, "decision": "approve", **other}


def statement_in(carried):
    created, asked = carried["created"], carried["question"]
    return {"v": 1, "run": created["run"], "nonce": created["nonce"], "plan": created["plan"],
            "environment": created.get("environment", ""), "step": asked["step"], "q": asked["q"],
            "head": carried["head"], "seq": carried["seq"], "expires": asked.get("expires", 0)}


def shown_in(runbook, keys, carried):
    role = carried["question"]["roles"][0]
    name = {"product-owner": "po@x", "tech-lead": "tl@x"}[role]
    carried = {**carried, "signers": keys.line(name) + "\n"}
    path = runbook.write("carried.json", json.dumps(carried, sort_keys=True, separators=(",", ":"),
                                                    ensure_ascii=False))
    refused = runbook("approve", "--sign", path, "--key", keys.key(name), "--shown", "none")
    return refused.err.split("\nshown ")[1].split("\n")[0]


def accept(runbook, name, text, code=4):
    path = runbook.write(name, text)
    done = runbook("approve", "--accept", path)
    assert done.code == code, done
    return done


def drop(runbook, name, text, run="last"):
    """Into the inbox itself, past every courtesy of `approve`."""
    with open(os.path.join(runbook.run_folder(run), "inbox", f"signed.{name}"), "w") as f:
        f.write(text)


def refusals(runbook, run="last"):
    return [event["why"] for event in runbook.named("approval.refused", run)]


def assert_nothing_counts(runbook, signed, why, name="forged"):
    """Neither handed in, nor where it lies in the inbox already."""
    handed = accept(runbook, name + ".json", signed)
    assert why in handed.err, handed
    assert not os.listdir(os.path.join(runbook.run_folder(), "inbox"))
    drop(runbook, name, signed)
    resumed = runbook("resume", "last")
    assert resumed.code == 3, resumed
    assert any(why in refusal for refusal in refusals(runbook)), refusals(runbook)
    assert not runbook.named("approval.accepted")
    assert runbook.steps()["deploy"] == "pending"


def assert_sound(runbook, found="PASS"):
    verified = runbook("verify", "last", "--output", "json")
    assert verified.code in (0, 9), verified
    levels = {level["name"]: level for level in json.loads(verified.out)[0]["levels"]}
    assert levels["APPROVALS"]["finding"] == found, levels
    replayed = runbook("replay", "last")
    assert replayed.code in (0, 9) and "the same decisions" in replayed.out, replayed


def stub(runbook, script):
    """Another ssh-keygen, first in the path."""
    folder = os.path.join(runbook.folder, "bin")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "ssh-keygen")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + script)
    os.chmod(path, 0o755)
    return {"PATH": folder + ":" + runbook.env["PATH"]}
