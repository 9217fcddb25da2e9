"""P62: traceable to a person, and acknowledged; the second half is not recorded yet, so it is never met."""

from datetime import timedelta

from django.utils import timezone

from drystone.registers.school.controls import REGISTRY, State


def assess(place, **params):
    return REGISTRY["monitoring.traceable"].assess(place.school, timezone.localdate(), **params)


def test_without_traffic_nothing_is_recorded(place):
    found = assess(place)
    assert found.state is State.NOT_RECORDED
    assert "not yet recorded" in found.sentence


def test_the_share_with_a_name_and_a_place_is_told_and_it_is_due_at_best(place, log):
    log(sign_on="pfell")
    log()
    log(zone="")
    log(zone="nowhere", sign_on="rghyll")
    found = assess(place)
    assert (found.state, found.have, found.want) == (State.DUE, 2, 4)
    assert "50% of the traffic" in found.sentence
    assert "50% a place" in found.sentence
    assert "not yet recorded" in found.sentence


def test_even_when_every_event_has_a_name_it_is_not_met(place, log):
    log(sign_on="pfell")
    assert assess(place).state is State.DUE


def test_traffic_that_names_nobody_and_nowhere_is_breached(place, log):
    log(zone="")
    assert assess(place).state is State.BREACHED


def test_visits_to_help_do_not_count_against_it(place, log):
    log(sign_on="pfell")
    log(level="help", host="childline.org.uk", client="", path="")
    assert (assess(place).have, assess(place).want) == (1, 1)


def test_only_the_days_asked_for_are_looked_at(place, log):
    log(sign_on="pfell", ago=timedelta(days=9))
    assert assess(place).state is State.NOT_RECORDED
    assert assess(place, days=14).state is State.DUE
