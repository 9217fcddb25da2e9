"""The permission matrix as the guide prints it (docs/guide/who-may-what.md)."""

from __future__ import annotations

from collections.abc import Mapping

from drystone.registers.school.access import Reach, reaches
from drystone.registers.school.models import Role

BEGIN, END = "<!-- matrix: begins; written by `drystone manage who_may_what --write` -->", "<!-- matrix: ends -->"


def table(permissions: Mapping[str, Mapping[Role, Reach]] | None = None) -> str:
    """A Markdown table: a line a permission, in the order of permissions.yaml, and how far it goes for each role."""
    lines = ["| permission | who has it |", "|---|---|"]
    for name, roles in (permissions or reaches()).items():
        holders = ", ".join(_holder(role, roles[role]) for role in Role if role in roles)
        lines.append(f"| `{name}` | {holders} |")
    return "\n".join(lines)


def _holder(role: Role, reach: Reach) -> str:
    return role.label if reach == Reach.SCHOOL else f"{role.label} ({reach.words})"


def within(page: str) -> str:
    """The page with its table renewed. ValueError when the marks are not there."""
    head, begins, rest = page.partition(BEGIN)
    _, ends, tail = rest.partition(END)
    if not begins or not ends:
        raise ValueError("the page has no place for the table: the two marks are missing")
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"
