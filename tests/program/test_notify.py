"""Messages: incoming webhooks that answer as Slack's do, and a real mail server."""

import glob
import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import Peer

HEAD = """
runbook: tell
title: Tell everybody
params:
  port: {type: integer, default: 1}
  mail: {type: integer, default: 1}
  to: {type: string, default: ops}
  value: {type: string, default: it is so}
secrets:
  hook: {env: HOOK}
  password: {env: MAIL_PASSWORD}
"""
SLACK = """
  team: {type: slack, webhook: "${{ secrets.hook }}"}
"""
HOOK = """
  hook: {type: webhook, url: "http://127.0.0.1:${{ params.port }}/hook", headers: {X-Team: ops}}
"""
MAIL = """
  mail: {type: smtp, host: 127.0.0.1, port: "${{ params.mail }}", tls: none, from: rb@example.org,
         to: ["${{ params.to }}@example.org"]}
"""


@pytest.fixture
def slack(tmp_path):
    with Peer("slack.py", tmp_path / "slack") as it:
        yield it


@pytest.fixture
def mail(tmp_path):
    with Peer("mail_server.py", tmp_path / "mail") as it:
        yield it


class Teller:
    def __init__(self, runbook, slack=None, mail=None):
        self.runbook, self.slack, self.mail = runbook, slack, mail
        self.mode = "sssssssecretsss"
        self.password = "correct horse"

    def text(self, connections, rest):
        head = HEAD if "team:" in connections else HEAD.replace("  hook: {env: HOOK}\n", "")
        if "secrets.password" not in connections:
            head = head.replace("  password: {env: MAIL_PASSWORD}\n", "")
        if head.endswith("secrets:\n"):
            head = head[:-len("secrets:\n")]
        return head + "connections:" + connections + rest

    def words(self, connections, rest):
        path = self.runbook.write("tell.yaml", self.text(connections, rest))
        words = ["exec", path]
        for name, peer in (("port", self.slack), ("mail", self.mail)):
            words += ["-p", f"{name}={peer.port}"] if peer else []
        return words

    def env(self):
        port = self.slack.port if self.slack else 1
        return {"HOOK": f"http://127.0.0.1:{port}/services/T0000000/B0000000/{self.mode}",
                "MAIL_PASSWORD": self.password}

    def __call__(self, connections, rest, *words):
        return self.runbook(*self.words(connections, rest), *words, env=self.env())

    def start(self, connections, rest, *words):
        return self.runbook.start(*self.words(connections, rest), *words, env=self.env(),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def tell(runbook, slack, mail):
    return Teller(runbook, slack, mail)


def steps(*targets, more=""):
    return f"""
defaults: {{timeout: 20s}}
steps:
  - id: announce
    notify: {{to: [{", ".join(targets)}], text: "Now: ${{{{ params.value }}}}"}}
{more}
  - id: after
    exec: ["true"]
"""


def failures(runbook):
    return [(d["step"], d["reason"]) for d in runbook.named("step.failed")]


def found_in_store(runbook, text):
    found = []
    for folder, _, names in os.walk(runbook.store):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                if text.encode() in f.read():
                    found.append(os.path.join(folder, name))
    return found


def test_notify_a_template_goes_to_each_connection_once(tell, every_prefix):
    done = tell(SLACK + HOOK + MAIL, """
templates:
  incident:
    subject: "[dCMMS] ${{ params.value }}"
    text: |
      *Incident*: ${{ params.value }}
      Next: ${{ with.next }}
defaults: {timeout: 20s}
steps:
  - id: announce
    title: Tell them
    notify: {to: [team, hook, mail], template: incident, with: {next: "in ${{ 5 * 3 }} minutes"}}
  - id: again
    for_each: [a, b]
    as: letter
    notify: {to: mail, text: "${{ letter }}"}
""", "-p", "value=Störung im März")
    assert done.code == 0, done
    slack, hook = tell.slack.taken()
    text = "*Incident*: Störung im März\nNext: in 15 minutes"
    run = tell.runbook.status()["run"]
    assert slack["body"] == {"text": text}
    assert hook["headers"]["x-team"] == "ops"
    assert hook["headers"]["idempotency-key"] == run + "/announce.hook.1"
    assert hook["body"] == {"text": text, "subject": "[dCMMS] Störung im März", "runbook": "tell",
                            "environment": None, "run": run, "step": "announce.hook", "attempt": 1}
    mails = tell.mail.mails()
    assert mails[0]["Subject"] == "[dCMMS] Störung im März"
    assert mails[0].get_content() == text + "\n"
    assert mails[0]["From"] == "rb@example.org" and mails[0]["To"] == "ops@example.org"
    assert mails[0]["Message-ID"] == f"<{run}/announce.mail.1@example.org>"
    assert [m["Message-ID"] for m in mails[1:]] == [f"<{run}/again{{{i}}}.1@example.org>" for i in (0, 1)]
    assert [m["Subject"] for m in mails[1:]] == ["Tell everybody"] * 2
    assert tell.runbook("replay", "last").code == 0
    assert tell.runbook.steps()["announce.mail"] == "passed"


def test_a46_a_value_is_no_markup_of_slack(tell):
    done = tell(SLACK, """
defaults: {timeout: 20s}
steps:
  - id: announce
    notify: {to: team, text: "<!here> ${{ params.value }} <https://status.example.org|status>"}
""", "-p", "value=<!channel> <https://evil.example|click> & *b* \"quoted\" \\ end")
    assert done.code == 0, done
    assert tell.slack.taken()[0]["body"]["text"] == (
        "<!here> &lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; *b* \"quoted\" \\ end "
        "<https://status.example.org|status>")


@pytest.mark.parametrize("mode, why", [
    ("revoked", "status 404, expected 2xx"), ("archived", "status 410, expected 2xx"),
    ("down", "status 503, expected 2xx"), ("gateway", "body is not ok")])
def test_notify_what_slack_refuses_is_told_and_the_run_goes_on(tell, mode, why):
    tell.mode = mode
    done = tell(SLACK, steps("team", more="    retry: {attempts: 5, delay: 10ms}"))
    assert done.code == 0, done
    assert why in done.err and "go on after a failure: announce" in done.err
    assert len(tell.runbook.named("effect.result")) == 2      # one of it, one of `after`
    assert tell.runbook.steps() == {"announce": "failed", "after": "passed"}
    assert tell.runbook.named("run.finished")[0] == {"exit": 0, "failed": 1, "status": "succeeded"}
    assert "announce: failed" in tell.runbook("logs", "last").out + tell.runbook("logs", "last").err


def test_notify_slack_says_how_long_to_wait(tell):
    tell.mode = "limited"
    done = tell(SLACK, steps("team", more="    retry: {attempts: 2, delay: 10ms}"))
    assert done.code == 0 and "go on after" not in done.err, done
    assert [d["reason"] for d in tell.runbook.named("attempt.failed")] == ["busy"]
    failed = next(e for e in tell.runbook.events() if e["type"] == "attempt.failed")
    scheduled = tell.runbook.named("retry.scheduled")[0]["at"]
    moment = time.strptime(failed["t"][:19], "%Y-%m-%dT%H:%M:%S")
    assert scheduled / 1e6 - (time.mktime(moment) - time.timezone) > 0.9
    assert len(tell.slack.taken()) == 1


def test_notify_without_retry_a_message_is_sent_once(tell):
    tell.mode = "limited"
    done = tell(SLACK, steps("team"))
    assert done.code == 0 and failures(tell.runbook) == [("announce", "busy")], done


def test_notify_only_the_connection_that_failed_is_tried_again(tell):
    done = tell(HOOK + MAIL, steps("hook", "mail", more="    retry: {attempts: 2, delay: 10ms}"),
                "-p", "to=later")
    assert done.code == 0 and failures(tell.runbook) == [], done
    assert len(tell.slack.taken()) == len(tell.mail.mails()) == 1
    assert tell.mail.mails()[0]["Message-ID"].split("@")[0].endswith("/announce.mail.2")


def test_notify_a_step_that_says_stop_stops(tell):
    tell.mode = "revoked"
    done = tell(SLACK, steps("team", more="    on_failure: stop"))
    assert done.code == 1 and tell.runbook.status()["status"] == "failed", done


def test_notify_what_can_not_be_written_is_told_and_nothing_is_sent(tell):
    done = tell(HOOK, """
defaults: {timeout: 20s}
steps:
  - id: announce
    notify: {to: hook, text: "Of ${{ {1, 2} }}"}
""")
    assert done.code == 0 and "`{1, 2}` is a list" in done.err, done
    assert failures(tell.runbook) == [("announce", "eval")] and tell.slack.taken() == []


def test_notify_more_than_slack_shows_is_not_sent(tell):
    done = tell(SLACK, """
defaults: {timeout: 20s}
steps:
  - id: most
    notify: {to: team, text: "${{ ('ü'):rep(40000) }}"}
  - id: more
    notify: {to: team, text: "${{ ('ü'):rep(40001) }}"}
""")
    assert done.code == 0 and "40001 characters, and Slack takes 40000" in done.err, done
    assert failures(tell.runbook) == [("more", "eval")] and len(tell.slack.taken()) == 1


@pytest.mark.parametrize("target, connections", [("team", SLACK), ("mail", MAIL)], ids=["team", "mail"])
def test_f39_a_message_whose_answer_is_lost_is_not_sent_again(tell, target, connections):
    tell.mode = "cut"
    done = tell(connections, steps(target, more="    retry: {attempts: 5, delay: 10ms}"), "-p", "to=cut")
    assert done.code == 0, done
    assert failures(tell.runbook) == [("announce", "doubt")]
    assert len(tell.slack.taken()) + len(tell.mail.mails()) == 1
    assert tell.runbook.named("effect.result")[0]["sent"] == "maybe"


def test_f40_a_mail_server_that_never_answers_ends_with_the_timeout(tell):
    done = tell(MAIL, steps("mail", more="    timeout: 6s\n    retry: {attempts: 5, delay: 10ms}"),
                "-p", "to=silent")
    # And not twice over, as libcurl would wait for the reply to its QUIT: 13 s.
    assert tell.runbook.named("effect.result")[0]["duration_us"] < 11e6
    assert done.code == 0 and "did not say in time that it took it" in done.err, done
    assert failures(tell.runbook) == [("announce", "doubt")] and len(tell.mail.mails()) == 1


def test_f40_a_mail_server_that_answers_late_is_not_told_twice(tell):
    # The reply comes when the time was up: while its connection is being closed, or not at all.
    tell(MAIL, steps("mail", more="    timeout: 2s\n    retry: {attempts: 5, delay: 10ms}"),
         "-p", "to=late")
    assert len(tell.mail.mails()) == 1
    result = tell.runbook.named("effect.result")[0]
    assert result.get("sent") in (None, "maybe"), result


def test_notify_what_was_never_sent_is_tried_again(runbook):
    tell = Teller(runbook)
    done = tell(HOOK + MAIL, steps("hook", "mail", more="    retry: {attempts: 3, delay: 10ms}"))
    assert done.code == 0, done
    assert failures(runbook) == [("announce.hook", "connect"), ("announce.mail", "connect")]
    results = [d for d in runbook.named("effect.result") if d["step"] != "after"]
    assert [d["sent"] for d in results] == ["no"] * 6


@pytest.mark.parametrize("target, connections", [("team", SLACK), ("mail", MAIL)])
@pytest.mark.parametrize("doubt, code", [("fail", 0), ("ask", 3)])
def test_f01_a_message_that_was_under_way_at_a_kill_is_not_sent_again(tell, target, connections, doubt, code):
    tell.mode = "silent"
    more = f"    on_interrupt: {doubt}\n    timeout: 10m\n    retry: {{attempts: 5, delay: 10ms}}"
    process = tell.start(connections, steps(target, more=more), "-p", "to=silent")
    while not tell.slack.taken() and not tell.mail.mails():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    tell.mode = "answers"       # a second one would be answered, not waited for
    done = tell.runbook("resume", "last", "--no-input", env=tell.env())
    assert done.code == code, done
    assert len(tell.slack.taken()) + len(tell.mail.mails()) == 1
    assert len(tell.runbook.named("effect.intent")) == (2 if code == 0 else 1)
    if code == 0:
        assert failures(tell.runbook) == [("announce", "doubt")]
        assert tell.runbook("verify", "last").code == 9 or tell.runbook("verify", "last").code == 0
    else:
        assert tell.runbook.named("question.asked")[0]["kind"] == "doubt"


@pytest.mark.parametrize("target, connections", [("team", SLACK), ("mail", MAIL)])
def test_notify_what_is_ended_by_a_signal_is_in_doubt(tell, target, connections):
    tell.mode = "silent"
    process = tell.start(connections, steps(target, more="    timeout: 10m"), "-p", "to=silent")
    while not tell.slack.taken() and not tell.mail.mails():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    tell.runbook.await_event("signal.received", level=1)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    result = tell.runbook.named("effect.result")[0]
    assert (result["killed"], result["sent"]) == ("request", "maybe")
    done = tell.runbook("resume", "last", env=tell.env())
    assert done.code == 0 and failures(tell.runbook) == [("announce", "doubt")], done
    assert len(tell.slack.taken()) + len(tell.mail.mails()) == 1


def test_a62_the_url_of_a_webhook_is_a_secret(tell):
    tell.mode = "echo"
    done = tell(SLACK, steps("team"))
    assert done.code == 0, done
    result = tell.runbook.named("effect.result")[0]
    assert result["url"] == "[secret:hook]" and result["headers"]["x-path"] == "[secret:hook]"
    assert found_in_store(tell.runbook, "B0000000") == [] and "B0000000" not in done.err


def test_a18_a_value_makes_no_second_header_of_a_mail(tell):
    done = tell(MAIL, """
defaults: {timeout: 20s}
steps:
  - id: announce
    notify: {to: mail, subject: "About ${{ params.value }}", text: "${{ params.value }}"}
""", "-p", "value=x\r\nBcc: all@example.org")
    assert done.code == 0 and failures(tell.runbook) == [("announce", "eval")], done
    assert "second header" in done.err and tell.mail.mails() == []


def test_a18_a_value_makes_no_second_recipient(tell):
    done = tell(MAIL, steps("mail"), "-p", "to=ops@example.org,all")
    assert done.code == 0 and failures(tell.runbook) == [("announce", "eval")], done
    assert "is no mail address" in done.err and tell.mail.mails() == []


@pytest.mark.parametrize("to, reply, attempts", [
    ("unknown", "550 5.1.1 no such user", 1), ("spam", "554 5.7.1 looks like spam", 1),
    ("full", "452 4.2.2 mailbox full", 3), ("control", r"550 \e[2Jgone\x07", 1)])
def test_notify_what_a_mail_server_refuses_is_told_as_it_said_it(tell, to, reply, attempts):
    done = tell(MAIL, steps("mail", more="    retry: {attempts: 3, delay: 10ms}"), "-p", "to=" + to)
    assert done.code == 0 and "refused it: " + reply in done.err, done
    assert len(tell.runbook.named("attempt.failed")) == attempts
    result = tell.runbook.named("effect.result")[0]
    assert (result["reply"], result["sent"], result["error"]["code"]) == (reply, "no", "refused")
    assert tell.mail.mails() == []


def test_notify_a_server_that_does_not_let_go_holds_the_run_for_a_second(tell):
    done = tell(MAIL, steps("mail", more="    timeout: 10m"), "-p", "to=lingers")
    assert done.code == 0 and failures(tell.runbook) == [], done
    assert tell.runbook.named("effect.result")[0]["status"] == 250


def test_notify_a_mail_arrives_as_it_was_written(tell):
    text = "ü " * 200 + "\n.\n..two dots\nblank at the end \n\tTab = 1\nFrom here\n" + "x" * 1200
    subject = "Ärger mit =?UTF-8?B?x?= und 日本語 " * 4
    done = tell(MAIL, """
defaults: {timeout: 20s}
steps:
  - id: announce
    lua: return {}
  - id: tell
    notify: {to: mail, subject: "${{ params.value:match('^[^|]*') }}", text: "${{ params.value:match('|(.*)') }}"}
""", "-p", "value=" + subject + "|" + text)
    assert done.code == 0, done
    [it] = tell.mail.mails()
    assert it["Subject"] == subject and it.get_content() == text + "\n"
    with open(glob.glob(tell.mail.folder + "/*.eml")[0], "rb") as f:
        lines = f.read().split(b"\r\n")
    assert max(map(len, lines)) <= 80 and all(max(line, default=0) < 127 for line in lines)


# Mail with TLS

@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("tls"))
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                           "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                           folder + "/key.pem", "-out", folder + "/cert.pem"], capture_output=True)
    assert made.returncode == 0, made.stderr
    return folder + "/cert.pem", folder + "/key.pem"


