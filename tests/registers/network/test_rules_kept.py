"""Rules over time: what would change is shown first, what is withdrawn can be put back, what ends is seen coming."""

from datetime import timedelta

import pytest
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from drystone.registers.network.api import publish_first, reasons_of, rule_number
from drystone.registers.network.conflicts import Clash, Standing
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.preview import preview
from drystone.registers.network.services.changes import pending_changes
from drystone.registers.network.services.rules import (
    NewRule,
    RuleRefused,
    add_rule,
    examine,
    restore_rule,
    withdraw_rule,
)
from drystone.registers.network.today import filter_tasks
from drystone.registers.network.words import describe, kind
from drystone.registers.school.models import AuditEntry, Role, SchoolClass
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.places import remove_group, remove_zone

ADD = "/filtering/rules/add/"
LIST = "/filtering/"


def asked(**changes):
    given = {"level": RuleLevel.SCHOOL, "action": Rule.Action.BLOCK, "target": "site:news.example", "reason": "trial"}
    return NewRule(**(given | changes))


def add(place, **changes):
    return add_rule(school=place.school, by=place.head, asked=asked(**changes))


def today(days=0):
    return timezone.localdate() + timedelta(days=days)


def test_a_withdrawn_rule_is_put_back_under_its_own_number_and_nothing_is_left_to_publish(place, as_person):
    publish_first(place.school, place.head)
    rule = Rule.objects.filter(school=place.school, value="games").first()
    client = as_person(place.head)
    page = client.post(reverse("network:withdraw_rule", args=[rule.pk]), {"reason": "oops"}, follow=True)
    assert "Undo: put this rule back" in page.content.decode()
    assert len(pending_changes(place.school)) == 1
    page = client.post(reverse("network:restore_rule", args=[rule.pk]), follow=True).content.decode()
    assert pending_changes(place.school) == []
    history = page[page.index("History") :]
    assert history.index("put back") < history.index("withdrew") < history.index("added")
    assert "oops" in history
    assert AuditEntry.objects.filter(verb="restore_filter_rule").count() == 1


@pytest.mark.parametrize("why", ["in use", "took its place", "same rule again", "last day is past"])
def test_a_rule_that_cannot_stand_again_is_not_put_back(place, why):
    rule = add(place)
    if why == "took its place":
        add_rule(school=place.school, by=place.head, asked=asked(target="site:b.example"), replaces=rule)
    elif why != "in use":
        withdraw_rule(rule=rule, by=place.head, reason="over")
    if why == "same rule again":
        add(place)
    if why == "last day is past":
        Rule.objects.filter(pk=rule.pk).update(until=today(-1))
    rule.refresh_from_db()
    with pytest.raises(RuleRefused, match=why):
        restore_rule(rule=rule, by=place.head)


def test_what_withdrawing_changes_is_shown_before(place, as_person):
    publish_first(place.school, place.head)
    rule = Rule.objects.get(school=place.school, value="games", group__slug="ks2")
    text = as_person(place.head).get(reverse("network:withdraw_rule", args=[rule.pk])).content.decode()
    tried = text[text.index("Tried out") :]
    assert tried.index("Blocked") < tried.index("Allowed")


def test_a_change_is_tried_without_the_rule_that_it_takes_the_place_of(place):
    publish_first(place.school, place.head)
    old = add(place, target="site:plain.example", level=RuleLevel.GROUP, group=place.group("ks2"))
    wanted = asked(
        target="site:plain.example", action=Rule.Action.ALLOW, level=RuleLevel.GROUP, group=place.group("ks2")
    )
    rule = examine(school=place.school, asked=wanted, replaces=old)
    with_old = preview(school=place.school, rule=rule, now=timezone.now())
    without = preview(school=place.school, rule=rule, now=timezone.now(), without=[old.pk])
    assert with_old.trials[0].after.blocked, "block goes before allow"
    assert not without.trials[0].after.blocked


def test_the_preview_shows_what_comes_after_the_last_day(place):
    publish_first(place.school, place.head)
    rule = examine(school=place.school, asked=asked(target="site:fair.example", until=today(3)))
    trial = preview(school=place.school, rule=rule, now=timezone.now()).trials[0]
    assert (trial.after.blocked, trial.then.rule) == (True, "default")


