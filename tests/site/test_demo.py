"""The demo school: always in mid-term, the same from the same seed, and plainly nobody's."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from drystone.engine.eventlog import parse_line
from drystone.engine.home import Home
from drystone.engine.roll.upn import upn_fault
from drystone.registers.accounts.models import Invitation
from drystone.registers.network.models import Rule
from drystone.registers.school.models import AuditEntry, Guardianship, Person, Role, School
from drystone.registers.school.services.audit import verify
from drystone.site.demo import load
from drystone.site.demo.load import _term_time

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def events(home):
    (segment,) = (home.events / "demo").glob("*.log")
    return [parse_line(line) for line in segment.read_bytes().splitlines(keepends=True)]


def fresh(folder: Path, monkeypatch, seed=69) -> Home:
    home = Home(folder)
    home.keys.mkdir(parents=True)
    home.person_key.write_bytes(bytes(32))
    home.check_key.write_bytes(bytes(32))
    home.seal_key.write_bytes(bytes(32))
    monkeypatch.setattr(settings, "HOME", home)
    return home


@pytest.mark.django_db
def test_the_demo_is_whole(tmp_path, monkeypatch):
    home = fresh(tmp_path / "home", monkeypatch)
    school = load(home, now=NOON)
    assert school.is_demo
    assert school.classes.count() == 7
    assert Person.objects.filter(school=school, holdings__role=Role.PUPIL).count() == 140
    assert not school.people.filter(holdings__role=Role.PUPIL, guardianships=None).exists()
    assert Guardianship.objects.filter(pupil__school=school, barred=True).count() == 1
    assert all(upn_fault(upn) is None for upn in school.people.exclude(upn="").values_list("upn", flat=True))
    assert all(each.staff.count() == 1 for each in school.classes.all())
    assert set(Role) == set(school.people.values_list("holdings__role", flat=True)) - {None}
    assert (home.here / "current" / "manifest.json").is_file()
    assert list(verify()) == []
    assert Invitation.objects.filter(person__school=school).count() == 2
    assert AuditEntry.objects.filter(chain=school.slug).count() > 100


@pytest.mark.django_db
def test_every_role_but_a_pupils_may_be_stepped_into(tmp_path, monkeypatch):
    fresh(tmp_path / "home", monkeypatch)
    load(now=timezone.now())
    here = Client(HTTP_HOST="localhost")
    offered = re.findall(r'name="holding" value="(\d+)">Be the ([^<]+)<', here.get("/demo/").content.decode())
    assert {label for _, label in offered} == {role.label.lower() for role in Role if role != Role.PUPIL}
    for holding, _ in offered:
        assert here.post("/demo/step-into/", {"holding": holding})["Location"] == "/"
        assert here.get("/").status_code == 200


@pytest.mark.django_db
def test_loading_it_again_changes_nothing(tmp_path, monkeypatch):
    home = fresh(tmp_path / "home", monkeypatch)
    load(home, now=NOON)
    before = (Person.objects.count(), Rule.objects.count(), AuditEntry.objects.count())
    load(home, now=NOON)
    assert (Person.objects.count(), Rule.objects.count(), AuditEntry.objects.count()) == before
    assert School.objects.count() == 1


@pytest.mark.django_db
def test_its_traffic_is_decided_by_its_own_filter_and_hides_who_asked_for_help(tmp_path, monkeypatch):
    home = fresh(tmp_path / "home", monkeypatch)
    load(home, now=NOON)
    seen = events(home)
    assert all(event.at <= NOON for event in seen)
    gambling = [event for event in seen if event.host == "gambling.drystone.test"]
    assert {event.action for event in gambling} == {"block"}
    assert {event.action for event in seen} == {"allow", "block", "safe-search"}
    childline = [event for event in seen if event.host == "www.childline.org.uk"]
    assert childline
    assert not any(event.person or event.path or event.client for event in childline)
    assert any(event.person for event in seen)


@pytest.mark.django_db(transaction=False)
def test_the_same_seed_makes_the_same_traffic(tmp_path, monkeypatch):
    from django.db import transaction

    drawn = []
    for name, seed in (("one", 69), ("two", 69), ("three", 70)):
        home = fresh(tmp_path / name, monkeypatch)
        with transaction.atomic():
            load(home, now=NOON, seed=seed)
            drawn.append([(e.at, e.host, e.path, e.zone, e.person, e.action) for e in events(home)])
            transaction.set_rollback(True)
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


@pytest.mark.parametrize("day", [date(2026, 1, 1) + timedelta(days=n) for n in range(0, 730, 3)])
def test_whatever_the_day_the_demo_is_well_inside_a_term(day):
    year = _term_time(day)
    (term,) = [term for term in year.terms if term.starts <= day <= term.ends]
    assert day - term.starts >= timedelta(weeks=2)
