"""The pages that Squid shows itself: our block page, with Squid's own tokens where it must fill something in.

`%o` is the helper's message (the category in plain words, or the reason), `%H` the host; Squid escapes both. P58: the
page says that use is monitored, whichever door shows it.
"""

from __future__ import annotations

from pathlib import Path

from drystone.engine.filtering.request import Action, Decision, Level
from drystone.gateway.blockpage import Audience, headers, render, render_trouble
from drystone.gateway.squid.conf import BLOCKED_PAGE, CLOSED_PAGE, REFUSED_PAGE

# Private-use characters stand for Squid's tokens while the page is made, so that nothing else can become one.
_TOKENS = {"\ue000": "%o", "\ue001": "%H"}
_MESSAGE, _HOST = _TOKENS
_ADVICE = (
    "Ask your teacher. Did something upset you? Tell a grown-up you trust, or call Childline on 0800 1111: it is free, "
    "day and night. Grown-ups at school can see which pages are opened here, to keep you safe."
)


def write_pages(folder: Path, *, school: str) -> None:
    """Three templates for Squid's error_directory, readable by all; Squid's own errors stay Squid's."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    by_category = Decision(action=Action.BLOCK, reason=_MESSAGE, host=_HOST, level=Level.SCHOOL)
    pages = {
        BLOCKED_PAGE: render(
            by_category, url=_HOST, school_name=school, audience=Audience.CHILD, category_title=_MESSAGE
        ),
        CLOSED_PAGE: render_trouble(f"{_HOST} is not open here", _MESSAGE, school_name=school, advice=_ADVICE),
        REFUSED_PAGE: render_trouble(
            f"{_HOST} cannot be reached from here",
            "This gateway does not lead to that place or port: it is part of the school’s own network, or no website.",
            school_name=school,
            advice="If lessons need it, ask whoever looks after the network to name it.",
        ),
    }
    for name, page in pages.items():
        file = folder / name
        file.write_text(as_template(page.decode("utf-8")), encoding="utf-8")
        file.chmod(0o644)


def as_template(page: str) -> str:
    """The page in Squid's template language. Squid sends no header of ours, so the policy goes into the page."""
    policy = "; ".join(part for part in headers()["Content-Security-Policy"].split("; ") if "frame-" not in part)
    meta = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page = page.replace('<meta charset="utf-8">', meta, 1).replace("%", "%%")
    for mark, token in _TOKENS.items():
        page = page.replace(mark, token)
    return page
