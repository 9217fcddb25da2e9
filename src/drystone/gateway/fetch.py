"""The one place that fetches lists: HTTP(S), resumed, asked for only when changed, and held against a checksum."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

from drystone.gateway.archive import FetchError, expanded, unpack
from drystone.gateway.peers import handlers

__all__ = ["FetchError", "Fetched", "Validators", "expanded", "fetch", "file_digest", "unpack"]

LIMIT = 2 << 30  # bytes of a download
BLOCK = 1 << 16
ATTEMPTS = 5
SLOWEST = 500  # bytes a second
CHECKSUM_FILES = ("SHA256SUMS", "MD5SUM.LST", "MD5SUM")  # beside the archive; UT1 publishes the second

Progress = Callable[[int, int], None]  # bytes so far, and in all (0 where the server does not say)


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
    local: bool = True,
) -> Fetched | None:
    """Downloads `url` to `path`; None where it is not newer than `known`. Raises FetchError.

    With `local` False this machine itself is not asked, whatever name it goes by: who types an address into a page
    need not be who may reach its services. A redirect never leads to a private address (see peers.py).

    What has come of it when the line breaks lies in `path` + `.part`, and the next call goes on from there.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise FetchError(f"{url}: lists are fetched by http or https only")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            opener = _opener(url, local)
            validators = _download(opener, url, path, known or Validators(), progress, timeout, limit)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 or attempt == ATTEMPTS:
                raise FetchError(f"{url}: the server answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                reason = getattr(error, "reason", None) or error or type(error).__name__
                raise FetchError(f"{url}: {reason}; what has come so far is kept, try again") from error
        else:
            if validators is None:
                return None
            return _verified(opener, url, path, validators, sha256.lower(), timeout)
        pause(min(2 ** (attempt - 1), 8))
    raise AssertionError("the last attempt returns or raises")


def _download(
    opener: urllib.request.OpenerDirector,
    url: str,
    path: Path,
    known: Validators,
    progress: Progress | None,
    timeout: float,
    limit: int,
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
        response = opener.open(request, timeout=timeout)
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
        _receive(response, part, start, progress, limit, timeout)
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


def _receive(
    response: http.client.HTTPResponse, part: Path, start: int, progress: Progress | None, limit: int, timeout: float
) -> None:
    length = response.headers.get("Content-Length")
    total = start + int(length) if length and length.isdigit() else 0
    if total > limit:
        raise FetchError(f"it is {total:,} bytes long; more than {limit:,} is no list")
    done = start
    since, had = time.monotonic(), start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        while block := response.read1(BLOCK):
            done += len(block)
            if done > limit:
                raise FetchError(f"it goes on after {limit:,} bytes; that is no list")
            file.write(block)
            if time.monotonic() - since > timeout:  # a server that drips must not hold the night's update
                if done - had < SLOWEST * timeout:
                    raise ConnectionError(f"the server stalls: {done - had:,} bytes in {timeout:.0f} seconds")
                since, had = time.monotonic(), done
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


def _opener(url: str, local: bool) -> urllib.request.OpenerDirector:
    """As `urlopen`, without `file:` and `ftp:`, for one download from `url`."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        *handlers(url, local=local),
        urllib.request.HTTPDefaultErrorHandler(),
        _SafeRedirects(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _verified(
    opener: urllib.request.OpenerDirector, url: str, path: Path, validators: Validators, sha256: str, timeout: float
) -> Fetched:
    """Holds the file against the checksum given, or the one that its maker publishes."""
    have = {"sha256": file_digest(path, "sha256")}
    wanted, verified_by = {"sha256": sha256}, "--sha256"
    if not sha256:
        wanted, verified_by = published_checksum(opener, url, timeout)
    for kind, value in wanted.items():
        if (have.get(kind) or file_digest(path, kind)) != value:
            path.unlink()
            raise FetchError(f"{url}: is not what its checksum says ({kind} in {verified_by}); nothing was changed")
    return Fetched(path, validators, have["sha256"], verified_by)


def published_checksum(opener: urllib.request.OpenerDirector, url: str, timeout: float) -> tuple[dict[str, str], str]:
    """({kind: hex}, where it stands), both empty where none is published."""
    name = PurePosixPath(urlsplit(url).path).name
    places = [f"{url}.sha256", *(urljoin(url, beside) for beside in CHECKSUM_FILES)]
    for place in places:
        try:
            with opener.open(place, timeout=timeout) as response:
                text = _short(response, timeout).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException, FetchError):  # none there, or one that is sent somewhere unsafe
            continue
        for words in (line.split() for line in text.splitlines()):
            named = len(words) == 1 or (len(words) > 1 and PurePosixPath(words[1].lstrip("*")).name == name)
            kind = {64: "sha256", 32: "md5"}.get(len(words[0])) if words else None
            if named and kind and all(mark in "0123456789abcdef" for mark in words[0].lower()):
                return {kind: words[0].lower()}, PurePosixPath(urlsplit(place).path).name
    return {}, ""


def _short(response: http.client.HTTPResponse, timeout: float) -> bytes:
    """The beginning of a small file, as far as it comes in the time that there is for it."""
    since, text = time.monotonic(), b""
    while len(text) < 1 << 16 and (block := response.read1(1 << 16)):
        text += block
        if time.monotonic() - since > timeout:
            raise ConnectionError("the server stalls")
    return text


def file_digest(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
