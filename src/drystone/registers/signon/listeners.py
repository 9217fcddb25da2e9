"""What happens to sign-on when people come and go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from drystone.registers.school.hooks import people_left
from drystone.registers.school.models import Person, School
from drystone.registers.signon.services.leavers import withdraw_from


@receiver(people_left)
def leavers_sign_on_no_more(school: School, people: Sequence[Person], on: date, by: Person | None, **_: Any) -> None:
    """P42: at once, and not at night, where the last day is today or over; one that is to come is the night's."""
    if on <= timezone.localdate():
        withdraw_from(school=school, people=people, by=by)
