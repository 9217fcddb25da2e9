"""Rules on the screens: who may make them, what is refused, what is kept."""

import csv
import io
from datetime import date, time

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.network.services.permission import NotAllowed
from drystone.registers.network.services.rules import (
    NewRule,
    RuleRefused,
    add_rule,
    withdraw_rule,
)
from drystone.registers.network.services.schedules import save_schedule
from drystone.registers.network.words import describe
from drystone.registers.school.models import AuditEntry, Authority, Zone

ADD = "/filtering/rules/add/"
LIST = "/filtering/"


def asked(**changes):
    given = {"level": RuleLevel.SCHOOL, "action": Rule.Action.BLOCK, "target": "site:news.example", "reason": "trial"}
    return NewRule(**(given | changes))


def add(place, **changes):
    return add_rule(school=place.school, by=place.head, asked=asked(**changes))


def form(**changes):
    given = {
        "action": "block",
        "kind": "site",
        "site": "news.example",
        "level": "school",
        "timing": "always",
        "reason": "A trial for the autumn",
    }
    return given | changes


def test_a_rule_is_added_in_two_steps_and_waits_for_publishing(place, as_person):
    client = as_person(place.technician)
    check = client.post(ADD, form())
    assert check.status_code == 200
    assert not Rule.objects.exists()
    done = client.post(ADD, form(confirm="yes"))
    rule = Rule.objects.get()
    assert done.url == reverse("network:rule", args=[rule.pk])
    assert (rule.author, rule.reason) == (place.technician, "A trial for the autumn")
    assert "not yet published" in client.get(LIST).content.decode()
    entry = AuditEntry.objects.get(verb="add_filter_rule")
    assert entry.after["target"] == "site:news.example"


def test_the_preview_shows_the_decision_before_and_after_through_the_engine(place, as_person):
    publish_first(place.school, place.head)
    group = place.group("ks2").pk
    games = form(action="allow", site="games.drystone.test", level="group", group=group)
    text = as_person(place.head).post(ADD, games).content.decode()
    tried = text[text.index("Tried out") :]
    assert tried.index("Blocked") < tried.index("Allowed")
    assert "ICT suite" in tried
    assert "Office" not in tried, "staff are not of that group"


