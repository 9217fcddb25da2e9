import pytest

from tests.people import make_school


@pytest.fixture
def school(db):
    return make_school()
