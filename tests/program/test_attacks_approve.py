"""Signatures that do not count, and records in which they were tampered with."""

import hashlib
import json
import os
import subprocess
import time

import pytest

from people import (BOOK, People, accept, approve, assert_nothing_counts, assert_sound, begin,
                    drop, keygen, refusals, statement_in, statement_of)
from test_approve import WINDOWED

pytestmark = pytest.mark.usefixtures("every_prefix")


def test_a19_what_runs_is_what_was_approved(runbook, people, waiting):
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x")
    runbook.write("deploy.yaml", BOOK.replace("deployed", "destroyed"))
    done = runbook("resume", "last")
    assert done.code == 0 and "has changed since the run began" in done.err, done
    assert runbook("logs", "last", "deploy").out == "deployed v1\n"


SWAPPED = """runbook: deploy
roles: {product-owner: [po@x]}
signers: allowed_signers
defaults: {timeout: 1m, cwd: FOLDER}
steps:
  - {id: go, approve: {roles: [product-owner], expires: 4h, message: Deploy?}}
  - {id: hold, run: 'touch held; until [ -e go ]; do sleep 0.02; done'}
  - {id: deploy, run: echo approved >> effects}
  - {id: rest, call: part.yaml}
"""
PART = """runbook: part
defaults: {timeout: 1m, cwd: FOLDER}
steps:
  - {id: all, run: echo approved part >> effects}
"""


def swap(path):
    """The text that was approved is another now."""
    with open(path) as f:
        text = f.read()
    assert "echo approved" in text, path
    os.chmod(path, 0o600)
    with open(path, "w") as f:
        f.write(text.replace("echo approved", "echo SWAPPED"))


def place(runbook, what):
    folder = runbook.run_folder()
    stored = [name for name in os.listdir(os.path.join(folder, "sources")) if name.endswith("part.yaml")]
    return {"runbook": os.path.join(runbook.folder, "deploy.yaml"),
            "called": os.path.join(runbook.folder, "part.yaml"),
            "stored": os.path.join(folder, "sources", "deploy.yaml"),
            "stored-called": os.path.join(folder, "sources", stored[0]),
            "plan": os.path.join(folder, "plan.json")}[what]


@pytest.mark.parametrize("what", ["runbook", "called", "stored", "stored-called", "plan"])
@pytest.mark.parametrize("live", [True, False], ids=["under-way", "suspended"])
def test_a20_what_is_swapped_after_the_approval_never_runs(runbook, people, what, live):
    """Between the approval and the effect: what was approved runs, or the run stops."""
    people.write("po@x")
    runbook.write("part.yaml", PART.replace("FOLDER", runbook.folder))
    book = runbook.write("deploy.yaml", SWAPPED.replace("FOLDER", runbook.folder))
    process = runbook.start("exec", book, "--wait", stderr=subprocess.DEVNULL) if live else None
    if live:
        runbook.await_event("question.asked")
    else:
        assert runbook("exec", book).code == 3
    approve(runbook, people, "po@x")
    if live:
        runbook.await_event("effect.intent", step="hold")
    swap(place(runbook, what))
    runbook.write("go", "")
    code = process.wait(timeout=60) if live else runbook("resume", "last").code
    stored = what not in ("runbook", "called")
    read_again = not live and what in ("stored", "stored-called")   # the plan is made of these
    assert code == (7 if read_again else 0)
    effects = os.path.join(runbook.folder, "effects")
    done = open(effects).read() if os.path.exists(effects) else ""
    assert done == ("" if code == 7 else "approved\napproved part\n")
    assert runbook("verify", "last").code == (7 if stored else 0)


