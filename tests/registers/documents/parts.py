"""What tests of notices need: a school's staff, and a notice that is out from today."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from drystone.registers.documents.built_in import Text, built_in
from drystone.registers.documents.models import Version
from drystone.registers.documents.queries import live_notice
from drystone.registers.documents.services.notices import send_notice
from drystone.registers.school.models import Role, User
from tests.people import make_person

RECORDS = "pupil-records"


def text(**changes) -> Text:
    return replace(built_in()[RECORDS].text, **changes)


def send(school, *, by=None, slug=RECORDS, **changes) -> Version:
    return send_notice(school=school, by=by, text=replace(built_in()[slug].text, **changes), slug=slug)


def live(school, slug=RECORDS, on=None):
    return live_notice(school, slug, on or today())


def with_account(person):
    person.user = User.objects.create_user(f"{person.key}@school.example")
    person.save()
    return person


def today():
    return timezone.localdate()


def in_days(days):
    return today() + timedelta(days=days)


def staff_of(school):
    """A head, a teacher and a helper, in this order."""
    return (
        make_person(school, Role.HEAD, given="Hana", family="Rigg"),
        make_person(school, Role.TEACHER, given="Tom", family="Stile"),
        make_person(school, Role.SUPPORT_STAFF, given="Una", family="Tarn"),
    )
