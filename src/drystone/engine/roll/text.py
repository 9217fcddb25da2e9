"""Text files as spreadsheets and databases write them: which encoding, which separator, which line."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from drystone.engine.roll.cells import clean
from drystone.engine.roll.values import UnreadableRoll

BLOCK = 1 << 20
LONGEST_LINE = 1 << 20  # characters; a row of a roll has some hundreds
FIRST_LINES = 15
SEPARATORS = (",", ";", "\t", "|")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

Opener = Callable[[], BinaryIO]


def encoding_of(open_it: Opener, name: str) -> str:
    """By its mark, else UTF-8 if all of it is, else Windows-1252, which Excel's “CSV” is in Britain.

    UnreadableRoll if it is no text at all.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_it() as stream:
        block = stream.read(BLOCK)
        if marked := next((encoding for mark, encoding in BOMS if block.startswith(mark)), ""):
            return marked
        if unmarked := utf16_without_mark(block):
            return unmarked
        utf8 = True
        while block:
            if b"\0" in block:
                raise UnreadableRoll(
                    f"{name} is not a text file. Export the roll as CSV, Excel (.xlsx), CTF or OneRoster."
                )
            try:
                if utf8:
                    decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
            block = stream.read(BLOCK)
    return "utf-8" if utf8 and not decoder.getstate()[0] else "cp1252"


def utf16_without_mark(start: bytes) -> str:
    """Every other byte of Western text is 0 in UTF-16."""
    even, odd = start[0:2000:2].count(0), start[1:2000:2].count(0)
    half = max(1, len(start[:2000]) // 2)
    if odd > 0.6 * half and not even:
        return "utf-16-le"
    if even > 0.6 * half and not odd:
        return "utf-16-be"
    return ""


@contextmanager
def open_text(open_it: Opener, name: str) -> Iterator[TextIO]:
    encoding = encoding_of(open_it, name)
    with open_it() as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        yield text


def bounded_lines(text: TextIO, name: str) -> Iterator[str]:
    """Lines with their ends; never one that fills the memory. Knows where a byte is wrong."""
    number = 0
    while True:
        number += 1
        try:
            line = text.readline(LONGEST_LINE)
        except UnicodeError:
            raise UnreadableRoll(
                f"{name}, near line {number}: letters that cannot be read. Export it again as CSV in UTF-8."
            ) from None
        if not line:
            return
        if len(line) >= LONGEST_LINE and not line.endswith("\n"):
            raise UnreadableRoll(f"{name}, line {number}: the line has no end. Is this a CSV file? Export it again.")
        yield line


def separator_of(lines: list[str]) -> str:
    """Which of the usual separators the headings are apart by: the line with most of one. Quoted ones do not count."""
    bare = ["".join(line.split('"')[::2]) for line in lines]
    return max(SEPARATORS, key=lambda separator: max((line.count(separator) for line in bare), default=0))


def rows(text: TextIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it starts on; cells cleaned, empty rows left out. RFC 4180, and Excel's `sep=`."""
    lines = bounded_lines(text, name)
    first = list(itertools.islice(lines, FIRST_LINES))
    told = re.fullmatch(r"sep=(.)\s*", first[0] if first else "", re.IGNORECASE)
    skipped = 1 if told else 0
    separator = told[1] if told else separator_of(first)
    reader = csv.reader(itertools.chain(first[skipped:], lines), delimiter=separator, strict=True)
    start = 1
    try:
        for row in reader:
            cells = [clean(cell) if cell else cell for cell in row]
            if any(cells):
                yield start + skipped, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableRoll(
            f"{name}, line {start + skipped}: not a row of CSV ({error}). "
            "Is a quotation mark left open there? Export it again."
        ) from None
