"""`drystone audit verify`: proof that nobody changed the audit trail past Drystone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.output import emit_json, fail

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Verify the audit trail."""


@app.command()
def verify(
    home: Annotated[Path, typer.Option(help="Folder that holds all state.", envvar="DRYSTONE_HOME")] = Path("var"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for other programs.")] = False,
) -> None:
    """Read every chain from its first entry; exit status 1 and the place of the first fault when one does not hold."""
    if not os.environ.get("DRYSTONE_DATABASE_URL") and not (home / "drystone.sqlite3").is_file():
        fail(f"there is no database in {home}: name the home folder with --home")
    os.environ["DRYSTONE_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
    import django
    from django.apps import apps
    from django.db import DatabaseError

    if not apps.ready:
        django.setup()
    from drystone.registers.school.models import AuditEntry
    from drystone.registers.school.services.audit import verify as faults_of

    try:
        faults = list(faults_of())
        chains = sorted(AuditEntry.objects.order_by().values_list("chain", flat=True).distinct())
        count = AuditEntry.objects.count()
    except DatabaseError as error:
        fail(f"the audit trail cannot be read ({error}): is {home} a home folder of this version?")
    if as_json:
        told = [{"chain": fault.chain, "entry": fault.seq, "what": fault.what} for fault in faults]
        emit_json({"holds": not faults, "entries": count, "chains": chains, "faults": told})
    elif not faults:
        print(f"The audit trail holds: {count:,} entries in {len(chains)} chains.")
    if not faults:
        return
    if as_json:
        raise SystemExit(1)
    more = f" ({len(faults)} faults in all)" if len(faults) > 1 else ""
    fail(f"the audit trail does not hold: chain {faults[0].chain}, entry {faults[0].seq}: {faults[0].what}{more}")
