"""Steps of another runbook: their values, their way back, their copies, and who may write them."""

import json
import os
import random
import signal
import time

import pytest

from conftest import Service
from people import shown
from test_crash import has_succeeded

pytestmark = pytest.mark.usefixtures("every_prefix")

HOST = """runbook: host
params: {host: {type: string}, log: {type: string}, seconds: {type: string, default: "0"}}
vars: {line: "${{ params.host }} of ${{ run.operator }}"}
defaults: {timeout: 30s}
steps:
  - id: drain
    run: echo "drain ${{ params.host }}" >> ${{ params.log }}; sleep ${{ params.seconds }}
    undo: {run: 'echo "undrain ${{ params.host }}" >> ${{ params.log }}'}
  - id: restart
    run: echo "restart ${{ params.host }}" >> ${{ params.log }}; test ${{ params.host }} != bad
    undo: none
outputs: {line: vars.line}
"""

ALL = """runbook: all
params:
  hosts: {{type: list, of: string, default: [a, b]}}
  seconds: {{type: string, default: "0"}}
on_failure: rollback
defaults: {{timeout: 30s}}
steps:
  - id: each
    for_each: ${{{{ params.hosts }}}}
    as: host
    call: parts/host.yaml
    with: {{host: "${{{{ host }}}}", log: {0}/log, seconds: "${{{{ params.seconds }}}}"}}
  - id: tell
    run: echo done >> log
    cwd: {0}
    undo: none
"""


@pytest.fixture
def service():
    with Service() as it:
        yield it


@pytest.fixture
def book(runbook):
    os.mkdir(os.path.join(runbook.folder, "parts"))
    runbook.write("parts/host.yaml", HOST)
    return runbook.write("all.yaml", ALL.format(runbook.folder))


def assert_sound(runbook):
    for command in ("verify", "replay"):
        told = runbook(command, "last")
        assert told.code == 0, told


def log(runbook):
    with open(os.path.join(runbook.folder, "log")) as f:
        return f.read().splitlines()


def test_each_call_has_values_of_its_own_and_is_taken_back(runbook, book):
    done = runbook("exec", book, "-p", "hosts=a,b,bad,c")
    assert done.code == 5, done
    assert log(runbook) == ["drain a", "restart a", "drain b", "restart b", "drain bad", "restart bad",
                            "undrain bad", "undrain b", "undrain a"]
    assert [one["params"]["host"] for one in runbook.named("call.began")] == ["a", "b", "bad"]
    assert 'each[2]: calls host with host "bad"' in done.err and "each[2]: began" not in done.err
    assert_sound(runbook)


def test_f01_it_is_killed_again_and_again_and_goes_on_with_its_copy(runbook, book):
    dice = random.Random(20261129)
    process = runbook.start("exec", book, "-p", "hosts=a,b,c,d", "-p", "seconds=0.2", "--no-input")
    runbook.await_event("call.began")
    runbook.write("parts/host.yaml", "runbook: another")
    for _ in range(6):
        time.sleep(dice.uniform(0.02, 0.3))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            if has_succeeded(runbook):      # it was killed after its end
                break
            process = runbook.start("resume", "last", "--no-input")
    assert process.wait(30) == 0 or has_succeeded(runbook)
    assert log(runbook) == [f"{what} {host}" for host in "abcd" for what in ("drain", "restart")] + ["done"]
    assert_sound(runbook)


def test_that_its_file_has_changed_is_said(runbook, book):
    assert runbook("exec", book, "-p", "hosts=bad", "--no-input").code == 5
    runbook.write("all.yaml", ALL.format(runbook.folder).replace("rollback", "stop"))
    assert runbook("exec", book, "-p", "hosts=bad", "--no-input").code == 1
    runbook.write("parts/host.yaml", "runbook: another")
    resumed = runbook("resume", "last", "--no-input")
    assert resumed.code == 3 and "parts/host.yaml has changed since the run began" in resumed.err, resumed


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_a_copy_that_was_changed_is_refused(runbook, book, change):
    assert runbook("exec", book).code == 0
    copy = os.path.join(runbook.run_folder(), "sources", "call-1-host.yaml")
    os.chmod(copy, 0o600)
    if change == "removed":
        os.unlink(copy)
    else:
        with open(copy, "a") as f:
            f.write("# harmless\n")
    for command in ("verify", "replay", "resume"):
        refused = runbook(command, "last")
        assert refused.code in (2, 7) and "call-1-host.yaml" in refused.err + refused.out, refused
    with open(copy, "w") as f:
        f.write(HOST)
    os.chmod(copy, 0o400)


