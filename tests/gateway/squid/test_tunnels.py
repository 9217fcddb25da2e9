"""Real Squid, one start: what passes a CONNECT, what is cut off, what is shown, and where a search engine is reached.

The sites are stand-ins on loopback with real TLS (tests/gateway/engines.py); Squid finds them by a hosts file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from drystone.engine.certificates import ensure_authority
from drystone.engine.filtering import SELF_TEST_HEADER, sign_check
from drystone.engine.filtering.safesearch import SAFE_HOSTS, YOUTUBE
from drystone.engine.filtering.ticket import read_ticket
from drystone.engine.home import Home
from drystone.engine.https_pages import HttpsPages, write_https_pages
from drystone.gateway.squid.machine import own_addresses
from drystone.gateway.squid.settings import port_of
from tests.gateway.engines import Certifier, Engine

from .conftest import LISTS, RunningSquid, free_port, make_bundle, readable, start_squid, wait_for

KEY = b"k" * 32
REAL, OTHER, BLOCKED = "127.9.0.1", "127.9.0.2", "127.9.0.3"
SAFE = {host: f"127.9.1.{number}" for number, host in enumerate(sorted({*SAFE_HOSTS.values(), *YOUTUBE.values()}), 1)}
ENGINES = {
    "www.google.com": "forcesafesearch.google.com",
    "www.google.co.uk": "forcesafesearch.google.com",
    "www.bing.com": "strict.bing.com",
    "duckduckgo.com": "safe.duckduckgo.com",
    "www.youtube.com": "restrict.youtube.com",
    "www.ecosia.org": "strict-safe-search.ecosia.org",
    "pixabay.com": "safesearch.pixabay.com",
}
RULES = """
school: {name: Fellside, timezone: Europe/London}
categories:
  gambling: {lists: [gambling], title: Gambling}
  self_harm: {lists: [games], title: Self-harm}
  illegal: {lists: [illegal], title: Illegal, mandatory: true}
groups:
  ks2: {default: allow, safe_search: true, youtube: strict}
  ks1: {default: block}
  staff: {default: allow}
zones:
  here: {addresses: ["127.0.0.1/32"], group: ks2}
  infants: {addresses: [10.3.0.0/16], group: ks1}
  office: {addresses: [10.2.0.0/16], group: staff}
rules:
  - {level: school, block: "category:gambling", reason: "not for <children>", by: head}
  - {level: school, group: ks2, block: "category:self_harm", reason: help comes first, by: head}
  - {level: school, group: ks2, block: "site:closed.example", reason: under discussion, by: head}
