"""Certificates of a throw-away authority."""

import os
import subprocess


class Authority:
    """In a folder of its own; `ca` is what has to be trusted."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.ca = os.path.join(self.folder, "ca.pem")
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                      "ca.pem", "-days", "3650", "-subj", "/CN=An Authority")

    def certificate(self, name, days, begun="0 days ago", names="DNS:localhost,IP:127.0.0.1"):
        """(certificate, key) valid for so many days from `begun` on."""
        extensions = os.path.join(self.folder, "names")
        with open(extensions, "w") as f:
            f.write("subjectAltName=" + names + "\n")
        request = self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key",
                                "-subj", "/CN=" + name)
        self._openssl("x509", "-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", str(days),
                      "-extfile", extensions, "-out", name + ".pem", given=request,
                      before=["faketime", begun])
        return tuple(os.path.join(self.folder, name + end) for end in (".pem", ".key"))

    def _openssl(self, *words, given="", before=()):
        done = subprocess.run([*before, "openssl", *words], cwd=self.folder, input=given, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr
        return done.stdout
