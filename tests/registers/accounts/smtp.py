"""A mail server on a free port of this machine that speaks SMTP (RFC 5321), and keeps what it is given."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage


class _Talk(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            match word.upper():
                case "EHLO":
                    self._say("250 here")
                case "RCPT" if self.server.knows not in rest:
                    self._say("550 5.1.1 no such mailbox")
                case "DATA":
                    self._say("354 go on")
                    self.server.mails.append(self._data())
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _data(self) -> EmailMessage:
        lines = iter(lambda: self.rfile.readline(), b".\r\n")
        return message_from_bytes(b"".join(lines), policy=policy.default)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, knows: str) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.knows = knows
        self.mails: list[EmailMessage] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}?tls=no"


@contextlib.contextmanager
def mail_server(knows: str = "@") -> Iterator[Server]:
    """`knows`: a part of the addresses that it takes mail for."""
    with Server(knows) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
