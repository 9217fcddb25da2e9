"""The overlay beside a bundle: read whole or not at all."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.overlay import (
    EMPTY_OVERLAY,
    PERMIT_LEVELS,
    Device,
    Overlay,
    OverlayError,
    OverlayMissing,
    Permit,
    Session,
    SwitchedOff,
    to_bytes,
    write_overlay,
)
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.words import Access

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA, BEN = "a" * 16, "b" * 16
FULL = Overlay(
    access={ADA: Access.OPEN, BEN: Access.SUSPENDED},
    switched_off=(
        SwitchedOff("Class 3B", people=frozenset({ADA, BEN}), until=NOW + HOUR),
        SwitchedOff("Key stage 1", group="ks1"),
    ),
    sessions={"10.1.0.4": (Session(ADA, NOW - HOUR, NOW), Session(BEN, NOW, NOW + HOUR))},
    devices=(
        Device("device-1", "10.1.0.7/32", person=ADA, since=NOW),
        Device("device-2", "2001:db8::/64", group="staff", since=NOW, until=NOW + HOUR),
    ),
    verifiers={ADA: "scrypt$16384$8$1$c2FsdA==$aGFzaA=="},
    permits=(
        Permit(
            "12", "maps.example", "/uk", Level.GROUP, "ks2", frozenset({ADA}), "geography", since=NOW, until=NOW + HOUR
        ),
        Permit("7", "news.example", since=NOW),
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "overlay.json"


def test_an_overlay_comes_back_as_it_was_written(path: Path) -> None:
    for overlay in (EMPTY_OVERLAY, FULL):
        write_overlay(path, overlay)
        assert Overlay.load(path) == overlay


def test_the_same_overlay_gives_the_same_bytes_whatever_the_order_it_was_built_in(path: Path) -> None:
    turned = Overlay(
        access=dict(reversed(FULL.access.items())),
        switched_off=FULL.switched_off,
        sessions={"10.1.0.4": FULL.sessions["10.1.0.4"][::-1]},
        verifiers=FULL.verifiers,
        devices=FULL.devices[::-1],
        permits=FULL.permits[::-1],
    )
    assert to_bytes(turned) == to_bytes(FULL)


# Broken files


def test_a_file_cut_off_at_any_byte_is_refused(path: Path) -> None:
    whole = to_bytes(FULL)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(OverlayError):
            Overlay.load(path)


def test_a_file_with_any_one_byte_changed_is_refused(path: Path) -> None:
    whole = to_bytes(FULL)
    for place in range(len(whole)):
        for flip in (1, 32, 128):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
            with pytest.raises(OverlayError):
                Overlay.load(path)


@pytest.mark.parametrize("added", [b"\n", b" ", b"x", b"\x00" * 512])
def test_a_file_with_something_added_is_refused(path: Path, added: bytes) -> None:
    for content in (to_bytes(FULL) + added, added + to_bytes(FULL)):
        path.write_bytes(content)
        with pytest.raises(OverlayError):
            Overlay.load(path)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000),
        *(b'{"overlay":{}}', b'{"overlay":' + b"9" * 9999 + b"}"),
        b'{"overlay":{"access":{},"off":[],"sessions":{"10.1.0.4":[["a",0,100000000000000000000]]}}}',
    ],
)
def test_a_file_that_is_something_else_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(OverlayError, match=r"overlay\.json"):
        Overlay.load(path)


def test_an_edit_by_hand_is_refused_even_where_it_is_still_json(path: Path) -> None:
    path.write_bytes(to_bytes(FULL).replace(b'"suspended"', b'"open"'))
    with pytest.raises(OverlayError, match="hash"):
        Overlay.load(path)


def test_an_overlay_of_the_format_before_is_refused_with_what_to_do(path: Path) -> None:
    path.write_bytes(b'{"format":1,"overlay":{"access":{},"off":[],"sessions":{}},"sha256":"x"}\n')
    with pytest.raises(OverlayError, match=r"format 1, .* reads 2; publish again"):
        Overlay.load(path)


def test_a_missing_file_is_told_apart_from_a_broken_one(path: Path) -> None:
    with pytest.raises(OverlayMissing):
        Overlay.load(path)
    path.mkdir()
    with pytest.raises(OverlayError) as refused:
        Overlay.load(path)
    assert not isinstance(refused.value, OverlayMissing)


# Writing


def test_a_reader_meanwhile_sees_one_overlay_or_the_other_and_nothing_between(path: Path) -> None:
    write_overlay(path, EMPTY_OVERLAY)
    done = threading.Event()
    seen: list[Overlay] = []
    broken: list[OverlayError] = []

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(Overlay.load(path))
            except OverlayError as error:
                broken.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(50):
        write_overlay(path, FULL)
        write_overlay(path, EMPTY_OVERLAY)
    done.set()
    reader.join()
    assert seen
    assert not broken
    assert all(overlay in (EMPTY_OVERLAY, FULL) for overlay in seen)


@pytest.mark.parametrize(
    "wrong",
    [
        Overlay(sessions={"suite": (Session(ADA, NOW, NOW + HOUR),)}),
        Overlay(sessions={"10.1.0.4": (Session(ADA, NOW.replace(tzinfo=None), NOW),)}),
        Overlay(devices=(Device("device-1", "suite", since=NOW),)),
        Overlay(devices=(Device("device-1", "10.1.0.7", since=NOW),)),
        Overlay(access={ADA: "sometimes"}),  # type: ignore[dict-item]
        Overlay(permits=(Permit("1", "maps.example", since=NOW.replace(tzinfo=None)),)),
        Overlay(permits=(Permit("1", "Maps.Example", since=NOW),)),
        Overlay(permits=(Permit("1", "a b", since=NOW),)),
        Overlay(permits=(Permit("1", "", since=NOW),)),
        Overlay(permits=(Permit("1", "maps.example", "uk", since=NOW),)),
        Overlay(permits=(Permit("1", "maps.example", level=Level.GLOBAL, since=NOW),)),
        Overlay(permits=(Permit("1", "maps.example", level="everywhere", since=NOW),)),
    ],
)
def test_an_overlay_that_cannot_be_written_leaves_the_old_one(path: Path, wrong: Overlay) -> None:
    write_overlay(path, FULL)
    with pytest.raises(ValueError, match="."):
        write_overlay(path, wrong)
    assert Overlay.load(path) == FULL


def test_a_failed_write_leaves_the_old_overlay_and_no_rubbish(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_overlay(path, FULL)

    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        write_overlay(path, EMPTY_OVERLAY)
    assert Overlay.load(path) == FULL
    assert list(path.parent.iterdir()) == [path]


def test_squids_own_user_can_read_an_overlay_that_root_wrote(path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_overlay(path, FULL)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644


# What it says


def test_a_session_holds_from_its_beginning_up_to_but_not_including_its_end() -> None:
    assert FULL.person_at("10.1.0.4", NOW - HOUR - timedelta(milliseconds=1)) == ""
    assert FULL.person_at("10.1.0.4", NOW - HOUR) == ADA
    assert FULL.person_at("10.1.0.4", NOW - timedelta(milliseconds=1)) == ADA
    assert FULL.person_at("10.1.0.4", NOW) == BEN
    assert FULL.person_at("10.1.0.4", NOW + HOUR) == ""


def test_whoever_signed_on_last_is_the_person_at_an_address() -> None:
    for first, last in ((ADA, BEN), (BEN, ADA)):
        both = (Session(last, NOW, NOW + HOUR), Session(first, NOW - HOUR, NOW + HOUR))
        for sessions in (both, both[::-1]):
            assert Overlay(sessions={"10.1.0.4": sessions}).person_at("10.1.0.4", NOW) == last


def test_nobody_is_signed_on_at_an_address_that_the_overlay_does_not_name() -> None:
    assert FULL.person_at("10.1.0.5", NOW) == ""


def test_an_address_is_written_as_clients_come(path: Path) -> None:
    session = (Session(ADA, NOW, NOW + HOUR),)
    write_overlay(path, Overlay(sessions={"::ffff:10.1.0.4": session, "2001:DB8:0::7": session}))
    assert set(Overlay.load(path).sessions) == {"10.1.0.4", "2001:db8::7"}


def test_two_spellings_of_one_address_keep_both_their_sessions(path: Path) -> None:
    both = {"10.1.0.4": (Session(ADA, NOW - HOUR, NOW),), "::ffff:10.1.0.4": (Session(BEN, NOW, NOW + HOUR),)}
    write_overlay(path, Overlay(sessions=both))
    loaded = Overlay.load(path)
    assert loaded.person_at("10.1.0.4", NOW - HOUR) == ADA
    assert loaded.person_at("10.1.0.4", NOW) == BEN


def test_the_access_of_somebody_not_named_is_the_bundles_to_say() -> None:
    assert FULL.access_of(BEN) is Access.SUSPENDED
    assert FULL.access_of("c" * 16) is None


def test_a_class_that_is_switched_off_is_off_for_each_of_its_people_until_its_time() -> None:
    switch = FULL.off(group="ks2", person=ADA, at=NOW)
    assert switch is not None
    assert switch.name == "Class 3B"
    assert FULL.off(group="ks2", person=ADA, at=NOW + HOUR) is None
    assert FULL.off(group="ks2", person="c" * 16, at=NOW) is None


def test_a_group_that_is_switched_off_without_a_time_stays_off() -> None:
    assert FULL.off(group="ks1", person="", at=NOW + 1000 * HOUR) is not None
    assert FULL.off(group="ks2", person="", at=NOW) is None


def test_a_switch_for_people_does_not_catch_those_without_a_group_or_name() -> None:
    assert FULL.off(group="", person="", at=NOW) is None
    odd = Overlay(switched_off=(SwitchedOff("nobody", people=frozenset({""})),))
    assert odd.off(group="ks2", person="", at=NOW) is None


def permits_at(at: datetime, *, group: str = "ks2", zone: str = "suite", person: str = "") -> list[str]:
    given = (
        Permit(
            "class", "a.example", level=Level.GROUP, key="ks2", people=frozenset({ADA}), since=NOW, until=NOW + HOUR
        ),
        Permit("group", "a.example", level=Level.GROUP, key="ks2", since=NOW, until=NOW + HOUR),
        Permit("nobody", "a.example", level=Level.PERSON, since=NOW),
        Permit("school", "a.example", since=NOW + HOUR),
        Permit("unkeyed", "a.example", level=Level.GROUP, since=NOW),
        Permit("zone", "a.example", level=Level.ZONE, key="suite", since=NOW),
    )
    found = Overlay(permits=given).permits_for(group=group, zone=zone, person=person, at=at)
    return [permit.id for permit in found]


def test_a_permit_speaks_for_those_it_was_given_to_and_for_nobody_else() -> None:
    assert permits_at(NOW, person=ADA) == ["class", "group", "zone"]
    assert permits_at(NOW, person=BEN) == ["group", "zone"]
    assert permits_at(NOW, group="ks1", zone="") == []
    assert permits_at(NOW, group="", zone="", person="") == []


def test_a_permit_holds_from_its_beginning_up_to_but_not_including_its_end() -> None:
    assert permits_at(NOW - timedelta(milliseconds=1)) == []
    assert permits_at(NOW + HOUR - timedelta(milliseconds=1)) == ["group", "zone"]
    assert permits_at(NOW + HOUR) == ["school", "zone"]


people = st.text(alphabet="0123456789abcdef", min_size=16, max_size=16)
moments = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
overlays = st.builds(
    Overlay,
    access=st.dictionaries(people, st.sampled_from(Access)),
    switched_off=st.lists(
        st.builds(
            SwitchedOff,
            name=st.text(),
            group=st.text(alphabet="ks12", max_size=3),
            people=st.frozensets(people, max_size=4),
            until=st.none() | moments,
        ),
        max_size=4,
    ).map(tuple),
    sessions=st.dictionaries(
        st.ip_addresses(v=4).map(str),
        st.lists(st.builds(Session, people, moments, moments), min_size=1, max_size=3).map(
            lambda sessions: tuple(sorted(sessions, key=lambda s: (s.person, s.since, s.until)))
        ),
    ),
    verifiers=st.dictionaries(people, st.text()),
    permits=st.lists(
        st.builds(
            Permit,
            id=st.text(),
            host=st.sampled_from(["maps.example", "10.1.0.4", "2001:db8::7"]),
            path=st.sampled_from(["", "/", "/uk"]),
            level=st.sampled_from(PERMIT_LEVELS),
            key=st.text(alphabet="ks12", max_size=3),
            people=st.frozensets(people, max_size=3),
            reason=st.text(),
            since=moments,
            until=st.none() | moments,
        ),
        max_size=3,
        unique_by=lambda permit: permit.id,
    ).map(lambda permits: tuple(sorted(permits, key=lambda permit: permit.id))),
)


@pytest.fixture(scope="module")
def one_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("overlays") / "overlay.json"


@given(overlay=overlays)
def test_every_overlay_comes_back_as_it_was_written(one_path: Path, overlay: Overlay) -> None:
    write_overlay(one_path, overlay)
    assert Overlay.load(one_path) == overlay
