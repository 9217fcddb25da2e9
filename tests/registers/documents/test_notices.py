"""Notices: sent, changed, ended; who is asked, and by when."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drystone.registers.documents.built_in import built_in
from drystone.registers.documents.models import Acknowledgement, Kind, Signature, Version
from drystone.registers.documents.queries import asked_of_one, live_notices, live_of, notices, own, people_of, tally
from drystone.registers.documents.services.acknowledging import take_note
from drystone.registers.documents.services.notices import change_notice, end_notice, send_notice, tell_of_coordinator
from drystone.registers.school.access import matrix
from drystone.registers.school.models import STAFF, AuditEntry, Role, User
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school
from tests.registers.documents.parts import in_days, live, send, staff_of, text, today, with_account


def asked(school, on=None, slug="pupil-records"):
    return asked_of_one(live(school, slug, on), on or today())


def by_name(school, rows):
    people = people_of(school, rows)
    return {people[row.person].name: row for row in rows}


def test_p47_p48_the_notices_that_ship_ask_all_staff_and_name_their_promises():
    for slug, promise in (("pupil-records", "P47"), ("network-security", "P48")):
        ready = built_in()[slug]
        assert (ready.kind, ready.promises) == (Kind.NOTICE, (promise,))
        assert set(ready.text.audience) == STAFF
    assert built_in()["answer-for-policy"].promises == ("P01",)
    assert set(built_in()["answer-for-policy"].text.audience) <= matrix()["documents.sign_off"]


def test_a_notice_asks_those_who_hold_a_role_of_its_audience_today_and_nobody_else(school):
    head, teacher, helper = staff_of(school)
    make_person(school, Role.PARENT), make_person(school, Role.PUPIL), make_person(school)
    make_person(make_school("dale", "Dale School"), Role.TEACHER)
    make_person(school, Role.OFFICE, left_on=in_days(-1))
    make_person(school, Role.TEACHER).holdings.update(ends=in_days(-1))
    send(school)
    assert [row.person for row in asked(school)] == [head.pk, teacher.pk, helper.pk]


def test_somebody_with_two_roles_is_asked_once(school):
    make_person(school, Role.TEACHER, Role.SAFEGUARDING_LEAD)
    send(school)
    (row,) = asked(school)
    assert row.roles == {Role.TEACHER, Role.SAFEGUARDING_LEAD}


def test_whoever_comes_later_has_as_many_days_from_their_first(school):
    staff_of(school)
    send(school, days=14)
    make_person(school, Role.TEACHER, given="New", since=in_days(40))
    rows = by_name(school, asked(school, in_days(45)))
    assert rows["Tom Stile"].due == in_days(14)
    assert rows["New Example"].due == in_days(54)
    assert [name for name, row in rows.items() if row.late(in_days(45))] == ["Hana Rigg", "Tom Stile", "Una Tarn"]
    assert tally(rows.values(), in_days(45)).late == 3


def test_a_changed_notice_asks_everybody_anew_and_a_correction_does_not(school):
    head, teacher, _ = staff_of(school)
    first = send(school, by=head)
    take_note(version=first, person=teacher, shown=first.hash)
    corrected = change_notice(document=first.document, by=head, text=text(why="A slip"), anew=False, read=1)
    assert (corrected.number, corrected.counts_from) == (2, 1)
    assert [row.read is not None for row in asked(school)] == [False, True, False]
    changed = change_notice(document=first.document, by=head, text=text(title="Other"), anew=True, read=2)
    assert (changed.number, changed.counts_from) == (3, 3)
    assert not any(row.read for row in asked(school))
    assert Acknowledgement.objects.get().version == first


def test_a_correction_cannot_quietly_ask_others_or_change_the_time(school):
    head, *_ = staff_of(school)
    document = send(school, by=head).document
    with pytest.raises(Refused, match="asks people anew"):
        change_notice(document=document, by=head, text=text(days=30), anew=False, read=1)


def test_two_who_change_a_notice_at_once_do_not_overwrite_each_other(school):
    head, *_ = staff_of(school)
    document = send(school, by=head).document
    change_notice(document=document, by=head, text=text(title="One"), anew=True, read=1)
    with pytest.raises(Refused, match="meanwhile"):
        change_notice(document=document, by=head, text=text(title="Two"), anew=True, read=1)


def test_an_ended_notice_asks_nobody_and_what_was_confirmed_stays(school):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    take_note(version=version, person=teacher, shown=version.hash)
    end_notice(document=version.document, by=head)
    assert live_notices(school, today()) == []
    assert own(head, today()) == []
    assert Acknowledgement.objects.standing().count() == 1
    with pytest.raises(Refused, match="ended"):
        take_note(version=version, person=head, shown=version.hash)
    assert send(school, by=head).number == 2
    assert len(live_notices(school, today())) == 1


def test_a_notice_that_is_out_is_not_sent_twice(school):
    send(school)
    with pytest.raises(Refused, match="sent already"):
        send(school)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"audience": ()}, "who is to read"), ({"body": "  "}, "a text"), ({"days": 0}, "between"), ({"days": 91}, "90")],
)
def test_a_notice_that_asks_nobody_or_nothing_is_refused_and_leaves_no_trace(school, changes, words):
    with pytest.raises(Refused, match=words):
        send(school, **changes)
    assert not notices(school).exists()
    assert not AuditEntry.objects.exists()


def test_a_teacher_sends_no_notice(school):
    _, teacher, _ = staff_of(school)
    with pytest.raises(NotAllowed):
        send_notice(school=school, by=teacher, text=text())


def test_the_hash_holds_what_was_read_and_whom_it_asked(school):
    version = send(school)
    assert version.hash == version.digest()
    version.body += " "
    assert version.hash != version.digest()
    other = send(school, slug="network-security")
    assert other.hash != version.hash


@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("model", [Version, Acknowledgement, Signature])
def test_the_database_refuses_to_change_what_is_on_record(school, model, statement):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    take_note(version=version, person=teacher, shown=version.hash)
    given = {"name": "A", "role": Role.HEAD, "confirmed_at": "2026-11-24T09:00Z", "confirmed_by": "password"}
    Signature.objects.create(version=version, hash=version.hash, person=head, **given)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(model._meta.db_table))


def test_p02_a_notice_for_those_who_sign_in_counts_from_the_day_of_their_account(school):
    early, late = (with_account(make_person(school, Role.PARENT, given=name)) for name in ("Early", "Late"))
    make_person(school, Role.PARENT, given="No account")
    closed = with_account(make_person(school, Role.PARENT, given="Closed"))
    User.objects.filter(pk=closed.user.pk).update(is_active=False)
    User.objects.filter(pk=late.user.pk).update(made_at=timezone.now() + timedelta(days=50))
    holding = make_person(school, Role.COORDINATOR).holdings.get()
    tell_of_coordinator(holding=holding, by=None)
    rows = by_name(school, asked(school, in_days(60), "co-ordinator"))
    assert {name: row.due for name, row in rows.items()} == {"Early Example": in_days(30), "Late Example": in_days(80)}
    assert rows["Early Example"].person == early.pk


def test_how_many_people_are_asked_does_not_change_how_many_questions_the_database_gets(school):
    staff_of(school)
    documents = [send(school).document, send(school, slug="network-security").document]

    def questions():
        with CaptureQueriesContext(
            connection,
        ) as found:
            for document in notices(school):
                live_of(document)
            asked(school)
        return len(found)

    before = questions()
    for number in range(30):
        make_person(school, Role.TEACHER, given=f"Nr {number}")
    assert questions() == before
    assert len(documents) == 2
