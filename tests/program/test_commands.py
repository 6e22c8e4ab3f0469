"""What each command does and says, with its exit codes."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from test_attacks_approve import rechained

HELLO = """runbook: hello
defaults: {timeout: 1m}
steps:
  - id: greet
    title: Say hello
    exec: [echo, hello]
"""
PARAMS = """runbook: params
defaults: {timeout: 1m}
params:
  version: {type: string, pattern: 'v\\d+', help: Release}
  count: {type: integer, default: 3, min: 1, max: 5}
environments:
  staging: {vars: {host: db.staging}}
  production: {vars: {host: db-primary}}
vars: {host: localhost}
steps:
  - id: show
    exec: [echo, "${{ params.version }}", "${{ params.count }}", "${{ vars.host }}"]
"""
ASKS = """runbook: asks
defaults: {timeout: 1m}
steps:
  - id: before
    exec: [echo, before]
  - id: sure
    confirm: Are you sure?
  - id: after
    exec: [echo, after]
"""
FAILS = """runbook: fails
defaults: {timeout: 1m}
steps:
  - id: works
    exec: [echo, fine]
  - id: broken
    run: |
      echo progress
      echo "it is broken" >&2
      exit 3
  - id: never
    exec: [echo, never]
"""
BROKEN = """runbook: broken
steps:
  - id: first
    exec: [echo, "${{ steps.secnd.outputs.x }}"]
    timout: 1m
  - id: first
    run: echo ${{ params.nothing }}
    timeout: 1m
"""


@pytest.fixture
def hello(runbook):
    path = runbook.write("hello.yaml", HELLO)
    done = runbook("exec", path)
    assert done.code == 0, done
    return runbook


# check, explain, plan

def test_check_reports_everything_at_once_in_order(runbook):
    found = runbook("check", runbook.write("broken.yaml", BROKEN))
    assert found.code == 1
    lines = [line for line in found.err.split("\n") + found.out.split("\n") if "RB0" in line]
    assert len(lines) >= 4
    assert "did you mean `timeout`?" in found.err + found.out
    assert "did you mean" in found.err + found.out
    assert "^" in found.err + found.out


def test_check_speaks_json_and_github(runbook):
    path = runbook.write("broken.yaml", BROKEN)
    found = json.loads(runbook("check", path, "--output", "json").out)
    assert all({"code", "line", "column", "message"} <= set(one) for one in found)
    places = [(one["line"], one["column"]) for one in found]
    assert places == sorted(places)
    github = runbook("check", path, "--output", "github").out
    assert github.startswith("::error file=") and f"line={places[0][0]}" in github


def test_check_of_a_sound_file_is_quiet_about_errors(runbook):
    assert runbook("check", runbook.write("hello.yaml", HELLO)).code == 0


def test_check_of_a_file_that_is_not_there(runbook):
    assert runbook("check", "no-such.yaml").code == 2


def test_explain_tells_more_about_a_code(runbook):
    told = runbook("explain", "RB0401")
    assert told.code == 0
    assert "unknown step" in told.out and "Right" in told.out
    assert runbook("explain", "RB9999").code == 2


def test_plan_shows_and_does_nothing(runbook):
    path = runbook.write("params.yaml", PARAMS)
    shown = runbook("plan", path, "-e", "staging", "-p", "version=v7")
    assert shown.code == 0
    assert "echo v7 3 db.staging" in shown.out
    assert not os.path.exists(runbook.store)
    assert runbook("plan", path).code == 2


# exec

@pytest.mark.parametrize("words, said", [
    (["-p", "version=7"], r"v\d+"),
    ([], "version"),
    (["-p", "version=v7", "-p", "count=9"], "5"),
    (["-p", "version=v7", "-p", "count=many"], "integer"),
    (["-p", "version=v7", "-p", "versoin=v8"], "did you mean"),
    (["-p", "version=v7", "-e", "prodution"], "production"),
    (["-p", "version"], "="),
])
def test_a_parameter_that_does_not_fit_is_refused(runbook, words, said):
    refused = runbook("exec", runbook.write("params.yaml", PARAMS), *words)
    assert refused.code == 2, refused
    assert said in refused.err
    assert not os.path.exists(runbook.store)


def test_parameters_come_from_a_file_and_options_win(runbook):
    values = runbook.write("values.yaml", "version: v7\ncount: 2\n")
    done = runbook("exec", runbook.write("params.yaml", PARAMS), "--params", values,
                   "-p", "count=4", "-e", "production")
    assert done.code == 0, done
    assert runbook("logs", "last", "show").out == "v7 4 db-primary\n"


def test_an_invalid_file_is_not_run(runbook):
    refused = runbook("exec", runbook.write("broken.yaml", BROKEN))
    assert refused.code == 2
    assert "RB0" in refused.err
    assert not os.path.exists(runbook.store)


def test_wrong_usage_is_exit_2_and_helped(runbook):
    assert runbook("exce").code == 2
    assert "exec" in runbook("exce").err
    assert runbook("exec").code == 2
    assert runbook("exec", "--no-such-option", "x.yaml").code == 2
    assert runbook("status", "r-none").code == 2


def test_help_is_for_the_program_and_for_each_command(runbook):
    shown = runbook("--help")
    assert shown.code == 0
    for command in ("check", "plan", "exec", "resume", "status", "list", "logs", "cancel",
                    "replay", "verify", "explain", "completion", "doctor"):
        assert command in shown.out
        own = runbook(command, "--help")
        assert own.code == 0 and "Usage: runbook " + command in own.out


def test_the_run_id_comes_first(hello):
    done = hello("exec", hello.folder + "/hello.yaml")
    run = os.path.basename(hello.run_folder())
    assert run in done.err.split("\n")[0]


def test_a_failing_step_ends_the_run_with_its_last_lines(runbook):
    failed = runbook("exec", runbook.write("fails.yaml", FAILS))
    assert failed.code == 1
    assert "exit code 3" in failed.err
    assert "it is broken" in failed.err
    assert runbook.steps() == {"works": "passed", "broken": "failed", "never": "pending"}


def test_why_a_gate_waits_is_told_with_each_poll_and_recorded_once(runbook):
    path = runbook.write("gate.yaml", """runbook: gate
