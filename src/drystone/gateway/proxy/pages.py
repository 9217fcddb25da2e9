"""What the proxy itself answers with: the block page, one clear sentence for trouble, its own page and PAC file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from drystone.engine.filtering.request import Decision
from drystone.engine.filtering.ticket import ticket_url
from drystone.gateway import blockpage
from drystone.gateway.pac import MIME, pac_script
from drystone.gateway.proxy.headers import DECISION, Fields
from drystone.gateway.proxy.judge import SchoolOnPage, Verdict

HEADINGS = {
    400: "The request cannot be read",
    403: "That is not open",
    404: "There is no such page here",
    405: "That is not possible here",
    408: "That took too long",
    414: "The address is too long",
    431: "The request is too long",
    501: "That is not possible here",
    502: "The site cannot be reached",
    503: "The filter is busy",
    504: "The site did not answer",
    505: "That is not possible here",
}
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
HTML: Fields = [(name.lower().encode(), value.encode()) for name, value in blockpage.headers().items()]


class Page(NamedTuple):
    body: bytes
    fields: Fields


def blocked(verdict: Verdict, url: str, school: SchoolOnPage) -> Page:
    decision = verdict.decision
    local: datetime = verdict.request.at.astimezone(school.timezone)
    body = blockpage.render(
        decision,
        url=url,
        school_name=school.name,
        audience=blockpage.audience_of(decision.group),
        category_title=school.categories.get(decision.category, ""),
        at=local,
        reference=verdict.event.id if verdict.event else "",
        ticket_url=ticket_url(school.web, school.key, decision, verdict.request.at),
    )
    return Page(body, [*HTML, (DECISION, decision_value(decision))])


def trouble(status: int, sentence: str, verdict: Verdict | None = None) -> Page:
    body = blockpage.render_trouble(HEADINGS.get(status, "That did not work"), sentence)
    fields = [*HTML, (DECISION, decision_value(verdict.decision))] if verdict else list(HTML)
    return Page(body, fields)


def decision_value(decision: Decision) -> bytes:
    """`block; category=gambling; rule=school-1; level=school; edition=…`, for programs and self-tests."""
    parts = [str(decision.action)]
    for name in ("category", "rule", "level", "zone", "group", "edition"):
        if value := str(getattr(decision, name)):
            parts.append(f"{name}={quote(value, safe=':-._~/')}")
    return "; ".join(parts).encode("ascii")


def own(path: str, host: bytes, web: str) -> tuple[int, Page]:
    """Asked as a web server, the proxy says what it is, gives the PAC file, and nothing else."""
    match path.partition("?")[0]:
        case "/":
            return 200, _about(web)
        case "/proxy.pac" | "/wpad.dat":
            return _pac(host, web)
        case _:
            return 404, trouble(
                404, "This is Drystone, a school's web filter. Pages are fetched through it, not from it."
            )


def _about(web: str) -> Page:
    sentence = "This is Drystone, a school's web filter, and it is working."
    advice = "Set a browser's proxy to this address, or its automatic configuration to /proxy.pac."
    if web:
        advice += f" The school's own pages are at {web}."
    return Page(blockpage.render_trouble("Drystone", sentence, advice=advice), list(HTML))


def _pac(host: bytes, web: str) -> tuple[int, Page]:
    """Names this proxy by the name the client used for it. Never says DIRECT for the Internet: that would be open.
    The school's own pages are fetched directly, since block pages lead there and the proxy refuses inside addresses."""
    name = host.decode("latin-1")
    if not _HOST.fullmatch(name):
        return 400, trouble(400, "The request names no host that a browser could be sent to.")
    near = ["127.0.0.1", "[::1]", *filter(None, [urlsplit(web).hostname])]
    fields: Fields = [
        (b"content-type", MIME.encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return 200, Page(pac_script([name], near).encode("ascii"), fields)
