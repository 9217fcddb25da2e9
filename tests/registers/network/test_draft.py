"""Who stands in the draft, and in which group."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.network.services.draft import draft
from drystone.registers.network.services.profiles import start_profiles
from drystone.registers.school.models import Role, RoleHolding

from .parts import person


@pytest.mark.parametrize(
    ("starts", "ends", "listed"),
    [(-400, None, True), (0, None, True), (-400, 0, True), (-1, 30, True), (1, None, False), (-400, -1, False)],
)
def test_a_role_gives_the_staffs_profile_only_while_it_is_held(place, starts, ends, listed):
    today = timezone.localdate()
    start_profiles(school=place.school, by=place.head)
    helper = person(place.school, "Wren", "Pebble", sign_on="wpebble")
    RoleHolding.objects.create(
        person=helper,
        role=Role.SUPPORT_STAFF,
        starts=today + timedelta(days=starts),
        ends=None if ends is None else today + timedelta(days=ends),
    )
    named = {entry.name: entry.group for entry in draft(place.school).rules.people.values()}
    assert named.get("wpebble") == ("staff" if listed else None)
