"""Every page of the big school that needs a permission, and who opens it. Import after `prepare` only."""

from __future__ import annotations

from django.test import Client

from bench.big_school import of
from drystone.registers.roll.models import Run, RunState
from drystone.registers.school.access import Reach, matrix, reaches
from drystone.registers.school.models import ClassStaff, Person, Role, School
from tests.people import LONG_AGO, make_person, sign_in
from tests.site.samples import QUERY, SAMPLES, SHARED
from tests.site.walk import Page, guarded

Door = tuple[Client, str, str, str]  # who, the page's name, their role, its address


def doors(school: School) -> list[Door]:
    """Each page by one role of each reach that its permission has, the first page by every role. What can only be
    sent to (405) is left out."""
    pupil = of(school, Role.PUPIL).exclude(guardianships=None).exclude(school_class=None)[0]
    clients = {role: sign_in(_holder(role, school, pupil)) for role in Role if role != Role.PUPIL}
    found: list[Door] = [(client, "home", role.value, "/") for role, client in clients.items()]
    for page in guarded():
        address = _address(page, school, pupil)
        for role in _roles(page.permission or ""):
            if clients[role].get(address).status_code != 405:
                found.append((clients[role], page.name, role.value, address))
    return found


def _roles(permission: str) -> list[Role]:
    """The first role of each reach."""
    first: dict[Reach, Role] = {}
    for role in Role:
        if role in matrix()[permission]:
            first.setdefault(reaches()[permission][role], role)
    return list(first.values())


def _holder(role: Role, school: School, pupil: Person) -> Person:
    """Somebody who sees this pupil: their teacher, helper or guardian; or whoever holds the post."""
    if role == Role.PARENT:
        return pupil.guardianships.exclude(barred=True)[0].guardian
    if role in (Role.TEACHER, Role.SUPPORT_STAFF):
        there = of(school, role).filter(classes_taught__school_class=pupil.school_class).first()
        if there is None:
            there = of(school, role).first() or make_person(school, role)
            ClassStaff.objects.create(school_class=pupil.school_class, person=there, starts=LONG_AGO)
        return there
    return of(school, role).first() or make_person(school, role)


def _address(page: Page, school: School, pupil: Person) -> str:
    """Of a record that there is; where it may be any, of one that has much to show."""
    if not page.arguments:
        return page.address()
    given = SHARED.get(page.name) or SAMPLES[page.name](school)
    if page.name.startswith("roll:"):
        state = RunState.APPLIED if page.name == "roll:undo" else RunState.WAITING
        given = {"number": Run.objects.filter(school=school, state=state).latest("pk").pk}
    elif page.name == "unblock:request":
        given = {"number": pupil.site_requests.first().pk}
    elif given.get("pk") == school.people.first().pk:
        adult = page.name.startswith("accounts:") or page.name == "school:give_account"
        given |= {"pk": of(school, Role.TEACHER)[0].pk if adult else pupil.pk}
    elif page.name.startswith("school:") and page.name.endswith("class"):
        given = {"pk": pupil.school_class_id}
    return page.address(**given) + QUERY.get(page.name, "")
