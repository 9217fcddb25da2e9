"""A file's way into the roll, through the services: seen first, applied whole, twice the same, undone."""

from datetime import date

import pytest

from drystone.registers.roll.models import Change, RunState, Tab
from drystone.registers.roll.services import imports
from drystone.registers.roll.services.undo import last_run, undo
from drystone.registers.school.hooks import people_joined, people_left
from drystone.registers.school.models import AuditEntry, Guardianship, Person, Role, SchoolClass
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person
from tests.registers.roll.files import TODAY, applied, contact, everything, pupil, sent, told, write

MUM = contact(1, "Zofia Kowalska", "zofia@home.example", "01539 720001")
FILE = [
    pupil(1, "Łukasz", "Kowalski", Class="Ash", **MUM),
    pupil(2, "Maja", "Kowalska", Class="Ash", **MUM),
    pupil(3, "Gwenllian", "ap Rhys", Class="Beech"),
    pupil(4, "D'Arcy", "O'Neill-Brown", Class="Beech", **contact(1, "Una O'Neill", "una@home.example")),
]


@pytest.fixture
def announced():
    heard = []

    def joined(people, **_):
        heard.append(("joined", sorted(person.name for person in people)))

    def left(people, on, **_):
        heard.append(("left", sorted(person.name for person in people), on))

    people_joined.connect(joined)
    people_left.connect(left)
    yield heard
    people_joined.disconnect(joined)
    people_left.disconnect(left)


def class_of(name):
    return Person.objects.get(given_names=name).school_class.name


def test_a_file_is_seen_first_and_touches_nobody_until_a_yes(fellside, clerk, tmp_path):
    before = everything(fellside)
    run = sent(fellside, clerk, write(tmp_path / "pupils.csv", FILE))
    assert run.state == RunState.WAITING
    assert " · ".join(told(run, Tab.NEW)) == (
        "D'Arcy O'Neill-Brown · Gwenllian ap Rhys · Łukasz Kowalski · Maja Kowalska · Una O'Neill · Zofia Kowalska"
    )
    assert everything(fellside) == before


def test_with_a_yes_pupils_guardians_and_classes_are_there_and_one_entry_in_the_audit_trail(
    fellside, clerk, tmp_path, announced
):
    path = write(tmp_path / "pupils.csv", FILE)
    run = applied(fellside, clerk, path)
    assert class_of("Łukasz") == "Ash"
    mother = Person.objects.get(family_name="Kowalska", given_names="Zofia")
    assert [line.pupil.given_names for line in mother.wards.order_by("pupil__given_names")] == ["Maja", "Łukasz"]
    assert mother.holdings.get().role == Role.PARENT
    entries = AuditEntry.objects.filter(verb="apply_roll")
    assert [entry.after["sha256"] for entry in entries] == [run.sha256]
    assert entries[0].after["counts"]["of"]["new"] == {"guardian": 2, "pupil": 4}
    assert entries[0].actor == clerk.key
    assert list(audit.verify()) == []
    assert len(announced) == 1
    assert len(announced[0][1]) == 6
    assert not imports.upload_of(run).exists()


def test_the_same_file_again_changes_nothing(fellside, clerk, tmp_path, announced):
    path = write(tmp_path / "pupils.csv", FILE)
    applied(fellside, clerk, path)
    before = everything(fellside)
    again = applied(fellside, clerk, path)
    assert everything(fellside) == before
    assert not again.changes.exists()
    assert len(announced) == 1


def test_differences_are_shown_field_by_field_and_a_move_of_class_by_itself(fellside, clerk, tmp_path):
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    changed = [FILE[0] | {"Forename": "Lukasz Jan", "Class": "Beech"}, *FILE[1:]]
    run = sent(fellside, clerk, write(tmp_path / "b.csv", changed))
    assert run.lines.get(tab=Tab.CHANGED).fields == [["Given names", "Łukasz", "Lukasz Jan"]]
    assert run.lines.get(tab=Tab.MOVE).fields == [["Class", "Ash", "Beech"]]


def test_who_is_not_in_a_whole_file_leaves_after_a_second_yes_when_they_are_many(fellside, clerk, tmp_path, announced):
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    run = sent(fellside, clerk, write(tmp_path / "b.csv", FILE[:3]))
    assert told(run, Tab.LEAVER) == ["D'Arcy O'Neill-Brown", "Una O'Neill"]
    with pytest.raises(Refused, match="1 of 4 pupils would leave"):
        imports.ask_to_apply(run=run, by=clerk)
    imports.ask_to_apply(run=run, by=clerk, leavers=True)
    imports.carry_out(run=run, on=TODAY)
    gone = Person.objects.get(given_names="D'Arcy")
    assert (gone.left_on, gone.school_class, gone.holdings.get().ends) == (TODAY, None, TODAY)
    assert announced[-1] == ("left", ["D'Arcy O'Neill-Brown", "Una O'Neill"], TODAY)


