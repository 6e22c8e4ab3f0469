"""Each example runs to its end, and its record verifies and replays."""

import os
import time

import pytest

from conftest import ROOT, Peer, Service
from people import People

pytestmark = pytest.mark.usefixtures("every_prefix")


def assert_sound(runbook, run="last"):
    for command in ("verify", "replay"):
        shown = runbook(command, run)
        assert shown.code == 0, shown


def run(runbook, name, *words, code=0, env=None):
    words = list(words)
    answers = f"examples/{name}.answers.yaml"
    if os.path.exists(os.path.join(ROOT, answers)):
        words += ["--answers", answers]
    checked = runbook("check", f"examples/{name}.yaml")
    assert checked.code == 0, checked
    done = runbook("exec", f"examples/{name}.yaml", *words, env=env)
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
    assert [call["call"] for call in looked["evidence"]] == ["sh.exec", "fs.read", "fs.free"]


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


def test_example_11(runbook):
    run(runbook, "11-parallel")
    assert log(runbook, "images") == "pulled\n"
    assert log(runbook, "rollout[3]") == "restarting web-4\n"


def test_example_12(runbook, postgres):
    postgres.psql("postgres", "DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop")
    postgres.psql("shop", """CREATE TABLE "Orders 2025"(id int PRIMARY KEY, status text)""",
                  """INSERT INTO "Orders 2025" VALUES (7, 'stuck'), (8, 'stuck')""")
    with open(postgres.env["PGPASSFILE"]) as f:
        password = f.read().strip().rsplit(":", 1)[1]
    run(runbook, "12-review", "-p", "order=7", "-p", "table=Orders 2025", "-p", "host=127.0.0.1",
        "-p", "port=" + postgres.env["PGPORT"], env={"PGPASSWORD": password})
    assert postgres.psql("shop", """SELECT status FROM "Orders 2025" ORDER BY id""").split() == ["open", "stuck"]


def test_example_13_goes_on_where_nobody_can_be_told(runbook):
    done = run(runbook, "13-notify", "-p", "mail_port=1")
    assert "go on after a failure: declare.team, declare.everybody, update" in done.err


def test_example_13(runbook, tmp_path):
    with Peer("slack.py", tmp_path / "slack") as slack, Peer("mail_server.py", tmp_path / "mail") as mail:
        runbook.env["SLACK_WEBHOOK"] = f"http://127.0.0.1:{slack.port}/services/T0000000/B0000000/x"
        run(runbook, "13-notify", "-p", f"mail_port={mail.port}", "-p", "title=Slow <API>")
        assert [m["body"]["text"].split("\n")[0] for m in slack.taken()][0] == "Incident: Slow &lt;API&gt;"
        assert len(slack.taken()) == 2
        assert mail.mails()[0]["Subject"] == "[P2] Slow <API>"


@pytest.mark.parametrize("environment,tests", [("development", 2), ("staging", 2)])
def test_example_14_where_nobody_is_asked(runbook, environment, tests):
    run(runbook, "14-approve", "-e", environment)
    passed = [event["step"] for event in runbook.named("step.passed")]
    assert len([step for step in passed if step.startswith("tests[")]) == tests
    assert {event["step"] for event in runbook.named("step.skipped")} == {"uat", "go"}


def test_example_14(runbook):
    people = People(os.path.join(runbook.folder, "keys"))
    names = ["qa@example.org", "po@example.org", "tl@example.org", "tl2@example.org"]
    runbook.env["RUNBOOK_SIGNERS"] = people.write(*names)
    assert runbook("roster", "examples/14-approve.yaml").code == 0
    assert runbook("exec", "examples/14-approve.yaml", "-e", "production").code == 3
    for command, name in (("confirm", "qa"), ("approve", "po"), ("approve", "tl2")):
        words = [command, "last", *(["uat"] if command == "confirm" else []),
                 "--key", people.key(name + "@example.org"), "--shown"]
        text = runbook(*words, "none").err
        assert "evidence     tests = [" in text or command == "confirm", text
        signed = runbook(*words, text.split("\nshown ")[1].split("\n")[0])
        assert signed.code == 0, signed
        assert runbook("resume", "last").code == (0 if name == "tl2" else 3)
    assert log(runbook, "deploy") == "deployed v1.2.0 to production\n"
    assert_sound(runbook)


