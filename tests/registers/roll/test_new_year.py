"""Year rollover: classes move up on a day, Year 6 leaves; seen first, undone afterwards, planned for a night."""

from datetime import date

import pytest

from drystone.registers.roll.models import Run, RunState, Tab
from drystone.registers.roll.rollover import LEAVE, NO_CLASS, cohorts, usual, usual_day, usual_last_day
from drystone.registers.roll.services.new_year import begin_due, cancel, look_ahead, say_yes
from drystone.registers.roll.services.undo import undo
from drystone.registers.school.hooks import people_left
from drystone.registers.school.models import AuditEntry, Guardianship, Person, Role
from drystone.registers.school.services.calendar import add_year
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.people import add_class
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.school.terms import usual_year_from
from tests.people import make_person, make_school

TODAY, BEGINS, LAST = date(2027, 7, 1), date(2027, 9, 1), date(2027, 7, 21)
CLASSES = {"Damsons": 3, "Elders": 4, "Firs": 5, "Gorses": 6}


@pytest.fixture
def school(db):
    """Four classes of one year each, two pupils in each, and an office."""
    school = make_school()
    for name, year in CLASSES.items():
        place = add_class(school=school, by=None, name=name, year_group=year, group=school.groups.get(slug="ks2"))
        for given in ("Ada", "Bo"):
            pupil(school, given, name, place, year)
    return school


@pytest.fixture
def office(school):
    return make_person(school, Role.OFFICE, given="Olive", family="Office")


def pupil(school, given, family, place, year):
    return make_person(school, Role.PUPIL, given=given, family=family, school_class=place, year_group=year)


def where(school):
    """class name → the years of its pupils; those in none under an empty name."""
    found = {}
    for each in school.people.filter(holdings__role=Role.PUPIL).select_related("school_class"):
        name = each.school_class.name if each.school_class else ""
        found.setdefault(name, []).append(each.year_group)
    return {name: sorted(years) for name, years in found.items()}


def usual_moves(school, today=TODAY):
    return usual(cohorts(school, today), school.classes.all())


def ahead(school, by, moves=None, on=BEGINS, last_day=LAST, today=TODAY):
    moves = usual_moves(school) if moves is None else moves
    return look_ahead(school=school, by=by, on=on, last_day=last_day, moves=moves, today=today)


def tabs(run):
    return {tab: run.lines.filter(tab=tab).count() for tab in Tab if run.lines.filter(tab=tab).exists()}


def test_each_class_usually_goes_to_the_class_of_the_next_year_and_year_6_leaves(school):
    names = {str(each.pk): each.name for each in school.classes.all()} | {LEAVE: LEAVE}
    assert [names[where] for where in usual_moves(school).values()] == ["Elders", "Firs", "Gorses", LEAVE]


def test_pupils_of_a_class_of_mixed_years_stay_in_it_until_they_are_its_oldest(db):
    school = make_school()
    group = school.groups.get(slug="ks1")
    little = add_class(school=school, by=None, name="Little", year_group=0, group=group)
    big = add_class(school=school, by=None, name="Big", year_group=2, group=group)
    for year, place in ((0, little), (1, little), (2, big), (3, big)):
        pupil(school, "Ada", f"Y{year}", place, year)
        pupil(school, "Bo", f"Y{year}", place, year)
    found = {key.split("-")[1]: value for key, value in usual_moves(school).items()}
    assert found == {"0": str(little.pk), "1": str(big.pk), "2": str(big.pk), "3": ""}


def test_of_two_forms_each_keeps_its_letter_and_what_nobody_can_know_is_left_open(db):
    school = make_school()
    group = school.groups.get(slug="ks2")
    classes = {
        name: add_class(school=school, by=None, name=name, year_group=int(name[0]), group=group)
        for name in ("3H", "3W", "3 Oak", "4H", "4W")
    }
    for name in ("3H", "3W", "3 Oak"):
        pupil(school, "Ada", "Example", classes[name], 3)
    found = usual_moves(school)
    assert found[f"{classes['3H'].pk}-3"] == str(classes["4H"].pk)
    assert found[f"{classes['3W'].pk}-3"] == str(classes["4W"].pk)
    assert found[f"{classes['3 Oak'].pk}-3"] == ""


