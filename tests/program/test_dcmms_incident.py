"""The dCMMS incident procedure: what each severity means and who is told, and that what was done without meanwhile
(section 7.2) comes back."""

import json

import pytest

from conftest import Peer

WORDS = {"title": "API High Error Rate", "impact": "requests fail", "commander": "jane.doe", "war_room": "incident-7",
         "effect": "Some users see errors."}
# The Incident Severity Matrix of section 7.1: when somebody has to be at work on it, and whether the status page says it.
MATRIX = {"P0": ("immediately", True), "P1": ("within 15 minutes", True), "P2": ("within 1 hour", False),
          "P3": ("the next business day", False)}


class Incident:
    def __init__(self, runbook, slack):
        self.runbook, self.slack = runbook, slack
        self.values = {**WORDS, "status_page": f"http://127.0.0.1:{slack.port}/status"}
        runbook.env.update(SLACK_WEBHOOK=f"http://127.0.0.1:{slack.port}/services/x", DCMMS_STATUS_TOKEN="status-token")

    def answers(self, **said):
        everybody = {"assess.severity": "P1", "assess.telemetry_only": False, "customers-asked": "no",
                     "commander": "yes", "response-team": "yes", **said}
        return self.runbook.write("answers.yaml", json.dumps({"answers": everybody}))

    def run(self, code, given=None, **said):
        values = {**self.values, **(given or {})}
        done = self.runbook("exec", "runbooks/dcmms/incident.yaml", "-e", "demo", "--answers", self.answers(**said),
                            *(word for name, value in values.items() for word in ("-p", f"{name}={value}")))
        assert done.code == code, done
        return done

    def resume(self, code, **said):
        done = self.runbook("resume", "last", "--answers", self.runbook.write("more.yaml", json.dumps({"answers": said})))
        assert done.code == code, done
        return done

    def degrade(self):
        """A component is done without; the run stays open."""
        self.run(3, given={"component": "telemetry-processor"}, **{
            "assess.telemetry_only": True, "replicas.count": 3, "scaled-down": "yes", "rerouted": "yes"})
        assert self.runbook.status()["waits_for"]["step"] == "works-again"

    def asked(self, step):
        return [one["text"] for one in self.runbook.named("question.asked") if one["step"] == step]

    def is_sound(self):
        for command in ("verify", "replay"):
            shown = self.runbook(command, "last")
            assert shown.code == 0, shown


@pytest.fixture
def incident(runbook, tmp_path):
    with Peer("slack.py", tmp_path / "slack") as slack:
        yield Incident(runbook, slack)


@pytest.mark.parametrize("severity", MATRIX)
def test_each_severity_has_its_response_time(incident, severity):
    response, public = MATRIX[severity]
    incident.run(0, **{"assess.severity": severity})
    [text] = incident.asked("response-team")
    assert text.endswith(f"assembled, {response}"), text
    told = [(one["path"], one["body"]["text"]) for one in incident.slack.taken()]
    assert told[0][0] == "/services/x" and told[0][1].startswith(f"🚨 Incident Declared: {severity} - API High")
    assert told[1:] == ([("/status", f"API High Error Rate: investigating ({severity})")] if public else [])
    assert incident.runbook.steps()["back-to-normal"] == "skipped"
    assert [one["item"] for one in incident.runbook.status()["obligations"]] == ["resolved", "normal-mode", "post-mortem"]
    incident.is_sound()


def test_an_incident_stays_open_until_it_is_back_to_normal(incident):
    incident.degrade()
    incident.resume(3)
    assert incident.runbook.steps()["scaled-up"] == "pending"
    incident.resume(0, **{"works-again": "yes", "scaled-up": "yes", "routed-back": "yes"})
    assert incident.asked("scaled-up") == ["Scale telemetry-processor back to 3 replicas (kubectl scale)"]
    assert incident.asked("routed-back") == ["Route traffic to telemetry-processor again (kubectl patch service)"]
    assert incident.slack.taken()[-1]["body"]["text"] == "telemetry-processor back to normal"
    incident.is_sound()


def test_what_is_done_without_is_asked_where_nobody_named_it(incident):
    """Whoever says that only a part is out gets the steps for it, named when the run began or not."""
    incident.run(3, **{"assess.telemetry_only": True})
    assert incident.runbook.status()["waits_for"]["step"] == "which"
    incident.resume(3, **{"which.component": "telemetry-processor", "replicas.count": 3, "scaled-down": "yes",
                          "rerouted": "yes"})
    assert incident.asked("replicas") == ["Replicas of deployment/telemetry-processor"]
    assert incident.slack.taken()[-1]["body"]["text"] == "telemetry-processor degraded: investigating"
    incident.resume(0, **{"works-again": "yes", "scaled-up": "yes", "routed-back": "yes"})
    assert incident.asked("routed-back") == ["Route traffic to telemetry-processor again (kubectl patch service)"]
    incident.is_sound()


def test_a_component_that_is_named_is_not_asked_again(incident):
    incident.degrade()
    assert incident.runbook.steps()["which"] == "skipped"


def test_no_severity_is_put_into_the_mouth_of_whoever_assesses(incident):
    """What it looked like stands in the question; Enter alone declares nothing else."""
    incident.run(0, given={"severity": "P0"}, **{"assess.severity": "P0"})
    [asked] = [one for one in incident.runbook.named("question.asked") if one["step"] == "assess"
               and one["field"]["name"] == "severity"]
    assert asked["text"] == "Severity; it looked like P0" and "default" not in asked["field"], asked


def test_an_incident_that_was_none_is_taken_back_while_it_is_open(incident):
    incident.degrade()
    asked = incident.runbook("cancel", "--rollback", "last", "--reason", "a false alarm")
    assert asked.code in (0, 3), asked
    incident.resume(5, **{"rerouted.undo": "yes", "scaled-down.undo": "yes"})
    assert incident.asked("rerouted.undo") == ["Route traffic to telemetry-processor again"]
    assert incident.asked("scaled-down.undo") == ["Scale telemetry-processor back to 3 replicas"]
    incident.is_sound()
