"""Lists and request streams to measure with: from DRYSTONE_BENCH_DATA, or made here, the same bytes each time.

`DRYSTONE_BENCH_DATA` names a folder with `make_lists.py` and `make_requests.py`, or with ready category
folders (in `lists/` or at its top). Without it we make lists of the size and shape that a county has:
one very large category, a few large ones, many small, some addresses, some URLs, some names twice.
`DRYSTONE_BENCH_SIZE` is `county` (5.2 million domains) or `small` (a fiftieth of it).
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = 20260901
# Domains and URLs per category at county size; the shape is that of the public lists schools use.
COUNTY: dict[str, tuple[int, int]] = {
    "adult": (4_600_000, 1_090),
    "malware": (220_000, 19_200),
    "phishing": (28_000, 19_400),
    "redirector": (132_000, 300),
    "jobsearch": (61_000, 0),
    "shopping": (37_000, 0),
    "games": (34_000, 1_650),
    "gambling": (32_000, 5),
    "cryptojacking": (11_500, 0),
    "bank": (6_600, 0),
    "dating": (6_500, 15),
    "vpn": (6_000, 0),
    "press": (4_600, 0),
    "drugs": (600, 460),
    "social_networks": (700, 0),
    "webmail": (400, 9),
}
SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstvwz" for vowel in "aeiou"]
TOP = ["com"] * 55 + ["net"] * 11 + ["org"] * 7 + ["co.uk"] * 4
TOP += ["de", "fr", "ru", "info", "biz", "xyz", "top", "nl", "br", "cn", "jp", "club"]
PREFIXES = ["www", "m", "cdn", "shop", "blog", "img"]
PATHS = ["/", "/index.html", "/lessons/rivers.html", "/find?q=roman+roads&page=2", "/static/app.js?v=7", "/pic/12.png"]


@dataclass(frozen=True, slots=True)
class BenchData:
    """`requests` has one rewriter line a request, without channel ids. `lists` are domains and URLs alone: the
    expressions of real lists are in a dialect that SquidGuard and we read differently, so no comparison has them."""

    lists: Path
    requests: Path
    domains: int
    size: str


def size() -> str:
    chosen = os.environ.get("DRYSTONE_BENCH_SIZE", "county")
    if chosen not in ("county", "small"):
        raise SystemExit("DRYSTONE_BENCH_SIZE is county or small")
    return chosen


def load() -> BenchData:
    """The data of this run, made once and kept in the temporary folder for the next run."""
    given = os.environ.get("DRYSTONE_BENCH_DATA", "")
    source = hashlib.sha256(f"{given}\0{Path(__file__).read_text()}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"drystone-bench-{os.getuid()}" / f"{size()}-{source}"
    lists, requests, done = folder / "lists", folder / "requests", folder / "done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if given:
            lists = _from_given(Path(given), lists, requests)
        else:
            make_lists(lists, scale=1.0 if size() == "county" else 0.02)
            make_requests(lists, requests, count=300_000 if size() == "county" else 60_000)
        done.write_text(str(without_expressions(lists, folder / "compared")))
    lists = Path(done.read_text())
    return BenchData(lists, requests, count_lines(lists.glob("*/domains")), size())


def without_expressions(lists: Path, out: Path) -> Path:
    for file in sorted(lists.glob("*/*")):
        if file.name in ("domains", "urls"):
            (out / file.parent.name).mkdir(parents=True, exist_ok=True)
            (out / file.parent.name / file.name).symlink_to(file)
    return out


def count_lines(files: Iterator[Path]) -> int:
    total = 0
    for file in files:
        with file.open("rb") as lines:
            total += sum(1 for _ in lines)
    return total


def _from_given(given: Path, lists: Path, requests: Path) -> Path:
    maker, stream = given / "make_lists.py", given / "make_requests.py"
    if maker.exists():
        adult = "4600000" if size() == "county" else "60000"
        subprocess.run([sys.executable, maker, lists, "--adult", adult], check=True)
    else:
        lists = given / "lists" if (given / "lists").is_dir() else given
        if not any(lists.glob("*/domains")):
            raise SystemExit(f"{given}: neither make_lists.py nor category folders here; see bench/data.py")
    if stream.exists():
        count = "300000" if size() == "county" else "60000"
        subprocess.run([sys.executable, stream, lists, requests, "--count", count], check=True)
    else:
        make_requests(lists, requests, count=300_000 if size() == "county" else 60_000)
    return lists


# -- our own generator ---------------------------------------------------------------------------


def _names(rng: random.Random) -> Iterator[str]:
    """Endless host names that look like names and belong to nobody."""
    while True:
        parts = rng.choices(SYLLABLES, k=rng.randrange(3, 7))
        if rng.random() < 0.3:
            parts.insert(rng.randrange(1, len(parts)), rng.choice("-34x"))
        name = f"{''.join(parts)}.{rng.choice(TOP)}"
        yield f"{rng.choice(PREFIXES)}.{name}" if rng.random() < 0.12 else name


def make_lists(out: Path, *, scale: float = 1.0, seed: int = SEED) -> Path:
    """One folder a category in SquidGuard's layout. The same arguments give the same bytes."""
    rng = random.Random(seed)
    names = _names(rng)
    shared = list(itertools.islice(names, 2_000))  # names that stand in more than one category
    for category, (domains, urls) in COUNTY.items():
        folder = out / category
        folder.mkdir(parents=True, exist_ok=True)
        made: set[str] = set(rng.sample(shared, 40))
        wanted = max(60, int(domains * scale))
        while len(made) < wanted:
            made.add(_address(rng) if category == "malware" and rng.random() < 0.1 else next(names))
        (folder / "domains").write_text("\n".join(sorted(made)) + "\n")
        if urls:
            lines = sorted({_url(rng, next(names)) for _ in range(max(3, int(urls * scale)))})
            (folder / "urls").write_text("\n".join(lines) + "\n")
    return out


