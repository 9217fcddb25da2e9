"""Holds every door to one school: a query that names no school, and nobody of one, is refused.

Doors are all modules of registers, oversight and site, but those that work behind them on what they are handed
(`BEHIND`). In a door `Model.objects…` must be tied to a school: by a keyword (`.filter(school=…)`, `.get(person=…)`,
`get_object_or_404(…, school=…)`), by `.of(school)`, or by only narrowing another query (`pk__in=…`, `Prefetch`,
`Exists`). A variable is followed through its function. What is of no school, or of all, says why on its line or the
line above: `# unscoped: …`. Anything that this cannot follow is refused. Prints each fault as file:line; status 1 if
any.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("registers", "oversight", "site")
BEHIND = {"migrations", "management", "models", "models.py", "services", "services.py", "tasks.py", "demo"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
NARROWS = {"filter", "get", "create", "get_or_create", "update_or_create"}
# The school itself, or a record of which a line is part and that was itself fetched within the school.
TIES = {"school", "school_id", "chain", "authority", "person", "user", "user_id", "pupil", "guardian", "school_class",
        "version", "run", "replaces"}  # fmt: skip
ONLY_NARROW = {"Prefetch", "Exists", "Subquery"}
WHY = "# unscoped: "
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    files = [file for floor in FLOORS for file in sorted((ROOT / "src/drystone" / floor).rglob("*.py"))]
    doors = [file for file in files if not BEHIND & set(file.relative_to(ROOT / "src/drystone").parts)]
    faults = [fault for file in doors for fault in faults_of(file.read_text(encoding="utf-8"), file.relative_to(ROOT))]
    for fault in faults:
        print(fault)
    print(f"{len(doors)} doors, {len(faults)} faults")
    return 1 if faults else 0


def faults_of(source: str, name: Path | str) -> Iterator[str]:
    tree, lines = ast.parse(source), source.splitlines()
    above = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if (what := unscoped(node, above)) and not says_why(lines, node.lineno):
            yield f"{name}:{node.lineno}: {what} names no school: filter by it, or say `{WHY}why`"


def unscoped(node: ast.AST, above: dict[ast.AST, ast.AST]) -> str:
    """What asks for rows of any school; "" where nothing does."""
    if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
        return "" if is_tied(node, above, frozenset()) else ast.unparse(node)
    if is_call(node, {"get_object_or_404", "get_list_or_404"}) and isinstance(node.args[0], ast.Name):
        of = node.args[0].id
        return f"{of} from its number" if of[0].isupper() and not ties(node) else ""
    return ""


def is_tied(node: ast.expr, above: dict[ast.AST, ast.AST], followed: frozenset[str]) -> bool:
    """Whether the query that begins here is tied by one of its own calls, or by what becomes of it."""
    while True:
        parent = above[node]
        if isinstance(parent, ast.Attribute):
            node = parent
        elif isinstance(parent, ast.Call) and parent.func is node:
            if isinstance(node, ast.Attribute) and narrows(node.attr, parent):
                return True
            node = parent
        else:
            return becomes_tied(parent, above, followed)


def becomes_tied(parent: ast.AST, above: dict[ast.AST, ast.AST], followed: frozenset[str]) -> bool:
    if isinstance(parent, ast.keyword):
        return (parent.arg or "").endswith("__in") or is_call(above[parent], ONLY_NARROW)
    if isinstance(parent, ast.Call):
        return is_call(parent, ONLY_NARROW) or (is_call(parent, {"get_object_or_404"}) and ties(parent))
    if not isinstance(parent, ast.Assign | ast.AnnAssign):
        return False
    targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
    where = next((up for up in ancestors(parent, above) if isinstance(up, Function)), None)
    if where is None or len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return False
    name = targets[0].id
    if name in followed:
        return True  # it grew: its other uses are looked at where it was first given
    uses = [use for use in ast.walk(where) if is_use(use, name, parent.lineno)]
    return bool(uses) and all(is_tied(use, above, followed | {name}) for use in uses)


def is_use(node: ast.AST, name: str, line: int) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) and node.lineno > line


def ancestors(node: ast.AST, above: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while (node := above.get(node)) is not None:  # type: ignore[assignment]
        yield node


def is_call(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def narrows(method: str, call: ast.Call) -> bool:
    return method == "none" or (method == "of" and bool(call.args)) or (method in NARROWS and ties(call))


def ties(call: ast.Call) -> bool:
    """Whether a keyword names a school or somebody of one, by itself or on its way: `rule__school`, `school__slug`."""
    return any(TIES & set((keyword.arg or "").split("__")) for keyword in call.keywords)


def says_why(lines: list[str], number: int) -> bool:
    here, before = lines[number - 1], lines[number - 2].strip() if number > 1 else ""
    return WHY in here or before.startswith(WHY)


if __name__ == "__main__":
    sys.exit(main())
