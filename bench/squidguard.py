"""The real SquidGuard with the same lists and the same policy as ours: the alternative that we measure against."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

OPEN_TO_ALL = ("press", "bank")  # categories that the policy leaves open
CLOSED_TO_STAFF = ("malware", "phishing")
AT_LUNCH = "games"  # pupils have it at lunch
REDIRECT = "http://block.example/"


def categories(lists: Path) -> list[str]:
    """Categories with domains or URLs. Expressions are left out: SquidGuard's dialect is another one."""
    return sorted({file.parent.name for kind in ("domains", "urls") for file in lists.glob(f"*/{kind}")})


def rules_for(lists: Path, *, first: Sequence[str] = ()) -> str:
    """The policy as a rules file: pupils without most categories (one of them open at lunch), staff without the
    harmful ones. `first` are categories that pupils are allowed, in rules before all others."""
    names = categories(lists)
    blocks = [("pupils", name) for name in names if name not in (*OPEN_TO_ALL, *first)]
    blocks += [("staff", name) for name in names if name in CLOSED_TO_STAFF]
    lines = [
        "school: {name: Bench, timezone: Europe/London}",
        "categories:",
        *(f"  {name}: {{lists: [{name}]}}" for name in names),
        "groups:",
        "  pupils: {default: allow}",
        "  staff: {default: allow}",
        "zones:",
        "  suite: {addresses: [10.1.0.0/16], group: pupils}",
        "  office: {addresses: [10.2.0.0/16], group: staff}",
        'schedules: {lunch: {days: mon-fri, from: "12:00", to: "13:00"}}',
        "rules:",
        *(f'  - {{level: school, group: pupils, allow: "category:{name}", reason: r, by: b}}' for name in first),
        *(
            f'  - {{level: school, group: {group}, block: "category:{name}", reason: r, by: b'
            f"{', outside: lunch' if (group, name) == ('pupils', AT_LUNCH) else ''}}}"
            for group, name in blocks
        ),
    ]
    return "\n".join(lines) + "\n"


class SquidGuard:
    """A SquidGuard of its own in `folder`, over a copy of the lists: it writes its databases beside them."""

    def __init__(self, lists: Path, folder: Path, *, passes: str = "") -> None:
        """`passes` is the `pass` line of pupils, left out: the policy of `rules_for`."""
        self.database = folder / "db"
        self.conf = folder / "squidGuard.conf"
        names = categories(lists)
        for name in names:
            (self.database / name).mkdir(parents=True)
            for kind in ("domains", "urls"):
                if (lists / name / kind).exists():
                    shutil.copy(lists / name / kind, self.database / name / kind)
        shut = [f"!{name}" for name in names if name not in OPEN_TO_ALL]
        pupils = passes or " ".join([*shut, "all"])
        lunch = passes or " ".join([*(word for word in shut if word != f"!{AT_LUNCH}"), "all"])
        staff = " ".join(f"!{name}" for name in names if name in CLOSED_TO_STAFF) + " all"
        parts = [f"dbhome {self.database}", f"logdir {folder}", "time lunch {\n weekly mtwhf 12:00-13:00\n}"]
        parts += ["src pupils {\n ip 10.1.0.0/16\n}", "src staff {\n ip 10.2.0.0/16\n}"]
        parts += [self._destination(name) for name in names]
        policy = [
            ("pupils within lunch", lunch), ("else", pupils), ("staff", staff), ("default", "none"),
        ]  # fmt: skip
        acls = "\n".join(f" {name} {{\n  pass {line}\n  redirect {REDIRECT}\n }}" for name, line in policy)
        self.conf.write_text("\n".join([*parts, f"acl {{\n{acls}\n}}"]) + "\n")

    def _destination(self, name: str) -> str:
        kinds = [("domains", "domainlist"), ("urls", "urllist")]
        lines = [f" {word} {name}/{kind}" for kind, word in kinds if (self.database / name / kind).exists()]
        return "\n".join([f"dest {name} {{", *lines, "}"])

    def compile(self) -> None:
        """All databases; the slow part. Raises CalledProcessError."""
        subprocess.run(["squidGuard", "-c", self.conf, "-C", "all"], check=True, capture_output=True)

    def size(self) -> int:
        """Bytes of its databases."""
        return sum(file.stat().st_size for file in self.database.glob("*/*.db"))

    def command(self) -> list[str]:
        return ["squidGuard", "-c", str(self.conf)]

    def answer(self, requests: bytes) -> list[bytes]:
        """One answer a line. Its exit status says only whether it ended in its emergency mode."""
        done = subprocess.run(self.command(), input=requests, capture_output=True, check=False)
        return done.stdout.splitlines()
