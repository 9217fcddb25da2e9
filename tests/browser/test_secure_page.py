"""P35 in real Chromium: on a device that trusts the school's certificate a blocked HTTPS site shows the block page and
an allowed one its own certificate; on one that does not, the connection is refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Playwright, sync_playwright

from drystone.engine.certificates import PublicCertificate, ensure_authority
from drystone.engine.eventlog import Event, parse_line
from drystone.engine.filtering import compile_bundle, parse_rules
from drystone.engine.home import Home
from drystone.engine.https_pages import HttpsPages, write_https_pages
from tests.browser import nss
from tests.browser.conftest import CHROMIUM, QUIET
from tests.gateway.engines import Certifier, Engine, NameServer
from tests.house.house import environment, until

RULES = """
school: {name: Fellside, timezone: Europe/London, slug: fellside}
categories: {gambling: {title: Gambling, lists: [gambling]}}
groups: {ks2: {default: allow}}
zones: {suite: {addresses: [127.0.0.0/8], group: ks2}}
rules: [{level: school, block: "category:gambling", reason: primary age, by: head}]
"""


@dataclass
class School:
    """A gateway at work, an allowed and a blocked site behind it, and pages of browsers that go through it."""

    home: Home
    port: int
    address: str
    authority: PublicCertificate
    certifier: Certifier
    blocked: Engine
    trusting: Page
    strange: Page

    def pages_in(self, pages: HttpsPages) -> None:
        write_https_pages(self.home.here, pages)

    def events(self) -> list[Event]:
        lines = [line for file in self.home.events.rglob("*.log") for line in file.read_bytes().splitlines(True)]
        return [found for line in lines if isinstance(found := parse_line(line), Event)]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("school")
    home, certifier = Home(folder / "home"), Certifier()
    with ExitStack() as stack:
        allowed = Engine("127.73.0.1", certifier=certifier)
        blocked = Engine("127.73.0.2", allowed.port, certifier)
        names = NameServer({"school.example": [allowed.address], "casino.example": [blocked.address]})
        for stand_in in (allowed, blocked, names):
            stack.callback(stand_in.close)
        (home.lists / "gambling").mkdir(parents=True)
        (home.lists / "gambling" / "domains").write_text("casino.example\n")
        compile_bundle(home.lists, parse_rules(RULES), home.here / "current")
        authority = ensure_authority(home.ca, at=datetime.now(UTC))
        write_https_pages(home.here, HttpsPages(zones=frozenset({"suite"})))
        proxy = stack.enter_context(gateway(home, names, allowed.port))
        (folder / "sites.der").write_bytes(certifier.public.der)
        (folder / "school.der").write_bytes(authority.der)
        playwright, pages = stack.enter_context(sync_playwright()), []
        for name, trusted in (("managed", ["sites.der", "school.der"]), ("guest", ["sites.der"])):
            command = [sys.executable, nss.__file__, folder / name, *(folder / der for der in trusted)]
            subprocess.run(command, check=True)
            pages.append(stack.enter_context(browser(playwright, folder / name, proxy)))
        yield School(home, allowed.port, proxy, authority, certifier, blocked, *pages)


@contextmanager
def gateway(home: Home, names: NameServer, port: int) -> Iterator[str]:
    words = [sys.executable, "-m", "drystone.gateway.proxy", "--home", home.root, "--listen", "127.0.0.1:0"]
    words += ["--allow-private", "127.0.0.0/8", "--connect-port", str(port)]
    words += ["--dns", f"{names.address}:{names.port}"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def browser(playwright: Playwright, home: Path, proxy: str) -> Iterator[Page]:
    """Chromium as on a device whose home folder this is: certificates are verified as ever."""
    started = playwright.chromium.launch(
        executable_path=CHROMIUM, args=QUIET, proxy={"server": proxy}, env={**environment(), "HOME": str(home)}
    )
    try:
        yield started.new_context().new_page()
    finally:
        started.close()


def refusal(page: Page, url: str) -> str:
    """Why the browser shows nothing of the site, in its own words."""
    tab = page.context.new_page()  # of its own: the page of the error would be in the way of the next visit
    try:
        with pytest.raises(Error) as failed:
            tab.goto(url)
        return failed.value.message
    finally:
        tab.close()


def issuer(page: Page, url: str) -> tuple[int, str]:
    answer = page.goto(url)
    assert answer is not None
    return answer.status, str((answer.security_details() or {}).get("issuer"))


def test_a_blocked_site_shows_the_block_page_under_the_schools_certificate(school):
    url = f"https://casino.example:{school.port}/secret/path?q=1"
    assert issuer(school.trusting, url) == (403, school.authority.name)
    assert "filtered by Drystone" in school.trusting.inner_text("body")
    assert "secret" not in school.trusting.content()


def test_the_blocked_site_is_never_contacted_and_its_event_holds_the_host_alone(school):
    school.trusting.goto(f"https://casino.example:{school.port}/secret/path?q=1")
    events = until(lambda: [event for event in school.events() if event.host == "casino.example"])
    assert {(event.method, event.action, event.path) for event in events} == {("CONNECT", "block", "")}
    assert school.blocked.connections == 0
    logs = b"".join(file.read_bytes() for file in school.home.events.rglob("*.log"))
    assert b"secret" not in logs


def test_an_allowed_site_shows_its_own_certificate(school):
    status, named = issuer(school.trusting, f"https://school.example:{school.port}/")
    assert (status, named) == (200, school.certifier.public.name)
    assert named != school.authority.name
    assert "school.example" in school.trusting.inner_text("body")


def test_where_the_certificate_is_not_used_the_connection_is_refused_cleanly(school):
    url = f"https://casino.example:{school.port}/"
    school.pages_in(HttpsPages())
    try:
        until(lambda: not _shows(school.trusting, url), 5, "the gateway to take it up")
        assert "ERR_TUNNEL_CONNECTION_FAILED" in refusal(school.trusting, url)
        assert "ERR_TUNNEL_CONNECTION_FAILED" in refusal(school.strange, url)
        assert issuer(school.strange, f"https://school.example:{school.port}/")[0] == 200
    finally:
        school.pages_in(HttpsPages(zones=frozenset({"suite"})))
        until(lambda: _shows(school.trusting, url), 5, "the gateway to take it up")


def test_a_device_without_the_certificate_is_not_deceived(school):
    """Whoever switched the page on for a place with guests in it: they see a warning, and nothing of the site."""
    assert "ERR_CERT_AUTHORITY_INVALID" in refusal(school.strange, f"https://casino.example:{school.port}/")
    assert school.blocked.connections == 0
    status = school.home.run / "proxy.json"
    until(lambda: json.loads(status.read_text())["last_not_trusted"] == "127.0.0.1", 5, "the technician to be told")


def _shows(page: Page, url: str) -> bool:
    tab = page.context.new_page()
    try:
        return issuer(tab, url)[0] == 403
    except Error:
        return False
    finally:
        tab.close()
