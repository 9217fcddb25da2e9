"""P62: the events of a rewriter. Squid writes the acl's events itself, of notes that a rewriter cannot give it; so the
helper in SquidGuard's place writes its own, in the same lines.

A batch of answers is one write, and it is done before the first of them goes out. Where the disk takes none, nothing
but the help sites is open: traffic that nobody can trace is what the school promised not to have.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from drystone.engine.eventlog.event import to_ms
from drystone.engine.filtering import Action, Level, LiveFilter, Verdict
from drystone.gateway.squid.answers import GATEWAY, UNDECIDED, Answer, Answers, Asker, Door, Party
from drystone.gateway.squid.events import FROM, LONGEST_PATH, PLACE, WHAT, EventWords, is_plain

RETRY_S = 5.0  # between two attempts at a disk that is full
UNRECORDED = Verdict(
    Action.BLOCK, "The filter's log cannot be written, so the page stays closed.", rule="gateway:log", level=GATEWAY
)


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
        self._words = EventWords(live, gateway=gateway, school=school)
        self._lines = lines
        self._alarm = alarm
        self._retry_at = 0.0

    def line(self, answer: Answer) -> bytes:
        """The line of one event but for its beginning: kind, id and time."""
        asker = answer.asker
        decision = self._words.decision(answer.verdict, asker.profile, answer.host)
        fields = self._words.fields(decision, who=asker.who, client=asker.client, path=answer.path, device=asker.device)
        return "\t".join([*fields[FROM], *fields[PLACE], *fields[WHAT], "-\n"]).encode("ascii")

    def origin(self, asker: Asker) -> bytes:
        """The part of a line that tells who asked."""
        decision = self._words.decision(UNDECIDED, asker.profile, "")
        fields = self._words.fields(decision, who=asker.who, client=asker.client)
        return ("\t".join(fields[FROM]) + "\t").encode("ascii")

    def end(self, party: Party, verdict: Verdict) -> bytes:
        """The part that tells what was answered."""
        known = party.ends.get(id(verdict))
        if known is None:
            fields = self._words.fields(self._words.decision(verdict, party.profile, ""))
            known = party.ends[id(verdict)] = (verdict, "\t".join(["", *fields[WHAT], "-\n"]).encode("ascii"))
        return known[1]

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
        add, head = out.append, self._head
        for line in lines:
            url, _, who = line.partition(b" ")  # as split_line, without its price: this is done for every request
            if url.isdigit():
                add(url)
                add(b" ")
                url, _, who = who.partition(b" ")
            asker = people.get(who) or self._asker(who)
            answer = asker.answers.get(url)
            if answer is None:
                add(self._work_out(url, asker))
            else:
                out += (answer, asker.tail)
                records += (head, asker.origin or self._origin(asker), asker.party.events[url])
        return b"".join(out) if self._recorder.write(b"".join(records)) else self._closed(lines)

    def _alone(self, answer: Answer) -> bytes:
        self._records += (self._head, self._recorder.line(answer))
        return super()._alone(answer)

    def _may_keep(self, asker: Asker, verdict: Verdict, host: str, path: str, url: bytes) -> bool:
        """P13: the line of a visit to help names nobody, so it is put together each time; as is one of an odd URL."""
        if verdict.level == Level.HELP or len(path) > LONGEST_PATH or not is_plain(host + path):
            self._records += (self._head, self._recorder.line(Answer(asker, verdict, host, path, url)))
            return False
        event = f"{host or '-'}\t{path or '-'}\t-".encode("ascii") + self._recorder.end(asker.party, verdict)
        asker.party.events[url] = event
        self._records += (self._head, asker.origin or self._origin(asker), event)
        return True

    def _origin(self, asker: Asker) -> bytes:
        asker.origin = self._recorder.origin(asker)
        return asker.origin

    def _closed(self, lines: list[bytes]) -> bytes:
        """Nothing but help, and nothing kept."""
        out: list[bytes] = []
        for line in lines:
            channel, url, who = split_line(line)
            asker = self._asker(who)
            verdict, host, path = self._decide(url, asker)
            shared = None
            if verdict.level == Level.HELP:
                shared = self._door.shared(asker.party, verdict, host, path, url)
            else:
                verdict = UNRECORDED
            own = Answer(asker, verdict, host, path, url)
            out += (channel, self._door.own(own) if shared is None else shared + asker.tail)
        return b"".join(out)
