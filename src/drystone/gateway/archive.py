"""Archives of lists, read as if their makers meant harm: nothing is written outside the folder given, and nothing
without limit."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from drystone.engine.filtering.lists import FILES
from drystone.engine.filtering.sources import SourceError

UNPACKED_LIMIT = 1 << 30  # bytes of what an archive holds
MEMBERS = 20_000
LONGEST_HEADER = 1 << 16
TELLING_OF_THE_NEXT = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
TAR_END = 1024  # a tar archive ends with two blocks of zeros
BLOCK = 1 << 16
BROKEN = (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
OTHER_KINDS = (b"PK", b"\x7fELF", b"%PDF", b"7z\xbc\xaf", b"Rar!")


class FetchError(SourceError):
    """One line: what could not be fetched, why, what to do."""


def unpack(archive: Path, out: Path, *, limit: int = UNPACKED_LIMIT) -> tuple[str, ...] | None:
    """The lists of a tar archive, as `out/<folder>/{domains,…}`; notes on what was left out. Raises FetchError.

    None: it is one file, for `expanded`. `out` must not exist.
    """
    try:
        with _limited(archive, limit) as stream:
            is_tar = stream.read(512)[257:262] == b"ustar"
        return _unpack_tar(archive, out, limit) if is_tar else None
    except BROKEN as error:
        raise FetchError(f"{archive.name}: the archive is damaged or cut short ({error})") from error


@contextmanager
def expanded(archive: Path, *, limit: int = UNPACKED_LIMIT) -> Iterator[Path]:
    """A text file, decompressed where it is compressed; gone afterwards. Raises FetchError for what is no list."""
    with archive.open("rb") as file:
        compressed = file.read(6).startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))
    text = archive.with_name(f"{archive.name}.text") if compressed else archive
    try:
        if compressed:
            try:
                with _limited(archive, limit) as stream, text.open("wb") as out:
                    while block := stream.read(BLOCK):
                        out.write(block)
            except BROKEN as error:
                raise FetchError(f"{archive.name}: the archive is damaged or cut short ({error})") from error
        with text.open("rb") as file:
            beginning = file.read(4096)
        if beginning.lstrip().startswith(b"<"):
            raise FetchError(f"{archive.name}: is a web page, not a list; is the address right?")
        if b"\0" in beginning or beginning.startswith(OTHER_KINDS):
            raise FetchError(f"{archive.name}: is neither a tar archive nor a list of sites")
        yield text
    finally:
        if compressed:
            text.unlink(missing_ok=True)


def _unpack_tar(archive: Path, out: Path, limit: int) -> tuple[str, ...]:
    left_out = 0
    with _limited(archive, limit) as stream:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", tarinfo=_Header) as tar:
            for count, member in enumerate(tar, 1):
                place = _safe_place(member, count)
                if member.islnk() or member.issym():
                    left_out += 1  # UT1 has links for its old names: the same list twice
                elif member.isfile() and place.name in FILES:
                    folder = out / _folder_name(place.parent.name)
                    folder.mkdir(parents=True, exist_ok=True)
                    _copy_member(tar, member, folder / place.name)
        stream.read_to_the_end()
    if not out.is_dir():
        raise FetchError(f"{archive.name}: holds no lists (a folder for each category, with {', '.join(FILES)})")
    return (f"{left_out} links in the archive were left out",) if left_out else ()


class _Header(tarfile.TarInfo):
    """A header that tells of the next one (a long name, attributes) is read into memory whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        header = super().frombuf(buf, encoding, errors)
        if header.type in TELLING_OF_THE_NEXT and header.size > LONGEST_HEADER:
            raise FetchError("the archive has a header longer than any file's name: nothing was taken from it")
        return header


def _folder_name(name: str) -> str:
    """A list's name stands in reports and records, of one line each and in UTF-8."""
    return "".join(mark if mark.isprintable() else "_" for mark in name) or "list"


def _safe_place(member: tarfile.TarInfo, count: int) -> PurePosixPath:
    """Where a member would go. One that points outside, or is a device, makes the whole archive suspect."""
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts or "\0" in member.name:
        raise FetchError(f"the archive would write outside its folder ({member.name!r}): nothing was taken from it")
    if not (member.isfile() or member.isdir() or member.islnk() or member.issym()):
        raise FetchError(f"the archive holds a device ({member.name!r}): nothing was taken from it")
    if member.issparse():  # its holes are written without a byte being read: a terabyte in one block
        raise FetchError(f"the archive holds a file with holes ({member.name!r}): nothing was taken from it")
    if count > MEMBERS:
        raise FetchError(f"the archive holds more than {MEMBERS:,} files: nothing was taken from it")
    return place


def _copy_member(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = tar.extractfile(member)
    if source is None or path.exists():
        raise FetchError(f"the archive holds {path.parent.name}/{path.name} twice: nothing was taken from it")
    with source, path.open("wb") as out:
        shutil.copyfileobj(source, out, BLOCK)


@dataclass(slots=True)
class _Meter:
    """The archive decompressed, up to a limit: a few kilobytes may unpack to more than a disk holds."""

    stream: IO[bytes]
    left: int
    tail: bytes = b""

    def read(self, size: int) -> bytes:
        block = self.stream.read(min(size, 1 << 20))
        self.left -= len(block)
        self.tail = (self.tail + block)[-TAR_END:]
        if self.left < 0:
            raise FetchError("the archive unpacks to more than lists ever need: nothing was taken from it")
        return block

    def read_to_the_end(self) -> None:
        """Checks what decompressors check last, and that the archive has its end: `tarfile` takes one cut short."""
        while self.read(BLOCK):
            pass
        if self.tail != bytes(TAR_END):
            raise EOFError("it has no end")


@contextmanager
def _limited(archive: Path, limit: int) -> Iterator[_Meter]:
    openers: tuple[tuple[bytes, Callable[[Path], object]], ...] = (
        (b"\x1f\x8b", gzip.open),
        (b"BZh", bz2.open),
        (b"\xfd7zXZ", lzma.open),
        (b"", lambda path: path.open("rb")),
    )
    with archive.open("rb") as file:
        magic = file.read(6)
    opened = next(opener for begin, opener in openers if magic.startswith(begin))(archive)
    with cast("IO[bytes]", opened) as stream:
        yield _Meter(stream, limit)
