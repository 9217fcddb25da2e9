"""Sources of lists: installed whole or not at all, and known for what they are."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drystone.engine.filtering import editions, sources, starter_lists
from drystone.engine.filtering.categories import load_categories
from drystone.engine.filtering.sources import Source, SourceError

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def staged(lists: Path, **folders: bytes) -> Path:
    place = lists / ".incoming"
    for name, body in folders.items():
        (place / name).mkdir(parents=True)
        (place / name / "domains").write_bytes(body)
    return place


def described(name: str = "council", edition: str = "one") -> Source:
    return Source(name, "https://lists.example/l.tar.gz", "OGL", edition, AT.isoformat())


def add(lists: Path, edition: str = "one", **folders: bytes) -> Source:
    lists.mkdir(exist_ok=True)
    return editions.take(lists, staged(lists, **folders), described(edition=edition), at=AT, accepted="a test").source


MANY = b"".join(b"site%d.example\n" % number for number in range(100))


def test_what_is_installed_is_recorded_with_its_counts(tmp_path: Path) -> None:
    add(tmp_path, gambling=b"bet.example\n*.Lotto.example \nnot a host\n", drugs=MANY)
    source = sources.read_source(tmp_path, "council")
    assert source.folders["gambling"].kept == 2
    assert (source.folders["gambling"].mended, source.folders["gambling"].skipped) == (1, 1)
    assert source.entries == 102
    assert (source.licence, source.edition) == ("OGL", "one")
    assert sources.source_names(tmp_path) == ("council",)
    assert sources.check(tmp_path, "council")[1] == ()


@pytest.mark.parametrize(
    "folders",
    [
        {"gambling": b"\0\1\2binary\n", "drugs": MANY},
        {"gambling": b"# nothing\n", "drugs": b"!!\n"},
        {},
    ],
)
def test_a_broken_edition_leaves_the_last_one_at_work(tmp_path: Path, folders: dict[str, bytes]) -> None:
    add(tmp_path, gambling=MANY)
    with pytest.raises(SourceError) as raised:
        editions.take(tmp_path, staged(tmp_path, **folders), described(edition="two"), at=AT)
    assert "\n" not in str(raised.value)
    assert sources.read_source(tmp_path, "council").edition == "one"
    assert (tmp_path / "council/gambling/domains").read_bytes() == MANY


def test_a_list_that_changed_on_the_disk_is_noticed(tmp_path: Path) -> None:
    add(tmp_path, gambling=MANY)
    with (tmp_path / "council/gambling/domains").open("ab") as file:
        file.write(b"slipped-in.example\n")
    _, faults = sources.check(tmp_path, "council")
    assert len(faults) == 1
    assert "not those that were installed" in faults[0]


def test_a_list_that_went_missing_is_one_line(tmp_path: Path) -> None:
    add(tmp_path, gambling=MANY)
    shutil.rmtree(tmp_path / "council/gambling")
    with pytest.raises(SourceError, match="council: none of its lists"):
        sources.check(tmp_path, "council")


def test_one_empty_category_among_good_ones_is_a_fault_that_is_told(tmp_path: Path) -> None:
    add(tmp_path, gambling=MANY, drugs=b"# to come\n")
    source, faults = sources.check(tmp_path, "council")
    assert source.entries == 100
    assert faults == ("drugs: has no entry that can be used",)


@pytest.mark.parametrize("body", ["", "{", "[]", '{"name": "x"}', '{"folders": {}, "nonsense": 1, "warnings": []}'])
def test_a_record_that_cannot_be_read_is_one_line(tmp_path: Path, body: str) -> None:
    (tmp_path / "council.json").write_text(body)
    with pytest.raises(SourceError, match="add the source again"):
        sources.read_source(tmp_path, "council")


@pytest.mark.parametrize("name", ["", "UT1", "../x", "a.b", "a/b", "x" * 41, "1st"])
def test_a_source_has_a_plain_name(name: str) -> None:
    with pytest.raises(SourceError, match="cannot name a source"):
        sources.check_name(name)


def test_folders_that_no_category_takes_are_named(tmp_path: Path) -> None:
    assert add(tmp_path, gambling=MANY, knitting=MANY).unmapped == ("knitting",)


def test_the_starter_lists_are_a_source_like_the_others_and_installed_once(tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    assert starter_lists.install_starter(lists, edition="0.1.0", at=AT)
    assert not starter_lists.install_starter(lists, edition="0.1.0", at=AT)
    source, faults = sources.check(lists, "starter")
    assert faults == ()
    assert set(source.folders) == set(load_categories())
    assert source.unmapped == ()
    assert json.loads((lists / "starter.json").read_text())["fetched_at"] == "2026-09-01T08:00:00+00:00"


def test_a_source_that_is_removed_is_gone(tmp_path: Path) -> None:
    add(tmp_path, gambling=MANY)
    add(tmp_path, "two", gambling=MANY)
    editions.remove(tmp_path, "council")
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    with pytest.raises(SourceError, match="no source 'council'"):
        editions.remove(tmp_path, "council")


def test_a_folder_without_lists_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="empty: empty"):
        sources.copy_lists(tmp_path / "empty", tmp_path / "out")
