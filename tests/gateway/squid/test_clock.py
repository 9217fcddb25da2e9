"""A clock that is set back, or jumps: every answer is that of the time it is now, whatever was kept from before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.filtering import LiveFilter, Overlay, Session, SwitchedOff, write_overlay
from drystone.engine.filtering.identity import person_key, school_key
from drystone.engine.filtering.permits import Permit
from drystone.gateway.squid.answers import Answers
from drystone.gateway.squid.doors import AclDoor

from .conftest import RULES, make_bundle

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
MINUTES = [timedelta(minutes=minutes) for minutes in range(-90, 95, 5)]
LINES = [
    b"http://%s/ 10.1.0.%d - GET -" % (host, client)
    for host in (b"games.example", b"casino.example", b"river.example", b"www.childline.org.uk")
    for client in (4, 5)
]
TIMED = (
    RULES.replace('block: "category:games", reason', 'block: "category:games", outside: lunch, reason')
    + 'schedules: {lunch: {from: "12:00", to: "13:00"}}\n'
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lunch, a switch that ends, a session that begins and ends, and a permit of half an hour."""
    made = make_bundle(tmp_path_factory.mktemp("bundles"), rules=TIMED)
    anna = person_key(school_key("fellside"), "anna")
    permit = Permit(
        id="1", host="casino.example", level="group", key="ks2", reason="a lesson",
        since=NOON - timedelta(minutes=20), until=NOON + timedelta(minutes=10),
    )  # fmt: skip
    overlay = Overlay(
        switched_off=(SwitchedOff("Anna's table", people=frozenset([anna]), until=NOON + timedelta(minutes=30)),),
        sessions={"10.1.0.5": (Session(anna, NOON - timedelta(minutes=40), NOON + timedelta(minutes=40)),)},
        permits=(permit,),
    )
    write_overlay(made.parent / "overlay.json", overlay)
    return made


@given(times=st.lists(st.sampled_from(MINUTES), min_size=2, max_size=12))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_in_whatever_order_times_come_each_is_answered_as_if_it_were_the_first(
    bundle: Path, times: list[timedelta]
) -> None:
    live = LiveFilter(bundle.parent)
    kept = Answers(live, AclDoor(live))
    for offset in times:
        fresh = Answers(live, AclDoor(live))
        for answers in (kept, fresh):
            answers.now(NOON + offset)
        assert kept.answer(LINES) == fresh.answer(LINES)


def test_the_times_differ_so_that_there_is_something_to_get_wrong(bundle: Path) -> None:
    live = LiveFilter(bundle.parent)
    answers = Answers(live, AclDoor(live))
    seen = set()
    for offset in MINUTES:
        answers.now(NOON + offset)
        seen.add(tuple(line.split()[0] for line in answers.answer(LINES).splitlines()))
    assert len(seen) >= 5


def test_a_permit_that_ended_stays_ended_when_the_clock_is_set_back_and_forth(bundle: Path) -> None:
    """P35: not a second past its end."""
    live = LiveFilter(bundle.parent)
    answers = Answers(live, AclDoor(live))

    def word(at: datetime) -> bytes:
        answers.now(at)
        return answers.answer([b"http://casino.example/ 10.1.0.4 - GET -"]).split()[0]

    end = NOON + timedelta(minutes=10)
    moment = timedelta(milliseconds=1)
    assert [word(end - moment), word(end), word(end - moment), word(end + moment)] == [b"OK", b"ERR", b"OK", b"ERR"]
