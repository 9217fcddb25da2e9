"""What happens to rules when the zone or group that they are for is removed."""

from __future__ import annotations

from typing import Any

from drystone.registers.network.models import Rule
from drystone.registers.network.services.rules import withdraw_rules
from drystone.registers.school.models import Group, Person, Zone


def let_go(*, place: Zone | Group, by: Person | None, **_: Any) -> None:
    """The rules are withdrawn and keep the name of what they were for; in the transaction of the removal, so that
    both happen or neither. Whoever may remove the place may so withdraw its rules."""
    rules = Rule.objects.filter(**{type(place).__name__.lower(): place})
    withdraw_rules(rules=list(rules.standing().with_names()), by=by, reason=f"{place} was removed", permitted=True)
    rules.update(place_name=str(place))
