"""The helper and the real SquidGuard 1.6, side by side: same lists, same policy, same requests, same answers.

Where we differ it is on purpose, for a reason that the table gives; and nowhere do we open what SquidGuard closes.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.data import make_lists, make_requests
from bench.squidguard import SquidGuard, rules_for

from .conftest import make_bundle, run_helper

# What is asked: (SquidGuard blocks, we block, why we differ).
DIFFERENCES = {
    "http://news.example/lottology": (
        True,
        False,
        "an entry ends at `/`, `?` or the end: `/lotto` is not `/lottology`",
    ),
    "http://prefixed.example/page": (False, True, "an entry written with www. counts without it as well"),
    "http://1572395042/": (False, True, "an address in one number is that address (93.184.216.34)"),
    "http://0x5db8d822/": (False, True, "and in hex"),
    "http://0135.0270.0330.042/": (False, True, "and in octal"),
    "http://news.example/a/../lotto": (False, True, "dot segments are collapsed"),
    "http://b\u00fccher.example/": (False, True, "an international name is its ASCII form"),
    "http://casino.example.:80/": (False, True, "a trailing dot is no other host, with a port or without"),
    "http://[::ffff:93.184.216.34]/": (False, True, "IPv4 in IPv6 is IPv4"),
    "http://news.example/%2e/lotto": (False, True, "percent-encoding comes before dot segments"),
    "http://in-both.example/": (True, True, "any blocked category is enough"),
    "http://www.both.example/": (False, True, "a listed host covers all below it, also beside a listed one"),
    "http://river.example:99999/": (False, True, "what cannot be read is blocked"),
}
LISTS = {
    "gambling/domains": (
        "casino.example\n93.184.216.34\nin-both.example\nxn--bcher-kva.example\nboth.example\nimg.both.example\n"
    ),
    "gambling/urls": "news.example/lotto\nwww.prefixed.example/page\n",
    "good/domains": "in-both.example\nschool.example\n",
}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    for name, text in LISTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def blocked(answers: list[bytes]) -> list[bool]:
    """A rewriter's answers: ERR leaves the request alone, OK leads it to the block page."""
    assert all(answer.startswith((b"OK ", b"ERR")) for answer in answers)
    return [answer.startswith(b"OK") for answer in answers]


def test_they_agree_on_a_stream_of_requests_over_many_categories(tmp_path: Path) -> None:
    lists = make_lists(tmp_path / "lists", scale=0.002)
    requests = make_requests(lists, tmp_path / "requests", count=20_000).read_bytes()
    guard = SquidGuard(lists, tmp_path / "guard")
    guard.compile()
    bundle = make_bundle(tmp_path / "bundles", rules=rules_for(lists), lists=lists)

    theirs, ours = blocked(guard.answer(requests)), blocked(run_helper(bundle, requests, "--rewriter"))

    assert len(ours) == 20_000
    differing = [
        (line, they, we) for line, they, we in zip(requests.splitlines(), theirs, ours, strict=True) if they is not we
    ]
    assert differing == []
    assert 500 < sum(ours) < 10_000  # the stream has something to say


def test_they_agree_without_the_rewriter_option_too(tmp_path: Path) -> None:
    """The same lines by hand to the acl: ERR is blocked there, OK is allowed."""
    lists = make_lists(tmp_path / "lists", scale=0.001)
    requests = make_requests(lists, tmp_path / "requests", count=5_000).read_bytes()
    guard = SquidGuard(lists, tmp_path / "guard")
    guard.compile()
    bundle = make_bundle(tmp_path / "bundles", rules=rules_for(lists), lists=lists)

    ours = [answer.startswith(b"ERR") for answer in run_helper(bundle, requests)]

    assert ours == blocked(guard.answer(requests))


@pytest.mark.parametrize(("url", "expected"), DIFFERENCES.items(), ids=list(DIFFERENCES))
def test_where_we_differ_it_is_on_purpose(
    tmp_path: Path, lists: Path, url: str, expected: tuple[bool, bool, str]
) -> None:
    guard = SquidGuard(lists, tmp_path / "guard")
    guard.compile()
    bundle = make_bundle(tmp_path / "bundles", rules=rules_for(lists), lists=lists)
    line = f"{url} 10.1.0.4/- - GET myip=1 myport=2\n".encode()

    they, we, why = expected

    assert blocked(guard.answer(line)) == [they], "SquidGuard does otherwise than the table says"
    assert blocked(run_helper(bundle, line, "--rewriter")) == [we], why


@pytest.mark.parametrize(
    "url",
    [
        "http://casino.example/",
        "http://WWW.CASINO.example:80/x",
        "http://u:p@casino.example/",
        "http://casino.example./",
        "http://c%61sino.example/",
        "http://93.184.216.34/",
        "http://news.example/lotto",
        "http://www.news.example/lotto/win?x=1",
        "http://news.example//lotto",
        "http://news.example/%6Cotto",
        "http://news.example/LOTTO",
        "http://www.prefixed.example/page",
    ],
)
def test_what_squidguard_closes_ours_closes(tmp_path: Path, lists: Path, url: str) -> None:
    guard = SquidGuard(lists, tmp_path / "guard")
    guard.compile()
    bundle = make_bundle(tmp_path / "bundles", rules=rules_for(lists), lists=lists)
    line = f"{url} 10.1.0.4/- - GET myip=1 myport=2\n".encode()

    assert blocked(guard.answer(line)) == [True]
    assert blocked(run_helper(bundle, line, "--rewriter")) == [True]


def test_a_site_in_a_good_and_a_bad_list_is_open_there_only_where_the_good_is_named_first(
    tmp_path: Path, lists: Path
) -> None:
    """`pass good !bad all` opens it in SquidGuard; ours blocks, but for a group that says `match: first`."""
    guard = SquidGuard(lists, tmp_path / "guard", passes="good !gambling all")
    guard.compile()
    line = b"http://in-both.example/ 10.1.0.4/- - GET\n"
    rules = rules_for(lists, first=("good",))

    assert blocked(guard.answer(line)) == [False]
    assert blocked(run_helper(make_bundle(tmp_path / "any", rules=rules, lists=lists), line, "--rewriter")) == [True]
    first = rules.replace("pupils: {default: allow}", "pupils: {default: allow, match: first}")
    assert blocked(run_helper(make_bundle(tmp_path / "first", rules=first, lists=lists), line, "--rewriter")) == [False]


def test_where_squidguards_emergency_mode_opens_everything_ours_closes_it(tmp_path: Path, lists: Path) -> None:
    guard = SquidGuard(lists, tmp_path / "guard")
    guard.compile()
    bundle = make_bundle(tmp_path / "bundles", rules=rules_for(lists), lists=lists)
    shutil.rmtree(guard.database / "gambling")
    (bundle / "sites.ids").unlink()
    line = b"http://casino.example/ 10.1.0.4/- - GET\n"

    assert blocked(guard.answer(line)) == [False]
    assert blocked(run_helper(bundle, line, "--rewriter")) == [True]


def test_the_real_thing_is_installed() -> None:
    said = subprocess.run(["squidGuard", "-v"], capture_output=True, text=True, check=False)
    assert "SquidGuard: 1." in said.stdout + said.stderr


def test_the_stream_is_the_same_each_time(tmp_path: Path) -> None:
    random.seed(1)
    first = make_lists(tmp_path / "one", scale=0.001)
    random.seed(2)
    second = make_lists(tmp_path / "two", scale=0.001)
    streams = [make_requests(lists, tmp_path / "r", count=500).read_bytes() for lists in (first, second)]
    assert streams[0] == streams[1]
