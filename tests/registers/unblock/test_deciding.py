"""Answers: open at once for whom and how long somebody says, never what is mandatory, and each is on record."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from drystone.registers.network.api import network_facts
from drystone.registers.network.models import Publication, Rule
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.models import AuditEntry, Person
from drystone.registers.school.services.audit import verify
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.unblock.models import Grant, SiteRequest, State, Whom
from drystone.registers.unblock.services.asking import Asker, Kind, report_site
from drystone.registers.unblock.services.deciding import For, allow, make_rule, refuse
from drystone.registers.unblock.services.grants import end_grant
from tests.registers.unblock.parts import EVERYONE, GAMES, asks, give, in_minutes


def test_p35_an_answer_is_at_work_at_once_and_publishes_nobodys_draft(school, gateway):
    add_rule(school=school.school, by=school.head, asked=NewRule(
        level="school", action="block", target="site:half-done.example", reason="not finished",
    ))  # fmt: skip
    editions, waiting = Publication.objects.count(), network_facts(school.school).unpublished
    assert not gateway.opens()
    grant = gateway.hears_of(give, school, asks(school, school.pupil))
    decision = gateway.decide(f"http://www.{GAMES}/play")
    assert not decision.blocked
    assert decision.rule == grant.key
    assert "Topic" in decision.reason
    assert (Publication.objects.count(), network_facts(school.school).unpublished) == (editions, waiting)
    assert gateway.opens("http://half-done.example/")


def test_p35_it_works_not_a_second_past_its_end(school, gateway):
    grant = gateway.hears_of(give, school, asks(school, school.pupil))
    assert gateway.opens(at=grant.until - timedelta(milliseconds=2))
    assert not gateway.opens(at=grant.until)


def test_each_is_open_for_those_it_was_given_to_and_nobody_else(school, gateway):
    """(whom, client, sign-on name): in the suite, and elsewhere."""
    friend = Person.objects.create(
        school=school.school, given_names="Una", family_name="Ford", sign_on="uford", school_class=None
    )
    suite, rooms, office = "10.1.1.20", "10.1.2.20", "10.1.3.20"
    cases = (
        (For(Whom.PERSON, person=school.pupil), [(suite, "pfell")], [(suite, ""), (suite, "uford")]),
        (For(Whom.CLASS, school_class=school.pupil.school_class), [(suite, "pfell")], [(suite, ""), (suite, "uford")]),
        (For(Whom.ZONE, zone=school.zone("suite")), [(suite, ""), (suite, "pfell")], [(rooms, "")]),
        (For(Whom.GROUP, group=school.group("ks2")), [(suite, "")], [(rooms, "")]),
        (EVERYONE, [(suite, ""), (rooms, ""), (office, "")], []),
    )
    for whom, opened, closed in cases:
        grant = gateway.hears_of(give, school, asks(school, friend), whom)
        assert all(gateway.opens(client=client, user=user) for client, user in opened), whom.level
        assert not any(gateway.opens(client=client, user=user) for client, user in closed), whom.level
        gateway.hears_of(end_grant, grant=grant, by=school.coordinator, reason="next")
        assert not gateway.opens(client=suite, user="pfell")


def test_ended_early_it_is_closed_at_once_and_stays_on_the_register(school, gateway):
    grant = gateway.hears_of(give, school, asks(school, school.pupil))
    gateway.hears_of(end_grant, grant=grant, by=school.coordinator, reason="The lesson was moved")
    assert not gateway.opens()
    grant.refresh_from_db()
    assert (grant.ended_by, grant.ended_reason) == (school.coordinator, "The lesson was moved")
    with pytest.raises(Refused, match="over already"):
        end_grant(grant=grant, by=school.coordinator, reason="again")
    with pytest.raises(Refused, match="Say why"):
        end_grant(grant=give(school, asks(school, school.pupil)), by=school.coordinator, reason="  ")


def test_p49_what_is_mandatory_opens_for_nobody_and_each_attempt_is_on_record(school, gateway):
    asked = asks(school, school.teacher, host="illegal.drystone.test", category="illegal", child=False)
    for by in (school.head, school.coordinator, school.technician, None):
        with pytest.raises(Refused, match="Nobody can open it"):
            allow(request=asked, by=by, whom=EVERYONE, until=in_minutes(5), reason="x")
        with pytest.raises(Refused, match="Nobody can open it"):
            make_rule(request=asked, by=by, group=None, reason="x")
    assert AuditEntry.objects.filter(verb="refused_to_allow_site").count() == 8
    assert not Grant.objects.exists()
    assert not gateway.opens("http://illegal.drystone.test/")
    assert refuse(request=asked, by=school.head, reason="Nobody can").state == State.REFUSED


def test_even_a_grant_that_got_into_the_database_does_not_open_what_is_mandatory(school, gateway):
    Grant.objects.create(school=school.school, host="illegal.drystone.test", level=Whom.SCHOOL, whom="all", reason="x",
                         until=in_minutes(60))  # fmt: skip
    gateway.hears_of(give, school, asks(school, school.pupil))
    assert gateway.decide("http://illegal.drystone.test/").level == "mandatory"


def test_a_request_is_answered_once(school):
    asked = asks(school, school.pupil)
    stale = SiteRequest.objects.get()
    refuse(request=asked, by=school.head, reason="Not now")
    with pytest.raises(Refused, match="answered this request already"):
        give(school, stale)
    assert not Grant.objects.exists()
    with pytest.raises(Refused, match="answered this request already"):
        refuse(request=stale, by=school.head, reason="x")


def test_those_who_ask_for_the_same_site_may_be_answered_together(school):
    first = asks(school, school.pupil)
    asks(school, name="Ada")
    asks(school, name="Bo", host="chat.drystone.test", category="chat")
    grant = give(school, first, others=True)
    assert grant.requests.count() == 2
    assert SiteRequest.objects.filter(state=State.WAITING).get().asker_name == "Bo"
    asks(school, name="Ada")
    give(school, asks(school, school.pupil), For(Whom.PERSON, person=school.pupil), others=True)
    assert SiteRequest.objects.filter(state=State.WAITING, asker_name="Ada").exists(), "it is open for another alone"


def test_a_teacher_gives_a_lesson_to_a_person_a_class_or_a_place_and_no_more(school, gateway):
    whole_day = 24 * 60 + 1
    for whom, minutes in ((EVERYONE, 5), (For(Whom.GROUP, group=school.group("ks2")), 5),
                          (For(Whom.ZONE, zone=school.zone("suite")), whole_day)):  # fmt: skip
        with pytest.raises(NotAllowed):
            give(school, asks(school, school.pupil), whom, minutes, by=school.teacher)
    with pytest.raises(NotAllowed):
        make_rule(request=asks(school, school.pupil), by=school.teacher, group=None, reason="x")
    assert not Grant.objects.exists()
    suite, soon = For(Whom.ZONE, zone=school.zone("suite")), min(in_minutes(5), midnight())
    asked = asks(school, school.pupil)
    gateway.hears_of(allow, request=asked, by=school.teacher, whom=suite, until=soon, reason="Topic")
    assert gateway.opens()


def midnight():
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def test_who_may_not_see_a_request_cannot_answer_it(school, other):
    private = asks(school, school.pupil, host="suicide.drystone.test", category="suicide")
    staff = asks(school, school.technician, child=False)
    for by, asked in ((school.teacher, private), (school.technician, private), (school.teacher, staff),
                      (school.governor, staff), (other.head, staff)):  # fmt: skip
        with pytest.raises(NotAllowed):
            refuse(request=asked, by=by, reason="x")
    assert refuse(request=private, by=school.lead, reason="Let us talk").state == State.REFUSED


@pytest.mark.parametrize(
    ("whom", "minutes", "message"),
    [
        (For(Whom.PERSON), 60, "Choose whom"),
        (For(Whom.ZONE), 60, "Choose whom"),
        (EVERYONE, -1, "later than now"),
        (EVERYONE, 367 * 24 * 60, "A year is the longest"),
    ],
)
def test_what_cannot_be_is_refused_in_words(school, whom, minutes, message):
    with pytest.raises(Refused, match=message):
        give(school, asks(school, school.pupil), whom, minutes)
    assert not Grant.objects.exists()


def test_a_class_nobody_of_which_is_known_by_name_is_not_offered_in_vain(school):
    Person.objects.filter(pk=school.pupil.pk).update(sign_on="")
    with pytest.raises(Refused, match="choose the place instead"):
        give(school, asks(school, school.pupil), For(Whom.CLASS, school_class=school.pupil.school_class))


def test_another_schools_places_are_none_of_ours(school, other):
    with pytest.raises(Refused, match="Choose whom"):
        give(school, asks(school, school.pupil), For(Whom.ZONE, zone=other.zone("suite")))


def test_p35_a_reported_site_becomes_a_rule_in_the_draft(school):
    asked = report_site(
        school=school.school,
        kind=Kind.BLOCK,
        site="https://www.bad.example/x",
        asker=Asker(school.teacher),
        why="Fights",
    ).request
    words = make_rule(request=asked, by=school.technician, group=school.group("ks2"), reason="Fights")
    rule = Rule.objects.get(value="bad.example")
    assert (rule.action, rule.group, asked.made_rule) == ("block", school.group("ks2"), rule.pk)
    assert "Block bad.example" in words


def test_a_rule_that_there_is_already_is_said_and_leaves_the_request_waiting(school):
    add_rule(school=school.school, by=school.head, asked=NewRule(
        level="school", action="block", target="site:bad.example", reason="x",
    ))  # fmt: skip
    asked = report_site(
        school=school.school, kind=Kind.BLOCK, site="bad.example", asker=Asker(school.teacher), why="Fights"
    ).request
    with pytest.raises(Refused, match="same rule"):
        make_rule(request=asked, by=school.head, group=None, reason="x")
    asked.refresh_from_db()
    assert asked.waiting


def test_every_step_is_in_the_audit_trail_without_what_a_child_asked_for(school):
    asked = asks(school, school.pupil, host="suicide.drystone.test", category="suicide")
    refuse(request=asked, by=school.lead, reason="Let us talk about it")
    end_grant(grant=give(school, asks(school, school.pupil)), by=school.head, reason="over")
    ours = ("ask_for_site", "refuse_site", "allow_site", "end_allowed_site")
    trail = AuditEntry.objects.filter(chain=school.school.slug, verb__in=ours)
    assert {entry.verb for entry in trail} == set(ours)
    said = " ".join(f"{entry.summary} {entry.before} {entry.after}" for entry in trail)
    assert "suicide" not in said
    assert school.pupil.key not in said
    assert "Pip" not in said
    assert list(verify()) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"host": ""},
        {"mark": ""},
        {"state": "refused"},
        {"state": "waiting", "answer": "there is one"},
    ],
)
def test_the_database_itself_refuses_a_request_that_cannot_be(school, broken):
    whole = {"school": school.school, "kind": "open", "host": "x.example", "by_child": True, "sensitive": False,
             "mark": "m"}  # fmt: skip
    SiteRequest.objects.create(**whole)
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteRequest.objects.create(**(whole | {"mark": "n"} | broken))
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteRequest.objects.create(**whole)