def test_the_preview_for_a_person_shows_them_in_several_places(place):
    publish_first(place.school, place.head)
    rule = examine(school=place.school, asked=asked(level=RuleLevel.PERSON, person=place.pupil))
    trials = preview(school=place.school, rule=rule, now=timezone.now()).trials
    assert len(trials) == 3
    assert all("Pip Fell" in trial.where and trial.after.blocked for trial in trials)


def test_a_person_is_found_by_full_name_and_two_of_a_name_are_asked_apart(place, as_person):
    client = as_person(place.head)
    form = {"action": "block", "kind": "site", "site": "a.example", "level": "person", "person": "pip  fell",
            "timing": "always", "reason": "x", "confirm": "y"}  # fmt: skip
    client.post(ADD, form)
    assert Rule.objects.get().person == place.pupil
    place.teacher.__class__.objects.create(
        school=place.school, given_names="Pip", family_name="Fell", sign_on="pfell2"
    )  # fmt: skip
    text = client.post(ADD, form | {"site": "b.example"}).content.decode()
    assert "2 people are called" in text
    assert "pfell, pfell2" in text


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ({}, {"target": "site:www.news.example"}, Clash.COVERED),
        ({}, {"target": "site:www.news.example", "action": "allow"}, Clash.CONTRARY),
        ({"target": "site:news.example/a"}, {"target": "site:news.example/a", "action": "allow"}, Clash.UNHEARD),
        ({"target": "category:games"}, {"target": "category:games", "action": "allow"}, Clash.UNHEARD),
        ({"target": "site:news.example/a"}, {"target": "site:news.example/ab", "action": "allow"}, None),
        ({"target": "site:ews.example"}, {"action": "allow"}, None),
    ],
)
def test_what_a_standing_rule_says_to_a_new_one(place, first, second, clash):
    add(place, **first)
    wanted = examine(
        school=place.school, asked=asked(**second | {"action": Rule.Action(second.get("action", "block"))})
    )
    assert [note.clash for note in Standing(Rule.objects.of(place.school)).notes(wanted)] == ([clash] if clash else [])


def test_rules_for_other_people_are_no_conflict_and_for_some_of_them_are_told_so(place):
    add(place, level=RuleLevel.GROUP, group=place.group("ks1"))
    other = examine(
        school=place.school,
        asked=asked(action=Rule.Action.ALLOW, level=RuleLevel.GROUP, group=place.group("ks2")),
    )
    whole = examine(school=place.school, asked=asked(action=Rule.Action.ALLOW))
    assert Standing(Rule.objects.of(place.school)).notes(other) == []
    (note,) = Standing(Rule.objects.of(place.school)).notes(whole)
    assert note.clash is Clash.PARTLY
    assert "for Key Stage 1" in note.sentence


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("site:news.example", "Site"),
        ("site:news.example/sport", "Part of a site"),
        ("site:203.0.113.7", "IP address"),
        ("site:[2001:db8::7]", "IP address"),
        ("category:games", "Category"),
        ("expression:casino[0-9]", "Expression"),
    ],
)
def test_what_a_rule_is_about_in_a_word(place, target, words):
    assert kind(add(place, target=target)) == words


def test_rules_that_end_are_tasks_of_whoever_may_renew_them(place):
    publish_first(place.school, place.head)
    ends = add(place, until=today(5))
    over = add(place, target="site:over.example", until=today())
    Rule.objects.filter(pk=over.pk).update(until=today(-1))

    def tasks(who, role):
        return {task.text: task.url for task in filter_tasks(place.school, who, frozenset({role}), today())}

    found = tasks(place.head, Role.HEAD)
    assert found["1 filter rule is over: withdraw or renew"] == "/filtering/?state=over"
    assert found["1 filter rule ends within two weeks"] == "/filtering/?state=soon&sort=until"
    assert not any("rule" in text for text in tasks(place.governor, Role.GOVERNOR))
    assert describe(ends).endswith(f"until {ends.until.day} {ends.until:%B %Y}")


