"""A proxy of our own on a free port, and origins that it can reach: real sockets, real TLS, no network."""

import asyncio
import contextlib
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drystone.engine.eventlog import Event, Sent, parse_line
from drystone.engine.filtering import compile_bundle, parse_rules
from drystone.engine.home import Home
from drystone.gateway.proxy.__main__ import build, listen
from drystone.gateway.proxy.server import Server
from drystone.gateway.proxy.settings import Limits, Settings

RULES = """
school: {name: Fellside, timezone: Europe/London, slug: fellside}
categories:
  gambling: {title: Gambling, lists: [gambling]}
groups:
  ks2: {default: allow, safe_search: true}
  staff: {default: allow}
zones:
  suite: {addresses: [127.0.0.0/8, "::1/128"], group: ks2}
  office: {addresses: [10.2.0.0/16], group: staff}
rules:
  - {level: school, group: ks2, block: "category:gambling", reason: primary age, by: head}
"""
HOSTS = {
    "school.example": ["127.0.0.1"],
    "other.example": ["127.0.0.1"],
    "casino.example": ["127.0.0.1"],
    "www.childline.org.uk": ["127.0.0.1"],
    "inside.example": ["10.9.8.7"],
    "both.example": ["127.0.0.1", "10.9.8.7"],
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose bundle blocks gambling for children and nothing for staff."""
    made = Home(tmp_path / "home")
    publish(made, RULES)
    return made


def publish(home: Home, rules: str) -> str:
    lists = home.root / "lists" / "gambling"
    lists.mkdir(parents=True, exist_ok=True)
    (lists / "domains").write_text("casino.example\n")
    compiled = compile_bundle(home.root / "lists", parse_rules(rules), home.here / "current")
    return compiled.edition


@dataclass
class Running:
    """A proxy at work in a thread."""

    server: Server
    port: int
    home: Home
    gateway: str = "proxy"
    thread: threading.Thread = field(default_factory=threading.Thread)
    loop: asyncio.AbstractEventLoop | None = None

    def connect(self, timeout: float = 5.0) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def ask(self, request: bytes, *, timeout: float = 5.0) -> bytes:
        """Everything the proxy answers to these bytes, until it closes the connection."""
        with self.connect(timeout) as sock:
            sock.sendall(request)
            return read_all(sock)

    def get(self, url: str, *fields: str, method: str = "GET") -> bytes:
        lines = [f"{method} {url} HTTP/1.1", "Host: x", "Connection: close", *fields]
        return self.ask("\r\n".join([*lines, "", ""]).encode())

    def tunnel(self, place: str, *fields: str) -> tuple[socket.socket, bytes]:
        """A socket on which CONNECT was asked for, and the head of the answer."""
        sock = self.connect()
        sock.sendall("\r\n".join([f"CONNECT {place} HTTP/1.1", f"Host: {place}", *fields, "", ""]).encode())
        return sock, read_head(sock)

    def records(self) -> list[Event | Sent]:
        return [parse_line(line) for line in lines_of(self.home, self.gateway)]

    def events(self) -> list[Event]:
        return [record for record in self.records() if isinstance(record, Event)]

    def wait_for(self, truth: Callable[[], object], seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not truth():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)


def lines_of(home: Home, gateway: str) -> list[bytes]:
    found: list[bytes] = []
    for segment in sorted((home.events / gateway).glob("*.log")):
        found += segment.read_bytes().splitlines(keepends=True)
    return found


def read_all(sock: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while data := sock.recv(65536):
            parts.append(data)
    return b"".join(parts)


def read_head(sock: socket.socket) -> bytes:
    """Up to the empty line, and not a byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = sock.recv(1)
        if not data:
            break
        head += data
    return head


@pytest.fixture
def start(home: Home) -> Iterator[Callable[..., Running]]:
    """Starts proxies: `start(limits={…}, hosts={…}, settings={…})`; stops them at the end."""
    running: list[Running] = []

    def start(*, limits: dict | None = None, hosts: dict | Callable | None = None, **settings: object) -> Running:
        proxy = _start(home, limits or {}, hosts if hosts is not None else HOSTS, settings)
        running.append(proxy)
        return proxy

    yield start
    for proxy in running:
        assert proxy.loop is not None
        with contextlib.suppress(RuntimeError):
            proxy.loop.call_soon_threadsafe(proxy.server.stop)
        proxy.thread.join(10)
        assert not proxy.thread.is_alive()


def _start(home: Home, limits: dict, hosts: dict | Callable, given: dict) -> Running:
    settings = Settings(
        home=home,
        bundles=home.here,
        gateway="proxy",
        host="127.0.0.1",
        port=0,
        allow_private=(ipaddress.ip_network("127.0.0.0/8"),),
        limits=replace(Limits(), **limits),
    )
    settings = replace(settings, **given)

    def lookup(host: str) -> list:
        answers = hosts(host) if callable(hosts) else hosts.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [ipaddress.ip_address(answer) for answer in answers]

    (listener,) = listen(settings)
    server = build(settings, None, listener, home.run / "proxy.json", None if settings.dns else lookup)
    proxy = Running(server, listener.getsockname()[1], home)
    ready = threading.Event()

    def run() -> None:
        loop = proxy.loop = uvloop.new_event_loop()
        loop.call_soon(ready.set)
        loop.run_until_complete(server.run(listener))
        loop.close()

    proxy.thread = threading.Thread(target=run, name="proxy")
    proxy.thread.start()
    assert ready.wait(5)
    return proxy


@pytest.fixture
def proxy(start: Callable[..., Running]) -> Running:
    return start()


class Origin:
    """A site: each connection goes to `serve(sock, origin)` in a thread; what it read is kept in `seen`."""

    def __init__(self, serve: Callable, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[bytes] = []
        self.connections = 0
        self._serve = serve
        self._context = context
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.port = self._sock.getsockname()[1]
        self._live: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def url(self, path: str = "/", host: str = "school.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._sock.accept()
            except OSError:
                return
            self.connections += 1
            self._live.add(sock)
            threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock: socket.socket) -> None:
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock:
                self._serve(sock, self)
        except OSError:
            pass
        finally:
            self._live.discard(sock)

    def close(self) -> None:
        self._sock.close()
        for sock in list(self._live):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def hello_world(sock: socket.socket, origin: Origin) -> None:
    """HTTP/1.1 keep-alive, `hello` to everything."""
    while head := read_head(sock):
        origin.seen.append(head)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Site: yes\r\n\r\nhello")


def says(answer: bytes) -> Callable[[socket.socket, Origin], None]:
    """Reads one head, answers these bytes and closes."""

    def serve(sock: socket.socket, origin: Origin) -> None:
        origin.seen.append(read_head(sock))
        sock.sendall(answer)

    return serve


@pytest.fixture
def site() -> Iterator[Callable[..., Origin]]:
    """Starts origins: `site()` says hello, `site(serve)` what you like."""
    made: list[Origin] = []

    def start(serve: Callable = hello_world, context: ssl.SSLContext | None = None) -> Origin:
        made.append(Origin(serve, context))
        return made[-1]

    yield start
    for origin in made:
        origin.close()


@dataclass(frozen=True)
class Certificates:
    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate for the test sites, signed by itself, and a client that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "school.example")])
    now = datetime.now(UTC)
    names = [x509.DNSName(host) for host in HOSTS] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "site.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    client = ssl.create_default_context(cafile=str(pem))
    return Certificates(server, client)


def client_hello(host: str | None) -> bytes:
    """The first bytes of a real TLS client that asks for `host`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=host).do_handshake()
    return out.read()


@pytest.fixture
def tools() -> type:
    """Helpers that tests of this folder share."""

    class Tools:
        read_all = staticmethod(read_all)
        read_head = staticmethod(read_head)
        says = staticmethod(says)
        hello = staticmethod(client_hello)
        publish = staticmethod(publish)
        lines_of = staticmethod(lines_of)
        rules = RULES

    return Tools


def status_of(home: Home, gateway: str = "proxy") -> dict:
    return json.loads((home.run / f"{gateway}.json").read_text())
