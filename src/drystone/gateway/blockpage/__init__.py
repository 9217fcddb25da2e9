"""The page people see in place of a blocked one: a child's face and an adult's, without any outside resource.

P58: both faces say that use is monitored. All text is escaped: address and reason may be hostile. P35: where the door
gives a `ticket_url` (engine/filtering/ticket.py) the page leads to the school's own pages, to ask for a review. It is a
link and no form: a form would need `form-action`, and a browser warns of one that goes from https to http.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from drystone.engine.filtering.categories import load_categories
from drystone.engine.filtering.request import Decision, Level
from drystone.gateway.said import GENTLE, Audience, audience_of, clean, level_words

__all__ = ["Audience", "audience_of", "clean", "headers", "render", "render_trouble"]

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_text(encoding="utf-8").strip()
_PICTURES = {
    file.stem: Markup(file.read_text(encoding="utf-8").strip())  # noqa: S704 - our own files
    for file in (_HERE / "pictures").glob("*.svg")
}
_PAGES = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, auto_reload=False
)
_PAGES.globals.update(style=Markup(_STYLE), pictures=_PICTURES)  # noqa: S704 - our own file


def render(
    decision: Decision,
    *,
    url: str,
    school_name: str,
    audience: Audience | str,
    category_title: str = "",
    at: datetime | None = None,
    reference: str = "",
    ticket_url: str = "",
) -> bytes:
    """The whole page as UTF-8. `url` is what was asked for, `host:port` for a CONNECT; `at` is local time.

    `ticket_url` is the door's own, http or https; without one the page says whom to ask and has no link.
    """
    ask_url = ticket_url if ticket_url.startswith(("http://", "https://")) else ""
    category = clean(category_title or decision.category.replace("_", " ").replace("-", " ").capitalize())
    shown = {"school_name": clean(school_name), "ask_url": ask_url}
    if Audience(audience) is Audience.CHILD:
        return _page("child.html", **shown | _for_child(decision, clean(decision.host or _host_of(url)), category))
    time = at.strftime("%-d %B %Y, %H:%M:%S %Z").strip() if at else ""
    told = {"url": clean(url), "category": category, "time": time, "reference": clean(reference)}
    return _page("adult.html", **shown | told | _for_adult(decision))


def _for_child(decision: Decision, site: str, category: str) -> dict[str, object]:
    shown: dict[str, object] = {
        "face": "child",
        "heading": _child_heading(decision),
        "site": site,
        "kind": _child_kind(decision, category),
        "why": _child_why(decision),
        "gentle": decision.category in GENTLE,
        "picture": _PICTURES["asleep" if decision.level == Level.ACCESS else "wall"],
    }
    return shown | {"ask_url": ""} if decision.level == Level.MANDATORY else shown  # nobody could say yes


def _for_adult(decision: Decision) -> dict[str, object]:
    particulars = {
        name: clean(getattr(decision, name)) for name in ("reason", "rule", "list", "group", "zone", "edition")
    }
    return particulars | {
        "face": "adult",
        "heading": "This page is blocked",
        "level": level_words(decision.level),
        "mandatory": decision.level == Level.MANDATORY,
    }


def render_trouble(heading: str, sentence: str, *, school_name: str = "", advice: str = "") -> bytes:
    """A page that could not be fetched: one clear sentence, and what to do."""
    return _page(
        "trouble.html",
        face="trouble",
        heading=clean(heading),
        sentence=clean(sentence),
        school_name=clean(school_name),
        advice=clean(advice) or "Check the address, or try again in a minute.",
    )


def headers() -> dict[str, str]:
    """What goes with every page of ours: nothing runs, nothing is loaded, nothing is kept."""
    return dict(_HEADERS)


def _page(template: str, **values: object) -> bytes:
    return _PAGES.get_template(template).render(**values).encode("utf-8", "replace")


def _child_heading(decision: Decision) -> str:
    if decision.level == "gateway":
        return "This page cannot be opened"
    if decision.level == Level.ACCESS:
        return "The Internet is off for now"
    return "This page is not for school"


def _child_kind(decision: Decision, title: str) -> str:
    """Ends “It is about …” in a child's words, where the category is one of ours."""
    if decision.category in GENTLE:
        return ""
    known = load_categories().get(decision.category)
    return known.child if known else title


def _child_why(decision: Decision) -> str:
    """Only where it helps a child: the words of a rule are written for teachers."""
    if decision.level == Level.ACCESS:
        return "Your teacher can tell you why."
    if decision.level == Level.PROFILE and not decision.category:
        return "It is not on the list of pages for your class yet."
    return ""


def _host_of(url: str) -> str:
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname or url
    except ValueError:
        return url


_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
