"""A command line for the helper that Squid's own user can run.

Squid runs helpers as a user of its own, who enters no home folder of root. So the helper gets a launcher beside the
configuration: an interpreter, told where the few packages lie that the helper needs. Which interpreter works is found
by running it as that user, not by guessing from permissions. Where that user can read none of our folders, the helper
gets copies of what it needs beside the configuration.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SQUID_USERS = ("proxy", "squid")  # Debian and Ubuntu; others
PROBE = b"0 drystone-probe.invalid:443 192.0.2.1 - CONNECT - -\n"
TIMEOUT_S = 20
_COMPILED = shutil.ignore_patterns("__pycache__", "*.pyc")
_NEEDED = ("drystone", "marisa_trie", "re2", "idna", "cryptography", "cffi", "_cffi_backend")
_TEXT = '''"""Starts Drystone's helpers for Squid. Written by `drystone gateway squid-config`; run with -I -S."""

import sys
from importlib import import_module

sys.path[:0] = {paths!r}

MODULES = {modules!r}
module = MODULES.get(sys.argv[1]) if len(sys.argv) > 1 else None
words = sys.argv[2:] if module else sys.argv[1:]
raise SystemExit(import_module(module or {default!r}).main(words))
'''
# The first word of the command line says which helper; without one it is the decision's.
NAMES, SIGN_ON, CERTGEN = "names", "sign-on", "certgen"
_MODULES = {
    NAMES: "drystone.gateway.squid.names",
    SIGN_ON: "drystone.gateway.squid.basic",
    CERTGEN: "drystone.gateway.squid.certgen",
}
_DEFAULT = "drystone.gateway.squid.helper"


class LauncherError(RuntimeError):
    """No interpreter here can run the helper as Squid's user; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of one helper started by hand: its alarms, and whether it answered."""

    answered: bool
    alarms: str


def squid_user() -> str:
    """The user that Squid gives up root for; when we are not root, it stays who we are."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    for name in SQUID_USERS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return "nobody"


def write_launcher(folder: Path, paths: list[str]) -> Path:
    """`helper.py` in `folder`, readable by all; it holds no secret."""
    file = folder / "helper.py"
    file.write_text(_TEXT.format(paths=paths, modules=_MODULES, default=_DEFAULT))
    file.chmod(0o644)
    return file


def packages() -> list[Path]:
    """The files and folders of the helper's packages. Raises LauncherError for one that is not installed."""
    from importlib.util import find_spec

    found = []
    for name in _NEEDED:
        spec = find_spec(name)
        if spec is None or not spec.origin:
            raise LauncherError(f"the package {name} is not installed; install Drystone again")
        found.append(Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin))
    zones = find_spec("tzdata")  # where the system brings no time zones of its own
    return found + ([Path(zones.origin).parent] if zones and zones.origin else [])


def package_folders() -> list[str]:
    """Where the helper's packages lie: the source tree or site-packages, in this order, each once."""
    return list(dict.fromkeys(str(package.parent) for package in packages()))


def copy_packages(folder: Path) -> list[str]:
    """The helper's packages in `folder/lib`, readable by all: code only, of ours the engine and the gateway."""
    lib, beside = folder / "lib", folder / ".lib.new"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    for package in packages():
        target = beside / package.name
        if package.is_file():
            shutil.copy(package, target)
        elif package.name != "drystone":
            shutil.copytree(package, target, ignore=_COMPILED)
        else:
            target.mkdir()
            shutil.copy(package / "__init__.py", target)
            for room in ("engine", "gateway"):
                shutil.copytree(package / room, target / room, ignore=_COMPILED)
    for path in [beside, *beside.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(lib, ignore_errors=True)
    beside.rename(lib)
    return [str(lib)]


def interpreters() -> Iterable[str]:
    """Ours first, then the system's of the same version: a compiled package fits no other."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}", f"/opt/drystone/bin/{version}"]
    return [path for path in dict.fromkeys(found) if path and Path(path).exists()]


def helper_command(folder: Path, options: list[str], *, user: str) -> tuple[tuple[str, ...], Probe]:
    """The command line that works, tried as `user`, and what it said; its launcher is written to `folder`.

    Raises LauncherError when no interpreter here runs for that user.
    """
    for where in (package_folders, lambda: copy_packages(folder)):
        launcher = write_launcher(folder, where())
        for interpreter in interpreters():
            command = (interpreter, "-I", "-S", str(launcher), *options)
            probe = run_once(command, user=user)
            if probe.answered:
                return command, probe
    raise LauncherError(
        f"Squid's user {user} cannot run Drystone's helper here ({probe.alarms.strip()[-200:] or 'no answer'}); "
        f"install Drystone where {user} can read it, such as /opt/drystone"
    )


def launched(helper: tuple[str, ...], which: str, *options: str) -> tuple[str, ...]:
    """The command line of another helper, by the launcher found to work. `which`: NAMES, SIGN_ON or CERTGEN."""
    return (*helper[:4], which, *options)


def run_once(command: tuple[str, ...], *, user: str) -> Probe:
    """Start the helper as Squid would and ask it one question. Only root can become another user."""
    root = os.geteuid() == 0
    try:
        done = subprocess.run(
            command,
            input=PROBE,
            capture_output=True,
            timeout=TIMEOUT_S,
            cwd="/",
            env={},
            check=False,
            user=user if root else None,
            group=pwd.getpwnam(user).pw_gid if root else None,
            extra_groups=[] if root else None,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Probe(answered=False, alarms=str(error))
    answered = done.returncode == 0 and done.stdout.startswith((b"0 OK", b"0 ERR"))
    return Probe(answered, done.stderr.decode("utf-8", "replace"))
