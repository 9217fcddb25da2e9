"""Confidential records: a list of their own, that no role goes round."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from drystone.engine.home import Home
from drystone.registers.school.access import roles_of
from drystone.registers.school.models import AuditEntry, ConfidentialRecord, Role, Sight, SightEvent
from drystone.registers.school.reach import Viewer
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.confidential import (
    bar,
    close_to,
    keep,
    lift_bar,
    open_record,
    open_to,
    openable,
)
from drystone.registers.school.services.permission import NotAllowed
from drystone.site.keys import secret
from tests.people import make_person, make_school

KIND = "incidents.Complaint"
WHY = "They look into it"


@pytest.fixture(autouse=True)
def house(settings, tmp_path):
    settings.HOME = Home(tmp_path / "home")
    secret(settings.HOME.seal_key)


@pytest.fixture
def school(db):
    school = make_school()
    for name, role in (
        ("head", Role.HEAD), ("deputy", Role.DEPUTY_HEAD), ("chair", Role.CHAIR), ("lead", Role.SAFEGUARDING_LEAD),
        ("teacher", Role.TEACHER), ("technician", Role.TECHNICIAN),
    ):  # fmt: skip
        setattr(school, name, make_person(school, role, given=name.title()))
    return school


def may(record, person):
    return openable(Viewer(person, roles_of(person), timezone.localdate()), KIND).filter(pk=record.pk).exists()


def who(record, school):
    return {name for name in ("head", "deputy", "chair", "lead", "teacher", "technician")
            if may(record, getattr(school, name))}  # fmt: skip


def complaint(school, number=1, **more):
    return keep(school=school, kind=KIND, number=number, by=None, **more)


def leaves(person):
    person.holdings.update(ends=timezone.localdate() - timedelta(days=1))


def test_by_itself_a_record_is_the_heads_and_no_other_role_opens_it(school):
    assert who(complaint(school), school) == {"head"}


def test_a_record_about_the_head_is_the_chairs(school):
    record = complaint(school, concerned=[school.head])
    assert who(record, school) == {"chair"}
    with pytest.raises(Refused, match="barred"):
        open_to(record=record, person=school.head, by=school.chair, reason=WHY)
    with pytest.raises(NotAllowed):
        open_to(record=record, person=school.head, by=school.head, reason=WHY)


def test_with_no_head_it_is_the_deputys_unless_involved(school):
    leaves(school.head)
    assert who(complaint(school), school) == {"deputy"}
    assert who(complaint(school, 2, concerned=[school.deputy]), school) == {"chair"}


def test_a_record_that_nobody_could_open_is_not_kept(school):
    with pytest.raises(Refused, match="Nobody could open"):
        complaint(school, concerned=[school.head, school.chair])
    assert not ConfidentialRecord.objects.exists()


def test_one_is_let_in_and_out_again_with_a_reason(school):
    record = complaint(school)
    open_to(record=record, person=school.lead, by=school.head, reason=WHY)
    assert who(record, school) == {"head", "lead"}
    close_to(record=record, person=school.lead, by=school.head, reason="The inquiry is over")
    assert who(record, school) == {"head"}
    with pytest.raises(Refused, match="Say why"):
        open_to(record=record, person=school.lead, by=school.head, reason=" ")


def test_only_who_may_open_it_rules_its_list(school):
    record = complaint(school)
    for somebody in (school.lead, school.chair, school.technician):
        with pytest.raises(NotAllowed):
            open_to(record=record, person=somebody, by=somebody, reason=WHY)
    assert who(record, school) == {"head"}


def test_the_barred_never_may_whatever_their_role(school):
    record = complaint(school)
    open_to(record=record, person=school.lead, by=school.head, reason=WHY)
    bar(record=record, person=school.lead, by=school.head, reason="A friend of the family")
    assert who(record, school) == {"head"}
    with pytest.raises(Refused, match="barred"):
        open_to(record=record, person=school.lead, by=school.head, reason=WHY)


def test_a_bar_made_by_mistake_is_lifted_and_opens_nothing_by_itself(school):
    record = complaint(school)
    bar(record=record, person=school.lead, by=school.head, reason="Mistaken for another")
    lift_bar(record=record, person=school.lead, by=school.head, reason="It was another")
    assert who(record, school) == {"head"}
    open_to(record=record, person=school.lead, by=school.head, reason=WHY)
    assert who(record, school) == {"head", "lead"}


def test_whom_it_concerns_stays_out_for_good(school):
    record = complaint(school)
    open_to(record=record, person=school.lead, by=school.head, reason=WHY)
    bar(record=record, person=school.lead, by=school.head, reason="It is about them too", concerned=True)
    for verb in (lift_bar, open_to):
        with pytest.raises(Refused):
            verb(record=record, person=school.lead, by=school.head, reason=WHY)
    # nor where a line that should not be there says so
    SightEvent.objects.create(record=record, person=school.lead, sight=Sight.OPENED, reason="x", by_name="x")
    assert who(record, school) == {"head"}


def test_the_last_who_may_stays_until_somebody_else_may(school):
    record = complaint(school)
    with pytest.raises(Refused, match="Nobody else"):
        close_to(record=record, person=school.head, by=school.head, reason="x")


def test_when_nobody_on_the_list_is_left_it_goes_by_the_post(school):
    record = complaint(school)
    leaves(school.head)
    new = make_person(school, Role.HEAD, given="Newcomer")
    assert not may(record, new), "a new head does not fall heir to it unseen"
    with pytest.raises(NotAllowed):
        open_to(record=record, person=school.chair, by=school.chair, reason=WHY)
    open_to(record=record, person=new, by=new, reason="The head before has left")
    assert may(record, new)
    assert not may(record, school.head)


def test_who_has_left_the_school_opens_nothing_though_a_role_was_not_ended(school):
    record = complaint(school)
    school.head.left_on = timezone.localdate() - timedelta(days=1)
    school.head.save()
    assert not may(record, school.head)


def test_nobody_of_another_school_is_on_a_list_or_rules_one(school):
    record = complaint(school)
    stranger = make_person(make_school(slug="dale", name="Dale School"), Role.HEAD)
    assert not may(record, stranger)
    with pytest.raises(Refused, match="not of this school"):
        open_to(record=record, person=stranger, by=school.head, reason=WHY)
    with pytest.raises(NotAllowed):
        bar(record=record, person=school.head, by=stranger, reason=WHY)


def test_each_opening_is_on_record_and_a_closed_door_stays_closed(school):
    record = complaint(school)
    open_record(record=record, by=school.head)
    assert AuditEntry.objects.get(verb="open_confidential").actor == school.head.key
    with pytest.raises(NotAllowed):
        open_record(record=record, by=school.technician)


def test_the_audit_trail_names_nobody_of_the_list(school):
    record = complaint(school, concerned=[school.teacher])
    bar(record=record, person=school.technician, by=school.head, reason="Named in it")
    for entry in AuditEntry.objects.filter(verb="change_sight"):
        told = f"{entry.summary} {entry.before} {entry.after}"
        assert not [name for name in ("Teacher", "Technician", "Named in it") if name in told]
        assert len(entry.after["line"]) == 64
    assert not list(audit.verify())


def test_the_database_refuses_to_change_a_line(school):
    complaint(school)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SightEvent.objects.update(sight=Sight.BARRED)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SightEvent.objects.update(reason="Another")
