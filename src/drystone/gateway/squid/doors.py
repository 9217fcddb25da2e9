"""How a decision is said to Squid: by an external acl, or by a rewriter as SquidGuard is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

from drystone.engine.eventlog.event import DECISION_FIELDS, event_from, format_event
from drystone.engine.filtering import Action, Decision, Level, LiveFilter, Profile, Request, Verdict
from drystone.gateway.squid.answers import UNDECIDED, Answer, Party
from drystone.gateway.squid.block_notes import BlockPage
from drystone.gateway.squid.lines import Who

# The event line in three runs of its fields, each one note: Squid reads, keeps and prints every note at a cost, and
# fourteen of them cost it more than the whole question. Id, time and bytes are Squid's own.
FROM, PLACE, WHAT = (
    slice(DECISION_FIELDS.index(first) + 2, DECISION_FIELDS.index(last) + 3)
    for first, last in (("school", "method"), ("host", "search"), ("action", "edition"))
)
_TAB = "%09"
_PLAIN = re.compile(r"[A-Za-z0-9/._~?=&:;,+@!*()\[\]-]*", re.ASCII).fullmatch  # neither encoding touches these
_LONGEST_PATH = 1_000  # characters; at worst twenty bytes each by now, and Squid takes 32 kB of answer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK = Action.BLOCK  # to look a member up in its class is slow, and this is asked for every request


class AclDoor:
    """OK is allowed; ERR is blocked, with `message=` for the error page. Both carry the event as three notes: `from_`
    (who asked, from where), `place_` (host, path, search) and `what_` (action, category, rule, level, edition).

    A note's fields are encoded as the event line wants them, and once more for the protocol: Squid undoes the second
    and prints the first as it is. P62: what the event may tell is settled in event_from, in one place."""

    def __init__(
        self, live: LiveFilter, *, gateway: str = "squid", school: str = "", page: BlockPage | None = None
    ) -> None:
        """`school` stands in the events while there is no bundle to name it."""
        self._live = live
        self._gateway = gateway
        self._school = school
        self._page = page or BlockPage(live)

    def refresh(self) -> bool:
        """As LiveFilter.refresh, of what the block page hangs on: what was kept is then forgotten."""
        changed = self._page.refresh()
        self._live.generation += changed
        return changed

    def shared(self, party: Party, verdict: Verdict, host: str, path: str, url: bytes) -> bytes | None:  # noqa: ARG002
        known = party.heads.get(id(verdict))
        head = known[1] if known else self._head(party, verdict)
        if head is None or len(path) > _LONGEST_PATH or not _PLAIN(host + path):
            return None
        ticket = self._page.ticket(self._decision(verdict, party.profile, host)) if verdict.action is _BLOCK else b""
        return head + ticket + f" place_={host or '-'}%09{path or '-'}%09-".encode("ascii")

    def tail(self, who: Who, client: str, profile: Profile) -> bytes:
        fields = self._fields(self._decision(UNDECIDED, profile, ""), Request("", client, _EPOCH, method=who.method))
        return _note("from_", fields[FROM]) + b"\n"

    def own(self, answer: Answer) -> bytes:
        asker = answer.asker
        decision = self._decision(answer.verdict, asker.party.profile, answer.host)
        request = Request(answer.host, asker.client, _EPOCH, path=answer.path[:_LONGEST_PATH], method=asker.who.method)
        fields = self._fields(decision, request, asker.device)
        said = self._say(decision, fields, connect=asker.party.connect) + self._page.ticket(decision)
        return said + _note("place_", fields[PLACE]) + _note("from_", fields[FROM]) + b"\n"

    def _head(self, party: Party, verdict: Verdict) -> bytes | None:
        """What stands before host and path; None for a visit to help, which must not name its client (P13)."""
        head = None
        if verdict.level != Level.HELP:
            decision = self._decision(verdict, party.profile, "")
            head = self._say(decision, self._fields(decision, Request("", "", _EPOCH)), connect=party.connect)
        party.keep(verdict, head)
        return head

    def _decision(self, verdict: Verdict, profile: Profile, host: str) -> Decision:
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

    def _fields(self, decision: Decision, request: Request, device: str = "") -> list[str]:
        """The fields of the event's line."""
        line = format_event(event_from(decision, request, gateway=self._gateway, device=device))
        return line.decode("ascii").rstrip("\n").split("\t")

    def _say(self, decision: Decision, fields: list[str], *, connect: bool) -> bytes:
        """The answer with all that does not hang on place and asker."""
        said = f"ERR action_={decision.action}" if decision.blocked else f"OK action_={decision.action}"
        if decision.blocked:  # what was allowed needs no words, and Squid reads every byte of every answer
            said += f" reason_={_words(decision.reason)}{self._page.notes(decision, connect=connect)}"
            said += f" category_={_words(decision.category)}" if decision.category else ""
            said += f" level_={decision.level}" if decision.level else ""
            # P62: nobody has signed on where a zone requires it; squid.conf asks for a name there (squid/signon.py)
            said += " ask_=name" if (decision.level, decision.rule) == (Level.ACCESS, "sign-on") else ""
        if decision.safe_host:
            said += f" safehost_={_words(decision.safe_host)}"
        return said.encode("ascii") + _note("what_", fields[WHAT])


def _note(name: str, fields: list[str]) -> bytes:
    return f" {name}={_TAB.join(quote(field, safe='/') for field in fields)}".encode("ascii")


def _words(value: str) -> str:
    return quote(quote(value, safe="/"), safe="/")
