"""P35, P14: from lines to answers, fast. What one kind of asker was told about one URL is kept as ready bytes.

Most of a school's traffic is a few thousand sites, asked for again and again by the same few groups. So an answer is
two look-ups: who asks (all that stands after the URL) leads to a table that is shared with everybody of the same
profile, and the table holds the bytes. Tables are emptied when the bundle, the overlay or the rules that hold at this
time change; who has which profile is asked afresh each second, since people sign on and are switched off at any moment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from drystone.engine.filtering import Action, LiveFilter, Profile, Verdict, read_check
from drystone.gateway.squid.lines import LONGEST_LINE, Who, read_place, read_who

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


class Asker(NamedTuple):
    """Who asks. `client` is whom the filter answers for, which a self-test may have named: then `device` says so.
    `answers` is shared with everybody of the same profile; None where nothing may be kept."""

    who: Who
    client: str
    device: str
    profile: Profile
    answers: dict[bytes, bytes] | None
    tail: bytes


class Answer(NamedTuple):
    """What a door turns into bytes."""

    asker: Asker
    verdict: Verdict
    host: str
    path: str
    url: bytes


class Door(Protocol):
    """How a decision is said: as an external acl, or as a rewriter. No bytes here have the channel id.

    `shared` is the part that all askers of one profile get, or None where each answer is its own; `tail` is what
    follows it for one asker; `own` is a whole answer. `tail` and `own` end with a newline."""

    def shared(self, answer: Answer) -> bytes | None: ...

    def tail(self, client: str) -> bytes: ...

    def own(self, answer: Answer) -> bytes: ...

    def forget(self) -> None: ...


class Answers:
    """Answers lines. Never raises for what stands in a line, and never answers what was not asked."""

    def __init__(
        self, live: LiveFilter, door: Door, *, check_key: bytes = b"", alarm: Callable[[str], None] = lambda _: None
    ) -> None:
        self._live = live
        self._door = door
        self._check_key = check_key
        self._alarm = alarm
        self._people: dict[bytes, Asker] = {}
        self._read: dict[bytes, Who] = {}
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
            asker = people.get(who) or self._asker(who)
            if asker.answers is not None:
                answer = asker.answers.get(url)
                if answer is not None:
                    add(answer)
                    add(asker.tail)
                    continue
            add(self._work_out(url, asker))
        return b"".join(out)

    def _work_out(self, url: bytes, asker: Asker) -> bytes:
        if len(url) > LONGEST_LINE:
            return self._door.own(Answer(asker, UNREADABLE, "", "", b""))
        try:
            host, path = read_place(url, connect=asker.who.method == "CONNECT")
        except Exception as error:  # one odd URL must not end the helper: Squid gives up when they die too fast
            self._alarm(f"the filter could not read a request: {type(error).__name__}")
            return self._door.own(Answer(asker, UNREADABLE, "", "", url))
        answer = Answer(asker, self._verdict(asker, host, path), host, path, url)
        shared = self._door.shared(answer)
        if shared is None:
            return self._door.own(answer)
        if asker.answers is not None and len(url) <= LONGEST_KEPT and answer.verdict is not UNDECIDED:
            if self._kept >= MOST_ANSWERS:
                self._forget()
            else:
                asker.answers[url] = shared
                self._kept += 1
        return shared + asker.tail

    def _verdict(self, asker: Asker, host: str, path: str) -> Verdict:
        """In doubt the request is blocked: a client without an address, an engine that fails."""
        if not asker.client:
            return UNREADABLE
        try:
            return self._live.verdict(host, path, asker.profile, self._moment)
        except Exception as error:
            self._alarm(f"the filter could not decide: {type(error).__name__}: {error}")
            return UNDECIDED

    def _asker(self, raw: bytes) -> Asker:
        """Reads who asks, and keeps it for this second. A self-test, signed for a minute, is read each time."""
        if len(raw) > LONGEST_LINE:
            return Asker(Who(), "", "", NOBODY, None, self._door.tail(""))
        who = self._read.get(raw) or read_who(raw)
        tested = read_check(self._check_key, who.check, self._at) if who.check and self._check_key else None
        client, user = (tested, "") if tested else (who.client, who.user)
        profile = self._profile(client, user)
        tail = self._door.tail(client)
        if tested:
            return Asker(who, client, SELF_TEST, profile, None, tail)
        if len(self._people) >= MOST_PEOPLE:
            self._people.clear()
        if len(self._read) >= MOST_PEOPLE:
            self._read.clear()
        self._read[raw] = who
        # The same text is another URL in a CONNECT: `a.example/b` there is a host that cannot be read.
        alike = (profile.number, profile.zone, profile.group, profile.person, who.method == "CONNECT")
        table = self._tables.setdefault(alike, {}) if client and profile is not NOBODY else None
        asker = self._people[raw] = Asker(who, client, "", profile, table, tail)
        return asker

    def _profile(self, client: str, user: str) -> Profile:
        try:
            return self._live.profile_for(client, user, self._at) if client else NOBODY
        except Exception as error:
            self._alarm(f"the filter could not tell who asks: {type(error).__name__}: {error}")
            return NOBODY

    def _forget(self) -> None:
        self._people.clear()
        for table in self._tables.values():
            table.clear()  # askers of the batch at hand still hold them
        self._tables.clear()
        self._door.forget()
        self._kept = 0