@pytest.mark.parametrize("other,why", [
    ({"run": "r-20251122-230107-k3f7"}, "it is for another run"),
    ({"nonce": "0" * 64}, "it is for another run"),
    ({"environment": "staging"}, "it is for another environment"),
    ({"plan": "sha256:" + "0" * 64}, "it is for another plan"),
    ({"step": "deploy"}, ""),
    ({"role": "tech-lead"}, "po@x is not in the role tech-lead"),
    ({"role": "admin"}, "the role admin has no say here"),
    ({"head": "0" * 64}, "older head"),
    ({"seq": 1}, "older head"),
    ({"q": 7}, "older head"),
    ({"expires": 4102444800000000}, "another time at which it expires"),
    ({"shown": "sha256:" + "0" * 64}, "another text was shown"),
    ({"decision": "yes"}, "the answer has to be one of approve, reject"),
    ({"v": 2}, "another version"),
], ids=lambda value: "-".join(value) if isinstance(value, dict) else "")
def test_a21_what_is_signed_for_something_else(runbook, people, waiting, other, why):
    signed = people.signed(statement_of(runbook, **other), "po@x")
    if "step" in other:
        assert "does not wait for deploy" in accept(runbook, "forged.json", signed).err
        drop(runbook, "forged", signed)
        assert runbook("resume", "last").code == 3
        assert not runbook.named("approval.accepted")
    elif "run" in other:
        assert "" in accept(runbook, "forged.json", signed, code=2).err
        drop(runbook, "forged", signed)
        assert runbook("resume", "last").code == 3
        assert why in refusals(runbook)[0]
    else:
        assert_nothing_counts(runbook, signed, why)
    assert_sound(runbook, found="ABSENT")


def test_a21_an_approval_of_one_run_is_none_of_the_next(runbook, people, waiting):
    signed = people.signed(statement_of(runbook), "po@x")
    accept(runbook, "one.json", signed, code=0)
    first = os.path.basename(runbook.run_folder())
    begin(runbook)
    taken = runbook("approve", "last", "--accept", runbook.write("again.json", signed))
    assert taken.code == 4 and f"it is for another run, {first}" in taken.err, taken
    drop(runbook, "again", signed)
    assert runbook("resume", "last").code == 3
    assert refusals(runbook) == ["it is for another run"] and not runbook.named("approval.accepted")


def test_a22_one_key_under_two_names_counts_once(runbook, people):
    people.write("po@x", people.line("tl@x", key_of="po@x"))
    begin(runbook)
    accept(runbook, "po.json", people.signed(statement_of(runbook), "po@x"), code=0)
    drop(runbook, "tl", people.signed(statement_of(runbook, who="tl@x", role="tech-lead"), "po@x"))
    assert runbook("resume", "last").code == 3
    assert refusals(runbook) == ["this key has signed already, as po@x"] or \
        refusals(runbook) == ["this key has signed already, as tl@x"]
    again = accept(runbook, "tl.json",
                   people.signed(statement_of(runbook, who="tl@x", role="tech-lead"), "po@x"))
    assert again.code == 4


def test_a22_an_rsa_key_that_signs_twice_counts_once(runbook, people):
    people.key("rsa@x", "rsa")
    text = BOOK.replace("[tl@x, tl2@x]", "[tl@x, rsa@x]").replace(
        "[product-owner, tech-lead]", "[tech-lead]\n      quorum: 2")
    people.write("po@x", "rsa@x", "tl@x")
    begin(runbook, text)
    for number, note in enumerate(("once", "twice")):
        statement = statement_of(runbook, who="rsa@x", role="tech-lead", note=note)
        drop(runbook, str(number), people.signed(statement, "rsa@x"))
    assert runbook("resume", "last").code == 3
    assert len(runbook.named("approval.accepted")) == 1
    assert refusals(runbook) == ["this key has signed already, as rsa@x"]


@pytest.mark.parametrize("line,why", [
    ("*@x {options} {key}", "its principals hold a pattern"),
    ("p?@x {options} {key}", "its principals hold a pattern"),
    ("po@x,*@y {options} {key}", "its principals hold a pattern"),
    ("!tl@x,po@x {options} {key}", "its principals hold a pattern"),
    ("po@x {key}", "it has no namespaces="),
    ('po@x namespaces="git,file" {key}', "its namespaces have no approve.runbook"),
    ('po@x namespaces="approve.*" {key}', "its namespaces hold a pattern"),
    ("po@x cert-authority,{options} {key}", "certificates are not taken"),
    ("other@x {options} {key}", "another person's"),
], ids=["any", "any-letter", "any-beside-one", "all-but", "no-namespace", "other-namespaces", "any-namespace",
        "authority", "another-person"])
