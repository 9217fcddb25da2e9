"""Who of the register a row is: sure, or asked; nobody is taken for somebody else by guessing."""

from datetime import date

import pytest

from drystone.registers.roll.models import RunState, Tab
from drystone.registers.roll.services import imports
from drystone.registers.school.models import Guardianship, Person, Role
from drystone.registers.school.services.changes import Refused
from tests.people import make_person
from tests.registers.roll.files import TODAY, applied, contact, everything, pupil, sent, told, upn, write

BORN = date(2017, 9, 2)  # that of pupil(1)


def known(school, given="Maja", family="Kowalska", **fields):
    return make_person(school, Role.PUPIL, given=given, family=family, **({"date_of_birth": BORN} | fields))


def answered(run, by, answer):
    """The one doubt of a run is answered, and the file read again by it."""
    line = run.lines.get(tab=Tab.DOUBT)
    value = next(value for value, words in line.options if words.startswith(answer))
    return imports.read(run=imports.decide(run=run, by=by, answers={line.key: value}))


def finished(run, by, *, leavers=True):
    imports.ask_to_apply(run=run, by=by, leavers=leavers)
    run = imports.carry_out(run=run, on=TODAY)
    assert run.state == RunState.APPLIED, run.problem
    return run


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ({"upn": upn(1), "date_of_birth": None}, pupil(1, "Maja", "Kowalska")),
        ({}, pupil(1, "Maja", "Kowalska")),
        ({"given": "Maja Anna", "preferred_name": "Maja"}, pupil(1, "Maja", "Kowalska")),
        ({"given": "MAJA", "family": "KOWALSKA"}, pupil(1, "Maja", "Kowalska")),
        ({"given": "D’Arcy", "family": "O Neill Brown"}, pupil(1, "D'arcy", "O Neill-Brown")),
        ({"given": "Siân", "family": "Ŵyn"}, pupil(1, "Sian", "Wyn") | {"UPN": ""}),
    ],
    ids=["number", "name and birth", "preferred name", "capitals", "apostrophe", "Welsh letters"],
)
def test_the_same_pupil_is_found(fellside, clerk, tmp_path, typed, row):
    person = known(fellside, **typed)
    applied(fellside, clerk, write(tmp_path / "a.csv", [row]))
    assert Person.objects.exclude(pk=clerk.pk).get() == person
    person.refresh_from_db()
    assert person.given_names == row["Forename"]


def test_a_pupil_typed_without_a_birth_date_is_asked_about_and_either_answer_holds(fellside, clerk, tmp_path):
    person = known(fellside, date_of_birth=None)
    path = write(tmp_path / "a.csv", [pupil(1, "Maja", "Kowalska")])
    run = sent(fellside, clerk, path)
    assert "birth date is missing" in run.lines.get(tab=Tab.DOUBT).detail
    assert told(run, Tab.NEW) == told(run, Tab.LEAVER) == []
    finished(answered(run, clerk, "It is Maja"), clerk)
    person.refresh_from_db()
    assert (person.upn, person.date_of_birth) == (upn(1), BORN)
    assert not applied(fellside, clerk, path).changes.exists()


def test_undecided_a_doubt_touches_nobody_and_makes_nobody_leave(fellside, clerk, tmp_path):
    known(fellside, date_of_birth=None)
    run = sent(fellside, clerk, write(tmp_path / "a.csv", [pupil(1, "Maja", "Kowalska")]))
    before = everything(fellside)
    finished(run, clerk)
    assert everything(fellside) == before


def test_another_upn_under_the_same_name_and_birth_date_is_asked_about(fellside, clerk, tmp_path):
    known(fellside, upn=upn(2))
    run = sent(fellside, clerk, write(tmp_path / "a.csv", [pupil(1, "Maja", "Kowalska")]))
    finished(answered(run, clerk, "Somebody new"), clerk)
    assert Person.objects.filter(given_names="Maja", date_of_birth=BORN).count() == 2


def test_a_number_that_finds_somebody_with_another_name_and_birth_date_is_asked_about(fellside, clerk, tmp_path):
    known(fellside, given="Tomos", family="Rees", upn=upn(1), date_of_birth=date(2016, 1, 1))
    run = sent(fellside, clerk, write(tmp_path / "a.csv", [pupil(1, "Maja", "Kowalska")]))
    line = run.lines.get(tab=Tab.DOUBT)
    assert "neither name nor birth date" in line.detail
    assert "new" not in [value for value, _ in line.options]


def test_a_misspelt_name_is_asked_about_rather_than_a_leaver_and_a_newcomer_made_of_it(fellside, clerk, tmp_path):
    person = known(fellside, given="Katherine", family="Braithwaite")
    run = sent(fellside, clerk, write(tmp_path / "a.csv", [pupil(1, "Katharine", "Braithwaite") | {"UPN": ""}]))
    finished(answered(run, clerk, "It is Katherine"), clerk)
    person.refresh_from_db()
    assert (person.given_names, person.left_on) == ("Katharine", None)


