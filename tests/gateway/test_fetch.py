"""Fetching, from a real server on this machine that breaks off, resumes, lies and sends bombs."""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from drystone.gateway.fetch import ATTEMPTS, FetchError, Validators, expanded, fetch, unpack


@dataclass
class Served:
    """One address: what stands there now, and how the server misbehaves."""

    body: bytes
    etag: str = '"one"'
    break_after: list[int] = field(default_factory=list)  # bytes after which the next answers break off
    ranges: bool = True
    location: str = ""
    statuses: list[int] = field(default_factory=list)  # of the next answers
    drip: float = 0  # seconds between one byte and the next


class Maker:
    """A maker's server: `pages` by path; remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Served] = {}
        self.asked: list[tuple[str, str]] = []  # path, Range header
        maker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                maker.asked.append((self.path, self.headers.get("Range", "")))
                page = maker.pages.get(self.path)
                if page is None:
                    self.send_error(404)
                elif page.statuses:
                    self.send_error(page.statuses.pop(0))
                elif page.location:
                    self.send_response(302)
                    self.send_header("Location", page.location)
                    self.end_headers()
                elif self.headers.get("If-None-Match") == page.etag:
                    self.send_response(304)
                    self.end_headers()
                else:
                    self.answer(page)

            def answer(self, page: Served) -> None:
                start, body = 0, page.body
                asked = self.headers.get("Range", "").removeprefix("bytes=").rstrip("-")
                if asked and page.ranges and self.headers.get("If-Range") == page.etag:
                    start = int(asked)
                if start:
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(body) - start))
                self.send_header("ETag", page.etag)
                self.end_headers()
                if page.drip:
                    with suppress(OSError):
                        for place in range(start, len(body)):
                            self.wfile.write(body[place : place + 1])
                            time.sleep(page.drip)
                    self.close_connection = True
                    return
                until = start + page.break_after.pop(0) if page.break_after else len(body)
                self.wfile.write(body[start:until])
                self.close_connection = True

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def maker() -> Iterator[Maker]:
    maker = Maker()
    yield maker
    maker.stop()


def hurry(seconds: float) -> None:
    """No need to be patient with a server of our own."""


BODY = bytes(range(256)) * 4000


def test_a_download_arrives_whole_and_says_how_far_it_is(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/lists.tar.gz"] = Served(BODY)
    seen: list[tuple[int, int]] = []
    fetched = fetch(maker.url("/lists.tar.gz"), tmp_path / "a", progress=lambda done, total: seen.append((done, total)))
    assert fetched is not None
    assert (tmp_path / "a").read_bytes() == BODY
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    assert fetched.validators.etag == '"one"'
    assert fetched.verified_by == ""
    assert seen[-1] == (len(BODY), len(BODY))
    assert not list(tmp_path.glob("*.part*"))


def test_a_download_that_breaks_off_goes_on_where_it_stopped(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY, break_after=[300_000, 200_000])
    assert fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert (tmp_path / "a").read_bytes() == BODY
    assert [asked for path, asked in maker.asked if path == "/l"] == ["", "bytes=300000-", "bytes=500000-"]


def test_a_download_that_was_given_up_is_resumed_by_the_next_call(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY, break_after=[100_000] + [0] * (ATTEMPTS - 1))
    with pytest.raises(FetchError, match="kept, try again"):
        fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert not (tmp_path / "a").exists()
    assert fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert (tmp_path / "a").read_bytes() == BODY
    assert maker.asked[ATTEMPTS] == ("/l", "bytes=100000-")


def test_what_changed_in_between_is_fetched_from_the_start(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY, break_after=[100_000] + [0] * (ATTEMPTS - 1))
    with pytest.raises(FetchError):
        fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    changed = BODY[::-1]
    maker.pages["/l"] = Served(changed, etag='"two"')
    assert fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert (tmp_path / "a").read_bytes() == changed


def test_a_server_without_ranges_is_read_from_the_start(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY, break_after=[300_000], ranges=False)
    assert fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert (tmp_path / "a").read_bytes() == BODY


def test_what_has_not_changed_is_not_fetched(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY)
    assert fetch(maker.url("/l"), tmp_path / "a", known=Validators(etag='"one"')) is None
    assert fetch(maker.url("/l"), tmp_path / "a", known=Validators(etag='"older"')) is not None


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/x/l.tar.gz.sha256", "{sha256}  l.tar.gz"),
        ("/x/l.tar.gz.sha256", "{sha256}"),
        ("/x/SHA256SUMS", "00ff  other\n{sha256} *l.tar.gz"),
        ("/x/MD5SUM.LST", "{md5}  ./l.tar.gz"),
    ],
)
def test_a_published_checksum_is_held_against_the_download(maker: Maker, tmp_path: Path, path: str, line: str) -> None:
    right = {"sha256": hashlib.sha256(BODY).hexdigest(), "md5": hashlib.md5(BODY).hexdigest()}
    maker.pages |= {"/x/l.tar.gz": Served(BODY), path: Served(line.format(**right).encode())}
    fetched = fetch(maker.url("/x/l.tar.gz"), tmp_path / "a")
    assert fetched is not None
    assert fetched.verified_by == Path(path).name

    wrong = {kind: value[::-1] for kind, value in right.items()}
    maker.pages[path] = Served(line.format(**wrong).encode())
    with pytest.raises(FetchError, match="not what its checksum says"):
        fetch(maker.url("/x/l.tar.gz"), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_checksum_given_by_hand_outranks_the_published_one(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY)
    assert fetch(maker.url("/l"), tmp_path / "a", sha256=hashlib.sha256(BODY).hexdigest().upper())
    with pytest.raises(FetchError, match="--sha256"):
        fetch(maker.url("/l"), tmp_path / "b", sha256="0" * 64)


def test_a_page_that_is_missing_is_said_at_once_and_a_tired_server_is_asked_again(maker: Maker, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="answers 404"):
        fetch(maker.url("/missing"), tmp_path / "a", pause=hurry)
    assert len(maker.asked) == 1
    maker.pages["/l"] = Served(BODY, statuses=[503, 503])
    assert fetch(maker.url("/l"), tmp_path / "a", pause=hurry)


def test_nobody_there_is_one_line(tmp_path: Path) -> None:
    maker = Maker()
    url = maker.url("/l")
    maker.stop()
    with pytest.raises(FetchError, match="refused") as raised:
        fetch(url, tmp_path / "a", pause=hurry)
    assert "\n" not in str(raised.value)


def test_more_than_a_list_can_be_is_not_downloaded(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY)
    with pytest.raises(FetchError, match="more than 1,000"):
        fetch(maker.url("/l"), tmp_path / "a", limit=1000, pause=hurry)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/l", "gopher://x/"])
def test_other_schemes_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="http or https only"):
        fetch(url, tmp_path / "a")


def test_a_redirect_is_followed_but_not_out_of_the_web(maker: Maker, tmp_path: Path) -> None:
    maker.pages |= {"/old": Served(b"", location="/new"), "/new": Served(BODY)}
    assert fetch(maker.url("/old"), tmp_path / "a")
    maker.pages["/old"] = Served(b"", location="file:///etc/passwd")
    with pytest.raises(FetchError):
        fetch(maker.url("/old"), tmp_path / "b", pause=hurry)


# --- whom a download may talk to ---------------------------------------------------------------------------------


def test_a_page_cannot_name_this_machine_by_whatever_name_and_the_shell_can(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY)
    port = maker.server.server_port
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(FetchError) as raised:
            fetch(f"http://{host}:{port}/l", tmp_path / "a", local=False, pause=hurry)
        assert "\n" not in str(raised.value)
    assert maker.asked == [], "not even a request went out"
    assert fetch(maker.url("/l"), tmp_path / "a", local=True)


def test_a_redirect_to_an_address_of_this_network_is_not_followed(maker: Maker, tmp_path: Path) -> None:
    maker.pages |= {
        "/l": Served(b"", location=f"http://localhost:{maker.server.server_port}/secret"),
        "/secret": Served(BODY),
    }
    with pytest.raises(FetchError, match="lists do not come from there"):
        fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert [path for path, _ in maker.asked] == ["/l"]
    assert not (tmp_path / "a").exists()


def test_a_server_that_drips_is_given_up_and_what_came_is_kept(maker: Maker, tmp_path: Path) -> None:
    maker.pages["/l"] = Served(BODY, drip=0.02)
    with pytest.raises(FetchError, match="stalls"):
        fetch(maker.url("/l"), tmp_path / "a", pause=hurry, timeout=0.1)
    assert (tmp_path / "a.part").stat().st_size > 0
    maker.pages["/l"].drip = 0
    assert fetch(maker.url("/l"), tmp_path / "a", pause=hurry)
    assert (tmp_path / "a").read_bytes() == BODY


# --- archives ---------------------------------------------------------------------------------------------------


def tar(files: dict[str, bytes], *, extra: Callable[[tarfile.TarFile], None] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        if extra:
            extra(archive)
    return out.getvalue()


def special(name: str, kind: bytes, target: str = "") -> Callable[[tarfile.TarFile], None]:
    def add(archive: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        archive.addfile(member)

    return add


LISTS = {"blacklists/gambling/domains": b"bet.example\n", "blacklists/gambling/usage": b"black\n"}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_gives_its_lists_and_nothing_else(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "l").write_bytes(pack(tar(LISTS | {"blacklists/README": b"hello"})))
    assert unpack(tmp_path / "l", tmp_path / "out") == ()
    assert [path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.glob("out/*/*")] == ["gambling/domains"]
    assert (tmp_path / "out/gambling/domains").read_bytes() == b"bet.example\n"


def test_links_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(tar(LISTS, extra=special("blacklists/ads", tarfile.SYMTYPE, "/etc")))
    assert unpack(tmp_path / "l", tmp_path / "out") == ("1 links in the archive were left out",)
    assert not (tmp_path / "out/ads").exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("../../evil/domains", tarfile.REGTYPE), ("/evil/domains", tarfile.REGTYPE), ("a/domains", tarfile.CHRTYPE)],
)
def test_an_archive_that_means_harm_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    (tmp_path / "l").write_bytes(tar(LISTS, extra=special(name, kind)))
    with pytest.raises(FetchError, match="nothing was taken"):
        unpack(tmp_path / "l", tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("evil"))


def test_a_bomb_is_put_out_before_it_fills_the_disk(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(gzip.compress(tar({"a/readme": bytes(50_000_000)})))
    with pytest.raises(FetchError, match="more than lists ever need"):
        unpack(tmp_path / "l", tmp_path / "out", limit=5_000_000)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_archive_that_is_cut_short_anywhere_is_refused(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole = pack(tar({f"{number}/domains": b"bet.example\n" * 90 for number in range(8)}))
    for length in range(600 if pack is bytes else 60, len(whole) - 9000 if pack is bytes else len(whole), 97):
        (tmp_path / "l").write_bytes(whole[:length])
        with pytest.raises(FetchError, match=r"cut short|neither a tar"):
            unpack(tmp_path / "l", tmp_path / f"out{length}")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_one_file_of_sites_is_read_compressed_or_not(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "l").write_bytes(pack(b"bet.example\nlotto.example\n"))
    assert unpack(tmp_path / "l", tmp_path / "out") is None
    with expanded(tmp_path / "l") as text:
        assert text.read_bytes() == b"bet.example\nlotto.example\n"
    assert [path.name for path in tmp_path.iterdir()] == ["l"]


def test_a_bomb_of_one_file_is_put_out_too(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(gzip.compress(b"bet.example\n" * 4_000_000))
    with pytest.raises(FetchError, match="more than lists ever need"), expanded(tmp_path / "l", limit=5_000_000):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["l"]


@pytest.mark.parametrize(
    "body", [b"<!doctype html><p>Sign in to the Wi-Fi", b"PK\x03\x04zip", b"\0\1\2\3", b"\x7fELF\0"]
)
def test_what_is_no_list_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "l").write_bytes(body)
    with pytest.raises(FetchError), expanded(tmp_path / "l"):
        pass


def test_an_archive_without_lists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(tar({"a/readme": b"hello"}))
    with pytest.raises(FetchError, match="holds no lists"):
        unpack(tmp_path / "l", tmp_path / "out")
