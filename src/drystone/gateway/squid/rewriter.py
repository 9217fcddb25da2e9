"""The rewriter that takes SquidGuard's place in Squid, without its emergency mode (P35).

A blocked request leads to a page: the one that its rule, category or group names in the rules file, else the
helper's own. SquidGuard's addresses of pages are taken as they are, tokens and status included; where the answers
differ on purpose, docs/squidguard.md says so and a test holds it."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, quote_from_bytes

from drystone.engine.filtering import Action, Profile, Verdict
from drystone.gateway.squid.answers import Answer, Party
from drystone.gateway.squid.lines import Who

DEFAULT_REDIRECT = "http://blocked.drystone.invalid/?category=%t&group=%s&url=%u"
_BLOCK = Action.BLOCK  # to look a member up in its class is slow, and this is asked for every request
_LONGEST_URL = 2_000  # bytes of a URL that go into the address of a page
_STATUS = re.compile(r"(30[12378]):(.*)", re.DOTALL)
_PLAIN_HTTP = re.compile(rb"(?i:http)://[^/?#]*([^#]*).*", re.DOTALL).fullmatch
_TOKEN = re.compile(r"%(.)", re.DOTALL)
_OF_ASKER, _OF_URL = frozenset("ani"), frozenset("upf")
# What stands in a token as it is. Not & and ; and #, which end a parameter, nor %, + and ", which would be read as
# something else: so no URL can forge what comes after it, or end the answer.
_SAFE = ":/?=@,!$()*~[]"
_WHOLE = ":/?#[]@!$&'()*+,;=%~"  # of a whole address: a quote or a newline cannot leave its place


class RewriterDoor:
    """ERR leaves the request as it is; OK leads it to a page. A search engine's CONNECT is led to its safe host, which
    SquidGuard's `rew` cannot do, and its plain HTTP to HTTPS. Where Squid decrypts, what is inside is left as it is."""

    def __init__(self, *, redirect: str = DEFAULT_REDIRECT) -> None:
        self._redirect = redirect

    def shared(self, party: Party, verdict: Verdict, host: str, path: str, url: bytes) -> bytes | None:  # noqa: ARG002
        known = party.heads.get(id(verdict))
        if known:
            return known[1]
        if verdict.action is not _BLOCK:
            head = None if verdict.action is Action.SAFE_SEARCH else b"ERR"
        else:
            by_asker, by_url = _differs(verdict.redirect or self._redirect)
            head = None if by_asker else self._to_page(Who(), party, verdict, url)
            if by_url:  # of this URL alone, and so not of the verdict
                return head
        party.keep(verdict, head)
        return head

    def tail(self, who: Who, client: str, profile: Profile) -> bytes:  # noqa: ARG002 - the door's shape
        return b"\n"

    def own(self, answer: Answer) -> bytes:
        if answer.verdict.action is _BLOCK:
            return self._to_page(answer.asker.who, answer.asker.party, answer.verdict, answer.url) + b"\n"
        if answer.verdict.action is Action.SAFE_SEARCH and answer.asker.party.connect:
            port = answer.url.rpartition(b":")[2]
            where = f"{answer.verdict.safe_host}:{port.decode() if port.isdigit() else 443}"
            return f'OK rewrite-url="{where}"\n'.encode("ascii")
        if answer.verdict.action is Action.SAFE_SEARCH and (found := _PLAIN_HTTP(answer.url)):
            # P59: Squid would fetch the page from the engine itself; over HTTPS it comes by the safe host.
            where = f"https://{answer.host}{quote_from_bytes(found[1] or b'/', safe=_WHOLE)}"
            return f'OK status=302 url="{where}"\n'.encode("ascii")
        return b"ERR\n"

    def _to_page(self, who: Who, party: Party, verdict: Verdict, url: bytes) -> bytes:
        """As SquidGuard: with a status the browser is sent there, without one Squid fetches the page in place of the
        other. For a CONNECT it cannot, so there the browser is sent; and to the helper's own page always."""
        status, page = status_of(verdict.redirect or self._redirect)
        category = verdict.target or verdict.category or str(verdict.level) or "unreadable"
        filled = fill_redirect(page, who=who, group=party.profile.group, category=category, url=url)
        if not status and (party.connect or not verdict.redirect):
            status = "302"
        key = f"status={status} url" if status else "rewrite-url"
        return f'OK {key}="{quote(filled, safe=_WHOLE)}"'.encode("ascii")


def status_of(template: str) -> tuple[str, str]:
    """(status, page) of `302:http://…`; the status is "" where there is none."""
    found = _STATUS.fullmatch(template)
    return (found[1], found[2]) if found else ("", template)


def fill_redirect(template: str, *, who: Who, group: str, category: str, url: bytes) -> str:
    """SquidGuard's tokens: %a address, %n its name, %i user, %s source group, %t target group, %u URL, %p path and
    query, %f what follows its last `/`, %q a quota that nobody has, %%. Others stay as they are."""
    path = url.partition(b"://")[2].partition(b"/")[2]
    file = url.rpartition(b"/")[2] if b"/" in url else b""
    values = {
        "a": who.client,
        "n": quote(who.name, safe=_SAFE),
        "i": quote(who.user.lower(), safe=_SAFE),
        "s": quote(group, safe=_SAFE),
        "t": quote(category, safe=_SAFE),
        "u": quote_from_bytes(url[:_LONGEST_URL], safe=_SAFE),
        "p": quote_from_bytes(path[:_LONGEST_URL], safe=_SAFE),
        "f": quote_from_bytes(file[:_LONGEST_URL], safe=_SAFE),
        "q": "noquota",
        "%": "%",
    }
    return _TOKEN.sub(lambda found: values.get(found[1], found[0]), template)


@lru_cache(maxsize=1_000)
def _differs(template: str) -> tuple[bool, bool]:
    """Whether the page differs from one asker to the next, and from one URL to the next."""
    tokens = set(_TOKEN.findall(template))
    return not _OF_ASKER.isdisjoint(tokens), not _OF_URL.isdisjoint(tokens)
