"""Holds the docs against what is there: links, headings, `drystone` commands with their options, make targets, tests.

A command or a test in the docs that does not exist is worse than none. Prints each fault as file:line, and ends with
status 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import typer

from drystone.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^\s*(?:\$ )?|`(?:\.venv/bin/)?)drystone ([a-z][^`\n]*)")
MAKE = re.compile(r"(?:^\s*(?:\$ )?|`)make ([a-z]+)")
TEST = re.compile(r"`([\w/]+\.py)::(\w+)")  # below tests/, as pytest names them
FOR_EVERYONE = {"--help", "--version"}


def main() -> int:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    faults = [fault for page in pages for fault in faults_of(page)]
    for fault in faults:
        print(fault)
    print(f"{len(pages)} pages, {len(faults)} faults")
    return 1 if faults else 0


def faults_of(page: Path) -> Iterator[str]:
    fenced = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{page.relative_to(ROOT)}:{number}"
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if not fenced:
            yield from (f"{where}: {fault}" for target in LINK.findall(line) if (fault := wrong_link(page, target)))
        # Outside a fence a sentence may well begin with "make" or "drystone": only what is in backquotes is a command.
        told = line if fenced else " ".join(f"`{code}`" for code in re.findall(r"`([^`]+)`", line))
        for words in COMMAND.findall(told):
            yield from (f"{where}: {fault}" for fault in wrong_command(words))
        for file, test in TEST.findall(line):
            if test not in tests_in(file):
                yield f"{where}: tests/{file} has no {test}"
        for target in MAKE.findall(told):
            if target not in make_targets():
                yield f"{where}: there is no `make {target}`"


def wrong_link(page: Path, target: str) -> str:
    if re.match(r"[a-z]+:", target):
        return ""  # elsewhere: not ours to check, and the check needs no network
    place, _, anchor = unquote(target).partition("#")
    path = (page.parent / place).resolve() if place else page
    if not path.exists():
        return f"{target} does not exist"
    if anchor and path.suffix == ".md" and anchor not in anchors(path):
        return f"{target}: the page has no such heading"
    return ""


@cache
def anchors(page: Path) -> frozenset[str]:
    """Headings as they are addressed: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings)


def wrong_command(text: str) -> Iterator[str]:
    """Faults of `drystone …` as a page has it. Words in capitals stand for something; `a|b` are both."""
    words = re.split(r"\s+", re.sub(r"[…\[\]]|\s#.*", " ", text).strip())
    if words[0] == "manage":
        return
    if words[0] not in COMMANDS:
        yield f"there is no `drystone {words[0]}`"
        return
    try:
        commands = subcommands(words[0])
    except ModuleNotFoundError:
        yield f"`drystone {words[0]}` is named in cli/main.py and has no module"
        return
    named = words[1].split("|") if COMMANDS[words[0]].group and len(words) > 1 else [""]
    for name in named:
        if name.startswith("-"):
            name = ""
        if name not in commands:
            yield f"there is no `drystone {words[0]} {name}`"
            continue
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            if option not in commands[name] | FOR_EVERYONE:
                yield f"`{f'drystone {words[0]} {name}'.strip()}` has no option {option}"


@cache
def subcommands(name: str) -> dict[str, frozenset[str]]:
    """Options of each command below `drystone NAME`; "" is the command itself."""
    app = import_module(COMMANDS[name].module).app
    if not COMMANDS[name].group:
        return {"": options(typer.main.get_command(app))}
    group = typer.main.get_group(app)
    below = {child: options(command) for child, command in group.commands.items()}
    # Squid's helpers read their own words: they start without typer.
    helpers = dict.fromkeys(("helper", "sign-on-helper"), helper_options()) if name == "filter" else {}
    return below | {"": options(group)} | helpers


def options(command: object) -> frozenset[str]:
    parameters = getattr(command, "params", [])
    return frozenset(option for parameter in parameters for option in [*parameter.opts, *parameter.secondary_opts])


def helper_options() -> frozenset[str]:
    source = ROOT / "src" / "drystone" / "gateway" / "squid"
    return frozenset(found for file in source.rglob("*.py") for found in re.findall(r'"(--[a-z-]+)"', file.read_text()))


@cache
def tests_in(file: str) -> frozenset[str]:
    """Tests of a file below tests/; none where there is no such file."""
    path = ROOT / "tests" / file
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE))


@cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
