import pytest

from drystone.engine.filtering.overlay import FILE_NAME, Overlay
from drystone.engine.home import Home
from drystone.registers.school.models import Role
from drystone.site.keys import secret
from tests.people import make_person, make_school
from tests.registers.network.parts import make_place


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = Home(tmp_path / "home")
    secret(settings.HOME.person_key)
    return settings.HOME


@pytest.fixture
def place(db, home):
    """A school whose folder of bundles is there, as after the first publication."""
    made = make_place()
    home.school_bundles(made.school.slug).mkdir(parents=True)
    return made


@pytest.fixture
def stranger(db):
    """The head of another school."""
    return make_person(make_school("farside", "Farside School"), Role.HEAD, given="Zed", sign_on="zhead")


@pytest.fixture
def overlay(place, home):
    """What gateways of the school read now."""
    from drystone.registers.network.overlay import write_school_overlay

    def read(at=None):
        write_school_overlay(place.school, at)
        return Overlay.load(home.school_bundles(place.school.slug) / FILE_NAME)

    return read
