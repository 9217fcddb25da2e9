"""P59: safe search is locked without decryption: the gateway goes to the engine's safe host, and the name stays."""

import ipaddress
import ssl
from importlib.resources import files
from pathlib import Path

import pytest

from drystone.engine.filtering import compile_bundle, parse_rules
from drystone.engine.filtering.safesearch import GOOGLE, SAFE_HOSTS
from drystone.gateway.proxy.__main__ import read_arguments
from tests.gateway.engines import Certifier, Engine, NameServer

ORDINARY = "127.71.0.1"
ADDRESSES = {  # of each safe host, to tell where a gateway went
    GOOGLE: "127.72.0.1",
    "strict.bing.com": "127.72.0.2",
    "safe.duckduckgo.com": "127.72.0.3",
    "strict-safe-search.ecosia.org": "127.72.0.4",
    "safesearch.pixabay.com": "127.72.0.5",
    "restrict.youtube.com": "127.72.0.6",
    "restrictmoderate.youtube.com": "127.72.0.7",
}
YOUTUBE = (
    "www.youtube.com",
    "m.youtube.com",
    "youtubei.googleapis.com",
    "youtube.googleapis.com",
    "www.youtube-nocookie.com",
)
RULES = """
school: {name: Fellside, timezone: Europe/London, slug: fellside}
categories: {gambling: {lists: [gambling]}}
groups:
  ks2: {default: allow, safe_search: true, youtube: strict}
  seniors: {default: allow, safe_search: true, youtube: moderate}
  staff: {default: allow}
zones:
  suite: {addresses: [127.0.0.1/32], group: GROUP}
"""


class Web:
    """The engines, ordinary and safe, and the name server that knows them."""

    def __init__(self) -> None:
        self.certifier = Certifier()
        first = Engine(ORDINARY, certifier=self.certifier)
        self.port = first.port
        self.engines = [first, *(Engine(place, self.port, self.certifier) for place in [*ADDRESSES.values(), "::1"])]
        self.zone = {host: [ORDINARY] for host in [*SAFE_HOSTS, *YOUTUBE]} | {
            host: [address] for host, address in ADDRESSES.items()
        }
        self.names = NameServer(self.zone)

    def close(self) -> None:
        for engine in [*self.engines, self.names]:
            engine.close()


@pytest.fixture(scope="module")
def shared_web():
    web = Web()
    yield web
    web.close()


@pytest.fixture
def web(shared_web):
    zone = dict(shared_web.zone)
    shared_web.names.asked.clear()
    yield shared_web
    shared_web.zone.clear()
    shared_web.zone.update(zone)


@pytest.fixture
def gate(start, home, web, tools):
    """Starts a gateway that asks the stand-in name server, with its only zone in `group`."""

    def begin(group="ks2", rules=RULES):
        tools.publish(home, rules.replace("GROUP", group))
        loopback = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128"))
        place = (web.names.address, web.names.port)
        return start(dns=(place,), connect_ports=frozenset({web.port}), allow_private=loopback)

    return begin


def reached(proxy, web, host: str, trusting: ssl.SSLContext | None = None) -> list[str]:
    """Address, Host and SNI that the engine saw behind a CONNECT, its own certificate checked."""
    sock, head = proxy.tunnel(f"{host}:{web.port}")
    with sock:
        assert head.startswith(b"HTTP/1.1 200 "), (host, head)
        with (trusting or web.certifier.trusting()).wrap_socket(sock, server_hostname=host) as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = b""
            while data := tls.recv(4096):
                answer += data
    return answer.partition(b"\r\n\r\n")[2].decode().split("|")


def test_every_engine_under_each_of_its_names_is_reached_at_its_safe_host(gate, web):
    proxy, trusting = gate(), web.certifier.trusting()
    for host, safe in SAFE_HOSTS.items():
        assert reached(proxy, web, host, trusting) == [ADDRESSES[safe], host, host]
    assert len(SAFE_HOSTS) > 190
    assert set(web.names.asked) == set(SAFE_HOSTS.values())  # nobody asked where the ordinary ones are
    assert {event.action for event in proxy.events()} == {"safe-search"}