"""


@dataclass
class Ground:
    squid: RunningSquid
    sites: dict[str, Engine]
    certifier: Certifier
    port: int

    @property
    def school(self) -> ssl.SSLContext:
        """A device that has the school's certificate, and no other."""
        return ssl.create_default_context(cafile=str(self.squid.home.ca / "ca.pem"))

    def connect(self, host: str, *, headers: str = "") -> tuple[bytes, socket.socket]:
        """The first line of the answer to a CONNECT (b"" where the connection was closed), and the connection."""
        connection = socket.create_connection(("127.0.0.1", self.squid.port), timeout=10)
        connection.sendall(f"CONNECT {host}:{self.port} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n") and (part := connection.recv(1)):
            answer += part
        return answer.partition(b"\r\n")[0], connection

    def get(self, host: str, trust: ssl.SSLContext, *, name: str = "", headers: str = "") -> tuple[str, str]:
        """One page over HTTPS: its issuer's organisation or "", and the page, head and body."""
        _, connection = self.connect(host, headers=headers)
        with connection, trust.wrap_socket(connection, server_hostname=name or host) as tls:
            tls.sendall(f"GET /secret/path?q=1 HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n".encode())
            page = b""
            with contextlib.suppress(ssl.SSLEOFError, ConnectionResetError):
                while part := tls.recv(65536):
                    page += part
            issuer = dict(pair[0] for pair in tls.getpeercert()["issuer"])  # type: ignore[index]
        return str(issuer.get("commonName", "")), page.decode()

    def events(self, host: str) -> list[tuple[str, str, str, str]]:
        """(action, rule, method, path) of what was logged about a host, once there is something."""
        found = wait_for(lambda: [event for event in self.squid.events(count=0) if event.host == host])
        return [(str(e.action), e.rule, e.method, e.path) for e in found]  # type: ignore[attr-defined]

    @property
    def conf(self) -> list[str]:
        return (self.squid.out / "squid.conf").read_text().splitlines()

    def show_pages(self, pages: HttpsPages) -> None:
        """Until a blocked tunnel is answered accordingly: the helper looks twice a second, and Squid keeps an answer
        for one."""
        write_https_pages(self.squid.home.school_bundles("fellside"), pages)
        readable(self.squid.home.bundles)
        wait_for(lambda: self.answers("casino.example") is bool(pages))

    def answers(self, host: str) -> bool:
        """Whether a CONNECT gets any answer at all."""
        answer, connection = self.connect(host)
        connection.close()
        return bool(answer)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    certifier = Certifier()
    first = Engine(REAL, certifier=certifier)
    addresses = [OTHER, BLOCKED, *SAFE.values()]
    sites = {REAL: first} | {at: Engine(at, port=first.port, certifier=certifier) for at in addresses}
    with tempfile.TemporaryDirectory(prefix="drystone-tunnels-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        home = Home(folder / "home")
        lists = folder / "lists"
        for path, text in LISTS.items():
            (lists / path).parent.mkdir(parents=True, exist_ok=True)
            (lists / path).write_text(text)
        make_bundle(home.bundles / "fellside", rules=RULES, lists=lists)
        home.here.symlink_to("fellside")
        home.keys.mkdir()
        home.check_key.write_bytes(KEY)
        ensure_authority(home.ca, at=datetime.now(UTC))
        write_https_pages(home.school_bundles("fellside"), HttpsPages(everywhere=True))
        readable(home.bundles)
        home.root.chmod(0o755)
        hosts = folder / "hosts"
        hosts.write_text(_names())
        hosts.chmod(0o644)
        squid = start_squid(
            home,
            folder / "squid",
            named=("127.9.0.0/16",),
            extra_ports=(first.port,),
            hosts_file=hosts,
            own_ports=(8080,),
            zone_ports=((f"127.0.0.1:{free_port()}", "infants"),),
            web="http://drystone.fellside.example",
        )
        try:
            yield Ground(squid, sites, certifier, first.port)
        finally:
            squid.stop()
            for site in sites.values():
                site.close()


def _names() -> str:
    lines = [f"{REAL} river.example {' '.join(ENGINES)}", f"{OTHER} other.example", f"{BLOCKED} casino.example"]
    lines += [f"{BLOCKED} games.example closed.example worst.example"]
    return "\n".join([*lines, *(f"{address} {host}" for host, address in SAFE.items())]) + "\n"


# -- what is allowed ----------------------------------------------------------------------------------------------


def test_an_allowed_site_keeps_its_own_certificate_and_is_one_event_with_its_bytes(ground: Ground) -> None:
    """P35: nothing that is allowed is decrypted."""
    issuer, page = ground.get("river.example", ground.certifier.trusting())

    assert issuer == ground.certifier.public.name
    assert f"{REAL}|river.example|river.example" in page
    assert ground.events("river.example") == [("allow", "default", "CONNECT", "")]
    (event,) = [event for event in ground.squid.events(count=1) if event.host == "river.example"]
    assert event.bytes
    assert event.bytes > 500


# -- safe search ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("engine", "safe"), ENGINES.items())
def test_a_search_engine_is_reached_at_its_safe_address_with_its_own_name_and_certificate(
    ground: Ground, engine: str, safe: str
) -> None:
    """P59: on the level of addresses; the real engine at its real address is there, and is not asked."""
    before = ground.sites[REAL].connections

    issuer, page = ground.get(engine, ground.certifier.trusting())

    assert f"{SAFE[safe]}|{engine}|{engine}" in page
    assert issuer == ground.certifier.public.name
    assert ground.sites[REAL].connections == before
    assert ground.events(engine)[0][0] == "safe-search"


def test_an_engine_asked_by_plain_http_is_led_the_same_way(ground: Ground) -> None:
    """What stands at that port speaks TLS, so nothing comes of it but the visit."""
    real, safe = ground.sites[REAL], ground.sites[SAFE["strict.bing.com"]]
    before = (real.connections, safe.connections)

    ground.squid.ask(f"http://www.bing.com:{ground.port}/search?q=x")

    assert (real.connections, safe.connections > before[1]) == (before[0], True)


def test_staff_reach_the_engine_itself(ground: Ground) -> None:
    """As a device of the office; the filter's own test is how a test can be one."""
    safe = ground.sites[SAFE["strict.bing.com"]]
    before = (ground.sites[REAL].connections, safe.connections)
    signed = sign_check(KEY, "10.2.0.1", datetime.now(UTC))

    ground.squid.ask(f"http://www.bing.com:{ground.port}/", headers=f"{SELF_TEST_HEADER}: {signed}\r\n")

    assert (ground.sites[REAL].connections, safe.connections) == (before[0] + 1, before[1])


# -- what is cut off --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["other.example", "casino.example", "riverexample", "127.9.0.1"])
def test_a_connect_to_one_host_that_carries_anothers_name_is_cut_off_and_logged_under_that_name(
    ground: Ground, name: str
) -> None:
    before = {address: site.connections for address, site in ground.sites.items()}
    trust = ground.certifier.trusting()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    answer, connection = ground.connect("river.example")

    with connection, pytest.raises(OSError):  # noqa: PT011 - closed or reset, as the kernel has it
        trust.wrap_socket(connection, server_hostname=name)

    assert answer == b"HTTP/1.1 200 Connection established"
    assert {address: site.connections for address, site in ground.sites.items()} == before
    if "127" not in name:  # Python sends no name for an address
        assert ("block", "gateway:sni", "CONNECT", "") in ground.events(name)


@pytest.mark.parametrize(
    "first",
    [b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00" * 64, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"],
    ids=["http", "ssh", "nul", "half a hello"],
)
@pytest.mark.parametrize("host", ["river.example", "www.bing.com"])
def test_a_tunnel_that_carries_no_tls_is_cut_off(ground: Ground, host: str, first: bytes) -> None:
    before = [site.connections for site in ground.sites.values()]
    _, connection = ground.connect(host)
    with connection:
        connection.settimeout(5)
        connection.sendall(first)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""

    assert [site.connections for site in ground.sites.values()] == before
    assert ("block", "gateway:no-tls", "CONNECT", "") in ground.events(host)


# -- what is blocked --------------------------------------------------------------------------------------------------


def test_a_blocked_site_shows_the_page_where_the_certificate_is_trusted_and_is_never_contacted(ground: Ground) -> None:
    """P35, P58: 403 and our page over HTTPS, under the school's certificate; of the request inside nothing is kept."""
    issuer, page = ground.get("casino.example", ground.school)

    assert issuer.startswith("Drystone web filter ")
    assert page.startswith("HTTP/1.1 403")
    assert "games where people bet money" in page
    assert "casino.example" in page
    assert "Grown-ups at school can see which pages are opened here" in page
    assert "not for &lt;" not in page  # the reason is written for teachers
    assert ground.sites[BLOCKED].connections == 0
    assert {(action, method, path) for action, _, method, path in ground.events("casino.example")} == {
        ("block", "CONNECT", "")
    }
    assert not [line for line in ground.squid.lines() if b"secret" in line]


def test_the_certificate_of_the_page_is_one_that_apples_devices_take_too(ground: Ground) -> None:
    """For days, for web servers, and with a key of its own: Squid's own generator keeps none of the three."""
    _, connection = ground.connect("casino.example")
    with connection, ground.school.wrap_socket(connection, server_hostname="casino.example") as tls:
        leaf = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    authority = x509.load_pem_x509_certificate((ground.squid.home.ca / "ca.pem").read_bytes())
    assert ExtendedKeyUsageOID.SERVER_AUTH in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=7)
    assert leaf.public_key() != authority.public_key()


