"""A school of 1,000 pupils, 1,500 guardians, 60 staff and 35 classes: the demo school, grown by an import and by what
such a school gathers in a year. Import this module after `prepare` only: it needs Django."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bench.roll_data import CSV_HEADINGS, Pupil, Roll, csv_file
from drystone.engine.filtering.starter_lists import install_starter
from drystone.engine.home import Home
from drystone.engine.roll.mapping import Mapping
from drystone.registers.accounts.models import AccountHolder, HeldAccount, Invitation, System
from drystone.registers.accounts.services.reviews import open_review
from drystone.registers.documents.models import Acknowledgement, Document, How
from drystone.registers.roll.models import Mapping as Remembered
from drystone.registers.roll.models import Run
from drystone.registers.roll.services import imports
from drystone.registers.roll.services.columns import remember
from drystone.registers.roll.services.county import import_file
from drystone.registers.roll.uploads import keep
from drystone.registers.school.models import STAFF as STAFF_ROLES
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role, RoleHolding, School, User
from drystone.registers.school.services import audit
from drystone.registers.signon.models import Device, Session, SessionSource
from drystone.registers.unblock.models import Grant, Kind, SiteRequest, Whom
from drystone.site.demo import load

NEW_PUPILS = 860  # and the demo's 140, in its 7 classes; these are in 28
STAFF, GUARDIANS = 60, 1_500
SINCE = date(2026, 9, 1)
FIELDS = ["reference", "family_name", "given_names", "preferred_name", "year_group", "upn"]
FIELDS += ["date_of_birth", "class_name"]
PARTS = ["full_name", "relationship", "email", "telephone", "parental_responsibility"]
COLUMNS = dict(zip(CSV_HEADINGS, [*FIELDS, *(f"guardian_{one}_{part}" for one in (1, 2) for part in PARTS)],
                   strict=True))  # fmt: skip


def founded(home: Home) -> School:
    install_starter(home.lists, edition=version("drystone"), at=datetime.now(UTC))
    return load(home)


def grow(school: School, part: float, folder: Path) -> None:
    """Up to `part` of the whole; again with more, and it grows on."""
    roll, columns = Roll(1, NEW_PUPILS), _columns(school)
    pupils = roll.all_pupils[: int(NEW_PUPILS * part)]
    file = folder / "roll.csv"
    file.write_text(_written(roll, pupils), encoding="utf-8")
    import_file(file, on=timezone.localdate(), school=school, mapping=columns)
    with transaction.atomic():
        _staff(school, int(STAFF * part))
        _guardians(school, int(GUARDIANS * part))
        _accounts(school)
        _records(school)
        school.account_reviews.filter(finished_at=None).delete()
        open_review(school=school, by=None, on=timezone.localdate())
        _take_note(school)
    _waiting_file(school, columns, _written(roll, [replace(one, given=f"{one.given} Ann") for one in pupils]))


def _columns(school: School) -> Remembered:
    """These columns; who is not in the file stays, or the demo's own pupils would leave."""
    return remember(school=school, by=None, mapping=Mapping(columns=COLUMNS, complete=False, name="Bench"))


def _written(roll: Roll, pupils: list[Pupil]) -> str:
    return csv_file(Roll(1, NEW_PUPILS, roll.seed, pupils, roll.teachers))


def of(school: School, role: Role) -> QuerySet[Person]:
    return school.people.filter(holdings__role=role, holdings__ends=None).order_by("pk").distinct()


def _added(school: School, role: Role, count: int) -> list[Person]:
    """So many more people of this role, without accounts yet."""
    start = school.people.count()
    made = [
        Person(school=school, given_names=f"{role.label} {number}", family_name="Fictional",
               email=f"{role.value}{number}@school.example", sign_on=f"{role.value}{number}", joined_on=SINCE)
        for number in range(start, start + count)
    ]  # fmt: skip
    for person in made:
        person.fold()
    Person.objects.bulk_create(made)
    RoleHolding.objects.bulk_create([RoleHolding(person=person, role=role, starts=SINCE) for person in made])
    return made


def _staff(school: School, count: int) -> None:
    """A teacher for each class that has none, and helpers up to `count`."""
    alone = list(school.classes.filter(staff=None))
    teachers = _added(school, Role.TEACHER, len(alone))
    there = school.people.filter(email__contains="@", holdings__role__in=[Role.TEACHER, Role.SUPPORT_STAFF]).count()
    helpers = _added(school, Role.SUPPORT_STAFF, max(0, count - there - 9))  # 9: the demo's other posts
    pairs = [*zip(alone, teachers, strict=True), *zip(alone, helpers, strict=False)]
    ClassStaff.objects.bulk_create([ClassStaff(school_class=one, person=who, starts=SINCE) for one, who in pairs])