def test_example_15(runbook):
    run(runbook, "15-window")
    ran = [(one["step"], one["attempt"]) for one in runbook.named("effect.intent")]
    assert ran == [("announce", 1), ("backup", 1), ("look", 1), ("backup", 2), ("migrate", 1)]


def test_example_15_waits_for_its_time(runbook):
    done = runbook("exec", "examples/15-window.yaml", "-p", "release=2099-01-07T10:00:00+01:00")
    assert done.code == 3 and runbook("verify", "last").code == 9, done
    assert "suspended at freeze: it waits until 2099-01-05 09:00:00Z" in done.err


def test_example_16(runbook):
    done = run(runbook, "16-locks")
    assert "1 of 5 failed: web-2; done: web-1, web-3, web-4, web-5" in done.err
    assert runbook.named("lock.taken")[0]["keys"] == ["db:db-primary"]
    assert runbook("locks").out == ""
    assert [one["item"] for one in runbook.status()["obligations"]] == ["clients", "calendar"]


@pytest.mark.parametrize("healthy, code, version", [("true", 0, "v2"), ("false", 5, "v1")])
def test_example_17(runbook, tmp_path, healthy, code, version):
    run(runbook, "17-rollback", "-p", f"dir={tmp_path}", "-p", f"healthy={healthy}", code=code)
    assert (tmp_path / "current").read_text() == version + "\n"
    assert (tmp_path / "installed-left").exists() == (code == 0)
    assert not (tmp_path / "maintenance").exists()


@pytest.mark.parametrize("broken, code, hosts", [
    ("none", 0, {"balancer": "v2", "web-1": "v2", "web-2": "v2", "web-3": "v2"}),
    ("web-2", 5, {"web-1": "v1", "web-2": "v1"})])
def test_example_19(runbook, tmp_path, broken, code, hosts):
    run(runbook, "19-call", "-p", f"dir={tmp_path}", "-p", f"broken={broken}", code=code)
    assert {name: (tmp_path / name).read_text().strip() for name in os.listdir(tmp_path)
            if name != "store"} == hosts


def test_example_19_one_host_by_itself(runbook, tmp_path):
    run(runbook, "19-call/host", "-p", f"dir={tmp_path}", "-p", "host=web-9", "-p", "version=v3")
    assert (tmp_path / "web-9").read_text() == "v3\n"


@pytest.mark.parametrize("bad_from, code, flag, back", [
    (101, 0, "100", []), (50, 5, "0", ["set[2]", "set[1]", "set[0]"]), (10, 5, "0", ["set[0]"])])
def test_example_18(runbook, tmp_path, bad_from, code, flag, back):
    run(runbook, "18-ramp", "-p", f"dir={tmp_path}", "-p", f"bad_from={bad_from}", code=code)
    assert (tmp_path / "flag").read_text() == flag + "\n"
    undone = [step for rolled in runbook.named("rollback.began") for step in rolled["undo"]]
    assert [step for step in undone if step.startswith("set")] == back
    assert [rolled["by"] for rolled in runbook.named("rollback.began")] == ["guard"] * bool(back)
    assert (tmp_path / "installed-web-1").exists() == (code == 0)
    assert [event["step"] for event in runbook.named("step.failed")] == ["install[2]"]


def test_example_18_bears_one_host_that_fails_and_not_two(runbook, tmp_path):
    done = run(runbook, "18-ramp", "-p", f"dir={tmp_path}", "-p", "broken=web-1,web-2", code=5)
    assert "2 of 4 failed: web-1, web-2" in done.err
    assert not [name for name in os.listdir(tmp_path) if name.startswith("installed")]


def test_example_20(runbook, tmp_path):
    with Service() as service:
        run(runbook, "20-requests", "-p", f"service=http://127.0.0.1:{service.port}", "-p", f"dir={tmp_path}")
        assert service.count("/echo/v1.2") == service.count("/digest") == 1
    assert '"title":"Release v1.2"' in log(runbook, "tell")
    assert (tmp_path / "mirror.tar").read_bytes() == bytes(100_000)


def test_example_20_where_nobody_answers(runbook, tmp_path):
    done = run(runbook, "20-requests", "-p", "service=http://127.0.0.1:1", "-p", f"dir={tmp_path}", code=1)
    assert "attempt 3 of 3" in done.err and "there is no connection" in done.err
    assert not (tmp_path / "app.tar").exists()
