"""Stand-ins for search engines on this machine: a name server, and engines that answer as the host they stand for.

DNS and TLS are real. An engine holds a certificate for whatever name it is asked for, as the safe hosts do, and its
answer says which address it was reached at: so a test sees where a gateway went, and under which name.
"""

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from drystone.engine.certificates import PublicCertificate, make_authority, new_leaf_key, private_pem
from drystone.gateway.proxy.secure import load


class NameServer:
    """Answers A and AAAA from `zone` (name to addresses), over UDP; every other name does not exist."""

    def __init__(self, zone: Mapping[str, Sequence[str]], address: str = "127.0.0.1", port: int = 0) -> None:
        self.zone = zone
        self.asked: list[str] = []
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((address, port))
        self.address, self.port = self._sock.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                data, client = self._sock.recvfrom(4096)
            except OSError:
                return
            if data == b"end":
                return
            self._sock.sendto(self._answer(dns.message.from_wire(data)).to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        if name not in self.zone:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        version = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}.get(question.rdtype)
        found = [text for text in self.zone[name] if ipaddress.ip_address(text).version == version]
        if found:
            answer.answer.append(
                dns.rrset.from_text(question.name, 60, "IN", dns.rdatatype.to_text(question.rdtype), *found)
            )
        return answer

    def close(self) -> None:
        self._sock.sendto(b"end", (self.address, self.port))  # a close alone would not wake the thread
        self._thread.join(5)
        self._sock.close()


@dataclass
class Engine:
    """An HTTPS (or HTTP) server at one address, which says `address|Host|SNI` to every request."""

    address: str
    port: int = 0
    certifier: "Certifier | None" = None  # without one it speaks plain HTTP
    sock: socket.socket = field(init=False)
    connections: int = 0

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self.sock = socket.create_server((self.address, self.port), family=family, backlog=64)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            named: list[str] = []
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.certifier is not None:
                client = self.certifier.accept(client, named)
            head = b""
            while not head.endswith(b"\r\n\r\n") and (data := client.recv(4096)):
                head += data
            host = next((line[6:] for line in head.decode().split("\r\n") if line.lower().startswith("host: ")), "")
            body = "|".join([self.address, host, *named]).encode()
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
            if isinstance(client, ssl.SSLSocket):
                client.unwrap()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Certifier:
    """The authority that the engines' own certificates come from: not the school's."""

    def __init__(self) -> None:
        self._authority = make_authority(at=datetime.now(UTC))
        self._key = new_leaf_key()
        self._contexts: dict[str, ssl.SSLContext] = {}

    @property
    def public(self) -> PublicCertificate:
        return self._authority.public

    def trusting(self) -> ssl.SSLContext:
        """A client that trusts these engines and nobody else."""
        return ssl.create_default_context(cadata=self.public.pem.decode())

    def accept(self, client: socket.socket, named: list[str]) -> ssl.SSLSocket:
        def choose(tls: ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            named.append(name or "")
            tls.context = self._context(name or "unnamed.example")

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        load(context, private_pem(self._key) + self._authority.leaf("unnamed.example", self._key, at=datetime.now(UTC)))
        context.sni_callback = choose
        return context.wrap_socket(client, server_side=True)

    def _context(self, name: str) -> ssl.SSLContext:
        if name not in self._contexts:
            self._contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            leaf = self._authority.leaf(name, self._key, at=datetime.now(UTC))
            load(self._contexts[name], private_pem(self._key) + leaf)
        return self._contexts[name]
