"""P35, P14: from lines to answers, fast. What one kind of asker was told about one URL is kept as ready bytes.

Most of a school's traffic is a few thousand sites, asked for again and again by the same few groups. So an answer is
two look-ups: who asks (all that stands after the URL) leads to a table that is shared with everybody of the same
profile, and the table holds the bytes. Tables are emptied when the bundle, the overlay or the rules that hold at this
time change; who has which profile is asked afresh as soon as a session or a switch of the overlay begins or ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from drystone.engine.filtering import Action, LiveFilter, Profile, Verdict, read_check
from drystone.gateway.squid.lines import LONGEST_LINE, Who, read_place, read_who

MOST_PEOPLE = 20_000
MOST_ANSWERS = 200_000
MOST_HEADS = 5_000
LONGEST_KEPT = 512  # a URL longer than this is seldom asked for twice
SELF_TEST = "self-test"  # device of an event that the filter's own test made
GATEWAY = "gateway"  # level of what the door itself refuses
NOBODY = Profile(number=-1, holding=0, zone="", group="", person="")
UNDECIDED = Verdict(
    Action.BLOCK, "The filter could not decide, so the page stays closed.", rule="gateway:undecided", level=GATEWAY
)
UNREADABLE = Verdict(Action.BLOCK, "The request cannot be read.", rule="gateway:unreadable", level=GATEWAY)


class Party:
    """Everybody of one profile, for one kind of request: they are all answered alike.

    `answers` are the bytes for a URL; `heads` what a door says of a verdict, by its id, with the verdict itself so
    that its id stays its own; `events` and `ends` are a journal's: what it says of a URL's answer, and of a verdict. A
    class with slots, as Asker: both are read for every line, and this is the fastest."""

    __slots__ = ("answers", "connect", "ends", "events", "heads", "profile")

    def __init__(self, profile: Profile, *, connect: bool) -> None:
        self.profile = profile
        self.connect = connect
        self.answers: dict[bytes, bytes] = {}
        self.events: dict[bytes, bytes] = {}
        self.ends: dict[int, tuple[Verdict, bytes]] = {}
        self.heads: dict[int, tuple[Verdict, bytes | None]] = {}

    def keep(self, verdict: Verdict, head: bytes | None) -> None:
        if len(self.heads) >= MOST_HEADS:
            self.heads.clear()
        self.heads[id(verdict)] = (verdict, head)


class Asker:
    """Who asks. `client` is whom the filter answers for, which a self-test may have named: then `device` says so.
    `profile` is the asker's own, with a device that others of the party have not: events are made of it (P62).
    `answers` are those of the party; where not `keeps`, the party is the asker's own and they stay empty. `origin` is
    the part of a journal's lines that tells who asked, once it was needed."""

    __slots__ = ("answers", "client", "device", "keeps", "origin", "party", "profile", "tail", "who")

    def __init__(
        self, who: Who, client: str, party: Party, profile: Profile, tail: bytes, *, keeps: bool, device: str = ""
    ) -> None:
        self.who = who
        self.client = client
        self.party = party
        self.profile = profile
        self.answers = party.answers
        self.tail = tail
        self.origin = b""
        self.keeps = keeps
        self.device = device


class Answer(NamedTuple):
    """What a door says to one asker alone."""

    asker: Asker
    verdict: Verdict
    host: str
    path: str
    url: bytes


class Door(Protocol):
    """How a decision is said: as an external acl, or as a rewriter. No bytes here have the channel id.

    `shared` is the part that a whole party gets, or None where each answer is its own; `tail` is what follows it for
    one asker; `own` is a whole answer. `tail` and `own` end with a newline."""

    def shared(self, party: Party, verdict: Verdict, host: str, path: str, url: bytes) -> bytes | None: ...

    def tail(self, who: Who, client: str, profile: Profile) -> bytes: ...

    def own(self, answer: Answer) -> bytes: ...


