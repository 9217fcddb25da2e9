"""Lists of every layout become SquidGuard's: what is meant gets in, what is dirt is counted, nothing is fatal."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.formats import FORMATS, Unusable, convert, detect
from drystone.engine.filtering.lists import ListError, ListReader, Report

HOSTS = b"""# a header
127.0.0.1 localhost
::1 ip6-localhost
0.0.0.0 0.0.0.0
0.0.0.0 Bet.example  # a comment
0.0.0.0 lotto.example www.lotto.example
192.168.1.1 router.example
not-an-address x.example
spades.example
"""
ADBLOCK = b"""[Adblock Plus 2.0]
! Title: a list
||bet.example^
||*.lotto.example^$important
||ads.example^$third-party
||news.example/gossip^
example.com##.banner
##.advert
/banner[0-9]+/
@@||good.bet.example^
@@||shop.example^$document
||cdn.shop.example^
0.0.0.0 poker.example
plain.example
||wild*card.example^
"""
RPZ = b"""$TTL 2h
$ORIGIN rpz.council.example.
@ IN SOA localhost. root.localhost. (
    1 ; serial
    6h 1h 1w 2h )
  IN NS localhost.
bet.example        IN CNAME .
*.bet.example      IN CNAME .
lotto.example      300 CNAME *.
walled.example     CNAME block.council.example.
sink.example       A 127.0.0.1
                   AAAA ::1
good.bet.example   CNAME rpz-passthru.
absolute.example.rpz.council.example. IN CNAME .
32.1.2.0.192.rpz-ip CNAME .
slow.example       CNAME rpz-tcp-only.
broken
"""
CSV = b"""\xef\xbb\xbfid,Domain,Category,Notes
1,bet.example,Gambling,"a, quoted note"
2,https://vape.example/shop,Alcohol & Tobacco,
3,both.example,Gambling|Games,
4,no host here,Gambling,
5
"""


def read(path: Path, form: str = "") -> tuple[str, dict[str, dict[str, list[str]]], dict[str, Report]]:
    out = path.parent / "out"
    found, reports = convert(path, out, name="council", form=form)
    files: dict[str, dict[str, list[str]]] = {}
    for file in sorted(out.glob("*/*")):
        files.setdefault(file.parent.name, {})[file.name] = file.read_text().splitlines()
    return found, files, dict(reports)


def written(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "list.txt"
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (HOSTS, "hosts"),
        (ADBLOCK, "adblock"),
        (RPZ, "rpz"),
        (CSV, "csv"),
        (b"bet.example\nlotto.example\n", "domains"),
        (b"bet.example CNAME .\nlotto.example CNAME .\n", "rpz"),
        (b"bet.example;gambling\nlotto.example;gambling\n", "csv"),
        (b"# nothing\n", "domains"),
    ],
)
def test_the_layout_is_found_out(tmp_path, body, form):
    assert detect(written(tmp_path, body)) == form
    assert form in FORMATS


def test_a_hosts_file(tmp_path):
    form, files, reports = read(written(tmp_path, HOSTS))
    assert form == "hosts"
    assert files == {"council": {"domains": ["bet.example", "lotto.example", "www.lotto.example", "spades.example"]}}
    assert (reports["council"].kept, reports["council"].mended, reports["council"].skipped) == (4, 1, 2)
    assert "line 7" in reports["council"].examples[0]


def test_adblock_filters_for_whole_sites_count_and_their_exceptions(tmp_path):
    _, files, reports = read(written(tmp_path, ADBLOCK))
    council = files["council"]
    assert council["domains"] == ["bet.example", "lotto.example", "poker.example", "plain.example"]
    assert council["urls"] == ["news.example/gossip"]
    assert council["exceptions"] == ["good.bet.example", "shop.example"]
    assert reports["council"].skipped == 5


def test_an_rpz_zone(tmp_path):
    _, files, reports = read(written(tmp_path, RPZ))
    listed = ["bet.example", "bet.example", "lotto.example", "walled.example", "sink.example", "sink.example"]
    assert files["council"]["domains"] == [*listed, "absolute.example"]
    assert files["council"]["exceptions"] == ["good.bet.example"]
    assert reports["council"].skipped == 3


def test_csv_with_categories(tmp_path):
    _, files, reports = read(written(tmp_path, CSV))
    assert files == {
        "gambling": {"domains": ["bet.example", "both.example"]},
        "alcohol_tobacco": {"urls": ["vape.example/shop"]},
        "games": {"domains": ["both.example"]},
    }
    assert reports["gambling"].skipped == 1
    assert reports["council"].skipped == 1


def test_csv_without_headings_finds_its_columns(tmp_path):
    _, files, _ = read(written(tmp_path, b"gambling\tbet.example\ngames\tpoki.example\n"), "csv")
    assert files == {"gambling": {"domains": ["bet.example"]}, "games": {"domains": ["poki.example"]}}


@pytest.mark.parametrize(
    ("body", "form", "said"),
    [
        (b"a\0b\n", "domains", "zero byte on line 1"),
        (b"# only comments\n", "hosts", "none of its lines"),
        (b"one,two\nthree,four\n", "csv", "no column looks like sites"),
        (b"x\n", "squidguard", "no format of one file"),
        (b"".join(b"site.example,cat%d\n" % n for n in range(400)), "csv", "more than 300 categories"),
    ],
)
def test_what_is_no_list_is_one_line(tmp_path, body, form, said):
    with pytest.raises(Unusable, match=said) as raised:
        read(written(tmp_path, body), form)
    assert "\n" not in str(raised.value)
    assert "list.txt" in str(raised.value)


def test_a_line_of_ten_megabytes_is_one_skipped_line(tmp_path):
    body = b"bet.example\n" + b"x" * 10_000_000 + b"\nlotto.example\n"
    _, files, reports = read(written(tmp_path, body), "domains")
    assert files["council"]["domains"] == ["bet.example", "lotto.example"]
    assert reports["council"].skipped == 1


DIRT = st.lists(
    st.one_of(
        st.binary(max_size=60).map(lambda raw: raw.replace(b"\0", b"")),
        st.sampled_from(
            [line for body in (HOSTS, ADBLOCK, RPZ, CSV) for line in body.splitlines()]
            + [
                b"||",
                b"@@||^",
                b"@@",
                b"$ORIGIN",
                b"(",
                b")",
                b'"',
                b"0.0.0.0",
                b"||.^",
                b"*.",
                b"a CNAME",
                b";;",
                b",,,",
            ]
        ),
    ),
    max_size=12,
)


@pytest.mark.parametrize("form", ["domains", "hosts", "adblock", "rpz", "csv"])
@settings(max_examples=60, deadline=None)
@given(lines=DIRT)
def test_whatever_stands_in_a_list_its_reader_gives_clean_entries_or_one_line(form, lines):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        path.write_bytes(b"\n".join(lines))
        detect(path)
        try:
            _, reports = convert(path, Path(folder) / "out", name="council", form=form)
        except ListError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either answer will do
            return
        for name, report in reports.items():
            assert report.kept + report.skipped == report.lines
            if not (Path(folder) / "out" / name).is_dir():
                continue
            again = Report(name)
            reader = ListReader(Path(folder) / "out" / name, again)
            entries = [host for block in reader.hosts() for host in block]
            entries += [*reader.urls(), *reader.exceptions()]
            assert again.skipped == 0, "what a reader lets in, the compiler takes"
            assert len(entries) <= report.kept
