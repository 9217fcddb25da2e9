"""Publishing: all or nothing, one at a time, on record; and the way back."""

from datetime import UTC, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from drystone.engine.filtering import Overlay
from drystone.engine.filtering.editions import remove, take
from drystone.engine.filtering.sources import Source
from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Publication, Rule, RuleLevel
from drystone.registers.network.services import publishing
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.network.services.publishing import CannotPublish, ask_to_publish, carry_out, publish, roll_back
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.models import AddressRange, AuditEntry, Term, Zone

PUBLISH = "/filtering/publish/"


def add(place, target="site:news.example", **changes):
    given = {"level": RuleLevel.SCHOOL, "action": Rule.Action.BLOCK, "target": target, "reason": "a trial"} | changes
    return add_rule(school=place.school, by=place.head, asked=NewRule(**given))


def test_the_page_says_what_would_change_and_publishing_puts_it_in_force(place, as_person, home):
    first = publish_first(place.school, place.head)
    add(place)
    client = as_person(place.technician)
    text = client.get(PUBLISH).content.decode()
    assert "1 change since then" in text
    assert "New rule: Block news.example for everyone at the school. a trial" in text
    response = client.post(PUBLISH, {"note": "For the trial"})
    result = client.get(response.url).content.decode()
    assert "In force" in result
    assert "New rule: Block news.example" in result
    current = Publication.objects.get(is_current=True)
    assert current.edition != first.edition
    assert (home.here / "current").readlink().name == current.edition
    assert "Nothing has changed since then" in client.get(PUBLISH).content.decode()


def council_list(home, tmp_path):
    staged = tmp_path / "staged"
    home.lists.mkdir(parents=True, exist_ok=True)
    (staged / "sweets").mkdir(parents=True)
    (staged / "sweets" / "domains").write_text("toffee.example\n")
    at = timezone.now().isoformat()
    take(home.lists, staged, Source("council", "/x", licence="", edition="1", fetched_at=at), at=timezone.now())


def test_a_block_whose_category_has_gone_is_not_dropped_in_silence(place, home, tmp_path):
    council_list(home, tmp_path)
    add(place, target="category:sweets")
    first = publish(school=place.school, by=place.head)
    remove(home.lists, "council")
    second = publish(school=place.school, by=place.head)
    assert second.state == "failed"
    assert "sweets" in second.failure
    assert (home.here / "current").readlink().name == first.edition


def test_lists_that_an_interrupted_update_left_nowhere_are_not_published_without(place, home, tmp_path):
    council_list(home, tmp_path)
    first = publish(school=place.school, by=place.head)
    (home.lists / "council").rename(home.lists / ".editions/council/gone")  # as a kill between two renames leaves it
    second = publish(school=place.school, by=place.head)
    assert second.state == "failed"
    assert "drystone lists update council" in second.failure
    assert (home.here / "current").readlink().name == first.edition


@pytest.mark.parametrize("what", ["zone", "address", "calendar", "profile", "help"])
def test_a_change_in_the_schools_own_registers_shows_as_not_yet_published(place, what):
    publish_first(place.school, place.head)
    match what:
        case "zone":
            zone = Zone.objects.create(school=place.school, slug="hall", name="Hall", group=place.group("ks2"))
            AddressRange.objects.create(zone=zone, network="10.1.9.0/24")
        case "address":
            AddressRange.objects.create(zone=place.zone("suite"), network="10.1.8.0/24")
        case "calendar":
            Term.objects.filter(year__school=place.school).update(name="x", ends="2026-12-17")
        case "profile":
            profile = place.group("ks2").profile
            profile.youtube = "off"
            profile.save()
        case "help":
            place.school.own_sites = "learn.fellside.example"
            place.school.save()
    assert pending_changes(place.school)


