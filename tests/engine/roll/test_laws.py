"""What holds of every roll, whatever the names in it and whatever the format."""

from dataclasses import replace

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.roll_data import CSV_HEADINGS, Roll, csv_file, csv_row, ctf
from bench.roll_oneroster import oneroster
from drystone.engine.roll.cells import clean
from drystone.engine.roll.values import PupilRow, SchoolRoll

from .files import one, whole

NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "Zs"), include_characters="'’-."), min_size=1, max_size=12
)
NAMES = NAMES.map(clean).filter(lambda name: any(char.isalpha() for char in name) and name.isprintable())
BASE = Roll(pupils=7)


@st.composite
def rolls(draw):
    """A small roll with names as people have them, and as nobody has."""
    names = st.tuples(NAMES, NAMES)
    pupils = [replace(row, given=given, family=family)
              for row in BASE.all_pupils for given, family in [draw(names)]]  # fmt: skip
    return Roll(1, 7, BASE.seed, pupils, BASE.teachers)


def known(row: PupilRow) -> tuple[object, ...]:
    return row.upn, row.given_names, row.family_name, row.date_of_birth, row.year_group


def guardians_of(roll: SchoolRoll) -> list[list[str | None]]:
    emails = {row.key: row.email for row in roll.guardians}
    return [[emails[care.guardian] for care in row.care or ()] for row in roll.pupils]


@settings(max_examples=25, deadline=None)
@given(roll=rolls())
def test_every_format_tells_the_same_of_a_roll(tmp_path_factory, roll):
    folder = tmp_path_factory.mktemp("roll")
    (folder / "a.xml").write_bytes(ctf(roll))
    (folder / "a.csv").write_text(csv_file(roll), encoding="utf-8")
    book = openpyxl.Workbook()
    for row in (CSV_HEADINGS, *([csv_row(pupil).get(name, "") for name in CSV_HEADINGS] for pupil in roll.all_pupils)):
        book.active.append(row)
    book.save(folder / "a.xlsx")
    oneroster(folder / "11", roll, "1.1")
    oneroster(folder / "12", roll, "1.2")
    told = [one(folder / name) for name in ("a.xml", "a.csv", "a.xlsx", "11", "12")]
    for school in told:
        assert [known(row) for row in school.pupils] == [known(row) for row in told[0].pupils]
        assert guardians_of(school) == guardians_of(told[0])
        assert not school.refusals
    assert [(row.given_names, row.family_name) for row in told[0].pupils] == [
        (pupil.given, pupil.family) for pupil in roll.all_pupils
    ]


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(12)))
def test_the_order_of_rows_changes_nobody(tmp_path_factory, order):
    roll = Roll(pupils=12)
    path = tmp_path_factory.mktemp("roll") / "a.csv"
    path.write_text(csv_file(roll))
    first = {known(row) for row in one(path).pupils}
    path.write_text(csv_file(Roll(1, 12, roll.seed, [roll.all_pupils[place] for place in order])))
    again = one(path)
    assert {known(row) for row in again.pupils} == first
    assert len(again.guardians) == len(roll.guardians())


def test_the_same_file_reads_the_same_twice(tmp_path):
    path = oneroster(tmp_path, Roll(schools=2, pupils=20))
    assert whole(path) == whole(path)
