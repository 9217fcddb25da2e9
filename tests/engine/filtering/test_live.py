"""The filter as a running door uses it: new bundles in, broken ones never."""

import os

import pytest

from drystone.engine.filtering import (
    Action,
    Level,
    LiveFilter,
    Overlay,
    SwitchedOff,
    compile_bundle,
    parse_request,
    parse_rules,
    person_key,
    write_overlay,
)
from drystone.engine.filtering.bundle import MANIFEST
from drystone.engine.filtering.identity import school_key
from drystone.engine.filtering.words import Access
from tests.engine.filtering.bundles import MONDAY_NOON, PUPIL, rules_text, write_lists

BLOCK = "level: school, block: 'site:x.example', reason: r, by: b"
ALLOW = "level: school, allow: 'site:x.example', reason: r, by: b"


class House:
    """A folder of bundles, and what its filter complained of."""

    def __init__(self, root):
        self.lists = write_lists(root / "lists")
        self.folder = root / "bundles"
        self.folder.mkdir()
        self.alarms = []

    def publish(self, *rules, overlay_required=False):
        return compile_bundle(
            self.lists, parse_rules(rules_text(*rules)), self.folder / "current", overlay_required=overlay_required
        )

    def filter(self):
        return LiveFilter(self.folder, alarm=self.alarms.append)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def ask(live, url="http://x.example/", user=""):
    return live.decide(parse_request(url, client=PUPIL, at=MONDAY_NOON, user=user))


def test_with_no_bundle_at_all_everything_but_help_is_blocked(house):
    live = house.filter()
    decision = ask(live)
    assert (decision.action, decision.rule, decision.level) == (Action.BLOCK, "no-bundle", Level.ACCESS)
    assert "no rules yet" in decision.reason
    assert ask(live, "http://www.childline.org.uk/").level == Level.HELP
    assert ask(live, "http://a..b/").rule == "unreadable"
    assert len(house.alarms) == 1
    assert (live.edition, live.school) == ("", "")


def test_a_new_bundle_is_at_work_at_the_next_look(house):
    live = house.filter()
    first = house.publish(BLOCK)
    generation = live.generation
    assert live.refresh()
    assert (live.edition, live.school) == (first.edition, "fellside")
    assert ask(live).blocked
    house.publish(ALLOW)
    assert live.refresh()
    assert not ask(live).blocked
    assert live.generation == generation + 2


def test_where_nothing_changed_nothing_is_done(house):
    house.publish(BLOCK)
    live = house.filter()
    generation = live.generation
    assert [live.refresh() for _ in range(3)] == [False, False, False]
    assert live.generation == generation
    assert house.alarms == []


def test_a_manifest_cut_at_any_byte_never_stops_the_old_bundle(house):
    first = house.publish(BLOCK)
    live = house.filter()
    second = house.publish(ALLOW)
    whole = (second.folder / MANIFEST).read_bytes()
    for length in range(len(whole)):
        (second.folder / MANIFEST).write_bytes(whole[:length])
        assert not live.refresh()
        assert live.edition == first.edition
        assert ask(live).blocked
    (second.folder / MANIFEST).write_bytes(whole)
    assert live.refresh()
    assert live.edition == second.edition


@pytest.mark.parametrize("name", ["policy.json", "sites.trie", "urls.ids", "manifest.json"])
def test_a_new_bundle_with_a_file_missing_or_damaged_raises_one_alarm_and_is_not_used(house, name):
    first = house.publish(BLOCK)
    live = house.filter()
    second = house.publish(ALLOW)
    (second.folder / name).unlink()
    assert [live.refresh(), live.refresh()] == [False, False]
    assert live.edition == first.edition
    assert len(house.alarms) == 1
    assert f"edition {first.edition} stays at work" in house.alarms[0]
    assert "\n" not in house.alarms[0]


def test_a_link_that_is_gone_leaves_the_bundle_at_work(house):
    house.publish(BLOCK)
    live = house.filter()
    (house.folder / "current").unlink()
    assert not live.refresh()
    assert ask(live).rule == "school-1"
    assert len(house.alarms) == 1


def test_files_of_the_old_edition_that_are_removed_do_not_matter_to_who_has_them_mapped(house):
    first = house.publish(BLOCK)
    live = house.filter()
    for path in first.folder.iterdir():
        path.unlink()
    assert ask(live, "http://sub.casino.example/").category == "gambling"


