#!/usr/bin/python3
"""What scenes of crash.c ask beyond their machine: a web service for each worker, or a PostgreSQL with a
database for each.

    services.py web|database SOCKET...      a descriptor for each worker, closed when it has ended

A worker says `begin` and is told the parameters of the runbook, `count WHAT` and is told how often that
was done since. An answer ends with an empty line; what begins with $ in it is for the environment.
"""

import os
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

TOOLS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools")
sys.path.insert(0, TOOLS)
import pg                                                                   # noqa: E402


class Web:
    """tests/tools/http_server.py, which counts by the path of a request."""

    def __init__(self):
        self.server = subprocess.Popen([sys.executable, os.path.join(TOOLS, "http_server.py")], text=True,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{self.server.stdout.readline().split()[0]}"
        self.before = {}

    def begin(self, world):
        self.before = {path: self.asked_for(path) for path in self.before}
        return [f"service: {self.url}", f"dir: {world}"]

    def count(self, path):
        return self.asked_for(path) - self.before.setdefault(path, 0)

    def asked_for(self, path):
        query = urllib.parse.urlencode({"path": path})
        with urllib.request.urlopen(f"{self.url}/count?{query}", timeout=60) as answer:
            return int(answer.read())

    def end(self):
        self.server.kill()


class Database:
    """One order that is stuck, and a line for each time that it was changed."""

    MADE = """
        create table orders (id int primary key, status text);
        create table changes (what text);
        create function note() returns trigger language plpgsql as
            $$begin insert into changes values ('order ' || new.id); return new; end$$;
        create trigger noted after update on orders for each row execute function note();"""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        cluster.psql("postgres", f"create database {name}")
        self.client = subprocess.Popen(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", name], env={**os.environ, **cluster.env},
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask(self.MADE)

    def ask(self, sql):
        """Through a client that stays, as thousands of trials would start as many."""
        self.client.stdin.write(f"{sql}\n\\echo .\n")
        self.client.stdin.flush()
        lines = []
        while (line := self.client.stdout.readline()) != ".\n":
            if not line:
                raise RuntimeError(f"no answer to {sql}")
            lines.append(line.rstrip("\n"))
        return lines

    def begin(self, _):
        self.ask("truncate orders, changes; insert into orders values (7, 'stuck');")
        return [f"$PGPASSWORD={self.cluster.password}", "host: 127.0.0.1", f"port: {self.cluster.port}",
                f"database: {self.name}", "order: 7"]

    def count(self, what):
        return int(self.ask(f"select count(*) from changes where what = '{what}';")[0])

    def end(self):
        self.client.kill()


def serve(service, connection):
    with connection, connection.makefile("rw") as stream:
        for line in stream:
            word, _, rest = line.rstrip("\n").partition(" ")
            answer = service.begin(rest) if word == "begin" else [str(service.count(rest))]
            stream.write("\n".join([*answer, "", ""]))
            stream.flush()
    service.end()


def serve_all(services, sockets):
    threads = [threading.Thread(target=serve, args=(service, connection))
               for service, connection in zip(services, sockets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    kind, *descriptors = sys.argv[1:]
    sockets = [socket.socket(fileno=int(descriptor)) for descriptor in descriptors]
    if kind == "web":
        serve_all([Web() for _ in sockets], sockets)
        return
    with pg.Cluster() as cluster:
        serve_all([Database(cluster, f"crash_{i}") for i, _ in enumerate(sockets)], sockets)


if __name__ == "__main__":
    main()
