"""Excel workbooks (.xlsx), read row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError  # noqa: S405 - the name of an error; nothing is parsed with it

from lxml.etree import LxmlError
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook

from drystone.engine.roll.cells import clean
from drystone.engine.roll.opened import BLOCK, open_zip
from drystone.engine.roll.values import UnreadableRoll

MOST_COLUMNS = 300
MOST_SHARED_TEXT = 64 * 1024 * 1024  # bytes: the one part of a workbook that has to be in memory whole
DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
DAMAGED = (
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
    ParseError,
    LxmlError,
    InvalidFileException,
    zipfile.BadZipFile,
)  # fmt: skip - all that openpyxl raises on a broken file


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    with open_zip(path) as archive:
        check_parts(path.name, archive)
    with path.open("rb") as stream:  # by its path openpyxl goes by the name's ending, and uploads have none
        try:
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        except DAMAGED as error:
            raise UnreadableRoll(
                f"{path.name} is a damaged workbook ({error}). Save it again as .xlsx or CSV."
            ) from None
        try:
            yield book
        finally:
            book.close()


def check_parts(name: str, archive: zipfile.ZipFile) -> None:
    """No part declares entities, with which a small file becomes a large one; no text fills the memory."""
    for member in archive.infolist():
        if not member.filename.endswith((".xml", ".rels")):
            continue
        tail = b""
        with archive.open(member) as part:
            while block := part.read(BLOCK):
                if any(doctype in tail + block for doctype in DOCTYPES):
                    raise UnreadableRoll(f"{name} is not a workbook that Excel wrote. Save it again as .xlsx or CSV.")
                if not tail and b"<sst" in block and member.file_size > MOST_SHARED_TEXT:
                    raise UnreadableRoll(f"{name} has too much text in it. Save the sheet alone as CSV.")
                tail = block[-20:]


def sheet_names(path: Path) -> tuple[str, ...]:
    with open_workbook(path) as book:
        return tuple(book.sheetnames)


def workbook_rows(path: Path, sheet: str = "") -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with its number; of the first sheet if none is named."""
    with open_workbook(path) as book:
        if sheet and sheet not in book.sheetnames:
            raise UnreadableRoll(
                f"{path.name} has no sheet “{sheet}”; it has {', '.join(book.sheetnames)}. Map it again."
            )
        try:
            page = book[sheet] if sheet else book.worksheets[0]
            page.reset_dimensions()  # what the file says of its size may be a lie
            for number, row in enumerate(page.iter_rows(max_col=MOST_COLUMNS, values_only=True), start=1):
                cells = [text_of(value) for value in row]
                if any(cells):
                    yield number, cells
        except DAMAGED as error:
            raise UnreadableRoll(
                f"{path.name} is a damaged workbook ({error}). Save it again as .xlsx or CSV."
            ) from None


def text_of(value: object) -> str:
    """A cell as text; real dates as ISO writes them, whole numbers without a point, Excel's errors as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    text = clean(str(value))
    return "" if text.startswith("#") and text.rstrip("!?").isupper() else text