def test_a_tenth_of_the_roll_may_leave_by_one_yes_and_one_more_may_not(fellside, clerk, tmp_path):
    rows = [pupil(number, f"Pupil{chr(97 + number)}", f"Example{chr(97 + number)}") for number in range(20)]
    applied(fellside, clerk, write(tmp_path / "a.csv", rows))
    assert sent(fellside, clerk, write(tmp_path / "b.csv", rows[2:])).counts["second_yes"] == ""
    assert "3 of 20 pupils" in sent(fellside, clerk, write(tmp_path / "c.csv", rows[3:])).counts["second_yes"]


def test_a_guardian_stays_while_one_child_does_and_keeps_other_roles_after_the_last(fellside, clerk, tmp_path):
    una = make_person(fellside, Role.GOVERNOR, given="Una", family="O'Neill", email="una@home.example")
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    applied(fellside, clerk, write(tmp_path / "b.csv", FILE[:1]), leavers=True)
    una.refresh_from_db()
    assert una.left_on is None
    assert {holding.role: holding.ends for holding in una.holdings.all()} == {"governor": None, "parent": TODAY}
    assert Person.objects.get(given_names="Zofia").left_on is None


def test_somebody_who_left_comes_back_as_the_person_they_were(fellside, clerk, tmp_path, announced):
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    darcy = Person.objects.get(given_names="D'Arcy")
    applied(fellside, clerk, write(tmp_path / "b.csv", FILE[:3]), leavers=True)
    later = date(2027, 1, 6)
    run = applied(fellside, clerk, write(tmp_path / "c.csv", FILE), later)
    darcy.refresh_from_db()
    assert (darcy.left_on, darcy.school_class.name) == (None, "Beech")
    assert [holding.starts for holding in darcy.holdings.all()] == [TODAY, later]
    assert told(run, Tab.NEW) == ["D'Arcy O'Neill-Brown", "Una O'Neill"]
    assert announced[-1] == ("joined", ["D'Arcy O'Neill-Brown", "Una O'Neill"])


def test_undone_everything_is_as_it_was_and_whoever_came_or_went_is_told_of_again(fellside, clerk, tmp_path, announced):
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    before = everything(fellside)
    changed = [FILE[0] | {"Forename": "Luke", "Class": "Beech"}, *FILE[2:3], pupil(9, "New", "Example", **MUM)]
    run = applied(fellside, clerk, write(tmp_path / "b.csv", changed), leavers=True)
    assert everything(fellside) != before
    undo(run=run, by=clerk, on=TODAY)
    assert everything(fellside) == before
    assert announced[-2][:2] == ("left", ["New Example"])
    assert announced[-1] == ("joined", ["D'Arcy O'Neill-Brown", "Maja Kowalska", "Una O'Neill"])
    assert list(audit.verify()) == []


def test_only_the_last_import_can_be_undone_and_then_the_one_before(fellside, clerk, tmp_path):
    first = applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    second = applied(fellside, clerk, write(tmp_path / "b.csv", [*FILE, pupil(9, "New", "Example")]))
    with pytest.raises(Refused, match="Only the last"):
        undo(run=first, by=clerk, on=TODAY)
    undo(run=second, by=clerk, on=TODAY)
    assert last_run(fellside) == first
    undo(run=first, by=clerk, on=TODAY)
    assert not Person.objects.exclude(pk=clerk.pk).exists()


def test_an_undo_is_refused_whole_where_somebody_changed_one_of_its_rows_since(fellside, clerk, tmp_path):
    run = applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    Person.objects.filter(given_names="Maja").update(telephone="01539 720009")
    before = everything(fellside)
    with pytest.raises(Refused, match="Maja Kowalska was changed since"):
        undo(run=run, by=clerk, on=TODAY)
    assert everything(fellside) == before


def test_an_undo_is_refused_where_something_new_hangs_on_who_came_by_it(fellside, clerk, tmp_path):
    run = applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    aunt = make_person(fellside, Role.PARENT, given="Ann", family="Aunt")
    Guardianship.objects.create(pupil=Person.objects.get(given_names="Maja"), guardian=aunt)
    with pytest.raises(Refused, match="Maja Kowalska has guardianships since"):
        undo(run=run, by=clerk, on=TODAY)


def test_a_class_that_was_made_is_undone_with_everybody_moved_into_it(fellside, clerk, tmp_path):
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    before = everything(fellside)
    run = applied(fellside, clerk, write(tmp_path / "b.csv", [row | {"Class": "Cedar"} for row in FILE]))
    assert class_of("Maja") == "Cedar"
    undo(run=run, by=clerk, on=TODAY)
    assert everything(fellside) == before