steps:
  - {id: it, gate: {check: 'return false, "it is " .. ("so "):rep(100) .. "long"', every: 500ms, timeout: 2s}}
""")
    done = runbook("exec", path)
    assert done.code == 1 and "it: does not hold yet (attempt 1): it is so so" in done.err, done
    [first, *_] = runbook.named("gate.waiting")
    assert first["verdict"] == "fails" and "why" not in first
    looked = [d for d in runbook.named("eval.result") if d["phase"] == "gate"]
    assert looked[0]["items"][0]["why"].endswith("so long")
    assert "does not hold yet (attempt 1): it is so so" in runbook("logs", "last").out
    assert runbook("replay", "last").code == 0


def test_what_is_required_is_named_before_anything_runs(runbook):
    path = runbook.write("needs.yaml", HELLO.replace("steps:", """requires:
  tools: [no-such-tool]
  files: [/no/such/file]
  variables: [NO_SUCH_VARIABLE]
steps:"""))
    refused = runbook("exec", path)
    assert refused.code == 2
    for name in ("no-such-tool", "/no/such/file", "NO_SUCH_VARIABLE"):
        assert name in refused.err
    assert not os.path.exists(runbook.store)
    doctor = runbook("doctor", path)
    assert doctor.code == 1
    assert "no-such-tool" in doctor.out + doctor.err


def test_json_output_is_one_event_a_line(runbook):
    done = runbook("exec", runbook.write("hello.yaml", HELLO), "--output", "json")
    assert done.code == 0
    lines = [json.loads(line) for line in done.out.split("\n") if line]
    assert "version" in json.dumps(lines[0]) or "v" in lines[0]
    names = [line["type"] for line in lines[1:]]
    assert names == [event["type"] for event in runbook.events()]


def test_standard_output_belongs_to_data(hello):
    done = hello("exec", hello.folder + "/hello.yaml", "--output", "plain")
    assert done.out == ""


# people, without a terminal

def test_without_a_terminal_the_run_waits_and_says_how_to_go_on(runbook):
    path = runbook.write("asks.yaml", ASKS)
    waiting = runbook("exec", path, text_in="yes\nyes\n")
    assert waiting.code == 3
    run = os.path.basename(runbook.run_folder())
    assert f"runbook resume {run}" in waiting.err
    assert runbook.status()["status"] == "waiting"
    assert runbook.status()["waits_for"]["text"] == "Are you sure?"
    listed = json.loads(runbook("list", "--output", "json").out)
    assert [one["waits_for"] for one in listed] == ["Are you sure?"]
    resumed = runbook("resume", run, "--answers",
                      runbook.write("answers.yaml", "answers: {sure: yes}"))
    assert resumed.code == 0, resumed
    assert runbook.steps() == {"before": "passed", "sure": "passed", "after": "passed"}


def test_a_no_ends_the_run(runbook):
    done = runbook("exec", runbook.write("asks.yaml", ASKS), "--answers",
                   runbook.write("answers.yaml", "answers: {sure: no}"))
    assert done.code == 4, done
    assert runbook.steps()["after"] == "pending"


def test_an_answer_left_unused_is_named(runbook):
    done = runbook("exec", runbook.write("asks.yaml", ASKS), "--answers",
                   runbook.write("answers.yaml", "answers: {sure: yes, shure: no}"))
    assert done.code == 0
    assert "shure" in done.err


def test_an_answer_that_is_missing_is_named(runbook):
    done = runbook("exec", runbook.write("asks.yaml", ASKS), "--answers",
                   runbook.write("answers.yaml", "answers: {other: yes}"))
    assert done.code == 3
    assert "sure" in done.err


def test_an_answers_file_that_is_none_runs_nothing(runbook):
    done = runbook("exec", runbook.write("asks.yaml", ASKS), "--answers",
                   runbook.write("answers.yaml", "answers: [yes"))
    assert done.code == 2
    assert not os.path.exists(runbook.store)


# status, list, logs, cancel, resume

def test_list_is_newest_first(hello):
    hello("exec", hello.folder + "/hello.yaml")
    listed = json.loads(hello("list", "--output", "json").out)
    runs = [one["run"] for one in listed]
    assert len(runs) == 2 and runs == sorted(runs, reverse=True)
    assert {one["status"] for one in listed} == {"succeeded"}


def test_a_run_is_named_by_the_beginning_of_its_id(hello):
    run = os.path.basename(hello.run_folder())
    assert json.loads(hello("status", run[:-2], "--output", "json").out)["run"] == run


def test_logs_show_the_record_or_what_a_step_printed(hello):
    told = hello("logs", "last")
    assert told.code == 0
    assert "greet: passed after " in told.out and "succeeded: " in told.out.split("\n")[-2]
    events = hello("logs", "last", "--events")
    assert "run.created" in events.out and "run.finished" in events.out
    assert hello("logs", "last", "greet").out == "hello\n"
    assert hello("logs", "last", "gret").code == 2
    as_json = [json.loads(line) for line in hello("logs", "last", "--output", "json").out.split("\n") if line]
    assert [event["type"] for event in as_json] == [event["type"] for event in hello.events()]


SLOW = """runbook: slow
defaults: {timeout: 1m}
steps:
  - id: work
    run: |
      echo begun
      sleep 2
      echo done
  - id: after
    exec: [echo, after]
