#!/usr/bin/python3
"""A server that behaves as badly as asked, for the tests of requests.

    http_server.py [CERTIFICATE KEY [CA_OF_CLIENTS]]

Listens on free ports of 127.0.0.1, two without TLS and, given a certificate, one with; prints them on one
line and serves until it is killed. What it does is in the path of a request; see the functions."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import socket
import ssl
import struct
import sys
import urllib.parse

seen = {}       # how often each path was asked for


class Request:
    def __init__(self, method, target, headers, reader, writer, turn):
        self.method, self.target, self.headers = method, target, headers
        self.reader, self.writer, self.turn = reader, writer, turn
        self.path, _, query = target.partition("?")
        self.query = {k: v[0] for k, v in urllib.parse.parse_qs(query, True).items()}
        self.left = int(self.header("content-length") or 0)

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name), None)

    async def pieces(self):
        if (self.header("expect") or "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self.left > 0:
            piece = await self.reader.read(min(self.left, 65536))
            if not piece:
                raise ConnectionError
            self.left -= len(piece)
            yield piece

    async def body(self):
        return b"".join([piece async for piece in self.pieces()])

    async def say(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status=200, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}", *headers, "", ""]
        await self.say("\r\n".join(lines).encode() + body)

    async def silence(self):
        """Until the other side closes."""
        await self.reader.read()

    def reset(self):
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def echo(r):
    """What was asked, as JSON; `turn` is how many requests came over this connection."""
    body = await r.body()
    await r.answer(body=json.dumps({
        "method": r.method, "target": r.target, "headers": r.headers, "turn": r.turn,
        "body": body.decode(errors="replace")}).encode(), headers=["Content-Type: application/json"])


async def health(r):
    await r.answer(body=b'{"status": "ok"}', headers=["Content-Type: application/json"])


async def api(r):
    """The build information of a Prometheus."""
    await r.answer(body=b'{"status": "success", "data": {"version": "2.42.0", "took": 0.5}}',
                   headers=["Content-Type: application/json"])


async def status(r):
    await r.body()
    await r.answer(int(r.query["code"]), b"as asked\n")


async def said(r):
    """/said/STATUS/BODY/..., the body in base64."""
    _, _, code, text = r.path.split("/")[:4]
    await r.answer(int(code), base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


async def fields(r):
    await r.answer(body=b"x", headers=["X-Twice: one", "Set-Cookie: a=1; Path=/", "x-twice: two",
                                       "Set-Cookie: b=2", "X-Empty:"])


async def digest(r):
    """The SHA-256 of what was sent."""
    sha = hashlib.sha256()
    async for piece in r.pieces():
        sha.update(piece)
    await r.answer(body=sha.hexdigest().encode())


def hmac_256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(r, credential, signed, secret=b"secret"):
    """Of AWS, version 4 (its guide to S3, "Authenticating Requests: Using the Authorization Header")."""
    names = signed.split(";")
    _, day, region, service, last = credential.split("/")
    path, _, query = r.target.partition("?")
    asked = "\n".join([r.method, path, query,
                       *(f"{name}:{r.header(name)}" for name in names), "", signed,
                       r.header("x-amz-content-sha256")])
    text = "\n".join(["AWS4-HMAC-SHA256", r.header("x-amz-date"),
                      "/".join([day, region, service, last]),
                      hashlib.sha256(asked.encode()).hexdigest()])
    key = b"AWS4" + secret
    for part in (day, region, service, last):
        key = hmac_256(key, part)
    return hmac_256(key, text).hex()


async def signed(r):
    """An echo for whoever signed what he sent."""
    _, *parts = r.header("authorization").split(" ")
    said = dict(part.rstrip(",").split("=", 1) for part in parts)
    body = await r.body()
    good = said["Signature"] == signature(r, said["Credential"], said["SignedHeaders"]) and \
        r.header("x-amz-content-sha256") == hashlib.sha256(body).hexdigest()
    await r.answer(200 if good else 403, said["SignedHeaders"].encode())


async def zeros(r):
    size = int(r.query["size"])
    await r.say(f"HTTP/1.1 {r.query.get('code', 200)} So\r\nContent-Length: {size}\r\n\r\n".encode())
    while size > 0:
        await r.say(bytes(min(size, 65536)))
        size -= 65536


async def raw(r):
    """Exactly these bytes, `after` so many seconds, then `end`: nothing, close, reset or silence."""
    await r.body()
    await asyncio.sleep(float(r.query.get("after", 0)))
    await r.say(r.query["bytes"].encode("latin-1"))
    end = r.query.get("end")
    if end == "reset":
        r.reset()
    elif end == "close":
        r.writer.close()
    elif end == "silence":
        await r.silence()


async def reset_within(r):
    """As soon as this much of the body is there."""
    await r.reader.readexactly(int(r.query["bytes"]))
    r.reset()


async def drip(r):
    await r.say(b"HTTP/1.1 200 So\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100000):
        await r.say(b".")
        await asyncio.sleep(float(r.query.get("every", 0.1)))


async def drip_headers(r):
    await r.body()
    await r.say(b"HTTP/1.1 200 So\r\nX-Long: ")
    while True:
        await r.say(b".")
        await asyncio.sleep(0.05)


async def half_close(r):
    """Says this much, that nothing more will come, and goes on listening."""
    await r.body()
    await r.say(r.query["bytes"].encode("latin-1"))
    r.writer.write_eof()
    await r.silence()


async def renew(r):
    """From the next handshake on it shows another certificate; this connection is its last."""
    with_tls.load_cert_chain(r.query["certificate"], r.query["key"])
    await r.answer(headers=["Connection: close"])
    r.writer.close()


async def endless(r):
    await r.say(b"HTTP/1.1 200 So\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await r.say(b"10000\r\n" + bytes(65536) + b"\r\n")


async def bomb(r):
    packed = gzip.compress(bytes(int(r.query["size"])))
    await r.answer(body=packed, headers=["Content-Encoding: gzip"])


async def packed(r):
    """These bytes, in base64, packed in what it says."""
    await r.body()
    ways = urllib.parse.parse_qs(r.target.partition("?")[2])["in"]
    await r.answer(body=base64.b64decode(r.query["bytes"]), headers=[f"Content-Encoding: {way}" for way in ways])


async def many_headers(r):
    await r.say(b"HTTP/1.1 200 So\r\n")
    for i in range(int(r.query["count"])):
        await r.say(f"X-{i}: {i}\r\n".encode())
    await r.say(b"Content-Length: 0\r\n\r\n")


async def early(r):
    """Many answers before the answer."""
    for _ in range(int(r.query["count"])):
        await r.say(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    await r.answer(body=b"late")


async def redirect(r):
    await r.body()
    await r.answer(int(r.query.get("code", 302)), b"elsewhere", [f"Location: {r.query['to']}"])


async def again(r):
    """Leads to itself."""
    await r.answer(302, b"", [f"Location: {r.target}"])


async def close_next(r):
    """Answers, and closes the connection when the next request has come."""
    await r.answer(body=b"kept alive")
    lost = await read_request(r.reader, r.writer, 0)
    seen[lost.path] = seen.get(lost.path, 0) + 1
    r.writer.close()


async def count(r):
    await r.answer(body=str(seen.get(r.query["path"], 0)).encode())


def slow_to_read(r):
    return r.silence()


pages = {"/" + f.__name__.replace("_", "-"): f for f in (
    echo, health, api, status, said, fields, digest, signed, zeros, raw, reset_within, drip, drip_headers,
    half_close, renew, endless, bomb, packed, many_headers, early, redirect,
    again, close_next, count, slow_to_read)}


async def read_request(reader, writer, turn):
    first = await reader.readexactly(1)
    if first == b"\x16":        # the handshake of someone who thinks this is TLS
        writer.write(b"HTTP/1.1 400 Plain\r\n\r\n")
        raise ValueError
    lines = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
    return Request(method, target, headers, reader, writer, turn)


async def serve(reader, writer):
    turn = 0
    try:
        while not writer.is_closing():
            turn += 1
            request = await read_request(reader, writer, turn)
            seen[request.path] = seen.get(request.path, 0) + 1
            await pages["/" + request.path.split("/")[1]](request)
    except (OSError, EOFError, ValueError):
        pass
    finally:
        writer.close()


def tls(certificate, key, ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
    return context


async def main(arguments):
    global with_tls
    with_tls = tls(*arguments) if arguments else None
    contexts = [None, None] + ([with_tls] if arguments else [])
    servers = [await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=1 << 20,
                                          backlog=2000) for context in contexts]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
