"""P35: editions of a source are kept, compared, held past limits, judged by a person, and put back."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drystone.engine.filtering import compare as comparing
from drystone.engine.filtering import editions, sources
from drystone.engine.filtering.compare import compare, read_differences
from drystone.engine.filtering.editions import INSTALLED, KEPT, UNCHANGED, WAITS, Outcome
from drystone.engine.filtering.sources import Source, SourceError

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


def sites(*numbers: range) -> bytes:
    return b"".join(b"site%d.example\n" % number for each in numbers for number in each)


def take(lists: Path, *, day: int = 0, accepted: str = "", ask: bool = False, **files: bytes) -> Outcome:
    """Each file is named `folder__file`; `folder` alone is its domains."""
    staged = lists / ".incoming"
    for name, body in files.items():
        folder, _, file = name.partition("__")
        (staged / folder).mkdir(parents=True, exist_ok=True)
        (staged / folder / (file or "domains")).write_bytes(body)
    source = Source("council", "https://lists.example/l", "OGL", f"day {day}", AT.isoformat())
    return editions.take(lists, staged, source, at=AT + timedelta(days=day), accepted=accepted, ask=ask)


def at_work(lists: Path) -> bytes:
    return (lists / "council/gambling/domains").read_bytes()


def test_an_edition_within_the_limits_takes_its_place_and_the_last_one_is_kept(tmp_path: Path) -> None:
    first = take(tmp_path, gambling=sites(range(100)))
    second = take(tmp_path, day=1, gambling=sites(range(10, 120)))
    assert (first.state, second.state) == (INSTALLED, INSTALLED)
    assert second.source.changes == {"gambling": (20, 10)}
    assert [source.id for source in editions.history(tmp_path, "council")] == [second.source.id, first.source.id]
    assert sources.check(tmp_path, "council")[1] == ()


def test_the_same_edition_again_is_none(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    assert take(tmp_path, day=1, gambling=sites(range(100))).state == UNCHANGED
    assert len(editions.history(tmp_path, "council")) == 1


def test_lists_that_were_damaged_come_back_with_the_same_edition(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    (tmp_path / "council/gambling/domains").write_bytes(b"nothing.example\n")
    take(tmp_path, day=1, gambling=sites(range(100)))
    assert at_work(tmp_path) == sites(range(100))
    assert sources.check(tmp_path, "council")[1] == ()


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (sites(range(30, 100)), "30 of 100 entries would go"),
        (sites(range(250)), "150 entries would come"),
        (sites(range(500, 600)), "100 of 100 entries would go"),
    ],
)
def test_an_edition_past_the_limits_waits_and_changes_nothing_until_somebody_accepts_it(
    tmp_path: Path, new: bytes, why: str
) -> None:
    take(tmp_path, gambling=sites(range(100)))
    outcome = take(tmp_path, day=1, gambling=new)
    assert outcome.state == WAITS
    assert any(why in sentence for sentence in outcome.why)
    assert at_work(tmp_path) == sites(range(100))
    taken = editions.accept(tmp_path, "council", at=AT, by="Ada", reason="the maker says so")
    assert at_work(tmp_path) == new
    assert taken.accepted == "Ada: the maker says so"
    assert editions.held(tmp_path, "council") is None


def test_a_few_entries_of_a_small_list_hold_nobody_up(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(1000)), games=sites(range(100, 105)))
    assert take(tmp_path, day=1, gambling=sites(range(1000)), games=sites(range(101, 118))).state == INSTALLED


def test_a_category_that_goes_away_waits_however_small(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(1000)), games=sites(range(5)))
    assert take(tmp_path, day=1, gambling=sites(range(1000))).why == ("Games: 5 of 5 entries would go",)


def test_limits_are_the_sources_own(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    editions.change(tmp_path, "council", shrink=100, grow=10_000)
    staged = tmp_path / ".incoming/gambling"
    staged.mkdir(parents=True)
    (staged / "domains").write_bytes(sites(range(60, 400)))
    source = sources.read_source(tmp_path, "council")
    assert editions.take(tmp_path, staged.parent, source, at=AT).state == INSTALLED


def test_what_is_refused_is_gone_and_the_next_edition_is_judged_anew(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    waiting = take(tmp_path, day=1, gambling=sites(range(5)))
    editions.refuse(tmp_path, "council", edition=waiting.source.id)
    assert not (tmp_path / ".editions/council" / waiting.source.id).exists()
    with pytest.raises(SourceError, match="waits for anybody"):
        editions.accept(tmp_path, "council", at=AT, by="Ada", reason="late")
    assert take(tmp_path, day=2, gambling=sites(range(5))).state == WAITS


def test_nobody_accepts_another_edition_than_they_saw(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    seen = take(tmp_path, day=1, gambling=sites(range(5))).source.id
    take(tmp_path, day=2, gambling=sites(range(4)))
    with pytest.raises(SourceError, match="another edition of council has come since"):
        editions.accept(tmp_path, "council", at=AT, by="Ada", reason="fine", edition=seen)


def test_what_was_changed_while_it_waited_is_not_accepted(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    waiting = take(tmp_path, day=1, gambling=sites(range(50)))
    (tmp_path / ".editions/council" / waiting.source.id / "gambling/domains").write_bytes(b"x.example\n")
    with pytest.raises(SourceError, match="not those that came"):
        editions.accept(tmp_path, "council", at=AT, by="Ada", reason="fine")
    assert at_work(tmp_path) == sites(range(100))


def test_an_edition_from_before_comes_back_whole_but_not_its_settings(tmp_path: Path) -> None:
    first = take(tmp_path, gambling=sites(range(100)), wagers=sites(range(9)))
    second = take(tmp_path, day=1, gambling=sites(range(110)), wagers=sites(range(9)))
    editions.change(tmp_path, "council", mapping={"wagers": "gambling"})
    back = editions.roll_back(tmp_path, "council", first.source.id, at=AT, by="Ada", reason="too much")
    assert at_work(tmp_path) == sites(range(100))
    assert back.mapping == {"wagers": "gambling"}
    assert back.accepted == "Ada went back: too much"
    assert sources.check(tmp_path, "council")[1] == ()
    editions.roll_back(tmp_path, "council", second.source.id, at=AT, by="Ada", reason="no, it was right")
    assert at_work(tmp_path) == sites(range(110))


@pytest.mark.parametrize("edition", ["", "..", "../../etc", "0123456789ab", "/etc"])
def test_there_is_no_way_back_to_what_is_not_kept(tmp_path: Path, edition: str) -> None:
    take(tmp_path, gambling=sites(range(100)))
    with pytest.raises(SourceError, match="no edition"):
        editions.roll_back(tmp_path, "council", edition, at=AT, by="Ada", reason="try")


def test_a_kept_edition_that_was_changed_by_hand_is_not_put_back(tmp_path: Path) -> None:
    first = take(tmp_path, gambling=sites(range(100)))
    take(tmp_path, day=1, gambling=sites(range(101)))
    (tmp_path / ".editions/council" / first.source.id / "gambling/domains").write_bytes(b"x.example\n")
    with pytest.raises(SourceError, match="cannot be put back"):
        editions.roll_back(tmp_path, "council", first.source.id, at=AT, by="Ada", reason="try")


def test_so_many_editions_are_kept_and_files_that_two_share_lie_there_once(tmp_path: Path) -> None:
    for day in range(KEPT + 4):
        take(tmp_path, day=day, gambling=sites(range(100 + day)), games=sites(range(50)))
    kept = editions.history(tmp_path, "council")
    assert len(kept) == KEPT
    assert (
        len([path for path in (tmp_path / ".editions/council").iterdir() if path.is_dir() and "." not in path.name])
        == KEPT - 1
    )
    games = tmp_path / "council/games/domains"
    assert all(games.samefile(editions.folder_of(tmp_path, "council", each.id) / "games/domains") for each in kept)


@pytest.mark.parametrize("step", ["nothing at work", "record behind"])
def test_a_kill_between_two_renames_leaves_an_edition_at_work(tmp_path: Path, step: str) -> None:
    first = take(tmp_path, gambling=sites(range(100))).source
    record = (tmp_path / "council.json").read_bytes()
    second = take(tmp_path, day=1, gambling=sites(range(101))).source
    place = tmp_path / ".editions/council"
    (tmp_path / "council.json").write_bytes(record)
    if step == "nothing at work":
        (tmp_path / "council").rename(place / second.id)
    editions.settle(tmp_path, "council")
    now = sources.read_source(tmp_path, "council")
    assert now.id == (first.id if step == "nothing at work" else second.id)
    assert sources.check(tmp_path, "council")[1] == ()


def test_a_broken_record_is_read_from_its_copy_when_the_next_edition_comes(tmp_path: Path) -> None:
    take(tmp_path, gambling=sites(range(100)))
    (tmp_path / "council.json").write_text("{")
    assert take(tmp_path, day=1, gambling=sites(range(5))).state == WAITS


# --- what came and what went ------------------------------------------------------------------------------------


def put(place: Path, **files: bytes) -> Path:
    for name, body in files.items():
        folder, _, file = name.partition("__")
        (place / folder).mkdir(parents=True, exist_ok=True)
        (place / folder / (file or "domains")).write_bytes(body)
    return place


def test_entries_are_compared_as_they_filter_whatever_their_order_and_spelling(tmp_path: Path) -> None:
    old = put(tmp_path / "old", a=b"b.example\nA.example\n*.c.example\n", a__urls=b"http://www.u.example/X/\n")
    new = put(tmp_path / "new", a=b"# new\nc.example\na.example\na.example\nb.example.\n", a__urls=b"u.example/x\n")
    assert compare(old, new, tmp_path / "out") == {}


def test_what_came_and_went_is_named_by_folder_and_kind(tmp_path: Path) -> None:
    old = put(tmp_path / "old", a=b"stays.example\nwent.example\n", a__expressions=b"/one/\n", gone=b"x.example\n")
    new = put(
        tmp_path / "new",
        a=b"stays.example\ncame.example\n",
        a__expressions=b"/two/\n",
        a__exceptions=b"but.example\n",
        a__urls=b"stays.example/page\n",
        fresh=b"y.example\n",
    )
    assert compare(old, new, tmp_path / "out") == {"a": (4, 2), "fresh": (1, 0), "gone": (0, 1)}
    found = {(each.folder, each.kind, each.entry) for each in read_differences(tmp_path / "out")}
    assert found == {
        ("a", "came", "came.example"), ("a", "came", "stays.example/page"), ("a", "came", "expression /two/"),
        ("a", "came", "not but.example"), ("a", "went", "went.example"), ("a", "went", "expression /one/"),
        ("fresh", "came", "y.example"), ("gone", "went", "x.example"),
    }  # fmt: skip
    assert [each.entry for each in read_differences(tmp_path / "out", text="WENT", kind="went")] == ["went.example"]
    assert not list(read_differences(tmp_path / "out", folder="none"))


def test_a_comparison_in_many_blocks_says_the_same_as_sets_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drystone.engine.filtering.lists.BLOCK", 4096)
    monkeypatch.setattr(comparing, "BATCH", 64)
    chance = random.Random(7)
    one, two = ({b"site%d.example" % chance.randrange(8000) for _ in range(4000)} for _ in range(2))
    paths = {b"u.example/%d" % chance.randrange(900) for _ in range(400)}
    old = put(tmp_path / "old", a=b"\n".join(chance.sample(sorted(one), len(one))) + b"\n")
    new = put(tmp_path / "new", a=b"\n".join(sorted(two)) + b"\n", a__urls=b"\n".join(sorted(paths)) + b"\n")
    counts = compare(old, new, tmp_path / "out")
    assert counts == {"a": (len(two - one) + len(paths), len(one - two))}
    assert set((tmp_path / "out/a.went").read_bytes().split()) == one - two
    assert set((tmp_path / "out/a.came").read_bytes().split()) == (two - one) | paths
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix not in (".came", ".went")]


def test_two_kept_editions_are_compared_once(tmp_path: Path) -> None:
    first = take(tmp_path, gambling=sites(range(100))).source
    second = take(tmp_path, day=1, gambling=sites(range(5, 104))).source
    out, counts = editions.differences(tmp_path, "council", first.id, second.id)
    assert counts == {"gambling": (4, 5)}
    (out / "gambling.came").write_text("kept.example\n")
    assert editions.differences(tmp_path, "council", first.id, second.id) == (out, counts)
    assert (out / "gambling.came").read_text() == "kept.example\n"
    shutil.rmtree(editions.folder_of(tmp_path, "council", first.id))
    with pytest.raises(SourceError, match="no edition"):
        editions.differences(tmp_path, "council", first.id, second.id)
