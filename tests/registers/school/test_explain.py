"""Why somebody may see a person, in words; and that the words and the rules are one."""

import pytest
from django.utils import timezone

from drystone.registers.school.access import roles_of
from drystone.registers.school.explain import who_sees, why
from drystone.registers.school.models import ClassStaff, Guardianship, Person, Role, RoleHolding, SchoolClass
from drystone.registers.school.reach import Viewer, may_see
from tests.people import LONG_AGO, make_person, make_school, sign_in

SEE = "school.view_person"


@pytest.fixture
def school(db):
    """A person of each role; Damsons with a pupil, her mother and a father kept away by a court, who is technician."""
    school = make_school()
    damsons = SchoolClass.objects.create(school=school, name="Damsons", year_group=3, group=school.groups.first())
    for role in Role:
        setattr(school, role, make_person(school, role, given=role.label))
    for role in (Role.TEACHER, Role.SUPPORT_STAFF):
        ClassStaff.objects.create(school_class=damsons, person=getattr(school, role), starts=LONG_AGO)
    school.una = make_person(school, Role.PUPIL, given="Una", family="Scar", school_class=damsons)
    Guardianship.objects.create(pupil=school.una, guardian=getattr(school, Role.PARENT))
    school.kept_away = make_person(school, Role.PARENT, Role.TECHNICIAN, given="Kept", family="Away")
    Guardianship.objects.create(pupil=school.una, guardian=school.kept_away, barred=True)
    return school


def told(school, role, person):
    who = getattr(school, role)
    return why(Viewer(who, roles_of(who), timezone.localdate()), person)


def test_it_says_by_which_role_and_for_a_class_which_one(school):
    assert told(school, Role.HEAD, school.una) == "You see this because you are head teacher."
    assert told(school, Role.TEACHER, school.una) == "You see this because you are teacher of Damsons."
    assert told(school, Role.PARENT, school.una) == "You see this because you are parent or carer of Una Scar."
    mother = getattr(school, Role.PARENT)
    assert "teacher of Damsons, where a child of" in told(school, Role.TEACHER, mother)
    assert told(school, Role.GOVERNOR, school.una) == ""


def test_each_role_is_told_by_itself(school):
    teacher = getattr(school, Role.TEACHER)
    RoleHolding.objects.create(person=teacher, role=Role.PARENT, starts=LONG_AGO)
    Guardianship.objects.create(pupil=school.una, guardian=teacher)
    both = "You see this because you are teacher of Damsons and parent or carer of Una Scar."
    assert told(school, Role.TEACHER, school.una) == both


def test_who_is_listed_is_exactly_who_may(school):
    today = timezone.localdate()
    people = list(Person.objects.filter(school=school))
    for person in people:
        listed = {each.who for each in who_sees(person, today)}
        may = {who for who in people if may_see(Viewer(who, roles_of(who), today), SEE, person)}
        assert listed == may, person.name
    assert getattr(school, Role.TEACHER) in {each.who for each in who_sees(school.una, today)}
    assert school.kept_away not in {each.who for each in who_sees(school.una, today)}


def test_what_each_sees_is_what_their_permissions_reach(school):
    shows = {each.who: each.shows for each in who_sees(school.una, timezone.localdate())}
    assert "parents and carers" in shows[getattr(school, Role.TEACHER)]
    assert "parents and carers" not in shows[getattr(school, Role.SUPPORT_STAFF)]
    sealed = {who for who, seen in shows.items() if "what only safeguarding reads" in seen}
    assert sealed == {getattr(school, Role.SAFEGUARDING_LEAD), getattr(school, Role.DEPUTY_SAFEGUARDING_LEAD)}


def test_the_page_of_a_person_says_why_and_the_head_reads_who_else(school):
    head, teacher = (sign_in(getattr(school, role)) for role in (Role.HEAD, Role.TEACHER))
    page = teacher.get(f"/school/people/{school.una.pk}/").content.decode()
    assert "You see this because you are teacher of Damsons." in page
    assert "who-sees" not in page
    assert "who-sees" in head.get(f"/school/people/{school.una.pk}/").content.decode()
    listed = head.get(f"/school/people/{school.una.pk}/who-sees/").content.decode()
    assert "teacher of Damsons" in listed
    assert teacher.get(f"/school/people/{school.una.pk}/who-sees/").status_code == 403
    rows = head.get(f"/school/people/{school.una.pk}/who-sees/?format=csv")
    assert "Una" not in b"".join(rows.streaming_content).decode().partition("parent or carer of")[0]