class Answers:
    """Answers lines. Never raises for what stands in a line, and never answers what was not asked."""

    def __init__(
        self,
        live: LiveFilter,
        door: Door,
        *,
        check_key: bytes = b"",
        zone_ports: Mapping[str, str] | None = None,
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`zone_ports`: the zone of who comes by a port of its own."""
        self._zone_ports = zone_ports or {}
        self._live = live
        self._door = door
        self._check_key = check_key
        self._alarm = alarm
        self._people: dict[bytes, Asker] = {}
        self._parties: dict[tuple[int, str, str, str, bool], Party] = {}
        self.count = 0  # of all lines
        self._kept = 0
        self._generation = -1
        self._moment = 0
        self._standing = (0.0, 0.0)  # from when to when the profiles of `_people` are theirs
        self.now(
            datetime(1970, 1, 1, tzinfo=UTC)
        )  # whoever forgets to tell the time meets all rules without a schedule

    def now(self, at: datetime) -> None:
        """The time of what comes next. Called for every batch of lines, and cheap when little has passed."""
        self._at = at
        moment = self._live.moment(at)
        start, end = self._standing
        if (self._live.generation, moment) != (self._generation, self._moment):
            self._generation, self._moment = self._live.generation, moment
            self._forget()
        elif start <= at.timestamp() < end:
            return
        self._people.clear()
        self._standing = self._live.profiles_stand(at)

    def answer(self, lines: list[bytes]) -> bytes:
        """One answer a line, in their order. `lines` have no newline."""
        people = self._people
        self.count += len(lines)
        out: list[bytes] = []
        add = out.append
        for line in lines:
            url, _, who = line.partition(b" ")
            if url.isdigit():  # it is the channel's id
                add(url)
                add(b" ")
                url, _, who = who.partition(b" ")
            asker = people.get(who) or self._asker(who)
            answer = asker.answers.get(url)
            if answer is None:
                add(self._work_out(url, asker))
            else:
                add(answer)
                add(asker.tail)
        return b"".join(out)

    def _work_out(self, url: bytes, asker: Asker) -> bytes:
        verdict, host, path = self._decide(url, asker)
        party = asker.party
        # A self-test names its device, so nobody else gets the same answer; nor what is amiss at this moment.
        if asker.device or verdict is UNREADABLE or verdict is UNDECIDED:
            return self._alone(Answer(asker, verdict, host, path, url))
        shared = self._door.shared(party, verdict, host, path, url)
        if shared is None:
            return self._alone(Answer(asker, verdict, host, path, url))
        if self._may_keep(asker, verdict, host, path, url) and asker.keeps and len(url) <= LONGEST_KEPT:
            if self._kept >= MOST_ANSWERS:
                self._forget()
            else:
                asker.answers[url] = shared
                self._kept += 1
        return shared + asker.tail

    def _decide(self, url: bytes, asker: Asker) -> tuple[Verdict, str, str]:
        """(verdict, host, path), the last two "" where they cannot be read."""
        if len(url) > LONGEST_LINE:
            return UNREADABLE, "", ""
        try:
            host, path = read_place(url, connect=asker.party.connect)
        except Exception as error:  # one odd URL must not end the helper: Squid gives up when they die too fast
            self._alarm(f"the filter could not read a request: {type(error).__name__}")
            return UNREADABLE, "", ""
        return self._verdict(asker, host, path), host, path

    # For a journal to override: both are told of each answer that was worked out.

    def _alone(self, answer: Answer) -> bytes:
        """An answer that nobody else gets."""
        return self._door.own(answer)

    def _may_keep(self, asker: Asker, verdict: Verdict, host: str, path: str, url: bytes) -> bool:  # noqa: ARG002
        """Whether an answer may be kept for the next who asks."""
        return True

    def _verdict(self, asker: Asker, host: str, path: str) -> Verdict:
        """In doubt the request is blocked: a client without an address, an engine that fails."""
        if not asker.client:
            return UNREADABLE
        try:
            return self._live.verdict(host, path, asker.party.profile, self._moment)
        except Exception as error:
            self._alarm(f"the filter could not decide: {type(error).__name__}: {error}")
            return UNDECIDED

    def _asker(self, raw: bytes) -> Asker:
        """Reads who asks, and keeps it while profiles stand. A self-test, signed for a minute, is read each time."""
        if len(raw) > LONGEST_LINE:
            tail = self._door.tail(Who(), "", NOBODY)
            return Asker(Who(), "", Party(NOBODY, connect=False), NOBODY, tail, keeps=False)
        who = read_who(raw)
        tested = read_check(self._check_key, who.check, self._at) if who.check and self._check_key else None
        client, user = (tested, "") if tested else (who.client, who.user)
        profile = self._profile(client, user, "" if tested else self._zone_ports.get(who.port, ""))
        tail = self._door.tail(who, client, profile)
        connect = who.method == "CONNECT"
        if tested:
            return Asker(who, client, Party(profile, connect=connect), profile, tail, keeps=False, device=SELF_TEST)
        if len(self._people) >= MOST_PEOPLE:
            self._people.clear()
        # The same text is another URL in a CONNECT: `a.example/b` there is a host that cannot be read.
        alike = (profile.number, profile.zone, profile.group, profile.person, connect)
        keeps = bool(client) and profile is not NOBODY
        party = self._parties.get(alike) if keeps else None
        if party is None:
            party = Party(profile, connect=connect)
            if keeps:
                self._parties[alike] = party
        asker = Asker(who, client, party, profile, tail, keeps=keeps)
        if keeps or not client:  # whom the filter could not place is asked about again each time
            self._people[raw] = asker
        return asker

    def _profile(self, client: str, user: str, zone: str) -> Profile:
        try:
            return self._live.profile_for(client, user, self._at, door=zone) if client else NOBODY
        except Exception as error:
            self._alarm(f"the filter could not tell who asks: {type(error).__name__}: {error}")
            return NOBODY

    def _forget(self) -> None:
        self._people.clear()
        for party in self._parties.values():
            party.answers.clear()  # askers of the batch at hand still hold them
            party.events.clear()
            party.ends.clear()
            party.heads.clear()
        self._parties.clear()
        self._kept = 0