def test_a_yes_to_what_was_shown_before_the_roll_changed_does_nothing_and_shows_it_anew(fellside, clerk, tmp_path):
    applied(fellside, clerk, write(tmp_path / "a.csv", FILE))
    run = sent(fellside, clerk, write(tmp_path / "b.csv", [FILE[0] | {"Forename": "Luke"}, *FILE[1:]]))
    Person.objects.filter(given_names="Łukasz").update(given_names="Lucas")
    before = everything(fellside)
    imports.ask_to_apply(run=run, by=clerk)
    run = imports.carry_out(run=run, on=TODAY)
    assert run.state == RunState.WAITING
    assert "has changed since" in run.problem
    assert run.lines.get(tab=Tab.CHANGED).fields == [["Given names", "Lucas", "Luke"]]
    assert everything(fellside) == before


def test_a_listener_that_fails_undoes_the_whole_import(fellside, clerk, tmp_path):
    def fails(**_):
        raise RuntimeError("no room")

    run = sent(fellside, clerk, write(tmp_path / "a.csv", FILE))
    before = everything(fellside)
    imports.ask_to_apply(run=run, by=clerk)
    people_joined.connect(fails)
    try:
        run = imports.carry_out(run=run, on=TODAY)
    finally:
        people_joined.disconnect(fails)
    assert run.state == RunState.FAILED
    assert "nothing was changed" in run.problem
    assert everything(fellside) == before
    assert not Change.objects.exists()


def test_a_class_that_is_not_there_is_made_in_the_group_of_its_year_unless_somebody_says_no(fellside, clerk, tmp_path):
    rows = [pupil(5, "Cai", "Example", Class="Cedar"), pupil(6, "Dee", "Example", Class="Cedar")]
    path = write(tmp_path / "a.csv", rows)
    run = sent(fellside, clerk, path)
    line = run.lines.get(tab=Tab.CLASS)
    assert line.fields == [["Chosen", "", "Year 4, filtered as Key Stage 2 (ages 7 to 11)"]]
    run = imports.read(run=imports.decide(run=run, by=clerk, answers={line.key: "none"}))
    imports.ask_to_apply(run=run, by=clerk)
    imports.carry_out(run=run, on=TODAY)
    assert not SchoolClass.objects.filter(name="Cedar").exists()
    assert Person.objects.get(given_names="Cai").school_class is None
    applied(fellside, clerk, path)
    assert class_of("Cai") == class_of("Dee") == "Cedar"


def test_network_names_are_handed_on_and_swapped_within_one_file(fellside, clerk, tmp_path):
    rows = [pupil(5, "Cai", "Example", Username="one"), pupil(6, "Dee", "Example", Username="two")]
    applied(fellside, clerk, write(tmp_path / "a.csv", rows))
    swapped = [rows[0] | {"Username": "two"}, rows[1] | {"Username": "one"}]
    path = write(tmp_path / "b.csv", swapped)
    run = applied(fellside, clerk, path)
    assert dict(Person.objects.exclude(sign_on="").values_list("given_names", "sign_on")) == {
        "Cai": "two",
        "Dee": "one",
    }
    assert not applied(fellside, clerk, path).changes.exists()
    undo(run=run, by=clerk, on=TODAY)
    assert Person.objects.get(given_names="Cai").sign_on == "one"


def test_a_network_name_that_somebody_keeps_is_left_out_and_said(fellside, clerk, tmp_path):
    make_person(fellside, Role.TEACHER, given="Tom", family="Teacher", sign_on="One")
    run = applied(fellside, clerk, write(tmp_path / "a.csv", [pupil(5, "Cai", "Example", Username="one")]))
    assert Person.objects.get(given_names="Cai").sign_on == ""
    assert "is taken" in run.lines.get(tab=Tab.REMARK).detail


def test_a_teacher_may_not_import_and_a_dropped_file_is_forgotten(fellside, clerk, tmp_path):
    teacher = make_person(fellside, Role.TEACHER, given="Tom", family="Teacher")
    with pytest.raises(NotAllowed):
        imports.begin(school=fellside, by=teacher, file_name="a.csv", on=TODAY)
    run = sent(fellside, clerk, write(tmp_path / "a.csv", FILE))
    with pytest.raises(NotAllowed):
        imports.ask_to_apply(run=run, by=teacher)
    imports.drop(run=run, by=clerk)
    assert not run.lines.exists()


def test_the_file_of_another_school_is_not_taken(fellside, clerk, tmp_path):
    fellside.dfe_number = "9092001"
    fellside.save()
    rows = [pupil(5, "Cai", "Example") | {"School": "9092002"}]
    run = sent(fellside, clerk, write(tmp_path / "a.csv", rows))
    assert run.state == RunState.FAILED
    assert "not of Fellside School" in run.problem
