"""The site index: which lists name a host, a URL, or match an expression.

Hosts lie in a MARISA trie under their labels in reverse order, each label ended by a dot (`com.example.www.`), so
that one walk down the trie meets a host and every domain above it, and meets nothing in the middle of a label. The
trie and the array of set ids beside it are mapped into memory: every worker of a machine shares the same pages.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import marisa_trie

from drystone.engine.filtering.lists import covers, url_entry

EXPRESSION_MEMORY = 64 << 20  # a ceiling for RE2's automaton, not what it takes


def host_key(host: str) -> bytes:
    """`www.example.com` as `com.example.www.`"""
    return (".".join(host.split(".")[::-1]) + ".").encode()


class SetIndex:
    """A trie of texts and, for each, the id of the set of lists that name it."""

    __slots__ = ("_ids", "_number", "_prefixes", "_trie")

    def __init__(self, trie: Path, ids: Path, width: int) -> None:
        """`width` is the bytes of an id. Raises OSError or ValueError."""
        self._trie = marisa_trie.BinaryTrie()
        try:
            self._trie.mmap(str(trie))
        except RuntimeError as error:
            raise ValueError(f"{trie.name} is not a trie") from error
        with ids.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        self._ids = memoryview(content).cast("H" if width == 2 else "I")
        if len(self._ids) < len(self._trie):
            raise ValueError(f"{ids.name} is shorter than {trie.name}")
        self._prefixes, self._number = self._trie.prefixes, self._trie.key_id

    def __len__(self) -> int:
        return len(self._trie)

    def hosts(self, host: str) -> list[int]:
        """Set ids of the host and of the domains above it that are listed, the least specific first."""
        found = self._prefixes(host_key(host))  # most hosts are on no list: only for the others is more to be asked
        return [self._ids[self._number(entry)] for entry in found] if found else []

    def urls(self, host: str, path: str) -> list[int]:
        """Set ids of the URL entries that cover host and path, the shortest first."""
        return [number for _, number in self.url_entries(host, path)]

    def entry(self, host: str) -> list[int]:
        """The set id of this very host, if it is an entry; domains above it do not count."""
        number = self._trie.get(host_key(host))
        return [] if number is None else [self._ids[number]]

    def url_entries(self, host: str, path: str) -> list[tuple[str, int]]:
        """(entry, set id) of the URL entries that cover host and path, the shortest first."""
        text = url_entry(host, path)
        found = [entry.decode() for entry in self._prefixes(text.encode())]
        return [(entry, self._ids[self._number(entry.encode())]) for entry in found if covers(entry, text)]

    def begins_any(self, text: str) -> bool:
        """Whether any entry begins so."""
        return next(self._trie.iterkeys(text.encode()), None) is not None

    def has_paths(self, host: str) -> bool:
        """Whether a URL entry names a path on this host."""
        return self.begins_any(url_entry(host, "") + "/")


class ExpressionIndex:
    """All expressions in one RE2 automaton: however many there are, a text is read once (linear time)."""

    __slots__ = ("_match", "_owners", "_spans", "patterns")

    def __init__(self, expressions: Iterable[tuple[int, str]]) -> None:
        """`expressions` are (owner, pattern); what an owner is, the caller knows. Raises ValueError."""
        pairs = list(expressions)
        self._owners = [owner for owner, _ in pairs]
        self.patterns = tuple(pattern for _, pattern in pairs)
        self._match: Any = _automaton(list(self.patterns)).Match if pairs else None
        self._spans: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self._match is not None

    def any(self, host: str, path: str) -> bool:
        """Whether any expression matches host and path; for nearly all requests none does."""
        return self._match is not None and bool(self._match((host + path).encode("utf-8", "replace")))

    def owners(self, host: str, path: str) -> list[int]:
        """Owners of the expressions that match host and path, in order, each once."""
        if self._match is None:
            return []
        found = self._match((host + path).encode("utf-8", "replace"))
        return sorted({self._owners[number] for number in found}) if found else []

    def reach(self, owner: int, host: str, path: str) -> int:
        """How many characters of the path the owner's match reaches into; 0 for one that ends in the host."""
        return max(self.span(owner, host, path)[1] - len(host), 0)

    def span(self, owner: int, host: str, path: str) -> tuple[int, int]:
        """Where in host and path the owner's match begins and ends; (0, 0) where there is none."""
        if owner not in self._spans:
            import re2

            self._spans[owner] = re2.compile(self.patterns[self._owners.index(owner)], _options())
        found = self._spans[owner].search(host + path)
        return found.span() if found else (0, 0)


def expression_fault(pattern: str) -> str:
    """Why RE2 will not have this expression, or ""."""
    import re2

    try:
        re2.compile(pattern, _options())
        _automaton([pattern])
    except re2.error as error:
        detail = error.args[0] if error.args else error
        return detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
    except ValueError as error:
        return str(error)
    return ""


def _automaton(patterns: list[str]) -> Any:
    import re2

    automaton = re2.Set.SearchSet(_options())
    try:
        for pattern in patterns:
            automaton.Add(pattern)
        automaton.Compile()
    except re2.error as error:
        raise ValueError(f"expressions do not compile: {error}") from error
    return automaton


def _options() -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive = False  # as SquidGuard, which compared lower-case URLs
    options.log_errors = False  # RE2 would write to standard error itself
    options.max_mem = EXPRESSION_MEMORY
    return options
