"""Who is asked, in the words that people use, and the roles that stand behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drystone.registers.school.models import GOVERNORS, STAFF, Role


@dataclass(frozen=True, slots=True)
class Audience:
    name: str
    label: str
    roles: frozenset[Role]


AUDIENCES: Mapping[str, Audience] = {
    audience.name: audience
    for audience in (
        Audience("staff", "Staff", STAFF),
        Audience("governors", "Governors", GOVERNORS),
        Audience("parents", "Parents and carers", frozenset({Role.PARENT})),
        Audience("volunteers", "Volunteers", frozenset({Role.VOLUNTEER})),
        Audience("head", "Head teacher", frozenset({Role.HEAD})),
        Audience("chair", "Chair of governors", frozenset({Role.CHAIR})),
    )
}
TO_CHOOSE = ("staff", "governors", "parents", "volunteers")


def roles_of(names: Iterable[str]) -> list[str]:
    """The roles of these audiences, in the order of the school's own list. KeyError for a name that is none."""
    wanted = frozenset[Role]().union(*(AUDIENCES[name].roles for name in names))
    return [role.value for role in Role if role in wanted]


def names_of(roles: Iterable[str]) -> list[str]:
    """The audiences whose every role is among these."""
    given = {Role(role) for role in roles}
    return [audience.name for audience in AUDIENCES.values() if audience.roles <= given]


def in_words(roles: Iterable[str]) -> str:
    """“Staff, governors”: roles that no audience covers stand by themselves."""
    given = {Role(role) for role in roles}
    shown = [AUDIENCES[name] for name in TO_CHOOSE if AUDIENCES[name].roles <= given]
    covered = frozenset[Role]().union(*(audience.roles for audience in shown))
    words = [audience.label for audience in shown] + [role.label for role in Role if role in given - covered]
    return ", ".join(words[:1] + [word.lower() for word in words[1:]])
