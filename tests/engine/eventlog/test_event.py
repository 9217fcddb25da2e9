"""The event's line: whatever stands in a field comes back as it was, and help visits leave no trace."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.eventlog import (
    SELF_TEST,
    Event,
    LineError,
    NewerVersionError,
    Sent,
    event_from,
    format_bytes,
    format_event,
    new_id,
    parse_line,
)
from drystone.engine.eventlog.event import DECISION_FIELDS
from drystone.engine.filtering.request import Action, Decision, Request

AT = datetime(2026, 11, 3, 9, 15, 2, 123_000, tzinfo=UTC)

awkward = st.sampled_from(
    ["-", "--", "%", "%2D", "\t", "\n", "\r", "\0", " ", "é", "。", "😀", "", "1\tdecision", "a b"]
)
text = awkward | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.integers(0, 253_402_300_799_999).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
sizes = st.integers(0, 2**63 - 1)
events = st.builds(
    Event,
    at=moments,
    bytes=st.none() | sizes,
    school=text.filter(lambda name: len(name.encode()) <= 60),  # the most that a folder of the lake is named for
    **{name: text for name in DECISION_FIELDS if name not in ("at", "bytes", "school")},
)


@given(events)
def test_any_event_comes_back_from_its_line_as_it_was(event):
    line = format_event(event)
    assert line.count(b"\n") == 1
    assert line.count(b"\t") == 20
    assert parse_line(line) == event


@given(events, text.filter(bool), sizes)
def test_the_bytes_record_comes_back_with_the_id_and_the_time_of_its_event(event, id, sent):
    event = Event(at=event.at, school=event.school, gateway=event.gateway, id=id)
    assert parse_line(format_bytes(event, sent)) == Sent(event.at, event.school, event.gateway, id, sent)


def test_a_dash_is_a_dash_and_an_empty_field_is_empty():
    line = format_event(Event(at=AT, school="fellside", gateway="g1", zone="-", group=""))
    fields = line.decode().rstrip("\n").split("\t")
    assert fields[:6] == ["1", "decision", "-", str(int(AT.timestamp() * 1000)), "fellside", "g1"]
    assert fields[6] == "%2D"
    assert fields[10] == "-"


def test_a_line_as_squid_writes_it_is_read():
    line = "1 decision - 1793697302123 fellside squid suite 10.1.0.4 - ab12 ks2 GET a.example /p%20q - block gambling "
    line = (line + "global-1 global e1 5123\n").replace(" ", "\t").encode()
    event = parse_line(line)
    assert isinstance(event, Event)
    assert (event.id, event.path, event.bytes, event.category) == ("", "/p q", 5123, "gambling")


def test_bytes_that_are_no_utf8_are_replaced_and_not_refused():
    line = format_event(Event(at=AT, school="s", gateway="g", path="/x")).replace(b"/x", b"/\xff%FF")
    event = parse_line(line)
    assert isinstance(event, Event)
    assert event.path == "/��"


def test_half_a_surrogate_in_a_path_is_written_all_the_same():
    event = parse_line(format_event(Event(at=AT, school="s", gateway="g", path="/\ud800")))
    assert isinstance(event, Event)
    assert event.path == "/?"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"garbage\n",
        b"1\n",
        b"1\tdecision\n",
        b"1\tbytes\t-\t1\ts\tg\t5\n",
        b"1\tbytes\tx\t-1\ts\tg\t5\n",
        b"1\tbytes\tx\t1\ts\tg\t-\n",
        b"1\tbytes\tx\t1\ts\tg\t9223372036854775808\n",
        b"1\tbytes\tx\t999999999999999\ts\tg\t5\n",
        b"1\tbytes\tx\t1\t" + b"s" * 61 + b"\tg\t5\n",
        b"1\tother\tx\t1\ts\tg\t5\n",
        "1\tbytes\tx\t١\ts\tg\t5\n".encode(),
        format_event(Event(at=AT, school="s", gateway="g"))[:-9],
    ],
)
def test_what_is_no_event_is_refused(line):
    with pytest.raises(LineError):
        parse_line(line)


def test_a_newer_format_says_what_to_do():
    with pytest.raises(NewerVersionError, match="line format 2 .* update"):
        parse_line(b"2\tdecision\tx\n")


def decision(**values):
    known = {
        "action": Action.ALLOW,
        "reason": "r",
        "school": "fellside",
        "zone": "suite",
        "group": "ks2",
        "person": "k1",
    }
    return Decision(**(known | values))


REQUEST = Request(
    host="a.example", client="10.1.0.4", at=AT + timedelta(microseconds=999), path="/p?q=1", user="asmith"
)


def test_an_event_names_its_person_by_key_only():
    """P62: traffic is traced to the individual, and the name itself stays in the database."""
    event = event_from(decision(category="news"), REQUEST, gateway="g1", id="i1", device="tablet-7", search="hills")
    assert (event.person, event.device, event.client, event.path) == ("k1", "tablet-7", "10.1.0.4", "/p?q=1")
    assert (event.at, event.zone, event.action, event.search) == (AT, "suite", "allow", "hills")
    assert b"asmith" not in format_event(event)


def test_a_visit_to_a_help_site_is_logged_without_anything_that_tells_who_it_was():
    decided = decision(level="help", host="childline.org.uk")
    event = event_from(decided, REQUEST, gateway="g1", id="i1", device="tablet-7", search="sad")
    assert (event.person, event.device, event.path, event.search, event.client) == ("", "", "", "", "")
    assert (event.host, event.level, event.zone) == ("childline.org.uk", "help", "suite")


def test_a_time_in_another_zone_is_the_same_moment():
    local = AT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert format_event(Event(at=local, school="s", gateway="g")) == format_event(Event(at=AT, school="s", gateway="g"))


def test_bytes_cannot_be_told_of_an_event_without_an_id():
    with pytest.raises(ValueError, match="id"):
        format_bytes(Event(at=AT, school="s", gateway="g"), 5)


def test_ids_differ():
    assert len({new_id() for _ in range(1000)}) == 1000


def test_the_filters_own_test_of_a_help_site_is_not_taken_for_a_child():
    decided = decision(level="help", host="childline.org.uk")
    assert event_from(decided, REQUEST, gateway="g1", device=SELF_TEST).device == SELF_TEST
    assert event_from(decided, REQUEST, gateway="g1", device="tablet-7").device == ""
