"""Editions: one waits for a person where it changes much, each is kept, and each can come back. P35: what is
mandatory goes by no way."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drystone.engine.filtering import editions, sources
from drystone.engine.filtering.categories import load_categories
from drystone.engine.filtering.compare import read_differences
from drystone.engine.filtering.editions import HELD, INSTALLED, KEPT, UNCHANGED, WAITS, take
from drystone.engine.filtering.mandatory import MandatoryRefused, mandatory_lists
from drystone.engine.filtering.sources import Source, SourceError, lists_of, read_source

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
MANY = [f"site{number}.example" for number in range(100)]


def bring(lists: Path, *, name: str = "council", on: int = 0, ask: bool = False, accepted: str = "", **folders):
    staged = lists / ".incoming"
    shutil.rmtree(staged, ignore_errors=True)
    for folder, entries in folders.items():
        (staged / folder).mkdir(parents=True)
        (staged / folder / "domains").write_text("".join(f"{entry}\n" for entry in entries))
    at = AT + timedelta(days=on)
    source = Source(name, "https://lists.example/l", "OGL", f"day {on}", at.isoformat())
    return take(lists, staged, source, at=at, ask=ask, accepted=accepted)


def entries(lists: Path, name: str = "council") -> int:
    return read_source(lists, name).entries


def test_small_changes_go_through_and_great_ones_wait(tmp_path):
    assert bring(tmp_path, gambling=MANY).state == INSTALLED
    assert bring(tmp_path, gambling=MANY[:85], on=1).state == INSTALLED
    waits = bring(tmp_path, gambling=MANY[:30], on=2)
    assert waits.state == WAITS
    assert waits.why == ("Gambling: 55 of 85 entries would go",)
    assert entries(tmp_path) == 85
    grown = bring(tmp_path, gambling=[*MANY[:85], *(f"more{n}.example" for n in range(90))], on=3)
    assert grown.why == ("Gambling: 90 entries would come to the 85 there are",)
    assert editions.held(tmp_path, "council").source.edition == "day 3", "the newer one takes the place"


def test_a_list_that_is_exchanged_at_the_same_size_waits_too(tmp_path):
    bring(tmp_path, gambling=MANY)
    assert bring(tmp_path, gambling=[f"other{n}.example" for n in range(100)], on=1).state == WAITS


def test_a_category_that_is_gone_waits_however_small_it_was(tmp_path):
    bring(tmp_path, gambling=MANY, weapons=["gun.example"])
    assert bring(tmp_path, gambling=MANY, on=1).why == ("Weapons: 1 of 1 entries would go",)


def test_a_folder_that_moved_within_its_category_is_no_loss_of_the_category(tmp_path):
    bring(tmp_path, name="ut1", arjel=MANY[:30], gambling=MANY[30:])
    waits = bring(tmp_path, name="ut1", arjel=[*MANY[:30], "x.example"], gambling=MANY[30:], on=1)
    assert waits.state == INSTALLED


def test_the_same_again_is_unchanged_and_younger(tmp_path):
    bring(tmp_path, gambling=MANY)
    assert bring(tmp_path, gambling=MANY, on=1).state == UNCHANGED
    assert read_source(tmp_path, "council").edition == "day 1"
    assert len(editions.history(tmp_path, "council")) == 1


def test_who_accepts_says_why_and_only_what_they_saw(tmp_path):
    bring(tmp_path, gambling=MANY)
    seen = bring(tmp_path, gambling=MANY[:30], on=1).source.id
    bring(tmp_path, gambling=MANY[:20], on=2)
    with pytest.raises(SourceError, match="another edition"):
        editions.accept(tmp_path, "council", at=AT, by="Tom", reason="right", edition=seen)
    editions.accept(tmp_path, "council", at=AT, by="Tom", reason="right")
    assert read_source(tmp_path, "council").accepted == "Tom: right"
    assert entries(tmp_path) == 20
    assert editions.held(tmp_path, "council") is None


def test_what_is_refused_is_gone_and_the_next_is_judged_anew(tmp_path):
    bring(tmp_path, gambling=MANY)
    bring(tmp_path, gambling=MANY[:30], on=1)
    editions.refuse(tmp_path, "council")
    assert entries(tmp_path) == 100
    with pytest.raises(SourceError, match="no edition of council waits"):
        editions.accept(tmp_path, "council", at=AT, by="Tom", reason="right")
    assert bring(tmp_path, gambling=MANY[:30], on=2).state == WAITS


def test_a_source_that_is_only_looked_at_filters_nothing_and_leaves_nothing(tmp_path):
    assert bring(tmp_path, gambling=MANY, ask=True).state == WAITS
    assert sources.source_names(tmp_path) == ()
    assert editions.held(tmp_path, "council").first
    editions.refuse(tmp_path, "council")
    assert list((tmp_path / editions.EDITIONS).iterdir()) == []


def test_editions_are_kept_compared_and_put_back(tmp_path):
    first = bring(tmp_path, gambling=MANY).source.id
    second = bring(tmp_path, gambling=[*MANY[5:], "new.example"], on=1).source.id
    out, counts = editions.differences(tmp_path, "council", first, second)
    assert counts == {"gambling": (1, 5)}
    assert [each.entry for each in read_differences(out, kind="came")] == ["new.example"]
    assert editions.differences(tmp_path, "council", first, second)[1] == counts, "the second time it is known"
    editions.roll_back(tmp_path, "council", first, at=AT + timedelta(days=2), by="Tom", reason="too much went")
    assert [each.id for each in editions.history(tmp_path, "council")] == [first, second]
    assert sources.check(tmp_path, "council")[1] == ()
    assert read_source(tmp_path, "council").accepted == "Tom went back: too much went"


def test_the_oldest_of_many_editions_are_forgotten(tmp_path):
    for day in range(KEPT + 4):
        bring(tmp_path, gambling=[*MANY, f"day{day}.example"], on=day)
    kept = editions.history(tmp_path, "council")
    assert [each.edition for each in kept] == [f"day {day}" for day in range(KEPT + 3, 3, -1)]


def test_files_that_two_editions_share_are_on_the_disk_once(tmp_path):
    first = bring(tmp_path, gambling=MANY, news=["news.example"]).source.id
    bring(tmp_path, gambling=MANY, news=["news.example", "more.example"], on=1)
    old = tmp_path / ".editions/council" / first / "gambling/domains"
    assert old.samefile(tmp_path / "council/gambling/domains")


def test_an_edition_that_somebody_changed_on_the_disk_is_not_put_back(tmp_path):
    first = bring(tmp_path, gambling=MANY).source.id
    bring(tmp_path, gambling=[*MANY, "new.example"], on=1)
    (tmp_path / ".editions/council" / first / "gambling/domains").write_text("harmless.example\n")
    with pytest.raises(SourceError, match="not those that were kept"):
        editions.roll_back(tmp_path, "council", first, at=AT, by="Tom", reason="x")


@pytest.mark.parametrize("killed_after", ["first rename", "second rename"])
def test_a_kill_between_the_renames_is_made_good(tmp_path, killed_after):
    bring(tmp_path, gambling=MANY)
    old = read_source(tmp_path, "council")
    new = bring(tmp_path, gambling=[*MANY, "new.example"], on=1).source
    place = tmp_path / ".editions/council"
    sources.write_record(tmp_path / "council.json", old)
    if killed_after == "first rename":
        (tmp_path / "council").rename(place / new.id)
    editions.settle(tmp_path, "council")
    assert sources.check(tmp_path, "council")[1] == ()
    assert entries(tmp_path) == (100 if killed_after == "first rename" else 101)


def test_a_note_of_what_waits_that_is_damaged_holds_nothing_up(tmp_path):
    bring(tmp_path, gambling=MANY)
    bring(tmp_path, gambling=MANY[:30], on=1)
    (tmp_path / ".editions/council" / HELD).write_text("{")
    assert editions.held(tmp_path, "council") is None
    assert bring(tmp_path, gambling=MANY[:30], on=2).state == WAITS


# --- mandatory ----------------------------------------------------------------------------------------------------


def test_which_lists_are_mandatory(tmp_path):
    bring(tmp_path, name="iwf", any_name=MANY)
    bring(tmp_path, name="ut1", gambling=MANY)
    (tmp_path / "ctiru").mkdir()
    assert {name: each.slug for name, each in mandatory_lists(tmp_path).items()} == {
        "iwf/any_name": "illegal",
        "ctiru": "illegal",
    }
    assert lists_of(load_categories()["illegal"], tmp_path) == ("iwf/any_name",)


def test_a_source_added_as_mandatory_stays_so_whoever_adds_it_again(tmp_path):
    staged = tmp_path / ".incoming"
    for day in (0, 1):
        (staged / "police").mkdir(parents=True)
        (staged / "police/domains").write_text("".join(f"{entry}\n" for entry in MANY) + f"day{day}.example\n")
        take(tmp_path, staged, Source("police", "/x", "", str(day), AT.isoformat(), mandatory=not day), at=AT)
    assert read_source(tmp_path, "police").mandatory_folders == ("police",)


@pytest.mark.parametrize(
    "folders",
    [
        {"iwf": MANY[:40]},
        {"iwf": ["harmless.example"]},
        {"other": MANY},
        {"iwf": [f"swapped{n}.example" for n in range(100)]},
    ],
)
def test_no_edition_empties_a_mandatory_list_even_if_somebody_accepts_it(tmp_path, folders):
    bring(tmp_path, name="iwf", iwf=MANY)
    with pytest.raises(MandatoryRefused, match="nobody can"):
        bring(tmp_path, name="iwf", accepted="Tom: please", on=1, **folders)
    assert entries(tmp_path, "iwf") == 100
    assert editions.held(tmp_path, "iwf") is None


def test_a_mandatory_list_may_lose_a_little_at_a_time_before_a_person_only(tmp_path):
    bring(tmp_path, name="iwf", iwf=MANY)
    assert bring(tmp_path, name="iwf", iwf=MANY[:90], on=1).state == INSTALLED
    assert bring(tmp_path, name="iwf", iwf=MANY[:60], on=2).state == WAITS


def test_a_mandatory_list_is_not_removed_nor_mapped_away_nor_rolled_back(tmp_path):
    first = bring(tmp_path, name="iwf", iwf=MANY[:40]).source.id
    bring(tmp_path, name="iwf", iwf=MANY, on=1, accepted="Tom: it grew")
    attempts = (
        lambda: editions.remove(tmp_path, "iwf"),
        lambda: editions.change(tmp_path, "iwf", mapping={"iwf": ""}),
        lambda: editions.change(tmp_path, "iwf", mapping={"iwf": "games"}),
        lambda: editions.roll_back(tmp_path, "iwf", first, at=AT, by="Tom", reason="x"),
    )
    for attempt in attempts:
        with pytest.raises(MandatoryRefused):
            attempt()
    assert entries(tmp_path, "iwf") == 100
    assert mandatory_lists(tmp_path).keys() == {"iwf/iwf"}
