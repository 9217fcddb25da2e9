"""Schools that log, for each test its own."""

from collections.abc import Callable

import pytest

from drystone.engine.home import Home
from tests.engine.eventlog.logbook import School


@pytest.fixture
def school(tmp_path):
    school = School(Home(tmp_path))
    yield school
    for collector in school.collectors:
        collector.close()


@pytest.fixture
def new_school(tmp_path) -> Callable[[], School]:
    """Schools by the dozen, for tests that begin anew many times."""
    made: list[School] = []

    def make() -> School:
        made.append(School(Home(tmp_path / str(len(made)))))
        return made[-1]

    yield make
    for school in made:
        for collector in school.collectors:
            collector.close()