"""


def test_logs_follow_a_run_to_its_end(runbook):
    process = runbook.start("exec", runbook.write("slow.yaml", SLOW), stderr=subprocess.DEVNULL)
    runbook.await_event("effect.intent", step="work")
    followed = runbook("logs", "-f", "last", timeout=30)
    assert process.wait(30) == 0
    assert followed.code == 0
    lines = followed.out.split("\n")
    assert len(lines) == len(set(lines)) and "succeeded: " in lines[-2], followed


def test_a_second_process_may_not_work_on_the_same_run(runbook):
    process = runbook.start("exec", runbook.write("slow.yaml", SLOW), stderr=subprocess.DEVNULL)
    runbook.await_event("effect.intent", step="work")
    before = len(runbook.events())
    assert runbook("resume", "last").code == 8
    assert process.wait(30) == 0
    assert len(runbook.events()) > before
    assert {event["w"] for event in runbook.events()} == {1}


def test_cancel_ends_a_run_after_its_step(runbook):
    process = runbook.start("exec", runbook.write("slow.yaml", SLOW), stderr=subprocess.DEVNULL)
    runbook.await_event("effect.intent", step="work")
    assert runbook("cancel", "last", "--reason", "wrong version").code == 0
    assert process.wait(30) == 4
    assert runbook.steps() == {"work": "passed", "after": "pending"}
    assert runbook.status()["status"] == "cancelled"
    assert runbook("resume", "last").code != 0


def test_cancel_closes_a_run_that_waits(runbook):
    runbook("exec", runbook.write("asks.yaml", ASKS))
    assert runbook("cancel", "last").code == 0
    assert runbook.status()["status"] == "cancelled"
    assert runbook("cancel", "last").code == 2


def test_a_signal_ends_the_run_after_its_step_and_resume_goes_on(runbook):
    process = runbook.start("exec", runbook.write("slow.yaml", SLOW), stderr=subprocess.PIPE, text=True)
    runbook.await_event("effect.intent", step="work")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "runbook resume" in said
    assert runbook.steps() == {"work": "passed", "after": "pending"}
    assert runbook("resume", "last").code == 0
    assert runbook.steps()["after"] == "passed"


def test_f30_a_second_signal_ends_the_step(runbook):
    text = SLOW.replace("sleep 2", "sleep 60")
    process = runbook.start("exec", runbook.write("slow.yaml", text), stderr=subprocess.DEVNULL)
    runbook.await_event("effect.intent", step="work")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    runbook.await_event("signal.received")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    assert time.monotonic() - began < 20
    assert runbook.named("effect.result")[-1]["killed"] == "request"


def test_f50_resume_uses_the_stored_copy_of_the_runbook(runbook):
    path = runbook.write("asks.yaml", ASKS)
    assert runbook("exec", path).code == 3
    runbook.write("asks.yaml", ASKS.replace("echo, after", "echo, changed"))
    answers = runbook.write("answers.yaml", "answers: {sure: yes}")
    done = runbook("resume", "last", "--answers", answers)
    assert done.code == 0 and f"{path} has changed since the run began" in done.err, done
    assert runbook("logs", "last", "after").out == "after\n"


def test_f50_a_run_of_another_version_is_not_resumed(runbook):
    """Which makes another plan of the same text."""
    assert runbook("exec", runbook.write("asks.yaml", ASKS)).code == 3

    def other(event):
        if event["type"] == "run.created":
            event["d"]["plan"] = "sha256:" + "0" * 64
            event["d"]["engine"]["version"] = "9.9.9"
    rechained(os.path.join(runbook.run_folder(), "journal.jsonl"), other)
    before = runbook.events()
    done = runbook("resume", "last", "--answers", runbook.write("answers.yaml", "answers: {sure: yes}"))
    assert done.code == 2 and "use runbook 9.9.9" in done.err, done
    assert runbook.events() == before


def test_f50_the_program_is_replaced_under_way(runbook):
    """By one that can't even be started: supervisor, worker and `fs` go on with what the run began with."""
    text = SLOW.replace("sleep 2", "until test -e ${{ params.dir }}/go; do sleep 0.05; done") + """
  - id: look
    gate: 'fs.read(params.dir .. "/go").text == ""'
params: {dir: {type: string, pattern: /.*}}
"""
    runbook.binary = shutil.copy(runbook.binary, os.path.join(runbook.folder, "runbook"))
    process = runbook.start("exec", runbook.write("slow.yaml", text), "-p", f"dir={runbook.folder}",
                            stderr=subprocess.PIPE, text=True)
    runbook.await_event("effect.intent", step="work")
    other = runbook.write("other", "#!/bin/sh\nexit 66\n")
    os.chmod(other, 0o755)
    os.rename(other, runbook.binary)
    runbook.write("go", "")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert {event["w"] for event in runbook.events()} == {1}


