"""Approvals: signed here or elsewhere, carried, judged, counted; answers that belong to a role."""

import json
import os
import socket
import subprocess
import threading
import time

import pexpect
import pytest

from conftest import ROOT
from people import BOOK, accept, approve, assert_sound, begin, drop, shown, statement_of
from test_crash import wait_for

pytestmark = pytest.mark.usefixtures("every_prefix")


def test_two_roles_sign_and_the_run_goes_on(runbook, people, waiting):
    digest, text = shown(runbook, "last", "--key", people.key("po@x"))
    assert "Deploy version v1?" in text and "all 12 tests passed" in text
    assert "signed by tech-lead: tl@x, tl2@x" in text and "echo 'deployed v1'" in text
    approve(runbook, people, "po@x")
    early = runbook("resume", "last")
    assert early.code == 3, "one of the two is no approval"
    assert "go: not enough have signed: only po@x as product-owner" in early.err
    assert "still to be signed by tech-lead: runbook approve r-" in early.err
    assert "product-owner and" not in early.err, "who has signed is not asked to again"
    approve(runbook, people, "tl2@x", "--note", "watched the tests")
    done = runbook("resume", "last")
    assert done.code == 0, done
    assert [(a["by"], a["role"]) for a in runbook.named("approval.accepted")] == \
        [("po@x", "product-owner"), ("tl2@x", "tech-lead")]
    assert {e["statement"]["shown"] for e in runbook.named("approval.received")} == {digest}
    assert_sound(runbook)


def test_a_run_that_waits_with_locks_is_signed(runbook, people):
    begin(runbook, BOOK.replace("signers:", "locks: [production]\nsigners:"))
    for who in ("po@x", "tl@x"):
        approve(runbook, people, who)
    done = runbook("resume", "last")
    assert done.code == 0, done


def test_plan_says_who_must_approve(runbook, people):
    planned = runbook("plan", runbook.write("deploy.yaml", BOOK))
    assert "signed by product-owner: po@x" in planned.out
    assert "one of each, within 4h" in planned.out


def test_a_run_under_way_takes_it_at_once(runbook, people):
    process = runbook.start("exec", runbook.write("deploy.yaml", BOOK), "--no-input", "--wait")
    runbook.await_event("question.asked", step="go")
    assert "has it" in approve(runbook, people, "po@x").out
    assert runbook.named("approval.accepted")[0]["by"] == "po@x"
    approve(runbook, people, "tl@x")
    assert process.wait(20) == 0
    assert_sound(runbook)


def test_it_is_signed_on_another_machine(runbook, people, waiting):
    request = os.path.join(runbook.folder, "go.json")
    assert runbook("approve", "last", "--request", request).code == 0
    elsewhere = {"RUNBOOK_STORE": os.path.join(runbook.folder, "none"), "RUNBOOK_SIGNERS": ""}
    digest, _ = shown(runbook, "last", "--key", people.key("po@x"))
    for who in ("po@x", "tl@x"):
        signed = runbook("approve", "--sign", request, "--key", people.key(who), "--shown", digest,
                         env=elsewhere)
        assert signed.code == 0, signed
        accepted = runbook("approve", "--accept", request + ".signed")
        assert accepted.code == 0, accepted
        os.remove(request + ".signed")
    assert runbook("resume", "last").code == 0
    assert_sound(runbook)


def test_a_request_that_was_changed_is_not_signed(runbook, people, waiting):
    request = os.path.join(runbook.folder, "go.json")
    assert runbook("approve", "last", "--request", request).code == 0
    with open(request) as f:
        text = f.read()
    harmless = text.replace("deployed", "backed up")
    assert harmless != text
    other = runbook.write("other.json", harmless)
    refused = runbook("approve", "--sign", other, "--key", people.key("po@x"), "--shown", "x")
    assert refused.code == 2 and "does not give the plan" in refused.err, refused


def test_a_rejection_is_a_result(runbook, people, waiting):
    no_reason = runbook("approve", "last", "--reject", "--key", people.key("tl@x"))
    assert no_reason.code == 2 and "--reason" in no_reason.err
    approve(runbook, people, "tl@x", "--reject", "--reason", "not on a Friday")
    done = runbook("resume", "last")
    assert done.code == 4, done
    assert "rejected by tl@x (tech-lead): not on a Friday" in done.err
    assert runbook.steps()["deploy"] == "pending"
    assert_sound(runbook)


