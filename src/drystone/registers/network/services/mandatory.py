"""P35: no publication, and no way back, without a mandatory list that is in force."""

from __future__ import annotations

from django.conf import settings

from drystone.engine.filtering.bundle import Bundle
from drystone.engine.filtering.mandatory import mandatory_lists
from drystone.registers.network.in_force import bundle_in_force
from drystone.registers.school.models import Person, School
from drystone.registers.school.services.audit import record


def mandatory_of(bundle: Bundle) -> set[str]:
    """Its mandatory lists, but for the starter's, which hold a test site and come with the program."""
    policy = bundle.policy
    named = {policy.lists[number] for category in policy.categories if category.mandatory for number in category.lists}
    return {name for name in named if not name.startswith("starter/")}


def mandatory_in_force(school: School) -> set[str]:
    bundle = bundle_in_force(school)
    return mandatory_of(bundle) if bundle else set()


def lacking_mandatory(school: School, old: Bundle) -> list[str]:
    """Mandatory lists that are in force or installed now, and not in this edition."""
    installed = {name for name in mandatory_lists(settings.HOME.lists) if not name.startswith("starter/")}
    return sorted((mandatory_in_force(school) | installed) - mandatory_of(old))


def refuse_on_record(*, school: School, by: Person | None, what: str) -> None:
    record(school=school, by=by, verb="refused_list_change", subject="list:mandatory", summary=what)
