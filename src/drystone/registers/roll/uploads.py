"""Files of the roll that somebody sent: kept while they are needed, and no longer.

They hold the names, birthdays and addresses of a whole school, so nobody but Drystone's own user reads them.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from drystone.engine.roll.opened import LARGEST
from drystone.registers.school.services.changes import Refused

KEPT_FOR = timedelta(days=7)  # a file that somebody sent and never came back to
MOST_FILES = 40
LONGEST_NAME = 120
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that the same files make the same archive


def names_of(files: Sequence[UploadedFile[Any]]) -> list[str]:
    """What is sent, by name. Raises Refused for what is no roll whatever it holds."""
    names = [_plain(file.name or "") for file in files]
    if len(files) > MOST_FILES:
        raise Refused(f"Choose {MOST_FILES} files at most", field="upload")
    if sum(file.size or 0 for file in files) > LARGEST:
        raise Refused(f"The file is larger than {LARGEST // 1024**2} MB. Export the roll alone", field="upload")
    if len({name.casefold() for name in names}) < len(names):
        raise Refused("Two of the files have the same name", field="upload")
    if empty := next((name for name, file in zip(names, files, strict=True) if not file.size), None):
        raise Refused(f"“{empty}” is empty. Export it again", field="upload")
    if len(names) > 1 and (other := next((name for name in names if not name.lower().endswith(".csv")), None)):
        raise Refused(f"“{other}” is not a CSV file. Choose one file, or all CSV files of OneRoster", field="upload")
    return names


def keep(files: Sequence[UploadedFile[Any]], to: Path) -> None:
    """Writes the one file; several become an archive, as OneRoster knows it. Raises Refused, and then keeps nothing."""
    names = names_of(files)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.parent.chmod(0o700)
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            if len(files) == 1:
                for block in files[0].chunks():
                    out.write(block)
                return
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, file in sorted(zip(names, files, strict=True), key=lambda pair: pair[0]):
                    with archive.open(zipfile.ZipInfo(name, LONG_AGO), "w") as member:
                        for block in file.chunks():
                            member.write(block)
    except OSError as error:
        to.unlink(missing_ok=True)
        raise Refused(f"The file could not be kept on this machine: {error.strerror}", field="upload") from None


def left_behind(before: datetime) -> list[Path]:
    """Files that nobody has touched since."""
    folder: Path = settings.HOME.uploads
    files = [each for each in folder.iterdir() if each.is_file()] if folder.is_dir() else []
    return [each for each in files if each.stat().st_mtime < before.timestamp()]


def _plain(name: str) -> str:
    """The name alone, whatever path the browser sent; never one that is hidden or means another folder."""
    name = PurePosixPath(name.replace("\\", "/")).name.lstrip(".")
    plain = "".join(char for char in name if char.isprintable())
    return plain[-LONGEST_NAME:] or "file"
