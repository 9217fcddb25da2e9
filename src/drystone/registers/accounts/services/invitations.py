"""P45: the school makes an account for each adult and asks them, by e-mail or letter, to open it with a code of their
own. Nobody else ever learns the password."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from drystone.registers.accounts.models import Invitation
from drystone.registers.school.models import FirstTimeCode, Person
from drystone.registers.school.services.accounts import give_first_time_code, make_account
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import require

MANY = 200  # at once


@dataclass(frozen=True, slots=True)
class Letter:
    """What is printed for one person; the code is shown now and never again."""

    person: Person
    address: str
    code: str


@dataclass(frozen=True, slots=True)
class Invited:
    letters: tuple[Letter, ...] = ()
    mails: tuple[Invitation, ...] = ()
    refused: tuple[tuple[Person, str], ...] = ()  # and why


def invite(*, people: Iterable[Person], how: Invitation.How, pages: str, by: Person) -> Invited:
    """Each by themselves: who cannot be invited is named with the reason, and the others are. `pages` is the address
    of these pages, as those who are invited will reach it. Mails are sent afterwards, by `send`."""
    letters: list[Letter] = []
    mails: list[Invitation] = []
    refused: list[tuple[Person, str]] = []
    for person in people:
        try:
            with transaction.atomic():
                invitation, code = _invite(person, how, pages, by)
        except Refused as refusal:
            refused.append((person, str(refusal)))
            continue
        if how == Invitation.How.EMAIL:
            mails.append(invitation)
        else:
            letters.append(Letter(person, invitation.address, code))
    return Invited(tuple(letters), tuple(mails), tuple(refused))


def _invite(person: Person, how: Invitation.How, pages: str, by: Person) -> tuple[Invitation, str]:
    require(by, "school.give_accounts", person.school)
    user = person.user or make_account(person=person, by=by)
    if not user.is_active:
        raise Refused(f"The account of {person.name} is closed")
    code = "" if how == Invitation.How.EMAIL else give_first_time_code(person=person, by=by)
    invitation = Invitation.objects.create(
        person=person,
        how=how,
        address=user.email,
        pages=pages,
        by=by,
        by_name=by.name,
        code=_newest(person) if code else None,
        sent_at=timezone.now() if code else None,
    )
    return invitation, code


def send(invitation: Invitation) -> None:
    """Makes the code now, so that it lies nowhere in between, and sends it. What went wrong is kept on the invitation;
    the code that nobody got is taken back."""
    person = invitation.person
    try:
        with transaction.atomic():
            code = give_first_time_code(person=person, by=invitation.by, as_name=invitation.by_name)
            invitation.code = _newest(person)
            _message(invitation, code).send()
            invitation.sent_at, invitation.fault = timezone.now(), ""
    except (OSError, smtplib.SMTPException, Refused) as error:
        invitation.code, invitation.fault = None, _in_words(error)[:300]
    invitation.save(update_fields=["code", "sent_at", "fault"])


def goes_by_mail() -> bool:
    """Whether a mail server is named; without one, mails are files in the home folder."""
    return str(settings.EMAIL_BACKEND) != "django.core.mail.backends.filebased.EmailBackend"


def _message(invitation: Invitation, code: str) -> EmailMessage:
    school = invitation.person.school
    text = render_to_string(
        "accounts/invitation.txt", {"invitation": invitation, "code": code, "school": school}, using="jinja2"
    )
    reply_to = [school.email] if school.email else None
    return EmailMessage(f"Your account at {school.name}", text, to=[invitation.address], reply_to=reply_to)


def _newest(person: Person) -> FirstTimeCode | None:
    return FirstTimeCode.objects.filter(user=person.user).order_by("-made_at", "-pk").first()


def _in_words(error: Exception) -> str:
    match error:
        case Refused():
            return str(error)
        case smtplib.SMTPAuthenticationError():
            return "The mail server refused Drystone’s name and password. The technician sets them in DRYSTONE_MAIL_URL"
        case smtplib.SMTPRecipientsRefused():
            return "The mail server does not take mail for this address. Is it spelt right?"
        case _:
            return f"The mail server could not be asked ({error}). The technician sets it in DRYSTONE_MAIL_URL"