def secure(certificate=None, host="localhost", tls=""):
    ca = f", ca: {certificate[0]}" if certificate else ""
    return f"""
  mail: {{type: smtp, host: {host}, port: "${{{{ params.mail }}}}", from: rb@example.org, to: ops@example.org,
         user: runbook, password: "${{{{ secrets.password }}}}"{ca}{tls}}}
"""


@pytest.fixture(params=["starttls", "implicit"])
def tls(request, runbook, tmp_path, certificate):
    words = certificate + (("implicit",) if request.param == "implicit" else ())
    with Peer("mail_server.py", tmp_path / "tls", *words) as it:
        teller = Teller(runbook, mail=it)
        teller.tls = ", tls: implicit" if request.param == "implicit" else ""
        yield teller


def test_notify_a_mail_goes_signed_on_over_tls(tls, certificate):
    done = tls(secure(certificate, tls=tls.tls), steps("mail"))
    assert done.code == 0 and failures(tls.runbook) == [], done
    assert len(tls.mail.mails()) == 1
    result = tls.runbook.named("effect.result")[0]
    assert result["tls"]["version"].startswith("TLSv1.") and result["tls"]["verify"] is True
    assert found_in_store(tls.runbook, "correct horse") == []


def test_notify_a_wrong_password_is_told_and_not_shown(tls, certificate):
    tls.password = "battery staple"
    done = tls(secure(certificate, tls=tls.tls),
               steps("mail", more="    retry: {attempts: 3, delay: 10ms}"))
    assert done.code == 0 and "refused it: 535 5.7.8 not with [secret:password]" in done.err, done
    assert len(tls.runbook.named("attempt.failed")) == 1 and tls.mail.mails() == []
    assert found_in_store(tls.runbook, "battery staple") == []


