"""P35, P14: from lines to answers, fast. What one kind of asker was told about one URL is kept as ready bytes.

Most of a school's traffic is a few thousand sites, asked for again and again by the same few groups. So an answer is
two look-ups: who asks (all that stands after the URL) leads to a table that is shared with everybody of the same
profile, and the table holds the bytes. Tables are emptied when the bundle, the overlay or the rules that hold at this
time change; who has which profile is asked afresh each second, since people sign on and are switched off at any moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from drystone.engine.filtering import Action, LiveFilter, Profile, Verdict, read_check
from drystone.engine.filtering.hosts import split_url
from drystone.gateway.squid.lines import LONGEST_LINE, Who, read_url, read_who

MOST_PEOPLE = 20_000
MOST_ANSWERS = 200_000
LONGEST_KEPT = 512  # a URL longer than this is seldom asked for twice
SELF_TEST = "self-test"  # device of an event that the filter's own test made
GATEWAY = "gateway"  # level of what the door itself refuses
NOBODY = Profile(number=-1, holding=0, zone="", group="", person="")
UNDECIDED = Verdict(
    Action.BLOCK, "The filter could not decide, so the page stays closed.", rule="gateway:undecided", level=GATEWAY
)
UNREADABLE = Verdict(Action.BLOCK, "The request cannot be read.", rule="gateway:unreadable", level=GATEWAY)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door turns into bytes. `client` is whom the filter answered for, which a self-test may have named."""

    verdict: Verdict
    profile: Profile
    host: str
    path: str
    who: Who
    client: str
    device: str
    url: bytes


class Door(Protocol):
    """How a decision is said: as an external acl, or as a rewriter. No bytes here have the channel id.

    `shared` is the part that all askers of one profile get, or None where each answer is its own; `tail` is what
    follows it for one asker; `own` is a whole answer. `tail` and `own` end with a newline."""

    def shared(self, answer: Answer) -> bytes | None: ...

    def tail(self, client: str) -> bytes: ...

    def own(self, answer: Answer) -> bytes: ...

    def forget(self) -> None: ...


# One asker: the table shared with the likes of them, and what ends each line for this one.
Known = tuple[dict[bytes, bytes], bytes]


class Answers:
    """Answers lines. Never raises for what stands in a line, and never answers what was not asked."""

    def __init__(
        self, live: LiveFilter, door: Door, *, check_key: bytes = b"", alarm: Callable[[str], None] = lambda _: None
    ) -> None:
        self._live = live
        self._door = door
        self._check_key = check_key
        self._alarm = alarm
        self._people: dict[bytes, Known] = {}
        self._tables: dict[tuple[int, str, str, str, bool], dict[bytes, bytes]] = {}
        self._kept = 0
        self._generation = -1
        self._moment = 0
        self._second = -1
        self._at = datetime(1970, 1, 1, tzinfo=UTC)

    def now(self, at: datetime) -> None:
        """The time of what comes next. Called for every batch of lines, and cheap when little has passed."""
        self._at = at
        second, moment = int(at.timestamp()), self._live.moment(at)
        if (self._live.generation, moment) != (self._generation, self._moment):
            self._generation, self._moment = self._live.generation, moment
            self._forget()
        elif second != self._second:
            self._people.clear()
        self._second = second

    def answer(self, lines: list[bytes]) -> bytes:
        """One answer a line, in their order. `lines` have no newline."""
        people = self._people
        out: list[bytes] = []
        add = out.append
        for line in lines:
            channel, _, rest = line.partition(b" ")
            if channel.isdigit():
                url, _, who = rest.partition(b" ")
                add(channel)
                add(b" ")
            else:
                url, who = channel, rest
            known = people.get(who)
            if known is not None:
                answer = known[0].get(url)
                if answer is not None:
                    add(answer)
                    add(known[1])
                    continue
            add(self._work_out(url, who))
        return b"".join(out)

    def _work_out(self, url: bytes, raw_who: bytes) -> bytes:
        if len(url) + len(raw_who) > LONGEST_LINE:
            return self._door.own(Answer(UNREADABLE, NOBODY, "", "", Who(), "", "", b""))
        who = read_who(raw_who)
        tested = read_check(self._check_key, who.check, self._at) if who.check and self._check_key else None
        host, path = split_url(read_url(url), connect=who.method == "CONNECT")
        answer = self._decided(who, tested, host, path, url)
        shared = self._door.shared(answer)
        if shared is None:
            return self._door.own(answer)
        tail = self._door.tail(answer.client)
        # A signed check holds for a minute, not for a table; an undecided one may be decided the next time.
        if len(url) <= LONGEST_KEPT and not tested and answer.verdict is not UNDECIDED:
            self._keep(url, raw_who, shared, tail, answer)
        return shared + tail

    def _decided(self, who: Who, tested: str | None, host: str, path: str, url: bytes) -> Answer:
        """In doubt the request is blocked: a client without an address, an engine that fails."""
        client, user, device = (tested, "", SELF_TEST) if tested else (who.client, who.user, "")
        verdict, profile = UNREADABLE, NOBODY
        if client:
            try:
                profile = self._live.profile_for(client, user, self._at)
                verdict = self._live.verdict(host, path, profile, self._moment)
            except Exception as error:
                self._alarm(f"the filter could not decide: {type(error).__name__}: {error}")
                verdict = UNDECIDED
        return Answer(verdict, profile, host, path, who, client, device, url)

    def _keep(self, url: bytes, raw_who: bytes, shared: bytes, tail: bytes, answer: Answer) -> None:
        if self._kept >= MOST_ANSWERS or len(self._people) >= MOST_PEOPLE:
            self._forget()
        known = self._people.get(raw_who)
        if known is None:
            p = answer.profile
            # The same text is another URL in a CONNECT: `a.example/b` there is a host that cannot be read.
            alike = (p.number, p.zone, p.group, p.person, answer.who.method == "CONNECT")
            known = self._people[raw_who] = (self._tables.setdefault(alike, {}), tail)
        known[0][url] = shared
        self._kept += 1

    def _forget(self) -> None:
        self._people.clear()
        self._tables.clear()
        self._door.forget()
        self._kept = 0
