"""System packages that tests and benchmarks need: installed where we may, else the one command that does it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
SERVICES = ("squid", "postgresql")


class SetupError(Exception):
    """What a person must do, in one line."""


def has_squid() -> bool:
    """Squid built with TLS: Debian's plain `squid` has none, and the gateway needs it to read a SNI."""
    squid = find("squid")
    if squid is None:
        return False
    asked = subprocess.run([squid, "-v"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return "--with-openssl" in asked.stdout


def has_squidguard() -> bool:
    return find("squidGuard") is not None


def has_chromium() -> bool:
    return any(find(name) for name in ("chromium", "chromium-browser", "google-chrome"))


def has_postgresql() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or find("initdb") is not None


PACKAGES: dict[str, tuple[str, Callable[[], bool]]] = {
    "squid": ("squid-openssl", has_squid),
    "squidguard": ("squidguard", has_squidguard),
    "chromium": ("chromium", has_chromium),
    "postgresql": ("postgresql", has_postgresql),
}


def find(program: str) -> str | None:
    """Daemons live in sbin, which is not on everyone's path."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def missing(wanted: Sequence[str]) -> list[str]:
    return [PACKAGES[name][0] for name in wanted if not PACKAGES[name][1]()]


def provide(wanted: Sequence[str], say: Callable[[str], None]) -> None:
    needed = missing(wanted)
    if not needed:
        return
    install(needed, say)
    if still := missing(wanted):
        raise SetupError(f"apt-get installed what it has, but these are still missing: {', '.join(still)}")


def provide_venv(say: Callable[[str], None]) -> None:
    install([f"python3.{sys.version_info.minor}-venv"], say)


def may_install() -> bool:
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def install(packages: Sequence[str], say: Callable[[str], None]) -> None:
    if not may_install():
        command = f"sudo apt-get update && sudo apt-get install -y {shlex.join(packages)}"
        raise SetupError(f"these system packages are missing; on Debian or Ubuntu run: {command}")
    say(f"installing system packages: {', '.join(packages)}")
    had = {name for name in SERVICES if Path(f"/etc/init.d/{name}").exists()}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with services_stay_off():
        for words in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages]):
            subprocess.run(
                ["apt-get", "-o", "DPkg::Lock::Timeout=120", *words],
                check=True,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
    disable([name for name in SERVICES if name not in had])


@contextmanager
def services_stay_off() -> Iterator[None]:
    """A package that is installed for tests must not open a proxy on the machine: Debian asks policy-rc.d."""
    if POLICY.exists():  # a container's own, which says the same
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def disable(services: Sequence[str]) -> None:
    """Nor at the next start of the machine."""
    if shutil.which("systemctl") is None:
        return
    for name in services:
        subprocess.run(["systemctl", "disable", "--now", name], check=False, capture_output=True)
