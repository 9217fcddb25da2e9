"""The one place that fetches lists: HTTP(S), resumed, asked for only when changed, and held against a checksum.

An archive is read as if its maker meant harm: nothing is written outside the folder given, and nothing without limit.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import http.client
import json
import lzma
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast
from urllib.parse import urljoin, urlsplit

from drystone.engine.filtering.lists import FILES

LIMIT = 2 << 30  # bytes of a download
UNPACKED_LIMIT = 1 << 30  # bytes of what it holds
MEMBERS = 20_000
TAR_END = 1024  # a tar archive ends with two blocks of zeros
BLOCK = 1 << 16
ATTEMPTS = 5
CHECKSUM_FILES = ("SHA256SUMS", "MD5SUM.LST", "MD5SUM")  # beside the archive; UT1 publishes the second

Progress = Callable[[int, int], None]  # bytes so far, and in all (0 where the server does not say)


class FetchError(Exception):
    """One line: what could not be fetched, why, what to do."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said about an edition, so that it can be asked whether there is a newer one."""

    etag: str = ""
    last_modified: str = ""

    @property
    def for_range(self) -> str:
        """If-Range takes a strong ETag or a date (RFC 9110, 13.1.5)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


@dataclass(frozen=True, slots=True)
class Fetched:
    path: Path
    validators: Validators
    sha256: str
    verified_by: str  # "" where the maker publishes no checksum


def fetch(
    url: str,
    path: Path,
    *,
    known: Validators | None = None,
    sha256: str = "",
    progress: Progress | None = None,
    timeout: float = 30,
    limit: int = LIMIT,
    pause: Callable[[float], None] = time.sleep,
) -> Fetched | None:
    """Downloads `url` to `path`; None where it is not newer than `known`. Raises FetchError.

    What has come of it when the line breaks lies in `path` + `.part`, and the next call goes on from there.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise FetchError(f"{url}: lists are fetched by http or https only")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            validators = _download(url, path, known or Validators(), progress, timeout, limit)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 or attempt == ATTEMPTS:
                raise FetchError(f"{url}: the server answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                reason = getattr(error, "reason", None) or error or type(error).__name__
                raise FetchError(f"{url}: {reason}; what has come so far is kept, try again") from error
        else:
            return None if validators is None else _verified(url, path, validators, sha256.lower(), timeout)
        pause(min(2 ** (attempt - 1), 8))
    raise AssertionError("the last attempt returns or raises")


def _download(
    url: str, path: Path, known: Validators, progress: Progress | None, timeout: float, limit: int
) -> Validators | None:
    part, notes = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.json")
    begun = _begun(url, part, notes)
    request = urllib.request.Request(url, headers={"User-Agent": "drystone-lists", "Accept-Encoding": "identity"})  # noqa: S310  scheme is checked
    if begun.for_range:
        request.add_header("Range", f"bytes={part.stat().st_size}-")
        request.add_header("If-Range", begun.for_range)
    else:
        if known.etag:
            request.add_header("If-None-Match", known.etag)
        if known.last_modified:
            request.add_header("If-Modified-Since", known.last_modified)
    try:
        response = _opener().open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == http.client.NOT_MODIFIED:
            error.close()
            return None
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:  # what we have is not part of what is there now
            part.unlink(missing_ok=True)
            raise ConnectionError("the download cannot be resumed") from error
        raise
    with response:
        validators = Validators(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
        start = _start(response, part) if response.status == http.client.PARTIAL_CONTENT else 0
        notes.write_text(json.dumps({"url": url} | asdict(validators)))
        _receive(response, part, start, progress, limit)
    part.replace(path)
    notes.unlink()
    return validators


def _begun(url: str, part: Path, notes: Path) -> Validators:
    """What the server said when a download that broke off began; empty where there is none to go on with."""
    try:
        plain = json.loads(notes.read_text())
        same = part.is_file() and part.stat().st_size > 0 and plain.pop("url") == url
        return Validators(**plain) if same else Validators()
    except (OSError, ValueError, TypeError):
        return Validators()


def _start(response: http.client.HTTPResponse, part: Path) -> int:
    """Where a partial answer begins: it must be where we stopped."""
    said = (response.headers.get("Content-Range") or "").removeprefix("bytes ").partition("-")[0]
    if said != str(part.stat().st_size):
        part.unlink()
        raise ConnectionError("the server resumes at another place than was asked")
    return int(said)


def _receive(response: http.client.HTTPResponse, part: Path, start: int, progress: Progress | None, limit: int) -> None:
    length = response.headers.get("Content-Length")
    total = start + int(length) if length and length.isdigit() else 0
    if total > limit:
        raise FetchError(f"it is {total:,} bytes long; more than {limit:,} is no list")
    done = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        while block := response.read(BLOCK):
            done += len(block)
            if done > limit:
                raise FetchError(f"it goes on after {limit:,} bytes; that is no list")
            file.write(block)
            if progress:
                progress(done, total)
    if total and done < total:
        raise ConnectionError(f"the line broke after {done:,} of {total:,} bytes")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Never from https to http: a list that anybody on the way can change is no list."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("http", "https") or (old, new) == ("https", "http"):
            raise FetchError(f"{req.full_url}: is sent on to {newurl}, which is not safe")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """As `urlopen`, without `file:` and `ftp:`."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _SafeRedirects(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _verified(url: str, path: Path, validators: Validators, sha256: str, timeout: float) -> Fetched:
    """Holds the file against the checksum given, or the one that its maker publishes."""
    have = {"sha256": file_digest(path, "sha256")}
    wanted, verified_by = {"sha256": sha256}, "--sha256"
    if not sha256:
        wanted, verified_by = published_checksum(url, timeout)
    for kind, value in wanted.items():
        if (have.get(kind) or file_digest(path, kind)) != value:
            path.unlink()
            raise FetchError(f"{url}: is not what its checksum says ({kind} in {verified_by}); nothing was changed")
    return Fetched(path, validators, have["sha256"], verified_by)


def published_checksum(url: str, timeout: float) -> tuple[dict[str, str], str]:
    """({kind: hex}, where it stands), both empty where none is published."""
    name = PurePosixPath(urlsplit(url).path).name
    places = [f"{url}.sha256", *(urljoin(url, beside) for beside in CHECKSUM_FILES)]
    for place in places:
        try:
            with _opener().open(place, timeout=timeout) as response:
                text = response.read(1 << 16).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            continue
        for words in (line.split() for line in text.splitlines()):
            named = len(words) == 1 or (len(words) > 1 and PurePosixPath(words[1].lstrip("*")).name == name)
            kind = {64: "sha256", 32: "md5"}.get(len(words[0])) if words else None
            if named and kind and all(mark in "0123456789abcdef" for mark in words[0].lower()):
                return {kind: words[0].lower()}, PurePosixPath(urlsplit(place).path).name
    return {}, ""


def file_digest(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def unpack(archive: Path, out: Path, *, name: str, limit: int = UNPACKED_LIMIT) -> tuple[str, ...]:
    """The lists of an archive, as `out/<folder>/{domains,…}`; notes on what was left out. Raises FetchError.

    Also takes one plain list of sites, which becomes `out/<name>/domains`. `out` must not exist.
    """
    try:
        with _limited(archive, limit) as stream:
            is_tar = stream.read(512)[257:262] == b"ustar"
        if is_tar:
            return _unpack_tar(archive, out, name, limit)
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise FetchError(f"{archive.name}: the archive is damaged or cut short ({error})") from error
    with archive.open("rb") as file:
        beginning = file.read(4096)
    if beginning.lstrip().startswith(b"<"):
        raise FetchError(f"{archive.name}: is a web page, not a list; is the address right?")
    if b"\0" in beginning or beginning.startswith((b"\x1f\x8b", b"PK", b"BZh", b"\xfd7z")):
        raise FetchError(f"{archive.name}: is neither a tar archive nor a list of sites")
    (out / name).mkdir(parents=True)
    shutil.copyfile(archive, out / name / "domains")
    return ()


def _unpack_tar(archive: Path, out: Path, name: str, limit: int) -> tuple[str, ...]:
    left_out = 0
    with _limited(archive, limit) as stream:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as tar:
            for count, member in enumerate(tar, 1):
                place = _safe_place(member, count)
                if member.islnk() or member.issym():
                    left_out += 1  # UT1 has links for its old names: the same list twice
                elif member.isfile() and place.name in FILES:
                    folder = out / (place.parent.name or name)
                    folder.mkdir(parents=True, exist_ok=True)
                    _copy_member(tar, member, folder / place.name)
        stream.read_to_the_end()
    if not out.is_dir():
        raise FetchError(f"{archive.name}: holds no lists (a folder for each category, with {', '.join(FILES)})")
    return (f"{left_out} links in the archive were left out",) if left_out else ()


def _safe_place(member: tarfile.TarInfo, count: int) -> PurePosixPath:
    """Where a member would go. One that points outside, or is a device, makes the whole archive suspect."""
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts or "\0" in member.name:
        raise FetchError(f"the archive would write outside its folder ({member.name!r}): nothing was taken from it")
    if not (member.isfile() or member.isdir() or member.islnk() or member.issym()):
        raise FetchError(f"the archive holds a device ({member.name!r}): nothing was taken from it")
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
