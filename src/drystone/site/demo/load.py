"""Loads the demo school whole: people, calendar, zones, rules, a published filter, a term of traffic."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from drystone.engine.home import Home
from drystone.oversight.policy.services import assess_school, record_review
from drystone.registers.network.api import SETTLE_SECONDS, publish_first
from drystone.registers.school.models import Group, Person, Role, School
from drystone.registers.school.moments import add_months
from drystone.registers.school.services.accounts import make_account
from drystone.registers.school.services.calendar import add_year
from drystone.registers.school.services.people import add_class, add_person, give_role
from drystone.registers.school.services.places import add_zone
from drystone.registers.school.services.schools import found_school
from drystone.registers.school.terms import YearPlan, usual_year
from drystone.site.demo.accounts import add_accounts
from drystone.site.demo.certificate import use_certificate
from drystone.site.demo.doors import leave_letters
from drystone.site.demo.draft import leave_a_draft
from drystone.site.demo.families import add_families
from drystone.site.demo.lists import bring_lists
from drystone.site.demo.names import names
from drystone.site.demo.others import add_others
from drystone.site.demo.posts import name_posts, sign_off
from drystone.site.demo.requests import add_requests
from drystone.site.demo.roll import leave_a_file
from drystone.site.demo.rules import make_rules
from drystone.site.demo.sign_on import add_sign_on
from drystone.site.demo.traffic import write_term
from drystone.site.tasks import look_at_first

SEED = 69
WEEKS_IN = 6  # how far into the term the demo stands, where the real calendar has holidays

STAFF = (
    ("head", Role.HEAD, "staff"),
    ("coordinator", Role.COORDINATOR, "staff"),
    ("safeguarding", Role.SAFEGUARDING_LEAD, "staff"),
    ("chair", Role.CHAIR, ""),
    ("governor", Role.GOVERNOR, ""),
    ("office", Role.OFFICE, "staff"),
    ("technician", Role.TECHNICIAN, "staff"),
    ("support", Role.SUPPORT_STAFF, "staff"),
    ("council", Role.COUNCIL, ""),
)
CLASSES = (
    ("Acorns", 0, "ks1"),
    ("Beeches", 1, "ks1"),
    ("Chestnuts", 2, "ks1"),
    ("Damsons", 3, "ks2"),
    ("Elders", 4, "ks2"),
    ("Firs", 5, "ks2"),
    ("Gorses", 6, "ks2"),
)
PUPILS_A_CLASS = 20
ZONES = (
    ("ICT suite", "ks2", "10.20.1.0/24"),
    ("Key Stage 1 classrooms", "ks1", "10.20.2.0/24"),
    ("Key Stage 2 classrooms", "ks2", "10.20.3.0/24"),
    ("Staff room", "staff", "10.20.4.0/24"),
    ("Office", "staff", "10.20.5.0/24"),
    ("Guest Wi-Fi", "guests", "10.20.9.0/24"),
    ("This machine itself", "ks2", "127.0.0.0/8\n::1"),
)


def load(home: Home | None = None, *, now: datetime | None = None, seed: int = SEED) -> School:
    """The demo school of this home; made when it is not there. The same seed and moment make the same school.

    Raises CannotPublish when its filter cannot be built; then nothing of it is kept.
    """
    home = home or settings.HOME
    now = now or timezone.now()
    today = timezone.localdate(now)
    there = School.objects.filter(is_demo=True).first()
    if there is not None:
        return there
    rng = Random(seed)  # noqa: S311 - a demo is meant to be the same each time
    with transaction.atomic():
        school, year = _found(today)
        people = _people(school, year.starts, rng)
        add_families(school, people, since=year.starts, today=today)
        add_others(school, people, since=year.starts, today=today)
        name_posts(school, people, since=year.starts, today=today)
        bring_lists(now)
        make_rules(
            school,
            coordinator=people["coordinator"],
            technician=people["technician"],
            council=people["council"],
            visitor=people["support"],
        )
        add_sign_on(school, people, since=year.starts, now=now)
        publish_first(school, people["technician"])
        use_certificate(school, people["technician"])
        leave_a_draft(school, people["coordinator"])
        add_requests(school, people)
        add_accounts(school, people, year=year, today=today)
        leave_letters(people)
        leave_a_file(school, people["office"], today)
        record_review(
            school=school,
            by=people["chair"],
            reviewed_on=add_months(today, -4),
            next_on=add_months(today, 8),
            outcome="Curriculum committee, with the co-ordinator and the safeguarding lead. Minute 7.",
        )
    term = next(term for term in year.terms if term.starts <= today <= term.ends)
    write_term(school=school, term=term, closures=year.closures, until=now, home=home, rng=rng)
    assess_school(school=school, on=today)
    sign_off(school, people["head"])
    look_at_first.schedule((school.pk,), delay=SETTLE_SECONDS)  # when the worker and the gateway are up
    return school


def _found(today: date) -> tuple[School, YearPlan]:
    school = found_school(
        by=None,
        as_name="Demo school",
        name="Drystone Demonstration Primary School",
        short_name="demo",
        authority="Made-up County Council",
        is_demo=True,
        own_sites="school.demo.drystone.test",
        address="1 Nowhere Lane, Made-up",
        telephone="01632 960069",  # a number set aside for drama
        email="office@demo.drystone.test",
    )
    year = _term_time(today)
    add_year(school=school, by=None, plan=year)
    groups = {group.slug: group for group in Group.objects.filter(school=school)}
    for name, group, addresses in ZONES:
        add_zone(school=school, by=None, name=name, group=groups[group], addresses=addresses)
    for name, year_group, group in CLASSES:
        add_class(school=school, by=None, name=name, year_group=year_group, group=groups[group])
    return school, year


def _term_time(today: date) -> YearPlan:
    """The usual year; moved by whole weeks where today is no day well inside a term."""
    year = usual_year(today)
    for term in year.terms:
        if term.starts + timedelta(weeks=2) <= today <= term.ends:
            return year
    nearest = min(year.terms, key=lambda term: abs((term.starts + timedelta(weeks=WEEKS_IN) - today).days))
    shift = timedelta(weeks=(today - nearest.starts).days // 7 - WEEKS_IN)
    moved = tuple(
        replace(
            term,
            starts=term.starts + shift,
            ends=term.ends + shift,
            half_term_starts=term.half_term_starts and term.half_term_starts + shift,
            half_term_ends=term.half_term_ends and term.half_term_ends + shift,
        )
        for term in year.terms
    )
    return replace(year, starts=year.starts + shift, ends=year.ends + shift, terms=moved)


def _people(school: School, since: date, rng: Random) -> dict[str, Person]:
    """Staff and governors with accounts of their own, teachers, and pupils; keyed by sign-on name."""
    drawn = iter(names(rng, len(STAFF) + len(CLASSES) * (PUPILS_A_CLASS + 1)))
    people: dict[str, Person] = {}
    teachers = [(f"teacher{number}", Role.TEACHER, "staff") for number in range(1, len(CLASSES) + 1)]
    for sign_on, role, _ in (*STAFF, *teachers):
        given, family = next(drawn)
        person = add_person(
            school=school,
            by=None,
            as_name="Demo school",
            given_names=given,
            family_name=family,
            email=f"{sign_on}@demo.drystone.test",
            sign_on=sign_on,
        )
        give_role(person=person, role=role, by=None, starts=since, as_name="Demo school")
        make_account(person=person, by=None, as_name="Demo school")
        people[sign_on] = person
    for school_class in school.classes.order_by("year_group"):
        for _ in range(PUPILS_A_CLASS):
            given, family = next(drawn)
            sign_on = f"{given}.{family}".lower()
            person = add_person(
                school=school,
                by=None,
                as_name="Demo school",
                given_names=given,
                family_name=family,
                sign_on=sign_on,
                school_class=school_class,
            )
            give_role(person=person, role=Role.PUPIL, by=None, starts=since, as_name="Demo school")
            people[sign_on] = person
    return people
