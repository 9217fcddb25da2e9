"""The permits of one asker, by the sites that they open (step 5 of the decision)."""

from __future__ import annotations

from drystone.engine.filtering.help import above
from drystone.engine.filtering.hosts import without_www
from drystone.engine.filtering.lists import covers, url_entry
from drystone.engine.filtering.overlay import Permit


class Permits:
    """Equal where the permits are: profiles that have the same share their results. Most askers have none."""

    __slots__ = ("_by_host", "_by_url", "_hash", "all")

    def __init__(self, permits: tuple[Permit, ...] = ()) -> None:
        self.all = permits
        self._hash = hash(permits)
        self._by_host: dict[str, list[Permit]] = {}
        self._by_url: dict[str, list[tuple[str, Permit]]] = {}
        for permit in permits:
            if path := permit.path.rstrip("/"):
                entry = url_entry(permit.host, path)
                self._by_url.setdefault(without_www(permit.host), []).append((entry, permit))
            else:
                self._by_host.setdefault(permit.host, []).append(permit)

    def __bool__(self) -> bool:
        return bool(self.all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Permits) and self.all == other.all

    def __hash__(self) -> int:
        return self._hash

    def has_paths(self, host: str) -> bool:
        """Whether one is for a part of this host."""
        return bool(self._by_url) and without_www(host) in self._by_url

    def on(self, host: str, path: str) -> list[Permit]:
        """Those that open this host and path. A path of "" is one that is not visible."""
        if not self.all:
            return []
        found = [permit for name in above(host) for permit in self._by_host.get(name, ())]
        if path and (entries := self._by_url.get(without_www(host))):
            text = url_entry(host, path)
            found += [permit for entry, permit in entries if text.startswith(entry) and covers(entry, text)]
        return found


NO_PERMITS = Permits()