def test_a23_a25_a_line_that_lets_nobody_sign(runbook, people, line, why):
    key = people.public("po@x")
    people.write(line.format(options='namespaces="approve.runbook"', key=key), "tl@x")
    begin(runbook)
    assert_nothing_counts(runbook, people.signed(statement_of(runbook), "po@x"), why)
    listed = runbook("roster", os.path.join(runbook.folder, "deploy.yaml"))
    assert listed.code == 1


def own(runbook, people, who):
    """The key of this person is the operator's: it lies in ~/.ssh."""
    folder = os.path.join(runbook.folder, ".ssh")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "id_ed25519.pub"), "w") as f:
        f.write(people.public(who) + "\n")


def test_a24_who_runs_it_does_not_approve_it(runbook, people):
    own(runbook, people, "po@x")
    begin(runbook)
    assert_nothing_counts(runbook, people.signed(statement_of(runbook), "po@x"),
                          "po@x runs this run")


def test_a24_who_resumes_it_does_not_approve_it(runbook, people, waiting):
    own(runbook, people, "tl@x")
    assert runbook("resume", "last").code == 3
    os.remove(os.path.join(runbook.folder, ".ssh", "id_ed25519.pub"))
    statement = statement_of(runbook, who="tl@x", role="tech-lead")
    assert_nothing_counts(runbook, people.signed(statement, "tl@x"), "tl@x runs this run")


def test_a24_under_another_name_with_another_key(runbook, people):
    """The keys that the agent holds are those of who runs it, under whatever name."""
    people.write("po@x", "tl@x", people.line("tl2@x", key_of="po@x"))
    own(runbook, people, "po@x")
    begin(runbook)
    statement = statement_of(runbook, who="tl2@x", role="tech-lead")
    assert_nothing_counts(runbook, people.signed(statement, "po@x"), "tl2@x runs this run")


def test_a24_through_sudo(runbook, people):
    runbook.env["SUDO_USER"] = "po"
    begin(runbook)
    assert_nothing_counts(runbook, people.signed(statement_of(runbook), "po@x"),
                          "po@x runs this run")


def test_a24_who_runs_it_does_not_override_its_window(runbook, people):
    """Who began it is in the role that may; neither handed in nor put into the inbox does it count."""
    own(runbook, people, "tl@x")
    day = time.strftime("%a", time.gmtime(time.time() + 3 * 86400))
    assert runbook("exec", runbook.write("windowed.yaml", WINDOWED.replace("DAY", day))).code == 3
    words = ["confirm", "last", "deploy.window", "--reason", "now", "--shown"]
    digest = runbook(*words, "x", "--key", people.key("po@x")).err.split("\nshown ")[1].split("\n")[0]
    refused = runbook(*words, digest, "--key", people.key("tl@x"))
    assert refused.code == 4 and "tl@x runs this run: nobody approves what he runs" in refused.err, refused
    request = os.path.join(runbook.folder, "request.json")
    assert runbook("confirm", "last", "deploy.window", "--request", request).code == 0
    with open(request) as f:
        statement = statement_in(json.load(f))
    drop(runbook, "tl", people.signed({**statement, "shown": digest, "who": "tl@x", "role": "duty",
                                       "decision": "override", "reason": "now"}, "tl@x"))
    assert runbook("resume", "last").code == 3
    assert refusals(runbook) == ["tl@x runs this run: nobody approves what he runs"]
    assert not runbook.named("window.overridden") and not runbook.named("effect.intent")
    signed = runbook(*words, digest, "--key", people.key("po@x"))
    assert signed.code == 0, signed
    assert runbook("resume", "last").code == 0
    [override] = runbook.named("window.overridden")
    assert override["by"] == "po@x"
    assert_sound(runbook)


