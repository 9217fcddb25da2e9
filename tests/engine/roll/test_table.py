"""CSV and Excel: dialects, encodings, and what spreadsheets do to numbers and dates."""

from datetime import date, datetime

import openpyxl
import pytest

from bench.roll_data import Roll, csv_file, dfe_number
from drystone.engine.roll.mapping import About, DateOrder, Mapping
from drystone.engine.roll.reader import read
from drystone.engine.roll.table import sample
from drystone.engine.roll.values import Scope, UnreadableRoll

from .files import HEADINGS, OTHER_UPN, UPN, one, table, texts, whole

AMY = ["Bell", "Amy", "02/01/2018", "Damsons", UPN]


def test_an_export_is_understood_by_its_headings(tmp_path):
    roll = Roll(pupils=60)
    path = tmp_path / "pupils.csv"
    path.write_text(csv_file(roll))
    file, (school,) = whole(path)
    assert file.scopes.pupils is Scope.FULL
    assert len(school.pupils) == 60
    assert len(school.guardians) == len(roll.guardians())
    assert {row.name: row.year_group for row in school.classes} == {room: year for _, room, year in roll.rooms()}
    assert {row.relationship for pupil in school.pupils for row in pupil.care or ()} == {"Mother", "Father"}
    assert not school.refusals


def test_a_countys_table_is_told_apart_by_its_column_of_schools(tmp_path):
    path = tmp_path / "county.csv"
    path.write_text(csv_file(Roll(schools=3, pupils=14), None))
    _, rolls = whole(path)
    assert [roll.school.dfe_number for roll in rolls] == [dfe_number(0), dfe_number(1), dfe_number(2)]
    assert [len(roll.pupils) for roll in rolls] == [14, 14, 14]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_letter_survives_every_unicode(tmp_path, encoding):
    names = [["Święcicki", "Łucja"], ["O’Brien", "Siân"], ["O'Neill", "Ó"]]
    rows = [[*name, "02/01/2018", "Damsons", ""] for name in names]
    school = one(table(tmp_path / "a.csv", *rows, encoding=encoding))
    assert [[row.family_name, row.given_names] for row in school.pupils] == names


def test_excels_british_csv_is_windows_1252(tmp_path):
    school = one(table(tmp_path / "a.csv", ["O’Brien", "Zoë", "02/01/2018", "Damsons", ""], encoding="cp1252"))
    assert (school.pupils[0].family_name, school.pupils[0].given_names) == ("O’Brien", "Zoë")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first", ["", "Pupils of Fellside{0}{0}{0}{0}"])
def test_every_dialect_of_csv_is_read(tmp_path, separator, ending, first):
    lines = [first.format(separator)] if first else []
    lines += [separator.join(HEADINGS), separator.join(AMY)]
    path = tmp_path / "a.csv"
    path.write_bytes(ending.join(lines).encode())
    assert one(path).pupils[0].upn == UPN


def test_excels_line_that_says_the_separator_is_not_a_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\n" + ";".join(HEADINGS) + "\n" + ";".join([*AMY[:2], "x", *AMY[3:]]) + "\n")
    assert one(path).refusals[0].where.line == 3


def test_lines_are_those_of_the_file_even_below_a_cell_of_two_lines(tmp_path):
    path = table(tmp_path / "a.csv", [*AMY[:3], "Dam\nsons", UPN], ["Dent", "", "02/01/2018", "", ""])
    assert one(path).refusals[0].where.line == 4


def test_excels_numbers_for_days_are_days_and_its_number_for_a_upn_is_lost(tmp_path):
    school = one(table(tmp_path / "a.csv", ["Bell", "Amy", "43102", "", ""], ["Dent", "Bo", "1/2/18", "", "8.01E+11"]))
    assert school.pupils[0].date_of_birth == date(2018, 1, 2)
    assert "its digits are lost" in texts(school.refusals)


def test_american_dates_are_noticed(tmp_path):
    path = table(tmp_path / "a.csv", ["Bell", "Amy", "1/2/2018", "", ""], ["Dent", "Bo", "12/25/2017", "", ""])
    assert sample(path).guess.dates is DateOrder.MONTH_FIRST
    assert [row.date_of_birth for row in one(path).pupils] == [date(2018, 1, 2), date(2017, 12, 25)]


def test_where_excel_swapped_some_dates_those_that_show_it_are_refused(tmp_path):
    rows = [["Bell", "Amy", "25/12/2017", "", ""], ["Dent", "Bo", "12/25/2017", "", ""]]
    school = one(table(tmp_path / "a.csv", *rows))
    assert [row.given_names for row in school.pupils] == ["Amy"]
    assert "read day first" in texts(school.refusals)


