"""`drystone up`: the whole house on one machine."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import webbrowser
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from drystone.cli.output import fail
from drystone.cli.supervisor import Service, Supervisor, end_with_parent
from drystone.engine.home import Home

LAST_ONE_STOPS = 6.0  # seconds that the children of a killed `up` may need to be gone

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a door listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def near(self) -> Address:
        """The same door, as this machine reaches it."""
        return Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port)  # noqa: S104


@app.command()
def up(
    home: Annotated[
        Path, typer.Option(help="Folder that holds all state.", envvar="DRYSTONE_HOME", readable=False)
    ] = Path("var"),
    web: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the pages are served.")] = "127.0.0.1:8000",
    proxy: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where browsers find the filter.")] = "127.0.0.1:8080",
    allow_private: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="A network of the school's own that the filter may reach. Can be repeated."),
    ] = None,
    dns: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A name server that the filter asks, in place of this machine's own."),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="With the demo school; loopback may be reached.")] = False,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Show the page in a browser; left out, where there is one.")
    ] = None,
) -> None:
    """Start web, gateway, collector and worker; prints a line `ready` when all are. Ctrl-C stops them."""
    pages, door = read_address(web, "--web"), read_address(proxy, "--proxy")
    if pages.port == door.port:
        fail(f"--web and --proxy both name port {pages.port}: give them different ones", code=2)
    place = Home(home.absolute())
    os.umask(0o027)  # P43: names and passwords lie in there; `gateway squid-config` opens bundles to Squid's user
    lock = lock_home(place)
    for address, option in ((pages, "--web"), (door, "--proxy")):
        refuse_port_in_use(address, option)
    os.environ["DRYSTONE_HOME"] = str(place.root)
    if demo:
        os.environ["DRYSTONE_DEMO"] = "1"
    preparing = prepare(place, demo=demo)
    private = [*(allow_private or []), *(["127.0.0.0/8", "::1/128"] if demo else [])]
    supervisor = Supervisor(services(place, pages, door, private, dns or [], preparing), place.logs, say, hold=[lock])

    def ready() -> None:
        note_running(place, pages, door, supervisor.pids())
        for line in welcome(place, pages, door):
            say(line, prefix="")
        say("ready", prefix="")
        show(f"http://{pages.near}/", open_page)

    try:
        supervisor.run(ready)
    finally:
        preparing.terminate()
        (place.run / "up.json").unlink(missing_ok=True)


def say(line: str, *, prefix: str = "drystone: ") -> None:
    """A reader that has gone away is no reason to stop filtering."""
    with contextlib.suppress(OSError):
        print(f"{prefix}{line}", flush=True)


def read_address(text: str, option: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        fail(f"{option} {text}: give an address and a port, such as 127.0.0.1:8000", code=2)
    return Address(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104  `:8000` asks for every address


def lock_home(home: Home) -> int:
    """One `up` a home. The lock goes when the last child does, so the next one waits for those of a killed one."""
    try:
        home.run.mkdir(parents=True, exist_ok=True, mode=0o750)
        lock = os.open(home.run / "up.lock", os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as error:
        fail(f"cannot write in {home.root} ({error.strerror}): give a folder of your own with --home")
    deadline = time.monotonic() + LAST_ONE_STOPS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            pid = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            if alive(pid) or time.monotonic() > deadline:
                fail(f"Drystone already runs on {home.root} (process {pid}): stop it, or give another --home")
            time.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def refuse_port_in_use(address: Address, option: str) -> None:
    try:
        family, _, _, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where)
    except OSError as error:
        why = "is in use: stop what uses it" if error.errno == 98 else f"cannot be used ({error.strerror})"
        fail(f"{address} {why}, or give another with {option} HOST:PORT")


def prepare(home: Home, *, demo: bool) -> subprocess.Popen[bytes]:
    """Begins cli/prepare.py; what it has to say goes to the technician."""
    home.logs.mkdir(parents=True, exist_ok=True, mode=0o750)
    return subprocess.Popen(
        [sys.executable, "-m", "drystone.cli.prepare", str(home.root), *(["--demo"] if demo else [])],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us to pass on
        preexec_fn=end_with_parent,  # noqa: PLW1509  nothing else runs in this process then
    )


def prepared(preparing: subprocess.Popen[bytes]) -> bool:
    status = preparing.poll()
    if status:
        raise SystemExit(1)  # why has been said
    return status == 0


def services(
    home: Home,
    web: Address,
    proxy: Address,
    private: list[str],
    dns: list[str],
    preparing: subprocess.Popen[bytes],
) -> list[Service]:
    python, place, run = sys.executable, str(home.root), commands(home, web)
    inside = [*(["--allow-private", *private] if private else []), *(["--dns", *dns] if dns else [])]
    has_keys = home.person_key.exists  # made first of all; the filter needs nothing else, and waits for nothing else

    def is_prepared() -> bool:
        return prepared(preparing)

    door = [python, "-m", "drystone.gateway.proxy", "--home", place, "--listen", str(proxy)]
    return [
        Service("web", run["web"], lambda _: pages_answer(web), is_prepared),
        Service(
            "worker",
            run["worker"],
            lambda pid: beats(home.run / "worker.json", pid),
            is_prepared,
        ),
        Service(
            "collector",
            run["collector"],
            lambda pid: holds(home.lake / ".collector.lock", pid),
            has_keys,
        ),
        Service(
            "proxy",
            [*door, "--web", pages_url(web), "--deny-port", str(web.port), *inside],
            lambda _: door_answers(proxy),
            has_keys,
        ),
    ]


def commands(home: Home, web: Address) -> dict[str, list[str]]:
    """What the house runs beside a gateway, here and as systemd units."""
    python = sys.executable
    granian = [python, "-m", "granian", "--interface", "wsgi", "--host", web.host, "--port", str(web.port)]
    threads = ["--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws"]
    return {
        "web": [*granian, *threads, "drystone.site.wsgi:application"],
        "worker": [python, "-m", "drystone.site.worker"],
        "collector": [python, "-m", "drystone.cli.main", "log", "collect", "--home", str(home.root)],
    }


def pages_url(web: Address) -> str:
    """Where devices of the school reach the pages, for the links of block pages: by the first name in DRYSTONE_HOSTS,
    and then, with DRYSTONE_HTTPS=1, at the web server that stands in front."""
    name = os.environ.get("DRYSTONE_HOSTS", "").split(",")[0].strip()
    if not name:
        return f"http://{web.near}/"
    return f"https://{name}/" if os.environ.get("DRYSTONE_HTTPS") == "1" else f"http://{name}:{web.port}/"


def pages_answer(web: Address) -> bool:
    try:
        asked = http.client.HTTPConnection(web.near.host, web.port, timeout=2)
        try:
            asked.request("GET", "/health", headers={"Host": "localhost"})
            return asked.getresponse().status == http.client.OK
        finally:
            asked.close()
    except (OSError, http.client.HTTPException):
        return False


def door_answers(proxy: Address) -> bool:
    try:
        socket.create_connection((proxy.near.host, proxy.port), timeout=1).close()
    except OSError:
        return False
    return True


def beats(status: Path, pid: int) -> bool:
    try:
        return bool(json.loads(status.read_bytes())["pid"] == pid)
    except (OSError, ValueError, KeyError):
        return False


def holds(lock: Path, pid: int) -> bool:
    try:
        return lock.read_text().strip() == str(pid)
    except OSError:
        return False


def note_running(home: Home, web: Address, proxy: Address, pids: dict[str, int]) -> None:
    """`run/up.json`: what runs here now, for whoever asks."""
    status = {
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "web": str(web),
        "proxy": str(proxy),
        "pids": pids,
    }
    beside = home.run / "up.json.new"
    beside.write_text(json.dumps(status) + "\n", encoding="utf-8")
    beside.replace(home.run / "up.json")


def welcome(home: Home, web: Address, proxy: Address) -> list[str]:
    return [
        "",
        f"  Pages    http://{web.near}/",
        f"  Filter   {proxy.near}   (proxy for HTTP and HTTPS in the browser)",
        f"  State    {home.root}",
        f"  Logs     {home.logs}",
        *setup_code(home),
        "  Ctrl-C stops everything.",
        "",
    ]


def setup_code(home: Home) -> list[str]:
    """For whoever sets the school up from another machine: at this one the wizard asks for no code."""
    try:
        code = home.setup_code.read_text(encoding="ascii").strip()
    except OSError:
        return []  # there is a school
    return [f"  Set-up   code {code}, for setting the school up from another machine"]


def show(url: str, wanted: bool | None) -> None:
    """Opens a browser where somebody sits at a screen."""
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if wanted or (wanted is None and screen and sys.stdout.isatty() and not os.environ.get("CI")):
        webbrowser.open(url)