def test_a_finished_run_is_not_resumed(hello):
    before = len(hello.events())
    assert hello("resume", "last").code != 70
    assert len(hello.events()) == before


# the store

def test_the_store_is_where_the_option_or_the_variable_says(runbook, tmp_path):
    path = runbook.write("hello.yaml", HELLO)
    assert runbook("exec", "--store", tmp_path / "other", path).code == 0
    assert runbook("--store", tmp_path / "other", "list", "--output", "json").out != "[]\n"
    assert json.loads(runbook("list", "--output", "json").out) == []


def test_the_store_is_nobody_elses(hello):
    for folder, _, files in os.walk(hello.store):
        assert os.stat(folder).st_mode & 0o077 == 0, folder
        for name in files:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0, name


def test_a12_a_store_that_others_can_write_to_is_refused(runbook):
    os.mkdir(runbook.store)
    os.chmod(runbook.store, 0o777)
    refused = runbook("exec", runbook.write("hello.yaml", HELLO))
    assert refused.code != 0
    assert runbook.store in refused.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("whose", ["store", "run"])
def test_a12_what_another_user_wrote_is_read_and_not_gone_on_with(runbook, whose):
    assert runbook("exec", runbook.write("asks.yaml", ASKS)).code == 3
    answers = runbook.write("answers.yaml", "answers: {sure: yes}\n")
    before, run = runbook.events(), runbook.run_folder()
    place = runbook.store if whose == "store" else run
    subprocess.run(["chown", "-R", "65534", place], check=True)
    refused = [["resume", "last", "--answers", answers], ["confirm", "last", "sure"], ["cancel", "last"],
               ["approve", "last"], ["handover", "last", "--to", "ann", "--reason", "home"]]
    if whose == "store":
        refused += [["exec", runbook.write("hello.yaml", HELLO)]]
        assert "belongs to another user" in runbook("doctor").out
    for words in refused:
        done = runbook(*words)
        assert done.code == 2 and f"{place} belongs to another user (uid 65534)" in done.err, done
    assert runbook.events() == before and os.listdir(os.path.join(run, "inbox")) == []
    for words in ["verify", "last"], ["replay", "last"]:
        assert runbook(*words).code == 9        # sound, and open
    for words in ["logs", "last"], ["status", "last"], ["list"]:
        assert runbook(*words).code == 0
    subprocess.run(["chown", "-R", "0", place], check=True)
    assert runbook("resume", "last", "--answers", answers).code == 0


