"""Whose class it is: who teaches it or helps in it, from when, until when. That is what lets them see its pupils."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q

from drystone.registers.school.models import STAFF, ClassStaff, Person, Role, SchoolClass
from drystone.registers.school.moments import day
from drystone.registers.school.queries import still_held
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock, values
from drystone.registers.school.services.permission import require

# Who may have a class: staff, and volunteers, whom the matrix lets see no pupil by it.
TEACHING = STAFF | {Role.VOLUNTEER}


@transaction.atomic
def add_class_staff(
    *, school_class: SchoolClass, person: Person, by: Person | None, starts: date, as_name: str = ""
) -> ClassStaff:
    school = lock(school_class.school)
    require(by, "school.change_people", school)
    if person.school_id != school.pk:
        raise Refused("That person is not of this school", field="person")
    if not still_held(person.holdings.filter(role__in=TEACHING), starts).exists():
        raise Refused(f"{person.name} has no role as staff then: the head gives it first", field="person")
    there = school_class.staff.filter(person=person).filter(Q(ends__isnull=True) | Q(ends__gte=starts)).first()
    if there:
        raise Refused(f"{person.name} has {school_class.name} already, from {day(there.starts)}", field="person")
    line = ClassStaff.objects.create(school_class=school_class, person=person, starts=starts)
    audit.record(
        school=school, by=by, as_name=as_name, verb="add_class_staff", subject=line,
        summary=f"{person.name} has the class {school_class.name} from {day(starts)}", after=values(line),
    )  # fmt: skip
    return line


@transaction.atomic
def end_class_staff(*, line: ClassStaff, by: Person | None, ends: date) -> ClassStaff:
    school = lock(line.school_class.school)
    require(by, "school.change_people", school)
    if ends < line.starts:
        raise Refused(f"{line.person.name} got the class on {day(line.starts)}, after that day", field="ends")
    before = values(line)
    line.ends = ends
    line.save()
    audit.record(
        school=school, by=by, verb="end_class_staff", subject=line,
        summary=f"{line.person.name} has the class {line.school_class.name} until {day(ends)}",
        before=before, after=values(line),
    )  # fmt: skip
    return line
