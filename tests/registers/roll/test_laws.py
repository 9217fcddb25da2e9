"""What holds for every file: twice is once, undone is never, and nobody is two people or nobody."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from drystone.registers.roll.models import Tab
from drystone.registers.roll.services.undo import undo
from drystone.registers.school.models import Guardianship, Person, Role
from tests.people import make_person
from tests.registers.roll.files import TODAY, applied, contact, everything, pupil, write

GIVEN, FAMILY = ["Maja", "Mia", "Cai", "D'Arcy"], ["Example", "O’Neill", "Ŵyn-Jones"]
GROWN_UP = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from(["Ann Example", "Ben Example", "Una O'Neill"]),
        st.sampled_from(["", "one@home.example", "two@home.example"]),
        st.sampled_from(["", "01539 720001"]),
    ),
)


@st.composite
def row(draw, number):
    """Names and birthdays that collide, numbers that are missing, guardians who are shared or only namesakes."""
    made = pupil(number, draw(st.sampled_from(GIVEN)), draw(st.sampled_from(FAMILY)))
    made["DOB"] = draw(st.sampled_from(["2017-09-02", "2018-01-05", ""]))
    made["UPN"] = made["UPN"] if draw(st.booleans()) or not made["DOB"] else ""
    made["Class"] = draw(st.sampled_from(["Ash", "Beech", "Cedar", ""]))
    made["Username"] = draw(st.sampled_from(["", "", "one", "two"]))
    for place in (1, 2):
        if told := draw(GROWN_UP):
            made |= contact(place, *told)
    return made


@st.composite
def file(draw):
    numbers = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5, unique=True))
    return [
        *(draw(row(number)) for number in numbers),
        pupil(7, "Always", "There", Class="Ash") | contact(1, "A There"),
    ]


# Shrinking would take minutes: each example is three imports. The rows that failed are small as they are.
FEW = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextmanager
def taken_back():
    """Each example begins with the same school."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def imported(school, by, rows):
    with tempfile.TemporaryDirectory() as folder:
        return applied(school, by, write(Path(folder) / "pupils.csv", rows), leavers=True)


@FEW
@given(before=file(), after=file())
def test_a_file_twice_is_the_file_once_and_undone_it_never_was(fellside, clerk, before, after):
    with taken_back():
        imported(fellside, clerk, before)
        first = everything(fellside)
        run = imported(fellside, clerk, after)
        second = everything(fellside)
        again = imported(fellside, clerk, after)
        assert everything(fellside) == second
        assert not again.changes.exists()
        if run.changes.exists():
            undo(run=run, by=clerk, on=TODAY)
            assert everything(fellside) == first


@FEW
@given(before=file(), after=file())
def test_p64_no_file_shows_a_child_to_somebody_whom_it_does_not_name(fellside, clerk, before, after):
    """Whoever is a guardian after a file was named for that very child, by it or before it."""
    with taken_back():
        barred = make_person(fellside, Role.PARENT, given="Ben", family="Example", email="ben@else.example")
        imported(fellside, clerk, before)
        imported(fellside, clerk, after)
        named = {
            (who, row[f"Contact {place} Name"].replace("'", "’"))
            for row in (*before, *after)
            for who in (row["UPN"], f"{row['Forename']} {row['Surname']}")
            for place in (1, 2)
            if f"Contact {place} Name" in row
        }
        for line in Guardianship.objects.select_related("pupil", "guardian"):
            guardian = line.guardian.name.replace("'", "’")
            assert {(line.pupil.upn, guardian), (line.pupil.name, guardian)} & named
            assert line.guardian_id != barred.pk
        assert not Person.objects.filter(wards__isnull=False, upn__gt="").exists()


def test_the_laws_are_about_something(fellside, clerk, tmp_path):
    rows = [pupil(1, "Maja", "Example", Class="Ash"), pupil(2, "Cai", "Example") | {"DOB": ""}]
    run = imported(fellside, clerk, rows)
    assert run.lines.filter(tab=Tab.NEW).count() == 2