def test_the_day_and_the_last_day_come_from_the_school_s_own_calendar(school):
    assert usual_day(school, TODAY) == date(2027, 9, 1)
    add_year(school=school, by=None, plan=usual_year_from(2026))
    add_year(school=school, by=None, plan=usual_year_from(2027))
    summer = school.years.get(name="2026 to 2027").terms.get(name="Summer")
    assert usual_last_day(school, usual_day(school, TODAY)) == summer.ends


def test_it_is_seen_first_and_nothing_moves_before_a_yes(school, office):
    before = where(school)
    run = ahead(school, office)
    assert (run.state, tabs(run)) == (RunState.WAITING, {Tab.MOVE: 6, Tab.LEAVER: 2})
    line = run.lines.filter(tab=Tab.MOVE).first()
    assert (line.name, line.fields) == ("Ada Damsons", [["Class", "Damsons", "Elders"], ["Year", "Year 3", "Year 4"]])
    assert where(school) == before


def test_with_a_yes_and_its_day_come_everybody_moves_at_once(school, office):
    run = ahead(school, office, on=TODAY, last_day=date(2027, 6, 30))
    run = say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    assert (run.state, run.on) == (RunState.APPLIED, TODAY)
    assert where(school) == {"Elders": [4, 4], "Firs": [5, 5], "Gorses": [6, 6], "": [6, 6]}
    entry = AuditEntry.objects.get(verb="apply_roll")
    assert entry.summary == "The new school year began on 1 July 2027: 6 pupils moved up, 2 left"


def test_p42_who_leaves_has_a_last_day_no_role_after_it_and_others_are_told(school, office):
    heard = []

    def listen(people, on, **_kwargs):
        heard.append((sorted(person.family_name for person in people), on))

    people_left.connect(listen)
    try:
        run = ahead(school, office, on=TODAY, last_day=date(2027, 6, 30))
        say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    finally:
        people_left.disconnect(listen)
    gone = school.people.filter(family_name="Gorses")
    assert {(each.left_on, each.school_class) for each in gone} == {(date(2027, 6, 30), None)}
    assert {each.holdings.get().ends for each in gone} == {date(2027, 6, 30)}
    assert heard == [(["Gorses", "Gorses"], date(2027, 6, 30))]


def test_a_parent_leaves_with_the_last_child_and_not_before(school, office):
    lonely = make_person(school, Role.PARENT, given="Lone", family="Parent")
    helper = make_person(school, Role.PARENT, Role.VOLUNTEER, given="Helper", family="Parent")
    busy = make_person(school, Role.PARENT, given="Busy", family="Parent")
    leaver, stayer = (
        school.people.get(given_names="Ada", family_name="Gorses"),
        school.people.get(given_names="Ada", family_name="Firs"),
    )
    for parent in (lonely, helper, busy):
        Guardianship.objects.create(pupil=leaver, guardian=parent)
    Guardianship.objects.create(pupil=stayer, guardian=busy)
    run = ahead(school, office, on=TODAY, last_day=date(2027, 6, 30))
    say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    left = set(Person.objects.filter(left_on__isnull=False, family_name="Parent").values_list("given_names", flat=True))
    assert left == {"Lone"}


def test_planned_ahead_it_begins_in_the_night_with_who_is_there_then(school, office):
    run = ahead(school, office)
    run = say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    assert run.state == RunState.PLANNED
    assert begin_due(date(2027, 8, 31)) == []
    late = pupil(school, "Cy", "Late", school.classes.get(name="Damsons"), 3)
    [begun] = begin_due(BEGINS)
    assert (begun.state, begun.on) == (RunState.APPLIED, BEGINS)
    late.refresh_from_db()
    assert late.school_class.name == "Elders"
    assert AuditEntry.objects.get(verb="apply_roll").actor_name == "Every night"
    assert begin_due(BEGINS) == []


