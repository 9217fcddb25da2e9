"""P35: lists of every layout, from samples as their makers write them.

Exceptions really except; dirt kills no reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.formats import FORMATS, MOST_FOLDERS, Unusable, convert, detect
from drystone.engine.filtering.lists import ListError, ListReader, Report

from .bundles import ask, make_bundle

HOSTS = """\
# Title: StevenBlack/hosts
127.0.0.1 localhost
127.0.0.1 localhost.localdomain
255.255.255.255 broadcasthost
::1 ip6-localhost ip6-loopback
fe80::1%lo0 localhost
0.0.0.0 0.0.0.0
# Start of the real thing
0.0.0.0 ads.example
0.0.0.0\ttracker.example # since 2019
127.0.0.1 one.example two.example
:: six.example
0.0.0.0 CAPITAL.Example
0.0.0.0 bad_under.example
10.1.2.3 printer.example
0.0.0.0 com
0.0.0.0 -
"""
DOMAINS = """\
# ours
; also
! and so
bet.example
*.wild.example
https://www.page.example/bad/

\tindented.example # x
com
"""
ADBLOCK = """\
[Adblock Plus]
! Title: a blocklist for resolvers
! Expires: 1 day
||bad.example^
||worse.example^$important
||page.example/advert^
|https://begin.example^
||*.star.example^
0.0.0.0 mixed-in.example
@@||good.bad.example^
@@||other.example^$document
##.banner
shop.example##.advert
shop.example#@#.advert
||third.example^$third-party
||image.example^$image,script
/banner[0-9]+/
-ad-300x250.
||ads.*^
"""
RPZ = """\
$TTL 2h
$ORIGIN rpz.council.example.
@ IN SOA ns.council.example. admin.council.example. (
        2026090101 ; serial
        3h 1h 1w 2h )
        IN NS ns.council.example.
bad.example             CNAME .
*.bad.example           CNAME .
nodata.example      60 IN CNAME *.
dropped.example         CNAME rpz-drop.
garden.example          CNAME walled.council.example.
sink.example            A 192.0.2.1
                        AAAA 2001:db8::1
