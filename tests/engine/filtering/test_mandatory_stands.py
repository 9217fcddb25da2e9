"""P35: a mandatory list cannot be emptied, swapped, hidden, shadowed, unmapped, taken away or rolled back: neither by
an edition that somebody accepts, nor by who writes to the disk, nor by lists from another folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drystone.engine.filtering import (
    Bundle,
    BundleError,
    Decision,
    ListError,
    RulesError,
    compile_bundle,
    editions,
    parse_request,
    parse_rules,
)
from drystone.engine.filtering.mandatory import MandatoryRefused
from drystone.engine.filtering.sources import Source, SourceError, copy_lists, read_source
from drystone.engine.filtering.standing import MandatoryGone

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
KEY = b"k" * 32
RULES = """
school: {name: Fellside, timezone: Europe/London}
groups: {all: {default: allow}}
everyone_else: {group: all}
categories: {gambling: {lists: [council/gambling]}%s}
"""
ILLEGAL = "http://bad7.example/"


def take(lists: Path, name: str, folder: str, first: int, last: int, **said: object) -> editions.Outcome:
    staged = lists / f".{name}.incoming"
    (staged / folder).mkdir(parents=True)
    (staged / folder / "domains").write_text("".join(f"bad{number}.example\n" for number in range(first, last)))
    source = Source(name, "/elsewhere", "", "", AT.isoformat(), **said)  # type: ignore[arg-type]
    try:
        return editions.take(lists, staged, source, at=AT, accepted="Ada: I want it so")
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A house with the IWF's list, a mandatory list of the county's own, and one of the council's that is neither."""
    lists = tmp_path / "lists"
    lists.mkdir()
    take(lists, "iwf", "blocked", 0, 100)
    take(lists, "county", "ours", 100, 200, mandatory=True)
    take(lists, "council", "gambling", 200, 300)
    return lists


def compiled(lists: Path, *, rules: str = "", out: str = "bundles/current") -> Bundle:
    place = lists.parent / out
    compile_bundle(lists, parse_rules(RULES % rules), place, key=KEY)
    return Bundle.open(place, key=KEY)


def decided(bundle: Bundle, url: str) -> Decision:
    return bundle.decide(parse_request(url, client="10.0.0.1", user="", at=AT, method="GET"), None)


def test_mandatory_lists_close_though_the_rules_do_not_name_them(lists: Path) -> None:
    bundle = compiled(lists)
    assert decided(bundle, ILLEGAL).level == decided(bundle, "http://bad107.example/").level == "mandatory"
    assert not decided(bundle, "http://bad207.example/").blocked


def edited(lists: Path, name: str, **fields: object) -> None:
    record = lists / f"{name}.json"
    record.write_text(json.dumps(json.loads(record.read_bytes()) | fields))


def moved(lists: Path, one: str, other: str) -> None:
    (lists / one).rename(lists / other)


def link(lists: Path, name: str) -> None:
    shutil.rmtree(lists / name)
    (lists / name).symlink_to(lists / "council/gambling", target_is_directory=True)


def shadow(lists: Path) -> None:
    """A plain folder of the same name, with a list of the same name in it."""
    shutil.rmtree(lists / "iwf")
    (lists / "iwf.json").unlink()
    (lists / "iwf/blocked").mkdir(parents=True)
    for place in ("iwf", "iwf/blocked"):
        (lists / place / "domains").write_text("harmless.example\n")


def both_gone(lists: Path) -> None:
    shutil.rmtree(lists / "iwf")
    (lists / "iwf.json").unlink()


TAMPERED: dict[str, Callable[[Path], object]] = {
    "emptied": lambda lists: (lists / "iwf/blocked/domains").write_text(""),
    "one harmless entry": lambda lists: (lists / "iwf/blocked/domains").write_text("harmless.example\n"),
    "exceptions put beside": lambda lists: (lists / "iwf/blocked/exceptions").write_text("bad7.example\n"),
    "list gone": lambda lists: shutil.rmtree(lists / "iwf/blocked"),
    "source gone": lambda lists: shutil.rmtree(lists / "iwf"),
    "source and record gone": both_gone,
    "record gone": lambda lists: (lists / "iwf.json").unlink(),
    "record of our own gone": lambda lists: (lists / "county.json").unlink(),
    "record broken": lambda lists: (lists / "county.json").write_text("{"),
    "record says it is not mandatory": lambda lists: edited(lists, "county", mandatory=False),
    "record has another hash": lambda lists: edited(lists, "iwf", sha256="0" * 64),
    "record has no such list": lambda lists: edited(lists, "county", folders={}),
    "hidden": lambda lists: moved(lists, "iwf/blocked", "iwf/.blocked"),
    "renamed": lambda lists: moved(lists, "county/ours", "county/theirs"),
    "list is a link": lambda lists: link(lists, "iwf/blocked"),
    "source is a link": lambda lists: link(lists, "iwf"),
    "shadowed by a plain folder": shadow,
}


@pytest.mark.parametrize("way", TAMPERED)
def test_who_writes_to_the_disk_opens_nothing(lists: Path, way: str) -> None:
    compiled(lists)
    TAMPERED[way](lists)
    with pytest.raises(MandatoryGone, match="mandatory list (iwf/blocked|county/ours)") as raised:
        compiled(lists)
    assert "\n" not in str(raised.value)
    assert decided(Bundle.open(lists.parent / "bundles/current", key=KEY), ILLEGAL).level == "mandatory"


