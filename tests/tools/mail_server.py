#!/usr/bin/python3
"""A real mail server (aiosmtpd) that can be told to misbehave, for the tests of mail.

    mail_server.py FOLDER [CERTIFICATE KEY [implicit]]

Listens on a free port of 127.0.0.1, prints it, and serves until it is killed. With a certificate it
wants STARTTLS (or, `implicit`, TLS from the first byte) and then the user `runbook` with the password
`correct horse`. Each mail that was taken is a file of FOLDER. What it does to a mail is the
recipient's name:

    unknown     550 at RCPT
    full        452 at RCPT
    spam        554 after the text
    later       451 after the text, the first time
    control     550 at RCPT, with control characters
    silent      takes the text and never answers
    late        takes the text, and says so when two and a half seconds have gone by
    cut         takes the text and closes the connection
    lingers     takes it, and never answers QUIT"""

import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

AT_ONCE = {"unknown": "550 5.1.1 no such user", "full": "452 4.2.2 mailbox full",
           "control": "550 \x1b[2Jgone\x07"}


class Handler:
    def __init__(self, folder):
        self.folder, self.count, self.deferred = folder, 0, False

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name in AT_ONCE:
            return AT_ONCE[name]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        names = [address.split("@")[0] for address in envelope.rcpt_tos]
        if "spam" in names:
            return "554 5.7.1 looks like spam"
        if "later" in names and not self.deferred:
            self.deferred = True
            return "451 4.3.0 try again later"
        self.count += 1
        with open(os.path.join(self.folder, f"{self.count}.eml"), "wb") as f:
            f.write(envelope.content)
        if "silent" in names:
            await asyncio.Event().wait()
        if "late" in names:
            await asyncio.sleep(2.5)
        if "cut" in names:
            server.transport.close()
        if "lingers" in names:
            server.lingers = True
        return "250 2.0.0 taken as %d" % self.count


class Server(SMTP):
    lingers = False

    async def smtp_QUIT(self, arg):
        if self.lingers:
            await asyncio.Event().wait()
        await super().smtp_QUIT(arg)


def sign_on(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"runbook", b"correct horse")
    said = data.password.decode() if data.password else ""
    return AuthResult(success=good, handled=False, message=None if good else "535 5.7.8 not with " + said)


async def main(folder, certificate=None, key=None, implicit=None):
    context, options = None, {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        options = {"authenticator": sign_on, "auth_required": True}
        if not implicit:
            options |= {"tls_context": context, "require_starttls": True}
    handler = Handler(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Server(handler, hostname="mail.test", auth_require_tls=not implicit and bool(certificate),
                       **options),
        "127.0.0.1", 0, ssl=context if implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
