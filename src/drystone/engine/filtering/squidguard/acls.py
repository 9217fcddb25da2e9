"""Which acl holds when, and what its pass line says: as one list of steps in the order in which squidGuard asks.

For the sources that may speak for somebody, the first that holds at this time speaks, by the first of its acls that
holds; where none does, the default acl. So each step has a condition, which is a set of schedules that must hold and
must not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drystone.engine.filtering.squidguard.conf import Acl, Conf, Entry, Limit, Source, Word
from drystone.engine.filtering.squidguard.report import ImportReport, Kind

DEFAULT = "default"
ALL, NONE, ADDRESSES = ("any", "all"), "none", "in-addr"


@dataclass(frozen=True, slots=True)
class When:
    """Times that must hold, and times that must not; by their names in the conf."""

    within: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()

    def also(self, limit: tuple[str, bool] | None) -> When | None:
        """With one more; None where both can never be."""
        if limit is None:
            return self
        name, within = limit
        if name in (self.outside if within else self.within):
            return None
        return When(self.within | {name}, self.outside) if within else When(self.within, self.outside | {name})


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a pass line, for as long as it holds. `name` is a destination, `all`, `none` or `in-addr`."""

    when: When
    name: Word | None  # None: the line has come to its end
    text: str
    allowed: bool
    page: Word | None  # of the acl, where nothing nearer has one
    source: str  # what %s stands for


class Acls:
    def __init__(self, conf: Conf, never: frozenset[str], report: ImportReport) -> None:
        """`never` are times that never hold."""
        self._conf = conf
        self._never = never
        self._report = report
        defaults = [acl for acl in conf.acls if acl.name.text == DEFAULT]
        if not defaults:
            raise conf.fault(Word("", 1, 1), "has no default acl, which squidGuard demands; add default { pass none }")
        self.default = self._last_default(defaults)
        for acl in conf.acls:
            if acl.name.text != DEFAULT and acl.name.text not in conf.sources:
                raise conf.fault(acl.name, f"acl '{acl.name.text}' names no source; define src {acl.name.text}")
            for block in (acl, acl.otherwise):
                self._check(block)
        self._check_limits()

    def _last_default(self, defaults: list[Acl]) -> Acl:
        """squidGuard takes the last default that it meets, at all times, an `else` too."""
        last = defaults[-1]
        chosen = last.otherwise or last
        for acl in defaults:
            for block in filter(None, (acl, acl.otherwise)):
                if block is not chosen:
                    message = "squidGuard never used this default acl: it takes the last one at all times; left out"
                    self._report.add(Kind.SAME, block.name, "acl default", message)
        if chosen.limit:
            message = "squidGuard takes no account of times in the default acl; it holds always"
            self._report.add(Kind.SAME, chosen.name, "acl default", message)
        return chosen

    def _check(self, acl: Acl | None) -> None:
        for entry in (acl.entries if acl else None) or ():
            name = entry.name.text
            if name not in (*ALL, NONE, ADDRESSES, *self._conf.destinations) and not name.startswith("dnsbl"):
                message = f"'{name}' is neither a destination nor all, none or in-addr; define dest {name}"
                raise self._conf.fault(entry.name, message)

    def _check_limits(self) -> None:
        blocks: Sequence[object] = (*self._conf.sources.values(), *self._conf.destinations.values(), *self._conf.acls)
        for block in blocks:
            limit: Limit | None = getattr(block, "limit", None)
            if limit and limit.time.text not in self._conf.times:
                raise self._conf.fault(limit.time, f"'{limit.time.text}' is not a time; define time {limit.time.text}")

    def steps(self, sources: Sequence[Source]) -> Iterator[Step]:
        """For whom these sources may speak, in this order."""
        when: When | None = When()
        for source in sources:
            now = self._with(when, source.limit)
            if now is not None:
                yield from self._of_source(source, now, stays=source.goes_on is None)
            if source.goes_on is None:
                when = self._with(when, source.limit, instead=True)
            if when is None:
                return
        yield from self._of_acl(self.default, when or When(), DEFAULT)

    def _of_source(self, source: Source, when: When, *, stays: bool) -> Iterator[Step]:
        """The acls of a source, and the default where none holds. One that goes on only keeps back: what it lets
        through, the next source is asked about."""
        left: When | None = when
        name = source.name.text
        for acl in self._conf.acls:
            if acl.name.text != name or left is None:
                continue
            for block, instead in ((acl, False), (acl.otherwise, True)):
                now = self._with(left, acl.limit, instead=instead)
                if block and now is not None:
                    yield from self._of_acl(block, now, name, only_blocks=not stays)
            both = acl.limit is not None and acl.otherwise is None
            left = self._with(left, acl.limit, instead=True) if both else None
        if left is not None:
            yield from self._of_acl(self.default, left, DEFAULT, only_blocks=not stays)

    def _of_acl(self, acl: Acl, when: When, source: str, *, only_blocks: bool = False) -> Iterator[Step]:
        entries = acl.entries or self.default.entries
        own = acl.redirect if entries and acl.redirect and acl.redirect.text != DEFAULT else None
        page = own or self.default.redirect
        page = page if page and page.text != DEFAULT else None
        if not entries:
            yield Step(when, None, "unknown", False, page, source)
            return
        for entry in entries:
            name, allowed = entry.name.text, _allows(entry)
            now = self._entry_when(when, name)
            if now is not None and not (only_blocks and allowed):
                yield Step(now, entry.name, name, allowed, page, source)
            if name in (*ALL, NONE):
                return
        if not only_blocks:
            yield Step(when, None, "all", True, page, source)

    def _entry_when(self, when: When, name: str) -> When | None:
        destination = self._conf.destinations.get(name)
        return self._with(when, destination.limit) if destination else when

    def _with(self, when: When | None, limit: Limit | None, *, instead: bool = False) -> When | None:
        """With the limit, or `instead` of it: with its opposite. None where that is never."""
        if when is None:
            return None
        if limit is None:
            return None if instead else when
        name, within = limit.time.text, limit.within is not instead
        if name in self._never:
            return None if within else when
        return when.also((name, within))


def _allows(entry: Entry) -> bool:
    """`!all` lets all through, and `!none` nothing: squidGuard takes no account of the ! there."""
    if entry.name.text in ALL:
        return True
    return entry.allowed and entry.name.text != NONE


def dropped_allows(acls: Sequence[Acl], source: Source) -> bool:
    """Whether a source that goes on lets something through before it has kept all back that it does."""
    for acl in acls:
        for block in (acl, acl.otherwise):
            if block and block.name.text == source.name.text:
                allowed = [_allows(entry) for entry in block.entries or () if entry.name.text not in ALL]
                if any(allowed):
                    return True
    return False