@pytest.mark.parametrize(
    ("group", "address"),
    [
        ("ks2", ADDRESSES["restrict.youtube.com"]),
        ("seniors", ADDRESSES["restrictmoderate.youtube.com"]),
        ("staff", ORDINARY),
    ],
)
def test_youtube_has_a_level_of_its_own(gate, web, group, address):
    proxy = gate(group)
    assert {tuple(reached(proxy, web, host)) for host in YOUTUBE} == {(address, host, host) for host in YOUTUBE}


def test_the_staff_search_without_it(gate, web):
    assert reached(gate("staff"), web, "www.google.co.uk") == [ORDINARY, "www.google.co.uk", "www.google.co.uk"]


def test_a_safe_host_with_ipv6_alone_is_reached_there_and_the_ordinary_one_is_not(gate, web):
    web.zone[GOOGLE] = ["::1"]
    assert reached(gate(), web, "www.google.co.uk") == ["::1", "www.google.co.uk", "www.google.co.uk"]


def test_of_a_safe_host_with_both_kinds_of_address_one_is_used(gate, web):
    web.zone["strict.bing.com"] = ["::1", ADDRESSES["strict.bing.com"]]
    assert reached(gate(), web, "www.bing.com")[0] in ("::1", ADDRESSES["strict.bing.com"])
    assert "www.bing.com" not in web.names.asked


def test_a_safe_host_that_cannot_be_found_is_no_reason_to_use_the_ordinary_one(gate, web):
    del web.zone[GOOGLE]
    sock, head = gate().tunnel(f"www.google.com:{web.port}")
    sock.close()
    assert head.startswith(b"HTTP/1.1 502 ")


def test_plain_http_goes_to_the_safe_host_with_the_name_in_its_header(gate, web):
    safe = Engine(ADDRESSES["strict.bing.com"])
    try:
        answer = gate().get(f"http://www.bing.com:{safe.port}/search?q=x")
    finally:
        safe.close()
    assert answer.endswith(f"{ADDRESSES['strict.bing.com']}|www.bing.com:{safe.port}".encode())


def test_a_name_in_other_spelling_does_not_escape(gate, web):
    proxy = gate()
    sock, head = proxy.tunnel(f"WWW.Google.COM.:{web.port}")
    sock.close()
    assert b" 200 " in head
    assert set(web.names.asked) == {GOOGLE}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.1.0.53", ("10.1.0.53", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
    ],
)
def test_a_name_server_is_named_with_or_without_its_port(text, place):
    assert read_arguments(["--dns", text]).dns == (place,)


@pytest.mark.parametrize("text", ["dns.example", "10.1.0.53:0", "10.1.0.53:99999", "10.1.0"])
def test_a_name_server_that_is_no_address_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        read_arguments(["--dns", text])
    assert "is not an address" in capsys.readouterr().err


SHUT = """
school: {name: Fellside, timezone: Europe/London, slug: fellside}
categories:
  ways_round: {lists: [doh, vpn, proxies]}
  search_unsafe: {lists: [search_unsafe]}
groups: {ks2: {default: allow, safe_search: true}}
zones: {suite: {addresses: [127.0.0.1/32], group: ks2}}
rules:
  - {level: school, group: ks2, block: "category:ways_round", reason: primary age, by: head}
  - {level: school, group: ks2, block: "category:search_unsafe", reason: primary age, by: head}
"""


def test_ways_round_the_safe_hosts_are_shut_and_not_even_looked_up(start, home, web):
    """FM8, FM12: canaries that switch encrypted DNS off, DoH, relays, and engines or versions without a safe mode."""
    compile_bundle(Path(str(files("drystone.engine.filtering") / "starter")), parse_rules(SHUT), home.here / "current")
    proxy = start(dns=((web.names.address, web.names.port),))
    hosts = (
        *("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"),
        *("dns.google", "cloudflare-dns.com", "mozilla.cloudflare-dns.com", "8.8.8.8"),
        *("search.yahoo.com", "uk.search.yahoo.com", "yandex.com", "html.duckduckgo.com", "lite.duckduckgo.com"),
        *("search.brave.com", "www.startpage.com"),
    )
    for host in hosts:
        sock, head = proxy.tunnel(f"{host}:443")
        sock.close()
        assert head.startswith(b"HTTP/1.1 403 "), host
    assert web.names.asked == []
    assert {event.category for event in proxy.events()} == {"ways_round", "search_unsafe"}