def test_a_time_that_is_over_is_no_yes(runbook, people):
    begin(runbook, BOOK.replace("4h", "1s"))
    statement = statement_of(runbook)
    time.sleep(1.1)
    late = accept(runbook, "late.json", people.signed(statement, "po@x"))
    assert "expire" in late.err
    drop(runbook, "late", people.signed(statement, "po@x"))
    done = runbook("resume", "last")
    assert done.code == 1, done
    assert "the approval expired: nobody signed for product-owner, tech-lead" in done.err
    assert not runbook.named("approval.accepted")
    replayed = runbook("replay", "last")
    assert replayed.code == 0, replayed


def test_a_time_that_is_over_while_nobody_runs_it_is_no_question(runbook, people):
    begin(runbook, BOOK.replace("4h", "3s"))
    time.sleep(3.1)
    done = runbook("resume", "last", "--no-input")
    assert done.code == 1, done
    assert "the approval expired: nobody signed for product-owner, tech-lead" in done.err
    assert "nobody answered" not in done.err
    assert len(runbook.named("run.suspended")) == 1
    assert_sound(runbook, "ABSENT")


def test_of_two_that_expire_apart_the_first_fails_at_its_time(runbook, people):
    book = """runbook: both
roles: {product-owner: [po@x], tech-lead: [tl@x]}
signers: allowed_signers
steps:
  - id: both
    parallel:
      - {id: later, approve: {roles: [product-owner], expires: 4h}}
      - {id: soon, approve: {roles: [tech-lead], expires: 3s}}
"""
    assert runbook("exec", runbook.write("both.yaml", book), "--no-input").code == 3
    time.sleep(3.1)
    done = runbook("resume", "last", "--no-input")
    assert done.code == 1, done
    assert [one["step"] for one in runbook.named("attempt.failed")] == ["soon"]