@pytest.mark.parametrize("namespace", ["git", "file", "approve.runbook2"])
def test_a25_a_signature_of_another_namespace(runbook, people, waiting, namespace):
    signed = people.signed(statement_of(runbook), "po@x", namespace=namespace)
    assert_nothing_counts(runbook, signed, "its namespace is not approve.runbook")


def test_a26_other_signers_than_the_auditors(runbook, people):
    """The operator adds a key of his own to the file before the run."""
    people.write("po@x", "tl@x", people.line("tl@x", key_of="mallory@x"))
    begin(runbook)
    approve(runbook, people, "po@x")
    approve(runbook, people, "mallory@x", "--as", "tl@x")
    assert runbook("resume", "last").code == 0
    assert runbook("verify", "last").code == 0, "as far as the record can tell"
    auditors = People(os.path.join(runbook.folder, "keys"))
    auditors.signers = os.path.join(runbook.folder, "of-the-auditor")
    auditors.write("po@x", "tl@x")
    found = runbook("verify", "last", "--signers", auditors.signers)
    assert found.code == 7 and "another file of signers" in found.out, found


def test_a26_the_stored_signers_are_bound(runbook, people, waiting):
    approve(runbook, people, "po@x")
    stored = os.path.join(runbook.run_folder(), "sources", "allowed_signers")
    os.chmod(stored, 0o600)
    with open(stored, "a") as f:
        f.write(people.line("tl@x", key_of="mallory@x") + "\n")
    assert runbook("resume", "last").code == 7
    found = runbook("verify", "last")
    assert found.code == 7 and "allowed_signers was changed" in found.out, found


def krl(people, *who):
    path = os.path.join(people.folder, "revoked")
    keygen("-q", "-k", "-f", path, *[people.key(one) + ".pub" for one in who])
    os.chmod(path, 0o600)
    return path


def test_a27_a_revoked_key(runbook, people):
    runbook.env["RUNBOOK_REVOKED"] = krl(people, "other@x")
    begin(runbook)
    approve(runbook, people, "tl@x")
    krl(people, "po@x")
    signed = people.signed(statement_of(runbook), "po@x")
    refused = accept(runbook, "po.json", signed)
    assert "revoked" in refused.err, refused
    drop(runbook, "po", signed)
    assert runbook("resume", "last").code == 3
    assert [a["by"] for a in runbook.named("approval.accepted")] == ["tl@x"]
    assert_sound(runbook)
    krl(people, "tl@x")
    since = runbook("verify", "last", "--revoked", runbook.env["RUNBOOK_REVOKED"])
    assert since.code == 7 and "tl@x did not sign" in since.out, since


def test_a27_without_the_list_of_revoked_keys_nobody_signs(runbook, people):
    path = runbook.env["RUNBOOK_REVOKED"] = krl(people)
    begin(runbook)
    approve(runbook, people, "po@x")
    os.remove(path)
    refused = accept(runbook, "tl.json", people.signed(
        statement_of(runbook, who="tl@x", role="tech-lead"), "tl@x"))
    assert "list of revoked keys can't be read" in refused.err
    assert runbook("resume", "last").code == 3
    assert "list of revoked keys can't be read" in refusals(runbook)[0]
    krl(people)
    assert runbook("resume", "last").code == 3
    assert len(runbook.named("approval.accepted")) == 1, "it is judged once there is a list"


@pytest.mark.parametrize("hours,z,good", [(-3, "Z", False), (3, "Z", True), (-3, "", False), (3, "", True)])
@pytest.mark.parametrize("zone", ["UTC+12", "UTC-12"])
def test_a27_the_time_of_a_key_is_the_same_everywhere(runbook, people, hours, z, good, zone):
    runbook.env["TZ"] = zone
    until = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 3600 * hours)) + z
    people.write(people.line("po@x", f'namespaces="approve.runbook",valid-before="{until}"'), "tl@x")
    begin(runbook)
    signed = people.signed(statement_of(runbook), "po@x")
    accept(runbook, "po.json", signed, code=0 if good else 4)
    if not good:
        assert_nothing_counts(runbook, signed, "does not hold")
        assert "its time is over" in runbook("roster", os.path.join(runbook.folder, "deploy.yaml")).out


