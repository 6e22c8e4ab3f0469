"""The world of the dCMMS procedures that watch a release: the application with its flags, a Prometheus
that scrapes it, a PostgreSQL, and the team's Slack. The runbooks are those of the repository, with their
times made shorter."""

import json
import os
import time

from conftest import ROOT, Peer
from prometheus import Prometheus

FLAG = "dashboard-v2"


def shorter(name, times):
    """A runbook of the procedure with these times instead; each that is named has to be there."""
    with open(os.path.join(ROOT, "runbooks/dcmms", name + ".yaml")) as f:
        text = f.read()
    for long, short in times.items():
        assert long in text, long
        text = text.replace(long, short)
    return text


class World:
    """Started by `with`; `state` says how the application is."""

    def __init__(self, folder):
        self.api = Peer("dcmms_api.py", os.path.join(folder, "api"))
        self.slack = Peer("slack.py", os.path.join(folder, "slack"))
        self.put("flags.json", {FLAG: {"enabled": False, "rolloutPercentage": 0}})
        self.state()

    def __enter__(self):
        self.api.__enter__()
        self.slack.__enter__()
        self.prometheus = Prometheus(self.api.port).__enter__()
        return self

    def __exit__(self, *_):
        self.prometheus.__exit__()
        self.slack.__exit__()
        self.api.__exit__()

    def put(self, name, value):
        path = os.path.join(self.api.folder, name)
        with open(path + ".new", "w") as f:
            json.dump(value, f)
        os.rename(path + ".new", path)

    def state(self, **state):
        self.put("state.json", state)

    def flag(self):
        with open(os.path.join(self.api.folder, "flags.json")) as f:
            flag = json.load(f)[FLAG]
        return flag["rolloutPercentage"] if flag["enabled"] else 0

    def changes(self):
        """What the flag was set to, one after the other."""
        return [change["rolloutPercentage"] for change in self.api.taken()]

    def begin(self, flag=0, **state):
        """As it is before a run: this flag, this state for as long as a rate looks back."""
        self.put("flags.json", {FLAG: {"enabled": flag > 0, "rolloutPercentage": flag}})
        taken = os.path.join(self.api.folder, "taken")
        if os.path.exists(taken):
            os.unlink(taken)
        self.state(**state)
        self.await_calm()

    def value(self, query):
        found = self.prometheus.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def await_calm(self):
        """Until all that was asked for within the window of the tests went well, at the usual pace."""
        p95 = "histogram_quantile(0.95,sum by(le)(rate(http_request_duration_seconds_bucket[5s])))"
        bad = 'sum(increase(http_requests_total{status="500"}[6s])) or 0 * sum(http_requests_total)'
        deadline = time.monotonic() + 60
        while not (self.value(bad) == 0 and 0.0989 < (self.value(p95) or 0) < 0.1001):
            assert time.monotonic() < deadline, (self.value(bad), self.value(p95))
            time.sleep(0.2)
