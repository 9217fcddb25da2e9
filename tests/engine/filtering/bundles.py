"""What the tests of the filter share: list folders, rules, and a bundle made of both."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from drystone.engine.filtering import Bundle, Decision, Overlay, compile_bundle, parse_request, parse_rules

MONDAY_NOON = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # term, lunch
MONDAY_MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

PUPIL, OFFICE, ELSEWHERE = "10.1.0.7", "10.2.0.7", "192.0.2.7"

LISTS = {
    "gambling": {"domains": "casino.example\nbets.example\n", "urls": "mixed.example/lotto\n"},
    "games": {"domains": "games.example\nbets.example\n"},
    "chat": {"domains": "chat.example\n", "expressions": "/banner/\n"},
    "iwf": {"domains": "illegal.example\n", "urls": "www.host.example/bad\n"},
}

BASE = """
school: {name: Fellside, timezone: Europe/London}
categories:
  gambling: {lists: [gambling], title: Gambling}
  games: {lists: [games]}
  chat: {lists: [chat]}
  illegal: {lists: [iwf], mandatory: true, title: Illegal content}
groups:
  ks1: {default: block}
  ks2: {default: allow, safe_search: true, youtube: strict, name: Key Stage 2}
  staff: {default: allow}
calendar: {terms: [[2026-09-02, 2026-12-18]], holidays: [[2026-10-26, 2026-10-30]]}
zones:
  suite: {addresses: [10.1.0.0/16], group: ks2, name: ICT suite}
  office: {addresses: [10.2.0.0/16, "2001:db8:2::/48"], group: staff}
everyone_else: {group: ks1}
people:
  asmith: {group: staff, access: open}
  pupil1: {group: ks2, access: none}
  pupil2: {group: ks2, access: suspended}
schedules: {lunch: {days: mon-fri, from: "12:00", to: "13:00", in: term}}
help: [help.fellside.example]
"""


def write_lists(root: Path, lists: Mapping[str, Mapping[str, str | bytes]] = LISTS) -> Path:
    for name, files in lists.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def rules_text(*rules: str, base: str = BASE) -> str:
    return base + ("rules:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules) if rules else "")


def make_bundle(
    folder: Path,
    *rules: str,
    base: str = BASE,
    lists: Mapping[str, Mapping[str, str | bytes]] = LISTS,
    key: bytes | None = None,
) -> Bundle:
    """Each rule is written as in a rules file, without its braces; `reason` and `by` are added."""
    whole = [f"{rule}, reason: because, by: head" for rule in rules]
    out = folder / "bundles" / "current"
    compile_bundle(write_lists(folder / "lists", lists), parse_rules(rules_text(*whole, base=base)), out, key=key)
    return Bundle.open(out, key=key)


def ask(
    bundle: Bundle,
    url: str,
    *,
    client: str = PUPIL,
    user: str = "",
    at: datetime = MONDAY_NOON,
    method: str = "GET",
    overlay: Overlay | None = None,
) -> Decision:
    return bundle.decide(parse_request(url, client=client, user=user, at=at, method=method), overlay)
