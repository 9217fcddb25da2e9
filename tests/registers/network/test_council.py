"""P35: rules of the authority: made by its own hand, heard in all its schools, touched by none of them."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from drystone.registers.network.models import Ages, Publication, PublicationState, Rule, RuleLevel
from drystone.registers.network.services.draft import draft
from drystone.registers.network.services.rules import NewRule, RuleRefused, add_rule, restore_rule, withdraw_rule
from drystone.registers.school.models import AuditEntry, Authority, Role
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.people import give_role
from drystone.registers.school.services.schools import change_school

from .parts import person

ADD = "/filtering/rules/add/"


@pytest.fixture
def officer(place, other):
    """Two schools of one council, and somebody of the council who is known in the first."""
    council = Authority.objects.create(name="Fellshire Council", slug="fellshire")
    for each in (place, other):
        each.school.authority = council
        each.school.save()
    return person(place.school, "Cora", "Shire", Role.COUNCIL)


def policy(**changes):
    given = {"level": RuleLevel.GLOBAL, "action": Rule.Action.BLOCK, "target": "category:gambling", "reason": "policy"}
    return NewRule(**(given | changes))


def refusals():
    return AuditEntry.objects.filter(verb="refused_filter_rule")


def test_the_council_sets_a_locked_rule_on_the_screen_and_every_school_has_it(place, other, officer, as_person):
    client = as_person(officer)
    form = {"action": "block", "kind": "site", "site": "bets.example", "level": "global", "ages": "pupils",
            "locked": "on", "timing": "always", "reason": "council policy"}  # fmt: skip
    text = client.post(ADD, form).content.decode()
    assert "all pupils in all schools of Fellshire Council" in text
    client.post(ADD, form | {"confirm": "yes"})
    rule = Rule.objects.get()
    assert (rule.locked, rule.author) == (True, officer)
    for each in (place, other):
        made = [found for found in draft(each.school).rules.rules if found.target.host == "bets.example"]
        assert {(found.id, found.group, found.locked) for found in made} == {
            (f"rule-{rule.pk}-{slug}", slug, True) for slug in ("ks1", "ks2")
        }
        assert "bets.example" in as_person(each.head).get("/filtering/").content.decode()


def test_a_school_can_neither_change_nor_withdraw_nor_put_back_it_and_each_attempt_is_on_record(
    place, officer, as_person
):
    rule = add_rule(school=place.school, by=officer, asked=policy(locked=True))
    client = as_person(place.head)
    page = client.get(reverse("network:rule", args=[rule.pk])).content.decode()
    assert "Only Fellshire Council can change it" in page
    assert "Withdraw" not in page
    change = {"action": "allow", "kind": "category", "category": "gambling", "level": "global", "timing": "always",
              "reason": "no", "confirm": "yes"}  # fmt: skip
    assert client.post(reverse("network:change_rule", args=[rule.pk]), change).status_code == 422
    assert client.post(reverse("network:withdraw_rule", args=[rule.pk]), {"reason": "no"}).status_code == 422
    assert client.post(reverse("network:withdraw_rules"), {"rule": rule.pk, "reason": "no"}).status_code == 422
    with pytest.raises(RuleRefused, match="only the authority"):
        add_rule(school=place.school, by=place.head, asked=policy(target="category:games"))
    withdraw_rule(rule=rule, by=officer, reason="over")
    client.post(reverse("network:restore_rule", args=[rule.pk]))
    rule.refresh_from_db()
    assert not rule.standing
    assert refusals().filter(actor=place.head.key, chain=place.school.slug).count() == 5


def test_an_officer_of_another_council_is_refused_too(place, officer):
    rule = add_rule(school=place.school, by=officer, asked=policy())
    place.school.authority = Authority.objects.create(name="Elsewhere", slug="elsewhere")
    place.school.save()
    officer.refresh_from_db()
    with pytest.raises(RuleRefused):
        withdraw_rule(rule=rule, by=officer, reason="mine?")


def test_the_council_has_no_hand_in_a_schools_own_rules(place, officer, as_person):
    own = add_rule(school=place.school, by=place.head, asked=policy(level=RuleLevel.SCHOOL))
    client = as_person(officer)
    assert client.post(reverse("network:withdraw_rule", args=[own.pk]), {"reason": "no"}).status_code == 403
    assert client.post(reverse("network:withdraw_rules"), {"rule": own.pk, "reason": "no"}).status_code == 403
    text = client.get(ADD).content.decode()
    assert "All schools of Fellshire Council" in text
    assert "Everyone at the school" not in text


def test_the_council_sees_no_rule_that_names_a_person(place, officer, as_person):
    asked = policy(level=RuleLevel.PERSON, target="site:bets.example", person=place.pupil)
    theirs = add_rule(school=place.school, by=place.head, asked=asked)
    page = f"/filtering/rules/{theirs.pk}/"
    assert "Pip Fell" in as_person(place.head).get("/filtering/").content.decode()
    client = as_person(officer)
    assert client.get(page).status_code == 404
    for url in ("/filtering/", "/filtering/?q=Fell", "/filtering/rules.csv"):
        assert "Pip Fell" not in str(b"".join(client.get(url)))
    form = {"action": "allow", "kind": "site", "site": "bets.example", "level": "global", "timing": "always",
            "reason": "a trial"}  # fmt: skip
    assert "Pip Fell" not in client.post(ADD, form).content.decode()
    done = Publication.objects.create(
        school=place.school, state=PublicationState.DONE, changes=["New rule: Block bets.example for Pip Fell"]
    )
    shown = client.get(f"/filtering/publications/{done.pk}/").content.decode()
    assert "1 change." in shown
    assert "Pip Fell" not in shown


def test_a_rule_of_the_school_that_a_locked_one_silences_says_so_before_it_is_added(place, officer, as_person):
    add_rule(school=place.school, by=officer, asked=policy(target="site:bets.example", locked=True))
    form = {"action": "allow", "kind": "site", "site": "www.bets.example", "level": "school", "timing": "always",
            "reason": "a lesson"}  # fmt: skip
    text = as_person(place.head).post(ADD, form).content.decode()
    assert "This rule would do nothing. The authority has locked another" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"ages": "toddlers"}, "Choose an age"), ({"timing": Rule.Timing.WHEN}, "each school’s own")],
)
def test_what_a_rule_for_all_schools_cannot_be(place, officer, changes, words):
    with pytest.raises(RuleRefused, match=words):
        add_rule(school=place.school, by=officer, asked=policy(**changes))


def test_a_school_without_a_council_has_no_rules_for_all_schools(place):
    with pytest.raises(RuleRefused, match="belongs to no council"):
        add_rule(school=place.school, by=None, asked=policy())


def test_the_ages_name_the_bands_of_the_schools():
    assert {str(band) for band in Ages.PUPILS.bands} == {"ks1", "ks2"}
    assert {str(band) for band in Ages.STAFF.bands} == {"staff"}


def test_no_head_can_hand_out_the_councils_voice_and_the_command_line_can(place, officer):
    today = timezone.localdate()
    with pytest.raises(Refused, match="all schools of the authority"):
        give_role(person=place.teacher, role=Role.COUNCIL, by=place.head, starts=today)
    give_role(person=place.teacher, role=Role.COUNCIL, by=officer, starts=today)
    place.technician.email = "tom@fellside.example"
    place.technician.save()
    call_command("council", "give", place.school.slug, "tom@fellside.example")
    assert place.technician.holdings.filter(role=Role.COUNCIL, starts=today).exists()
    with pytest.raises(CommandError, match="nobody at Fellside School"):
        call_command("council", "give", place.school.slug, "nobody@fellside.example")


def test_a_school_does_not_slip_away_from_its_council(place, officer):
    with pytest.raises(Refused, match="does not leave it here"):
        change_school(school=place.school, by=place.head, authority="Elsewhere", name="Fellside School")
    place.school.refresh_from_db()
    assert place.school.authority.name == "Fellshire Council"
    call_command("council", "move", place.school.slug, "Elsewhere")
    place.school.refresh_from_db()
    assert place.school.authority.name == "Elsewhere"
    with pytest.raises(CommandError, match="there is no school"):
        call_command("council", "move", "nowhere", "Elsewhere")


def test_undo_by_the_council_counts_for_its_own_rules(place, officer):
    rule = add_rule(school=place.school, by=officer, asked=policy(until=timezone.localdate() + timedelta(days=3)))
    withdraw_rule(rule=rule, by=officer, reason="too soon")
    assert restore_rule(rule=rule, by=officer).standing
