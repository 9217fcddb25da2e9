"""What the helper tells Squid's error page of a block, as notes: which page, its words, and the ticket of its link.

Squid escapes `%o` (`message`) itself. Other notes it prints as they are (`@Squid{%'{…}note}` in pages.py), so what
staff are shown is escaped here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from drystone.engine.filtering import Decision, Level, LiveFilter
from drystone.engine.filtering.ticket import sign_ticket, ticket_for
from drystone.engine.https_pages import FILE_NAME, HttpsPages, HttpsPagesError, read_https_pages
from drystone.gateway.said import Audience, audience_of, clean, level_words

MOST_TICKETS = 5_000
ADULT_NOTES = ("reason", "category", "level", "rule", "group", "zone", "edition")


class BlockPage:
    """`words`: what a category is about in a child's words. `tickets`: the key that signs them, b"" where the page
    has nowhere to lead to. `https`: the folder with `current`, where it also stands who trusts the certificate."""

    def __init__(
        self,
        live: LiveFilter,
        *,
        words: Mapping[str, str] | None = None,
        tickets: bytes = b"",
        https: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._live = live
        self._words = words or {}
        self._key = tickets
        self._clock = clock
        self._https = https
        self._where = HttpsPages()
        self._seen: tuple[int, ...] = (-1,)
        self._tickets: dict[Decision, bytes] = {}
        self._hour = clock().replace(minute=0, second=0, microsecond=0)
        self.refresh()

    @property
    def leads_on(self) -> bool:
        """Whether the page has a link, and so a ticket."""
        return bool(self._key)

    def refresh(self) -> bool:
        """Whether anything is shown otherwise than before. A ticket bears the hour it was made in and is good for a
        day, so what was said an hour ago is not said again."""
        return self._refresh_https() | self._refresh_hour()

    def notes(self, decision: Decision, *, connect: bool) -> str:
        """What hangs on everything but the host; begins with a space."""
        audience = audience_of(decision.group)
        said = f" message={quote(self._message(decision, audience), safe='')}"
        if connect and self._where.shown_in(decision.zone):
            said += " page_=https"
        if audience is Audience.ADULT:
            told = {**{name: getattr(decision, name) for name in ADULT_NOTES}, "level": level_words(decision.level)}
            told["category"] = self._title(decision.category)
            said += " adult_=yes" + "".join(
                f" adult_{name}_={quote(escape(clean(str(value))) or '–', safe='')}" for name, value in told.items()
            )
        return said

    def ticket(self, decision: Decision) -> bytes:
        """` ticket_=…`, or nothing where there is nobody to ask or nothing to review."""
        if not self._key:
            return b""
        known = self._tickets.get(decision)
        if known is None:
            if len(self._tickets) >= MOST_TICKETS:
                self._tickets.clear()
            ticket = ticket_for(decision, self._hour)
            known = b" ticket_=" + sign_ticket(self._key, ticket).encode("ascii") if ticket else b""
            self._tickets[decision] = known
        return known

    def _message(self, decision: Decision, audience: Audience) -> str:
        """What the block page says is the matter: the category in plain words, else the reason."""
        if not decision.category or decision.level == Level.ACCESS:
            return decision.reason
        title = self._title(decision.category)
        return title if audience is Audience.ADULT else self._words.get(decision.category, title)

    def _title(self, category: str) -> str:
        titles = self._live.bundle.categories if self._live.bundle else {}
        return titles.get(category, category)

    def _refresh_hour(self) -> bool:
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        if not self._key or hour == self._hour:
            return False
        self._hour = hour
        self._tickets.clear()
        return True

    def _refresh_https(self) -> bool:
        """In doubt nothing is decrypted: the connection is closed instead."""
        if self._https is None:
            return False
        seen = _stamp(self._https / FILE_NAME)
        if seen == self._seen:
            return False
        self._seen = seen
        before = self._where
        try:
            self._where = read_https_pages(self._https)
        except HttpsPagesError as error:
            self._where = HttpsPages()
            print(f"drystone helper: the block page is not shown on HTTPS: {error}", file=sys.stderr, flush=True)
        return self._where != before


def read_words(file: str) -> dict[str, str]:
    """As `squid-config` wrote them. The page then says the category's title: no reason not to start."""
    try:
        found = json.loads(Path(file).read_bytes()) if file else {}
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - twice a second
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)
