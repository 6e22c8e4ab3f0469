"""A proxy in front of PostgreSQL that stops at COMMIT, before the server hears of it: what happens
between the note of a transaction and its end can then be arranged."""

import socket
import threading

COMMIT = b"Q\0\0\0\x0bCOMMIT\0"      # PostgreSQL 15, section 55.7: Query


class Proxy:
    """Started by `with`. `held` is set when a COMMIT came; nothing goes on on that connection.
    Connections go to `upstream`, a port, which may be another one later."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.held = threading.Event()
        self.sockets = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    def cut(self):
        """Ends all connections."""
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                return
            self.sockets += [client, server]
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client), daemon=True).start()

    def _forward(self, source, target):
        with source:
            while True:
                try:
                    data = source.recv(65536)
                    if COMMIT in data and not self.held.is_set():
                        self.held.set()
                        continue
                    target.sendall(data)
                    if not data:
                        target.shutdown(socket.SHUT_WR)
                        return
                except OSError:
                    return