def test_a_workbook_reads_as_the_table_in_it(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Pupils of Fellside"])
    page.append([])
    page.append(HEADINGS)
    page.append(["Bell", "Amy", datetime(2018, 1, 2), "Damsons", UPN])  # noqa: DTZ001 - as Excel keeps days
    page.append(["Dent", "Bo", 43102, "Damsons", 801200005001])
    book.create_sheet("Notes").append(["nothing"])
    book.save(tmp_path / "a.xlsx")
    found = sample(tmp_path / "a.xlsx")
    assert found.sheets == ("Sheet", "Notes")
    school = one(tmp_path / "a.xlsx")
    assert [row.date_of_birth for row in school.pupils] == [date(2018, 1, 2)]
    assert school.refusals[0].where.line == 5
    assert "a letter, then 12 digits" in texts(school.refusals)


def test_a_sheet_that_is_not_there_is_said(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    book.save(tmp_path / "a.xlsx")
    mapping = Mapping(columns={"Surname": "family_name", "Forename": "given_names", "DOB": "date_of_birth"}, sheet="B")
    with pytest.raises(UnreadableRoll, match="has no sheet “B”; it has Sheet"):
        read(tmp_path / "a.xlsx", mapping=mapping)


def test_a_report_with_a_line_for_each_contact_has_each_pupil_once(tmp_path):
    headings = ["UPN", "Surname", "Forename", "DOB", "Contact Name", "Contact Email"]
    amy = [UPN, "Bell", "Amy", "02/01/2018"]
    path = table(
        tmp_path / "a.csv",
        [*amy, "Mrs Ann Bell", "ann@parents.example"],
        [*amy, "Bob Bell", "bob@parents.example"],
        [OTHER_UPN, "Bell", "Cy", "03/02/2016", "Ann Bell", "ANN@parents.example"],
        headings=headings,
    )
    school = one(path)
    assert [(row.given_names, len(row.care or ())) for row in school.pupils] == [("Amy", 2), ("Cy", 1)]
    assert [row.given_names for row in school.guardians] == ["Ann", "Bob"]
    assert school.pupils[0].care is not None
    assert school.pupils[1].care is not None
    assert school.pupils[0].care[0].guardian == school.pupils[1].care[0].guardian


def test_a_upn_of_two_pupils_is_refused_for_both_with_each_others_line(tmp_path):
    path = table(
        tmp_path / "a.csv", AMY, ["Dent", "Bo", "03/04/2017", "Damsons", UPN], ["Fell", "Cy", "1/1/17", "", ""]
    )
    school = one(path)
    assert [row.given_names for row in school.pupils] == ["Cy"]
    assert texts(school.refusals).count("is also on line") == 2
    assert "line 2: The UPN B801200005001 of Amy Bell is also on line 3" in texts(school.refusals)


def test_a_pupil_in_two_classes_is_refused(tmp_path):
    school = one(table(tmp_path / "a.csv", AMY, [*AMY[:3], "Willow", UPN]))
    assert not school.pupils
    assert len(school.refusals) == 2


def test_two_pupils_of_one_name_and_birthday_are_two_if_their_numbers_say_so(tmp_path):
    school = one(table(tmp_path / "a.csv", AMY, [*AMY[:4], OTHER_UPN]))
    assert len(school.pupils) == 2
    assert texts(school.remarks).count("has a name and birthday") == 2


def test_and_without_numbers_nobody_guesses(tmp_path):
    bare = [*AMY[:4], ""]
    school = one(table(tmp_path / "a.csv", bare, bare))
    assert not school.pupils
    assert "is there twice" in texts(school.refusals)


def test_a_row_with_a_comma_too_many_is_refused_by_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADINGS) + f"\nBell,Amy,02/01/2018,Damsons,{UPN}\nDent,Bo,02/01/2018,Oak, Upper,{UPN}\n")
    school = one(path)
    assert len(school.pupils) == 1
    assert "line 3: The row has 6 cells, and there are 5 headings" in texts(school.refusals)


def test_a_quotation_mark_left_open_swallows_no_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADINGS) + f'\nBell,Amy,02/01/2018,"Damsons,{UPN}\nDent,Bo,02/01/2018,Damsons,\n')
    with pytest.raises(UnreadableRoll, match="line 2: not a row of CSV"):
        read(path)


def test_a_wrong_contact_address_costs_the_address_and_not_the_pupil(tmp_path):
    headings = [*HEADINGS, "Contact 1 Name", "Contact 1 Email"]
    school = one(table(tmp_path / "a.csv", [*AMY, "Ann Bell", "ann at home"], headings=headings))
    assert school.guardians[0].email is None
    assert "“ann at home” is not one, and is left out" in texts(school.remarks)