@pytest.mark.parametrize(("state", "shown"), [("soon", {"soon"}), ("over", {"over"}), ("", {"soon", "over", "good"})])
def test_the_list_shows_what_ends_and_what_is_over(place, as_person, state, shown):
    add(place, target="site:good.example")
    add(place, target="site:soon.example", until=today(13))
    over = add(place, target="site:over.example", until=today())
    Rule.objects.filter(pk=over.pk).update(until=today(-1))
    table = as_person(place.head).get(LIST, {"state": state}).content.decode().split("<tbody")[-1]
    assert {name for name in ("soon", "over", "good") if f"{name}.example" in table} == shown


def test_the_list_is_searched_by_person_and_sorted_by_last_day(place, as_person):
    add(place, target="site:late.example", until=today(9))
    add(place, target="site:early.example", until=today(2))
    add(place, target="site:pip.example", level=RuleLevel.PERSON, person=place.pupil)
    client = as_person(place.head)
    table = client.get(LIST, {"sort": "until"}).content.decode().split("<tbody")[-1]
    assert table.index("early") < table.index("late") < table.index("pip.example")
    table = client.get(LIST, {"q": "pfell"}).content.decode().split("<tbody")[-1]
    assert "pip.example" in table
    assert "late" not in table


def test_a_zone_that_goes_takes_its_rules_with_it_and_the_history_keeps_its_name(place, as_person):
    standing = add(place, level=RuleLevel.ZONE, zone=place.zone("suite"))
    before = add(place, target="site:b.example", level=RuleLevel.ZONE, zone=place.zone("suite"))
    withdraw_rule(rule=before, by=place.head, reason="over")
    remove_zone(zone=place.zone("suite"), by=place.head)
    for rule in (standing, before):
        rule.refresh_from_db()
        assert not rule.standing
        assert "ICT suite" in describe(rule)
    assert standing.withdrawn_reason == "ICT suite was removed"
    page = as_person(place.head).get(reverse("network:rule", args=[standing.pk])).content.decode()
    assert "Undo" not in page
    with pytest.raises(RuleRefused, match="no longer there"):
        restore_rule(rule=standing, by=place.head)


def test_a_group_goes_when_nobody_is_filtered_by_it_and_never_widens_its_rules(place, as_person):
    publish_first(place.school, place.head)
    with pytest.raises(Refused, match="Infants’ rooms"):
        remove_group(group=place.group("ks1"), by=place.head)
    guests = place.group("guests")
    with pytest.raises(ProtectedError):
        guests.delete()  # by a shell: a rule for guests would be one for everybody
    assert SchoolClass.objects.filter(group=guests).count() == 0
    client = as_person(place.head)
    assert "withdrawn with it" in client.get(f"/school/groups/{guests.pk}/remove/").content.decode()
    client.post(f"/school/groups/{guests.pk}/remove/")
    assert not place.school.groups.filter(slug="guests").exists()
    kept = Rule.objects.filter(school=place.school, place_name="Guests")
    assert kept.exists()
    assert not kept.standing().exists()


def test_a_site_of_a_mandatory_list_cannot_be_opened_and_the_attempt_is_on_record(place, as_person):
    publish_first(place.school, place.head)
    with pytest.raises(RuleRefused, match="blocked by law and duty"):
        add(place, target="site:illegal.drystone.test", action=Rule.Action.ALLOW)
    assert AuditEntry.objects.get(verb="refused_filter_rule").actor == place.head.key
    add(place, target="site:illegal.drystone.test")  # to block it once more does no harm


def test_the_ids_of_events_lead_to_rules_and_to_reasons(place):
    rule = add(place)
    assert [rule_number(key) for key in ("rule-7", "rule-7-ks1", "help", "rule-", "profile-ks1-vpn")] == [
        7, 7, None, None, None,
    ]  # fmt: skip
    found = reasons_of(place.school, {rule.key, f"{rule.key}-ks1", "profile-ks1-image_search", "profile-x-y", "help"})
    assert found == {
        rule.key: "trial",
        f"{rule.key}-ks1": "trial",
        "profile-ks1-image_search": "Image search is off for Key Stage 1",
    }
