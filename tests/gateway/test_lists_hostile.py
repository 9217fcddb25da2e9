"""P35: lists from makers that mean harm, or whose server is broken.

Nothing leaves its place, fills the disk, or hangs."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.sources import Source, SourceError, check, read_source
from drystone.gateway.archive import FetchError, unpack
from drystone.gateway.bring import bring
from drystone.gateway.fetch import fetch

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
MANY = b"".join(b"site%d.example\n" % number for number in range(100))


def tar(*members: tuple[str, bytes | str, Mapping[str, object]]) -> bytes:
    """Members: name, what is in it, and fields of its header."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, body, fields in members:
            data = body.encode() if isinstance(body, str) else body
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for field, value in fields.items():
                setattr(member, field, value)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


GOOD: tuple[str, str, dict[str, object]] = ("lists/gambling/domains", "bet.example\n", {})
HOLES = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,5", "GNU.sparse.numblocks": "1"}
HARM: dict[str, tuple[str, bytes | str, Mapping[str, object]]] = {
    "above": ("../../evil/domains", "x.example\n", {}),
    "above, in the middle": ("lists/../../evil/domains", "x.example\n", {}),
    "absolute": ("/tmp/evil/domains", "x.example\n", {}),  # noqa: S108  the name is what is tried
    "by attributes": ("lists/x/domains", "x.example\n", {"pax_headers": {"path": "/evil/domains"}}),
    "device": ("lists/evil/domains", "", {"type": tarfile.CHRTYPE}),
    "disk": ("lists/evil/domains", "", {"type": tarfile.BLKTYPE}),
    "pipe": ("lists/evil/domains", "", {"type": tarfile.FIFOTYPE}),
    "holes": ("lists/x/domains", "x.ex\n", {"pax_headers": HOLES | {"GNU.sparse.size": str(10**12)}}),
    "twice": ("other/gambling/domains", "x.example\n", {}),
}


@pytest.mark.parametrize("kind", HARM)
def test_an_archive_that_means_harm_gives_nothing_and_what_is_at_work_stays(tmp_path: Path, kind: str) -> None:
    origin = tmp_path / "in/list.tar"
    origin.parent.mkdir()
    source = Source("council", str(origin), "", "", "")
    origin.write_bytes(tar(("lists/gambling/domains", MANY, {})))
    bring(tmp_path / "lists", source, at=AT)
    origin.write_bytes(tar(GOOD, HARM[kind]))
    with pytest.raises(FetchError, match="nothing was taken from it") as raised:
        bring(tmp_path / "lists", source, at=AT, accepted="Ada: whatever")
    assert "\n" not in str(raised.value)
    assert (tmp_path / "lists/council/gambling/domains").read_bytes() == MANY
    assert check(tmp_path / "lists", "council")[1] == ()
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name or "incoming" in path.name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_nothing_is_written_through_a_link_in_an_archive(tmp_path: Path, kind: bytes) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = ("lists/gambling", "", {"type": kind, "linkname": str(outside)})
    file = ("lists/games/domains", "", {"type": kind, "linkname": "/etc/passwd"})
    (tmp_path / "l").write_bytes(tar(link, file, GOOD))
    assert unpack(tmp_path / "l", tmp_path / "out") == ("2 links in the archive were left out",)
    assert not list(outside.iterdir())
    assert not (tmp_path / "out/gambling").is_symlink()
    assert (tmp_path / "out/gambling/domains").read_text() == "bet.example\n"
    assert not (tmp_path / "out/games").exists()


def test_a_header_of_a_gigabyte_is_not_read_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 29
    (tmp_path / "l").write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    with pytest.raises(FetchError, match="a header longer than any file's name"):
        unpack(tmp_path / "l", tmp_path / "out")


def test_a_name_that_cannot_stand_in_a_report_is_mended(tmp_path: Path) -> None:
    names = ("drogu\udce9", "two\nlines", "bell\x07")
    archive = tar(*((f"lists/{name}/domains", "bet.example\n", {}) for name in names))
    (tmp_path / "l.tar").write_bytes(archive)
    outcome = bring(tmp_path / "lists", Source("council", str(tmp_path / "l.tar"), "", "", ""), at=AT)
    assert outcome is not None
    assert set(outcome.source.folders) == {"drogu_", "two_lines", "bell_"}
    assert read_source(tmp_path / "lists", "council").entries == 3


def test_a_folder_whose_name_cannot_be_told_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "in/two\nlines").mkdir(parents=True)
    (tmp_path / "in/two\nlines/domains").write_text("bet.example\n")
    with pytest.raises(SourceError, match="is not the name of a list folder") as raised:
        bring(tmp_path / "lists", Source("council", str(tmp_path / "in"), "", "", ""), at=AT)
    assert "\n" not in str(raised.value)