@pytest.mark.parametrize("target", ["../out.yaml", "/etc/hostname", "link.yaml", "linked/host.yaml", "fifo",
                                    "parts", "huge.yaml", "device"])
def test_a11_what_is_called_lies_below(runbook, book, target):
    folder = os.path.join(runbook.folder, "below")
    os.mkdir(folder)
    with open(os.path.join(runbook.folder, "out.yaml"), "w") as f:
        f.write("runbook: out\nsteps: [{id: a, wait: 1s}]\n")
    os.symlink("../out.yaml", os.path.join(folder, "link.yaml"))
    os.symlink("../parts", os.path.join(folder, "linked"))
    os.symlink("/dev/zero", os.path.join(folder, "device"))
    os.mkfifo(os.path.join(folder, "fifo"))
    os.mkdir(os.path.join(folder, "parts"))
    with open(os.path.join(folder, "huge.yaml"), "w") as f:
        f.truncate(17 << 20)
    done = runbook("exec", runbook.write("below/main.yaml", f"runbook: m\nsteps: [{{id: a, call: {target}}}]\n"), timeout=10)
    assert done.code == 2 and "RB0270" in done.err and not os.path.exists(runbook.store), done


def test_a12_a_called_file_that_anyone_can_write_is_refused(runbook, book):
    path = os.path.join(runbook.folder, "parts", "host.yaml")
    os.chmod(path, 0o646)
    done = runbook("exec", book)
    assert done.code == 2 and "parts/host.yaml" in done.err and not os.path.exists(runbook.store), done


def test_what_it_prints_of_its_secrets_is_taken_out(runbook):
    runbook.write("part.yaml", """runbook: part
secrets: {own: {env: OWN_SECRET}}
defaults: {timeout: 30s}
env: {S: "${{ secrets.own }}"}
steps: [{id: tell, run: 'echo "it is $S"'}]
""")
    book = runbook.write("main.yaml", "runbook: m\nsteps: [{id: a, call: part.yaml}]\n")
    done = runbook("exec", book, env={"OWN_SECRET": "correct horse battery"})
    assert done.code == 0, done
    assert runbook("logs", "last", "a:tell").out == "it is [secret:a:own]\n"
    assert_sound(runbook)


def test_a_secret_is_no_value_of_a_call(runbook, book):
    refused = runbook("check", runbook.write("s.yaml", """runbook: s
secrets: {mine: {env: MINE}}
steps: [{id: a, call: parts/host.yaml, with: {host: "${{ secrets.mine }}", log: x}}]
"""))
    assert refused.code == 1 and "secret" in refused.err, refused


def test_an_approval_is_bound_to_what_is_called(runbook, people):
    """Carried to another machine as well: the files go along, and the plan is made of them there."""
    runbook.write("part.yaml", "runbook: part\ndefaults: {timeout: 30s}\nsteps: [{id: tell, run: echo told}]\n")
    book = runbook.write("deploy.yaml", """runbook: deploy
roles: {lead: [tl@x]}
signers: allowed_signers
steps:
  - {id: go, approve: {roles: [lead]}}
  - {id: a, call: part.yaml}
""")
    assert runbook("exec", book).code == 3
    request = os.path.join(runbook.folder, "go.json")
    assert runbook("approve", "last", "--request", request).code == 0
    digest, text = shown(runbook, "last", "--key", people.key("tl@x"))
    assert "echo told" in text
    elsewhere = {"RUNBOOK_STORE": os.path.join(runbook.folder, "none"), "RUNBOOK_SIGNERS": ""}
    with open(request) as f:
        other = json.load(f)
    other["called"]["part.yaml"] = other["called"]["part.yaml"].replace("told", "sold")
    forged = runbook.write("forged.json", json.dumps(other))
    refused = runbook("approve", "--sign", forged, "--key", people.key("tl@x"), "--shown", digest,
                      env=elsewhere)
    assert refused.code == 2 and "does not give the plan" in refused.err, refused
    signed = runbook("approve", "--sign", request, "--key", people.key("tl@x"), "--shown", digest,
                     env=elsewhere)
    assert signed.code == 0, signed
    assert runbook("approve", "--accept", request + ".signed").code == 0
    assert runbook("resume", "last").code == 0
    assert_sound(runbook)


