"""Zones and groups: no address in two zones, every change on record, the filter told."""

import pytest

from drystone.registers.school.hooks import filter_inputs_changed
from drystone.registers.school.models import AddressRange, AgeBand, AuditEntry, Role
from drystone.registers.school.services import places
from drystone.registers.school.services.changes import Refused
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def ada(school):
    return make_person(school, Role.TECHNICIAN)


@pytest.fixture
def heard():
    calls = []

    def listen(sender, school, by, **_):
        calls.append((school.slug, by))

    filter_inputs_changed.connect(listen)
    yield calls
    filter_inputs_changed.disconnect(listen)


def suite(school, ada, **changes):
    given = {"name": "ICT suite", "group": school.groups.get(slug="ks2"), "addresses": "10.1.0.0/16"}
    return places.add_zone(school=school, by=ada, **(given | changes))


def test_a_zone_is_added_audited_and_the_filter_told(school, ada, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        zone = suite(school, ada)
    assert zone.slug == "ict-suite"
    entry = AuditEntry.objects.get(verb="add_zone")
    assert (entry.actor, entry.after["addresses"]) == (ada.key, ["10.1.0.0/16"])
    assert heard == [("fellside", ada)]


def test_a_listener_that_fails_does_not_undo_the_change(school, ada, django_capture_on_commit_callbacks, caplog):
    def fails(sender, **_):
        raise RuntimeError("no")

    filter_inputs_changed.connect(fails)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            suite(school, ada)
    finally:
        filter_inputs_changed.disconnect(fails)
    assert school.zones.count() == 1
    assert "did not take up a change" in caplog.text


def test_two_zones_cannot_share_an_address_and_both_are_named(school, ada):
    suite(school, ada)
    with pytest.raises(Refused, match="10.1.7.0/24 of “Library” overlaps 10.1.0.0/16 of “ICT suite”") as refusal:
        suite(school, ada, name="Library", addresses="10.9.0.0/16, 10.1.7.0/24")
    assert refusal.value.field == "addresses"
    assert school.zones.count() == 1
    assert AddressRange.objects.count() == 1


def test_another_schools_zone_may_have_the_same_addresses(school, ada):
    suite(school, ada)
    dale = make_school(slug="dale")
    assert places.add_zone(school=dale, by=None, name="ICT suite", group=dale.groups.first(), addresses="10.1.0.0/16")


def test_a_zone_cannot_take_another_schools_group(school, ada):
    with pytest.raises(Refused, match="another school"):
        suite(school, ada, group=make_school(slug="dale").groups.first())


def test_a_zone_keeps_its_slug_when_its_name_changes(school, ada):
    """Events and rules in the lake are named by it."""
    zone = suite(school, ada)
    places.change_zone(
        zone=zone, by=ada, name="Computer room", group=zone.group, addresses="10.1.0.0/17", require_person=True
    )
    zone.refresh_from_db()
    assert (zone.slug, zone.name, [r.network for r in zone.ranges.all()]) == (
        "ict-suite",
        "Computer room",
        ["10.1.0.0/17"],
    )
    entry = AuditEntry.objects.get(verb="change_zone")
    assert entry.before["addresses"] == ["10.1.0.0/16"]
    assert set(entry.after) == {"name", "addresses", "require_person"}


def test_saving_a_zone_unchanged_leaves_no_entry(school, ada):
    zone = suite(school, ada)
    places.change_zone(
        zone=zone, by=ada, name=zone.name, group=zone.group, addresses="10.1.0.0/16", require_person=False
    )
    assert not AuditEntry.objects.filter(verb="change_zone").exists()


def test_a_removed_zone_stands_in_the_audit_trail(school, ada):
    places.remove_zone(zone=suite(school, ada), by=ada)
    assert not school.zones.exists()
    assert AuditEntry.objects.get(verb="remove_zone").before["name"] == "ICT suite"


def test_two_groups_of_one_name_are_refused(school, ada):
    places.add_group(school=school, by=ada, name="Nurture", age_band=AgeBand.KS1)
    with pytest.raises(Refused, match="already"):
        places.add_group(school=school, by=ada, name="NURTURE", age_band=AgeBand.KS1)
