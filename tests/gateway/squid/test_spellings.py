"""P35: no spelling of a blocked site gets past the helper, in either of its parts."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.filtering import LiveFilter
from drystone.gateway.squid.answers import Answers
from drystone.gateway.squid.doors import AclDoor
from drystone.gateway.squid.rewriter import RewriterDoor
from tests.gateway.spellings import NAME, PLACES, UNREADABLE, UNREADABLE_PLACES, URLS

from .conftest import make_bundle, run_helper

CASES = [(f"{url} 10.1.0.4/- - GET", name) for name, url in (URLS | UNREADABLE).items()]
CASES += [(f"{place} 10.1.0.4/- - CONNECT", name) for name, place in (PLACES | UNREADABLE_PLACES).items()]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """What the helper, as a process, says to all of them."""
    bundle = make_bundle(tmp_path_factory.mktemp("bundles"))
    text = "".join(f"{line}\n" for line, _ in CASES).encode()
    return {"acl": run_helper(bundle, text), "rewriter": run_helper(bundle, text, "--rewriter")}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for _, name in CASES])
def test_no_spelling_of_a_blocked_site_gets_through(answered: dict[str, list[bytes]], number: int) -> None:
    assert answered["acl"][number].startswith(b"ERR ")
    assert answered["rewriter"][number].startswith(b"OK status=302")


@given(text=st.binary(max_size=60), user=st.binary(max_size=20))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_whatever_stands_before_the_host_is_not_the_host(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, user: bytes
) -> None:
    """User-info, however long or odd, never makes a blocked site another one."""
    before = bytes(byte for byte in text if byte not in b"/?#\\ \n\t\r")
    who = bytes(byte for byte in user if byte not in b" \n") or b"-"
    line = b"http://" + before + b"@" + NAME.encode() + b"/ 10.1.0.4/- " + who + b" GET"

    for answers in doors(tmp_path_factory):
        (answer,) = answers.answer([line]).splitlines()
        assert answer.startswith((b"ERR ", b"OK status=302"))


_DOORS: list[Answers] = []


def doors(folders: pytest.TempPathFactory) -> list[Answers]:
    """Both, once for all examples."""
    if not _DOORS:
        bundle: Path = make_bundle(folders.mktemp("bundles"))
        live = LiveFilter(bundle.parent)
        _DOORS.extend((Answers(live, AclDoor(live)), Answers(live, RewriterDoor())))
    return _DOORS