def test_the_page_leads_to_the_review_with_a_ticket_that_the_house_believes(ground: Ground) -> None:
    _, page = ground.get("casino.example", ground.school)

    link = page.partition('href="http://drystone.fellside.example/blocked/?t=')[2].partition('"')[0]
    ticket = read_ticket(KEY, link, datetime.now(UTC))
    assert (ticket.host, ticket.category, ticket.zone, ticket.group) == ("casino.example", "gambling", "here", "ks2")
    assert "path" not in link


def test_who_may_be_in_need_is_not_told_what_the_page_is_about(ground: Ground) -> None:
    """P13."""
    _, page = ground.get("games.example", ground.school)

    assert "You are not alone" in page
    assert "0800 1111" in page
    assert "elf-harm" not in page


def test_staff_see_the_particulars_and_a_reason_cannot_become_markup(ground: Ground) -> None:
    signed = f"{SELF_TEST_HEADER}: {sign_check(KEY, '10.2.0.1', datetime.now(UTC))}\r\n"

    _, page = ground.get("casino.example", ground.school, headers=signed)

    for words in ("not for &lt;children&gt;", "Gambling", "the school’s rules", "staff, in office", "Request a review"):
        assert words in page
    assert "<children>" not in page


def test_a_site_closed_by_a_rule_and_a_mandatory_one_have_their_page(ground: Ground) -> None:
    closed, worst = (ground.get(host, ground.school)[1] for host in ("closed.example", "worst.example"))

    assert closed.startswith("HTTP/1.1 403")
    assert "/blocked/?t=" in closed
    assert worst.startswith("HTTP/1.1 403")
    assert "/blocked/?t=" not in worst


