#!/usr/bin/python3
"""Incoming webhooks that answer as Slack's do, for the tests of messages.

    slack.py FOLDER

Listens on a free port of 127.0.0.1, prints it, and serves until it is killed. Each message that was
taken is a line of FOLDER/taken, as JSON. What it does is the last part of the URL's path:

    limited     429 and Retry-After: 1, the first time
    revoked     404 no_service
    archived    410 channel_is_archived
    down        503
    echo        404, and its URL
    gateway     200, and not by Slack
    silent      takes it and never answers
    cut         takes it and closes the connection
    any other   200 ok, or 400 for what is no message"""

import http.server
import json
import os
import sys
import threading

REFUSALS = {"revoked": (404, "no_service"), "archived": (410, "channel_is_archived"),
            "down": (503, "service_unavailable")}


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text, **headers):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def take(self, body):
        with open(os.path.join(self.server.folder, "taken"), "a") as f:
            f.write(json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                                "body": body}) + "\n")

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mode = self.path.rsplit("/", 1)[-1]
        if mode in REFUSALS:
            return self.answer(*REFUSALS[mode])
        if mode == "echo":
            return self.answer(404, "there is no http://" + self.headers["Host"] + self.path, X_Path=self.path)
        if mode == "gateway":
            return self.answer(200, "<html>Sign on to this network</html>")
        if mode == "limited" and not self.server.limited:
            self.server.limited = True
            return self.answer(429, "rate_limited", Retry_After="1")
        try:
            body = json.loads(data)
        except ValueError:
            return self.answer(400, "invalid_payload")
        if not isinstance(body, dict) or not body.get("text"):
            return self.answer(400, "no_text")
        self.take(body)
        if mode == "cut":
            self.close_connection = True
        elif mode == "silent":
            threading.Event().wait()
        else:
            self.answer(200, "ok")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
server.daemon_threads = True
server.folder, server.limited = sys.argv[1], False
print(server.server_port, flush=True)
server.serve_forever()
