"""The named posts of the demo school, and its notices: one read by everybody, one with stragglers, one just sent."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from drystone.registers.documents.api import beside
from drystone.registers.documents.built_in import ANSWER_FOR_POLICY, NETWORK_SECURITY, PUPIL_RECORDS, built_in
from drystone.registers.documents.models import Version
from drystone.registers.documents.services.acknowledging import take_note, take_note_on_paper
from drystone.registers.documents.services.notices import send_notice, tell_of_coordinator
from drystone.registers.documents.services.signing import Confirmed, mark, sign
from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.services.people import add_person, give_role
from drystone.registers.school.services.posts import Contact, fill_post

NAME = "Demo school"
CONTACTS = (
    (Role.DATA_PROTECTION_OFFICER, Contact("Heron", "Cobblegarth", "data@council.drystone.test", "01632 960071")),
    (Role.COUNCIL_CONTACT, Contact("Larch", "Pebblehowe", "security@council.drystone.test", "01632 960072")),
)
STAFF = (
    "head",
    "coordinator",
    "safeguarding",
    "office",
    "technician",
    "support",
    "network",
    *(f"teacher{n}" for n in range(1, 8)),
)
STRAGGLERS = ("support", "teacher6")


def name_posts(school: School, people: dict[str, Person], *, since: date, today: date) -> None:
    """A co-ordinator before the present one, deputies, and contacts outside the school who have no account."""
    former = add_person(
        school=school, by=None, as_name=NAME, given_names="Yarrow", family_name="Granitehowe",
        left_on=since - timedelta(days=1),
    )  # fmt: skip
    give_role(
        person=former, role=Role.COORDINATOR, by=None, as_name=NAME, starts=since - timedelta(days=700),
        ends=since - timedelta(days=1),
    )  # fmt: skip
    for role, holder in (
        (Role.DEPUTY_HEAD, people["teacher7"]),
        (Role.DEPUTY_SAFEGUARDING_LEAD, people["teacher1"]),
    ):
        give_role(person=holder, role=role, by=None, as_name=NAME, starts=since)
    for role, contact in CONTACTS:
        fill_post(school=school, role=role, holder=contact, by=None, as_name=NAME, starts=since)
    _notices(school, people, today)


def _notices(school: School, people: dict[str, Person], today: date) -> None:
    head, staff = people["head"], [people[name] for name in STAFF]
    for slug, days_ago, silent in ((NETWORK_SECURITY, 30, ()), (PUPIL_RECORDS, 20, STRAGGLERS)):
        text = built_in()[slug].text
        version = send_notice(school=school, by=head, text=text, slug=slug, on=today - timedelta(days=days_ago))
        _read(version, [person for name, person in zip(STAFF, staff, strict=True) if name not in silent], people)
    holding = people["coordinator"].holdings.get(role=Role.COORDINATOR)
    told = tell_of_coordinator(holding=holding, by=head)
    for person in (head, people["chair"], people["teacher3"]):
        take_note(version=told, person=person, shown=told.hash)


def _read(version: Version, readers: list[Person], people: dict[str, Person]) -> None:
    """The office enters one from paper; the others confirm on screen."""
    on_paper = people["teacher4"]
    take_note_on_paper(
        version=version, people=[on_paper], read_on=version.issued_on + timedelta(days=3), by=people["office"],
        note="Staff file, green folder",
    )  # fmt: skip
    for person in readers:
        if person != on_paper:
            take_note(version=version, person=person, shown=version.hash)


def sign_off(school: School, head: Person) -> None:
    """The head has signed, with the board beside it; the chair not yet."""
    ready = built_in()[ANSWER_FOR_POLICY]
    now = timezone.now()
    shown = mark(ready, beside(ready.slug, school, timezone.localdate(now)).facts)
    confirmed = Confirmed(now, "demonstration")
    sign(school=school, ready=ready, by=head, role=Role.HEAD, shown=shown, confirmed=confirmed)