# completion, doctor

@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(runbook, shell):
    printed = runbook("completion", shell)
    assert printed.code == 0
    for word in ("check", "resume", "verify", "answers"):
        assert word in printed.out


def test_bash_completion_is_bash(runbook):
    script = runbook("completion", "bash").out
    done = subprocess.run(["bash", "-c", script + "\nCOMP_WORDS=(runbook ex); COMP_CWORD=1\n"
                           "$(complete -p runbook | sed 's/.*-F \\([^ ]*\\).*/\\1/') runbook ex runbook\n"
                           "echo ${COMPREPLY[@]}"], text=True, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert {"exec", "explain"} & set(done.stdout.split())


def test_doctor_speaks_of_this_machine(runbook):
    told = runbook("doctor")
    assert told.code in (0, 1)
    assert runbook.store in told.out + told.err


def test_version(runbook):
    shown = runbook("--version")
    assert shown.code == 0
    assert shown.out.startswith("runbook 0.1")


FIELDS = """runbook: fields
defaults: {timeout: 1m}
steps:
  - id: details
    ask:
      ticket: {type: string, pattern: 'OPS-\\d+'}
      risk: {type: enum, values: [low, high]}
      people: {type: integer, min: 1, max: 500}
      begin: {type: date}
"""


@pytest.mark.parametrize("field, answer, said", [
    ("ticket", "REQ-1", r"OPS-\d+"), ("ticket", "OPS-1x", r"OPS-\d+"), ("risk", "medium", "risk"),
    ("people", "0", "people"), ("people", "many", "people"), ("begin", "soon", "begin"),
    ("begin", "2025-02-30", "begin"),
])
def test_an_answer_that_does_not_fit_its_field_is_not_taken(runbook, field, answer, said):
    good = {"ticket": "OPS-1", "risk": "low", "people": "12", "begin": "2025-11-22"}
    lines = "".join(f"  details.{name}: {value}\n" for name, value in {**good, field: answer}.items())
    done = runbook("exec", runbook.write("fields.yaml", FIELDS), "--answers",
                   runbook.write("answers.yaml", "answers:\n" + lines))
    assert done.code == 3, done
    assert runbook.status()["waits_for"]["field"]["name"] == field
    assert said in runbook.named("question.unanswered")[-1]["why"]
