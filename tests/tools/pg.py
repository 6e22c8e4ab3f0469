#!/usr/bin/python3
"""A PostgreSQL of one's own: in a temporary folder, on a free loopback port, as a user without
privileges, ended with whoever started it.

    pg.py COMMAND [ARGUMENT...]    runs COMMAND with PGHOST, PGPORT, PGUSER and PGPASSFILE set
                                   to such a server, and stops the server when it has ended
"""

import ctypes
import glob
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


class Cluster:
    """Started by `with`; `env` holds what a client needs to know."""

    def __init__(self, password=None, checksums=True):
        self.checksums = ["--data-checksums"] if checksums else []
        self.password = password or secrets.token_urlsafe(18)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="runbook-pg-")
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _start(self):
        self.server = None
        self.bin = _programs()
        os.chmod(self.folder, 0o755)
        self._make_folders()
        self.port = _free_port()
        self._fill()
        passfile = os.path.join(self.folder, "pgpass")
        with open(os.open(passfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(f"127.0.0.1:{self.port}:*:postgres:{self.password}\n")
        self.env = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres",
                    "PGPASSFILE": passfile}
        self.serve()

    def serve(self):
        """Starts the server, anew where it was stopped."""
        with open(os.path.join(self.folder, "server.log"), "a") as log:
            self.server = subprocess.Popen(
                self._as_nobody(["--pdeathsig", "INT"]) + [
                    os.path.join(self.bin, "postgres"), "-D", self.data,
                    "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                    "-c", "unix_socket_directories=" + self.socket, "-c", "fsync=off",
                    "-c", "shared_buffers=16MB", "-c", "max_connections=100"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._await_ready()

    def _make_folders(self):
        self.data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "socket")
        for path in (self.data, self.socket):
            os.mkdir(path, 0o700)
            self._give_away(path)

    def _give_away(self, path):
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(path, user.pw_uid, user.pw_gid)

    def _fill(self):
        passfile = os.path.join(self.folder, "password")
        with open(os.open(passfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(self.password + "\n")
        self._give_away(passfile)
        self._make("initdb", "-D", self.data, "-U", "postgres", "--auth=scram-sha-256",
                   "--pwfile=" + passfile, "--no-locale", "-E", "UTF8", "--no-sync",
                   *self.checksums)
        os.unlink(passfile)

    def _make(self, program, *arguments, env=()):
        made = subprocess.run(
            [*self._as_nobody(), "env", *env, os.path.join(self.bin, program), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=self.folder)
        if made.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{made.stdout}")

    def _as_nobody(self, more=()):
        """The server refuses to run as root; setpriv keeps the process ours to wait for."""
        user = []
        if os.geteuid() == 0:
            user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        if not user and not more:
            return []
        return ["setpriv", *user, *more, "--", "env", "-i", "PATH=/usr/bin:/bin",
                "LC_ALL=C.UTF-8", "HOME=" + self.folder]

    def _await_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.server.poll() is not None:
                break
            ready = subprocess.run([os.path.join(self.bin, "pg_isready"), "-q"],
                                   env={**os.environ, **self.env})
            if ready.returncode == 0:
                return
            time.sleep(0.05)
        with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
            raise RuntimeError("PostgreSQL did not start:\n" + log.read())

    def _stop(self):
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)          # fast shutdown
            try:
                self.server.wait(30)
            except subprocess.TimeoutExpired:
                self.server.send_signal(signal.SIGQUIT)     # immediate shutdown
                self.server.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def crash(self):
        """All of it ends at once, as if its machine had been switched off."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait()

    def psql(self, database, *statements):
        """Runs SQL, stops at the first error, and returns what it prints without decoration."""
        commands = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, *commands],
                              env={**os.environ, **self.env}, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr}")
        return done.stdout.rstrip("\n")


class Replica(Cluster):
    """Follows a cluster by streaming, with the passwords that one has."""

    def __init__(self, primary):
        super().__init__(primary.password)
        self.primary = primary

    def _fill(self):
        self._make("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                   "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "postgres",
                   env=["PGPASSWORD=" + self.password])

    def await_change(self):
        """Until what the primary has committed so far can be seen here."""
        place = self.primary.psql("postgres", "SELECT pg_current_wal_lsn()")
        while self.psql("postgres", f"SELECT pg_last_wal_replay_lsn() >= '{place}'") != "t":
            time.sleep(0.02)

    def promote(self):
        """It goes on alone, on a timeline of its own."""
        self.psql("postgres", "SELECT pg_promote(true, 600)")


def _programs():
    """The folder of initdb and postgres: Debian keeps them out of PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=_version)
    path = found[-1] if found else shutil.which("initdb")
    if path is None:
        raise RuntimeError("no initdb here: install Debian's postgresql-15 (./dev setup)")
    return os.path.dirname(path)


def _version(path):
    return [int(part) for part in path.split("/")[4].split(".") if part.isdigit()]


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _die_with_parent():
    """No server outlives a test run that was killed: it ends with us, and we with our parent."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)

    def leave(number, _):
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    _die_with_parent()
    with Cluster() as cluster:
        child = subprocess.Popen(sys.argv[1:], env={**os.environ, **cluster.env})
        while True:
            try:
                status = child.wait()
                break
            except KeyboardInterrupt:       # the command has the same terminal and decides
                continue
            except SystemExit:
                child.terminate()
                child.wait()
                raise
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
