"""What kind of file it is, by what is in it: names and endings are often wrong."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from drystone.engine.roll.opened import open_zip, size_of, size_of_folder
from drystone.engine.roll.values import UnreadableRoll

START = 64 * 1024


class Kind(Enum):
    CTF = "Common Transfer File"
    ONEROSTER = "OneRoster"
    CSV = "CSV"
    WORKBOOK = "Excel workbook"


# What people hand in by mistake, by its first bytes, and what to say to them.
OTHERS = (
    (b"%PDF", "a PDF. Export the roll as CSV, Excel (.xlsx), CTF or OneRoster"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel file (.xls) or one with a password. Save it as .xlsx without a password, or as CSV",
    ),
    (b"\x89PNG", "a picture. Export the roll as CSV, Excel (.xlsx), CTF or OneRoster"),
    (b"\xff\xd8\xff", "a picture. Export the roll as CSV, Excel (.xlsx), CTF or OneRoster"),
    (b"\x1f\x8b", "packed by gzip. Unpack it first"),
    (b"Rar!", "a RAR archive. Unpack it, and pack it as zip if it is OneRoster"),
    (b"7z\xbc\xaf", "a 7-Zip archive. Unpack it, and pack it as zip if it is OneRoster"),
)


def detect(path: Path) -> Kind:
    """UnreadableRoll if it is none of them, empty, or too large."""
    if path.is_dir():
        size_of_folder(path)
        return Kind.ONEROSTER
    size_of(path)
    with path.open("rb") as stream:
        start = stream.read(START)
    for mark, what in OTHERS:
        if start.startswith(mark):
            raise UnreadableRoll(f"{path.name} is {what}.")
    if start.startswith(b"PK"):
        return kind_of_zip(path)
    return kind_of_text(path.name, start)


def kind_of_zip(path: Path) -> Kind:
    with open_zip(path) as archive:
        names = [member.filename for member in archive.infolist()]
    if "xl/workbook.xml" in names:
        return Kind.WORKBOOK
    last = {name.rsplit("/", 1)[-1].lower() for name in names}
    if last & {"manifest.csv", "users.csv"}:
        return Kind.ONEROSTER
    raise UnreadableRoll(
        f"{path.name} is a zip file without a manifest.csv of OneRoster. Unpack it, and take the file within."
    )


def kind_of_text(name: str, start: bytes) -> Kind:
    # Marks of UTF-8 and UTF-16 taken off, and of UTF-16 what is ASCII in it.
    text = start.replace(b"\0", b"").decode("latin-1").lstrip("ï»¿ÿþ \t\r\n")
    if re.match(r"<(!doctype html|html|table)", text, re.IGNORECASE):
        raise UnreadableRoll(f"{name} is a web page, whatever it is called. Open it in Excel and save it as .xlsx.")
    if text.startswith("<"):
        return Kind.CTF
    if not text.strip():
        raise UnreadableRoll(f"{name} is empty. Export it again.")
    return Kind.CSV