def test_a_check_sees_the_world_of_its_own_file_while_others_run(runbook):
    """Each asks again after the run has gone on to the next one."""
    runbook.write("part.yaml", """runbook: part
params: {who: {type: string}, after: {type: string}}
env: {WHO: "${{ params.who }}"}
defaults: {timeout: 30s}
steps:
  - id: look
    gate:
      check: |
        local first = sh.exec{"sh", "-c", "sleep $1; echo $WHO", "sh", params.after}.stdout
        return check.eq(first .. sh.exec{"printenv", "WHO"}.stdout, (params.who .. "\\n"):rep(2))
      timeout: 10s
""")
    book = runbook.write("all.yaml", """runbook: all
steps:
  - {id: each, for_each: [a, b, c], limit: 3, as: who, call: part.yaml, with: {who: "${{ who }}", after: "0.2"}}
  - {id: mine, gate: 'sh.exec{"printenv", "WHO"}.exit == 1'}
""")
    done = runbook("exec", book, "--no-input")
    assert done.code == 0 and "does not hold" not in done.err, done
    assert_sound(runbook)


def test_several_at_once_keep_to_themselves(runbook, book):
    text = ALL.format(runbook.folder).replace("    as: host\n", "    as: host\n    limit: 4\n")
    done = runbook("exec", runbook.write("all.yaml", text), "-p", "hosts=a,b,c,d", "-p", "seconds=0.1")
    assert done.code == 0, done
    assert sorted(log(runbook)[:-1]) == sorted(f"{what} {host}" for host in "abcd"
                                               for what in ("drain", "restart"))
    assert_sound(runbook)


def test_each_call_has_connections_of_its_own(runbook, service):
    runbook.write("part.yaml", """runbook: part
params: {url: {type: string}}
connections: {site: {type: http, url: "${{ params.url }}"}}
defaults: {timeout: 30s}
steps:
  - {id: get, connection: site, http: {url: /x}, outputs: {status: result.status}, undo: none}
  - {id: look, gate: {check: 'http.get("/x", {connection = "site"}).status == steps.get.outputs.status'}}
outputs: {status: steps.get.outputs.status}
""")
    book = runbook.write("main.yaml", f"""runbook: m
params: {{port: {{type: integer}}}}
connections: {{site: {{type: http, url: "http://127.0.0.1:1"}}}}
steps:
  - {{id: good, call: part.yaml, with: {{url: "http://127.0.0.1:{service.port}/echo"}}}}
  - {{id: bad, call: part.yaml, with: {{url: "http://127.0.0.1:${{{{ params.port }}}}"}}}}
""")
    told = runbook("doctor", book, "-p", "port=1")
    assert told.code == 1, told
    assert [line.split()[:2] for line in told.out.splitlines() if "site" in line] == \
        [["FAILED", "site"], ["ok", "good:site"], ["FAILED", "bad:site"]], told
    assert runbook("exec", book, "-p", "port=1").code == 1
    assert {step: status for step, status in runbook.steps().items() if status != "passed"} == \
        {"bad": "active", "bad:get": "failed", "bad:look": "pending"}
    assert_sound(runbook)


def test_what_a_called_file_lacks_is_said_once(runbook):
    runbook.write("part.yaml", """runbook: part
steps:
  - {id: out, run: "true", timeout: 5s}
  - {id: back, run: "true", timeout: 5s, undo: none}
""")
    told = runbook("check", runbook.write("main.yaml", """runbook: m
on_failure: rollback
steps:
  - {id: one, call: part.yaml}
  - {id: two, call: part.yaml}
"""))
    assert told.code == 0 and (told.out + told.err).count("RB0525") == 1, told
    assert "leaves what `out` does" in told.out + told.err, told
