"""What is asked of the filter, and what it answers: two value types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    ALLOW = "allow"
    BLOCK = "block"
    SAFE_SEARCH = "safe-search"  # allowed, but connect to `Decision.safe_host` instead


class Level(StrEnum):
    """Who set the rule that decided, mildest last to speak. Steps 1 to 3 and 7 have levels of their own."""

    MANDATORY = "mandatory"
    HELP = "help"
    ACCESS = "access"
    GLOBAL = "global"
    SCHOOL = "school"
    GROUP = "group"
    ZONE = "zone"
    PERSON = "person"
    PROFILE = "profile"  # no rule spoke: the group's default


@dataclass(frozen=True, slots=True)
class Request:
    """One request, parsed at the door.

    `host` is canonical (see hosts.canonical_host) or "" when it cannot be read, and then it is blocked.
    `path` is canonical, with its query, or "" where it is not visible (CONNECT). `client` is an
    address, `user` the sign-on name or "". `at` is aware.
    """

    host: str
    client: str
    at: datetime
    path: str = ""
    user: str = ""
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the filter answers, and why. Empty strings where nothing applies."""

    action: Action
    reason: str  # a sentence a teacher can read
    host: str = ""
    category: str = ""
    rule: str = ""  # id of the rule, stable within an edition
    level: str = ""
    list: str = ""  # folder of the list that named the site
    edition: str = ""
    school: str = ""
    zone: str = ""
    group: str = ""
    person: str = ""  # pseudonymous key, never a name
    safe_host: str = ""
    device: str = ""  # key of a registered device that has the client's address

    @property
    def blocked(self) -> bool:
        return self.action is Action.BLOCK
