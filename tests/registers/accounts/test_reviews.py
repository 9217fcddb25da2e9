"""P45: the head's yes or no to every account, leavers' nights; P46: reminders; and how the promises then stand."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from drystone.registers.accounts.controls import OwnAccounts, PasswordReminders
from drystone.registers.accounts.models import AccountHolder, Answer, PasswordReminder, Review, System, Use
from drystone.registers.accounts.services import held, reviews
from drystone.registers.accounts.services.closing import close_account, reopen_account
from drystone.registers.accounts.services.leavers import close_accounts_of_leavers
from drystone.registers.accounts.services.reminders import remind_where_due
from drystone.registers.accounts.tasks import each_morning, leavers_night
from drystone.registers.accounts.today import accounts_to_close, old_password, review_to_answer
from drystone.registers.school.controls import State
from drystone.registers.school.models import AcademicYear, AuditEntry, Person, Role, Term, User
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.leaving import leave
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school, sign_in
from tests.registers.accounts.parts import account, sign_in_with, text

TODAY = timezone.localdate()
STARTS = TODAY - timedelta(days=10)


@pytest.fixture
def term(school):
    year = AcademicYear.objects.create(school=school, name="this year", starts=STARTS, ends=TODAY + timedelta(days=200))
    return Term.objects.create(year=year, name="Autumn", starts=STARTS, ends=TODAY + timedelta(days=60))


def begun(school):
    return reviews.open_review(school=school, by=None, on=TODAY)


def yes_to_all(review, head):
    answers = {line.pk: Answer.KEEP for line in review.lines.all()}
    reviews.answer(review=review, by=head, answers=answers, on=TODAY)
    return reviews.finish(review=review, by=head)


def test_a_review_begins_by_itself_a_week_into_term_and_once(school, head, teacher, term):
    assert reviews.open_where_due(school=school, on=STARTS + timedelta(days=6)) is None
    each_morning.call_local()
    each_morning.call_local()
    review = Review.objects.get()
    assert {line.name for line in review.lines.all()} == {head.name, teacher.name}
    assert review_to_answer(school, head, frozenset({Role.HEAD}), TODAY)
    assert not review_to_answer(school, teacher, frozenset({Role.TEACHER}), TODAY)
    yes_to_all(review, head)
    each_morning.call_local()
    assert Review.objects.count() == 1


def test_no_closes_the_account_and_ends_its_sessions(school, head, teacher, client, django_capture_on_commit_callbacks):
    sign_in_with(client, teacher)
    assert client.get("/account/").status_code == 200
    review = begun(school)
    line = review.lines.get(person=teacher)
    page = sign_in(head)
    with django_capture_on_commit_callbacks(execute=True):
        shown = page.post(f"/accounts/reviews/{review.pk}/answer/", {"line": line.pk, f"line-{line.pk}": "close"})
        assert "Close 1 account?" in text(shown)
        assert User.objects.get(pk=teacher.user_id).is_active
        given = {"line": line.pk, f"line-{line.pk}": "close", "sure": "1"}
        page.post(f"/accounts/reviews/{review.pk}/answer/", given)
    assert client.get("/account/").headers["Location"] == "/account/sign-in/"
    assert not sign_in_with(client, teacher).wsgi_request.user.is_authenticated
    line.refresh_from_db()
    assert (line.answer, line.answered_by_name) == (Answer.CLOSE, head.name)
    assert AuditEntry.objects.filter(verb="close_account").count() == 1


def test_yes_to_all_speaks_for_the_lines_of_the_page_alone(school, head, teacher):
    review = begun(school)
    other = account(school, Role.TEACHER, given="Una", email="una@fellside.example")
    first, *_ = review.lines.all()
    page = sign_in(head)
    page.post(f"/accounts/reviews/{review.pk}/answer/", {"line": [first.pk], "yes_to_all": "1"})
    assert list(review.lines.filter(answer=Answer.KEEP)) == [first]
    page.post(f"/accounts/reviews/{review.pk}/finish/")
    assert Review.objects.get().finished_at is None
    rest = [line.pk for line in review.lines.filter(answer="")]
    page.post(f"/accounts/reviews/{review.pk}/answer/", {"line": rest, "yes_to_all": "1"})
    page.post(f"/accounts/reviews/{review.pk}/finish/")
    assert Review.objects.get().finished_by == head
    assert other.user.is_active


def test_lines_of_another_schools_review_are_not_answered_from_here(school, head):
    dale = make_school("dale", "Dale School")
    stranger = account(dale, Role.TEACHER, email="t@dale.example")
    theirs, ours = begun(dale), begun(school)
    line = theirs.lines.get()
    reviews.answer(review=ours, by=head, answers={line.pk: Answer.CLOSE}, on=TODAY)
    assert User.objects.get(pk=stranger.user_id).is_active
    with pytest.raises(NotAllowed):
        reviews.answer(review=theirs, by=head, answers={line.pk: Answer.CLOSE}, on=TODAY)


def test_the_head_does_not_close_their_own_account_and_a_review_is_one_at_a_time(school, head, teacher):
    review = begun(school)
    answers = {line.pk: Answer.CLOSE for line in review.lines.all()}
    with pytest.raises(Refused, match="your own"):
        reviews.answer(review=review, by=head, answers=answers, on=TODAY)
    assert User.objects.filter(is_active=False).count() == 0
    with pytest.raises(Refused, match="begun already"):
        begun(school)


def test_an_account_closed_meanwhile_needs_no_answer(school, head, teacher):
    review = begun(school)
    close_account(person=teacher, by=head, why="a test", on=TODAY)
    reviews.answer(review=review, by=head, answers={review.lines.get(person=head).pk: Answer.KEEP}, on=TODAY)
    reviews.finish(review=review, by=head)
    assert review.lines.get(person=teacher).answer == Answer.GONE


def test_the_night_after_the_last_day_the_account_is_closed_and_what_was_held_is_to_be_closed(
    school, head, technician, teacher, client
):
    net = held.add_account(school=school, by=None, system=System.NETWORK, name="tbirkett", use=Use.OWN)
    held.give_account(account=net, person=teacher, by=None, since=STARTS)
    leave(person=teacher, by=head, on=TODAY, today=TODAY)
    assert close_accounts_of_leavers(school=school, on=TODAY) == 0
    assert close_accounts_of_leavers(school=school, on=TODAY + timedelta(days=1)) == 1
    assert close_accounts_of_leavers(school=school, on=TODAY + timedelta(days=1)) == 0
    assert not sign_in_with(client, teacher).wsgi_request.user.is_authenticated
    assert AccountHolder.objects.get().until == TODAY
    tomorrow = TODAY + timedelta(days=1)
    tasks = accounts_to_close(school, technician, frozenset({Role.TECHNICIAN}), tomorrow)
    assert [task.text for task in tasks] == ["Close tbirkett on the school’s systems"]


def test_the_night_looks_at_every_school_and_leaves_the_door_of_another_open(school, teacher):
    dale = make_school("dale", "Dale School")
    make_person(dale, Role.TEACHER, user=teacher.user)
    Person.objects.filter(pk=teacher.pk).update(left_on=TODAY - timedelta(days=1))
    leavers_night.call_local()
    assert User.objects.get().is_active
    assert [person.school for person in User.objects.get().people.all()] == [dale]


def test_a_closed_account_opens_again_without_its_password(school, head, teacher, client):
    close_account(person=teacher, by=head, why="a test", on=TODAY)
    teacher.refresh_from_db()
    reopen_account(person=teacher, by=head, on=TODAY)
    assert not sign_in_with(client, teacher).wsgi_request.user.is_authenticated
    assert User.objects.get(pk=teacher.user_id).is_active


def test_a_reminder_goes_out_once_a_term_to_staff_and_governors(school, head, teacher, term):
    make_person(school, Role.GOVERNOR, email="gov@fellside.example")
    make_person(school, Role.PARENT, email="pat@home.example")
    make_person(school, Role.SUPPORT_STAFF)
    assert remind_where_due(school=school, on=STARTS) is None
    each_morning.call_local()
    each_morning.call_local()
    assert {sent.to[0] for sent in mail.outbox} == {head.email, teacher.email, "gov@fellside.example"}
    assert "school e-mail" in mail.outbox[0].body
    reminder = PasswordReminder.objects.get()
    assert (reminder.sent, reminder.unsent) == (3, 1)
    finding = PasswordReminders().assess(school, TODAY)
    assert finding.state == State.DUE
    PasswordReminder.objects.update(unsent=0)
    assert PasswordReminders().assess(school, TODAY).state == State.MET


def test_without_a_reminder_p46_is_due_and_then_breached(school, term):
    control = PasswordReminders()
    assert control.assess(school, STARTS + timedelta(days=21), remind_within=21).state == State.DUE
    assert control.assess(school, STARTS + timedelta(days=22), remind_within=21).state == State.BREACHED
    assert control.assess(make_school("dale", "Dale"), TODAY).state == State.NOT_RECORDED


def test_an_old_password_is_spoken_of_and_not_now_is_an_answer(school, teacher):
    roles = frozenset({Role.TEACHER})
    assert old_password(school, teacher, roles, TODAY) == []
    User.objects.filter(pk=teacher.user_id).update(password_changed_at=timezone.now() - timedelta(days=400))
    teacher.user.refresh_from_db()
    assert old_password(school, teacher, roles, TODAY)
    client = sign_in(teacher)
    assert "over a year old" in text(client.get("/accounts/my-password/"))
    client.post("/accounts/my-password/")
    assert old_password(school, teacher, roles, TODAY) == []
    assert client.get("/account/").status_code == 200


def test_p45_is_kept_only_when_each_has_their_own_none_is_shared_and_the_head_has_looked(school, head, term):
    control = OwnAccounts()
    assert control.assess(school, TODAY).state == State.NOT_RECORDED
    net = held.add_account(school=school, by=None, system=System.NETWORK, name="hmarsh", use=Use.OWN)
    assert "without anybody" in control.assess(school, TODAY).sentence
    held.give_account(account=net, person=head, by=None, since=TODAY)
    assert "1 of 1 members of staff have no account" in control.assess(school, TODAY).sentence
    mailbox = held.add_account(school=school, by=None, system=System.EMAIL, name="head@f.example", use=Use.OWN)
    held.give_account(account=mailbox, person=head, by=None, since=TODAY)
    assert "has not looked" in control.assess(school, TODAY).sentence
    yes_to_all(begun(school), head)
    assert control.assess(school, TODAY).state == State.MET
    suite = held.add_account(school=school, by=None, system=System.NETWORK, name="suite", use=Use.SHARED)
    assert control.assess(school, TODAY).state == State.BREACHED
    held.close_on_system(account=suite, by=head, on=TODAY)
    assert control.assess(school, TODAY).state == State.MET


def test_last_terms_review_is_due_this_term_and_then_overdue(school, head, term):
    for system in System:
        each = held.add_account(school=school, by=None, system=system, name="hmarsh", use=Use.OWN)
        held.give_account(account=each, person=head, by=None, since=date(2020, 9, 1))
    yes_to_all(begun(school), head)
    Review.objects.update(term_starts=STARTS - timedelta(days=90))
    control = OwnAccounts()
    assert control.assess(school, TODAY, review_within=42).state == State.DUE
    assert control.assess(school, TODAY, review_within=9).state == State.BREACHED
