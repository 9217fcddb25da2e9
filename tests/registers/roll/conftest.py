"""A school with two classes, and those who import."""

import pytest

from drystone.registers.school.models import Role
from drystone.registers.school.services.people import add_class
from tests.people import make_person, make_school


@pytest.fixture
def fellside(db):
    """A school with classes Ash and Beech of Year 4."""
    school = make_school()
    ks2 = school.groups.get(age_band="ks2")
    for name in ("Ash", "Beech"):
        add_class(school=school, by=None, name=name, year_group=4, group=ks2)
    return school


@pytest.fixture
def clerk(fellside):
    return make_person(fellside, Role.OFFICE, given="Olga", family="Office")


@pytest.fixture
def head(fellside):
    return make_person(fellside, Role.HEAD, given="Hilda", family="Head")
