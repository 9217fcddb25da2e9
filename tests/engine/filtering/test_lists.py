"""Lists in SquidGuard's layout: clean ones, dirty ones, and folders that are no lists."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.lists import (
    BLOCK,
    ListError,
    ListReader,
    Report,
    covers,
    find_folder,
    list_names,
    url_entry,
)


def read(tmp_path, **files):
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    report = Report("dirty")
    reader = ListReader(tmp_path, report)
    hosts = [host.decode() for block in reader.hosts() for host in block]
    return hosts, list(reader.urls()), [text for _, text in reader.expressions()], report


@pytest.mark.parametrize(
    ("dirty", "mended"),
    [
        (b".afshin.example", "afshin.example"),
        (b"*.wild.example", "wild.example"),
        (b"http://scheme.example", "scheme.example"),
        (b"https://slash.example/", "slash.example"),
        (b"port.example:8080", "port.example"),
        (b"CAPITAL.Example", "capital.example"),
        ("münchen.example".encode(), "xn--mnchen-3ya.example"),
        ("münchen.example".encode("latin-1"), "xn--mnchen-3ya.example"),
        (b"trailing.example   ", "trailing.example"),
        (b"carriage.example\r", "carriage.example"),
        (b"\tindented.example", "indented.example"),
        (b"noted.example # since 2019", "noted.example"),
        (b"dot.example.", "dot.example"),
        (b"1572395042", "93.184.216.34"),
        (b"::ffff:1.2.3.4", "1.2.3.4"),
        (b"2001:DB8::1", "2001:db8::1"),
        (b".zip", "zip"),
    ],
)
def test_a_dirty_domain_is_mended_and_counted(tmp_path, dirty, mended):
    hosts, _, _, report = read(tmp_path, domains=b"clean.example\n" + dirty + b"\nlast.example\n")
    assert sorted(hosts) == sorted(["clean.example", "last.example", mended])
    assert (report.lines, report.kept, report.mended, report.skipped) == (3, 3, 1, 0)


@pytest.mark.parametrize(
    "hopeless",
    [
        b"two words.example",
        b"<html>",
        b"a..b.example",
        b"com",
        b"xn--zz--.example",
        b"x" * 300,
        b"a,b.example",
        b"\xff\xfe",
    ],
)
def test_a_hopeless_domain_is_skipped_counted_and_shown_with_its_line(tmp_path, hopeless):
    hosts, _, _, report = read(tmp_path, domains=b"clean.example\n" + hopeless + b"\n")
    assert hosts == ["clean.example"]
    assert (report.kept, report.skipped) == (1, 1)
    assert report.examples[0].startswith("dirty/domains, line 2: ")


def test_comments_and_blank_lines_are_neither_kept_nor_counted(tmp_path):
    hosts, _, _, report = read(tmp_path, domains=b"\xef\xbb\xbf# made by hand\n\n; old\n! too\n  \ncasino.example\n")
    assert (hosts, report.lines, report.mended, report.skipped) == (["casino.example"], 1, 0, 0)


def test_underscores_and_addresses_in_a_list_are_kept_as_they_are(tmp_path):
    hosts, _, _, report = read(tmp_path, domains=b"_dmarc.under_score.example\n93.184.216.34\n")
    assert sorted(hosts) == ["93.184.216.34", "_dmarc.under_score.example"]
    assert report.mended == 0


def test_a_domain_with_a_path_becomes_a_url_entry_and_does_not_close_the_whole_site(tmp_path):
    hosts, urls, _, report = read(tmp_path, domains=b"good.example/bad/page\n")
    assert (hosts, urls, report.mended) == ([], ["good.example/bad/page"], 1)


def test_url_entries_lose_scheme_www_case_and_last_slash(tmp_path):
    _, urls, _, report = read(
        tmp_path,
        urls=b"http://www.host.example/Lotto/\nhost.example/a%20b\nbare.example\nhost.example/q?x=1\nbad host/x\n",
    )
    assert urls == ["host.example/lotto", "host.example/a b", "bare.example", "host.example/q?x=1"]
    assert (report.mended, report.skipped) == (2, 1)


def test_expressions_lose_the_scheme_since_they_are_matched_against_host_and_path(tmp_path):
    _, _, expressions, _ = read(tmp_path, expressions=b"# note\n^https?://casino\\.\n(/banner/|/ads/)\n")
    assert expressions == ["^casino\\.", "(/banner/|/ads/)"]


@pytest.mark.parametrize(("entry", "text", "covered"), [
    ("h.example/lotto", "h.example/lotto", True),
    ("h.example/lotto", "h.example/lotto/x", True),
    ("h.example/lotto", "h.example/lotto?x", True),
    ("h.example/lotto", "h.example/lottology", False),
    ("h.example/q?x=1", "h.example/q?x=1&y=2", True),
    ("h.example/q?x=1", "h.example/q?x=11", False),
    ("h.example/a", "h.example/a&b", False),
    ("h.example", "h.example.evil.example", False),
])  # fmt: skip
def test_a_url_entry_ends_at_a_boundary(entry, text, covered):
    assert text.startswith(entry)
    assert covers(entry, text) is covered


def test_a_list_folder_that_is_missing_empty_half_written_or_outside_is_one_clear_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "domains").write_text("a.example\n")
    (tmp_path / "half" / "domains.part").write_text("a.exa")
    for name, words in [
        ("missing", "no such list folder"),
        ("empty", "empty"),
        ("half", "half-written"),
        ("../empty", "not the name"),
        ("/etc", "not the name"),
    ]:
        with pytest.raises(ListError, match=words) as caught:
            find_folder(tmp_path, name)
        assert "\n" not in str(caught.value)


def test_the_folders_of_lists_are_named_in_order_and_hidden_ones_left_out(tmp_path):
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "global_usage").write_text("a file")
    assert list_names(tmp_path) == ("a", "b")
    with pytest.raises(ListError, match="no such folder"):
        list_names(tmp_path / "missing")


def test_a_binary_list_is_refused_with_the_line_of_its_first_zero_byte(tmp_path):
    with pytest.raises(ListError, match="zero byte on line 3"):
        read(tmp_path, domains=b"a.example\nb.example\n\x00\x01\x02")


def test_an_absurdly_long_line_is_skipped_and_what_follows_is_read(tmp_path):
    hosts, _, _, report = read(tmp_path, domains=b"a.example\n" + b"x" * (3 * BLOCK) + b".example\nb.example\n")
    assert hosts == ["a.example", "b.example"]
    assert report.skipped >= 1


def test_a_list_without_its_last_line_end_is_read_with_a_warning(tmp_path):
    hosts, _, _, report = read(tmp_path, domains=b"a.example\nb.example")
    assert hosts == ["a.example", "b.example"]
    assert "is it whole?" in report.warnings[0]


def test_lines_across_blocks_are_read_whole_and_numbered_rightly(tmp_path):
    lines = [f"host{number}.example" for number in range(BLOCK // 8)]
    content = "\n".join([*lines, "bad line", ""]).encode()
    assert len(content) > 2 * BLOCK
    hosts, _, _, report = read(tmp_path, domains=content)
    assert hosts == lines
    assert f"line {len(lines) + 1}:" in report.examples[0]


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\0" not in line and b"\n" not in line), max_size=20))
def test_any_bytes_but_zero_are_read_without_an_error_and_every_line_is_accounted_for(tmp_path_factory, lines):
    hosts, urls, _, report = read(tmp_path_factory.mktemp("list"), domains=b"\n".join(lines), urls=b"\n".join(lines))
    assert report.kept == len(hosts) + len(urls)
    assert report.lines == report.kept + report.skipped


def test_a_request_is_compared_in_the_form_of_the_entries():
    assert url_entry("www.host.example", "/LOTTO/") == "host.example/lotto"