good.bad.example        CNAME rpz-passthru.
old.bad.example         CNAME old.bad.example.
tcp.example             CNAME rpz-tcp-only.
whole.example.rpz.council.example. CNAME .
24.0.2.0.192.rpz-ip     CNAME .
ns.evil.example.rpz-nsdname CNAME .
;commented.example      CNAME .
nonsense
"""
CSV = """\
\ufeffDomain,Category,Added
bet.example,Gambling,2026-01-02
"http://www.lotto.example/",Gambling|Games,2026-01-02
chat.example,"Chat; Social Networks",2026-01-03
page.example/bad,Games,2026-01-03
plain.example,,2026-01-03
short.example
no host,Gambling,2026-01-03
"""
SAMPLES = {"hosts": HOSTS, "domains": DOMAINS, "adblock": ADBLOCK, "rpz": RPZ, "csv": CSV}


def converted(folder: Path, text: str | bytes, form: str = "") -> tuple[str, dict[str, set[str]], dict[str, Report]]:
    """(format, entries by `list/file`, reports) of a list called `council`."""
    place = folder / "list.txt"
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    form, reports = convert(place, folder / "out", name="council", form=form)
    files = {
        path.relative_to(folder / "out").as_posix(): set(path.read_text().splitlines())
        for path in (folder / "out").rglob("*")
        if path.is_file()
    }
    return form, files, dict(reports)


@pytest.mark.parametrize("form", SAMPLES)
def test_the_layout_is_found_out(tmp_path: Path, form: str) -> None:
    (tmp_path / "l").write_text(SAMPLES[form])
    assert detect(tmp_path / "l") == form
    assert form in FORMATS


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("! only plain sites below\nbet.example\nlotto.example\n", "domains"),
        ("[Adblock Plus 2.0]\n! Title: EasyList\n" + "-ad-300x250.\n" * 600 + "||bad.example^\n", "adblock"),
        ("bet.example CNAME .\n*.bet.example CNAME .\n", "rpz"),
        ("bet.example;gambling\nlotto.example;gambling\n", "csv"),
        ("bet.example\tgambling\nlotto.example\tgambling\n", "csv"),
        ("bet.example\t# since 2019\nlotto.example\t# since 2020\n", "domains"),
        ("127.0.0.1\tbet.example\n", "hosts"),
        ("http://bet.example/a,b\nlotto.example\npoker.example\n", "domains"),
        ("# nothing yet\n", "domains"),
        ("", "domains"),
    ],
)
def test_what_looks_like_another_layout_is_not_taken_for_it(tmp_path: Path, text: str, form: str) -> None:
    (tmp_path / "l").write_text(text)
    assert detect(tmp_path / "l") == form


def test_a_hosts_file_gives_what_it_sends_nowhere_and_not_the_machines_own_names(tmp_path: Path) -> None:
    _, files, reports = converted(tmp_path, HOSTS)
    sites = "ads tracker one two six capital bad_under"
    assert files == {"council/domains": {f"{site}.example" for site in sites.split()}}
    assert (reports["council"].kept, reports["council"].skipped) == (7, 3)
    assert "council/file, line 15: '10.1.2.3 printer.example'" in reports["council"].examples


def test_plain_sites_may_have_paths_stars_and_comments(tmp_path: Path) -> None:
    _, files, reports = converted(tmp_path, DOMAINS)
    assert files["council/domains"] == {"bet.example", "wild.example", "indented.example"}
    assert files["council/urls"] == {"page.example/bad"}
    assert reports["council"].skipped == 1, "a whole top-level domain is a line cut short"


def test_adblock_gives_whole_sites_and_their_exceptions_and_nothing_of_parts_of_pages(tmp_path: Path) -> None:
    _, files, reports = converted(tmp_path, ADBLOCK)
    sites = "bad worse begin star mixed-in"
    assert files["council/domains"] == {f"{site}.example" for site in sites.split()}
    assert files["council/urls"] == {"page.example/advert"}
    assert files["council/exceptions"] == {"good.bad.example", "other.example"}
    assert reports["council"].skipped == 8


def test_an_exception_of_adblock_takes_the_entries_below_it_along(tmp_path: Path) -> None:
    closed = ("bad.example", "deep.good.bad.example", "good.bad.example/page", "notgood.bad.example")
    text = "".join(f"||{site}^\n" for site in closed) + "@@||good.bad.example^\n"
    _, files, _ = converted(tmp_path, text, "adblock")
    assert files["council/domains"] == {"bad.example", "notgood.bad.example"}
    assert files["council/urls"] == set()


def test_an_rpz_zone_gives_what_it_denies_and_passes_what_it_passes(tmp_path: Path) -> None:
    _, files, reports = converted(tmp_path, RPZ)
    sites = "bad nodata dropped garden sink whole"
    assert files["council/domains"] == {f"{site}.example" for site in sites.split()}
    assert files["council/exceptions"] == {"good.bad.example", "old.bad.example"}
    assert reports["council"].skipped == 4, "tcp-only, by address, by name server, and nonsense"


def test_a_parenthesis_that_nobody_closed_does_not_swallow_the_zone(tmp_path: Path) -> None:
    zone = "@ SOA ns. admin. ( 1 2 3\n" + "".join(f"site{number}.example CNAME .\n" for number in range(300))
    _, files, _ = converted(tmp_path, zone, "rpz")
    assert len(files["council/domains"]) > 200


def test_a_csv_is_sorted_into_its_categories(tmp_path: Path) -> None:
    _, files, reports = converted(tmp_path, CSV)
    assert files == {
        "gambling/domains": {"bet.example", "www.lotto.example"},
        "games/domains": {"www.lotto.example"},
        "games/urls": {"page.example/bad"},
        "chat/domains": {"chat.example"},
        "social_networks/domains": {"chat.example"},
        "council/domains": {"plain.example"},
    }
    assert reports["gambling"].skipped == reports["council"].skipped == 1


@pytest.mark.parametrize(
    "text",
    [
        "bet.example,gambling\nlotto.example,gambling\n",
        "gambling;bet.example\ngambling;lotto.example\n",
        "Category\tSite\ngambling\tbet.example\ngambling\tlotto.example\n",
        '"domain"|"type"\n"bet.example"|"gambling"\n"lotto.example"|"gambling"\n',
        "rank,domain,category\n1,bet.example,gambling\n2,lotto.example,gambling\n",
        "domain,category\nbet.example,gambling|gambling|gambling\nlotto.example,gambling|gambling\n",
    ],
)
def test_the_columns_of_a_csv_are_found_however_they_stand(tmp_path: Path, text: str) -> None:
    _, files, _ = converted(tmp_path, text, "csv")
    assert files == {"gambling/domains": {"bet.example", "lotto.example"}}


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    text = 'domain,category\n"bet.example,gambling\nlotto.example,gambling\n'
    _, files, _ = converted(tmp_path, text)
    assert files["gambling/domains"] == {"lotto.example"}


def test_a_column_of_something_else_is_not_taken_for_categories(tmp_path: Path) -> None:
    text = "domain,type\n" + "".join(f"site{number}.example,{number}\n" for number in range(MOST_FOLDERS + 5))
    with pytest.raises(Unusable, match="is another column the category"):
        converted(tmp_path, text)


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_of_windows_and_latin_letters_change_nothing(tmp_path: Path, form: str, end: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, plain, _ = converted(tmp_path / "a", SAMPLES[form])
    comment = {"csv": "", "rpz": "; café\n", "adblock": "! café\n"}.get(form, "# café\n")
    other = (SAMPLES[form] + comment).encode("latin-1" if form != "csv" else "utf-8").replace(b"\n", end.encode())
    _, again, _ = converted(tmp_path / "b", other)
    assert again == plain


@pytest.mark.parametrize("form", SAMPLES)
def test_a_line_of_megabytes_is_one_entry_left_out(tmp_path: Path, form: str) -> None:
    monster = {"rpz": "x" * 3_000_000 + " CNAME .\n", "hosts": "0.0.0.0 " + "x" * 3_000_000 + "\n"}
    _, files, reports = converted(tmp_path, SAMPLES[form] + monster.get(form, "x" * 3_000_000 + "\n"), form)
    assert any(len(entries) > 1 for entries in files.values())
    assert sum(report.skipped for report in reports.values()) >= 1
    assert all(len(example) < 500 for report in reports.values() for example in report.examples)


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("body", [b"", b"# nothing\n", b"bet.example\n\0\0\n", b"\0" * 500, b"<p>not a list</p>\n"])
def test_what_gives_nothing_is_one_line_with_the_files_name(tmp_path: Path, form: str, body: bytes) -> None:
    with pytest.raises(ListError) as raised:
        converted(tmp_path, body, form)
    assert str(raised.value).startswith("list.txt: ")
    assert "\n" not in str(raised.value)


def test_a_layout_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="'word' is no format of one file"):
        converted(tmp_path, "bet.example\n", "word")


# --- exceptions at work -----------------------------------------------------------------------------------------

EXCEPTED = {
    "gambling": {"domains": "casino.example\nnear.good.casino.example\n", "exceptions": "good.casino.example\n"},
    "games": {"domains": "games.example\n"},
    "chat": {"domains": "chat.example\n"},
    "iwf": {"domains": "illegal.example\n", "exceptions": "illegal.example\nsub.illegal.example\n"},
}
RULES = ("level: group, group: ks2, block: 'category:gambling'", "level: group, group: ks2, block: 'category:games'")


def test_what_a_list_excepts_is_open_and_the_nearest_entry_decides(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, *RULES, lists=EXCEPTED)
    assert ask(bundle, "http://casino.example/").blocked
    assert ask(bundle, "http://notgood.casino.example/").blocked
    assert not ask(bundle, "http://good.casino.example/").blocked
    assert not ask(bundle, "http://www.good.casino.example/").blocked
    assert ask(bundle, "http://near.good.casino.example/").blocked


def test_what_one_list_excepts_another_still_closes(tmp_path: Path) -> None:
    lists = EXCEPTED | {"games": {"domains": "good.casino.example\n"}}
    bundle = make_bundle(tmp_path, *RULES, lists=lists)
    assert ask(bundle, "http://good.casino.example/").blocked


def test_nothing_is_excepted_from_a_mandatory_list(tmp_path: Path) -> None:
    """P35: neither by its own file of exceptions nor by that of another list."""
    lists = EXCEPTED | {"chat": {"domains": "chat.example\n", "exceptions": "illegal.example\n"}}
    bundle = make_bundle(tmp_path, *RULES, lists=lists)
    for host in ("illegal.example", "sub.illegal.example", "any.sub.illegal.example"):
        assert ask(bundle, f"http://{host}/").level == "mandatory", host


# --- any bytes at all -------------------------------------------------------------------------------------------

words = st.sampled_from(
    [*'|^$@#!;,/()"*. \t', "||", "@@", "##", "0.0.0.0", "::", "CNAME", "SOA", "$ORIGIN", "$TTL", "rpz-passthru.", "@"]
    + ["IN", "bad.example", "a.b.example", "com", "example.", "gambling", "domain", "category", "ü.example", "ÿ", "%00"]
)
lines = st.lists(st.one_of(words, st.text(max_size=6)), max_size=8).map(" ".join) | st.lists(words, max_size=8).map(
    "".join
)


@pytest.mark.parametrize("form", ["", *SAMPLES])
@settings(max_examples=25, derandomize=True, deadline=None)
@given(text=st.lists(lines, max_size=12), spoil=st.binary(max_size=8))
def test_any_text_is_read_or_refused_in_one_line_and_what_is_kept_is_an_entry(
    tmp_path_factory: pytest.TempPathFactory, form: str, text: list[str], spoil: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzzed")
    body = "\n".join(text).encode("utf-8", "replace") + b"\n" + spoil
    try:
        _, files, reports = converted(folder, body, form)
    except ListError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said
    if said:
        return
    assert all(report.lines == report.kept + report.skipped for report in reports.values())
    assert all(name.count("/") == 1 and name.isprintable() for name in files)
    for name in reports:  # whatever was written can be read as a list, and loses nothing on the way
        if not (folder / "out" / name).is_dir():
            continue
        report = Report(name)
        reader = ListReader(folder / "out" / name, report)
        list(reader.hosts()), list(reader.urls()), list(reader.exceptions())
        assert report.skipped == 0, report.examples