def _address(rng: random.Random) -> str:
    # Public addresses only: a listed private one would meet other rules than the lists.
    return f"{rng.choice([23, 45, 91, 185])}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def _url(rng: random.Random, host: str) -> str:
    return f"{host.removeprefix('www.')}/{''.join(rng.choices(SYLLABLES, k=3))}/{rng.choice(['', 'a/', 'login.php'])}"


def _zipf(count: int, power: float) -> list[float]:
    return list(itertools.accumulate(1 / rank**power for rank in range(1, count + 1)))


def make_requests(lists: Path, out: Path, *, count: int, seed: int = SEED) -> Path:
    """A school's day: nine in ten for hosts on no list, most of it CONNECT, popularity by Zipf."""
    rng = random.Random(seed)
    listed: list[str] = []
    for file in sorted(lists.glob("*/domains")):
        lines = file.read_text("utf-8", "replace").split()
        listed += rng.sample(lines, min(len(lines), 3_000))
    rng.shuffle(listed)
    free = [f"{rng.choice(['', 'www.', 'static.', 'a1.cdn.'])}{name}" for name in itertools.islice(_names(rng), 60_000)]
    popular, rare = _zipf(len(free), 1.0), _zipf(len(listed), 0.6)
    with out.open("w") as stream:
        for _ in range(count):
            if rng.random() < 0.9:
                host = rng.choices(free, cum_weights=popular)[0]
            else:
                host = rng.choices(listed, cum_weights=rare)[0]
                if rng.random() < 0.5 and not host.replace(".", "").isdigit():
                    host = f"{rng.choice(['www', 'm', 'x.y'])}.{host}"
            address = f"10.{rng.choice([1, 1, 1, 2])}.{rng.randrange(4)}.{rng.randrange(250)}"
            if rng.random() < 0.7:
                stream.write(f"{host}:443 {address}/- - CONNECT myip=10.0.0.1 myport=3128\n")
            else:
                stream.write(f"http://{host}{rng.choice(PATHS)} {address}/- - GET myip=10.0.0.1 myport=3128\n")
    return out
