"""Asks the engine and writes the event: no answer leaves before its evidence is on its way to disk.

Fails closed: when the engine cannot decide, or the event cannot be written, the request is blocked.
Only the help sites stay open when the disk is full: a child in need does not wait for a technician.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from time import monotonic
from typing import NamedTuple
from zoneinfo import ZoneInfo

from drystone.engine.eventlog import Event, SegmentWriter, event_from, format_bytes, format_event, new_id
from drystone.engine.eventlog.event import without_traces
from drystone.engine.filtering import LiveFilter, parse_request, read_check
from drystone.engine.filtering.help import is_help
from drystone.engine.filtering.request import Action, Decision, Level, Request

GATEWAY = "gateway"  # level of what the door itself refuses, whatever the rules say
UNDECIDED = "gateway:undecided"
NO_EVIDENCE = "gateway:no-evidence"
SELF_TEST = "self-test"  # device of an event that the filter's own test made
RETRY_SECONDS = 0.25  # a full disk is not asked again for every request


class SchoolOnPage(NamedTuple):
    """What a page tells of the school whose bundle is in force."""

    name: str
    timezone: tzinfo
    categories: Mapping[str, str]  # slug to plain words
    web: str = ""  # where the school's own pages are, for requests to review a block
    key: bytes = b""  # signs what the block page hands them


@dataclass(frozen=True, slots=True)
class Verdict:
    """A request and what was decided on it. `event` is None until it is recorded."""

    request: Request
    decision: Decision
    device: str = ""
    help: bool = False  # a help site: whatever becomes of it, its event tells nothing of who asked
    event: Event | None = None

    @property
    def blocked(self) -> bool:
        return self.decision.blocked

    @property
    def failed(self) -> bool:
        """Blocked because we could not do our work, not because of a rule."""
        return self.decision.rule in (UNDECIDED, NO_EVIDENCE)


class Judge:
    def __init__(
        self,
        live: LiveFilter,
        segments: SegmentWriter,
        *,
        gateway: str,
        check_key: Path,
        web: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._live = live
        self._segments = segments
        self._gateway = gateway
        self._check_key_file = check_key
        self._web = web
        self._check_key = b""
        self._clock = clock
        self._retry_at = 0.0
        self._said = ""
        self.decisions = 0
        self.blocked = 0
        self.errors = 0

    @property
    def edition(self) -> str:
        return self._live.edition

    @property
    def school(self) -> str:
        return self._live.school

    @property
    def trouble(self) -> str:
        """What is wrong with the bundle in force, for the status file."""
        return self._live.trouble

    @property
    def on_page(self) -> SchoolOnPage:
        bundle = self._live.bundle
        if bundle is None:
            return SchoolOnPage("", UTC, {})
        return SchoolOnPage(
            bundle.school_name, ZoneInfo(bundle.timezone), bundle.categories, self._web, self._check_key
        )

    def refresh(self) -> None:
        """Takes up a new bundle, overlay or self-test key. Never raises: what worked goes on working."""
        try:
            self._live.refresh()
        except Exception as error:
            self._say(f"the filter's bundle could not be read again: {error}")
        try:
            self._check_key = self._check_key_file.read_bytes()
        except OSError:
            self._check_key = b""  # no self-tests without a key

    def verifier_of(self, user: str) -> str:
        """P62: what tells the proxy password of a sign-on name, or ""."""
        return self._live.verifier_of(user)

    @property
    def has_passwords(self) -> bool:
        """Whether anybody has a proxy password here."""
        return bool(self._live.overlay and self._live.overlay.verifiers)

    def decide(self, url: str, *, client: str, method: str, check: str = "", user: str = "") -> Verdict:
        """The engine's decision, not recorded yet. `user` is a sign-on name that was proved. Never raises: in doubt
        the request is blocked."""
        self.decisions += 1
        at, device = self._clock(), ""
        if check and (tested := read_check(self._check_key, check, at)) is not None:
            client, user, device = tested, "", SELF_TEST
        request = Request("", client, at, user=user, method=method)
        try:
            request = parse_request(url, client=client, user=user, at=at, method=method)
            decision = self._live.decide(request)
            return Verdict(request, decision, device, help=decision.level == Level.HELP)
        except Exception as error:
            self.errors += 1
            self._say(f"the filter could not decide: {type(error).__name__}: {error}")
            return Verdict(request, _undecided(request, self._live.school), device, help=is_help(request.host))

    @property
    def standing(self) -> tuple[object, ...]:
        """Another one whenever the same request could be decided otherwise than before."""
        at = self._clock()
        return self._live.generation, self._live.moment(at), self._live.profiles_stand(at)

    def stands(self, verdict: Verdict) -> bool:
        """Whether what was opened would be opened now, and at the same place. A block is recorded. Never raises."""
        request = replace(verdict.request, at=self._clock())
        try:
            decision = self._live.decide(request)
        except Exception as error:
            self.errors += 1
            self._say(f"the filter could not decide: {type(error).__name__}: {error}")
            decision = _undecided(request, self._live.school)
        if decision.blocked:
            self.record(Verdict(request, decision, verdict.device, verdict.help))
            return False
        return decision.safe_host == verdict.decision.safe_host

    def record(self, verdict: Verdict) -> Verdict:
        """Writes the event, and only then may an answer go out. Without it the answer is a block."""
        decision = verdict.decision
        if decision.blocked:
            self.blocked += 1
        event = event_from(decision, verdict.request, gateway=self._gateway, id=new_id(), device=verdict.device)
        if verdict.help:
            event = without_traces(event)
        if self._write(format_event(event)):
            return replace(verdict, event=event)
        if verdict.help or decision.blocked:
            return verdict
        self.blocked += 1
        return replace(verdict, decision=_without_evidence(decision))

    def refuse(self, verdict: Verdict, rule: str, reason: str) -> Verdict:
        """The same request, refused by the door itself; to be recorded in its turn."""
        refused = replace(
            verdict.decision,
            action=Action.BLOCK,
            reason=reason,
            rule=f"{GATEWAY}:{rule}",
            level=GATEWAY,
            category="",
            list="",
            safe_host="",
        )
        return replace(verdict, decision=refused, event=None)

    def sent(self, verdict: Verdict, count: int) -> None:
        """How much went to the client, once it is known."""
        if verdict.event is not None and count:
            self._write(format_bytes(verdict.event, count))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._segments.close()

    def _write(self, line: bytes) -> bool:
        if self._retry_at and monotonic() < self._retry_at:
            return False
        try:
            self._segments.append(line)
        except OSError as error:
            self.errors += 1
            self._retry_at = monotonic() + RETRY_SECONDS
            self._say(f"events cannot be written ({error.strerror or error}): all but the help sites is blocked")
            return False
        if self._retry_at:
            self._retry_at = 0.0
            self._say("events are written again")
        return True

    def _say(self, message: str) -> None:
        """One line for the log, and not the same one a thousand times."""
        if message != self._said:
            self._said = message
            print(f"drystone proxy {self._gateway}: {message}", file=sys.stderr, flush=True)


def _undecided(request: Request, school: str) -> Decision:
    return Decision(
        action=Action.BLOCK,
        reason="The filter could not decide, so the page stays closed.",
        host=request.host,
        rule=UNDECIDED,
        level=GATEWAY,
        school=school,
    )


def _without_evidence(decision: Decision) -> Decision:
    return replace(
        decision,
        action=Action.BLOCK,
        reason="The filter cannot keep its record just now, so pages stay closed.",
        category="",
        rule=NO_EVIDENCE,
        level=GATEWAY,
        safe_host="",
    )
