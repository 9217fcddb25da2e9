"""Where the block page is shown on HTTPS: only where the devices trust the school's certificate.

P35: off until somebody who has installed the certificate says so, and off again when in doubt: then a blocked
connection is refused, which is as safe and merely says less. It stands in `https-pages.json` beside `current`, as
the overlay does, so that it acts within seconds and the gateway needs no database for it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

FORMAT = 1
FILE_NAME = "https-pages.json"


class HttpsPagesError(Exception):
    """The file cannot be read: nothing is decrypted until it can."""


@dataclass(frozen=True, slots=True)
class HttpsPages:
    """`zones` are their keys in the bundle. `everywhere` includes clients in no zone."""

    everywhere: bool = False
    zones: frozenset[str] = field(default_factory=frozenset)

    def shown_in(self, zone: str) -> bool:
        return self.everywhere or (bool(zone) and zone in self.zones)

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.zones)


def write_https_pages(folder: Path, pages: HttpsPages) -> None:
    """Whole or not at all. `folder` is that of the school's bundles. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {"format": FORMAT, "everywhere": pages.everywhere, "zones": sorted(pages.zones)}
    beside = folder / f".{FILE_NAME}.{os.getpid()}"
    beside.write_text(json.dumps(data) + "\n", encoding="utf-8")
    beside.replace(folder / FILE_NAME)


def read_https_pages(folder: Path) -> HttpsPages:
    """Without a file: nowhere. Raises HttpsPagesError."""
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return HttpsPages()
    except (OSError, ValueError) as error:
        raise HttpsPagesError(f"{path} cannot be read ({error}): save the page Certificate once more") from None
    match data:
        case {"format": 1, "everywhere": bool(everywhere), "zones": [*zones]} if all(
            isinstance(zone, str) for zone in zones
        ):
            return HttpsPages(everywhere, frozenset(zones))
        case _:
            raise HttpsPagesError(f"{path} is of another format: save the page Certificate once more")
