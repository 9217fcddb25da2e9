"""The event of an answer, as fields of its line: for Squid, which prints them of notes, and for the rewriter's journal.

P62, P13: what the event may tell is settled in event_from, in one place."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from drystone.engine.eventlog.event import DECISION_FIELDS, event_from, format_event, without_traces
from drystone.engine.filtering import Decision, LiveFilter, Profile, Request, Verdict
from drystone.engine.filtering.help import is_help
from drystone.gateway.squid.answers import UNDECIDED
from drystone.gateway.squid.lines import Who

# The event line in three runs of its fields; id, time and bytes are of whoever writes it.
FROM, PLACE, WHAT = (
    slice(DECISION_FIELDS.index(first) + 2, DECISION_FIELDS.index(last) + 3)
    for first, last in (("school", "method"), ("host", "search"), ("action", "edition"))
)
LONGEST_PATH = 1_000  # characters; at worst twenty bytes each where it is encoded twice, and Squid takes 32 kB
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # a time that is not told
# Neither the line's encoding nor the helper protocol's touches these.
is_plain = re.compile(r"[A-Za-z0-9/._~?=&:;,+@!*()\[\]-]*", re.ASCII).fullmatch


class EventWords:
    """Puts events into words. `school` stands in them while there is no bundle to name it."""

    def __init__(self, live: LiveFilter, *, gateway: str, school: str = "") -> None:
        self._live = live
        self._gateway = gateway
        self._school = school

    def decision(self, verdict: Verdict, profile: Profile, host: str) -> Decision:
        return Decision(
            action=verdict.action,
            reason=verdict.reason,
            host=host,
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

    def fields(
        self, decision: Decision, *, who: Who | None = None, client: str = "", path: str = "", device: str = ""
    ) -> list[str]:
        """The fields of the event's line, encoded as it wants them."""
        method = who.method if who else ""
        request = Request(decision.host, client, EPOCH, path=path[:LONGEST_PATH], method=method)
        event = event_from(decision, request, gateway=self._gateway, device=device)
        if decision.rule == UNDECIDED.rule and is_help(decision.host):  # P13: our own fault betrays nobody
            event = without_traces(event)
        line = format_event(event)
        return line.decode("ascii").rstrip("\n").split("\t")
