"""`drystone gateway ca`: the certificate of the HTTPS block page, on the machine that holds its key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.output import emit_json, fail
from drystone.engine.certificates import (
    AuthorityError,
    PublicCertificate,
    discard_next,
    ensure_authority,
    needs_renewal,
    prepare_next,
    read_certificates,
    switch_authority,
)
from drystone.engine.home import Home

WORDS = {"ca": "in use", "next": "the next one", "old": "no longer used"}


def ca(
    home: Annotated[Path, typer.Option("--home", help="Folder that holds all state.")] = Path("var"),
    out: Annotated[Path | None, typer.Option(help="Also write the certificate in use to this file, as PEM.")] = None,
    make_next: Annotated[
        bool, typer.Option("--next", help="Make the next certificate, to bring to devices while this one works.")
    ] = False,
    change: Annotated[
        bool, typer.Option("--change", help="Change to the next certificate; the old key is destroyed.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop-next", help="Throw the next certificate away.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a certificate.")] = False,
) -> None:
    """Show the certificate of the HTTPS block page and its fingerprints; made when there is none."""
    if make_next + change + drop > 1:
        fail("give one of --next, --change and --drop-next", code=2)
    folder, now = Home(home).ca, datetime.now(UTC)
    try:
        ensure_authority(folder, at=now)
        if make_next:
            prepare_next(folder, at=now)
        if change:
            switch_authority(folder)
        if drop:
            discard_next(folder)
    except AuthorityError as error:
        fail(str(error))
    found = read_certificates(folder)
    if out is not None:
        out.write_bytes(found[0].pem)
    for one in found:
        if as_json:
            emit_json(_as_data(one))
        else:
            _tell(one, now)


def _as_data(one: PublicCertificate) -> dict[str, str]:
    return {
        "which": one.which,
        "name": one.name,
        "sha256": one.sha256,
        "sha1": one.sha1,
        "ends": one.ends.isoformat(timespec="seconds"),
    }


def _tell(one: PublicCertificate, now: datetime) -> None:
    print(f"{one.name} ({WORDS[one.which]})")
    print(f"  SHA-256  {one.sha256}")
    print(f"  SHA-1    {one.sha1}")
    print(f"  until    {one.ends:%-d %B %Y}")
    if one.which == "ca" and needs_renewal(one, at=now):
        print("  It ends soon: make the next one with --next, bring it to the devices, then --change.")
