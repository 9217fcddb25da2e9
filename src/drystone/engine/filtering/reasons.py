"""Reasons as a teacher reads them: a sentence or two, in plain words, without a name of a pupil."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from drystone.engine.filtering.policy import BundleRule
from drystone.engine.filtering.request import Level
from drystone.engine.filtering.schedule import local_time

if TYPE_CHECKING:
    from drystone.engine.filtering.overlay import Permit

UNREADABLE = "The address of this site cannot be read, so it stays closed."
HELP = "This site gives help and is always open."
NO_BUNDLE = "The filter has no rules yet, so only sites of help are open. Tell whoever looks after the network."
NO_OVERLAY = "The list of who may use the Internet cannot be read, so only sites of help are open for now."
SAFE_SEARCH = "Searches here are made safe."

LEVELS = {
    Level.GLOBAL: "a rule for every school",
    Level.SCHOOL: "a rule of the school",
    Level.GROUP: "a rule for this group",
    Level.ZONE: "a rule for this place",
    Level.PERSON: "a rule for this person",
}


def mandatory(title: str) -> str:
    return f"{title}: this site is on a list that must be blocked for everyone. Nobody can open it."


def by_rule(rule: BundleRule, category: str, group: str) -> str:
    """`category` is the title of the category that the rule is about, or ""; `group` the asker's group."""
    what = category or "This site"
    done = "blocked" if rule.block else "open"
    who = f" for {group}" if group and (rule.group or Level(rule.level) is not Level.GLOBAL) else ""
    why = f" ({rule.reason})" if rule.reason else ""
    author = f", made by {rule.by}" if rule.by else ""
    return f"{what}: {done}{who} by {LEVELS[Level(rule.level)]}{why}{author}."


def by_permit(permit: Permit, group: str, timezone: str) -> str:
    """`group` is the title of the asker's group."""
    whom = {
        Level.SCHOOL: "the whole school",
        Level.GROUP: "this class" if permit.people else group,
        Level.ZONE: "this place",
        Level.PERSON: "this person",
    }[Level(permit.level)]
    until = f", until {moment(permit.until, timezone)}" if permit.until else ""
    why = f" ({permit.reason})" if permit.reason else ""
    return f"This site: opened on request for {whom}{until}{why}."


def moment(at: datetime, timezone: str) -> str:
    """As a teacher says it: 12:30pm on 24 November 2026."""
    local = local_time(at, timezone)
    clock = f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
    return f"{clock} on {local.day} {local:%B %Y}"


def by_default(block: bool, title: str, group: str) -> str:
    listed = f"{title}: " if title else ""
    if block:
        return f"{listed}{group} may open only the sites chosen for them, and this is not one of them."
    return f"{listed or 'This site: '}no rule is about it, and {group} may open what no rule blocks."
