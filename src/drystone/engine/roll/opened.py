"""Opening what somebody uploaded: how large it may be, its digest, and zip archives that try something."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drystone.engine.roll.values import UnreadableRoll

LARGEST = 500 * 1024 * 1024  # bytes, of the file and of all that it unpacks to
MOST_MEMBERS = 1_000
STEEPEST = 200  # times smaller than what it unpacks to: tables pack to a tenth or so
BLOCK = 1 << 20


def size_of(path: Path) -> int:
    """The file's size; UnreadableRoll if it is empty or too large to be a roll."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UnreadableRoll(
            f"{path.name} cannot be opened: {error.strerror}. Check its name and who may read it."
        ) from None
    if size == 0:
        raise UnreadableRoll(f"{path.name} is empty. Export it again.")
    if size > LARGEST:
        raise UnreadableRoll(
            f"{path.name} has {size // 1_000_000:,} MB; the most that is read is {LARGEST // 1024**2} MB. "
            "Export the roll alone: people and classes, without marks, pictures or history."
        )
    return size


def size_of_folder(path: Path) -> int:
    size = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    if size > LARGEST:
        raise UnreadableRoll(f"The files in {path.name} have more than {LARGEST // 1024**2} MB. Export the roll alone.")
    return size


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names, in order."""
    told = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if path.is_dir():
            if not file.is_file():
                continue
            told.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                told.update(block)
    return told.hexdigest()


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive of which no member is a bomb or has a name outside of it. Nothing of it is ever written to disk, and
    Python gives no more bytes of a member than the archive's directory announces."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(path.name, archive.infolist())
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, zipfile.LargeZipFile, EOFError, OSError, zlib.error) as error:
        raise UnreadableRoll(f"{path.name} is a damaged zip file ({error}). Make or download it again.") from None


def check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise UnreadableRoll(f"{name} has {len(members):,} files in it. Pack only the files of the roll.")
    whole = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if whole > LARGEST or whole > STEEPEST * max(packed, 4096):
        raise UnreadableRoll(f"{name} unpacks to {whole // 1_000_000:,} MB, which no roll does. Make the file again.")
    for member in members:
        parts = member.filename.replace("\\", "/").split("/")
        if member.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise UnreadableRoll(f"{name} holds a file named “{member.filename}”, outside itself. Make the file again.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableRoll(f"{name} is packed in a way that is not read. Make an ordinary zip file.")
        if member.flag_bits & 0x1:
            raise UnreadableRoll(f"{name} is locked with a password. Make it again without one.")
