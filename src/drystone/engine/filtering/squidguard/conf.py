"""A squidGuard.conf as value types: what stands in the file, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from drystone.engine.filtering.schedule import Day, Span


class SquidGuardError(Exception):
    """The file cannot be imported. One line: FILE, line N, column M: what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the file, and where it stands. Lines and columns count from 1."""

    text: str
    line: int
    column: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """`within T` or `outside T`."""

    time: Word
    within: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A line that a block has and that nothing here stands for, as it is written."""

    word: Word
    text: str


@dataclass(slots=True)
class Source:
    """`addresses` is None where the block says nothing of addresses, and so every address will do; so is `users`."""

    name: Word
    addresses: list[tuple[int, int]] | None = None  # IPv4, first and last
    users: set[str] | None = None
    iplists: list[Word] = field(default_factory=list)
    userlists: list[Word] = field(default_factory=list)
    domains: list[Word] = field(default_factory=list)
    limit: Limit | None = None
    goes_on: Word | None = None  # `continue`
    left: list[Left] = field(default_factory=list)
    odd: list[Left] = field(default_factory=list)  # ranges in which no address can be


@dataclass(slots=True)
class Destination:
    """`lists` is by kind: domainlist, urllist, expressionlist. A `-` as file is the place that squidGuard looks at."""

    name: Word
    lists: dict[str, Word] = field(default_factory=dict)
    redirect: Word | None = None
    limit: Limit | None = None
    left: list[Left] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Element:
    """One line of a time space. `spans` are minutes (from, up to); none is the whole day. Either weekdays (0 is
    Monday) or `dates` is filled."""

    word: Word
    spans: tuple[tuple[int, int], ...]
    days: tuple[int, ...] = ()
    dates: Span | Day | None = None


@dataclass(slots=True)
class Time:
    name: Word
    elements: list[Element] = field(default_factory=list)


@dataclass(slots=True)
class Rewrite:
    name: Word
    substitutions: list[Word] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of a `pass` line: let through, or with `!` kept back."""

    name: Word
    allowed: bool


@dataclass(slots=True)
class Acl:
    """`entries` is None where there is no `pass` line. `otherwise` is the block after `else`."""

    name: Word
    limit: Limit | None = None
    entries: list[Entry] | None = None
    redirect: Word | None = None
    left: list[Left] = field(default_factory=list)
    otherwise: Acl | None = None


@dataclass(slots=True)
class Conf:
    """The whole file. Mappings are by name, in its order; `acls` may name a source more than once."""

    source: str
    dbhome: str = "/var/lib/squidguard/db"  # as Debian builds it
    settings: list[Left] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    times: dict[str, Time] = field(default_factory=dict)
    rewrites: dict[str, Rewrite] = field(default_factory=dict)
    acls: list[Acl] = field(default_factory=list)

    def fault(self, word: Word, message: str) -> SquidGuardError:
        return fault(self.source, word.line, word.column, message)


def fault(source: str, line: int, column: int, message: str) -> SquidGuardError:
    # Words come from the file as they are: one line, and nothing that a terminal would obey.
    plain = "".join(
        char if char.isprintable() else "?" for char in f"{source}, line {line}, column {column}: {message}"
    )
    return SquidGuardError(plain)
