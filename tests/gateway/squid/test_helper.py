"""The helper as a process: whatever comes in, each line gets one answer, and in doubt the answer is no."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.eventlog import Event, parse_line
from drystone.engine.filtering import LiveFilter, Overlay, SwitchedOff, write_overlay
from drystone.gateway.squid.answers import Answers
from drystone.gateway.squid.doors import AclDoor
from drystone.gateway.squid.rewriter import RewriterDoor

from .conftest import make_bundle, make_lists, run_helper

MINUTE = timedelta(minutes=1)
GOOD = b"http://river.example/ 10.1.0.4/- - GET myip=10.0.0.1 myport=3128"
GARBAGE = {
    "nothing": b"",
    "spaces": b"     ",
    "a word": b"garbage",
    "no client": b"http://river.example/",
    "no address": b"http://river.example/ somebody/- - GET",
    "a nul": b"http://river\0.example/ 10.1.0.4/- - GET",
    "not UTF-8": b"http://riv\xff\xfeer.example/ 10.1.0.4/- - GET",
    "an absurd port": b"river.example:99999999 10.1.0.4/- - CONNECT",
    "no host": b"http:/// 10.1.0.4/- - GET",
    "an id alone": b"7",
    "a joiner after a character newer than Python's tables": b"7 http://%F0%97%80%80%E2%80%8Db.com/ 10.1.0.4/- - GET",
    "control characters": b"\x01\x02\x1b[0m 10.1.0.4/- - GET",
    "a client in no zone": b"http://river.example/ 192.0.2.7/- - GET",
    "ten megabytes": b"http://river.example/" + b"a" * 10_000_000 + b" 10.1.0.4/- - GET",
}


def notes(answer: bytes) -> dict[str, str]:
    """Values as Squid would keep them: the protocol's encoding undone once."""
    pairs = (word.split("=", 1) for word in answer.decode().split() if "=" in word)
    return {name: unquote(value) for name, value in pairs}


def event(answer: bytes) -> Event:
    """What Squid's log line says, made of the notes as squid.conf makes it."""
    said = notes(answer)
    found = parse_line(f"1\tdecision\t-\t0\t{said['from_']}\t{said['place_']}\t{said['what_']}\t-".encode())
    assert isinstance(found, Event)
    return found


def test_a_rewriters_line_by_hand_is_answered_by_the_acl_as_well(bundle: Path) -> None:
    allowed, blocked = run_helper(bundle, GOOD + b"\ncasino.example:443 10.1.0.4/- - CONNECT myip=1 myport=2\n")

    assert allowed.startswith(b"OK ")
    assert blocked.startswith(b"ERR ")


def test_the_answer_carries_zone_group_category_rule_level_edition_and_reason(bundle: Path) -> None:
    (answer,) = run_helper(bundle, b"12 http://www.casino.example/a%20b 10.1.0.4 - GET - -\n")

    said = notes(answer)
    assert answer.startswith(b"12 ERR ")
    assert said["message"] == "Gambling"
    assert (said["category_"], said["level_"]) == ("gambling", "school")
    logged = event(answer)
    assert (logged.zone, logged.group, logged.category, logged.level) == ("suite", "ks2", "gambling", "school")
    assert (logged.host, logged.path, logged.client) == ("www.casino.example", "/a b", "10.1.0.4")
    assert (logged.gateway, logged.method, logged.action) == ("squid", "GET", "block")
    assert logged.rule
    assert logged.edition
    assert "not%20for%20children" in said["reason_"]


def test_a_help_site_is_allowed_and_names_nobody(bundle: Path) -> None:
    """P13: neither client nor person nor path comes back, so that Squid has nothing to log."""
    (answer,) = run_helper(bundle, b"1 http://www.childline.org.uk/bullying 10.1.0.4 asmith GET - -\n")

    logged = event(answer)
    assert answer.startswith(b"1 OK ")
    assert logged.level == "help"
    assert not any((logged.client, logged.person, logged.path, logged.device, logged.search))
    assert b"10.1.0.4" not in answer
    assert b"bullying" not in answer


def test_what_is_in_a_path_cannot_make_a_note_of_its_own(bundle: Path) -> None:
    (answer,) = run_helper(bundle, b'1 http://river.example/x%20category_=fake%0a2%20OK?"\\ 10.1.0.4 - GET - -\n')

    assert event(answer).path.startswith("/x category_=fake\n2 OK?")
    assert b"category_=" not in answer
    assert b'"' not in answer
    assert b"\\" not in answer


def test_answers_keep_their_channel_ids_and_their_order(bundle: Path) -> None:
    lines = [b"%d http://h%d.example/ 10.1.0.%d - GET - -" % (n % 64, n % 50, n % 9) for n in range(2000)]

    answers = run_helper(bundle, b"\n".join(lines) + b"\n")

    assert [answer.split()[0] for answer in answers] == [line.split()[0] for line in lines]
    assert all(b" OK " in answer for answer in answers)


