"""What each age band may reach: the grid, and changing a column of it."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from drystone.engine.filtering.words import RuleAction
from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Profile, Rule
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.network.services.draft import draft
from drystone.registers.network.services.profiles import Choices, change_profile, start_profiles
from drystone.registers.network.services.rules import RuleRefused
from drystone.registers.school.models import AuditEntry

URL = "/filtering/profiles/ks2/"


def blocked(place, slug="ks2"):
    return set(Rule.objects.filter(group__slug=slug, school=place.school).standing().values_list("value", flat=True))


def form(place, without=(), **changes):
    given = {
        "default": "allow", "safe_search": "on", "youtube": "strict", "image_search": "off", "ways_round": "closed",
        "reason": "agreed with the staff", "confirm": "yes",
    }  # fmt: skip
    return given | {"blocked": sorted(blocked(place) - {"illegal", *without})} | changes


def test_the_grid_shows_each_group_and_category(place, as_person):
    publish_first(place.school, place.head)
    text = as_person(place.head).get("/filtering/profiles/").content.decode()
    for words in ("Key Stage 1", "Staff", "Social networks", "Always blocked", "Only sites that are allowed by a rule"):
        assert words in text


def test_a_category_is_opened_with_a_reason_by_withdrawing_its_rule(place, as_person):
    publish_first(place.school, place.head)
    response = as_person(place.head).post(URL, form(place, without=("games",), youtube="moderate"))
    assert response.status_code == 302
    assert "games" not in blocked(place)
    assert Rule.objects.get(group__slug="ks2", value="games").withdrawn_reason == "agreed with the staff"
    assert Profile.objects.get(group__slug="ks2").youtube == "moderate"
    assert AuditEntry.objects.filter(verb="change_filter_profile").exists()


def test_a_category_is_blocked_again_by_a_new_rule(place, as_person):
    publish_first(place.school, place.head)
    client = as_person(place.head)
    client.post(URL, form(place, without=("games",)))
    client.post(URL, form(place) | {"blocked": [*form(place)["blocked"], "games", "sport"]})
    assert {"games", "sport"} <= blocked(place)
    assert Rule.objects.filter(group__slug="ks2", value="games").count() == 2


def test_without_a_reason_nothing_changes(place, as_person):
    publish_first(place.school, place.head)
    before = blocked(place)
    response = as_person(place.head).post(URL, form(place, without=("games",), reason=""))
    assert response.status_code == 422
    assert blocked(place) == before


def test_a_mandatory_category_cannot_be_switched_off_and_the_attempt_is_on_record(place, as_person):
    publish_first(place.school, place.head)
    response = as_person(place.head).post(URL, form(place, unblock="illegal"))
    assert response.status_code == 422
    assert "illegal" in blocked(place)
    assert AuditEntry.objects.filter(verb="refused_filter_rule").count() == 1
    with pytest.raises(RuleRefused):
        change_profile(group=place.group("ks2"), by=place.head, reason="x", choices=Choices(), blocked=set())
    assert "games" in blocked(place)


def test_another_schools_profile_is_not_there_and_a_governor_cannot_change_one(place, other, as_person):
    publish_first(place.school, place.head)
    place.group("ks2").__class__.objects.filter(school=other.school, slug="ks2").update(slug="their-own")
    assert as_person(place.head).get("/filtering/profiles/their-own/").status_code == 404
    assert as_person(place.governor).post(URL, form(place)).status_code == 403


def test_the_grids_queries_do_not_grow(place, as_person, django_assert_max_num_queries):
    publish_first(place.school, place.head)
    client = as_person(place.head)
    with django_assert_max_num_queries(9):
        client.get("/filtering/profiles/")


def in_force(place):
    rules = draft(place.school).rules
    return {
        (rule.group, rule.target.value)
        for rule in rules.rules
        if rule.id.startswith("profile-") and rule.action is RuleAction.BLOCK
    }


def test_each_age_starts_with_a_sensible_profile(place):
    """P14, P32, P59"""
    start_profiles(school=place.school, by=None)
    found = {group.slug: group.profile for group in place.school.groups.select_related("profile")}
    assert found["ks1"].default == "block"
    assert {slug for slug, each in found.items() if each.safe_search} == {"ks1", "ks2", "guests"}
    assert {slug for slug, each in found.items() if each.image_search} == {"staff", "guests"}
    assert not any(each.ways_round for each in found.values())
    assert {slug for slug in found if "social_networks" in blocked(place, slug)} == {"ks1", "ks2"}
    every = {(slug, key) for slug in found for key in ("proxies", "vpn", "doh")}
    assert in_force(place) == every | {("ks1", "image_search"), ("ks2", "image_search")}


def test_a_group_without_a_profile_is_shut_and_its_searches_are_safe(place):
    """P14, P59"""
    group = draft(place.school).rules.groups["ks2"]
    assert (group.default, group.safe_search, group.youtube) == ("block", True, "strict")
    assert ("ks2", "image_search") in in_force(place)


def test_what_would_change_is_shown_before_a_profile_is_saved(place, as_person):
    publish_first(place.school, place.head)
    client = as_person(place.head)
    asked = form(place, without=("games",), image_search="on", ways_round="open")
    del asked["confirm"]
    text = client.post(URL, asked).content.decode()
    for words in ("Image search: on (now: off)", "Ways round the filter: open (now: closed)",
                  "Blocked by this profile no more: Games"):  # fmt: skip
        assert words in text
    assert "games" in blocked(place)
    client.post(URL, asked | {"confirm": "yes"})
    assert not {key for slug, key in in_force(place) if slug == "ks2"}
    assert "games" not in blocked(place)
    assert any("image search on" in str(change) for change in pending_changes(place.school))


def test_the_starting_profile_can_be_filled_in_again(place, as_person):
    publish_first(place.school, place.head)
    client = as_person(place.head)
    client.post(URL, form(place, without=("games",), youtube="off"))
    text = client.get(URL + "?starting").content.decode()
    box = text[text.index('id="blocked-games"') :].partition(">")[0]
    assert "checked" in box


def test_rules_that_were_the_profiles_work_are_withdrawn_by_the_migration(place):
    """A home of before: image search and ways round the filter were rules of the group."""
    start_profiles(school=place.school, by=None)
    ks2, staff = place.group("ks2"), place.group("staff")
    for group, keys in ((ks2, ("image_search", "proxies", "vpn", "doh")), (staff, ("proxies",))):
        for key in keys:
            Rule.objects.create(school=place.school, level="group", group=group, action="block", kind="category",
                                value=key, reason="before", author_name="x")  # fmt: skip
    migration = import_module("drystone.registers.network.migrations.0003_profiles_choose")
    migration.take_over(apps, SimpleNamespace(connection=connection))
    profiles = {slug: Profile.objects.get(group=place.group(slug)) for slug in ("ks2", "staff")}
    assert (profiles["ks2"].image_search, profiles["ks2"].ways_round) == (False, False)
    assert (profiles["staff"].image_search, profiles["staff"].ways_round) == (True, True)
    kept = Rule.objects.filter(reason="before").standing()
    assert [(rule.group, rule.value) for rule in kept] == [(staff, "proxies")]
