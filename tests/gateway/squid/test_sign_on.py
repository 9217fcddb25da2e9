"""P62: signing on at real Squid, with our helper and the configuration that we write."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drystone.engine.filtering import person_key
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.overlay import Device, Overlay, write_overlay
from drystone.engine.filtering.verifier import make_verifier
from drystone.engine.filtering.words import Access
from drystone.engine.home import Home
from drystone.gateway.squid.sign_on import SignOn

from .conftest import RULES, RunningSquid, make_bundle, readable, start_squid, wait_for

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = school_key("fellside")
PUPIL = person_key(SECRET, "pfell")
PASSWORD = "river-lamp-42"


def offer(user: str, password: str) -> str:
    return f"Proxy-Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}\r\n"


@pytest.fixture(scope="module")
def signing(request: pytest.FixtureRequest) -> Iterator[RunningSquid]:
    """One Squid for all that is asserted here: its clients are in a zone that requires a person."""
    with tempfile.TemporaryDirectory(prefix="drystone-squid-") as name:
        ground = Path(name)
        ground.chmod(0o755)
        home = Home(ground / "home")
        make_bundle(
            home.bundles / "fellside",
            rules=RULES.replace('"::1/128"], group: ks2', '"::1/128"], group: ks2, require_person: true'),
        )
        home.here.symlink_to("fellside")
        overlay = Overlay(
            access={PUPIL: Access.OPEN},
            devices=(Device("device-4", "127.0.0.0/8", group="ks2", since=NOW),),
            verifiers={PUPIL: make_verifier(PASSWORD, salt=bytes(16))},
        )
        write_overlay(home.bundles / "fellside" / "overlay.json", overlay)
        readable(home.root)
        running = start_squid(home, ground / "squid", named=("127.0.0.0/8",), own_ports=(9,), sign_on=SignOn("basic"))
        yield running
        running.stop()


def test_a_name_is_asked_for_and_then_stands_in_the_event_and_help_needs_none(signing: RunningSquid) -> None:
    site = "http://127.0.0.1:80/"  # nothing listens there: what Squid decided shows all the same
    asked = signing.ask(site)
    assert asked.startswith(b"HTTP/1.1 407")
    assert b"Proxy-Authenticate: Basic realm=" in asked
    assert signing.status(site, headers=offer("pfell", "guess")) == 407
    assert signing.status(site, headers=offer("PFell", PASSWORD)) not in (403, 407)
    assert signing.status("http://www.casino.example/", headers=offer("pfell", PASSWORD)) == 403
    assert signing.status("http://www.childline.org.uk/") not in (403, 407)
    assert signing.status("http://www.childline.org.uk/", headers=offer("pfell", "guess")) not in (403, 407)

    events = signing.events(count=6)

    assert [(event.action, event.rule, event.person) for event in events] == [
        ("block", "sign-on", ""),
        ("block", "gateway:sign-on", ""),
        ("allow", "default", PUPIL),
        ("block", "school-1", PUPIL),
        ("allow", "help", ""),
        ("allow", "help", ""),
    ]
    assert {event.device for event in events[2:4]} == {"device-4"}
    assert not [line for line in signing.lines() if b"pfell" in line.lower() or b"lamp" in line]
    assert not [line for line in (signing.out / "cache.log").read_bytes().splitlines() if b"lamp" in line]


def test_a_tunnel_is_asked_for_a_name_too_and_a_password_that_is_withdrawn_opens_nothing(
    signing: RunningSquid,
) -> None:
    assert signing.ask("news.example:443", method="CONNECT").startswith(b"HTTP/1.1 407")
    assert signing.status("http://127.0.0.1:80/", headers=offer("pfell", PASSWORD)) != 407
    write_overlay(signing.home.bundles / "fellside" / "overlay.json", Overlay(access={PUPIL: Access.OPEN}))
    wait_for(lambda: signing.status("http://127.0.0.1:80/", headers=offer("pfell", PASSWORD)) == 407)
