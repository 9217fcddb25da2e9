"""P35: what is imported from a squidGuard.conf answers as the real squidGuard 1.6 does, construct by construct; and a
table of what differs on purpose, each with its reason, which docs/squidguard.md shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from .differences import DIFFERENT, during
from .sidebyside import Ours, ask_both, ask_squidguard, in_the_same_words, line, write_conf

CONSTRUCTS = Path(__file__).with_name("constructs.conf")
DESTINATIONS = "dest bad {\n domainlist bad/domains\n}\ndest good {\n domainlist good/domains\n}\n"
FILES = {
    "bad/domains": "bad.example\n",
    "good/domains": "good.example\n",
    "bad/urls": "news.example/lotto\nbare.example\n",
    "bad/expressions": "casino|[[:digit:]]{3}poker\n^ads?[0-9]*\\.\n/Banner/\n[\\.]swf$\n",
    "dest/own/domainlist": "bad.example\n",
    "dest/own/urllist": "news.example/lotto\n",
    "dest/own/expressionlist": "casino\n",
    "people": "# staff\nAnna,carol # dora\nbob@x.example:x:1000\n\neve\r\n",
    "places": "10.1.0.4 10.3.0.0-10.3.0.255 # 10.2.0.1\n10.9.0.0/255.255.0.0\n",
}
SITES = (
    *("http://other.example/", "http://bad.example/", "http://good.example/x/y.html", "http://www.bad.example:8080/a?b=1"),
    *("http://notbad.example/", "bad.example:443", "http://1.2.3.4/x", "1.2.3.4:443", "http://BAD.example/Up?Q=1"),
    *("http://news.example/", "http://news.example/lotto", "http://www3.news.example/lotto/win", "http://bare.example/x"),
    *("http://x.example/my-Casino/1", "http://ad7.example/", "http://bad7.example/999poker", "http://x.example/banner/1"),
    *("http://x.example/banners/1", "http://x.example/a.swf", "http://x.example/aXswf", "news.example:443"),
)  # fmt: skip
WHO = (
    *(("10.1.0.4", "-"), ("10.1.0.4", "anna"), ("10.1.0.5", "Bob"), ("10.1.0.5", "bob@x.example")),
    *(("10.2.0.1", "ANNA"), ("10.2.0.1", "-"), ("10.3.0.9", "bob"), ("10.3.0.9", "dora"), ("10.9.0.1", "eve")),
    ("192.0.2.1", "carol"),
)  # fmt: skip


def constructs() -> dict[str, str]:
    parts = CONSTRUCTS.read_text().split("\n#== ")[1:]
    return {name: body for name, _, body in (part.partition("\n") for part in parts)}


@pytest.mark.parametrize("name", constructs())
def test_a_construct_answers_as_squidguard_does(tmp_path: Path, name: str) -> None:
    lines = [line(url, client, user) for url in SITES for client, user in WHO]

    theirs, ours = ask_both(tmp_path, DESTINATIONS + constructs()[name], FILES, lines)

    assert ours == in_the_same_words(theirs, lines)


# Half a minute from each edge: squidGuard's -t sets its clock to within a second.
TIMES = {
    "weekly mtwhf 08:00-15:30": ("11-23T07:59:30", "11-23T08:00:30", "11-23T15:29:30", "11-23T15:30:30"),
    "weekly smtwha 08:00 - 15:30": ("11-20T12:00:30", "11-21T12:00:30", "11-22T12:00:30"),
    "weekly SA 08:00-15:30": ("11-20T12:00:30", "11-21T12:00:30", "11-22T12:00:30"),
    "weekly sat 08:00-15:30": ("11-20T12:00:30", "11-21T12:00:30", "11-22T12:00:30", "11-24T12:00:30"),
    "weekly * 07:00-09:00 17:00-24:00": ("11-23T08:00:30", "11-23T12:00:30", "11-23T23:59:30"),
    "weekly monday, fridays 08:00-12:00": ("11-23T09:00:30", "11-24T09:00:30", "11-27T09:00:30"),
    "weekly wed thursday 08:00-12:00": ("11-25T09:00:30", "11-26T09:00:30", "11-27T09:00:30"),
    "weekly * 22:00-06:00": ("11-23T23:00:30", "11-23T05:00:30", "11-23T12:00:30"),
    "weekly * 25:00-26:99": ("11-23T23:00:30", "11-23T01:30:30"),
    "weekly m 08:00-15:30\n date *-12-25\n weekly a 10:00-11:00": ("11-21T10:30:30", "12-25T20:00:30"),
    "date 2026-12-24": ("12-23T23:58:30", "12-24T00:00:30", "12-24T23:58:30", "12-25T00:00:30"),
    "date 2026.12.24 12:00-24:00": ("12-24T11:59:30", "12-24T12:00:30", "12-24T23:59:30"),
    "date 2026-12-23 - 2026-12-26 12:00-13:00": ("12-23T12:30:30", "12-24T11:30:30", "12-27T12:30:30"),
    "date *.12.25 08:00-12:00": ("12-25T08:00:30", "12-25T12:00:30", "12-24T08:00:30"),
    "date 2026-*-01": ("12-01T11:00:30", "12-02T11:00:30", "07-01T11:00:30"),
    "date *-*-*": ("12-01T11:00:30",),
    "date 2026-02-31": ("03-03T11:00:30", "02-28T11:00:30"),
    "date 2026-07-15": ("07-14T23:30:30", "07-15T00:30:30", "07-15T22:30:30", "07-16T00:30:30"),
}  # fmt: skip


@pytest.mark.parametrize("body", TIMES)
def test_a_time_space_holds_when_squidguards_does(tmp_path: Path, body: str) -> None:
    conf = write_conf(tmp_path, during(body), {})
    ours, asked = Ours(conf), [line("http://x.example/")]

    for moment in TIMES[body]:
        at = f"2026-{moment}"
        assert ours.ask(asked, at) == ask_squidguard(conf, asked, at), at


@pytest.mark.parametrize("name", DIFFERENT)
def test_where_the_import_differs_it_is_on_purpose(tmp_path: Path, name: str) -> None:
    case = DIFFERENT[name]
    body = DESTINATIONS + "dest both {\n domainlist bad/domains\n}\n" + case.body

    theirs, ours = ask_both(tmp_path, body, FILES | case.files, [case.asked], case.at)

    assert theirs[0].startswith(case.theirs), "squidGuard does otherwise than the table says"
    assert ours[0].startswith(case.ours), case.reason