def test_a28_garbage_behind_the_armour_makes_no_second_signature(runbook, people):
    text = BOOK.replace("[product-owner, tech-lead]", "[product-owner, tech-lead]\n      quorum: 2")
    begin(runbook, text)
    statement = statement_of(runbook)
    armour = people.sign(statement, "po@x")
    for number, tail in enumerate(("", "garbage\n", "\n-----BEGIN SSH SIGNATURE-----\n")):
        whole = {"signature": armour + tail, "statement": statement}
        drop(runbook, str(number),
             json.dumps(whole, sort_keys=True, separators=(",", ":")))
    assert runbook("resume", "last").code == 3
    assert len(runbook.named("approval.received")) == 1, "the blob is what is kept and compared"
    [received] = runbook.named("approval.received")
    blob = received["signature"]["blob"].split(":")[1]
    with open(os.path.join(runbook.run_folder(), "blobs", "sha256", blob), "rb") as f:
        assert f.read(6) == b"SSHSIG"
    assert_sound(runbook)


def test_a30_no_parameter_empties_an_approval(runbook, people):
    text = BOOK.replace("roles: [product-owner, tech-lead]", "roles: ${{ params.who }}")
    checked = runbook("check", runbook.write("deploy.yaml", text + "  who: {type: list, of: string}\n"))
    assert checked.code == 1
    empty = runbook("check", runbook.write("deploy.yaml", BOOK.replace("[product-owner, tech-lead]", "[]")))
    assert empty.code == 1 and "nobody has to approve" in empty.err


def rechained(path, change):
    """The whole journal written anew with right hashes."""
    with open(path, "rb") as f:
        lines = f.read().splitlines()
    out, prev = [], "0" * 64
    for line in lines:
        event = json.loads(line)
        event.pop("~h")
        event["prev"] = prev
        change(event)
        body = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)[:-1]
        prev = hashlib.sha256(b"runbook.journal.v1\0" + body.encode()).hexdigest()
        out.append(f'{body},"~h":"{prev}"}}\n')
    os.chmod(path, 0o600)
    with open(path, "w") as f:
        f.write("".join(out))
    return json.loads(out[0])["~h"]


def test_a36_who_signed_saw_another_record(runbook, people, waiting):
    """Everything is written anew, with right hashes, by the owner of the files."""
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x")
    assert runbook("resume", "last").code == 0

    def change(event):
        if event["type"] == "run.created":
            event["d"]["operator"]["terminal"] = "/dev/pts/7"

    first = rechained(os.path.join(runbook.run_folder(), "journal.jsonl"), change)
    chain = os.path.join(runbook.store, "runs.jsonl")
    rewrite_chain(chain, first)
    found = runbook("verify", "last", "--output", "json")
    assert found.code == 7, found
    levels = {level["name"]: level for level in json.loads(found.out)[0]["levels"]}
    assert levels["CHAIN"]["finding"] == levels["DECISIONS"]["finding"] == "PASS"
    assert levels["APPROVALS"]["finding"] == "FAIL"
    assert "signed over another record" in levels["APPROVALS"]["text"]


def rewrite_chain(path, first):
    with open(path) as f:
        event = json.loads(f.read())
    event.pop("~h")
    event["first"] = first
    body = json.dumps(event, sort_keys=True, separators=(",", ":"))[:-1]
    digest = hashlib.sha256(b"runbook.runs.v1\0" + body.encode()).hexdigest()
    os.chmod(path, 0o600)
    with open(path, "w") as f:
        f.write(f'{body},"~h":"{digest}"}}\n')


def approvals_level(runbook, *words):
    found = runbook("verify", "last", "--output", "json", *words)
    assert found.code == 7, found
    levels = {level["name"]: level for level in json.loads(found.out)[0]["levels"]}
    assert levels["DECISIONS"]["finding"] == "PASS", levels
    return levels["APPROVALS"]


def journal(runbook):
    return os.path.join(runbook.run_folder(), "journal.jsonl")


