"""The reader of squidGuard.conf: what is wrong is told with its line and column, and whatever comes in, it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.squidguard import SquidGuardError, import_conf, import_text
from drystone.engine.filtering.squidguard.reader import read_conf

SCHOOL = (Path(__file__).parents[3] / "gateway" / "squid" / "school.conf").read_text()
DEFAULT = "acl {\n default {\n  pass none\n }\n}\n"

WRONG = {
    "dset bad {\n}\n": "line 1, column 1: 'dset' is not a statement; did you mean 'dest'?",
    "dest bad {\n domanlist x\n}\n": "line 2, column 2: 'domanlist' is not a line of dest; did you mean 'domainlist'?",
    "dest bad {\n domainlist x\n": "line 3, column 1: the file ends where the } of dest should stand; is it whole?",
    "dest {\n}\n": "line 1, column 6: '{' stands where the name of a destination should",
    "dest a {\n}\ndest a {\n}\n": "line 3, column 6: destination 'a' stands here a second time",
    "src a\n ip 10.1.0.1\n": "line 2, column 2: 'ip' stands where the { of src should",
    "src a {\n ip 10.1.0.300\n}\n": "line 2, column 5: '10.1.0.300' is not an address",
    "src a {\n ip 10.1.0\n}\n": "line 2, column 5: '10.1.0' is not an address, range or network",
    "src a {\n ip 10.1.0.0/33\n}\n": "line 2, column 5: /33 is not the length of a network",
    "src a {\n ip 10.1.0.9-10.1.0.1\n}\n": "line 2, column 5: '10.1.0.9-10.1.0.1' ends before it begins",
    "src a {\n ip 10.1.0.0/255.0.255.0\n}\n": "line 2, column 5: '255.0.255.0' has holes in it",
    "src a {\n ip 2001:db8::1\n}\n": "line 2, column 5: '2001:db8::1' is not a line of src",
    "src a {\n within lunch\n ip 10.1.0.1\n}\n": "line 2, column 9: 'lunch' is not a time; define time lunch",
    'src a {\n user "bob\n}\n': "line 2, column 7: a quoted text has no end on its line",
    "time t {\n weekly xyz 08:00-09:00\n}\n": "line 2, column 2: 'xyz' names no days",
    "time t {\n weekly mtwhf\n}\n": "line 2, column 2: a weekly line has days and times",
    "time t {\n weekly m 08:00-\n}\n": "line 2, column 2: '08:00-' is not a time",
    "time t {\n date 24.12.2026\n}\n": "line 2, column 2: '24.12.2026' is not a date",
    "time t {\n date 2026-13-01\n}\n": "line 2, column 2: '2026-13-01' is not a day",
    "time t {\n date *-12-24-*-12-26\n}\n": "line 2, column 2: a range of dates has no * in it",
    "rew r {\n s@a@\n}\n": "line 2, column 2: 's@a@' is not a substitution s@…@…@ or a line of rew",
    "acl {\n nobody {\n pass all\n }\n default {\n pass all\n }\n}\n": "line 2, column 2: acl 'nobody' names no source",
    "acl {\n default {\n pass !nix all\n }\n}\n": "line 3, column 8: 'nix' is neither a destination nor all, none or",
    "acl {\n default {\n pass all !\n }\n}\n": "line 4, column 2: ! stands before no name",
    "acl {\n { pass all }\n}\n": "line 2, column 2: '{' stands where a source's name should",
    "src a {\n ip 10.1.0.1\n}\nacl {\n a {\n pass all\n }\n}\n": "line 1, column 1: has no default acl",
    "dbhome": "line 1, column 7: the file ends where a folder should stand",
    "\x00": "line 1, column 1: is a character that is not text; is this a squidGuard.conf?",
    "acl {\n default {\n redirect": "line 3, column 10: the file ends where the address of a page should stand",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_fault_is_told_with_its_line_and_column(text: str) -> None:
    whole = text if "acl" in text or text.startswith(("dbhome", "\x00")) or "ends" in WRONG[text] else text + DEFAULT
    with pytest.raises(SquidGuardError) as caught:
        import_text(whole)
    assert str(caught.value).startswith(f"squidGuard.conf, {WRONG[text]}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SquidGuardError, match=r"nix\.conf: cannot be read \(No such file or directory\)"):
        import_conf(tmp_path / "nix.conf")


@pytest.mark.parametrize(
    "written",
    [
        "dest bad {\r\n domainlist bad/domains\r\n}\r\n",  # squidGuard takes no carriage return
        "  dest bad {\n domainlist bad/domains\n}\n",  # nor a block that is indented
        '\ufeffdest "bad" { domainlist "bad/domains" }\n',  # nor these quotes
        "destination bad\n{\n\tdomainlist\n\tbad/domains # a list\n}\n",
    ],
)
def test_what_is_written_otherwise_is_read_the_same(written: str) -> None:
    conf = read_conf(written)
    assert conf.destinations["bad"].lists["domainlist"].text == "bad/domains"


def test_latin_1_is_read_where_the_file_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "squidGuard.conf"
    path.write_bytes("# Schüler\n".encode("latin-1") + DEFAULT.encode())
    assert import_conf(path).rules.everyone_else == "default"


def test_passwords_of_a_conf_go_no_further() -> None:
    imported = import_text(f"ldapbindpass s3cret\nmysqlpassword s3cret\nldapbinddn cn=x, dc=school\n{DEFAULT}")
    assert "s3cret" not in imported.text
    assert "s3cret" not in "\n".join(imported.report.lines())


# Whatever comes in: a clear error, or rules that can be compiled


def hold(text: str) -> None:
    said = ""
    try:
        imported = import_text(text)
    except SquidGuardError as error:
        said = str(error)
    assert said or imported.rules.groups
    assert "\n" not in said
    assert "report this" not in said


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_at_all(text: str) -> None:
    hold(text)


WORDS = [
    *("dest", "src", "time", "acl", "rew", "default", "all", "none", "any", "in-addr", "pass", "within", "outside"),
    *("else", "redirect", "user", "ip", "iplist", "domainlist", "urllist", "expressionlist", "log", "weekly", "date"),
    *("continue", "{", "}", "!", ",", "-", "a", "b", "t", "10.1.0.1", "10.1.0.0/16", "10.1.0.0/255.255.0.0"),
    *("08:00-15:30", "mtwhf", "*", "*-12-25", "2026-12-24", "http://x.example/%u", "s@a@b@", '"', "#"),
    *("/x", "dbhome", "logdir", "userquota"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60), st.sampled_from([" ", "\n"]))
def test_any_words_of_the_grammar_in_any_order(words: list[str], between: str) -> None:
    hold(between.join(words))
    hold("src a {\n ip 10.1.0.1\n}\ntime t {\n weekly * 08:00-09:00\n}\ndest b {\n domainlist b\n}\n"
         f"acl {{\n a within t {{\n pass {between.join(words)}\n}}\n default {{\n pass none\n}}\n}}\n")  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SCHOOL)), st.integers(0, 40), st.text(max_size=6) | st.sampled_from(WORDS))
def test_a_whole_conf_with_a_piece_taken_out_and_another_put_in(place: int, length: int, piece: str) -> None:
    hold(SCHOOL[:place] + piece + SCHOOL[place + length :])
