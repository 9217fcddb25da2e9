"""The ticket of a block page: only the house can make one, it says no more than it must, and it ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.filtering.request import Action, Decision
from drystone.engine.filtering.ticket import LONGEST, TicketError, read_ticket, sign_ticket, ticket_for, ticket_url

KEY = bytes(range(32))
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BLOCK = Decision(
    action=Action.BLOCK, reason="Gambling: blocked", host="casino.example", category="gambling", rule="rule-7",
    level="school", edition="0123", school="fellside", zone="suite", group="ks2", person="00aa11bb22cc33dd",
)  # fmt: skip


def text(**changes):
    return sign_ticket(KEY, replace(ticket_for(BLOCK, NOW), **changes))


def test_p35_a_ticket_says_what_was_blocked_for_whom_and_by_what():
    ticket = read_ticket(KEY, text(), NOW)
    assert (ticket.school, ticket.host, ticket.category, ticket.rule) == (
        "fellside",
        "casino.example",
        "gambling",
        "rule-7",
    )
    assert (ticket.zone, ticket.group, ticket.person, ticket.edition) == ("suite", "ks2", "00aa11bb22cc33dd", "0123")
    assert ticket.at == NOW


def test_it_holds_no_path_and_no_reason():
    assert {"path", "url", "reason", "user"}.isdisjoint(ticket_for(BLOCK, NOW).__slots__)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=23, minutes=59), -timedelta(minutes=4)])
def test_it_is_good_for_a_day(later):
    assert read_ticket(KEY, text(), NOW + later).host == "casino.example"


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=400), -timedelta(minutes=6)])
def test_it_ends_after_a_day_and_none_comes_from_tomorrow(later):
    with pytest.raises(TicketError, match="a day old"):
        read_ticket(KEY, text(), NOW + later)


def test_no_part_of_it_can_be_changed():
    whole = text()
    for place in range(len(whole)):
        other = "A" if whole[place] != "A" else "B"
        with pytest.raises(TicketError):
            read_ticket(KEY, whole[:place] + other + whole[place + 1 :], NOW)
        with pytest.raises(TicketError):
            read_ticket(KEY, whole[:place], NOW)


def test_another_house_cannot_make_one_and_no_key_opens_nothing():
    with pytest.raises(TicketError):
        read_ticket(b"another house's key, 32 bytes long", text(), NOW)
    with pytest.raises(TicketError):
        read_ticket(b"", text(), NOW)
    with pytest.raises(ValueError, match="empty key"):
        sign_ticket(b"", ticket_for(BLOCK, NOW))


@given(st.text(max_size=60))
def test_whatever_stands_in_the_link_it_is_refused_in_words(junk):
    with pytest.raises(TicketError, match="link"):
        read_ticket(KEY, junk, NOW)


def test_an_endless_link_is_not_even_hashed():
    with pytest.raises(TicketError):
        read_ticket(KEY, "a" * (LONGEST + 1) + "." + "b", NOW)


@given(host=st.text(max_size=253), other=st.text(max_size=400))
def test_hostile_names_come_back_as_they_went(host, other):
    decision = replace(BLOCK, host=host or "x.example", category=other, zone=other)
    try:
        sent = ticket_for(decision, NOW)
        assert read_ticket(KEY, sign_ticket(KEY, sent), NOW) == sent
    except TicketError:
        assert len(sign_ticket(KEY, sent)) > LONGEST


@pytest.mark.parametrize(
    "changes",
    [{"level": "access"}, {"level": "gateway"}, {"level": ""}, {"host": ""}, {"action": Action.ALLOW}],
)
def test_there_is_none_where_a_review_could_change_nothing(changes):
    assert ticket_for(replace(BLOCK, **changes), NOW) is None
    assert ticket_url("http://school.example/", KEY, replace(BLOCK, **changes), NOW) == ""


def test_the_link_leads_to_the_houses_pages():
    url = ticket_url("http://school.example:8000/", KEY, BLOCK, NOW)
    page, _, token = url.partition("?t=")
    assert page == "http://school.example:8000/blocked/"
    assert read_ticket(KEY, token, NOW).host == "casino.example"
    assert ticket_url("", KEY, BLOCK, NOW) == ticket_url("http://school.example", b"", BLOCK, NOW) == ""
