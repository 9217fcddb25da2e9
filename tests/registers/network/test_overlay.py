"""P62, P64: the overlay is put together from all registers, whole, by one writer at a time."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from drystone.engine.filtering.identity import person_key
from drystone.engine.filtering.overlay import FILE_NAME, Overlay, Permit, Session, SwitchedOff
from drystone.engine.filtering.words import Access
from drystone.registers.network import overlay as writer
from drystone.registers.network.overlay import make_sure, merged, write_school_overlay
from drystone.registers.network.today import filter_tasks
from drystone.registers.school.hooks import OverlayPart, announce_overlay_change
from drystone.registers.school.models import Role

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SECRET = b"a secret of the test"
PERMIT = Permit("7", "bees.example", level="group", people=frozenset({"pfell"}), since=NOW)


def key(name):
    return person_key(SECRET, name)


@pytest.fixture
def parts(monkeypatch):
    """The registers' parts, in a list that the test fills."""
    given = []
    monkeypatch.setattr(writer, "overlay_parts", lambda school, at: list(given))
    return given


def folder(place, home):
    path = home.school_bundles(place.school.slug)
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_of_two_registers_that_speak_of_a_person_the_stricter_counts():
    one = OverlayPart(access={"PFell": Access.OPEN, "bcole": Access.SUSPENDED})
    two = OverlayPart(access={"pfell ": Access.NONE, "bcole": Access.OPEN})
    for parts in ([one, two], [two, one]):
        assert merged(parts, SECRET).access == {key("pfell"): Access.NONE, key("bcole"): Access.SUSPENDED}


def test_a_permit_for_people_nobody_knows_is_left_out_and_never_widens_to_the_group():
    nobody = Permit("8", "bees.example", level="group", key="ks2", people=frozenset({"", "  "}), since=NOW)
    switch = SwitchedOff("Class 3B", group="ks2", people=frozenset({""}))
    whole = merged([OverlayPart(permits=(PERMIT, nobody), switched_off=(switch,))], SECRET)
    assert [(permit.id, permit.people) for permit in whole.permits] == [("7", frozenset({key("pfell")}))]
    assert whole.switched_off == ()


def test_one_permit_that_cannot_be_written_does_not_hold_up_a_suspension():
    broken = Permit("9", "BEES.example", since=NOW)
    odd = {"not an address": (Session("pfell", NOW, NOW + timedelta(hours=1)),)}
    part = OverlayPart(access={"bcole": Access.SUSPENDED}, permits=(broken, PERMIT), sessions=odd)
    whole = merged([part], SECRET)
    assert [permit.id for permit in whole.permits] == ["7"]
    assert whole.sessions == {}
    assert whole.access == {key("bcole"): Access.SUSPENDED}


def test_two_registers_at_one_address_keep_both_sessions():
    hour = timedelta(hours=1)
    one = OverlayPart(sessions={"10.1.0.7": (Session("pfell", NOW, NOW + hour),)})
    two = OverlayPart(sessions={"::ffff:10.1.0.7": (Session("bcole", NOW + hour, NOW + 2 * hour),)})
    whole = merged([one, two], SECRET)
    assert whole.person_at("10.1.0.7", NOW) == key("pfell")
    assert whole.person_at("10.1.0.7", NOW + hour) == key("bcole")


def test_nothing_is_written_before_the_school_was_first_published(place, home, parts):
    assert write_school_overlay(place.school, NOW) is False
    assert not home.school_bundles(place.school.slug).exists()


def test_the_file_is_written_once_and_again_only_when_it_says_something_else(place, home, parts):
    path = folder(place, home) / FILE_NAME
    parts.append(OverlayPart(permits=(PERMIT,)))
    assert write_school_overlay(place.school, NOW) is True
    stamp = path.stat().st_mtime_ns
    assert write_school_overlay(place.school, NOW) is False
    assert path.stat().st_mtime_ns == stamp
    path.write_bytes(path.read_bytes()[:-5])
    assert write_school_overlay(place.school, NOW) is True  # a damaged one is put right
    assert [permit.id for permit in Overlay.load(path).permits] == ["7"]


def test_a_register_that_fails_leaves_what_was_written(place, home, parts, monkeypatch):
    path = folder(place, home) / FILE_NAME
    parts.append(OverlayPart(access={"bcole": Access.SUSPENDED}))
    write_school_overlay(place.school, NOW)
    before = path.read_bytes()

    def fails(school, at):
        raise RuntimeError("the register is broken")

    monkeypatch.setattr(writer, "overlay_parts", fails)
    writer.take_up(sender=None, school=place.school)
    roles, day = frozenset({Role.TECHNICIAN}), date(2026, 11, 24)
    assert "RuntimeError: the register is broken" in [
        task.detail for task in filter_tasks(place.school, place.technician, roles, day)
    ]
    make_sure(place.school)  # publishing goes on with the one that is there
    assert path.read_bytes() == before
    path.unlink()
    with pytest.raises(writer.OverlayError, match="the register is broken"):
        make_sure(place.school)
    monkeypatch.setattr(writer, "overlay_parts", lambda school, at: [])
    writer.take_up(sender=None, school=place.school)
    assert writer.trouble(place.school) == ""


@pytest.mark.django_db(transaction=True)
def test_a_change_is_at_the_gateways_when_its_transaction_is_committed(place, home, parts):
    path = folder(place, home) / FILE_NAME
    parts.append(OverlayPart(access={"bcole": Access.SUSPENDED}))
    with transaction.atomic():
        announce_overlay_change(school=place.school)
        assert not path.exists()
    assert list(Overlay.load(path).access.values()) == [Access.SUSPENDED]


@pytest.mark.django_db(transaction=True)
def test_of_writers_at_once_the_last_has_read_every_change(place, home, monkeypatch):
    """Each thread makes its change, then writes; whatever their order, no change is missing at the end."""
    path = folder(place, home) / FILE_NAME
    changes: list[str] = []

    def read(school, at):
        seen = list(changes)
        pause.wait(0.01)  # room for another writer between reading and writing
        return [OverlayPart(access=dict.fromkeys(seen, Access.SUSPENDED))]

    pause = threading.Event()
    monkeypatch.setattr(writer, "overlay_parts", read)

    def change(name):
        changes.append(name)
        write_school_overlay(place.school, NOW)

    threads = [threading.Thread(target=change, args=(f"pupil{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Overlay.load(path).access) == 8
