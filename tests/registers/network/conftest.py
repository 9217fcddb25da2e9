import pytest

from drystone.engine.home import Home
from drystone.site.keys import secret
from tests.people import enrol
from tests.registers.network.parts import make_place


@pytest.fixture
def home(settings, tmp_path):
    """A home folder of the test's own, with its keys."""
    settings.HOME = Home(tmp_path / "home")
    for key in (settings.HOME.person_key, settings.HOME.check_key):
        secret(key)
    return settings.HOME


@pytest.fixture
def place(db, home):
    return make_place()


@pytest.fixture
def other(db, home):
    return make_place("farside", "Farside School", network=2)


@pytest.fixture
def as_person(client):
    """Sign in as somebody: `as_person(place.head).get(…)`."""

    def sign_in(person):
        enrol(person.user)
        client.force_login(person.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
