"""TLS servers (openssl s_server) with certificates of a throw-away authority, on free loopback ports."""

import datetime
import os
import shutil
import subprocess
import tempfile

CONFIG = """[ca]
default_ca = d
[d]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = p
copy_extensions = copy
unique_subject = no
[p]
commonName = supplied
"""
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
LOCAL = "DNS:localhost,DNS:*.localhost,IP:127.0.0.1"


class Authority:
    """A folder with ca.pem and what it signs. Used by `with`; ends its servers."""

    def __enter__(self):
        self.folder, self.servers = tempfile.mkdtemp(prefix="runbook-tls-"), []
        self.ca = os.path.join(self.folder, "ca.pem")
        for name, text in (("ca.cnf", CONFIG), ("index", ""), ("index.attr", "unique_subject = no\n"),
                           ("serial", "1000\n")):
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)
        self._openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650",
                      "-subj", "/CN=A Test Authority")
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
            server.wait()
            server.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout

    def sign(self, name, first, last, names=LOCAL):
        """A certificate that is good from `first` until `last`, in days from now."""
        def day(days):
            then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
            return then.strftime("%Y%m%d%H%M%SZ")
        self._openssl("req", "-new", *KEY, "-keyout", name + ".key", "-out", name + ".csr",
                      "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names)
        self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile",
                      "ca.key", "-in", name + ".csr", "-out", name + ".pem", "-startdate", day(first),
                      "-enddate", day(last))

    def self_sign(self, name):
        self._openssl("req", "-x509", *KEY, "-keyout", name + ".key", "-out", name + ".pem", "-days", "90",
                      "-subj", "/CN=" + name, "-addext", "subjectAltName=" + LOCAL)

    def paths(self, name):
        """Of a certificate and its key."""
        return [os.path.join(self.folder, name + end) for end in (".pem", ".key")]

    def serve(self, name, port=0):
        """The port of a server with this certificate, which is the last of `servers`."""
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www",
             "-cert", name + ".pem", "-key", name + ".key", "-CAfile", "ca.pem"],
            cwd=self.folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.servers.append(process)
        for line in process.stdout:
            if line.startswith("ACCEPT"):
                return port or int(line.rsplit(":", 1)[1])
        raise AssertionError(f"openssl s_server -cert {name}.pem did not start")
