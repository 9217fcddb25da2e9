"""P35: what a block page hands to the web when somebody asks for a review: what was blocked, for whom, by what.

The gateway has no database and the block page no form, so the page links to `WEB/blocked/?t=TICKET`. A ticket is
signed with the house's check key, so nobody can make one up for another site, group or person; it holds no name and
no path, and is good for a day.
"""

from __future__ import annotations

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from drystone.engine.filtering.request import Decision, Level

GOOD_FOR = timedelta(days=1)
AHEAD = timedelta(minutes=5)  # clocks of two machines differ
LONGEST = 2_000  # characters; a browser passes on more, and nothing of ours needs it
_CUT = 200  # of a field: lists of others name things as they like
# Nothing to review: the door could not do its work, or the whole Internet is off for this person.
_NOT_FOR = frozenset({"", "gateway", str(Level.ACCESS), str(Level.HELP)})


class TicketError(ValueError):
    """Not a ticket of this house, or not any more. The sentence is for the person who opened the link."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Empty strings where nothing applies. `person` is a pseudonymous key, `host` canonical, `at` aware."""

    school: str
    host: str
    category: str
    rule: str
    level: str
    zone: str
    group: str
    person: str
    edition: str
    at: datetime


_TEXTS = tuple(field.name for field in fields(Ticket) if field.name != "at")


def ticket_for(decision: Decision, at: datetime) -> Ticket | None:
    """None where there is nothing that a review could change."""
    if not decision.blocked or not decision.host or str(decision.level) in _NOT_FOR:
        return None
    # A host is never cut: another one would be asked for. Canonical hosts are 253 characters at most.
    given = {name: str(getattr(decision, name)) for name in _TEXTS}
    return Ticket(**{name: text if name == "host" else text[:_CUT] for name, text in given.items()}, at=at)


def ticket_url(web: str, key: bytes, decision: Decision, at: datetime) -> str:
    """The block page's link, or "" where nobody could answer: no pages, no key, nothing to review."""
    ticket = ticket_for(decision, at) if web and key else None
    return f"{web.rstrip('/')}/blocked/?t={sign_ticket(key, ticket)}" if ticket else ""


def sign_ticket(key: bytes, ticket: Ticket) -> str:
    """`CLAIM.SIGNATURE`, both URL-safe. Raises ValueError without a key or for a time without a zone."""
    if not key:
        raise ValueError("a ticket cannot be signed with an empty key")
    if ticket.at.tzinfo is None:
        raise ValueError("a ticket is signed with an aware time")
    plain = asdict(ticket) | {"at": int(ticket.at.timestamp())}
    claim = _text(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode())
    return f"{claim}.{_text(_signature(key, claim))}"


def read_ticket(key: bytes, text: str, now: datetime) -> Ticket:
    """Raises TicketError. Nothing is parsed before it is verified: the text comes from whoever is at the other end."""
    claim, dot, signature = text.partition(".") if key and len(text) <= LONGEST else ("", "", "")
    if not dot or not hmac.compare_digest(_text(_signature(key, claim)).encode(), signature.encode("utf-8", "replace")):
        raise TicketError("This link is not one of ours, or a part of it is missing.")
    try:
        plain = json.loads(urlsafe_b64decode(claim + "=" * (-len(claim) % 4)))
        at = datetime.fromtimestamp(int(plain.pop("at")), tz=UTC)
        ticket = Ticket(**{name: str(plain[name]) for name in _TEXTS}, at=at)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, binascii.Error) as error:
        raise TicketError("This link was made by another version of Drystone.") from error
    if not -AHEAD <= now - at < GOOD_FOR:
        raise TicketError("This link is more than a day old.")
    return ticket


def _signature(key: bytes, claim: str) -> bytes:
    return hmac.new(key, b"drystone ticket\x00" + claim.encode("utf-8", "replace"), sha256).digest()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