def test_a36_signers_that_are_left_out_of_the_record(runbook, people, waiting):
    """Whoever writes all anew leaves out that anybody was to sign, and signs nothing."""
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x")
    assert runbook("resume", "last").code == 0
    asked = {}

    def change(event):
        if asked.get("last") == "question.asked":
            asked["head"] = event["prev"]
        asked["last"] = event["type"]
        if event["type"] == "run.created":
            del event["d"]["signers"]
        if event["type"] == "approval.received":
            event["d"]["head"]["hash"] = event["d"]["statement"]["head"] = asked["head"]

    rewrite_chain(os.path.join(runbook.store, "runs.jsonl"), rechained(journal(runbook), change))
    level = approvals_level(runbook)
    assert level["finding"] == "FAIL" and "began without signers" in level["text"], level


def test_a26_a_run_without_signers_is_not_one_of_the_auditors(runbook, people):
    optional = BOOK.replace("signers: allowed_signers\n", "").replace(
        "approve:", "when: params.version == 'v1'\n    approve:")
    runbook.env["RUNBOOK_SIGNERS"] = ""
    assert runbook("exec", runbook.write("deploy.yaml", optional), "-e", "production").code == 3
    found = runbook("verify", "last", "--signers", people.signers)
    assert found.code == 7 and "the run began without signers, not with" in found.out, found
    assert "APPROVALS  ABSENT" in runbook("verify", "last").out


def test_a36_a_signature_over_another_text(runbook, people, waiting):
    """A real one, given for what other parameters show, and a record that calls it that of this run."""
    other = "sha256:" + "1" * 64
    drop(runbook, "po", people.signed(statement_of(runbook, shown=other), "po@x"))
    assert runbook("resume", "last").code == 3

    def change(event):
        if event["type"] == "approval.received":
            event["d"]["shown"]["blob"] = other
        if event["type"] == "approval.refused":
            event["type"] = "approval.accepted"
            del event["d"]["why"]

    rechained(journal(runbook), change)
    level = approvals_level(runbook)
    assert level["finding"] == "FAIL" and "over another text" in level["text"], level


def test_a27_a_list_of_revoked_keys_that_is_left_out_of_the_record(runbook, people):
    runbook.env["RUNBOOK_REVOKED"] = krl(people, "other@x")
    begin(runbook)
    approve(runbook, people, "po@x")
    assert runbook("resume", "last").code == 3
    rechained(journal(runbook), lambda event: event["d"].pop("revoked", None))
    level = approvals_level(runbook)
    assert level["finding"] == "FAIL" and "list of revoked keys" in level["text"], level


def test_a42_a_signature_that_is_taken_away_or_hidden(runbook, people, waiting):
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x", "--reject", "--reason", "no")
    assert runbook("resume", "last").code == 4
    [rejection] = [e for e in runbook.named("approval.received")
                   if e["statement"]["decision"] == "reject"]
    os.remove(os.path.join(runbook.run_folder(), "blobs", "sha256",
                           rejection["signature"]["blob"].split(":")[1]))
    found = runbook("verify", "last")
    assert found.code == 9 and "APPROVALS  ABSENT" in found.out, found


def test_a12_signers_that_a_group_can_write_are_refused(runbook, people):
    os.chmod(people.signers, 0o620)
    refused = runbook("exec", runbook.write("deploy.yaml", BOOK), "-e", "production")
    assert refused.code == 2 and people.signers in refused.err
    assert not os.path.exists(runbook.store)


def test_a12_signers_that_a_group_can_replace_are_refused(runbook, people):
    folder = os.path.join(runbook.folder, "shared")
    os.mkdir(folder)
    os.rename(people.signers, os.path.join(folder, "signers"))
    words = ["exec", runbook.write("deploy.yaml", BOOK), "-e", "production", "--signers",
             os.path.join(folder, "signers")]
    os.chmod(folder, 0o770)
    refused = runbook(*words)
    assert refused.code == 2 and "chmod g-w" in refused.err and folder in refused.err, refused
    assert not os.path.exists(runbook.store)
    os.chmod(folder, 0o1770)
    assert runbook(*words).code == 3, "where it is sticky nobody else replaces it"
