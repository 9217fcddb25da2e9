"""What each age band may reach: the grid, and changing a column of it."""

import pytest

from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Profile, Rule
from drystone.registers.network.services.profiles import Choices, change_profile
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