def test_a_class_that_nobody_thought_of_stops_the_night_and_says_so(school, office):
    run = ahead(school, office)
    say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    added = add_class(school=school, by=None, name="Hazels", year_group=3, group=school.groups.get(slug="ks2"))
    pupil(school, "Cy", "Late", added, 3)
    before = where(school)
    [failed] = begin_due(BEGINS)
    assert failed.state == RunState.FAILED
    assert "Nobody has said where these go: Hazels, Year 3" in failed.problem
    assert where(school) == before


def test_undone_everybody_is_where_they_were(school, office):
    before, rows = where(school), snapshot(school)
    run = ahead(school, office, on=TODAY, last_day=date(2027, 6, 30))
    run = say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    assert where(school) != before
    undo(run=run, by=office, on=TODAY)
    assert snapshot(school) == rows


def snapshot(school):
    people = school.people.values_list("pk", "school_class", "year_group", "left_on", "holdings__ends")
    return sorted(map(str, people)), sorted(school.classes.values_list("pk", "year_group"))


def test_a_class_that_keeps_its_pupils_is_a_year_older_itself(school, office):
    damsons = school.classes.get(name="Damsons")
    moves = usual_moves(school)
    moves = dict.fromkeys(moves, NO_CLASS) | {f"{damsons.pk}-3": str(damsons.pk)}
    run = ahead(school, office, moves=moves, on=TODAY, last_day=date(2027, 6, 30))
    say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    damsons.refresh_from_db()
    assert (damsons.year_group, where(school)["Damsons"]) == (4, [4, 4])


def test_a_yes_to_what_was_shown_before_somebody_came_is_not_taken(school, office):
    run = ahead(school, office)
    shown = run.digest
    pupil(school, "Cy", "Late", school.classes.get(name="Damsons"), 3)
    with pytest.raises(Refused, match="has changed since"):
        say_yes(run=run, by=office, digest=shown, today=TODAY)
    run.refresh_from_db()
    assert tabs(run)[Tab.MOVE] == 7
    assert run.digest != shown
    assert say_yes(run=run, by=office, digest=run.digest, today=TODAY).state == RunState.PLANNED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last_day": BEGINS}, "must be before the day"),
        ({"on": date(2029, 9, 1)}, "within a year"),
        ({"on": date(2027, 1, 1), "last_day": date(2026, 12, 1)}, "less than two months ago"),
        ({"moves": {}}, "Nobody has said where these go: Damsons, Year 3"),
    ],
)
def test_what_cannot_be_meant_is_refused(school, office, changes, said):
    with pytest.raises(Refused, match=said):
        ahead(school, office, **changes)
    assert not Run.objects.exists()


def test_the_same_year_does_not_turn_twice(school, office):
    run = ahead(school, office, on=TODAY, last_day=date(2027, 6, 30))
    say_yes(run=run, by=office, digest=run.digest, today=TODAY)
    with pytest.raises(Refused, match="turned on 1 July 2027 already"):
        ahead(school, office)


def test_only_one_is_planned_and_it_can_be_cancelled(school, office):
    first = ahead(school, office)
    say_yes(run=first, by=office, digest=first.digest, today=TODAY)
    second = ahead(school, office, on=date(2027, 9, 2))
    second = say_yes(run=second, by=office, digest=second.digest, today=TODAY)
    first.refresh_from_db()
    assert (first.state, second.state) == (RunState.DROPPED, RunState.PLANNED)
    cancel(run=second, by=office)
    assert begin_due(date(2027, 9, 3)) == []


def test_a_teacher_turns_no_year(school):
    with pytest.raises(NotAllowed):
        ahead(school, make_person(school, Role.TEACHER))
