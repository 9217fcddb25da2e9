"""The bundle in force, for questions from the screens."""

from __future__ import annotations

from drystone.engine.filtering import Bundle
from drystone.engine.filtering.rules_values import read_target
from drystone.registers.network.catalog import catalog
from drystone.registers.network.editions import EditionGone, edition_of
from drystone.registers.school.models import School


def bundle_in_force(school: School) -> Bundle | None:
    """None where nothing whole is in force."""
    try:
        return edition_of(school)
    except EditionGone:
        return None


def mandatory_title(school: School, site: str) -> str:
    """P35: the title of the mandatory category whose list names this site (as rules write it), or ""."""
    target = read_target(f"site:{site}")
    for entry in catalog().values():
        if entry.mandatory and entry.try_host == target.host:
            return entry.title
    bundle = bundle_in_force(school)
    if bundle is None:
        return ""
    facts = bundle.facts_of_url(target.host, target.path or "/")
    return bundle.mandatory_category(facts)[1] if facts.lists & bundle.mandatory else ""
