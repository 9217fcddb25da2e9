"""The running house: started once where a test leaves it as it was, and once more where a test breaks something."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.house import House, running, until
from tests.house.origin import Origin, serving
from tests.house.visitor import Visitor, set_up

LOOPBACK = ("--allow-private", "127.0.0.0/8")  # the test's own site is on this machine


@dataclass
class School:
    """A house with a school in it, set up by the wizard; this machine is in Key Stage 2."""

    house: House
    technician: Visitor
    slug: str = "fellside"


@pytest.fixture(scope="session")
def origin() -> Iterator[Origin]:
    with serving() as origin:
        yield origin


@pytest.fixture(scope="session")
def fellside() -> Iterator[School]:
    """For tests that kill nothing. In a folder that Squid's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="drystone-house-") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder) / "home", *LOOPBACK) as house:
            school = School(house, set_up(house.pages))
            until(house.filters_by_now, 10, "the first edition")
            yield school


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of this module's own, as it is before the wizard."""
    with running(tmp_path_factory.mktemp("fresh") / "home", *LOOPBACK) as house:
        yield house