def test_what_was_signed_in_time_and_not_taken_then_is_told(runbook, people):
    begin(runbook, BOOK.replace("4h", "15s"))
    said = approve(runbook, people, "po@x").out
    asked = runbook.named("question.asked")[0]
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(asked["expires"] // 1000000))
    assert f"it counts when the run goes on before {when}: runbook resume r-" in said
    time.sleep(max(0, asked["expires"] / 1e6 - time.time()) + 0.1)
    done = runbook("resume", "last")
    assert done.code == 1, done
    assert "go: approve, signed by po@x as product-owner, was not counted" in done.err


def test_who_comes_second_is_told_what_lies_in_the_inbox(runbook, people, waiting):
    first = approve(runbook, people, "tl@x", "--reject", "--reason", "not on a Friday")
    assert "as well" not in first.out
    second = approve(runbook, people, "po@x")
    assert "in its inbox as well, and not judged yet: reject, signed by tl@x as tech-lead" in second.out
    assert "po@x" not in second.out


def test_a_resumed_run_says_what_it_did_not_count(runbook, people, waiting):
    no = statement_of(runbook, "tl@x", "tech-lead", decision="reject", reason="not on a Friday")
    drop(runbook, "a", people.signed(no, "tl@x"))
    drop(runbook, "b", people.signed(statement_of(runbook), "po@x"))
    done = runbook("resume", "last")
    assert done.code == 4, done
    assert "go: approve, signed by po@x as product-owner, was not counted" in done.err
    assert "tl@x as tech-lead, was not counted" not in done.err
    again = runbook("resume", "last")
    assert "was not counted" not in again.err, again


def test_a_quorum_of_one_role(runbook, people):
    text = BOOK.replace("[product-owner, tech-lead]", "[tech-lead]\n      quorum: 2")
    begin(runbook, text)
    approve(runbook, people, "tl@x")
    early = runbook("resume", "last")
    assert early.code == 3, "one is not enough"
    assert "go: not enough have signed: only tl@x as tech-lead" in early.err
    assert "still to be signed by 1 of tech-lead: runbook approve r-" in early.err
    approve(runbook, people, "tl2@x")
    assert runbook("resume", "last").code == 0


class Terminal:
    def __init__(self, runbook, *words):
        self.child = pexpect.spawn(runbook.binary, list(map(str, words)), cwd=ROOT, timeout=20,
                                   env={**runbook.env, "TERM": "xterm"}, encoding="utf-8",
                                   dimensions=(50, 120))

    def ends(self):
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


def test_only_the_word_that_is_typed_signs(runbook, people, waiting):
    for typed, code in (("yes", 4), ("", 4), ("\x04", 4), ("approve\x04\x04", 4), ("approve", 0)):
        person = Terminal(runbook, "approve", "last", "--key", people.key("po@x"))
        person.child.expect("Type `approve` to sign: ")
        person.child.send(typed + ("" if typed.endswith("\x04") else "\n"))
        assert person.ends() == code, typed
    assert len(os.listdir(os.path.join(runbook.run_folder(), "inbox"))) == 1


def listens(path):
    """Its name is there a moment before it does."""
    with socket.socket(socket.AF_UNIX) as tried:
        return tried.connect_ex(path) == 0


@pytest.fixture
def agent(runbook, people):
    """An agent of the approver's, with one key in it and none on the disk."""
    path = os.path.join(people.folder, "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    wait_for(lambda: listens(path))
    subprocess.run(["ssh-add", "-q", people.key("tl@x")], check=True, stdin=subprocess.DEVNULL,
                   env={**os.environ, "SSH_AUTH_SOCK": path})
    yield path
    process.kill()
    process.wait()


def test_the_agent_signs_with_the_key_that_may(runbook, people, waiting, agent):
    held = {"SSH_AUTH_SOCK": agent}
    refused = runbook("approve", "last", "--shown", "none", env=held)
    digest = refused.err.split("\nshown ")[1].split("\n")[0]
    assert runbook("approve", "last", "--shown", digest, env=held).code == 0
    approve(runbook, people, "po@x")
    assert runbook("resume", "last").code == 0
    assert [one["by"] for one in runbook.named("approval.accepted")].count("tl@x") == 1
    assert_sound(runbook)


def test_whose_agent_holds_the_key_does_not_approve_what_he_runs(runbook, people, agent):
    done = runbook("exec", runbook.write("deploy.yaml", BOOK), "-e", "production",
                   env={"SSH_AUTH_SOCK": agent})
    assert done.code == 3
    created = runbook.events()[0]["d"]["operator"]
    assert created["keys"] == [people.fingerprint("tl@x")] and created["people"] == ["tl@x"]
    refused = approve(runbook, people, "tl@x", code=4)
    assert "nobody approves what he runs" in refused.err


def test_what_is_answered_elsewhere_is_asked_no_more(runbook):
    book = runbook.write("c.yaml", "runbook: c\nsteps:\n  - {id: sure, confirm: Go on?}\n"
                                   "  - {id: more, title: And more}\n")
    person = Terminal(runbook, "exec", book)
    person.child.expect("Go on")
    assert runbook("confirm", "last", "sure", "--answer", "yes").code == 0
    person.child.expect("And more")
    person.child.send("y\n")
    assert person.ends() == 0
    assert [one["via"] for one in runbook.named("question.answered")] == ["confirm", "terminal"]


def test_at_a_terminal_the_run_waits_and_says_how_to_sign(runbook, people):
    person = Terminal(runbook, "exec", runbook.write("deploy.yaml", BOOK))
    person.child.expect("to be signed by product-owner and tech-lead: runbook approve r-")
    approve(runbook, people, "po@x")
    person.child.expect("signed by po@x as product-owner")
    approve(runbook, people, "tl@x", "--reject", "--reason", "no")
    person.child.expect("how to go on|retry")
    person.child.send("s\n")    # it is neither skipped nor said to be done
    person.child.send("k\n")
    person.child.send("t\n")
    assert person.ends() == 4
    assert not runbook.named("step.skipped") and runbook.steps()["go"] == "failed"


@pytest.mark.parametrize("call", range(1, 40, 3))
def test_f01_killed_while_it_judges_and_resumed(runbook, people, waiting, call):
    approve(runbook, people, "po@x")
    approve(runbook, people, "tl@x")
    runbook.killed_at("pwrite64" if call % 2 else "fdatasync", call, "resume", "last")
    done = runbook("resume", "last")
    assert done.code in (0, 2), done
    assert runbook.steps()["deploy"] == "passed"
    assert len(runbook.named("approval.accepted")) == 2
    assert_sound(runbook)




def test_without_signers_nothing_is_begun(runbook):
    refused = runbook("exec", runbook.write("deploy.yaml", BOOK.replace("signers: allowed_signers\n", "")))
    assert refused.code == 2 and "--signers FILE" in refused.err
    assert not os.path.exists(runbook.store)


SIGNED = """runbook: signed
roles: {qa: [qa@x]}
signers: allowed_signers
steps:
  - id: ready
    checklist:
      - {id: uat, text: UAT is signed off, role: qa, evidence: true}
      - {id: backup, text: There is a backup}
  - id: sure
    confirm: {message: "Go on?", type: production}
  - id: last
    title: All is well
    role: qa
"""


def confirm(runbook, *words, code=0):
    done = runbook("confirm", "last", *words)
    assert done.code == code, done
    return done


def test_items_of_a_role_are_signed_and_others_answered_from_elsewhere(runbook, people):
    people.write("qa@x")
    done = runbook("exec", runbook.write("signed.yaml", SIGNED), "--answers",
                   runbook.write("answers.yaml", "answers: {ready.uat: {answer: yes, evidence: x}, last: yes}\n"))
    assert done.code == 3 and "runbook confirm r-" in done.err, done
    assert not runbook.named("question.answered"), "an answers file does not sign"
    assert "does not wait for sure" in confirm(runbook, "sure", "--answer", "yes", code=2).err
    key = ["--key", people.key("qa@x")]
    digest = runbook("confirm", "last", "ready.uat", *key, "--shown", "x").err.split("\nshown ")[1].split("\n")[0]
    confirm(runbook, "ready.uat", *key, "--shown", digest, code=4)       # evidence
    confirm(runbook, "ready.uat", *key, "--shown", digest, "--evidence", "report 7")
    assert runbook("resume", "last").code == 3
    confirm(runbook, "ready.backup", "--answer", "skip", code=2)         # reason
    confirm(runbook, "ready.backup", "--answer", "yes", "--note", "of tonight")
    assert runbook("resume", "last").code == 3
    refused = confirm(runbook, "sure", "--answer", "yes", code=4)
    assert "no terminal" in refused.err, "a word that has to be typed out is typed"
    person = Terminal(runbook, "confirm", "last", "sure")
    person.child.expect("Type `production` to confirm: ")
    person.child.send("production\n")
    assert person.ends() == 0
    assert runbook("resume", "last").code == 3
    digest = runbook("confirm", "last", "last", *key, "--shown", "x").err.split("\nshown ")[1].split("\n")[0]
    confirm(runbook, "last", *key, "--shown", digest)
    assert runbook("resume", "last").code == 0
    [first, second] = runbook.named("question.answered")
    assert (first["via"], first["note"]) == ("confirm", "of tonight") and second["step"] == "sure"
    assert_sound(runbook)


def test_an_item_is_signed_on_another_machine(runbook, people):
    people.write("qa@x")
    assert runbook("exec", runbook.write("signed.yaml", SIGNED)).code == 3
    request = os.path.join(runbook.folder, "uat.json")
    assert runbook("confirm", "last", "ready.uat", "--request", request).code == 0
    words = ["approve", "--sign", request, "--key", people.key("qa@x"), "--evidence", "report 7", "--shown"]
    digest = runbook(*words, "none").err.split("\nshown ")[1].split("\n")[0]
    assert runbook(*words, digest).code == 0
    assert runbook("approve", "--accept", request + ".signed").code == 0
    assert runbook("resume", "last").code == 3
    assert runbook.named("approval.accepted")[0]["evidence"] == "report 7"
    said = runbook("status", "last").out
    assert "runbook confirm r-" in said and "ready.backup" in said


def test_of_two_who_answer_at_once_one_wins_and_the_other_is_told(runbook):
    book = runbook.write("c.yaml", "runbook: c\nsteps:\n  - id: sure\n    confirm: Go on?\n")
    process = runbook.start("exec", book, "--no-input", "--wait")
    runbook.await_event("question.asked")
    found = []
    threads = [threading.Thread(target=lambda: found.append(
        runbook("confirm", "last", "sure", "--answer", "yes", "--note", str(i)))) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert process.wait(20) == 0
    assert sorted(one.code for one in found)[:2][0] == 0 and \
        [one.code for one in found].count(0) == 1, found
    assert all("answered" in one.err or "does not wait" in one.err or "waits for nobody" in one.err
               for one in found if one.code), found
    assert len(runbook.named("question.answered")) == 1


def test_of_two_who_sign_for_one_item_the_first_counts(runbook, people):
    people.write("qa@x", "qb@x")
    text = """runbook: signed
roles: {qa: [qa@x, qb@x]}
steps:
  - {id: ready, title: UAT is signed off, role: qa}
  - {id: pause, wait: 1s}
"""
    process = runbook.start("exec", runbook.write("signed.yaml", text), "--no-input", "--wait")
    runbook.await_event("question.asked")
    words = ["confirm", "last", "ready", "--shown"]
    digest = runbook(*words, "x", "--key", people.key("qa@x")).err.split("\nshown ")[1].split("\n")[0]
    found = []
    threads = [threading.Thread(target=lambda who=who: found.append(
        runbook(*words, digest, "--key", people.key(who)))) for who in ("qa@x", "qb@x")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(one.code for one in found)
    assert codes[0] == 0 and codes[1] in (2, 4), found
    [loser] = [one for one in found if one.code]
    assert "was first" in loser.err or "does not wait" in loser.err or "waits for nobody" in loser.err
    assert process.wait(20) == 0
    assert len(runbook.named("approval.accepted")) == 1


def test_roster_says_what_is_wrong(runbook, people):
    people.write("po@x", people.line("tl@x", key_of="po@x"), people.line("nobody@x"),
                 people.line("*@x", key_of="star@x"),
                 people.line("tl2@x", 'namespaces="approve.runbook",valid-before="20200101Z"'))
    book = runbook.write("deploy.yaml", BOOK)
    text = runbook("roster", book)
    assert text.code == 1
    for said in ("it is also the key of tl@x", "its time is over", "tl2@x: has no key that lets them sign",
                 '["nobody@x"]: is in no role', '["*@x"]: its principals hold a pattern'):
        assert said in text.out, text
    data = json.loads(runbook("roster", book, "--output", "json").out)
    [owner] = data["roles"][0]["people"]
    assert owner["who"] == "po@x" and owner["keys"][0]["key"] == people.fingerprint("po@x")
    people.write("po@x", "tl@x", "tl2@x")
    assert runbook("roster", book).code == 0


def test_without_signers_nobody_is_waited_for(runbook):
    text = BOOK.replace("signers: allowed_signers\n", "").replace(
        "  - id: go\n", "  - id: go\n    when: params.version == \"v1\"\n")
    done = runbook("exec", runbook.write("deploy.yaml", text), "--wait", "--no-input")
    assert done.code == 3 and "the run began without a file of signers" in done.err, done


def test_status_says_who_has_signed(runbook, people, waiting):
    approve(runbook, people, "po@x")
    assert runbook("resume", "last").code == 3
    said = runbook("status", "last").out
    assert "still to be signed by tech-lead: runbook approve r-" in said
    assert "signed by po@x as product-owner" in said


def test_doctor_looks_for_what_signs(runbook, people):
    book = runbook.write("deploy.yaml", BOOK)
    assert "signatures can be made" in runbook("doctor", book).out
    missing = runbook("doctor", book, env={"PATH": runbook.folder})
    assert missing.code == 1 and "install openssh-client" in missing.out, missing


WINDOWED = """runbook: windowed
roles: {duty: [po@x, tl@x]}
signers: allowed_signers
defaults: {timeout: 1m}
steps:
  - {id: deploy, window: {days: [DAY], tz: UTC, override: duty}, exec: [echo, deployed]}
"""


@pytest.mark.parametrize("stays", [False, True])
def test_a_window_is_overridden_by_a_role(runbook, people, stays):
    """Whether the run waits for it or was suspended; nobody else can, and a reason is needed."""
    day = time.strftime("%a", time.gmtime(time.time() + 3 * 86400))
    book = runbook.write("windowed.yaml", WINDOWED.replace("DAY", day))
    words = ["--wait", "--wait-at-most", "10d"] if stays else ["--no-input"]
    process = runbook.start("exec", book, *words)
    runbook.await_event("question.asked", step="deploy")
    if not stays:
        assert process.wait(20) == 3
    unsigned = runbook.write("a.yaml", "answers:\n  deploy.window: {answer: override, reason: now}\n")
    if not stays:
        assert runbook("resume", "last", "--answers", unsigned).code == 3
        assert not runbook.named("window.overridden")
    key = ["--key", people.key("tl@x")]
    assert "--reason" in runbook("confirm", "last", "deploy.window", *key).err
    key += ["--reason", "customers are down"]
    refused = runbook("confirm", "last", "deploy.window", *key, "--shown", "x").err
    assert "only duty may override it" in refused and "echo deployed" in refused, refused
    digest = refused.split("\nshown ")[1].split("\n")[0]
    signed = runbook("confirm", "last", "deploy.window", *key, "--shown", digest)
    assert signed.code == 0, signed
    if stays:
        assert process.wait(20) == 0
    else:
        assert runbook("resume", "last").code == 0
    [said] = runbook.named("window.overridden")
    assert (said["by"], said["reason"]) == ("tl@x", "customers are down")
    assert "customers are down" in runbook("status", "last").out
    assert_sound(runbook)
