"""What the school register itself shows on a person's page, and to whom."""

from __future__ import annotations

from django.db.models import Q

from drystone.engine.roll.years import year_name
from drystone.registers.school.explain import why
from drystone.registers.school.hooks import PersonPart, person_part
from drystone.registers.school.models import Guardianship, Person, Role
from drystone.registers.school.moments import day
from drystone.registers.school.queries import year_of
from drystone.registers.school.reach import Viewer, may_see, people_for
from drystone.registers.school.services.sensitivities import may_open


@person_part(permission="school.view_person", order=10)
def details(viewer: Viewer, person: Person) -> PersonPart:
    """Each line by a permission of its own: who sees a person need not see their number or their telephone."""
    rows = [("Given names", person.given_names), ("Family name", person.family_name)]
    if person.preferred_name:
        rows.append(("Known as", person.preferred_name))
    if is_pupil(person):
        rows += [
            ("Class", person.school_class.name if person.school_class else "None"),
            ("Year", year_name(year_of(person))),
        ]
        if may_see(viewer, "school.view_births", person):
            rows.append(("Date of birth", day(person.date_of_birth)))
        if may_see(viewer, "school.change_people", person):
            rows.append(("Unique pupil number", person.upn or "None"))
        if may_see(viewer, "school.view_classes", person):
            rows.append(("Publishing", "Never show or name" if person.never_publish else "As their parents decide"))
    if may_see(viewer, "school.view_contacts", person):
        rows += [("E-mail", person.email or "None"), ("Telephone", person.telephone or "None")]
    if person.joined_on:
        rows.append(("First day", day(person.joined_on)))
    if person.left_on:
        rows.append(("Last day", day(person.left_on)))
    return PersonPart("", "school/parts/details.html", {"rows": rows})


@person_part(permission="school.view_person", order=90)
def why_shown(viewer: Viewer, person: Person) -> PersonPart:
    may_list = may_see(viewer, "school.explain_access", person)
    return PersonPart("Why you see this", "school/parts/why.html", {"why": why(viewer, person), "may_list": may_list})


@person_part(permission="school.view_guardians", order=20)
def parents(_viewer: Viewer, person: Person) -> PersonPart | None:
    """P64: in the order in which they are called. Who must be told nothing stands apart, without an address."""
    if not is_pupil(person):
        return None
    lines = list(person.guardianships.select_related("guardian").order_by("order", "id"))
    context = {"called": [each for each in lines if not each.barred], "barred": [each for each in lines if each.barred]}
    return PersonPart("Parents and carers", "school/parts/parents.html", context)


@person_part(permission="school.view_guardians", order=21)
def children(viewer: Viewer, person: Person) -> PersonPart | None:
    """Whose parent or carer they are; only children whom this viewer may see."""
    reached = people_for(viewer, "school.view_guardians").values("pk")
    lines = Guardianship.objects.filter(guardian=person, pupil__in=reached).select_related("pupil__school_class")
    if not lines:
        return None
    return PersonPart(
        "Parent or carer of", "school/parts/children.html", {"lines": lines.order_by("pupil__given_names")}
    )


@person_part(permission="school.view_sensitivities", order=25)
def sensitivities(viewer: Viewer, person: Person) -> PersonPart | None:
    """How many there are, and a link: the text is never on a screen that was opened for something else."""
    if not is_pupil(person) or not may_open(viewer, person):
        return None
    count = person.sensitivities.filter(ended_at=None).count()
    return PersonPart("To bear in mind", "school/parts/sensitivities.html", {"count": count})


@person_part(permission="school.view_people", order=30)
def teaching(viewer: Viewer, person: Person) -> PersonPart | None:
    today = Q(ends__isnull=True) | Q(ends__gte=viewer.on)
    lines = person.classes_taught.filter(today).select_related("school_class").order_by("starts", "id")
    return PersonPart("Classes", "school/parts/teaching.html", {"lines": lines}) if lines else None


@person_part(permission="school.view_people", order=40)
def roles(viewer: Viewer, person: Person) -> PersonPart:
    """P02: what they hold and held, with dates."""
    held = [(h, Role(h.role).label, h.held_on(viewer.on)) for h in person.holdings.order_by("-starts", "-id")]
    return PersonPart("Roles", "school/parts/roles.html", {"holdings": held})


@person_part(permission="school.view_people", order=50)
def account(_viewer: Viewer, person: Person) -> PersonPart | None:
    """P45: the account here, and the name on the school's network."""
    if is_pupil(person) and not person.sign_on:
        return None
    return PersonPart("Signing in", "school/parts/account.html", {"pupil": is_pupil(person)})


def is_pupil(person: Person) -> bool:
    """Now or once: a leaver's page is still a pupil's."""
    return person.school_class_id is not None or any(h.role == Role.PUPIL for h in person.holdings.all())
