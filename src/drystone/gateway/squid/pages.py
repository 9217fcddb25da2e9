"""The pages that Squid shows itself: our block page, with Squid's own tokens where it must fill something in.

`%o` is the helper's message (the category in plain words, or the reason), `%H` the host, `%U` the address without its
query; Squid escapes all three. A note is printed as it is, and the helper has escaped it (block_notes.py). P58: the
page says that use is monitored, whichever door shows it.
"""

from __future__ import annotations

import json
from pathlib import Path

from drystone.engine.filtering.categories import load_categories
from drystone.engine.filtering.request import Action, Decision, Level
from drystone.gateway.blockpage import Audience, headers, render, render_trouble
from drystone.gateway.said import GENTLE
from drystone.gateway.squid.block_notes import ADULT_NOTES
from drystone.gateway.squid.conf_page import CLOSED, REFUSED, template

# Private-use characters stand for Squid's tokens while the page is made, so that nothing else can become one.
_TOKENS = {"\ue000": "%o", "\ue001": "%H", "\ue002": "%U", "\ue003": "@Squid{%{ticket_}note}"}
_MESSAGE, _HOST, _URL, _TICKET = _TOKENS
_ADULT = {name: chr(0xE010 + number) for number, name in enumerate(ADULT_NOTES)}
_TOKENS |= {mark: f"@Squid{{%'{{adult_{name}_}}note}}" for name, mark in _ADULT.items()}
_ADVICE = (
    "Ask your teacher. Did something upset you? Tell a grown-up you trust, or call Childline on 0800 1111: it is free, "
    "day and night. Grown-ups at school can see which pages are opened here, to keep you safe."
)


def write_pages(folder: Path, *, school: str, web: str) -> None:
    """Templates for Squid's error_directory, readable by all; Squid's own errors stay Squid's."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for name, page in {**_blocked(school, web), **_trouble(school)}.items():
        file = folder / name
        file.write_text(as_template(page.decode("utf-8")), encoding="utf-8")
        file.chmod(0o644)


def write_words(file: Path) -> Path:
    """What each category is about in a child's words, for the helper."""
    words = {key: category.child for key, category in load_categories().items()}
    file.write_text(json.dumps(words, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    file.chmod(0o644)
    return file


def _blocked(school: str, web: str) -> dict[str, bytes]:
    """Each face of the block page, and, where there are pages to ask on, once more with the link."""
    faces = {
        "child": (Audience.CHILD, Decision(Action.BLOCK, _MESSAGE, _HOST, level=Level.SCHOOL), _MESSAGE),
        "gentle": (Audience.CHILD, Decision(Action.BLOCK, _MESSAGE, _HOST, level=Level.SCHOOL, category=_gentle()), ""),
        "off": (Audience.CHILD, Decision(Action.BLOCK, _MESSAGE, _HOST, level=Level.ACCESS), ""),
        "list": (Audience.CHILD, Decision(Action.BLOCK, _MESSAGE, _HOST, level=Level.PROFILE), ""),
        "site": (Audience.CHILD, Decision(Action.BLOCK, _MESSAGE, _HOST, level=Level.SCHOOL), ""),
        "adult": (Audience.ADULT, _adult(), _ADULT["category"]),
    }
    pages = {}
    for face, (audience, decision, title) in faces.items():
        for ask in (False, True):
            link = f"{(web or 'http://localhost').rstrip('/')}/blocked/?t={_TICKET}" if ask else ""
            pages[template(face, ask=ask)] = render(
                decision, url=_URL, school_name=school, audience=audience, category_title=title, ticket_url=link
            )
    return pages


def _gentle() -> str:
    return min(GENTLE)


def _adult() -> Decision:
    return Decision(action=Action.BLOCK, host=_HOST, **_ADULT)


def _trouble(school: str) -> dict[str, bytes]:
    return {
        CLOSED: render_trouble(f"{_HOST} is not open here", _MESSAGE, school_name=school, advice=_ADVICE),
        REFUSED: render_trouble(
            f"{_HOST} cannot be reached from here",
            "This gateway does not lead to that place or port: it is part of the school’s own network, or no website.",
            school_name=school,
            advice="If lessons need it, ask whoever looks after the network to name it.",
        ),
    }


def as_template(page: str) -> str:
    """The page in Squid's template language. Squid sends no header of ours, so the policy goes into the page."""
    policy = "; ".join(part for part in headers()["Content-Security-Policy"].split("; ") if "frame-" not in part)
    meta = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page = page.replace('<meta charset="utf-8">', meta, 1).replace("%", "%%").replace("@Squid{", "@&#8203;Squid{")
    for mark, token in _TOKENS.items():
        page = page.replace(mark, token)
    return page