def test_the_preview_tries_a_rule_with_a_schedule_when_the_schedule_holds(place, as_person):
    publish_first(place.school, place.head)
    night = save_schedule(
        school=place.school, by=None, name="Night", days={0, 1, 2, 3, 4, 5, 6}, starts=time(3), ends=time(3, 30),
        within=Schedule.Within.ALWAYS,
    )  # fmt: skip
    rule = form(site="unlisted.example", timing="when", schedule=night.pk)
    text = as_person(place.head).post(ADD, rule).content.decode()
    tried = text[text.index("Tried out") :]
    assert ", 3:" in tried
    assert "Allowed" in tried
    assert "Blocked" in tried


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action": ""}, "Choose block or allow"),
        ({"site": ""}, "Write the site"),
        ({"site": "not a host"}, "is not a site"),
        ({"site": "*.example.org"}, "star or dot in front"),
        ({"kind": "category", "category": ""}, "Choose a category"),
        ({"kind": "category", "category": "no-such"}, "Select a valid choice"),
        ({"kind": "expression", "expression": "(("}, "is opened and not closed"),
        ({"kind": "expression", "expression": ".*"}, "matches everything"),
        ({"level": "group"}, "Choose the group"),
        ({"level": "person", "person": "nobody"}, "Nobody at Fellside School"),
        ({"level": "global"}, "Select a valid choice"),
        ({"timing": "when"}, "Choose a schedule"),
        ({"until_day": "31", "until_month": "2", "until_year": "2027"}, "must be a real date"),
        ({"until_day": "1", "until_month": "1", "until_year": "2020"}, "must be today or later"),
        ({"reason": "   "}, "Say why"),
        ({"reason": "x" * 501}, "500 characters or fewer"),
        ({"site": "x." * 5000}, "at most 2000"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(place, as_person, changes, message):
    response = as_person(place.head).post(ADD, form(**changes) | {"confirm": "yes"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in text
    assert message in text.replace("&#39;", "'")
    assert not Rule.objects.exists()


def test_nobody_can_open_a_mandatory_category_and_the_attempt_is_on_record(place, as_person):
    try_it = form(action="allow", kind="category", category="illegal")
    for step in ({}, {"confirm": "yes"}):
        response = as_person(place.head).post(ADD, try_it | step)
        assert response.status_code == 422
        assert "Nobody can open it" in response.content.decode()
    assert not Rule.objects.exists()
    assert AuditEntry.objects.filter(verb="refused_filter_rule", actor=place.head.key).count() == 2


def test_the_same_rule_twice_is_refused(place):
    add(place)
    with pytest.raises(RuleRefused, match="the same rule already"):
        add(place, target="site:NEWS.example")


def test_a_change_withdraws_the_old_rule_and_names_it(place, as_person):
    old = add(place)
    client = as_person(place.head)
    url = reverse("network:change_rule", args=[old.pk])
    assert 'value="news.example"' in client.get(url).content.decode()
    client.post(url, form(site="news.example/sport", confirm="yes"))
    old.refresh_from_db()
    new = Rule.objects.get(replaces=old)
    assert not old.standing
    assert new.value == "news.example/sport"
    history = client.get(reverse("network:rule", args=[new.pk])).content.decode()
    assert history.count("added") == 2
    assert "withdrew" in history


def test_withdrawing_needs_a_reason_and_keeps_the_rule(place, as_person):
    rule = add(place)
    url = reverse("network:withdraw_rule", args=[rule.pk])
    client = as_person(place.head)
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "no longer needed"}).status_code == 302
    rule.refresh_from_db()
    assert rule.withdrawn_reason == "no longer needed"
    client.get(LIST)  # the message of what was done goes with this page
    assert "news.example" not in client.get(LIST).content.decode()
    assert "news.example" in client.get(LIST, {"state": "withdrawn"}).content.decode()
    with pytest.raises(RuleRefused, match="withdrawn this rule already"):
        withdraw_rule(rule=rule, by=place.head, reason="again")


def test_a_teacher_cannot_make_a_rule_by_any_way(place, as_person):
    client = as_person(place.teacher)
    assert client.get(LIST).status_code == 403
    assert client.post(ADD, form(confirm="yes")).status_code == 403
    with pytest.raises(NotAllowed):
        add_rule(school=place.school, by=place.teacher, asked=asked())


def test_the_safeguarding_view_without_change_has_no_buttons(place, as_person):
    add(place)
    from tests.registers.network.parts import person

    lead = person(place.school, "Sana", "Rigg", "safeguarding_lead")
    client = as_person(lead)
    assert "Add a rule" not in client.get(LIST).content.decode()
    assert client.get(ADD).status_code == 403


def test_another_schools_rules_are_not_there(place, other, as_person):
    rule = add(place)
    client = as_person(other.head)
    assert "news.example" not in client.get(LIST).content.decode()
    for name in ("rule", "change_rule", "withdraw_rule"):
        assert client.get(reverse(f"network:{name}", args=[rule.pk])).status_code == 404
    assert client.post(reverse("network:withdraw_rule", args=[rule.pk]), {"reason": "x"}).status_code == 404
    theirs = form(level="zone", zone=place.zone("suite").pk, confirm="yes")
    assert client.post(ADD, theirs).status_code == 422
    with pytest.raises(NotAllowed):
        add_rule(school=place.school, by=other.head, asked=asked())


def test_a_group_of_another_school_is_refused_by_the_service_too(place, other):
    with pytest.raises(RuleRefused, match="no such group"):
        add(place, level=RuleLevel.GROUP, group=other.group("ks2"))


def test_an_authoritys_rule_reaches_all_its_schools_and_none_can_change_it(place, other, as_person):
    council = Authority.objects.create(name="Fellshire Council", slug="fellshire")
    place.school.authority = council
    place.school.save()
    council_policy = asked(level=RuleLevel.GLOBAL, target="category:gambling", reason="council policy", locked=True)
    rule = add_rule(school=place.school, by=None, asked=council_policy, as_name="Fellshire Council")
    client = as_person(place.head)
    assert "Locked" in client.get(LIST, {"level": "global"}).content.decode()
    assert client.get(reverse("network:change_rule", args=[rule.pk])).status_code == 302
    with pytest.raises(RuleRefused):
        withdraw_rule(rule=rule, by=place.head, reason="no")
    assert as_person(other.head).get(reverse("network:rule", args=[rule.pk])).status_code == 404


@pytest.mark.parametrize(
    "broken",
    [
        {"reason": ""},
        {"level": "group"},
        {"level": "global"},
        {"locked": True},
        {"timing": "when"},
        {"action": "maybe"},
        {"value": ""},
        {"withdrawn_at": "2000-01-01T00:00Z", "withdrawn_reason": "before it was made"},
    ],
)
def test_the_database_itself_refuses_a_rule_that_cannot_be(place, broken):
    whole = {"school": place.school, "level": "school", "action": "block", "kind": "site", "value": "x.example",
             "reason": "trial", "author_name": "x"}  # fmt: skip
    Rule.objects.create(**whole)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.create(**(whole | broken))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"q": "alpha"}, {"alpha"}),
        ({"q": "because of beta"}, {"beta"}),
        ({"level": "zone"}, {"beta"}),
        ({"effect": "allow"}, {"beta"}),
        ({"kind": "expression"}, {"gamma"}),
        ({"state": "withdrawn"}, {"delta"}),
        ({"sort": "target"}, {"alpha", "beta", "gamma"}),
        ({"level": "no-such"}, {"alpha", "beta", "gamma"}),
    ],
)
def test_the_list_is_searched_and_filtered_and_its_csv_alike(place, as_person, query, shown):
    add(place, target="site:alpha.example")
    zone = Zone.objects.get(slug="office", school=place.school)
    add(
        place,
        target="site:beta.example",
        level=RuleLevel.ZONE,
        zone=zone,
        action=Rule.Action.ALLOW,
        reason="because of beta",
    )
    add(place, target="expression:gamma[0-9]")
    withdraw_rule(rule=add(place, target="site:delta.example"), by=place.head, reason="over")
    client = as_person(place.head)
    table = client.get(LIST, query).content.decode().split("<tbody")[-1]
    names = {"alpha", "beta", "gamma", "delta"}
    assert {name for name in names if name in table} == shown
    text = b"".join(client.get(reverse("network:rules_csv"), query).streaming_content).decode("utf-8-sig")
    targets = [row["Target"] for row in csv.DictReader(io.StringIO(text))]
    assert {name for name in names if any(name in target for target in targets)} == shown