@pytest.mark.parametrize("name", ["sites.trie", "sites.ids"])
def test_a_mapped_file_that_is_written_over_shuts_until_it_is_whole_again(house, name):
    """Zeros in the index name no site: the old bundle, still mapped, would let everything through."""
    edition = house.publish("level: school, block: 'category:gambling', reason: r, by: b").folder
    live = house.filter()
    file = edition / name
    whole = file.read_bytes()
    with file.open("r+b") as damaged:
        damaged.write(bytes(len(whole)))
    os.utime(file, ns=(1, 1))
    assert live.refresh()
    assert ask(live, "http://other.example/").rule == "no-bundle"
    assert ask(live, "http://www.childline.org.uk/").level == Level.HELP
    assert "written over" in house.alarms[-1]
    assert "written over" in live.trouble
    with file.open("r+b") as mended:
        mended.write(whole)
    assert live.refresh()
    assert ask(live, "http://other.example/").action is Action.ALLOW
    assert not live.trouble


def test_the_overlay_is_taken_up_as_it_changes(house):
    house.publish(BLOCK)
    live = house.filter()
    person = person_key(school_key("fellside"), "pupil1")
    assert ask(live, "http://bbc.co.uk/", user="pupil1").rule == "agreement"
    write_overlay(house.folder / "overlay.json", Overlay(access={person: Access.OPEN}))
    assert live.refresh()
    assert not ask(live, "http://bbc.co.uk/", user="pupil1").blocked
    write_overlay(house.folder / "overlay.json", Overlay(switched_off=(SwitchedOff("Key Stage 2", group="ks2"),)))
    assert live.refresh()
    assert ask(live, "http://bbc.co.uk/").rule == "switched-off"


def test_a_damaged_overlay_blocks_all_but_help_and_raises_one_alarm(house):
    house.publish(ALLOW)
    live = house.filter()
    (house.folder / "overlay.json").write_text("{")
    assert live.refresh()
    assert not live.refresh()
    assert ask(live).rule == "overlay"
    assert not ask(live, "http://childline.org.uk/").blocked
    assert len(house.alarms) == 1
    write_overlay(house.folder / "overlay.json", Overlay())
    assert live.refresh()
    assert not ask(live).blocked


def test_a_missing_overlay_matters_only_where_the_bundle_demands_one(house):
    house.publish(ALLOW)
    live = house.filter()
    assert not ask(live).blocked
    house.publish(ALLOW, overlay_required=True)
    live.refresh()
    assert ask(live).rule == "overlay"
    write_overlay(house.folder / "overlay.json", Overlay())
    live.refresh()
    assert not ask(live).blocked
    (house.folder / "overlay.json").unlink()
    live.refresh()
    assert ask(live).rule == "overlay"


def test_the_folder_may_be_a_link_that_is_turned_to_another_school(tmp_path):
    for name, rule in (("one", BLOCK), ("two", ALLOW)):
        (tmp_path / name).mkdir()
        House(tmp_path / name).publish(rule)
    here = tmp_path / "here"
    here.symlink_to("one/bundles")
    live = LiveFilter(here, alarm=pytest.fail)
    assert ask(live).blocked
    beside = tmp_path / "beside"
    beside.symlink_to("two/bundles")
    os.replace(beside, here)  # noqa: PTH105
    assert live.refresh()
    assert not ask(live).blocked


def test_the_hot_path_answers_with_and_without_a_bundle(house):
    live = house.filter()

    def hot(host):
        profile = live.profile_for(PUPIL, "", MONDAY_NOON)
        return live.verdict(host, "/", profile, live.moment(MONDAY_NOON)).rule

    assert (hot("x.example"), hot("childline.org.uk"), hot("")) == ("no-bundle", "help", "unreadable")
    house.publish(BLOCK)
    live.refresh()
    assert (hot("x.example"), hot("childline.org.uk"), hot("")) == ("school-1", "help", "unreadable")


def test_trouble_lasts_as_long_as_what_is_wrong(house):
    house.publish(BLOCK)
    live = house.filter()
    assert live.trouble == ""

    manifest = house.folder / "current" / MANIFEST
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:50])
    live.refresh()
    live.refresh()
    assert "is damaged" in live.trouble
    assert f"edition {live.edition} stays at work" in live.trouble

    (house.folder / "overlay.json").write_text("{")
    live.refresh()
    assert live.trouble.endswith("everything but help is blocked")

    (house.folder / "overlay.json").unlink()
    manifest.write_bytes(whole)
    live.refresh()
    assert live.trouble == ""
