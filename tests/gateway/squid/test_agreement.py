"""P35: a school's squidGuard.conf with every construct, 300,000 requests at ten moments of the year, and the same
answer to each from the real squidGuard and from what was imported. What differs on purpose stands in differences.py,
and is not among these requests; but a blocked CONNECT, which is put in the same words."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from .agreement import CONF, MOMENTS, make_requests, make_school
from .sidebyside import Ours, in_the_same_words, start_squidguard, write_conf

REQUESTS = 300_000
ABREAST = 2  # squidGuards at work at once: each takes a core


def test_every_answer_is_squidguards(tmp_path: Path) -> None:
    school = make_school()
    conf = write_conf(tmp_path / "conf", CONF.read_text(), school.files)
    ours = Ours(conf)
    lines = list(make_requests(school, REQUESTS))
    part = REQUESTS // len(MOMENTS)
    asked = {at: lines[number * part : (number + 1) * part] for number, at in enumerate(MOMENTS)}
    running: dict[str, subprocess.Popen[bytes]] = {}
    said: Counter[str] = Counter()
    for number, at in enumerate(MOMENTS):
        for ahead in MOMENTS[number : number + ABREAST]:
            if ahead not in running:
                (tmp_path / ahead).write_text("".join(f"{line}\n" for line in asked[ahead]))
                running[ahead] = start_squidguard(conf, tmp_path / ahead, tmp_path / f"{ahead}.answers", ahead)
        given = ours.ask(asked[at], at)
        assert running[at].wait(120) == 0, "squidGuard ended in its emergency mode"
        theirs = in_the_same_words((tmp_path / f"{at}.answers").read_text().splitlines(), asked[at])
        differing = [each for each in zip(asked[at], theirs, given, strict=True) if each[1] != each[2]]
        assert not differing, f"{at}: {len(differing)} differ, as {differing[0]}"
        said.update(answer.partition("?")[0] for answer in given)

    assert said.total() == REQUESTS
    assert len(said) >= 11, "every page of the conf is led to"
    assert 0.2 < said["ERR"] / REQUESTS < 0.6, "and enough is let through"


def test_the_stream_is_the_same_each_time() -> None:
    school = make_school()

    assert list(make_requests(school, 300)) == list(make_requests(make_school(), 300))
    assert list(make_requests(school, 300, seed=2)) != list(make_requests(school, 300))