def test_a_reason_that_a_spreadsheet_would_reckon_is_text_and_html_stays_text(place, as_person):
    add(place, reason='=cmd|"/c calc"!A1')
    add(place, target="site:b.example", reason="<script>alert(1)</script>")
    client = as_person(place.head)
    text = b"".join(client.get(reverse("network:rules_csv")).streaming_content).decode("utf-8-sig")
    assert any(row["Reason"].startswith("'=cmd") for row in csv.DictReader(io.StringIO(text)))
    assert "<script>alert" not in client.get(LIST).content.decode()


def test_the_lists_queries_do_not_grow_with_the_rules(place, as_person, django_assert_max_num_queries):
    for number in range(40):
        add(place, target=f"site:site{number}.example", level=RuleLevel.GROUP, group=place.group("ks2"))
    client = as_person(place.head)
    with django_assert_max_num_queries(26):
        assert client.get(LIST).status_code == 200


def test_a_rule_in_words(place):
    lunch = save_schedule(
        school=place.school,
        by=None,
        name="Lunch",
        days={0},
        starts=time(12),
        ends=time(13),
        within=Schedule.Within.TERM,
    )
    rule = add(
        place, target="category:gambling", level=RuleLevel.GROUP, group=place.group("ks2"), timing=Rule.Timing.OUTSIDE,
        schedule=lunch, until=date(2099, 1, 31),
    )  # fmt: skip
    assert describe(rule) == "Block “Gambling” for Key Stage 2, except during Lunch, until 31 January 2099"


def test_a_rule_for_a_part_of_a_site_says_that_https_hides_the_part(place, as_person):
    client = as_person(place.head)
    assert (
        "Over HTTPS the filter sees only the name" in client.post(ADD, form(site="news.example/sport")).content.decode()
    )
    assert "Over HTTPS" not in client.post(ADD, form()).content.decode()
