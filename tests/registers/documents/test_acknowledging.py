"""Taking note on screen and on paper: by whom, of which words, and never undone without a trace."""

import pytest

from drystone.registers.documents.models import Acknowledgement, How
from drystone.registers.documents.queries import asked_of_one, own
from drystone.registers.documents.services.acknowledging import strike_out, take_note, take_note_on_paper
from drystone.registers.documents.services.notices import change_notice
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school
from tests.registers.documents.parts import in_days, live, send, staff_of, text, today


def on_paper(version, people, by, **changes):
    given = {"read_on": today(), "note": "Staff file, green folder", **changes}
    return take_note_on_paper(version=version, people=people, by=by, **given)


def read(school):
    return [row.read is not None for row in asked_of_one(live(school), today())]


def test_p47_reading_on_screen_names_the_very_words_the_person_and_the_day(school):
    _, teacher, _ = staff_of(school)
    version = send(school)
    taken = take_note(version=version, person=teacher, shown=version.hash)
    assert (taken.hash, taken.person, taken.by) == (version.hash, teacher, teacher)
    assert (taken.how, taken.read_on) == (How.SCREEN, today())
    assert read(school) == [False, True, False]
    assert AuditEntry.objects.latest("seq").after["hash"] == version.hash


def test_confirming_twice_is_confirming_once(school):
    _, teacher, _ = staff_of(school)
    version = send(school)
    first = take_note(version=version, person=teacher, shown=version.hash)
    assert take_note(version=version, person=teacher, shown=version.hash) == first
    assert Acknowledgement.objects.count() == 1


def test_words_that_were_replaced_meanwhile_are_not_confirmed_unseen(school):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    change_notice(document=version.document, by=head, text=text(body="Something else"), anew=True, read=1)
    with pytest.raises(Refused, match="Read it again"):
        take_note(version=version, person=teacher, shown=version.hash)
    assert not Acknowledgement.objects.exists()


def test_somebody_who_is_not_asked_confirms_nothing(school):
    version = send(school)
    parent = make_person(school, Role.PARENT)
    with pytest.raises(Refused, match="does not ask you"):
        take_note(version=version, person=parent, shown=version.hash)
    outsider = make_person(make_school("dale", "Dale School"), Role.TEACHER)
    with pytest.raises(NotAllowed):
        take_note(version=version, person=outsider, shown=version.hash)


def test_what_is_signed_on_paper_is_entered_by_the_office_once_for_all_of_them(school):
    head, teacher, helper = staff_of(school)
    office = make_person(school, Role.OFFICE, given="Olive")
    version = send(school, by=head)
    entries = AuditEntry.objects.count()
    taken = on_paper(version, [teacher, helper], office)
    assert {(a.person, a.how, a.by) for a in taken} == {(teacher, How.PAPER, office), (helper, How.PAPER, office)}
    assert AuditEntry.objects.count() == entries + 1
    assert AuditEntry.objects.latest("seq").after["people"] == [teacher.key, helper.key]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"read_on": in_days(1)}, "lies between"),
        ({"read_on": in_days(-1)}, "lies between"),
        ({"note": " "}, "where the signed paper"),
    ],
)
def test_a_paper_of_the_future_of_before_the_notice_or_from_nowhere_is_refused(school, changes, words):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    with pytest.raises(Refused, match=words):
        on_paper(version, [teacher], head, **changes)


def test_a_paper_for_somebody_who_is_not_asked_enters_nobody(school):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    with pytest.raises(Refused, match="not among those"):
        on_paper(version, [teacher, make_person(school, Role.PARENT)], head)
    assert not Acknowledgement.objects.exists()


def test_a_teacher_enters_no_paper(school):
    head, teacher, _ = staff_of(school)
    with pytest.raises(NotAllowed):
        on_paper(send(school, by=head), [teacher], teacher)


def test_a_wrong_entry_is_struck_out_and_stays_to_be_seen(school):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    (wrong,) = on_paper(version, [teacher], head)
    line = strike_out(acknowledgement=wrong, by=head, reason="It was Tim, not Tom")
    assert (line.strikes, line.note) == (wrong, "It was Tim, not Tom")
    assert read(school) == [False, False, False]
    assert [each.read for _, each in own(teacher, today())] == [None]
    with pytest.raises(Refused, match="struck out already"):
        strike_out(acknowledgement=wrong, by=head, reason="Again")
    with pytest.raises(Refused, match="Only what was entered from paper"):
        strike_out(acknowledgement=line, by=head, reason="The line itself")
    on_paper(version, [teacher], head)
    assert read(school) == [False, True, False]


def test_nobody_strikes_out_what_somebody_confirmed_on_screen(school):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    taken = take_note(version=version, person=teacher, shown=version.hash)
    with pytest.raises(Refused, match="on screen people answer for themselves"):
        strike_out(acknowledgement=taken, by=head, reason="He did not")
