from datetime import UTC, datetime, timedelta

import pytest

from drystone.engine.eventlog import Event, SegmentWriter, format_event
from drystone.engine.eventlog.collector import Collector
from drystone.engine.filtering import person_key
from tests.registers.network.conftest import as_person, home, other, place  # noqa: F401 - fixtures of this folder too


@pytest.fixture
def log(home):  # noqa: F811
    """Write events as a gateway does, and have them collected: `log(host="x.example", action="block")`."""
    counter = iter(range(1_000_000))
    collector = Collector(home)

    def write(*, ago=timedelta(minutes=5), sign_on="", **fields):
        values = {
            "at": (datetime.now(UTC) - ago).replace(microsecond=0),
            "school": "fellside",
            "gateway": "proxy",
            "id": f"event{next(counter)}",
            "zone": "suite",
            "client": "10.1.1.5",
            "group": "ks2",
            "method": "GET",
            "host": "news.example",
            "path": "/",
            "action": "allow",
            "rule": "default",
            "level": "profile",
            "edition": "0123456789abcdef",
            "person": person_key(home.person_key.read_bytes(), sign_on) if sign_on else "",
        }
        writer = SegmentWriter(home.events / "proxy")
        writer.append(format_event(Event(**(values | fields))))
        writer.close()
        collector.run_once()

    yield write
    collector.close()
