"""An nginx of one's own: in a temporary folder, on free loopback ports (plain, TLS, and TLS with HTTP/2), ended
with whoever started it. What stands at which path says CONFIG; /via leads to a port of whoever started it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

import pg

CONFIG = """daemon off;
user root;
worker_processes 1;
pid nginx.pid;
error_log error.log info;
events {{ worker_connections 256; }}
http {{
  log_format told "$request_method $uri $status $connection $connection_requests $server_protocol $bytes_sent $request_length";
  access_log access.log told;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  gzip on;
  gzip_types text/plain;
  default_type text/plain;
  limit_req_zone $server_port zone=few:64k rate={rate};
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    listen 127.0.0.1:{h2} ssl http2;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    root www;
    location /kept/ {{ dav_methods PUT; create_full_put_path on; client_max_body_size 100m; }}
    location /small/ {{ dav_methods PUT; client_max_body_size 1k; }}
    location /few/ {{ dav_methods PUT; create_full_put_path on; limit_req zone=few; }}
    location /private/ {{ auth_basic "who?"; auth_basic_user_file users; }}
    location /moved {{ return 301 /there.txt; }}
    location /slow/ {{ alias www/; gzip off; limit_rate 20k; }}
    location /via {{ proxy_pass http://127.0.0.1:{upstream}; proxy_read_timeout 1s; }}
    location /patient {{ proxy_pass http://127.0.0.1:{upstream}; proxy_read_timeout 10m; }}
    location /status {{ stub_status; access_log off; }}
  }}
}}
"""


class Nginx:
    """Started by `with`. `ports` has plain, tls and h2; what is below `www` it serves."""

    def __init__(self, certificate, key, upstream=1):
        self.ports = {}
        self.values = {"certificate": certificate, "key": key, "upstream": upstream, "rate": "1r/m"}

    def __enter__(self):
        self.folder, self.process = tempfile.mkdtemp(prefix="runbook-nginx-"), None
        try:
            os.makedirs(os.path.join(self.folder, "www", "private"))
            self.write("users", "ops:{PLAIN}a long password\n")
            self.ports = {name: pg._free_port() for name in ("plain", "tls", "h2")}
            self.configure()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        """A file in its folder; what it serves is below `www`."""
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def configure(self, **values):
        """Counts from its next start or reload on."""
        self.values.update(values)
        self.write("nginx.conf", CONFIG.format(**self.values, **self.ports))

    def command(self, *words):
        return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", self.folder, "-e", "error.log",
                "-c", "nginx.conf", *words]

    def start(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *self.command()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 60
        while not self._is_ready():
            assert self.process.poll() is None and time.monotonic() < deadline, self.read("error.log")
            time.sleep(0.02)

    def _is_ready(self):
        try:
            return self.ask("/status") is not None
        except OSError:
            return False

    def stop(self):
        """At once: what is under way is cut."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def read(self, name):
        with open(os.path.join(self.folder, name)) as f:
            return f.read()

    def ask(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.ports['plain']}{path}") as answer:
            return answer.read().decode()

    def reload(self):
        subprocess.run(self.command("-s", "reload"), check=True, stderr=subprocess.DEVNULL)

    def await_writing(self):
        """Until it answers somebody else than who asks for that."""
        deadline = time.monotonic() + 60
        while int(self.ask("/status").split("Writing:")[1].split()[0]) < 2:
            assert time.monotonic() < deadline, self.read("error.log")
            time.sleep(0.02)

    def asked(self, *paths):
        """The requests in its log, in the order of their ends."""
        names = ("method", "path", "status", "connection", "turn", "protocol", "sent", "received")
        lines = [dict(zip(names, line.split(" "))) for line in self.read("access.log").splitlines()]
        return [line for line in lines if not paths or line["path"] in paths]
