"""Files that break things, by malice or by accident: each is refused in one line, and none fills the memory."""

import tracemalloc
import zipfile
import zlib

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.roll_data import Roll, csv_file, ctf
from drystone.engine.roll import opened, staging, workbook
from drystone.engine.roll.reader import read
from drystone.engine.roll.values import UnreadableRoll

from .files import HEADINGS, ORGS, UPN, USERS, oneroster, table

ROW = ["Bell", "Amy", "02/01/2018", "Damsons", UPN]


def refused(path, why):
    with pytest.raises(UnreadableRoll, match=why) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n\n  \r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, r"old Excel file \(.xls\) or one with a password"),
        (b"<!DOCTYPE html><table>", "a web page"),
        (b"PK\x03\x04 and so on", "damaged zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (bytes(range(256)) * 40, "not a text file"),
        (b"Surname,Forename,DOB\n", "no rows below"),
        (b"Surname,Forename,DOB\n" + b"x" * 2_000_000, "the line has no end"),
        (b"Surname,Forename,DOB\nBell,Am\x81y,02/01/2018\n", "letters that cannot be read"),
        (b"a,b,c\n1,2,3\n", "columns hold the names"),
    ],
)
def test_what_is_no_roll_is_refused_by_what_it_is(tmp_path, content, why):
    (tmp_path / "a.csv").write_bytes(content)
    refused(tmp_path / "a.csv", why)


def test_a_file_that_is_not_there_says_so(tmp_path):
    refused(tmp_path / "none.csv", "none.csv cannot be opened")


def test_a_file_of_more_than_500_mb_is_not_even_opened(tmp_path):
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(opened.LARGEST + 1)  # sparse: it takes no room
    refused(tmp_path / "a.csv", "the most that is read is 500 MB")


def packed(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_by_its_directory(tmp_path):
    refused(packed(tmp_path / "a.zip", **{"users.csv": b"0" * 30_000_000}), "unpacks to 30 MB, which no roll does")


def test_a_zip_that_unpacks_to_more_than_it_announces_gives_no_more(tmp_path):
    path = packed(tmp_path / "a.zip", **{"users.csv": USERS + "x,,,\n" * 20_000})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"users.csv") - 46  # its entry in the central directory; the size stands at 24
    data[at + 24 : at + 28] = (50).to_bytes(4, "little")
    path.write_bytes(data)
    refused(path, "damaged zip")


@pytest.mark.parametrize("name", ["../users.csv", "/users.csv", "a/../../users.csv", "C:/users.csv", "..\\users.csv"])
def test_a_zip_with_names_outside_itself_is_refused(tmp_path, name):
    refused(packed(tmp_path / "a.zip", **{"manifest.csv": "a,b\n", name: USERS}), "outside itself")


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", **{"users.csv": USERS})
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1  # the flag for encrypted
    path.write_bytes(data)
    refused(path, "locked with a password")


def test_a_zip_of_two_exports_is_refused(tmp_path):
    refused(packed(tmp_path / "a.zip", **{"a/users.csv": USERS, "b/users.csv": USERS}), "holds users.csv twice")


def test_a_zip_of_something_else_says_what_is_missing(tmp_path):
    refused(packed(tmp_path / "a.zip", **{"pupils.csv": "a"}), "without a manifest.csv of OneRoster")


def test_a_damaged_member_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", **{"users.csv": USERS + "u1,,,\n" * 900})
    data = bytearray(path.read_bytes())
    data[60:70] = zlib.compress(b"x")[:10]
    path.write_bytes(data)
    refused(path, "damaged zip")


def workbook_with(path, part, old, new):
    """A workbook of which one part was changed behind Excel's back."""
    book = openpyxl.Workbook()
    for row in (HEADINGS, ROW):
        book.active.append(row)
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert old in members[part]
    members[part] = members[part].replace(old, new, 1)
    return packed(path, **members)


def test_a_workbook_that_declares_entities_is_refused(tmp_path):
    bomb = b'<!DOCTYPE worksheet [<!ENTITY a "ha">]><worksheet'
    path = workbook_with(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", b"<worksheet", bomb)
    refused(path, "not a workbook that Excel wrote")


def test_a_broken_workbook_is_refused(tmp_path):
    path = workbook_with(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", b"</row>", b"")
    refused(path, "damaged workbook")


def test_a_workbook_with_a_library_in_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_SHARED_TEXT", 10)
    shared = b'<?xml version="1.0"?><sst>a library of shared text</sst>'
    path = workbook_with(tmp_path / "a.xlsx", "docProps/app.xml", b"", b"")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", shared)
    refused(path, "too much text")


def test_a_workbook_may_lie_about_its_size(tmp_path):
    path = workbook_with(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", b'ref="A1:E2"', b'ref="A1:A1"')
    with read(path) as file:
        assert [len(roll.pupils) for roll in file.rolls()] == [1]


def test_a_school_of_more_rows_than_any_has_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "MOST_PER_SCHOOL", 50)
    refused(table(tmp_path / "a.csv", *[ROW] * 60), "line 52: more than 50 rows for one school")


def test_a_full_disk_is_said_in_a_line(tmp_path, monkeypatch):
    class Full(staging.Staging):
        def __init__(self):
            super().__init__()
            self.database.executescript("PRAGMA max_page_count = 4")

    monkeypatch.setattr("drystone.engine.roll.table.Staging", Full)
    refused(table(tmp_path / "a.csv", *[ROW] * 3000), "Make room in ")


def test_a_school_of_more_users_than_any_has_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "MOST_PER_SCHOOL", 2)
    users = "".join(f"u{n},,,true,s1,student,a{n},,Amy,Bell,,,,,,,03,\n" for n in range(3))
    refused(oneroster(tmp_path, orgs=ORGS, users=USERS + users), "more than 2 rows for one school")


def test_the_largest_files_are_read_without_holding_them(tmp_path):
    """A county's table: the memory that reading takes hangs on the largest school, not on the file."""
    peaks = []
    for schools in (4, 16):
        path = tmp_path / f"{schools}.csv"
        path.write_text(csv_file(Roll(schools=schools, pupils=60), None))
        tracemalloc.start()
        with read(path) as file:
            for roll in file.rolls():
                assert len(roll.pupils) == 60
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 2_000_000


def read_or_refuse(path):
    """Rolls, or none where the file is refused; anything else that is raised fails the test."""
    try:
        with read(path) as file:
            return list(file.rolls())
    except UnreadableRoll as refused:
        if "\n" in str(refused):
            raise AssertionError(f"more than a line: {refused}") from None
        return []


GOOD = ctf(Roll(pupils=3))


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"<CTfile>", b"PK\x03\x04", b"\xff\xfe", b"Surname,Forename,DOB\n"])
)
@example(b"\r", b"Surname,Forename,DOB\n")
def test_no_bytes_at_all_break_a_reader(tmp_path_factory, content, before):
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(before + content)
    read_or_refuse(path)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_in_a_ctf_breaks_no_reader(tmp_path_factory, at, damage):
    path = tmp_path_factory.getbasetemp() / "damaged.xml"
    path.write_bytes(GOOD[:at] + damage + GOOD[at + len(damage) :])
    assert sum(len(roll.pupils) + len(roll.refusals) for roll in read_or_refuse(path)) <= 3
