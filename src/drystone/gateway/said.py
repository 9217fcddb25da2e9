"""What every door says of a blocked page, in words: no templates here, for Squid's helper starts in a blink.

P58: who sees the page for children, and who sees the particulars. P13: of some categories it is not said aloud what
they are about.
"""

from __future__ import annotations

import re
from enum import StrEnum

from drystone.engine.filtering.request import Level

# P13: of these the page does not say what they are about, and who listens comes first.
GENTLE = frozenset({"self_harm", "suicide"})

LEVELS = {
    Level.MANDATORY: "a list that nobody may switch off",
    Level.ACCESS: "the access of this person or class",
    Level.GLOBAL: "the council’s rules",
    Level.SCHOOL: "the school’s rules",
    Level.GROUP: "the group’s rules",
    Level.ZONE: "the rules of this place",
    Level.PERSON: "a rule for this person",
    Level.PROFILE: "the profile’s default",
    "gateway": "the filter itself",
}

# Control characters and those that turn the reading direction round: an address must not pretend to be another.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LONGEST = 300


class Audience(StrEnum):
    CHILD = "child"
    ADULT = "adult"


def audience_of(group: str) -> Audience:
    """Staff see the particulars; everybody else, and whoever is not known, sees the page for children."""
    return Audience.ADULT if group == "staff" or group.startswith("staff") else Audience.CHILD


def clean(text: str) -> str:
    """Fit to be shown: no invisible characters, and not endless. Escaping is the page's business."""
    seen = _UNSEEN.sub("\ufffd", text)
    return seen if len(seen) <= _LONGEST else seen[:_LONGEST] + "…"


def level_words(level: str) -> str:
    return LEVELS.get(level, clean(level) or "the filter")
