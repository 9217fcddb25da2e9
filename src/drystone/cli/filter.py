"""`drystone filter`: compile lists and rules into a bundle, and ask a bundle what it decides.

`drystone filter helper` goes by before this file is imported; see cli/main.py.
"""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drystone.cli.on_record import refused_rules
from drystone.cli.output import emit_json, fail
from drystone.cli.squidguard import import_squidguard
from drystone.engine.filtering import (
    Bundle,
    BundleError,
    ListError,
    Overlay,
    OverlayError,
    RulesError,
    compile_bundle,
    load_rules,
    parse_request,
)

if TYPE_CHECKING:
    from drystone.engine.filtering.build import Progress
    from drystone.engine.filtering.compile import Compiled

SHOWN = 10  # warnings and examples, before the rest is only counted

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Compile lists and rules; ask what is decided.")
KeyOption = Annotated[
    Path | None, typer.Option("--key-file", help="File with the key that people's sign-on names are hashed with.")
]


@app.command("compile")
def compile_(
    lists: Annotated[Path, typer.Argument(metavar="LISTS", help="Folder with a folder for each list.")],
    rules: Annotated[Path, typer.Option(metavar="RULES.yaml", help="The rules file.")],
    out: Annotated[Path, typer.Option(metavar="BUNDLE", help="Link to make or turn; editions are put beside it.")],
    key_file: KeyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Compile lists and rules into a bundle. If anything is wrong, the bundle in place stays at work."""
    begun = time.monotonic()
    try:
        with _progress(shown=not as_json) as progress:
            compiled = compile_bundle(
                lists,
                load_rules(rules),
                out,
                key=_key(key_file),
                by=getpass.getuser(),
                at=datetime.now(UTC),
                progress=progress,
            )
    except RulesError as error:
        refused_rules(lists, rules, error)
        fail(str(error))
    except (ListError, BundleError) as error:
        refused_rules(lists, rules, error)
        fail(str(error))
    seconds = time.monotonic() - begun
    if as_json:
        emit_json(_as_json(compiled, seconds))
    else:
        _tell(compiled, seconds)


app.command("import-squidguard")(import_squidguard)


@app.command("decide")
def decide_(
    urls: Annotated[list[str], typer.Argument(metavar="URL…", help="A URL, a host, or host:port as in CONNECT.")],
    bundle: Annotated[Path, typer.Option(metavar="BUNDLE", help="What `filter compile --out` named.")],
    client: Annotated[str, typer.Option(metavar="IP", help="Address of who asks.")],
    user: Annotated[str, typer.Option(help="Sign-on name of who asks.")] = "",
    at: Annotated[str, typer.Option(metavar="TIME", help="As 2026-11-23T12:30; left out: now.")] = "",
    key_file: KeyOption = None,
    overlay: Annotated[Path | None, typer.Option(help="The overlay; left out: overlay.json beside BUNDLE.")] = None,
) -> None:
    """What the filter decides: a line of JSON for each URL. Exits 0 whatever it is."""
    try:
        ip_address(client)
    except ValueError:
        fail(f"--client {client!r} is not an address; write it as 10.1.0.7 or 2001:db8::7", code=2)
    beside = bundle.parent / "overlay.json"
    overlay = overlay or (beside if beside.exists() else None)
    try:
        opened = Bundle.open(bundle, key=_key(key_file))
        settings = Overlay.load(overlay) if overlay else None
    except (BundleError, OverlayError) as error:
        fail(str(error))
    moment = _moment(at, opened.timezone)
    for url in urls:
        request = parse_request(url, client=client, user=user, at=moment, method=_method(url))
        emit_json({"url": url, **asdict(opened.decide(request, settings))})


def _moment(text: str, timezone: str) -> datetime:
    """A time without its zone is by the clock on the school's wall."""
    if not text:
        return datetime.now(UTC)
    from zoneinfo import ZoneInfo

    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (ValueError, OverflowError):
        fail(f"--at {text!r} is not a time; write it as 2026-11-23T12:30", code=2)


def _method(url: str) -> str:
    """`host:443` is what a browser sends for HTTPS: a CONNECT, whose path nobody sees."""
    host, _, port = url.rpartition(":")
    return "CONNECT" if host and port.isdigit() and "/" not in url else "GET"


def _key(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        key = file.read_bytes()
    except OSError as error:
        fail(f"{file}: cannot be read ({error.strerror}); name the key file of this house")
    if not key:
        fail(f"{file}: is empty; name the key file of this house")
    return key


@contextmanager
def _progress(*, shown: bool) -> Iterator[Progress | None]:
    """A bar on a terminal; nothing where another program reads."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done)

        yield show


def _as_json(compiled: Compiled, seconds: float) -> dict[str, Any]:
    return {
        "edition": compiled.edition,
        "bundle": str(compiled.link),
        "folder": str(compiled.folder),
        "seconds": round(seconds, 2),
        "counts": compiled.counts,
        "warnings": list(compiled.warnings),
        "skipped": [example for report in compiled.reports for example in report.examples],
    }


def _tell(compiled: Compiled, seconds: float) -> None:
    counts = compiled.counts
    print(
        f"{compiled.link}: edition {compiled.edition}, {counts['hosts']:,} hosts, {counts['urls']:,} URLs and "
        f"{counts['expressions']:,} expressions from {counts['lists']} lists, {counts['rules']} rules, "
        f"in {seconds:.1f} s"
    )
    print(f"{counts['lines']:,} lines read: {counts['mended']:,} mended, {counts['skipped']:,} skipped")
    examples = [f"skipped {example}" for report in compiled.reports for example in report.examples]
    said = [*compiled.warnings, *examples]
    for line in said[:SHOWN]:
        print(f"  {line}")
    if len(said) > SHOWN:
        print(f"  and {len(said) - SHOWN} more; --json gives them all")
