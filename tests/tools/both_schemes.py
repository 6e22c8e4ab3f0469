"""One port for http and https: what is asked there is told by the first byte of a connection."""

import http.server
import socket
import ssl
import threading


class Answer(http.server.BaseHTTPRequestHandler):
    """Leads from /to/URL to the URL, and keeps what else is asked."""

    def do_GET(self):
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        leads = self.path.startswith("/to/")
        if not leads:
            self.server.seen.append((scheme, {name.lower() for name in self.headers}))
        self.send_response(302 if leads else 200)
        if leads:
            self.send_header("Location", self.path[4:])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class BothSchemes(http.server.ThreadingHTTPServer):
    """Started by `with`; `seen` has the scheme and the names of the headers of each request."""

    daemon_threads = True

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), Answer)
        self.port, self.seen = self.server_address[1], []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)

    def finish_request(self, request, client_address):
        if request.recv(1, socket.MSG_PEEK) == b"\x16":     # a handshake: RFC 8446, 5.1
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
