"""A Prometheus of one's own: in a temporary folder, on a free loopback port, which scrapes itself and
the ports of this machine that it is given, and has two alerting rules: `Always` (severity warning) fires, `Never` (critical) does not."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

CONFIG = """global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - {{job_name: prometheus, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
  - {{job_name: others, static_configs: [{{targets: {others}}}]}}
"""
RULES = """groups:
  - name: demo
    rules:
      - {alert: Always, expr: up == 1, labels: {severity: warning}, annotations: {summary: it is up}}
      - {alert: Never, expr: up == 2, labels: {severity: critical}}
"""


class Prometheus:
    """Started by `with`; `port` is where it listens. It has scraped and evaluated once by then."""

    def __init__(self, *others):
        self.others = json.dumps([f"127.0.0.1:{port}" for port in others])

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="runbook-prom-")
        self.process = None
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for name, text in (("prometheus.yml", CONFIG.format(port=self.port, others=self.others)), ("rules.yml", RULES)):
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)
        with open(os.path.join(self.folder, "log"), "w") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "prometheus", "--config.file=prometheus.yml",
                 "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{self.port}"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        deadline = time.monotonic() + 120
        while not self._is_ready():
            assert self.process.poll() is None and time.monotonic() < deadline, self._log()
            time.sleep(0.1)

    def _log(self):
        with open(os.path.join(self.folder, "log")) as f:
            return f.read()

    def ask(self, path, **query):
        """The data of an answer of its interface."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url) as answer:
            return json.load(answer)["data"]

    def _is_ready(self):
        try:
            rules = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
            # At the second that has begun: a run's clock has whole seconds, and asks for no later.
            firing = self.ask("query", query='ALERTS{alertname="Always",alertstate="firing"}',
                              time=int(time.time()))
        except OSError:
            return False
        return all(rule["health"] == "ok" for rule in rules) and bool(firing["result"])
