#!/usr/bin/python3
"""A machine whose resolver answers as badly as asked, for the tests of requests.

    names.py COUNTS COMMAND [ARGUMENT...]

Runs the command in a network of its own with nothing but loopback in it. What its names come to:

    nx.test         there is no such name
    broken.test     the server has failed
    silent.test     no answer
    later.test      no such name when it is asked for the first two times, then that of a web service
    refusing.test   127.0.0.1, where nobody listens on port 8080, and 127.0.0.2, where the service does
    dead.test       the same on port 8081, where 127.0.0.1 answers to nothing at all
    elsewhere.test  10.9.8.7, which stands for another machine: the service is there on port 8080
    own.test        127.0.0.1, where the service is on port 8082, as on ::1: what only this machine reaches
    rebind.test     that of elsewhere.test when it is asked for the first time, then that of own.test

The service takes whatever is posted or asked for, and leads from /to/URL to the URL; how often each host was
reached, but for those that lead on, is written to the file COUNTS, as JSON."""

import fcntl
import http.server
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

ELSEWHERE = "10.9.8.7"
ADDRESSES = {"elsewhere.test": [ELSEWHERE], "own.test": ["127.0.0.1"], "rebind.test": ["127.0.0.1"], "later.test": ["127.0.0.2"], "refusing.test": ["127.0.0.1", "127.0.0.2"],
             "dead.test": ["127.0.0.1", "127.0.0.2"]}
NX, SERVFAIL = 3, 2
asked = {}


def raise_loopback():
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        got = fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", got)[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def add_address(address):
    """To the loopback of this network: nothing of it leads out."""
    SIOCSIFADDR = 0x8916
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0,
                                                socket.inet_aton(address)))


def lay_over(path, text):
    with tempfile.NamedTemporaryFile("w", delete=False) as f:
        f.write(text)
    os.chmod(f.name, 0o644)
    subprocess.run(["mount", "--bind", f.name, path], check=True)
    os.unlink(f.name)


def answer_of(name, kind):
    """(code, addresses), or None for silence."""
    if name.startswith("silent."):
        return None
    if name.startswith("broken."):
        return SERVFAIL, []
    if kind == 1:
        asked[name] = asked.get(name, 0) + 1
    if name not in ADDRESSES or (name == "later.test" and asked.get(name, 0) <= 2):
        return NX, []
    if name == "rebind.test" and asked.get(name, 0) <= 1:
        return 0, [ELSEWHERE] if kind == 1 else []
    return 0, ADDRESSES[name] if kind == 1 else []


def serve_names(s):
    """RFC 1035, section 4: one question, answered with its addresses."""
    while True:
        query, who = s.recvfrom(512)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        answer = answer_of(".".join(labels).lower(), kind)
        if answer is None:
            continue
        code, addresses = answer
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(a)
                           for a in addresses)
        s.sendto(head + query[12:at + 5] + records, who)


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def do_GET(self):
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.note(self.headers["host"].split(":")[0])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def note(self, host):
        counts[host] = counts.get(host, 0) + 1
        with open(sys.argv[2], "w") as f:
            json.dump(counts, f)


class Server6(Server):
    address_family = socket.AF_INET6


counts = {}


def start(function, *arguments):
    threading.Thread(target=function, args=arguments, daemon=True).start()


def inside():
    raise_loopback()
    add_address(ELSEWHERE)
    lay_over("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    lay_over("/etc/hosts", "127.0.0.1 localhost\n")
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    start(serve_names, names)
    for port in (8080, 8081):
        start(Server(("127.0.0.2", port), Service).serve_forever)
    start(Server((ELSEWHERE, 8080), Service).serve_forever)
    start(Server(("127.0.0.1", 8082), Service).serve_forever)
    start(Server6(("::1", 8082), Service).serve_forever)
    dead = socket.socket()
    dead.bind(("127.0.0.1", 8081))
    dead.listen(0)
    waiting = [socket.socket() for _ in range(4)]       # more than it takes: the next SYN is dropped
    for s in waiting:
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", 8081))
    sys.exit(subprocess.run(sys.argv[3:]).returncode)


if sys.argv[1] == "--inside":
    inside()
else:
    os.execvp("unshare", ["unshare", "-Urmn", "--fork", "--kill-child", sys.executable, __file__,
                          "--inside", *sys.argv[1:]])