def test_a_folder_of_plain_files_is_a_list_for_each(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/Gambling.txt").write_text("bet.example\n")
    (tmp_path / "in/games.hosts").write_text("0.0.0.0 play.example\n")
    outcome = bring(tmp_path / "lists", Source("council", str(tmp_path / "in"), "", "", ""), at=AT)
    assert outcome is not None
    assert {name: folder.kept for name, folder in outcome.source.folders.items()} == {"gambling": 1, "games": 1}


@pytest.mark.parametrize(("name", "kept"), [("council", {"bad.example"}), ("iwf", {"bad.example", "x.good.example"})])
def test_an_exception_takes_no_entry_out_of_a_mandatory_list(tmp_path: Path, name: str, kept: set[str]) -> None:
    (tmp_path / "l.txt").write_text("||x.good.example^\n||bad.example^\n@@||good.example^\n")
    bring(tmp_path / "lists", Source(name, str(tmp_path / "l.txt"), "", "", ""), at=AT)
    assert set((tmp_path / "lists" / name / name / "domains").read_text().split()) == kept


WHOLE = gzip.compress(tar(*((f"lists/{number}/domains", MANY, {}) for number in range(4))), mtime=0)
PLAIN = tar(GOOD, ("lists/games/domains", MANY, {"pax_headers": {"comment": "x" * 600}}))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    plain=st.booleans(),
    changes=st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_an_archive_with_any_bytes_changed_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, plain: bool, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("fuzzed")
    body = bytearray(PLAIN if plain else WHOLE)
    for place, byte in changes:
        body[place % len(body)] = byte
    (folder / "l").write_bytes(body)
    said = ""
    try:
        bring(folder / "lists", Source("council", str(folder / "l"), "", "", ""), at=AT)
    except SourceError as error:
        said = str(error)
    assert "\n" not in said
    assert {path.name for path in folder.iterdir()} <= {"l", "lists"}
    shutil.rmtree(folder)


# --- servers ----------------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, dict[str, str]]]


@pytest.fixture
def server() -> Iterator[Server]:
    """`/l` is a list with a date and no ETag; `/drip…` sends a byte a moment; `/away/…` is sent elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))  # type: ignore[attr-defined]
            if self.path.endswith("/slow.sha256"):
                self._drip()
            elif self.path.endswith(("/l", "/slow")):
                self._list()
            elif self.path.startswith("/away/"):
                self.send_response(302)
                self.send_header("Location", "ftp://elsewhere.example/sum")
                self.end_headers()
            else:
                self.send_error(404)

        def _list(self) -> None:
            changed = "Tue, 01 Sep 2026 01:00:00 GMT"
            known = self.headers.get("If-Modified-Since") == changed
            self.send_response(304 if known else 200)
            self.send_header("Last-Modified", changed)
            self.send_header("Content-Length", "0" if known else str(len(MANY)))
            self.end_headers()
            if not known:
                self.wfile.write(MANY)

        def _drip(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(400):
                    self.wfile.write(b" ")
                    time.sleep(0.02)

        def log_message(self, *words: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def at(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_an_update_asks_only_for_what_is_newer_and_its_age_counts_from_now(tmp_path: Path, server: Server) -> None:
    source = Source("council", at(server, "/l"), "", "", "", local=True)
    assert bring(tmp_path, source, at=AT) is not None
    later = datetime(2026, 9, 2, 2, 0, tzinfo=UTC)
    assert bring(tmp_path, read_source(tmp_path, "council"), at=later, known=True) is None
    assert server.asked[-1][1]["if-modified-since"] == "Tue, 01 Sep 2026 01:00:00 GMT"
    assert read_source(tmp_path, "council").fetched_at == later.isoformat()


def test_lists_that_were_damaged_here_are_fetched_though_the_server_has_nothing_newer(
    tmp_path: Path, server: Server
) -> None:
    assert bring(tmp_path, Source("council", at(server, "/l"), "", "", "", local=True), at=AT) is not None
    (tmp_path / "council/council/domains").write_bytes(b"harmless.example\n")
    assert bring(tmp_path, read_source(tmp_path, "council"), at=AT, known=True) is not None
    assert (tmp_path / "council/council/domains").read_bytes() == MANY
    assert check(tmp_path, "council")[1] == ()


def test_a_checksum_that_is_sent_elsewhere_is_none(tmp_path: Path, server: Server) -> None:
    fetched = fetch(at(server, "/away/l"), tmp_path / "a")
    assert fetched is not None
    assert fetched.verified_by == ""


def test_a_checksum_that_drips_does_not_hold_the_night(tmp_path: Path, server: Server) -> None:
    begun = time.monotonic()
    fetched = fetch(at(server, "/slow"), tmp_path / "a", timeout=0.2)
    assert fetched is not None
    assert time.monotonic() - begun < 4, "it would drip for eight seconds"
