"""The school itself: founded by the wizard, corrected on its page."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from drystone.registers.school.hooks import announce_filter_change
from drystone.registers.school.models import AgeBand, Authority, Group, Person, Role, School
from drystone.registers.school.queries import free_slug, holdings_on
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, differing, values

USUAL_GROUPS = (
    ("ks1", "Key Stage 1", AgeBand.KS1),
    ("ks2", "Key Stage 2", AgeBand.KS2),
    ("staff", "Staff", AgeBand.STAFF),
    ("guests", "Guests", AgeBand.GUESTS),
)


@transaction.atomic
def found_school(
    *,
    by: Person | None,
    name: str,
    short_name: str,
    authority: str = "",
    is_demo: bool = False,
    as_name: str = "",
    **details: Any,
) -> School:
    """A school with its usual groups (P14: one a key stage, staff and guests). `short_name` becomes its slug."""
    slug = free_slug(short_name, set(School.objects.values_list("slug", flat=True)), longest=60)
    school = School.objects.create(name=name, slug=slug, authority=_authority(authority), is_demo=is_demo, **details)
    audit.record(
        school=school,
        by=by,
        as_name=as_name,
        verb="found_school",
        subject=school,
        summary=f"{school.name} was set up",
        after=values(school),
    )
    for group_slug, group_name, band in USUAL_GROUPS:
        Group.objects.create(school=school, slug=group_slug, name=group_name, age_band=band)
    return school


def _authority(name: str) -> Authority | None:
    if not name:
        return None
    known = Authority.objects.filter(name__iexact=name).first()
    slugs = set(Authority.objects.values_list("slug", flat=True))
    return known or Authority.objects.create(name=name, slug=free_slug(name, slugs, longest=60))


@transaction.atomic
def change_school(*, school: School, by: Person, authority: str, **details: Any) -> School:
    """Name, contacts and own web sites. The slug stays: bundles, events and the lake are named by it."""
    before = values(School.objects.select_for_update().get(pk=school.pk))
    _refuse_to_slip_away(school, authority)
    school.authority = _authority(authority)
    for name, value in details.items():
        setattr(school, name, value)
    school.save()
    old, new = differing(before, values(school))
    if not new:
        return school
    audit.record(
        school=school,
        by=by,
        verb="change_school",
        subject=school,
        summary=f"Details of the school changed: {', '.join(sorted(new))}",
        before=old,
        after=new,
    )
    if new.keys() & {"own_sites", "name", "time_zone", "authority_id"}:
        announce_filter_change(school=school, by=by)
    return school


def _refuse_to_slip_away(school: School, name: str) -> None:
    """P35: rules that an authority locks would be worth little if a school left it by typing another name; and nobody
    becomes another authority's voice so. Where none shares it and nobody speaks for it, a name can be corrected."""
    now = school.authority.name if school.authority else ""
    if name.lower() == now.lower():
        return
    spoken_for = holdings_on(school, Role.COUNCIL, timezone.localdate()).exists()
    shared = school.authority is not None and school.authority.schools.exclude(pk=school.pk).exists()
    if spoken_for or shared:
        message = "sets rules for its schools, so a school does not leave it here"
        raise Refused(
            f"{now or 'The council'} {message}. The technician can, by “drystone manage council move”",
            field="authority",
        )


@transaction.atomic
def move_school(*, school: School, authority: str, as_name: str) -> School:
    """To another authority, or to none; from the command line of the machine, by whoever looks after it."""
    before = values(school)
    school.authority = _authority(authority)
    school.save()
    old, new = differing(before, values(school))
    if new:
        audit.record(
            school=school,
            by=None,
            as_name=as_name,
            verb="move_school",
            subject=school,
            summary=f"{school.name} belongs to {school.authority or 'no council or trust'} now",
            before=old,
            after=new,
        )
        announce_filter_change(school=school, by=None)
    return school