def _guardians(school: School, count: int) -> None:
    """A grandmother each for pupils who have one guardian, until there are so many guardians."""
    missing = max(0, count - Person.objects.filter(school=school).exclude(wards=None).count())
    pupils = [
        one for one in of(school, Role.PUPIL).prefetch_related("guardianships") if len(one.guardianships.all()) < 2
    ]
    made = _added(school, Role.PARENT, min(missing, len(pupils)))
    given = {"relationship": "Grandmother", "order": 2}
    Guardianship.objects.bulk_create(
        [Guardianship(pupil=pupil, guardian=one, **given) for pupil, one in zip(pupils, made, strict=False)]
    )


def _accounts(school: School) -> None:
    """Every adult can sign in; the staff's accounts on the network are registered, as are the pupils'."""
    adults = list(school.people.filter(user=None).exclude(holdings__role=Role.PUPIL))
    users = [User(email=f"{person.key}@accounts.example", password="!") for person in adults]
    for person, user in zip(adults, User.objects.bulk_create(users), strict=True):
        person.user = user
    Person.objects.bulk_update(adults, ["user"], batch_size=200)
    Invitation.objects.bulk_create(
        [
            Invitation(person=person, how="email", address=person.user.email, pages="http://localhost/",
                       by_name="Bench", sent_at=timezone.now())
            for person in adults
        ]
    )  # fmt: skip
    holders = list(school.people.filter(held_accounts=None).exclude(holdings__role=Role.PARENT))
    held = [HeldAccount(school=school, system=System.NETWORK, name=f"{one.key}") for one in holders]
    HeldAccount.objects.bulk_create(held)
    AccountHolder.objects.bulk_create(
        [AccountHolder(account=account, person=one, since=SINCE) for account, one in zip(held, holders, strict=True)]
    )


def _records(school: School) -> None:
    """Requests, grants, devices, sign-ons and an entry of the audit trail for every pupil who has none yet."""
    pupils = list(of(school, Role.PUPIL).filter(site_requests=None))
    now, source = timezone.now(), SessionSource.objects.filter(school=school).first()
    grants = [
        Grant(school=school, host=f"s{one.pk}.example", level=Whom.PERSON, person=one, whom=one.name, reason="a lesson",
              until=now + timedelta(hours=8), by_name="Bench")
        for one in pupils[::2]
    ]  # fmt: skip
    Grant.objects.bulk_create(grants)
    SiteRequest.objects.bulk_create(
        [
            SiteRequest(school=school, kind=Kind.OPEN, host=f"s{one.pk}.example", by_child=True, sensitive=False,
                        mark=one.key, asker=one)
            for one in pupils
        ]
    )  # fmt: skip
    Device.objects.bulk_create(
        [
            Device(school=school, name=f"Tablet {one.pk}", network=f"10.{40 + one.pk // 65_536}.{one.pk // 256 % 256}."
                   f"{one.pk % 256}/32", person=one)
            for one in pupils[::4]
        ]
    )  # fmt: skip
    if source is not None:
        Session.objects.bulk_create(
            [
                Session(school=school, source=source, reference=f"bench-{one.pk}", sign_on=one.sign_on or one.key,
                        address=f"10.60.{one.pk // 256 % 256}.{one.pk % 256}", person=one,
                        since=now - timedelta(hours=1), ends_at=now + timedelta(hours=8))
                for one in pupils
            ]
        )  # fmt: skip
    for one in pupils:
        audit.record(school=school, by=None, verb="try", subject=one, summary="A sample", as_name="Bench")


def _take_note(school: School) -> None:
    """Every other adult has read each notice."""
    readers = school.people.exclude(user=None).filter(acknowledgements=None).order_by("pk")[::2]
    newest = [document.versions.order_by("-number").first() for document in Document.objects.filter(school=school)]
    Acknowledgement.objects.bulk_create(
        [
            Acknowledgement(version=one, hash=one.hash, person=reader, read_on=timezone.localdate(), how=How.SCREEN)
            for one in newest
            for reader in readers
            if one is not None
        ]
    )


def _waiting_file(school: School, columns: Remembered, content: str) -> Run:
    """One file in which every pupil has another name waits for its yes."""
    sent = content.encode()
    run = imports.begin(school=school, by=None, file_name="names.csv", on=timezone.localdate(), mapping=columns)
    keep([SimpleUploadedFile(run.file_name, sent)], imports.upload_of(run))
    return imports.read(run=run)


def figures(school: School) -> dict[str, int]:
    """How big it is, for the report."""
    return {
        "pupils": of(school, Role.PUPIL).count(),
        "guardians": Person.objects.filter(school=school).exclude(wards=None).count(),
        "staff": school.people.filter(holdings__role__in=STAFF_ROLES).distinct().count(),
        "classes": school.classes.count(),
    }
