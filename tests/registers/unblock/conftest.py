"""A school, as the tests of the network register make it, and tickets as its gateway would sign them."""

from dataclasses import replace

import pytest
from django.core.cache import cache
from django.utils import timezone

from drystone.engine.filtering import person_key
from drystone.engine.filtering.ticket import Ticket, sign_ticket
from drystone.registers.network.api import publish_first
from drystone.registers.school.models import ClassStaff, Role
from tests.people import LONG_AGO
from tests.registers.network.conftest import as_person, home, other, place
from tests.registers.network.parts import person
from tests.registers.unblock.parts import Gateway

__all__ = ["as_person", "home", "other", "place"]


@pytest.fixture(autouse=True)
def _fresh_counts(db):
    """How often somebody asked is kept in the cache."""
    cache.clear()


@pytest.fixture
def school(place):
    """Not published: most tests need no filter in force. The teacher teaches the pupil's class."""
    ClassStaff.objects.create(school_class=place.pupil.school_class, person=place.teacher, starts=LONG_AGO)
    place.coordinator = person(place.school, "Cora", "Tarn", Role.COORDINATOR, sign_on="ctarn")
    place.lead = person(place.school, "Sana", "Rigg", Role.SAFEGUARDING_LEAD, sign_on="srigg")
    return place


@pytest.fixture
def gateway(home, school, django_capture_on_commit_callbacks):
    """The same school published, and what its gateways answer."""
    publish_first(school.school, school.head)
    return Gateway(home, school, django_capture_on_commit_callbacks)


@pytest.fixture
def ticket(school, home):
    """`ticket(host=…)`: the text that stands in a block page's link."""

    def make(**changes) -> str:
        given = Ticket(
            school=school.school.slug, host="games.drystone.test", category="games", rule="rule-1", level="group",
            zone="suite", group="ks2", person="", edition="0123", at=timezone.now(),
        )  # fmt: skip
        return sign_ticket(home.check_key.read_bytes(), replace(given, **changes))

    return make


@pytest.fixture
def pupil_key(school, home):
    return person_key(home.person_key.read_bytes(), school.pupil.sign_on)


@pytest.fixture
def page(client):
    """The public page by a ticket, as somebody who is not signed in."""

    def at(text, more=""):
        return f"/blocked/?t={text}{more}"

    return at
