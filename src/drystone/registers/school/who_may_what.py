"""The permission matrix as the guide prints it (docs/guide/who-may-what.md)."""

from __future__ import annotations

from collections.abc import Mapping

from drystone.registers.school.access import matrix
from drystone.registers.school.models import Role

BEGIN, END = "<!-- matrix: begins; written by `drystone manage who_may_what --write` -->", "<!-- matrix: ends -->"


def table(permissions: Mapping[str, frozenset[Role]] | None = None) -> str:
    """A Markdown table: a line a permission, in the order of permissions.yaml."""
    lines = ["| permission | who has it |", "|---|---|"]
    for name, roles in (permissions or matrix()).items():
        holders = ", ".join(role.label for role in Role if role in roles)
        lines.append(f"| `{name}` | {holders} |")
    return "\n".join(lines)


def within(page: str) -> str:
    """The page with its table renewed. ValueError when the marks are not there."""
    head, begins, rest = page.partition(BEGIN)
    _, ends, tail = rest.partition(END)
    if not begins or not ends:
        raise ValueError("the page has no place for the table: the two marks are missing")
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"
