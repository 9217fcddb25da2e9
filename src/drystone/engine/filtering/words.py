"""The words of the rules file that take one of a few values. A file of their own: gateways need no more of it."""

from __future__ import annotations

from enum import StrEnum


class TargetKind(StrEnum):
    SITE = "site"
    CATEGORY = "category"
    EXPRESSION = "expression"
    ANY = "any"  # every site, or every address: the ends of a list that is read in order


class Anything(StrEnum):
    """What a rule of kind `any` is about: every SITE, or every host that is an ADDRESS and not a name."""

    SITE = "site"
    ADDRESS = "address"


class RuleAction(StrEnum):
    BLOCK = "block"
    ALLOW = "allow"


class Default(StrEnum):
    """What a group gets when no rule speaks; BLOCK is allow-list only."""

    ALLOW = "allow"
    BLOCK = "block"


class Access(StrEnum):
    """Of a person or a whole group. NONE: no signed agreement. SUSPENDED: taken away for a while."""

    OPEN = "open"
    NONE = "none"
    SUSPENDED = "suspended"


class YouTube(StrEnum):
    STRICT = "strict"
    MODERATE = "moderate"
    OFF = "off"


class Match(StrEnum):
    """How a level reads its category rules for a site that is in several: ANY block is enough, or FIRST in order."""

    ANY = "any"
    FIRST = "first"