def test_twins_are_two(fellside, clerk, tmp_path):
    twins = [pupil(1, "Osian", "Example"), pupil(2, "Beca", "Example") | {"DOB": BORN.isoformat()}]
    run = applied(fellside, clerk, write(tmp_path / "a.csv", twins))
    assert told(run, Tab.NEW) == ["Beca Example", "Osian Example"]


def test_pupils_of_one_name_and_birth_date_are_told_apart_by_their_numbers_or_refused(fellside, clerk, tmp_path):
    twice = [pupil(1, "Maja", "Example"), pupil(2, "Maja", "Example") | {"DOB": BORN.isoformat()}]
    applied(fellside, clerk, write(tmp_path / "a.csv", twice))
    assert Person.objects.filter(given_names="Maja").count() == 2
    without = [row | {"UPN": ""} for row in twice]
    run = sent(fellside, clerk, write(tmp_path / "b.csv", [*without, pupil(7, "Other", "Pupil")]))
    assert len(told(run, Tab.REFUSED)) == 2
    assert told(run, Tab.LEAVER) == []  # the two that were refused are not taken for leavers


def test_a_refused_row_makes_no_leaver_of_whom_it_names(fellside, clerk, tmp_path):
    applied(fellside, clerk, write(tmp_path / "a.csv", [pupil(1, "Maja", "Example"), pupil(2, "Cai", "Example")]))
    wrong = pupil(2, "Cai", "Example") | {"UPN": ("A" if upn(2)[0] != "A" else "B") + upn(2)[1:]}
    run = sent(fellside, clerk, write(tmp_path / "b.csv", [pupil(1, "Maja", "Example"), wrong]))
    refused = run.lines.get(tab=Tab.REFUSED)
    assert (refused.where, "check letter" in refused.detail) == ("line 3", True)
    assert told(run, Tab.LEAVER) == []


def test_a_guardian_is_known_by_name_and_address_and_two_of_a_name_stay_two(fellside, clerk, tmp_path):
    first = pupil(1, "Maja", "Example") | contact(1, "Ann Smith", "ann@one.example")
    second = pupil(2, "Cai", "Other") | contact(1, "Ann Smith", "ann@two.example")
    path = write(tmp_path / "a.csv", [first, second])
    applied(fellside, clerk, path)
    assert Person.objects.filter(given_names="Ann").count() == 2
    assert not applied(fellside, clerk, path).changes.exists()


def test_a_guardian_who_only_shares_a_name_is_asked_about(fellside, clerk, tmp_path):
    """To take one for the other would show somebody another's child."""
    make_person(fellside, Role.TEACHER, given="Ann", family="Smith", email="a.smith@school.example")
    row = pupil(1, "Maja", "Example") | contact(1, "Ann Smith", telephone="01539 720001")
    run = sent(fellside, clerk, write(tmp_path / "a.csv", [row]))
    assert "a.smith" not in run.lines.get(tab=Tab.DOUBT).detail
    finished(run, clerk)
    assert not Guardianship.objects.exists()


def test_p64_a_file_frees_nobody_from_a_bar_and_a_new_name_beside_it_is_asked_about(fellside, clerk, tmp_path):
    child, father = known(fellside, upn=upn(1)), make_person(fellside, Role.PARENT, given="Ben", family="Barred")
    line = Guardianship.objects.create(pupil=child, guardian=father, barred=True, order=9)
    row = pupil(1, "Maja", "Kowalska")
    applied(fellside, clerk, write(tmp_path / "a.csv", [row | contact(1, "Ben Barred", relationship="Father")]))
    line.refresh_from_db()
    assert (line.barred, line.order, line.relationship) == (True, 9, "")
    run = sent(fellside, clerk, write(tmp_path / "b.csv", [row | contact(1, "Benjamin Barred", "b@home.example")]))
    assert "barred" in run.lines.get(tab=Tab.DOUBT).detail
    finished(run, clerk)
    assert Guardianship.objects.get() == line


def test_p64_a_file_takes_away_what_files_brought_and_not_what_the_school_typed(fellside, clerk, tmp_path):
    row = pupil(1, "Maja", "Kowalska")
    applied(fellside, clerk, write(tmp_path / "a.csv", [row | contact(1, "Ann Smith", "ann@one.example")]))
    child = Person.objects.get(given_names="Maja")
    typed = make_person(fellside, Role.PARENT, given="Gwen", family="Grandmother")
    Guardianship.objects.create(pupil=child, guardian=typed)
    applied(fellside, clerk, write(tmp_path / "b.csv", [row | contact(1, "Bob Smith", "bob@one.example")]))
    assert {line.guardian.given_names for line in child.guardianships.all()} == {"Gwen", "Bob"}
    assert Person.objects.get(given_names="Ann").left_on == TODAY


def test_an_answer_that_was_not_offered_is_refused(fellside, clerk, tmp_path):
    known(fellside, date_of_birth=None)
    run = sent(fellside, clerk, write(tmp_path / "a.csv", [pupil(1, "Maja", "Kowalska")]))
    with pytest.raises(Refused, match="not among"):
        imports.decide(run=run, by=clerk, answers={run.lines.get(tab=Tab.DOUBT).key: str(clerk.pk)})