def test_a_device_without_the_certificate_ends_the_connection_itself(ground: Ground) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ground.get("casino.example", ssl.create_default_context())
    assert ground.sites[BLOCKED].connections == 0


def test_where_nobody_trusts_the_certificate_the_connection_is_closed_unanswered(ground: Ground) -> None:
    """No warning that people would learn to click away; acts while Squid runs."""
    ground.show_pages(HttpsPages())
    try:
        assert [ground.answers("casino.example") for _ in range(3)] == [False] * 3
        assert ground.answers("river.example")
    finally:
        ground.show_pages(HttpsPages(everywhere=True))

    assert ground.sites[BLOCKED].connections == 0
    assert {action for action, _, _, _ in ground.events("casino.example")} == {"block"}


def test_who_comes_by_a_zones_own_door_is_in_that_zone(ground: Ground) -> None:
    """P35: where the address does not tell, as behind a router: the infants' allow-list at the infants' door. And
    nobody gets out of the zone that their address is in by naming another's port in a browser's settings."""
    door, theirs = (port_of(line.split()[1]) for line in ground.conf if line.startswith("http_port"))
    url = f"http://river.example:{ground.port}/door"

    assert door == ground.squid.port
    assert not ground.squid.ask(url).startswith(b"HTTP/1.1 403")
    there = RunningSquid(ground.squid.home, ground.squid.out, theirs, ground.squid.process, ground.squid.events_folder)
    assert there.ask(url, client="127.0.0.2").startswith(b"HTTP/1.1 403")
    assert not there.ask(url).startswith(b"HTTP/1.1 403")
    seen = [event for event in ground.squid.events(count=3) if event.path == "/door"]
    assert [(event.zone, str(event.action)) for event in seen] == [
        ("here", "allow"), ("infants", "block"), ("here", "allow"),
    ]  # fmt: skip


def test_drystones_own_port_is_closed_on_every_address_of_this_machine(ground: Ground) -> None:
    """An address that is not private is no way round; a site elsewhere may use the same port."""
    addresses = [text for text in own_addresses() if not ip_address(text).is_link_local]
    for text in addresses:
        host = f"[{text}]" if ":" in text else text
        assert ground.squid.ask(f"http://{host}:8080/").startswith(b"HTTP/1.1 403"), text
    assert f"acl this_machine dst {' '.join(own_addresses())}" in ground.conf


# -- what is left behind, and other ways in ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ftp", "whois", "https"])
def test_no_address_but_one_of_http_is_fetched(ground: Ground, scheme: str) -> None:
    """Squid would speak FTP and whois with any port that is open for the web; what is read by TLS goes by CONNECT."""
    before = ground.sites[REAL].connections

    assert ground.squid.ask(f"{scheme}://river.example:{ground.port}/").startswith(b"HTTP/1.1 403")
    assert ground.sites[REAL].connections == before


BROKEN = (
    b"GET /secret HTTP/1.1\r\nHost: casino.example\r\nCookie: secret\0 secret\r\n\r\n",
    b"GET //secret HTTP/1.0\r\n\r\n",
    b"GET https:///secret HTTP/1.1\r\n\r\n",
    b"PRI /secret HTTP/1.1\r\n\r\n",
    b"GET /secret HTTP/1.1\r\nsecret\r\n\r\n",
)


