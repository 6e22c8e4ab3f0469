"""Each example runs to its end, and its record verifies and replays."""

import os
import time

import pytest

from conftest import ROOT

pytestmark = pytest.mark.usefixtures("every_prefix")


def assert_sound(runbook, run="last"):
    for command in ("verify", "replay"):
        shown = runbook(command, run)
        assert shown.code == 0, shown


def run(runbook, name, *words, code=0):
    words = list(words)
    answers = f"examples/{name}.answers.yaml"
    if os.path.exists(os.path.join(ROOT, answers)):
        words += ["--answers", answers]
    checked = runbook("check", f"examples/{name}.yaml")
    assert checked.code == 0, checked
    done = runbook("exec", f"examples/{name}.yaml", *words)
    assert done.code == code, done
    assert_sound(runbook)
    return done


def log(runbook, step):
    shown = runbook("logs", "last", step)
    assert shown.code == 0, shown
    return shown.out


def test_every_example_is_run_here():
    names = sorted(name[:2] for name in os.listdir(os.path.join(ROOT, "examples"))
                   if name.endswith(".yaml") and ".answers." not in name)
    tested = sorted({name[13:15] for name in globals() if name.startswith("test_example_")})
    assert names == tested


def test_example_01(runbook):
    run(runbook, "01-hello")
    assert log(runbook, "greet") == f"Hello from {os.uname().sysname} {os.uname().release}\n"


def test_example_02(runbook):
    run(runbook, "02-parameters", "-p", "version=v1.2.0", "-p", "name=$(reboot)\"; ls",
        "-p", "loud=true")
    assert log(runbook, "announce") == 'Release v1.2.0, for $(reboot)"; ls\n'
    assert log(runbook, "shout") == "HEAR: RELEASE V1.2.0, 4 steps, 5m apart\n"


def test_example_02_says_what_a_parameter_should_have_been(runbook):
    refused = runbook("exec", "examples/02-parameters.yaml", "-p", "version=1.2.0")
    assert refused.code == 2
    assert r"v\d+\.\d+\.\d+" in refused.err
    assert not os.path.exists(runbook.store), "nothing was executed"


def test_example_03(runbook):
    run(runbook, "03-gates")
    waits = runbook.named("gate.waiting")
    assert {wait["step"] for wait in waits} == {"quiet", "healthy"}
    assert {wait["verdict"] for wait in waits if wait["step"] == "quiet"} == {"fails"}


def test_example_04(runbook):
    run(runbook, "04-retry")
    attempts = {event["step"]: event["attempts"] for event in runbook.named("step.passed")}
    assert attempts["flaky"] == 3
    assert attempts["account"] == 1


def test_example_05(runbook):
    run(runbook, "05-people")
    assert log(runbook, "begin") == "Ticket OPS-4711 affects 12 people\n"
    answers = runbook.named("question.answered")
    assert len(answers) == 7
    assert {answer["via"] for answer in answers} == {"answers"}
    assert [item["item"] for item in runbook.named("item.proven")] == ["root"]


def test_example_06(runbook):
    run(runbook, "06-loops")
    passed = [event["step"] for event in runbook.named("step.passed")]
    assert [step for step in passed if step.startswith("restart")] == ["restart[0]", "restart[1]"]
    assert [event["step"] for event in runbook.named("step.skipped")] == ["restart[2]", "report"]


def test_example_07(runbook):
    run(runbook, "07-failure")
    assert [event["step"] for event in runbook.named("step.failed")] == ["optional"]
    assert [event["step"] for event in runbook.named("step.skipped")] == ["nowhere"]
    assert {event["step"]: event["attempts"] for event in runbook.named("step.passed")}["deploy"] == 2


@pytest.mark.parametrize("all_of_it", [False, True], ids=["adopted", "in-doubt"])
def test_example_08(runbook, all_of_it, tmp_path):
    process = runbook.start("exec", "examples/08-interrupted.yaml", "-p", f"dir={tmp_path}",
                            "-p", "seconds=2")
    runbook.await_event("effect.intent", step="charge")
    time.sleep(0.3)
    process.kill()
    process.wait()
    if all_of_it:
        runbook.kill_what_is_left()
    resumed = runbook("resume", "last")
    assert resumed.code == 0, resumed
    assert (tmp_path / "ledger").read_text() == "charged\n"
    names = {event["type"] for event in runbook.events()}
    assert ("effect.doubt" in names) == all_of_it
    assert ("effect.adopted" in names) != all_of_it
    assert_sound(runbook)


def test_example_09(runbook):
    run(runbook, "09-checks")
    assert log(runbook, "tell") == "version 1.20 may be deployed\n"
    [looked] = [done for done in runbook.named("eval.result") if done["phase"] == "gate"]
    assert [call["req"]["argv"][0] for call in looked["evidence"]] == ["uname", "cat", "test"]


def test_example_09_shows_what_a_failed_check_compared(runbook):
    failed = run(runbook, "09-checks", "-p", "most_lag=1", code=1)
    assert "1 of 3 do not hold: replica b: seconds behind: 2, expected <= 1" in failed.err
    assert "compared: seconds behind: 0 <= 1\n" in failed.err
    assert 'compared: version: "v1.20.3" matches' in failed.err


def test_example_10(runbook):
    run(runbook, "10-secrets")
    shown = log(runbook, "careless").split("\n")
    assert shown[0] == "the token is [secret:token]" and "[secret:token]" in shown[1]
    assert log(runbook, "input") == "36\n"
