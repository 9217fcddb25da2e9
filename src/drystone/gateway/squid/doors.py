"""How a decision is said to Squid: by an external acl, or by a rewriter as SquidGuard is."""

from __future__ import annotations

from urllib.parse import quote

from drystone.engine.filtering import Action, Decision, Level, LiveFilter, Profile, Verdict
from drystone.gateway.squid.answers import UNDECIDED, Answer, Party
from drystone.gateway.squid.block_notes import BlockPage
from drystone.gateway.squid.events import FROM, LONGEST_PATH, PLACE, WHAT, EventWords, is_plain
from drystone.gateway.squid.lines import Who

_TAB = "%09"
_BLOCK = Action.BLOCK  # to look a member up in its class is slow, and this is asked for every request


class AclDoor:
    """OK is allowed; ERR is blocked, with `message=` for the error page. Both carry the event as three notes: `from_`
    (who asked, from where), `place_` (host, path, search) and `what_` (action, category, rule, level, edition): Squid
    reads, keeps and prints every note at a cost, and fourteen of them cost it more than the whole question.

    A note's fields are encoded as the event line wants them, and once more for the protocol: Squid undoes the second
    and prints the first as it is (P62)."""

    def __init__(
        self, live: LiveFilter, *, gateway: str = "squid", school: str = "", page: BlockPage | None = None
    ) -> None:
        """`school` stands in the events while there is no bundle to name it."""
        self._live = live
        self._words = EventWords(live, gateway=gateway, school=school)
        self._page = page or BlockPage(live)

    def refresh(self) -> bool:
        """As LiveFilter.refresh, of what the block page hangs on: what was kept is then forgotten."""
        changed = self._page.refresh()
        self._live.generation += changed
        return changed

    def shared(self, party: Party, verdict: Verdict, host: str, path: str, url: bytes) -> bytes | None:  # noqa: ARG002
        known = party.heads.get(id(verdict))
        head = known[1] if known else self._head(party, verdict)
        if head is None or len(path) > LONGEST_PATH or not is_plain(host + path):
            return None
        if verdict.action is _BLOCK and self._page.leads_on:
            head += self._page.ticket(self._words.decision(verdict, party.profile, host))
        return head + f" place_={host or '-'}%09{path or '-'}%09-".encode("ascii")

    def tail(self, who: Who, client: str, profile: Profile) -> bytes:
        fields = self._words.fields(self._words.decision(UNDECIDED, profile, ""), who=who, client=client)
        return _note("from_", fields[FROM]) + b"\n"

    def own(self, answer: Answer) -> bytes:
        asker = answer.asker
        decision = self._words.decision(answer.verdict, asker.profile, answer.host)
        fields = self._words.fields(decision, who=asker.who, client=asker.client, path=answer.path, device=asker.device)
        said = self._say(decision, fields, connect=asker.party.connect) + self._page.ticket(decision)
        return said + _note("place_", fields[PLACE]) + _note("from_", fields[FROM]) + b"\n"

    def _head(self, party: Party, verdict: Verdict) -> bytes | None:
        """What stands before host and path; None for a visit to help, which must not name its client (P13)."""
        head = None
        if verdict.level != Level.HELP:
            decision = self._words.decision(verdict, party.profile, "")
            head = self._say(decision, self._words.fields(decision), connect=party.connect)
        party.keep(verdict, head)
        return head

    def _say(self, decision: Decision, fields: list[str], *, connect: bool) -> bytes:
        """The answer with all that does not hang on place and asker."""
        said = f"ERR action_={decision.action}" if decision.blocked else f"OK action_={decision.action}"
        if decision.blocked:  # what was allowed needs no words, and Squid reads every byte of every answer
            said += f" reason_={_twice(decision.reason)}{self._page.notes(decision, connect=connect)}"
            said += f" category_={_twice(decision.category)}" if decision.category else ""
            said += f" level_={decision.level}" if decision.level else ""
            # P62: nobody has signed on where a zone requires it; squid.conf asks for a name there (squid/signon.py)
            said += " ask_=name" if (decision.level, decision.rule) == (Level.ACCESS, "sign-on") else ""
        if decision.safe_host:
            said += f" safehost_={_twice(decision.safe_host)}"
        return said.encode("ascii") + _note("what_", fields[WHAT])


def _note(name: str, fields: list[str]) -> bytes:
    return f" {name}={_TAB.join(quote(field, safe='/') for field in fields)}".encode("ascii")


def _twice(value: str) -> str:
    return quote(quote(value, safe="/"), safe="/")
