"""P35: confs that nobody would write, made at random from all the words there are: sources that overlap, times on
everything, acls without pass lines, twice, or never. The same from both programs, as in test_agreement.py."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .sidebyside import Ours, ask_squidguard, in_the_same_words, line, write_conf

TIMES = {
    "am": "weekly * 00:00-12:00",
    "first": "weekly m 00:00-24:00",
    "eve": "date *-12-24",
    "never": "weekly * 22:00-06:00",
}
MOMENTS = ("2026-11-23T09:00:00", "2026-11-23T15:00:00", "2026-12-24T15:00:00")
DESTINATIONS = ("one", "two", "three")
HOSTS = ("a.example", "b.example", "c.example", "d.example", "x.a.example", "other.example")
ADDRESSES = ("10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.9", "10.2.0.1", "192.0.2.1")
PLACES = (
    *("10.1.0.0/24", "10.1.0.2-10.1.0.3", "10.1.0.4", "10.1.0.0/255.255.255.252", "10.0.0.0/8"),
    "10.1.0.3 10.2.0.0/16",
)
USERS = ("anna", "bob", "carol", "-")


def make_conf(rng: random.Random) -> tuple[str, dict[str, str]]:
    files = {f"{name}/domains": "".join(f"{host}\n" for host in rng.sample(HOSTS[:4], 2)) for name in DESTINATIONS}
    parts = [f"time {name} {{\n {body}\n}}" for name, body in TIMES.items()]
    for name in DESTINATIONS:
        page = f" redirect 302:http://{name}.example/%s/%t\n" if rng.random() < 0.4 else ""
        parts.append(f"dest {name} {{\n domainlist {name}/domains\n{page}{limit(rng, 0.3)}}}")
    sources = [f"s{number}" for number in range(rng.randrange(1, 6))]
    for name in sources:
        places = f" ip {rng.choice(PLACES)}\n" * (rng.random() < 0.75)
        people = f" user {' '.join(rng.sample(USERS[:3], rng.randrange(1, 3)))}\n" * (rng.random() < 0.45)
        parts.append(f"src {name} {{\n{places}{people}{limit(rng, 0.35)}}}")
    acls = [acl(rng, name) for name in sources for _ in range(rng.choice((0, 1, 1, 1, 2)))]
    rng.shuffle(acls)
    # The default has a page, and stands last: without, squidGuard lets what is blocked through, or falls over.
    fallback = f" default {{\n  pass {passes(rng)}\n  redirect 302:http://default.example/%s/%t\n }}\n"
    parts.append(f"acl {{\n{''.join(acls)}{fallback}}}")
    return "\n".join(parts) + "\n", files


def limit(rng: random.Random, chance: float) -> str:
    return f" {rng.choice(('within', 'outside'))} {rng.choice(list(TIMES))}\n" if rng.random() < chance else ""


def acl(rng: random.Random, name: str) -> str:
    when = limit(rng, 0.5).rstrip("\n")
    otherwise = f" else {{\n{block(rng)} }}" if when and rng.random() < 0.5 else ""
    return f" {name}{when} {{\n{block(rng)} }}{otherwise}\n"


def block(rng: random.Random) -> str:
    page = f"  redirect {rng.choice(('302:', '301:', ''))}http://acl{rng.randrange(9)}.example/%s/%t/%i\n"
    return f"  pass {passes(rng)}\n" * (rng.random() < 0.9) + page * (rng.random() < 0.7)


def passes(rng: random.Random) -> str:
    words = [rng.choice(("", "!")) + name for name in rng.sample((*DESTINATIONS, "in-addr"), rng.randrange(0, 4))]
    return " ".join([*words, *rng.choice((["all"], ["none"], ["any"], []))])


@pytest.mark.parametrize("seed", [*range(9), 49])  # 49: neither acl nor default says what passes
def test_a_conf_at_random_answers_as_squidguard_does(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    conf = write_conf(tmp_path, *make_conf(rng))
    hosts = (*HOSTS, "93.184.216.34")
    lines = [line(f"http://{host}/x", client, user) for host in hosts for client in ADDRESSES for user in USERS]
    ours = Ours(conf)

    for at in MOMENTS:
        theirs = in_the_same_words(ask_squidguard(conf, lines, at), lines)
        differing = [each for each in zip(lines, theirs, ours.ask(lines, at), strict=True) if each[1] != each[2]]
        assert not differing, f"{at}: {len(differing)} differ, as {differing[0]}\n{conf.read_text()}"
