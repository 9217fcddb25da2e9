"""The categories as data: complete, consistent, and each with somewhere to try it."""

from pathlib import Path

from drystone.engine.filtering.categories import (
    PROFILES,
    STARTER,
    category_of,
    informational,
    load_categories,
)
from drystone.engine.filtering.sources import Source, lists_of, write_record

# What appropriate filtering must cover, in the UK Safer Internet Centre's words.
THEMES = {
    "pornography",
    "gambling",
    "drugs and substance abuse",
    "extremism",
    "hate speech",
    "malware and hacking",
    "mis- and disinformation",
    "piracy",
    "self-harm and eating disorders",
    "suicide",
    "violence",
    "violence against women and girls",
    "illegal",
}


def source(lists: Path, name: str, *folders: str) -> None:
    for folder in folders:
        (lists / name / folder).mkdir(parents=True)
    write_record(lists / f"{name}.json", Source(name, "/from", "", "one", "2026-09-01T00:00:00+00:00"))


def test_there_are_more_categories_than_a_school_is_likely_to_miss() -> None:
    assert len(load_categories()) >= 24


def test_every_theme_of_appropriate_filtering_has_a_category_that_pupils_are_kept_from() -> None:
    covered = {category.theme for category in load_categories().values() if {"ks1", "ks2"} <= category.blocked_for}
    assert covered >= THEMES


def test_every_category_says_what_it_is_to_adults_and_to_children() -> None:
    titles = [category.title for category in load_categories().values()]
    assert len(set(titles)) == len(titles)
    for category in load_categories().values():
        assert category.about.endswith("."), category.slug
        assert category.child, category.slug
        assert not category.child.endswith("."), "it ends a sentence that the page begins"


def test_younger_children_are_never_allowed_what_older_ones_are_not() -> None:
    """P14: access is designed for pupils, and filtered to their age."""
    for category in load_categories().values():
        if "ks2" in category.blocked_for:
            assert "ks1" in category.blocked_for, category.slug
        if "staff" in category.blocked_for:
            assert set(PROFILES) == category.blocked_for, category.slug


def test_only_illegal_material_is_mandatory_and_everybody_is_kept_from_it() -> None:
    mandatory = [category for category in load_categories().values() if category.mandatory]
    assert [category.slug for category in mandatory] == ["illegal"]
    assert mandatory[0].blocked_for == set(PROFILES)
    assert set(mandatory[0].sources) == {"iwf", "ctiru"}


def test_every_category_has_a_folder_and_every_folder_a_category() -> None:
    assert {path.name for path in STARTER.iterdir() if path.is_dir()} == set(load_categories())


def test_a_folder_of_a_source_belongs_to_one_category_at_most() -> None:
    for name in ("ut1", "iwf", "ctiru"):
        named = [folder for category in load_categories().values() for folder in category.sources.get(name, ())]
        assert len(named) == len(set(named))
        assert not set(named) & set(informational(name))


def test_a_folder_is_found_by_what_the_file_says_and_else_by_its_name() -> None:
    def slug(source: str, folder: str) -> str | None:
        category = category_of(source, folder)
        return category.slug if category else None

    assert slug("ut1", "drogue") == "drugs"
    assert slug("ut1", "bank") is None, "informational"
    assert slug("council", "gambling") == "gambling"
    assert slug("council", "drogue") is None


def test_the_lists_of_a_category_are_those_of_every_source_that_is_there(tmp_path: Path) -> None:
    source(tmp_path, "starter", "drugs", "gambling")
    source(tmp_path, "ut1", "drogue", "bank")
    source(tmp_path, "council", "drugs")
    (tmp_path / ".editions/ut1/0123456789ab/drogue").mkdir(parents=True)
    (tmp_path / "stray" / "drugs").mkdir(parents=True)
    categories = load_categories()
    assert lists_of(categories["drugs"], tmp_path) == ("council/drugs", "starter/drugs", "ut1/drogue")
    assert lists_of(categories["gambling"], tmp_path) == ("starter/gambling",)
    assert lists_of(categories["news"], tmp_path) == ()
