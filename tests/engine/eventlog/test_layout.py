"""The lake's folders and names: days, schools, and nothing outside."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from drystone.engine.eventlog import layout


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=15))
def test_a_schools_folder_is_one_plain_name_and_tells_the_school_again(school):
    folder = layout.school_folder(school)
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-%=")
    assert layout.school_of(folder) == school
    assert len(folder) < 255


def test_a_usual_school_has_its_own_name():
    assert layout.partition_of("fellside-primary", date(2026, 11, 3)) == "school=fellside-primary/day=2026-11-03"


def test_foreign_files_and_folders_in_the_lake_are_passed_over(tmp_path):
    day = tmp_path / "school=fellside" / "day=2026-11-03"
    for folder in (day, tmp_path / "school=fellside" / "day=2026-13-45", tmp_path / "lost+found"):
        folder.mkdir(parents=True)
    for name in ("notes.txt", "x.parquet", ".s-0-1-2-c.parquet.new", "s-zz-0-1-1-c.parquet"):
        (day / name).write_text("x")
    assert layout.data_files(day) == []
    assert layout.days(tmp_path, "fellside") == [(date(2026, 11, 3), day)]
    assert list(layout.partitions(tmp_path)) == [day]


def test_a_lake_that_is_not_there_is_empty(tmp_path):
    assert layout.schools(tmp_path / "none") == []
    assert layout.days(tmp_path / "none", "x") == []
    assert layout.collected(tmp_path / "none") == {}
