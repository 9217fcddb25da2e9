"""A school with every construct of squidGuard.conf, and a day's requests for it: the same each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .sidebyside import line

Pools = Mapping[str, Sequence[str]]
Choice = Callable[[Sequence[Any]], Any]
Place = tuple[str, str]  # host and path

CONF = Path(__file__).with_name("school.conf")
SEED = 20261124
MOMENTS = (
    *("2026-11-23T09:30:00", "2026-11-23T12:30:00", "2026-11-23T18:30:00", "2026-11-27T16:00:00"),
    *("2026-11-28T11:00:00", "2026-12-24T23:30:00", "2026-12-25T10:30:00", "2026-12-30T10:00:00"),
    *("2026-07-15T00:30:00", "2026-07-31T05:00:00"),
)
PEOPLE = {
    "people/teachers": "# staff\nCarol dave,erin # frank\ngina:x:1001\n\nHarry\tanna\r\n",
    "people/lab": "# more of the lab\n10.7.1.0/24 10.7.2.5-10.7.2.9,10.7.3.1 # 10.7.4.1\n10.8.0.0/255.255.0.0\n",
}
USERS = (
    *("-", "-", "-", "-", "head", "Deputy", "ANNA", "carol", "Dave", "erin", "frank", "gina", "harry", "ivy"),
    "j.o@x.example",
)
ADDRESSES = (
    *("10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.2.0.0", "10.2.5.9", "10.2.255.255", "10.3.0.0", "10.3.0.99"),
    *(
        "10.3.0.100",
        "10.4.0.0",
        "10.4.3.255",
        "10.4.4.0",
        "10.4.200.1",
        "10.9.0.5",
        "10.9.7.7",
        "10.5.0.1",
        "10.5.127.255",
    ),
    *(
        "10.5.128.0",
        "10.5.200.1",
        "10.6.0.1",
        "10.6.9.255",
        "10.6.10.0",
        "10.6.200.9",
        "10.7.1.77",
        "10.7.2.4",
        "10.7.2.5",
    ),
    *("10.7.2.9", "10.7.2.10", "10.7.3.1", "10.7.4.1", "10.8.8.8", "192.0.2.7", "203.0.113.9", "2001:db8::7"),
)
NAMES = ("-", "-", "-", "pc4.school.example", "visitors.example")
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ki", "lo", "mu", "ne", "pa", "ri", "so", "tu", "ve", "wi", "xa", "zo")
TOPS = ("example", "co.example", "net.example", "school.test", "org.test")
PATHS = (
    *("/", "/index.html", "/lessons/rivers.html", "/find?q=roman-roads", "/static/app.js?v=7", "/Pictures/Big.PNG"),
    *(
        "/a/b/c/d/e.html",
        "/x?u=http://other.example/y",
        "/~anna/(1),2!",
        "/casino-royale",
        "/banner/7.gif",
        "/x/poker12",
    ),
)
EXPRESSIONS = {
    "gambling/expressions": "casino\n(^|[.-])bets?[0-9]*\\.\n[[:alpha:]]poker[[:digit:]]{2}\n",
    "adverts/expressions": "/banners?/\n^ads?[0-9]*\\.\n[?&]ad_?id=[^&]+\n",
}


@dataclass(frozen=True)
class School:
    """`listed` are hosts that some list names, `pages` are URLs of lists (without scheme)."""

    files: dict[str, str]
    listed: tuple[str, ...]
    pages: tuple[str, ...]


def make_school(*, seed: int = SEED) -> School:
    """Lists in which no entry lies below another of the same list: what becomes of those is a difference of its own."""
    rng = random.Random(seed)
    names = _names(rng)
    files = dict(PEOPLE) | EXPRESSIONS
    listed: list[str] = []
    pages: list[str] = []
    for folder, count in (("good", 150), ("gambling", 300), ("games", 300), ("social", 60), ("big", 3_000)):
        hosts = [next(names) for _ in range(count)]
        if folder != "good":  # some stand in more than one list, and which is named first decides
            hosts += rng.sample(listed, len(listed) // 10)
        if folder == "gambling":
            hosts += [f"93.184.{rng.randrange(256)}.{rng.randrange(256)}" for _ in range(20)]
        listed += hosts
        files[f"{folder}/domains"] = "\n".join(dict.fromkeys(hosts)) + "\n"
        if folder != "social":
            urls = [f"{next(names)}/{_word(rng)}" for _ in range(count // 5)]
            pages += urls
            files[f"{folder}/urls"] = "\n".join(urls) + "\n"
    return School(files, tuple(dict.fromkeys(listed)), tuple(pages))


def make_requests(school: School, count: int, *, seed: int = SEED) -> Iterator[str]:
    """Lines for a rewriter: listed hosts and those below them, pages and those below them, lookalikes, addresses, and
    hosts on no list; from every source and from none; by HTTP and CONNECT."""
    rng = random.Random(seed)
    choice, chance = rng.choice, rng.random
    names = _names(rng)
    free = [next(names) for _ in range(4_000)]
    addresses = [".".join(str(rng.randrange(1, 224)) for _ in range(4)) for _ in range(300)]
    kinds = (_listed, _listed, _below, _page, _lookalike, _free, _free, _free, _free, _address)
    pools = {"listed": school.listed, "pages": school.pages, "free": free, "addresses": addresses}
    for _ in range(count):
        host, path = choice(kinds)(pools, choice)
        secure = chance() < 0.4
        url = f"{host}:443" if secure else f"{choice(('http', 'http', 'ftp'))}://{host}{path}"
        yield line(url, choice(ADDRESSES), choice(USERS), name=choice(NAMES))


def _listed(pools: Pools, choice: Choice) -> Place:
    return choice(pools["listed"]), choice(PATHS)


def _below(pools: Pools, choice: Choice) -> Place:
    host = choice(pools["listed"])
    return (host if host[0].isdigit() else f"{choice(('www', 'www2', 'm', 'x.y', 'ads', 'bet7'))}.{host}"), choice(
        PATHS
    )


def _page(pools: Pools, choice: Choice) -> Place:
    host, _, path = choice(pools["pages"]).partition("/")
    return (
        f"{choice(('', 'www.', 'web3.', 'ftp.', 'm.'))}{host}",
        f"/{path}{choice(('', '/', '/more', '?x=1', '/a?b=c'))}",
    )


def _lookalike(pools: Pools, choice: Choice) -> Place:
    host = choice(pools["listed"])
    return (host if host[0].isdigit() else f"{choice(('not', 'my-', 'x'))}{host}"), choice(PATHS)


def _free(pools: Pools, choice: Choice) -> Place:
    return choice(pools["free"]), choice(PATHS)


def _address(pools: Pools, choice: Choice) -> Place:
    return choice(pools["addresses"]), choice(PATHS)


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(SYLLABLES, k=3))


def _names(rng: random.Random) -> Iterator[str]:
    """Endless hosts, none twice and none below another."""
    known: set[str] = set()
    while True:
        name = (
            f"{''.join(rng.choices(SYLLABLES, k=rng.randrange(3, 6)))}{rng.choice(('', '-4', '7'))}.{rng.choice(TOPS)}"
        )
        if name not in known:
            known.add(name)
            yield name
