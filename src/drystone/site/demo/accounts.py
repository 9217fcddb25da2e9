"""The demo school's accounts on its network and e-mail, reviews of accounts, and a reminder about passwords."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from drystone.registers.accounts.models import Answer, PasswordReminder
from drystone.registers.accounts.queries import holds
from drystone.registers.accounts.services.held_import import import_accounts
from drystone.registers.accounts.services.reviews import open_review
from drystone.registers.school.models import GOVERNORS, STAFF, Person, School
from drystone.registers.school.terms import YearPlan

SHARED = ("support", "office")  # an account at the photocopier that two use: the board shows it


def add_accounts(school: School, people: Mapping[str, Person], *, year: YearPlan, today: date) -> None:
    """Each adult's own accounts; one that two share; a mailbox that nobody signs in with."""
    lines = ["system,account,person,use,note"]
    for person in school.people.filter(holds(STAFF, today)).exclude(sign_on="").exclude(email=""):
        name = person.sign_on
        lines += [f"network,{name},{name},own,", f"e-mail,{person.email},{name},own,"]
    lines += [f"network,copier,{name},own,The photocopier in the corridor" for name in SHARED]
    lines.append("e-mail,office-mail@demo.drystone.test,,nobody,Opened from their own accounts")
    import_accounts(school=school, by=people["technician"], text="\n".join(lines), on=today, dry_run=False)
    _review_of_last_term(school, people["head"], year.starts)
    open_review(school=school, by=None, on=today)
    _remind(school, today)


def _review_of_last_term(school: School, head: Person, since: date) -> None:
    """As it stands when the head has said yes to everybody."""
    at = timezone.make_aware(datetime.combine(since - timedelta(days=100), time(15, 30)))
    review = open_review(school=school, by=None, on=since - timedelta(days=100))
    review.lines.update(answer=Answer.KEEP, answered_at=at, answered_by_name=head.name)
    review.term_name, review.opened_at, review.finished_at = "Summer, last school year", at, at
    review.finished_by, review.finished_by_name = head, head.name
    review.save()


def _remind(school: School, today: date) -> None:
    term = school.years.get().terms.filter(starts__lte=today).order_by("-starts").first()
    if term is not None:
        count, name = school.people.filter(holds(STAFF | GOVERNORS, today)).count(), f"{term.name} {term.year.name}"
        PasswordReminder.objects.create(
            school=school, term_name=name, term_starts=term.starts, by_name="Drystone", sent=count
        )