@pytest.mark.parametrize("trusted, host, why", [
    (False, "localhost", "not to be trusted"), (True, "127.0.0.1", "it is not for this name")],
    ids=["stranger", "other-name"])
def test_f42_a_mail_server_that_is_not_who_it_says_gets_nothing(tls, certificate, trusted, host, why):
    done = tls(secure(certificate if trusted else None, host, tls.tls), steps("mail"))
    assert done.code == 0 and why in done.err, done
    assert failures(tls.runbook) == [("announce", "connect")] and tls.mail.mails() == []


def test_f42_without_starttls_nothing_is_sent(runbook, mail):
    tell = Teller(runbook, mail=mail)
    done = tell(secure(), steps("mail"))
    assert done.code == 0 and "the server offers no STARTTLS" in done.err, done
    assert failures(runbook) == [("announce", "connect")] and mail.mails() == []
    assert runbook.named("effect.result")[0]["sent"] == "no"


def test_notify_the_plan_shows_what_will_be_said(runbook):
    tell = Teller(runbook)
    words = tell.words(HOOK + MAIL, steps("hook", "mail"))
    done = runbook("plan", *words[1:])
    assert done.code == 0 and re.search(r"announce\.mail +notify", done.out), done
    assert "to mail" in done.out and "Now: it is so" in done.out


