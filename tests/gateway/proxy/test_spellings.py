"""P35: no spelling of a blocked site gets past our own proxy, and what cannot be read is refused."""

import pytest

from drystone.engine.filtering import compile_bundle, parse_rules
from tests.gateway.spellings import ADDRESS, NAME, PLACES, UNREADABLE, UNREADABLE_PLACES, URLS

from .conftest import RULES, Running


@pytest.fixture
def proxy(home, start) -> Running:  # type: ignore[no-untyped-def]
    (home.root / "lists" / "gambling" / "domains").write_text(f"{NAME}\n{ADDRESS}\n")
    compile_bundle(home.root / "lists", parse_rules(RULES), home.here / "current")
    return start()


def test_no_spelling_of_a_blocked_site_gets_through(proxy: Running) -> None:
    for name, url in (URLS | UNREADABLE).items():
        answer = proxy.get(url)
        assert answer.split(b" ", 2)[1] in (b"403", b"400"), (name, answer[:200])


def test_no_spelling_of_a_blocked_place_is_connected_to(proxy: Running) -> None:
    for name, place in (PLACES | UNREADABLE_PLACES).items():
        sock, head = proxy.tunnel(place)
        sock.close()
        assert head.split(b" ", 2)[1] in (b"403", b"400"), (name, head[:200])


def test_they_are_logged_as_the_site_that_they_name(proxy: Running) -> None:
    """P62: an event names the host, not its disguise."""
    for url in URLS.values():
        proxy.get(url)

    events = proxy.events()
    assert {event.action for event in events} == {"block"}
    assert {event.host.removeprefix("a.b.c.") for event in events} <= {NAME, ADDRESS}
    assert len(events) >= len(URLS) - 3  # a few are refused before they are requests at all
