"""A PgBouncer in front of a cluster (pg.py): in a temporary folder, on a free loopback port, as a
user without privileges, ended with whoever started it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

import pg


class Pool:
    """Started by `with`; `mode` is transaction, session or statement."""

    def __init__(self, cluster, mode):
        self.cluster, self.mode = cluster, mode

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="runbook-pool-")
        os.chmod(self.folder, 0o755)
        self.port = pg._free_port()
        with open(self.cluster.env["PGPASSFILE"]) as f:
            password = f.read().strip().rsplit(":", 1)[1]
        path = os.path.join(self.folder, "pool.ini")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(f"""[databases]
* = host=127.0.0.1 port={self.cluster.port} user=postgres password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = {self.mode}
""")
        self.cluster._give_away(path)
        self.server = subprocess.Popen(
            self.cluster._as_nobody(["--pdeathsig", "TERM"]) +
            [shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await_ready()
        return self

    def _await_ready(self):
        deadline = time.monotonic() + 60
        while self.server.poll() is None and time.monotonic() < deadline:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("PgBouncer did not start")

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
