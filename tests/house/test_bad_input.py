"""What people and machines get wrong: each is one clear line or one clear page, and nothing already working stops."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import LOOPBACK, School
from tests.house.house import COMMAND, House, drystone, environment, free_port, residents, running, until
from tests.house.origin import Origin
from tests.house.visitor import set_up


def one_line(ran: subprocess.CompletedProcess[str], *words: str, status: int = 1) -> str:
    """The one line on standard error with which a command gives up."""
    assert ran.returncode == status, ran
    assert ran.stdout == ""
    assert ran.stderr.startswith("drystone: ")
    assert ran.stderr.count("\n") == 1, ran.stderr
    for word in words:
        assert word in ran.stderr
    return ran.stderr


@pytest.fixture(autouse=True)
def still_working(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each of these tests the shared house filters as before."""
    yield
    if "fellside" in request.fixturenames:
        house: House = request.getfixturevalue("fellside").house
        assert house.door.get("http://gambling.drystone.test/").status == 403
        assert house.all_well()


# -- starting


def up(home: Path, *options: str) -> list[str]:
    return ["up", "--home", str(home), "--no-open", *options]


def ports(**taken: int) -> list[str]:
    return [f for name in ("web", "proxy") for f in (f"--{name}", f"127.0.0.1:{taken.get(name) or free_port()}")]


@pytest.mark.parametrize("name", ["web", "proxy"])
def test_a_port_in_use_is_named_with_the_option_that_changes_it(fellside: School, tmp_path: Path, name: str) -> None:
    taken = getattr(fellside.house, name)
    home = tmp_path / "home"
    one_line(drystone(*up(home, *ports(**{name: taken}))), f"127.0.0.1:{taken}", "is in use", f"--{name} HOST:PORT")
    assert residents(home) == {}


def test_a_second_up_on_the_same_home_is_refused(fellside: School) -> None:
    home = fellside.house.home.root
    one_line(drystone(*up(home, *ports())), "already runs", str(fellside.house.process.pid), "--home")


def test_a_home_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    one_line(drystone(*up(tmp_path / "file" / "home", *ports())), "cannot write in", "--home")


def test_a_home_of_somebody_else_is_one_line(fellside: School) -> None:
    home = fellside.house.home.root
    ran = as_nobody(up(home, *ports()))
    one_line(ran, f"cannot write in {home}", "--home")


def test_a_fresh_home_in_a_closed_folder_is_one_line(tmp_path: Path) -> None:
    home = tmp_path / "closed" / "home"
    home.parent.mkdir(mode=0o555)
    ran = as_nobody(up(home, *ports()))
    one_line(ran, "cannot write in", "--home")


# What `up` needs is read while we are root, by a call that it refuses: interpreter and sources may lie where nobody
# else enters.
_AS_NOBODY = """
import contextlib, io, os, sys
from drystone.cli.main import main
with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
    main(["up", "--web", "nowhere"])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
main(sys.argv[1:])
"""