DECLARED = """🚨 Incident Declared: P1 - API High Error Rate

Status: Investigating
Started: 2025-11-08 14:30 UTC
IC: @jane.doe
War Room: #incident-2025-11-08

Impact: API error rate at 12%, some requests failing
Next Update: In 15 minutes

<https://status.dcmms.io|Status page>"""
TOLD = """We are currently investigating elevated error rates affecting the dCMMS API.
Some users may experience intermittent failures when creating or updating work orders.

Our team is actively working to resolve this issue.
We will provide an update within 30 minutes.

Status: https://status.dcmms.io
"""


def test_notify_the_templates_of_the_written_procedure(tell):
    words = {"severity": "P1", "title": "API High Error Rate", "started": "2025-11-08 14:30 UTC",
             "impact": "API error rate at 12%, some requests failing", "commander": "jane.doe",
             "war_room": "incident-2025-11-08", "mail_port": tell.mail.port,
             "effect": TOLD.splitlines()[1], "component": "telemetry-processor",
             "status_page": f"http://127.0.0.1:{tell.slack.port}/hook"}
    answers = tell.runbook.write("answers.yaml", json.dumps({"answers": {
        "assess.severity": "P1", "assess.telemetry_only": True, "replicas.count": 3,
        **dict.fromkeys(["customers-asked", "commander", "response-team", "scaled-down", "rerouted", "works-again",
                         "scaled-up", "routed-back"], "yes")}}))
    done = tell.runbook("exec", "runbooks/dcmms/incident.yaml", "-e", "demo", "--answers", answers,
                        *(word for name, value in words.items() for word in ("-p", f"{name}={value}")),
                        env={"SLACK_WEBHOOK": tell.env()["HOOK"], "DCMMS_STATUS_TOKEN": "status-token"})
    assert done.code == 0 and failures(tell.runbook) == [], done
    assert [m["body"]["text"] for m in tell.slack.taken()] == [
        DECLARED, "API High Error Rate: investigating (P1)", "telemetry-processor degraded: investigating",
        "telemetry-processor back to normal"]
    assert [m["headers"].get("authorization") for m in tell.slack.taken()] == [None] + 3 * ["Bearer status-token"]
    assert [one["item"] for one in tell.runbook.status()["obligations"]] == ["resolved", "normal-mode", "post-mortem"]
    [mail] = tell.mail.mails()
    assert (mail["Subject"], mail.get_content()) == ("[dCMMS] Service Degradation - Investigating", TOLD)


def test_notify_that_one_of_several_did_not_get_is_failed_for_whoever_asks(tell):
    tell.mode = "revoked"
    done = tell(SLACK + HOOK, """
defaults: {timeout: 20s}
steps:
  - id: announce
    notify: {to: [team, hook], text: "Now: ${{ params.value }}"}
  - {id: other, when: steps.announce.status == "failed", exec: ["true"]}
  - {id: fine, when: steps.announce.status == "passed", exec: ["true"]}
  - id: again
    notify: {to: [hook, team], text: "Again"}
    for_each: [a, b]
  - id: only
    steps:
      - {id: quiet, exec: ["false"], on_failure: continue}
""")
    assert done.code == 0, done
    assert tell.runbook.steps() == {
        "announce": "failed", "announce.team": "failed", "announce.hook": "passed", "other": "passed",
        "fine": "skipped", "again": "passed", "again.hook": "passed", "again.team": "failed",
        "only": "passed", "quiet": "failed"}
    shown = done.out + done.err
    assert "Z announce: did not reach everybody, the run goes on, after " in shown, shown
    assert "Z announce: passed" not in shown and "Z only: passed" in shown, shown
    assert tell.runbook("replay", "last").code == 0