def test_a_rule_that_cannot_be_compiled_leaves_the_bundle_in_force_and_says_why(place, as_person, home):
    first = publish_first(place.school, place.head)
    AddressRange.objects.create(zone=place.zone("office"), network="10.1.1.128/25")  # of the suite already
    client = as_person(place.technician)
    response = client.post(PUBLISH, {})
    text = client.get(response.url).content.decode()
    assert "Publishing failed" in text
    assert "10.1.1.128/25" in text
    assert "in force still" in text
    assert (home.here / "current").readlink().name == first.edition
    assert Publication.objects.get(is_current=True) == first
    assert AuditEntry.objects.filter(verb="failed_to_publish").exists()


def test_a_list_that_is_gone_leaves_the_bundle_in_force(place, home, monkeypatch):
    first = publish_first(place.school, place.head)
    add(place)
    for folder in (home.lists / "starter").iterdir():
        (folder / "domains").write_text("# emptied\n")
    failed = publish(school=place.school, by=place.head)
    assert failed.state == "failed"
    assert "empty" in failed.failure
    assert (home.here / "current").readlink().name == first.edition


def test_a_fault_after_the_bundle_was_turned_turns_it_back(place, home, monkeypatch):
    first = publish_first(place.school, place.head)
    add(place)
    monkeypatch.setattr(publishing, "content_of", lambda _: 1 / 0)
    failed = publish(school=place.school, by=place.head)
    assert failed.state == "failed"
    assert "ZeroDivisionError" in failed.failure
    assert (home.here / "current").readlink().name == first.edition


def test_only_one_can_be_under_way(place, as_person):
    ask_to_publish(school=place.school, by=place.head)
    with pytest.raises(CannotPublish, match="publishing already"):
        ask_to_publish(school=place.school, by=place.technician)
    response = as_person(place.technician).post(PUBLISH, {})
    assert response.status_code == 409
    assert "publishing already" in response.content.decode()


def test_of_two_that_ask_in_the_same_instant_the_database_lets_one_begin(place):
    ask_to_publish(school=place.school, by=place.head)
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.create(school=place.school, by_name="another process, past every check")


def test_a_publication_is_carried_out_once_whoever_picks_it_up(place):
    publication = ask_to_publish(school=place.school, by=place.head)
    assert carry_out(publication).state == "done"
    finished = Publication.objects.get(pk=publication.pk).finished_at
    carry_out(publication)
    assert Publication.objects.get(pk=publication.pk).finished_at == finished


def test_a_worker_that_died_does_not_block_publishing_for_ever(place):
    stuck = ask_to_publish(school=place.school, by=place.head)
    Publication.objects.filter(pk=stuck.pk).update(state="working", beat_at=timezone.now() - timedelta(minutes=10))
    assert publish(school=place.school, by=place.head).state == "done"
    stuck.refresh_from_db()
    assert stuck.state == "failed"
    assert "worker stopped" in stuck.failure


def test_a_page_that_waits_looks_again_by_itself(place, as_person):
    waiting = ask_to_publish(school=place.school, by=place.head)
    url = reverse("network:publication", args=[waiting.pk])
    client = as_person(place.head)
    response = client.get(url)
    assert response["Refresh"] == "2"
    assert "<progress" in response.content.decode()
    carry_out(waiting)
    assert "Refresh" not in client.get(url)


def test_rolling_back_puts_the_old_edition_in_force_and_keeps_the_history(place, as_person, home):
    first = publish_first(place.school, place.head)
    add(place)
    publish(school=place.school, by=place.head)
    client = as_person(place.technician)
    url = reverse("network:roll_back", args=[first.pk])
    assert client.post(url, {"note": ""}).status_code == 422
    assert (home.here / "current").readlink().name != first.edition
    assert client.post(url, {"note": "The trial broke the register"}).status_code == 302
    assert (home.here / "current").readlink().name == first.edition
    assert Publication.objects.get(is_current=True).rolled_back_to == first
    assert AuditEntry.objects.get(verb="roll_back_filter_rules").after["edition"] == first.edition
    assert [change.section for change in pending_changes(place.school)] == ["rules"]
    history = client.get(reverse("network:publications")).content.decode()
    assert "Rolled back" in history


