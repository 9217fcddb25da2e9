import pytest
from django.core.cache import cache
from django.test import Client

from drystone.registers.school.models import Role
from tests.people import make_school
from tests.registers.accounts.parts import account


@pytest.fixture(autouse=True)
def fresh_counters(db):
    """Tries are counted by address, and every test comes from the same one."""
    cache.clear()


@pytest.fixture
def school(db):
    return make_school()


@pytest.fixture
def head(school):
    return account(school, Role.HEAD, given="Helen", family="Marsh", email="head@fellside.example")


@pytest.fixture
def technician(school):
    return account(school, Role.TECHNICIAN, given="Tess", family="Wall", email="tess@fellside.example")


@pytest.fixture
def teacher(school):
    return account(school, Role.TEACHER, given="Tom", family="Birkett", email="tom@fellside.example")


@pytest.fixture
def client():
    return Client(HTTP_HOST="localhost")
