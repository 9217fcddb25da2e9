"""squid.conf: which page a blocked person sees. The pages themselves are written by pages.py.

The helper's notes say what is to be shown: `adult_` to staff, `ticket_` where a review can be asked for. The last name
in a `http_access deny` line picks the page, so each page is an acl of its own, asked for in this order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drystone.gateway.said import GENTLE
from drystone.gateway.squid.settings import SquidSettings


@dataclass(frozen=True, slots=True)
class PageAcl:
    """`name` is an acl of this `definition`; with all of `conditions` it shows the template `file`."""

    name: str
    definition: str
    file: str
    conditions: str = ""


def template(face: str, *, ask: bool = False) -> str:
    return f"ERR_DRYSTONE_{face.upper()}" + ("_ASK" if ask else "")


CLOSED, REFUSED = template("closed"), template("refused")
_GENTLE = " ".join(sorted(GENTLE))
_FACES = (  # face, which answers it is for, and whether one may ask for a review
    ("adult", "note adult_", True),
    ("off", "note level_ access", False),
    ("gentle", f"note category_ {_GENTLE}", True),
    ("child", "note level_ mandatory", False),
    ("child", "note category_", True),
    ("list", "note level_ profile", True),
    ("site", "note action_ block", True),
)


def _pages() -> Iterator[PageAcl]:
    """The page with the link comes first; its condition is the acl of the one without."""
    for number, (face, definition, ask) in enumerate(_FACES):
        name = f"page_{face}_{number}"
        if ask:
            yield PageAcl(f"{name}_ask", "note ticket_", template(face, ask=True), f"{name} ")
        yield PageAcl(name, definition, template(face))


PAGES = tuple(_pages())


def pages(s: SquidSettings) -> str:
    """The acls stand before `http_access` names them: see `page_acls`."""
    shown = "\n".join(f"deny_info 403:{page.file} {page.name}" for page in PAGES)
    return f"""
# -- what a blocked person sees. Over HTTPS too, where the devices trust the school's certificate. --------------
error_directory {s.out}/errors
{shown}
deny_info 403:{CLOSED} allowed
deny_info 403:{REFUSED} refuse
"""


def page_acls() -> list[str]:
    return [f"acl {page.name} {page.definition}" for page in PAGES]