def test_a_host_whose_answer_depends_on_the_path_is_answered_by_path(bundle: Path) -> None:
    lines = [
        b"http://news.example/%s 10.1.0.4/- - GET" % path for path in (b"world", b"arcade/1", b"arcades", b"arcade")
    ]

    answers = run_helper(bundle, b"\n".join(lines * 2) + b"\n")

    assert [answer.split()[0] for answer in answers] == [b"OK", b"ERR", b"OK", b"ERR"] * 2


def test_the_same_text_is_judged_as_a_host_in_a_connect_and_as_a_url_elsewhere(bundle: Path) -> None:
    lines = b"river.example/a:443 10.1.0.4/- - GET\nriver.example/a:443 10.1.0.4/- - CONNECT\n"

    assert [answer.split()[0] for answer in run_helper(bundle, lines)] == [b"OK", b"ERR"]


@pytest.mark.parametrize("line", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_answered_once_as_blocked_and_the_next_line_as_ever(bundle: Path, line: bytes) -> None:
    acl = run_helper(bundle, line + b"\n" + GOOD + b"\n")
    rewriter = run_helper(bundle, line + b"\n" + GOOD + b"\n", "--rewriter")

    assert len(acl) == len(rewriter) == 2
    assert re.match(rb"(7 )?ERR ", acl[0])
    assert acl[1].startswith(b"OK ")
    assert re.match(rb'(7 )?OK status=302 url="', rewriter[0])
    assert rewriter[1] == b"ERR"


def test_a_fault_in_reading_a_url_blocks_it_and_the_helper_goes_on(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One URL must not end the helper: Squid gives up altogether when its helpers die too fast."""

    def broken(*_: object, **__: object) -> tuple[str, str]:
        raise RuntimeError("a fault")

    monkeypatch.setattr("drystone.gateway.squid.answers.read_place", broken)
    live = LiveFilter(bundle.parent)
    assert Answers(live, AclDoor(live)).answer([GOOD]).startswith(b"ERR ")
    assert Answers(live, RewriterDoor()).answer([GOOD]).startswith(b'OK status=302 url="')


def test_a_last_line_without_its_newline_is_answered(bundle: Path) -> None:
    assert [answer.split()[0] for answer in run_helper(bundle, GOOD)] == [b"OK"]


def test_no_input_is_no_output_and_a_clean_end(bundle: Path) -> None:
    assert run_helper(bundle, b"") == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.binary(max_size=300).map(lambda raw: raw.replace(b"\n", b"")))
def test_any_bytes_get_exactly_one_line_in_either_door(bundle: Path, line: bytes) -> None:
    live = LiveFilter(bundle.parent)
    for door in (AclDoor(live), RewriterDoor()):
        answer = Answers(live, door).answer([line])
        assert answer.endswith(b"\n")
        assert answer.count(b"\n") == 1
        assert answer.isascii()


def test_with_a_broken_bundle_it_runs_and_blocks_all_but_help(bundle: Path) -> None:
    (bundle / "sites.trie").write_bytes(b"broken")

    answers = run_helper(bundle, GOOD + b"\nwww.childline.org.uk:443 10.1.0.4/- - CONNECT\n")

    assert [answer.split()[0] for answer in answers] == [b"ERR", b"OK"]


def test_with_no_bundle_at_all_it_runs_and_takes_up_the_first_one(tmp_path: Path) -> None:
    """A new edition is at work within two seconds, and no request is dropped meanwhile."""
    link = tmp_path / "bundles" / "current"
    process = subprocess.Popen(
        [sys.executable, "-m", "drystone.gateway.squid.helper", "--bundle", str(link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout

    def ask() -> bytes:
        assert process.stdin
        assert process.stdout
        process.stdin.write(GOOD + b"\n")
        process.stdin.flush()
        return process.stdout.readline().split()[0]

    try:
        assert ask() == b"ERR"
        make_bundle(tmp_path / "bundles")
        published = time.monotonic()
        while ask() == b"ERR":
            assert time.monotonic() - published < 2
            time.sleep(0.05)
        process.stdin.close()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_key_that_cannot_be_read_blocks_all_and_says_so(bundle: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drystone.gateway.squid.helper", "--bundle", str(bundle), "--key-file", "/no/such/key"],
        input=GOOD + b"\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.startswith(b"ERR ")
    assert b"/no/such/key" in done.stderr


@pytest.mark.parametrize(
    "options", [[], ["--bundle"], ["--bundle", "b", "--fast"], ["--bundle", "b", "--redirect", "u"]]
)
def test_wrong_usage_ends_with_2_and_one_line(options: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drystone.gateway.squid.helper", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1


def test_it_imports_neither_the_command_line_nor_django_and_starts_in_a_blink(bundle: Path) -> None:
    program = (
        "import sys; from drystone.gateway.squid.helper import main; main(['--bundle', sys.argv[1]]);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(bundle)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=True,
    )
    modules = set(eval(done.stdout))  # noqa: S307 - what we printed ourselves
    assert not modules & {
        "typer",
        "click",
        "django",
        "rich",
        "yaml",
        "jsonschema",
        "pyarrow",
        "duckdb",
        "jinja2",
        "idna",
    }


def test_people_that_come_and_go_do_not_fill_the_memory(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drystone.gateway.squid.answers.MOST_ANSWERS", 100)
    monkeypatch.setattr("drystone.gateway.squid.answers.MOST_PEOPLE", 50)
    live = LiveFilter(bundle.parent)
    answers = Answers(live, AclDoor(live))
    for n in range(1000):
        line = b"http://h%d.example/ 10.1.%d.%d - GET - -" % (n, n // 250, n % 250)
        assert answers.answer([line]).startswith(b"OK ")
    assert len(answers._people) <= 50
    assert sum(len(party.answers) for party in answers._parties.values()) <= 101


def test_a_switch_that_ends_between_two_requests_is_noticed_at_once(bundle: Path) -> None:
    """Who has which profile is kept, and asked afresh at the instant at which the overlay says something else."""
    end = datetime(2026, 11, 3, 10, 30, tzinfo=UTC)
    write_overlay(bundle.parent / "overlay.json", Overlay(switched_off=(SwitchedOff("Year 4", "ks2", until=end),)))
    live = LiveFilter(bundle.parent)
    answers = Answers(live, AclDoor(live))

    def ask(at: datetime) -> bytes:
        answers.now(at)
        return answers.answer([GOOD]).split()[0]

    moments = [end - timedelta(hours=1), end - timedelta(milliseconds=1), end, end + timedelta(hours=1), end - MINUTE]
    assert [ask(at) for at in moments] == [b"ERR", b"ERR", b"OK", b"OK", b"ERR"]


def test_the_rewriter_fills_squidguards_tokens(bundle: Path) -> None:
    redirect = "http://page.example/?a=%a&n=%n&i=%i&s=%s&t=%t&u=%u&p=%p&c=100%%"
    line = b'9 http://casino.example/a?b="c d" 10.1.0.4/pc4.local anna GET\n'.replace(b" d", b"%20d")

    (answer,) = run_helper(bundle, line, "--rewriter", "--redirect", redirect)

    assert answer == (
        b'9 OK status=302 url="http://page.example/?a=10.1.0.4&n=pc4.local&i=anna&s=ks2&t=gambling'
        b'&u=http://casino.example/a?b=%22c%2520d%22&p=a?b=%22c%2520d%22&c=100%"'
    )


def test_the_rewriter_leads_a_search_engines_connect_to_its_safe_host(bundle: Path) -> None:
    """P59: without decryption, by connecting elsewhere."""
    lines = b"1 www.google.com:443 10.1.0.4/- - CONNECT\n2 www.google.com:443 10.2.0.4/- - CONNECT\n"
    answers = run_helper(bundle, lines, "--rewriter")

    assert answers == [b'1 OK rewrite-url="forcesafesearch.google.com:443"', b"2 ERR"]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (b"http://www.bing.com/search?q=a%20b", b'OK status=302 url="https://www.bing.com/search?q=a%20b"'),
        (b"http://river.example@WWW.BING.com.:8080?q=%22", b'OK status=302 url="https://www.bing.com?q=%22"'),
        (b'HTTP://www.bing.com/"#x', b'OK status=302 url="https://www.bing.com/%22"'),
        (b"http://river.example/", b"ERR"),
    ],
)
def test_the_rewriter_leads_a_search_engine_asked_by_plain_http_to_https(
    bundle: Path, url: bytes, answer: bytes
) -> None:
    """P59: else Squid would fetch the page from the engine itself, with safe search off. Twice, for the second answer
    may come from what was kept."""
    line = b"1 " + url + b" 10.1.0.4/- - GET\n"

    assert run_helper(bundle, line * 2, "--rewriter") == [b"1 " + answer] * 2


def test_an_ipv6_address_is_found_however_squid_writes_its_brackets(tmp_path: Path) -> None:
    lists = make_lists(tmp_path / "lists")
    (lists / "gambling" / "domains").write_text("casino.example\n2001:db8::7\n")
    bundle = make_bundle(tmp_path / "bundles", lists=lists)
    lines = [b"%5B2001:db8::7%5D:443 10.1.0.4 - CONNECT", b"http://[2001:db8:0::7]/ 10.1.0.4 - GET",
             b"[2001:db8::8]:443 10.1.0.4 - CONNECT"]  # fmt: skip

    answers = run_helper(bundle, b"\n".join(lines) + b"\n")

    assert [answer.split()[0] for answer in answers] == [b"ERR", b"ERR", b"OK"]


def test_a_pipe_that_nobody_reads_any_more_ends_it_quietly(bundle: Path) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "drystone.gateway.squid.helper", "--bundle", str(bundle)],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    os.close(reading)
    _, said = process.communicate(GOOD + b"\n", timeout=30)
    assert process.returncode == 0
    assert said == b""
