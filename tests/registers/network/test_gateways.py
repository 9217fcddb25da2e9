"""P35: how the school's gateways stand, on the page and among what needs somebody today."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from drystone.engine.certificates import ensure_authority
from drystone.engine.gateways import read_gateways
from drystone.registers.network import gateways
from drystone.registers.network.today import filter_tasks
from drystone.registers.school.models import Role

NOW = datetime.now(UTC)


@pytest.fixture
def note(home, place):
    """A gateway's own note; `at` seconds ago."""
    home.bundles.mkdir(parents=True, exist_ok=True)
    home.here.symlink_to(place.school.slug)

    def write(path, *, ago=0, **status):
        file = home.run / path
        file.parent.mkdir(parents=True, exist_ok=True)
        at = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
        file.write_text(json.dumps({"pid": os.getpid(), "at": at, **status}))

    return write


def squid(note, home, **status):
    (home.run / "squid").mkdir(parents=True, exist_ok=True)
    (home.run / "squid" / "squid.pid").write_text(str(os.getpid()))
    pid_file = str(home.run / "squid" / "squid.pid")
    note(
        "squid.json",
        pid=None,
        gateway="squid",
        kind="squid",
        listen="3128",
        pid_file=pid_file,
        helpers="squid",
        **status,
    )


def tasks(place, role=Role.TECHNICIAN):
    found = filter_tasks(place.school, place.head, frozenset({role}), NOW.date())
    return [task for task in found if "gateway" in task.text]


def test_helpers_of_one_squid_are_added_up(place, home, note):
    squid(note, home)
    for number in (1, 2):
        note(f"squid/{number}.json", edition="e1", decisions=100, decisions_per_second=2.5, errors=number)

    (found,) = read_gateways(home.run, now=datetime.now(UTC))

    assert (found.state, found.edition, found.helpers) == ("running", "e1", 2)
    assert (found.decisions, found.per_second, found.errors, found.trouble) == (200, 5.0, 3, "")


def test_the_workers_of_one_proxy_are_no_gateways_of_their_own(home, note):
    note("proxy.json", gateway="proxy", listen="127.0.0.1:8080", decisions=4)
    note("proxy.worker-0.json", gateway="proxy", listen="127.0.0.1:8080", decisions=4)
    note("worker.json", beat=1)

    assert [(one.name, one.decisions) for one in read_gateways(home.run, now=datetime.now(UTC))] == [("proxy", 4)]


def test_a_squid_whose_helpers_have_gone_silent_is_in_trouble(place, home, note):
    squid(note, home)
    note("squid/1.json", ago=60, edition="e1")

    (found,) = gateways.standing(place.school)

    assert found.tag == "trouble"
    assert "no helper answers" in found.wrong[0].lower()
    assert [task.text for task in tasks(place)] == ["The gateway squid needs attention"]


def test_what_alarms_a_helper_reaches_whoever_looks_after_the_filter(place, home, note):
    squid(note, home)
    note("squid/1.json", edition="e1", trouble="the bundle is damaged; edition e1 stays at work")

    (task,) = tasks(place)

    assert task.detail == "The bundle is damaged; edition e1 stays at work."
    assert tasks(place, Role.TEACHER) == []


def test_a_proxy_that_hangs_and_one_that_has_ended_are_told_apart(place, home, note):
    note("proxy.json", ago=60, gateway="proxy", listen="127.0.0.1:8080", edition="e1")
    note("old.json", pid=2**22 + 1, gateway="old", listen="127.0.0.1:8081")

    old, proxy = gateways.standing(place.school)

    assert (old.tag, proxy.tag) == ("stopped", "trouble")
    assert "said nothing of itself for 60 seconds" in proxy.wrong[0]
    assert len(tasks(place)) == 2


def test_a_block_page_with_an_older_certificate_says_so(place, home, note):
    ensure_authority(home.ca, at=NOW)
    squid(note, home, authority="AB:CD")
    note("squid/1.json", edition="")

    (found,) = gateways.standing(place.school)

    assert "older certificate" in found.wrong[0]


def test_the_page_shows_each_gateway_and_another_schools_is_not_among_them(place, other, note, as_person):
    note("proxy.json", gateway="proxy", listen="127.0.0.1:8080", edition="e1", decisions=7, decisions_per_second=1.5)
    note("theirs.json", gateway="theirs", listen="127.0.0.1:8081", school=other.school.slug)

    page = as_person(place.head).get("/filtering/gateways/").content.decode()

    for words in ("proxy", "Running", "1.5 a second now, 7 since it started"):
        assert words in page
    assert "theirs" not in page


def test_without_a_gateway_the_page_says_what_to_do(place, as_person):
    assert "No gateway has run on this machine" in as_person(place.head).get("/filtering/gateways/").content.decode()
