"""P62: proxy passwords at the door, the same for our own proxy and for Squid's basic helper.

A password is checked against the verifier of its name in the overlay, which takes some 50 ms by design. So what was
found right is remembered while the verifier stands, for the address it came from, as a keyed digest and in memory
only; and who tries wrong ones waits, longer each time, without anything being worked out. What is remembered is no way
round the waiting: from elsewhere it counts for nothing, and at the address itself only so many guesses are held
against it. Nothing here logs, keeps or passes on a password.
"""

from __future__ import annotations

import binascii
import os
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from ipaddress import ip_network

from drystone.engine.filtering.identity import sign_on_name
from drystone.engine.filtering.overlay import client_text
from drystone.engine.filtering.verifier import LONGEST, verify

MOST_KNOWN = 10_000
MOST_WATCHED = 10_000
MOST_BLIND = 50  # tries of a name, while they are slowed, that are held against what is remembered
FORGET_SECONDS = 900.0  # after so long without a wrong try the count begins anew
LONGEST_HEADER = 2_000
# What a name without a password is tried against, so that it takes as long as a wrong password does.
NOBODY = "scrypt$16384$8$1$AAECAwQFBgcICQoLDA0ODw==$" + "A" * 43 + "="


Bucket = tuple[str, str, str]  # what is counted, name, address


class Outcome(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    SLOWED = "slowed"  # too many wrong tries: not even looked at


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` wrong tries cost nothing; the next costs `first` seconds of waiting, each after it twice as much."""

    free: int
    first: float
    most: float

    def wait(self, wrong: int) -> float:
        over = wrong - self.free
        return min(self.first * 2.0 ** min(over - 1, 20), self.most) if over > 0 else 0.0


# For a name at an address, for an address (a class may share one), and for a name wherever it is tried: the last is
# mild, or anybody could keep a classmate out.
AT_PLACE = Patience(free=4, first=5.0, most=900.0)
OF_PLACE = Patience(free=30, first=2.0, most=300.0)
OF_NAME = Patience(free=20, first=2.0, most=30.0)


@dataclass(slots=True)
class _Watched:
    wrong: int = 0
    last: float = 0.0
    blind: int = 0  # tries that were not looked at, but for what is remembered


class Doorkeeper:
    """Not for several threads at once, but for `outcome`, which touches nothing of ours."""

    def __init__(
        self, verifier_of: Callable[[str], str], *, clock: Callable[[], float] = time.monotonic, secret: bytes = b""
    ) -> None:
        """`verifier_of` a sign-on name is "" for a name without one."""
        self._verifier_of = verifier_of
        self._clock = clock
        self._secret = secret or os.urandom(32)
        self._known: dict[bytes, None] = {}
        self._watched: dict[Bucket, _Watched] = {}

    def knows(self, user: str, password: str, client: str) -> bool:
        """Whether this was found right before, from here, and its verifier still stands. Costs nothing.

        A child whose classmate types wrong passwords at the same address stays signed on; who lets a machine guess
        there learns nothing, for after MOST_BLIND tries even the right one is told to wait."""
        verifier = self._verifier_of(user)
        if not verifier:
            return False
        key = self._buckets(user, client)[0][0]
        now = self._clock()
        found = self._watched.get(key)
        blind = found.blind if found and now - found.last < FORGET_SECONDS else 0
        if blind < MOST_BLIND and self._digest(verifier, password, client) in self._known:
            return True
        if self.wait(user, client) > 0:
            if found is None or now - found.last >= FORGET_SECONDS:
                found = self._watched[key] = _Watched(last=now)
            found.blind += 1
        return False

    def wait(self, user: str, client: str) -> float:
        """Seconds until a try of this name from this address is looked at again."""
        now = self._clock()
        longest = 0.0
        for key, patience in self._buckets(user, client):
            found = self._watched.get(key)
            if found and now - found.last < FORGET_SECONDS:
                longest = max(longest, found.last + patience.wait(found.wrong) - now)
        return longest

    def outcome(self, user: str, password: str) -> tuple[str, bool]:
        """The verifier that was asked, and whether the password fits it. Slow on purpose: run it beside the loop."""
        verifier = self._verifier_of(user)
        return verifier, verify(password, verifier or NOBODY) and bool(verifier)

    def note(self, user: str, password: str, client: str, verifier: str, *, right: bool) -> None:
        """Remembers how a try went."""
        if right:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[self._digest(verifier, password, client)] = None
            self._watched.pop(self._buckets(user, client)[0][0], None)
            return
        now = self._clock()
        if len(self._watched) >= MOST_WATCHED:
            self._forget(now)
        for key, _ in self._buckets(user, client):
            found = self._watched.get(key)
            if found is None or now - found.last >= FORGET_SECONDS:
                found = self._watched[key] = _Watched()
            found.wrong += 1
            found.last = now

    def check(self, user: str, password: str, client: str) -> Outcome:
        """All of it in one, for a helper that has nothing else to do."""
        if self.knows(user, password, client):
            return Outcome.RIGHT
        if self.wait(user, client) > 0:
            return Outcome.SLOWED
        verifier, right = self.outcome(user, password)
        self.note(user, password, client, verifier, right=right)
        return Outcome.RIGHT if right else Outcome.WRONG

    def _digest(self, verifier: str, password: str, client: str) -> bytes:
        """Of the verifier as well: a password that was replaced or withdrawn is forgotten with it. And of the address:
        what is known from one is no answer to who guesses at another."""
        text = f"{verifier}\0{client}\0{password}".encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._secret, digest_size=20).digest()

    def _buckets(self, user: str, client: str) -> list[tuple[Bucket, Patience]]:
        name = sign_on_name(user)[:LONGEST]
        anywhere: tuple[Bucket, Patience] = (("name", name, ""), OF_NAME)
        if not client:  # a helper that is not told the address
            return [anywhere]
        return [(("both", name, client), AT_PLACE), (("place", "", client), OF_PLACE), anywhere]

    def _forget(self, now: float) -> None:
        """The oldest half goes. Somebody who tries thousands of names to get there is held by their address."""
        live = [item for item in self._watched.items() if now - item[1].last < FORGET_SECONDS]
        live.sort(key=lambda item: (item[0][0] == "place", item[1].last))
        self._watched = dict(live[len(live) // 2 :])


def read_basic(value: bytes) -> tuple[str, str] | None:
    """Name and password of `Basic …` (RFC 7617); None for another scheme, and for what cannot be read."""
    scheme, _, given = value.strip().partition(b" ")
    if scheme.lower() != b"basic" or len(value) > LONGEST_HEADER:
        return None
    try:
        raw = b64decode(given.strip(), validate=True)
    except binascii.Error:
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # what browsers sent before RFC 7617
    user, colon, password = text.partition(":")
    if not colon or not user.strip() or len(user) > LONGEST or "\0" in text:
        return None
    return user, password


def place_of(client: str) -> str:
    """An address as tries are counted by: IPv6 by its /64, which one machine has to itself."""
    try:
        text = client_text(client.partition("%")[0])
    except ValueError:
        return ""
    if ":" not in text:
        return text
    return str(ip_network((text, 64), strict=False))
