"""P62: the events of a rewriter. Squid writes the acl's events itself, of notes that a rewriter cannot give it; so the
helper in SquidGuard's place writes its own, in the same lines.

A batch of answers is one write, and it is done before the first of them goes out. Where the disk takes none, nothing
but the help sites is open: traffic that nobody can trace is what the school promised not to have.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol

from drystone.engine.eventlog.event import DECISION_FIELDS, Event, event_from, format_event, to_ms
from drystone.engine.filtering import Action, Decision, Level, LiveFilter, Profile, Request, Verdict
from drystone.gateway.squid.answers import GATEWAY, UNDECIDED, Answer, Answers, Asker, Door

RETRY_S = 5.0  # between two attempts at a disk that is full
UNRECORDED = Verdict(
    Action.BLOCK, "The filter's log cannot be written, so the page stays closed.", rule="gateway:log", level=GATEWAY
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = DECISION_FIELDS.index("host") + 2  # where in a line the part begins that does not hang on who asked


def split_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    """(channel's id and its space, or b""; URL; who asks)."""
    url, _, who = line.partition(b" ")
    if not url.isdigit():
        return b"", url, who
    channel = url + b" "
    url, _, who = who.partition(b" ")
    return channel, url, who


class Lines(Protocol):
    """Where events go: eventlog.SegmentWriter."""

    def append_all(self, lines: bytes) -> None: ...


class Recorder:
    """Makes events and writes them."""

    def __init__(
        self,
        live: LiveFilter,
        lines: Lines,
        *,
        gateway: str,
        school: str = "",
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`school` stands in the events while there is no bundle to name it."""
        self._live = live
        self._lines = lines
        self._gateway = gateway
        self._school = school
        self._alarm = alarm
        self._retry_at = 0.0

    def line(self, answer: Answer) -> bytes:
        """The whole line of one event, its time left as 0."""
        asker, verdict = answer.asker, answer.verdict
        request = Request(answer.host, asker.client, _EPOCH, path=answer.path, method=asker.who.method)
        return format_event(self._event(verdict, asker.party.profile, request, asker.device))

    def write(self, lines: bytes) -> bool:
        """Whether they are on disk."""
        if self._retry_at and monotonic() < self._retry_at:
            return False
        try:
            self._lines.append_all(lines)
        except OSError as error:
            self._retry_at = monotonic() + RETRY_S
            self._alarm(f"events cannot be written ({error.strerror or error}): all but the help sites is blocked")
            return False
        if self._retry_at:
            self._retry_at = 0.0
            self._alarm("events are written again")
        return True

    def _event(self, verdict: Verdict, profile: Profile, request: Request, device: str) -> Event:
        decision = Decision(
            action=verdict.action,
            reason=verdict.reason,
            host=request.host,
            category=verdict.category,
            rule=verdict.rule,
            level=verdict.level,
            list=verdict.list,
            edition=self._live.edition,
            school=self._live.school or self._school,
            zone=profile.zone,
            group=profile.group,
            person=profile.person,
            safe_host=verdict.safe_host,
            device=profile.device,
        )
        return event_from(decision, request, gateway=self._gateway, device=device)


class RecordedAnswers(Answers):
    """Answers, each with its event. What was answered before is logged from bytes that were made then."""

    def __init__(
        self,
        live: LiveFilter,
        door: Door,
        recorder: Recorder,
        *,
        check_key: bytes = b"",
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(live, door, check_key=check_key, alarm=alarm)
        self._recorder = recorder
        self._records: list[bytes] = []
        self._head = b""

    def answer(self, lines: list[bytes]) -> bytes:
        """One answer a line, in their order. Their events are on disk, or none but help is open."""
        people, self._head = self._people, b"1\tdecision\t-\t%d\t" % to_ms(self._at)
        out: list[bytes] = []
        records = self._records = []
        add, note, head = out.append, records.append, self._head
        for line in lines:
            channel, url, who = split_line(line)
            add(channel)
            asker = people.get(who) or self._asker(who)
            answer = asker.answers.get(url)
            if answer is None:
                add(self._work_out(url, asker))
            else:
                add(answer)
                add(asker.tail)
                note(head)
                note(asker.origin or self._origin(asker))
                note(asker.party.events[url])
        return b"".join(out) if self._recorder.write(b"".join(records)) else self._closed(lines)

    def _noted(self, answer: Answer) -> bool:
        line = self._recorder.line(answer)
        self._records += (self._head, line.split(b"\t", 4)[4])
        if answer.verdict.level == Level.HELP:  # P13: its line names nobody, so it is put together each time
            return False
        answer.asker.party.events[answer.url] = b"\t".join(line.split(b"\t")[_PLACE:])
        return True

    def _origin(self, asker: Asker) -> bytes:
        line = self._recorder.line(Answer(asker, UNDECIDED, "", "", b""))
        asker.origin = b"\t".join(line.split(b"\t")[4:_PLACE]) + b"\t"
        return asker.origin

    def _closed(self, lines: list[bytes]) -> bytes:
        """Nothing but help, and nothing kept."""
        out: list[bytes] = []
        for line in lines:
            channel, url, who = split_line(line)
            asker = self._asker(who)
            answer = self._decide(url, asker)
            shared = None
            if answer.verdict.level == Level.HELP:
                shared = self._door.shared(asker.party, answer.verdict, answer.host, answer.path, url)
            else:
                answer = answer._replace(verdict=UNRECORDED)
            out += (channel, self._door.own(answer) if shared is None else shared + asker.tail)
        return b"".join(out)
