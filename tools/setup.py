"""Set-up that `make` does by itself: the virtual environment, front-end packages, system packages.

Runs before anything is installed, so it uses the standard library only. Each step leaves a stamp that
holds the hash of what it was made from; a step whose stamp agrees takes no time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import frontend
import system

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
BUILD = ROOT / "build"
LOCKS = ROOT / "requirements"

# What each make target needs: the lock of Python packages, front-end packages, system packages.
TARGETS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "run": ("base", "serve", ()),
    "docs": ("base", "", ()),
    "lint": ("dev", "", ()),
    "lock": ("dev", "", ()),
    "test": ("dev", "check", ("squid", "squidguard", "chromium", "postgresql")),
    "bench": ("base", "", ("squid", "squidguard")),
}


def main(argv: Sequence[str]) -> int:
    if len(argv) != 1 or argv[0] not in TARGETS:
        print(f"usage: tools/setup {'|'.join(TARGETS)}", file=sys.stderr)
        return 2
    lock, front_end, packages = TARGETS[argv[0]]
    try:
        with one_at_a_time():
            system.provide(packages, say)  # first: it is what most often needs a person
            environment(lock)
            drystone_itself()
            if front_end:
                frontend.provide(ROOT, BUILD, dev=front_end == "check", install_node=lambda: install("node"), say=say)
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd[:6])
        return complain(f"this command failed with status {error.returncode}, its words are above: {command} …")
    except (OSError, system.SetupError) as error:
        return complain(str(error))
    return 0


def say(line: str) -> None:
    print(f"drystone: {line}", flush=True)


def complain(line: str) -> int:
    print(f"drystone: set-up stopped: {line}", file=sys.stderr)
    return 1


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two makes in two windows would install over one another."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(*parts: Path | str) -> str:
    """Hash of files and of words, in order."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def environment(lock: str) -> None:
    """`.venv` with exactly what the lock names. The dev lock holds the base lock as well."""
    if not usable_venv():
        say(f"making the Python environment in {VENV.name}")
        make_venv()
    base, dev = digest(LOCKS / "base.txt"), digest(LOCKS / "base.txt", LOCKS / "dev.txt")
    if read(VENV / ".stamp-dev") == dev or (lock == "base" and read(VENV / ".stamp-base") == base):
        return
    say("installing Python packages (the first time takes a minute or two)")
    install(lock)
    (VENV / f".stamp-{lock}").write_text(dev if lock == "dev" else base)


def usable_venv() -> bool:
    """Scripts in an environment hold its address: one that was moved, or lost its Python, is made again."""
    made_at = read(VENV / ".stamp-place")
    return os.access(PYTHON, os.X_OK) and made_at in ("", str(VENV))


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401  Debian packs it apart
    except ImportError:
        system.provide_venv(say)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True, stdin=subprocess.DEVNULL)
    (VENV / ".stamp-place").write_text(str(VENV))


def install(lock: str) -> None:
    """Only what the lock names, by hash, and only built wheels: nothing from elsewhere runs in set-up."""
    pip("install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", LOCKS / f"{lock}.txt")


def drystone_itself() -> None:
    stamp = VENV / ".stamp-drystone"
    wanted = digest(ROOT / "pyproject.toml")
    if read(stamp) == wanted and (VENV / "bin" / "drystone").exists():
        return
    say("installing Drystone itself")
    pip("install", "--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT)
    stamp.write_text(wanted)


def pip(*words: str | Path) -> None:
    quiet = ("-qq", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    environment = os.environ | {"PIP_ROOT_USER_ACTION": "ignore"}
    command = [PYTHON, "-m", "pip", words[0], *quiet, *words[1:]]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment)


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
