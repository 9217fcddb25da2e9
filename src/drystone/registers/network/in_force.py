"""The bundle in force, for questions from the screens."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from drystone.engine.filtering import Bundle, BundleError
from drystone.engine.filtering.rules_values import read_target
from drystone.registers.network.catalog import catalog
from drystone.registers.school.models import School
from drystone.registers.school.pseudonyms import person_secret


def bundle_in_force(school: School) -> Bundle | None:
    """None where nothing whole is in force. An edition never changes, so one that was opened stays open."""
    folder: Path = settings.HOME.school_bundles(school.slug) / "current"
    try:
        return _opened(folder.resolve(strict=True), person_secret())
    except (BundleError, OSError):
        return None


@lru_cache(maxsize=2)
def _opened(edition: Path, key: bytes) -> Bundle:
    return Bundle.open(edition, key=key)


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
