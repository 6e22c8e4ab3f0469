#!/usr/bin/python3
"""The application of the dCMMS procedures, as far as they reach it: its health, its feature flags and
its metrics.

    dcmms_api.py FOLDER

Listens on a free port of 127.0.0.1, prints it, and serves until it is killed. FOLDER/state.json says how
it is, and may be replaced at any time:

    version     what /health says
    requests    a second, of which `errors` (a share) fail
    creates     of work orders a second, of which `broken` (a share) fail
    p95         seconds that requests take
    silent      there are no metrics
    refuses     changes of flags, and work orders, are answered with 503
    worse       {"from": 50, ...}: what else holds while some flag is on for so many per cent

Flags are in FOLDER/flags.json; each change that was taken is a line of FOLDER/taken, as JSON. Whoever
changes one needs the bearer token `admin-token`. Work orders, with the token `test-token`, are lines of
FOLDER/orders."""

import http.server
import json
import os
import sys
import threading
import time

BUCKETS = [round(n / 1000, 3) for n in range(90, 141)]      # seconds, as a histogram has them
FLAGS = "/api/v1/feature-flags/"


class Application(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.lock = folder, threading.Lock()
        self.looked, self.counters, self.buckets = time.monotonic(), {}, dict.fromkeys(BUCKETS, 0.0)

    def read(self, name):
        with open(os.path.join(self.folder, name)) as f:
            return json.load(f)

    def state(self):
        state = {"version": "1.2.0", "requests": 100, "errors": 0, "creates": 10, "broken": 0,
                 "p95": 0.1, **self.read("state.json")}
        worse = state.pop("worse", None)
        if worse and any(flag["enabled"] and flag["rolloutPercentage"] >= worse["from"]
                         for flag in self.read("flags.json").values()):
            state.update(worse)
        return state

    def count(self, name, rate, seconds):
        self.counters[name] = self.counters.get(name, 0) + rate * seconds

    def metrics(self, state):
        """Counters go on as the state says, from when they were last asked for. A status that was never
        answered has none, as in any client library."""
        now = time.monotonic()
        seconds, self.looked = now - self.looked, now
        for method, path, rate, bad in (("GET", "/api/v1/assets", state["requests"], state["errors"]),
                                        ("POST", "/api/v1/work-orders", state["creates"], state["broken"])):
            labels = f'method="{method}",path="{path}"'
            self.count(labels + ',status="200"', rate * (1 - bad), seconds)
            if bad:
                self.count(labels + ',status="500"', rate * bad, seconds)
        for le in BUCKETS:
            self.buckets[le] += state["requests"] * seconds * (le >= state["p95"])
        lines = ["# TYPE http_requests_total counter"]
        lines += [f"http_requests_total{{{labels}}} {n}" for labels, n in self.counters.items()]
        lines.append("# TYPE http_request_duration_seconds histogram")
        lines += [f'http_request_duration_seconds_bucket{{le="{le}"}} {n}' for le, n in self.buckets.items()]
        lines.append(f'http_request_duration_seconds_bucket{{le="+Inf"}} {self.buckets[BUCKETS[-1]]}')
        return "\n".join(lines) + "\n"

    def change(self, name, flag):
        flags = {**self.read("flags.json"), name: flag}
        path = os.path.join(self.folder, "flags.json")
        with open(path + ".new", "w") as f:
            json.dump(flags, f)
        os.rename(path + ".new", path)
        with open(os.path.join(self.folder, "taken"), "a") as f:
            f.write(json.dumps({"flag": name, **flag}) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        body = (text if isinstance(text, str) else json.dumps(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(text, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with self.server.lock:
            state, flags = self.server.state(), self.server.read("flags.json")
            if self.path == "/health":
                return self.answer(200, {"status": "healthy", "version": state["version"]})
            if self.path in ("/", "/dashboard"):
                return self.answer(200, "<title>dCMMS</title>")
            if self.path == "/metrics":
                text = self.server.metrics(state)
                return self.answer(503, "gone") if state.get("silent") else self.answer(200, text)
        name = self.path[len(FLAGS):]
        if not self.path.startswith(FLAGS) or name not in flags:
            return self.answer(404, {"error": "there is none"})
        return self.answer(200, flags[name])

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        order = self.path == "/api/v1/work-orders"
        if not order and not self.path.startswith(FLAGS):
            return self.answer(404, {"error": "there is none"})
        if self.headers.get("Authorization") != ("Bearer test-token" if order else "Bearer admin-token"):
            return self.answer(401, {"error": "who are you"})
        if self.headers.get("Content-Type") != "application/json":
            return self.answer(415, {"error": "not JSON"})
        with self.server.lock:
            if order:
                return self.take_order(data)
            if self.server.state().get("refuses"):
                return self.answer(503, {"error": "not now"})
            flag = json.loads(data)
            assert isinstance(flag["enabled"], bool) and 0 <= flag["rolloutPercentage"] <= 100
            self.server.change(self.path[len(FLAGS):], flag)
        return self.answer(200, flag)

    def take_order(self, data):
        if self.server.state().get("refuses"):
            return self.answer(503, {"error": "not now"})
        with open(os.path.join(self.server.folder, "orders"), "a") as f:
            f.write(json.dumps(json.loads(data)) + "\n")
        return self.answer(201, {"id": "WO-1"})

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = Application(sys.argv[1])
    print(server.server_port, flush=True)
    server.serve_forever()
