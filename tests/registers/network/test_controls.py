"""P14, P35, P49: never met because nothing was recorded, and broken when the filter is."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from drystone.registers.network import gateways
from drystone.registers.network.api import publish_first
from drystone.registers.network.models import CheckRun, Profile, Rule
from drystone.registers.network.services.publishing import publish
from drystone.registers.network.today import filter_tasks
from drystone.registers.school.access import roles_of
from drystone.registers.school.controls import REGISTRY, State
from drystone.registers.school.models import AddressRange, Zone
from tests.registers.network.test_selftest import check, proxy

TODAY = date(2026, 11, 23)
KEYS = ["network.profile_per_age_band", "network.filter_in_force", "network.self_test"]


def assess(key, place, **params):
    return REGISTRY[key].assess(place.school, TODAY, **params)


@pytest.mark.parametrize("key", KEYS)
def test_with_nothing_recorded_it_is_not_recorded(place, key):
    found = assess(key, place)
    assert found.state is State.NOT_RECORDED
    assert found.evidence
    assert found.sentence.endswith(".")


@pytest.mark.parametrize("key", KEYS[:2])
def test_published_and_no_gateway_running_is_breached(place, key):
    publish_first(place.school, place.head)
    found = assess(key, place)
    assert found.state is State.BREACHED
    assert "no running gateway" in found.sentence


def test_a_profile_for_each_age_band_at_a_gateway_is_met(place, home):
    publish_first(place.school, place.head)
    with proxy(home):
        found = assess(KEYS[0], place)
    assert (found.state, found.have, found.want) == (State.MET, 2, 2)
    assert "proxy" in found.sentence


def test_pupils_with_the_profile_of_staff_are_breached(place, home):
    publish_first(place.school, place.head)
    staff, pupils = place.group("staff"), place.group("ks2")
    Profile.objects.filter(group=pupils).update(
        default=staff.profile.default, safe_search=False, youtube=staff.profile.youtube, image_search=True
    )
    kept = Rule.objects.filter(group=staff).values_list("value", flat=True)
    Rule.objects.filter(group=pupils).exclude(value__in=list(kept)).delete()
    publish(school=place.school, by=place.head)
    found = assess(KEYS[0], place)
    assert found.state is State.BREACHED
    assert "Key Stage 2 may reach the same as staff" in found.sentence


def test_a_gateway_with_an_older_edition_does_not_count(place, home, monkeypatch):
    publish_first(place.school, place.head)
    old = gateways.Gateway("proxy", "proxy", "127.0.0.1", 1, "0" * 16)
    monkeypatch.setattr(gateways, "running", lambda school: [old])
    assert assess(KEYS[0], place).state is State.BREACHED


def test_the_starter_alone_is_due_since_lists_are_to_come_from_third_parties(place, home):
    publish_first(place.school, place.head)
    with proxy(home):
        found = assess(KEYS[1], place)
    assert found.state is State.DUE
    assert "a list by others" in found.sentence


def test_a_bundle_that_rots_on_disk_is_breached(place, home):
    publication = publish_first(place.school, place.head)
    (home.bundles / "fellside" / publication.edition / "sites.trie").write_bytes(b"rot")
    found = assess(KEYS[1], place)
    assert found.state is State.BREACHED
    assert "damaged" in found.sentence


def test_an_edition_put_there_by_another_hand_is_breached(place, home):
    publish_first(place.school, place.head)
    link = home.bundles / "fellside" / "current"
    link.unlink()
    link.symlink_to("0" * 16)
    assert assess(KEYS[1], place).state is State.BREACHED


def test_a_fresh_check_that_passed_everywhere_is_met_and_grows_old(place, home):
    publish_first(place.school, place.head)
    with proxy(home):
        run = check(place)
        found = assess(KEYS[2], place)
        assert (found.state, found.have) == (State.MET, run.passed)
        zone = Zone.objects.create(school=place.school, slug="hall", name="Hall", group=place.group("ks2"))
        AddressRange.objects.create(zone=zone, network="10.1.9.0/24")
        assert "did not reach the zone Hall" in assess(KEYS[2], place).sentence
        zone.delete()
        past = timezone.now() - timedelta(hours=30)
        CheckRun.objects.filter(pk=run.pk).update(asked_at=past, finished_at=past)
        assert assess(KEYS[2], place).state is State.DUE
        assert assess(KEYS[2], place, within_hours=48).state is State.MET


def test_a_check_that_tested_nothing_or_failed_is_breached(place, home):
    publish_first(place.school, place.head)
    run = check(place)
    assert assess(KEYS[2], place).state is State.BREACHED
    CheckRun.objects.filter(pk=run.pk).update(passed=5, failed=1, sentence="1 of 6 questions failed.")
    assert assess(KEYS[2], place).state is State.BREACHED


def tasks(place, person):
    return [task.text for task in filter_tasks(place.school, person, roles_of(person), TODAY)]


def test_what_needs_somebody_today(place):
    assert tasks(place, place.head) == ["Publish the filter: nothing is in force yet"]
    publish_first(place.school, place.head)
    assert tasks(place, place.head) == []
    place.school.own_sites = ""
    place.school.save()
    check(place)
    assert tasks(place, place.technician) == ["Publish 1 change to the filter", "The filter could not test itself"]
    assert tasks(place, place.teacher) == []
    assert tasks(place, place.governor) == []


def test_social_networks_blocked_for_pupils_are_half_of_the_promise_and_a_rule_that_opens_them_breaches_it(place):
    """P32"""
    assert assess("network.social_networks_blocked", place).state is State.NOT_RECORDED
    publish_first(place.school, place.head)
    found = assess("network.social_networks_blocked", place)
    assert (found.state, found.have, found.want) == (State.NOT_RECORDED, 1, 2)
    Rule.objects.filter(value="social_networks", group=place.group("ks2")).delete()
    publish(school=place.school, by=place.head)
    found = assess("network.social_networks_blocked", place)
    assert found.state is State.BREACHED
    assert "Key Stage 2" in found.sentence


def test_image_search_that_is_off_and_leaks_and_safe_search_that_is_off_breach_the_promise(place):
    """P59"""
    publish_first(place.school, place.head)
    found = assess("network.image_search", place)
    assert (found.state, found.have, found.want) == (State.NOT_RECORDED, 1, 2)
    assert "off for Key Stage 1 and Key Stage 2" in found.sentence
    Profile.objects.filter(group=place.group("ks1")).update(image_search=True)
    publish(school=place.school, by=place.head)
    Profile.objects.filter(group=place.group("ks1")).update(image_search=False)  # and nobody publishes
    assert "Key Stage 1" in assess("network.image_search", place).sentence
    Profile.objects.filter(group=place.group("ks2")).update(safe_search=False)
    publish(school=place.school, by=place.head)
    found = assess("network.image_search", place)
    assert (found.state, found.sentence) == (State.BREACHED, "Safe search is off for Key Stage 2.")