@pytest.mark.parametrize("way", [way for way in TAMPERED if "record says" not in way and "no such list" not in way])
def test_what_was_tampered_with_is_whole_again_when_its_maker_is_asked_again(lists: Path, way: str) -> None:
    TAMPERED[way](lists)
    name, folder, first = ("county", "ours", 100) if "our own" in way or "broken" in way else ("iwf", "blocked", 0)
    if way == "renamed":
        name, folder, first = "county", "ours", 100
    take(lists, name, folder, first, first + 100)
    bundle = compiled(lists)
    assert decided(bundle, ILLEGAL).level == decided(bundle, "http://bad107.example/").level == "mandatory"


@pytest.mark.parametrize(("name", "folder"), [("iwf", "blocked"), ("county", "ours")])
@pytest.mark.parametrize("first", ["", "{"])
def test_no_edition_empties_a_mandatory_list_whoever_accepts_it(
    lists: Path, name: str, folder: str, first: str
) -> None:
    before = read_source(lists, name)
    if first:
        (lists / f"{name}.json").write_text(first)  # and a broken record does not make it a new source
    for attempt in ((0, 1, folder), (900, 1000, folder), (0, 100, "another")):
        with pytest.raises(MandatoryRefused):
            take(lists, name, attempt[2], *attempt[:2])
    if not first:
        assert read_source(lists, name) == before
        assert decided(compiled(lists), ILLEGAL).level == "mandatory"


def test_a_mandatory_list_is_not_emptied_by_halves(lists: Path) -> None:
    take(lists, "iwf", "blocked", 0, 60)
    with pytest.raises(MandatoryRefused, match="had 100 entries"):
        take(lists, "iwf", "blocked", 0, 40)


def test_a_mandatory_list_grows_and_loses_a_few_like_any_other(lists: Path) -> None:
    assert take(lists, "iwf", "blocked", 5, 150).state == editions.INSTALLED


def test_nobody_removes_unmaps_or_unmakes_a_mandatory_source(lists: Path) -> None:
    editions.change(lists, "council", mapping={"gambling": "illegal"})
    assert read_source(lists, "council").mandatory_folders == ("gambling",)
    for name, folder in (("iwf", "blocked"), ("county", "ours"), ("council", "gambling")):
        with pytest.raises(MandatoryRefused):
            editions.remove(lists, name)
        for slug in ("", "games"):
            with pytest.raises(MandatoryRefused):
                editions.change(lists, name, mapping={folder: slug})
    with pytest.raises(MandatoryRefused):
        editions.change(lists, "council", mapping={})
    with pytest.raises(MandatoryRefused):
        editions.change(lists, "county", mandatory=False)
    with pytest.raises(MandatoryRefused):  # nor with the next edition, be it the same one
        take(lists, "council", "gambling", 200, 300, mapping={"gambling": "games"})


def test_a_list_that_was_made_mandatory_stays_so_on_an_edited_record(lists: Path) -> None:
    editions.change(lists, "council", mapping={"gambling": "illegal"})
    edited(lists, "council", mapping={})
    with pytest.raises(MandatoryGone, match="council/gambling is not mandatory on its record any more"):
        compiled(lists)


def test_there_is_no_way_back_to_an_edition_without_it(lists: Path) -> None:
    small = take(lists, "council", "gambling", 200, 201).source
    take(lists, "council", "gambling", 200, 300)
    editions.change(lists, "council", mapping={"gambling": "illegal"})
    with pytest.raises(MandatoryRefused):
        editions.roll_back(lists, "council", small.id, at=AT, by="Ada", reason="try")
    assert (lists / "council/gambling/domains").read_text().count("\n") == 100


def test_what_waits_and_would_empty_it_is_refused_before_it_waits(lists: Path) -> None:
    with pytest.raises(MandatoryRefused):
        take(lists, "iwf", "blocked", 0, 3)
    assert editions.held(lists, "iwf") is None
    with pytest.raises(SourceError):
        editions.accept(lists, "iwf", at=AT, by="Ada", reason="try")


@pytest.mark.parametrize(
    "rules",
    [
        ", illegal: {lists: [iwf/blocked], mandatory: false}",
        ", games: {lists: [iwf/blocked]}",
        ", games: {lists: [council/gambling, county/ours]}",
    ],
)
def test_no_rules_file_says_that_a_mandatory_list_is_a_mild_one(lists: Path, rules: str) -> None:
    with pytest.raises(RulesError, match="nobody can switch that off"):
        compiled(lists, rules=rules)


def test_a_rules_file_may_call_a_mild_category_illegal_and_the_mandatory_list_has_its_own(lists: Path) -> None:
    bundle = compiled(lists, rules=", illegal: {lists: [council/gambling]}")
    assert decided(bundle, ILLEGAL).level == "mandatory"


def test_lists_from_another_folder_do_not_take_the_place_of_a_bundle_with_mandatory_ones(
    lists: Path, tmp_path: Path
) -> None:
    compiled(lists)
    other = tmp_path / "other"
    copy_lists(lists / "council", other / "council")
    with pytest.raises(MandatoryGone, match="county/ours"):
        compile_bundle(other, parse_rules(RULES % ""), tmp_path / "bundles/current", key=KEY)
    compile_bundle(other, parse_rules(RULES % ""), tmp_path / "elsewhere/current", key=KEY)
    assert decided(Bundle.open(tmp_path / "bundles/current", key=KEY), ILLEGAL).level == "mandatory"


def test_a_refusal_is_among_the_errors_that_every_door_tells_in_one_line() -> None:
    assert issubclass(MandatoryGone, ListError)
    assert issubclass(MandatoryRefused, SourceError)
    assert not issubclass(MandatoryGone, BundleError)
