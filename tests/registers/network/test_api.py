"""The wizard's way: starting profiles and the first bundle, at once."""

from datetime import UTC, datetime

import pytest

from drystone.engine.filtering.bundle import Bundle
from drystone.engine.filtering.hosts import parse_request
from drystone.engine.filtering.overlay import Overlay
from drystone.registers.network import api
from drystone.registers.network.models import Profile, Publication, Rule
from drystone.registers.school.models import AuditEntry

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


def decide(home, url, client, user=""):
    folder = home.here
    bundle = Bundle.open(folder / "current", key=home.person_key.read_bytes())
    request = parse_request(url, client=client, at=MONDAY, user=user)
    return bundle.decide(request, Overlay.load(folder / "overlay.json"))


def test_the_first_publication_makes_a_filter_that_works(place, home):
    publication = api.publish_first(place.school, place.head)
    assert publication.is_current
    assert publication.edition == (home.here / "current").readlink().name
    assert decide(home, "http://gambling.drystone.test/", "10.1.1.5").blocked
    assert decide(home, "http://illegal.drystone.test/", "10.1.3.5").blocked
    assert not decide(home, "http://unlisted.example/", "10.1.1.5").blocked
    assert decide(home, "http://unlisted.example/", "10.1.2.5").blocked, "infants reach what is allowed only"
    assert not decide(home, "https://www.childline.org.uk/", "10.1.2.5").blocked
    assert not decide(home, "http://www.fellside.example/", "10.1.2.5").blocked
    assert decide(home, "http://unlisted.example/", "10.9.9.9").blocked, "a device in no zone"


def test_a_person_is_filtered_as_their_own_group_wherever_they_sign_on(place, home):
    api.publish_first(place.school, place.head)
    assert decide(home, "http://unlisted.example/", "10.1.2.5", user="PFell").group == "ks2"
    assert decide(home, "http://games.drystone.test/", "10.1.1.5", user="tbeck").group == "staff"


def test_each_age_band_has_its_own_profile(place):
    api.publish_first(place.school, place.head)
    assert Profile.objects.get(group__slug="ks1").default == "block"
    blocked = {
        band: set(Rule.objects.filter(group__slug=band).values_list("value", flat=True)) for band in ("ks2", "staff")
    }
    assert "social_networks" in blocked["ks2"] - blocked["staff"]
    assert "illegal" in blocked["ks2"] & blocked["staff"]


def test_facts_count_what_is_not_yet_published(place):
    assert api.network_facts(place.school).edition == ""
    api.publish_first(place.school, place.head)
    assert api.network_facts(place.school).unpublished == 0
    place.school.own_sites += "\nlibrary.fellside.example"
    place.school.save()
    assert api.network_facts(place.school).unpublished == 1


def test_publishing_again_with_nothing_changed_gives_the_same_edition(place):
    first = api.publish_first(place.school, place.head)
    again = api.publish_first(place.school, place.head)
    assert again.edition == first.edition
    assert again.changes == []
    assert Publication.objects.filter(is_current=True).get() == again


def test_profiles_and_publication_are_in_the_audit_trail(place):
    api.publish_first(place.school, place.head)
    verbs = list(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs.count("start_filter_profile") == 4
    assert verbs[-1] == "publish_filter_rules"


def test_two_schools_of_one_machine_each_have_their_bundle_and_the_first_has_the_gateway(place, other, home):
    api.publish_first(place.school, place.head)
    api.publish_first(other.school, other.head)
    assert home.here.readlink().name == "fellside"
    assert (home.bundles / "farside" / "current").exists()


def test_without_the_key_of_people_nothing_is_published_and_it_says_why(place, home):
    home.person_key.unlink()
    with pytest.raises(api.CannotPublish, match=r"person.key"):
        api.publish_first(place.school, place.head)
