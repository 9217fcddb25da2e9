"""What other registers may ask of the register of requests."""

from __future__ import annotations

from drystone.registers.school.models import School
from drystone.registers.unblock.models import Grant

__all__ = ["grant_number", "reasons_of"]
_PERMIT = "permit:"


def grant_number(rule: str) -> int | None:
    """Of a site opened for a time, by the name that decisions and events have for it."""
    number = rule.removeprefix(_PERMIT)
    known = rule.startswith(_PERMIT) and number.isascii() and number.isdecimal() and len(number) < 18
    return int(number) if known else None


def reasons_of(school: School, keys: set[str]) -> dict[str, str]:
    """Why sites were opened for a time, by their names in events."""
    numbers = [number for key in keys if (number := grant_number(key)) is not None]
    grants = Grant.objects.filter(school=school, pk__in=numbers) if numbers else ()
    return {grant.key: f"Opened for {grant.whom}: {grant.reason}" for grant in grants}
