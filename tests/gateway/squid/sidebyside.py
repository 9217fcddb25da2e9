"""One squidGuard.conf, two programs: the real squidGuard, and what `import-squidguard` makes of it. Both are asked
the same lines at the same time of the same day."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from drystone.engine.filtering import LiveFilter, compile_bundle
from drystone.engine.filtering.squidguard import Imported, import_conf
from drystone.gateway.squid.answers import Answers
from drystone.gateway.squid.rewriter import RewriterDoor

LONDON = "Europe/London"
NOON = "2026-11-23T12:30:00"  # a Monday


def line(url: str, client: str = "10.1.0.4", user: str = "-", *, name: str = "-") -> str:
    """A request as Squid hands it to a rewriter. `host:port` is a CONNECT."""
    method = "GET" if "://" in url else "CONNECT"
    return f"{url} {client}/{name} {user} {method} myip=10.0.0.1 myport=3128"


def write_conf(folder: Path, body: str, files: Mapping[str, str]) -> Path:
    """The conf with its dbhome and logdir before it, and the files of dbhome."""
    database, log = folder / "db", folder / "log"
    database.mkdir(parents=True)
    log.mkdir()
    for name, text in files.items():
        path = database / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    conf = folder / "squidGuard.conf"
    conf.write_text(f"dbhome {database}\nlogdir {log}\n{body}")
    return conf


def start_squidguard(conf: Path, lines: Path, answers: Path, at: str) -> subprocess.Popen[bytes]:
    with lines.open("rb") as source, answers.open("wb") as sink:
        return subprocess.Popen(
            ["squidGuard", "-c", str(conf), "-t", at],
            stdin=source,
            stdout=sink,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TZ": LONDON},
        )


def ask_squidguard(conf: Path, lines: Sequence[str], at: str = NOON) -> list[str]:
    asked, answered = conf.with_name("asked"), conf.with_name("answered")
    asked.write_text("".join(f"{each}\n" for each in lines))
    status = start_squidguard(conf, asked, answered, at).wait(60)
    assert status == 0, f"squidGuard ended in its emergency mode ({status})"
    return answered.read_text(errors="surrogateescape").splitlines()


class Ours:
    """The rewriter over the bundle that the import of a conf compiles to."""

    def __init__(self, conf: Path) -> None:
        lists = conf.with_name("lists")
        lists.mkdir()
        self.imported: Imported = import_conf(conf, lists=lists, timezone=LONDON)
        compile_bundle(lists, self.imported.rules, conf.with_name("bundle") / "current")
        self._live = LiveFilter(conf.with_name("bundle"))

    def ask(self, lines: Sequence[str], at: str = NOON) -> list[str]:
        answers = Answers(self._live, RewriterDoor())
        answers.now(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(LONDON)))
        given = answers.answer([each.encode("utf-8", "surrogateescape") for each in lines])
        return given.decode().splitlines()


def ask_both(
    folder: Path, body: str, files: Mapping[str, str], lines: Sequence[str], at: str = NOON
) -> tuple[list[str], list[str]]:
    conf = write_conf(folder, body, files)
    return ask_squidguard(conf, lines, at), Ours(conf).ask(lines, at)


def in_the_same_words(theirs: list[str], lines: list[str]) -> list[str]:
    """SquidGuard's answers, but for a blocked CONNECT (connect-without-status in differences.py)."""
    return [
        answer.replace("OK rewrite-url=", "OK status=302 url=", 1) if " CONNECT " in asked else answer
        for answer, asked in zip(theirs, lines, strict=True)
    ]
