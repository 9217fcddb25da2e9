"""What other registers ask: the words for a site that was opened for a time, by its name in events."""

import pytest

from drystone.registers.unblock.api import grant_number, reasons_of
from tests.registers.unblock.parts import asks, give


def test_traffic_can_say_why_a_site_was_open(school, other):
    grant = give(school, asks(school, school.pupil))
    assert reasons_of(school.school, {grant.key, "rule-1", "help"}) == {grant.key: "Opened for the whole school: Topic"}
    assert reasons_of(other.school, {grant.key}) == {}


@pytest.mark.parametrize("rule", ["rule-7", "permit:", "permit:x", "permit:-1", "permit:" + "9" * 30, "", "7"])
def test_what_is_no_permit_has_no_number(rule, school):
    assert grant_number(rule) is None
    assert reasons_of(school.school, {rule}) == {}