def test_what_a_table_has_no_column_for_is_not_told(tmp_path):
    pupil = one(table(tmp_path / "a.csv", AMY[:3], headings=HEADINGS[:3])).pupils[0]
    assert (pupil.upn, pupil.email, pupil.care) == (None, None, None)
    pupil = one(table(tmp_path / "b.csv", [*AMY[:4], ""])).pupils[0]
    assert pupil.upn == ""


def test_staff_come_with_classes_and_without_power(tmp_path):
    rows = [
        ["T1", "Marsden, Mrs Asha", "Head Teacher", "a@school.example", "Oak; Ash"],
        ["T2", "Bo Dent", "School Business Manager", "", ""],
        ["T3", "Cy Fell", "Network Manager", "", ""],
        ["T4", "Di Gill", "System Administrator", "", ""],
    ]
    path = table(tmp_path / "a.csv", *rows, headings=["Staff Code", "Name", "Job Title", "Work Email", "Class"])
    file, (school,) = whole(path)
    assert (file.scopes.staff, file.scopes.pupils) == (Scope.FULL, Scope.ABSENT)
    assert [(row.given_names, row.role) for row in school.staff] == [
        ("Asha", "teacher"), ("Bo", "office"), ("Cy", "support_staff"), ("Di", "support_staff")]  # fmt: skip
    assert {(row.person, row.school_class, row.teaches) for row in school.memberships} == {
        ("2", "oak", True), ("2", "ash", True)}  # fmt: skip


def test_a_sign_on_name_of_two_people_goes_to_neither(tmp_path):
    """P45: no account is shared."""
    headings = [*HEADINGS, "Username"]
    path = table(tmp_path / "a.csv", [*AMY, "abell"], ["Dent", "Bo", "1/1/17", "", "", "abell"], headings=headings)
    school = one(path)
    assert [row.sign_on for row in school.pupils] == [None, None]
    assert "nobody gets it" in texts(school.remarks)


ADMISSIONS = {
    "Adno": "reference",
    "Legal Surname": "family_name",
    "Legal Forename": "given_names",
    "DOB": "date_of_birth",
    "Reg": "class_name",
    "Year taught in": "year_group",
    "Priority 1 Contact Name": "guardian_1_full_name",
}
STUDENTS = {
    "Arbor Student ID": "reference",
    "Legal first name": "given_names",
    "Legal last name": "family_name",
    "Date of birth": "date_of_birth",
    "Registration Form": "class_name",
    "Primary Guardian Email": "guardian_1_email",
}
CHILDREN = {
    "Pupil Name": "full_name",
    "Birth Date": "date_of_birth",
    "NC Year": "year_group",
    "Father Name": "guardian_2_full_name",
    "Parent 2 Mobile": "guardian_2_telephone",
    "Parent/Carer 1 Name": "guardian_1_full_name",
    "Mother's Email": "guardian_1_email",
}


@pytest.mark.parametrize("meanings", [ADMISSIONS, STUDENTS, CHILDREN])
def test_headings_of_the_usual_databases_are_known(tmp_path, meanings):
    path = table(tmp_path / "a.csv", ["x"] * len(meanings), headings=list(meanings))
    assert sample(path).guess.columns == meanings


def test_a_column_of_upns_is_found_by_what_is_in_it(tmp_path):
    path = table(tmp_path / "a.csv", AMY, headings=[*HEADINGS[:4], "Nummer"])
    assert sample(path).guess.columns["Nummer"] == "upn"


def test_columns_of_one_heading_can_be_told_apart(tmp_path):
    path = table(tmp_path / "a.csv", ["a"] * 6, headings=["Surname", "Email", "", "Email", "Email", ""])
    assert sample(path).headings == ("Surname", "Email", "column 3", "Email (2)", "Email (3)")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"Surname": "family_name"}, "columns hold the names"),
        ({"Surname": "family_name", "Forename": "given_names"}, "tells one pupil from another"),
        ({"Surname": "family_name", "Forename": "family_name"}, "More than one column"),
        ({"Surname": "shoe_size"}, "not a field"),
        ({"Family": "family_name", "Forename": "given_names", "DOB": "date_of_birth"}, "no column “Family”"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(tmp_path, columns, why):
    with pytest.raises(UnreadableRoll, match=why):
        read(table(tmp_path / "a.csv", AMY), mapping=Mapping(columns=columns))


def test_a_mapping_is_kept_and_comes_back():
    mapping = Mapping(columns={"Name": "full_name"}, about=About.STAFF, complete=False, dates=DateOrder.MONTH_FIRST)
    assert Mapping.from_dict(mapping.as_dict()) == mapping
