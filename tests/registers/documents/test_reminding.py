"""Reminders: three at most, each once, one mail for all, and none where none can go."""

import smtplib
from datetime import date

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from hypothesis import given
from hypothesis import strategies as st

from drystone.registers.documents.models import Reminder
from drystone.registers.documents.reminding import ended, words_due
from drystone.registers.documents.services.acknowledging import take_note
from drystone.registers.documents.services.notices import change_notice
from drystone.registers.documents.services.reminding import remind
from drystone.registers.school.models import AuditEntry, Role
from tests.people import make_person
from tests.registers.documents.parts import in_days, send, staff_of, text, today, with_account

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def teacher(school):
    return with_account(make_person(school, Role.TEACHER, given="Tom", family="Stile"))


def subjects():
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_the_first_word_comes_at_once_then_before_it_is_due_then_a_week_after_then_none(school, teacher):
    send(school, days=14)
    sent = {number: remind(school=school, on=in_days(number)) for number in range(40)}
    assert [number for number, count in sent.items() if count] == [0, 11, 21]
    assert [row.number for row in Reminder.objects.all()] == [1, 2, 3]
    assert "last reminder" in mail.outbox[-1].body
    assert "it was to be read by" in mail.outbox[-1].body


def test_a_worker_that_slept_sends_one_mail_not_three(school, teacher):
    send(school, days=14)
    assert remind(school=school, on=in_days(22)) == 1
    assert remind(school=school, on=in_days(22)) == 0
    assert [row.number for row in Reminder.objects.all()] == [3]


@given(since=DAYS, length=st.integers(1, 90), first=st.integers(0, 200), later=st.integers(0, 200))
def test_never_fewer_words_the_longer_somebody_waits_until_they_end(since, length, first, later):
    due = since.fromordinal(since.toordinal() + length)
    days = sorted(since.fromordinal(since.toordinal() + number) for number in (first, later))
    early, late = (words_due(since, due, day) for day in days)
    assert 1 <= early <= 3 or ended(due, days[0])
    assert early <= late or ended(due, days[1])


def test_two_notices_make_one_mail(school, teacher):
    send(school)
    send(school, slug="network-security")
    assert remind(school=school, on=today()) == 1
    assert subjects() == [(teacher.user.email, "Please read 2 notices")]
    assert AuditEntry.objects.latest("seq").after == {"mails": 1, "notices": ["network-security", "pupil-records"]}


def test_whoever_has_read_it_or_cannot_sign_in_gets_none(school, teacher):
    staff_of(school)
    version = send(school)
    take_note(version=version, person=teacher, shown=version.hash)
    assert remind(school=school, on=today()) == 0
    assert mail.outbox == []


def test_a_notice_asked_anew_reminds_anew_and_a_correction_does_not(school, teacher):
    head = make_person(school, Role.HEAD)
    document = send(school, by=head).document
    remind(school=school, on=today())
    change_notice(document=document, by=head, text=text(why="A slip"), anew=False, read=1)
    assert remind(school=school, on=today()) == 0
    change_notice(document=document, by=head, text=text(title="Other"), anew=True, read=2)
    assert remind(school=school, on=today()) == 1


def test_a_mail_server_that_fails_leaves_the_word_to_the_next_round(school, teacher, monkeypatch):
    send(school)

    def down(self, messages):
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", down)
        assert remind(school=school, on=today()) == 0
    assert not Reminder.objects.exists()
    assert remind(school=school, on=today()) == 1


def test_without_a_mail_server_nothing_counts_as_sent(school, teacher, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    send(school)
    assert remind(school=school, on=today()) == 0
    assert not Reminder.objects.exists()


def test_a_mail_has_a_link_only_where_it_leads_somewhere(school, teacher, settings):
    version = send(school)
    remind(school=school, on=today())
    assert "http" not in mail.outbox[0].body
    settings.HTTPS, settings.ALLOWED_HOSTS = True, [*settings.ALLOWED_HOSTS[:3], "drystone.fellside.example"]
    remind(school=school, on=in_days(12))
    assert f"https://drystone.fellside.example/notices/{version.document_id}/" in mail.outbox[1].body