def test_an_edition_that_was_damaged_on_disk_cannot_be_gone_back_to(place, home):
    first = publish_first(place.school, place.head)
    add(place)
    second = publish(school=place.school, by=place.head)
    (home.bundles / "fellside" / first.edition / "sites.trie").write_bytes(b"rot")
    with pytest.raises(CannotPublish, match="cannot be used"):
        roll_back(publication=first, by=place.head, note="back")
    assert (home.here / "current").readlink().name == second.edition
    assert Publication.objects.get(is_current=True) == second


def test_only_the_last_editions_are_kept_and_the_one_in_force_always(place, home, monkeypatch):
    monkeypatch.setattr(publishing, "KEPT_EDITIONS", 2)
    editions = [publish_first(place.school, place.head).edition]
    for number in range(3):
        add(place, f"site:site{number}.example")
        editions.append(publish(school=place.school, by=place.head).edition)
    folder = home.bundles / "fellside"
    assert {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()} == set(editions[-2:])
    assert editions[0] not in {receipt.name.partition(".")[0] for receipt in folder.glob("*.receipt.json")}


def test_an_edition_that_kept_events_may_name_is_kept_as_long_as_they_are(place, home, monkeypatch):
    """P62: what was decided can be replayed as it was decided, for as long as it is on record."""
    monkeypatch.setattr(publishing, "KEPT_EDITIONS", 1)
    first = publish_first(place.school, place.head)
    events = home.lake / "school=fellside" / f"day={timezone.now().astimezone(UTC).date()}"
    events.mkdir(parents=True)
    add(place)
    publish(school=place.school, by=place.head)
    assert (home.bundles / "fellside" / first.edition).is_dir()
    events.rmdir()
    add(place, "site:other.example")
    publish(school=place.school, by=place.head)
    assert not (home.bundles / "fellside" / first.edition).exists()


def test_a_damaged_overlay_is_made_whole_by_publishing_and_a_whole_one_is_kept(place, home):
    publish_first(place.school, place.head)
    overlay = home.here / "overlay.json"
    overlay.write_bytes(b"rot")
    publish(school=place.school, by=place.head)
    assert Overlay.load(overlay).access  # what the registers say, and not an empty one


def test_no_name_of_a_person_is_kept_in_the_rules_of_a_publication(place):
    add(place, level=RuleLevel.PERSON, person=place.pupil)
    publication = publish_first(place.school, place.head)
    assert place.pupil.key in publication.rules
    assert "pfell" not in publication.rules


def test_another_schools_publications_are_not_there(place, other, as_person):
    first = publish_first(place.school, place.head)
    client = as_person(other.head)
    for name in ("publication", "roll_back"):
        assert client.get(reverse(f"network:{name}", args=[first.pk])).status_code == 404
    assert client.post(reverse("network:roll_back", args=[first.pk]), {"note": "x"}).status_code == 404
    assert first.edition not in client.get(reverse("network:publications")).content.decode()


@pytest.mark.parametrize("who", ["teacher", "governor", "pupil"])
def test_those_who_may_not_publish_cannot(place, as_person, who):
    assert as_person(getattr(place, who)).post(PUBLISH, {}).status_code == 403
    assert not Publication.objects.exists()


def test_the_histories_queries_do_not_grow(place, as_person, django_assert_max_num_queries):
    publish_first(place.school, place.head)
    for number in range(5):
        add(place, f"site:site{number}.example")
        publish(school=place.school, by=place.head)
    client = as_person(place.head)
    with django_assert_max_num_queries(10):
        client.get(reverse("network:publications"))
    with django_assert_max_num_queries(28):
        client.get(PUBLISH)