def test_of_a_broken_request_inside_a_blocked_tunnel_nothing_is_kept_either(ground: Ground) -> None:
    """P35: Squid would write its address and its fields into cache.log."""
    for request in BROKEN:
        _, connection = ground.connect("casino.example")
        with connection, ground.school.wrap_socket(connection, server_hostname="casino.example") as tls:
            tls.sendall(request)
            assert tls.recv(12).startswith(b"HTTP/1.1 4")

    _of_all_logs(ground, lambda line: b"secret" not in line and b"casino.example" not in line.partition(b"\tblock")[2])


def test_a_connection_that_is_opened_and_never_used_leaves_no_line(ground: Ground) -> None:
    """Browsers open them beforehand by the dozen."""
    log = ground.squid.out / "cache.log"
    before = log.read_bytes()
    socket.create_connection(("127.0.0.1", ground.squid.port)).close()
    assert not ground.squid.ask(f"http://river.example:{ground.port}/after").startswith(b"HTTP/1.1 403")

    wait_for(lambda: [event for event in ground.squid.events(count=0) if event.path == "/after"])
    assert log.read_bytes() == before


def test_what_squid_refuses_of_a_site_of_help_tells_nothing_of_who_asked(ground: Ground) -> None:
    """P13: another port, another protocol, its name inside a tunnel to another host."""
    help_site = "www.childline.org.uk"
    ground.squid.ask(f"http://{help_site}:81/help")
    ground.squid.ask(f"ftp://{help_site}/help")
    ground.squid.ask(f"{help_site}:25", method="CONNECT")
    _, connection = ground.connect("river.example")
    with connection, pytest.raises(OSError):  # noqa: PT011 - closed or reset, as the kernel has it
        ground.certifier.trusting().wrap_socket(connection, server_hostname=help_site)

    events = wait_for(
        lambda: len(found := [event for event in ground.squid.events(count=0) if event.host == help_site]) > 3 and found
    )
    assert {(event.client, event.person, event.path) for event in events} == {("", "", "")}  # type: ignore[attr-defined]
    _of_all_logs(ground, lambda line: b"childline" not in line or b"127.0.0.1" not in line)


def _of_all_logs(ground: Ground, holds: Callable[[bytes], bool]) -> None:
    files = [*ground.squid.events_folder.iterdir(), ground.squid.out / "cache.log"]
    assert [line for file in files for line in file.read_bytes().splitlines() if not holds(line)] == []


# -- when something breaks --------------------------------------------------------------------------------------------


def test_when_a_safe_address_is_out_of_reach_the_request_fails_and_does_not_go_to_the_engine(ground: Ground) -> None:
    safe = ground.sites[SAFE["safesearch.pixabay.com"]]
    before = ground.sites[REAL].connections
    safe.close()
    try:
        for _ in range(12):  # Squid calls a parent dead after ten
            with pytest.raises((ssl.SSLError, OSError)):
                ground.get("pixabay.com", ground.certifier.trusting())
    finally:
        ground.sites[safe.address] = Engine(safe.address, port=safe.port, certifier=ground.certifier)

    assert ground.sites[REAL].connections == before


@pytest.mark.parametrize("which", ["names", "--bundle"])
def test_while_a_helper_hangs_nothing_passes_and_when_it_goes_on_so_does_the_school(ground: Ground, which: str) -> None:
    """Names: what compares SNI and CONNECT. Bundle: what decides."""
    hung = ground.squid.helpers(which)
    assert hung
    before = ground.sites[OTHER].connections
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    try:
        connection = socket.create_connection(("127.0.0.1", ground.squid.port), timeout=10)
        connection.settimeout(1.5)
        host = f"{which.strip('-')}.other.example"  # nobody has asked for it, so no answer is kept
        connection.sendall(f"CONNECT {host}:{ground.port} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        with contextlib.suppress(TimeoutError):
            assert not connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()
        assert ground.sites[OTHER].connections == before
    finally:
        for pid in hung:
            os.kill(pid, signal.SIGCONT)
    assert f"{OTHER}|other.example" in ground.get("other.example", ground.certifier.trusting())[1]