def as_nobody(command: list[str]) -> subprocess.CompletedProcess[str]:
    """As an ordinary user; root could write anywhere."""
    return subprocess.run(
        [sys.executable, "-I", "-c", _AS_NOBODY, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(),
        cwd="/",
    )


# -- lists and rules


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A folder of lists that is sound, for tests to spoil."""
    for name, text in {"games": "games.example\narcade.example\n", "gambling": "casino.example\n"}.items():
        (tmp_path / "lists" / name).mkdir(parents=True)
        (tmp_path / "lists" / name / "domains").write_text(text)
    return tmp_path / "lists"


def spoil(lists: Path, how: str) -> None:
    match how:
        case "missing":
            shutil.rmtree(lists)
        case "empty":
            shutil.rmtree(lists)
            lists.mkdir()
        case "half-written":
            (lists / "games" / "domains.part").write_text("games.exa")
        case "binary":
            (lists / "games" / "domains").write_bytes(b"games.example\n\x00\x01\x02\x1f\x8b\n" * 40)


SAYS = {
    "missing": "no such",
    "empty": "has no folder of lists in it",
    "half-written": "half-written",
    "binary": "binary",
}


@pytest.mark.parametrize("how", SAYS)
def test_a_bad_folder_of_lists_is_not_added_and_the_one_before_stays(fellside: School, lists: Path, how: str) -> None:
    home = fellside.house.home
    name = f"council-{how}"
    try:
        added = drystone("lists", "add", name, lists, "--home", home.root)
        assert added.returncode == 0, added.stderr
        before = (home.lists / f"{name}.json").read_bytes()
        spoil(lists, how)

        one_line(drystone("lists", "add", name, lists, "--home", home.root), str(lists), SAYS[how])

        assert (home.lists / f"{name}.json").read_bytes() == before
        assert (home.lists / name / "games" / "domains").read_text() == "games.example\narcade.example\n"
        assert not [path for path in home.lists.iterdir() if path.name.startswith(f".{name}")]
    finally:
        drystone("lists", "remove", name, "--home", home.root)


RULES = """school: {name: Fellside, timezone: Europe/London}
groups: {ks2: {default: allow}}
everyone_else: {group: ks2}
rules:
  - {level: school, block: "category:games", reason: lessons first, by: head}
"""


@pytest.mark.parametrize("how", SAYS)
def test_a_bad_folder_of_lists_is_not_compiled_and_the_bundle_in_place_stays(lists: Path, tmp_path: Path, how: str):
    rules, out = tmp_path / "rules.yaml", tmp_path / "out" / "current"
    rules.write_text(RULES.replace("groups:", "categories: {games: {lists: [games]}}\ngroups:"))
    assert drystone("filter", "compile", lists, "--rules", rules, "--out", out).returncode == 0
    before = out.readlink()
    spoil(lists, how)

    one_line(drystone("filter", "compile", lists, "--rules", rules, "--out", out), str(lists))

    assert out.readlink() == before
    assert [path.name for path in out.parent.iterdir() if path.is_dir() and not path.is_symlink()] == [str(before)]


def test_a_rules_file_with_an_unknown_category_names_the_line_and_the_categories(lists: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("category:games", "category:gmaes"))
    ran = drystone("filter", "compile", lists, "--rules", rules, "--out", tmp_path / "current")
    one_line(ran, f"{rules}, line 5", "'gmaes'", "did you mean 'games'?")
    assert not (tmp_path / "current").exists()


# -- a broken bundle


def test_a_broken_bundle_leaves_the_one_in_memory_at_work_and_after_a_restart_all_but_help_is_closed(
    tmp_path: Path, origin: Origin
) -> None:
    with running(tmp_path / "home", *LOOPBACK) as house:
        set_up(house.pages)
        until(lambda: house.door.get(f"{origin.url}/before").status == 200, 10, "the first edition")
        current = house.home.here / "current"
        edition, manifest = current.readlink(), current / "manifest.json"
        manifest.write_bytes(manifest.read_bytes()[:40])

        log = house.home.logs / "proxy.log"
        alarm = f"edition {edition} stays at work"
        until(lambda: alarm in log.read_text(), 10, "the alarm")
        assert log.read_text().count(alarm) == 1
        until(lambda: alarm in trouble_of(house), 10, "the trouble in the status")
        assert house.door.get(f"{origin.url}/with-the-old-one").status == 200
        assert house.door.get("http://gambling.drystone.test/").status == 403

        os.kill(house.pids()["proxy"], 9)
        until(house.all_well, 30, "another proxy")
        assert house.door.get(f"{origin.url}/after").status == 403
        assert house.door.get("http://www.childline.org.uk/").status not in (0, 403)
        until(lambda: "everything but help is blocked" in trouble_of(house), 10, "the trouble in the status")
    assert "/after" not in origin.asked


def trouble_of(house: House) -> str:
    ran = drystone("gateway", "status", "--home", house.home.root, "--json")
    assert ran.returncode == 0, ran.stderr
    return str(json.loads(ran.stdout)["trouble"])


# -- requests


def test_garbage_on_the_helpers_input_is_refused_line_by_line_and_the_rest_is_answered(fellside: School) -> None:
    home = fellside.house.home
    garbage = [b"\xff\xfe\x00\x01", b"", b"%%%%%", b"7", b"A" * 70_000, b"8 http://[::1 10.1.0.1 - GET -"]
    lines = [b"0 http://gambling.drystone.test/ 127.0.0.1 - GET -", *garbage, b"9 childline.org.uk:443 ::1 - CONNECT -"]
    ran = subprocess.run(
        [*COMMAND, "filter", "helper", "--bundle", str(home.here / "current"), "--key-file", str(home.person_key)],
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        check=False,
        timeout=60,
        env=environment(),
    )

    assert ran.returncode == 0
    answers = ran.stdout.splitlines()
    assert len(answers) == len(lines)
    assert answers[0].startswith(b"0 ERR ")
    assert b"category_=gambling" in answers[0]
    assert answers[-1].startswith(b"9 OK ")
    assert all(re.match(rb"(\S+ )?ERR ", answer) for answer in answers[1:-1]), answers
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "place", ["nowhere.invalid:443", "10.255.255.1:443", "nowhere.invalid:99999", "nonsense", ":443"]
)
def test_a_connect_to_nowhere_is_answered_with_a_page(fellside: School, place: str) -> None:
    with socket.create_connection(("127.0.0.1", fellside.house.proxy), timeout=20) as sock:
        sock.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        answer = b""
        while data := sock.recv(65536):
            answer += data

    assert re.match(rb"HTTP/1.1 (400|403|502|504) ", answer), answer[:80]
    assert b"<h1>" in answer


def test_what_is_no_http_at_all_ends_and_is_not_let_through(fellside: School) -> None:
    for noise in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(60),
        b"\x00" * 500,
        b"HELO there\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", fellside.house.proxy), timeout=30) as sock:
            sock.sendall(noise + b"\r\n\r\n")
            assert re.match(rb"HTTP/1.1 (4|5)\d\d |$", sock.recv(65536))


def test_slow_clients_are_cut_off_and_others_are_served_meanwhile(fellside: School, origin: Origin) -> None:
    """Slow loris: a byte at a time, and never the end of the header. Fifteen seconds are given."""
    port = fellside.house.proxy
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(60)]
    for sock in slow:
        sock.sendall(b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    dripping = threading.Event()

    def drip() -> None:
        while not dripping.wait(1):
            for sock in slow:
                try:
                    sock.sendall(b"X")
                except OSError:  # cut off, as it should be
                    continue

    threading.Thread(target=drip, daemon=True).start()
    begun, served, slowest = time.monotonic(), 0, 0.0
    try:
        while time.monotonic() - begun < 3:
            asked = time.monotonic()
            assert fellside.house.door.get(f"{origin.url}/meanwhile").status == 200
            slowest, served = max(slowest, time.monotonic() - asked), served + 1
        for sock in slow:
            assert ended(sock), "a slow client still holds its place"
        took = time.monotonic() - begun
    finally:
        dripping.set()
        for sock in slow:
            sock.close()
    assert served > 5
    assert slowest < 3, f"{slowest:.1f} s"
    assert took < 25, f"{took:.1f} s"


def ended(sock: socket.socket) -> bool:
    """Whether the other end closes within the socket's time-out, whatever it says before."""
    try:
        while sock.recv(65536):
            continue
    except TimeoutError:
        return False
    except OSError:
        return True
    return True
