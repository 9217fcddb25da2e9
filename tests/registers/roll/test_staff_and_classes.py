"""Staff and whose class is whose, by OneRoster: what gives sight of children is given by the head alone."""

import pytest

from bench.roll_data import Roll, ctf
from bench.roll_oneroster import oneroster, oneroster_delta
from drystone.registers.roll.models import Tab
from drystone.registers.roll.services import imports
from drystone.registers.roll.services.undo import undo
from drystone.registers.school.models import ClassStaff, Person, Role, RoleHolding, SchoolClass
from tests.people import make_person
from tests.registers.roll.files import HEADINGS, TODAY, applied, contact, everything, pupil, told, write

STAFF = ("Staff code", "Surname", "Forename", "Job title", "Email", "Class")


def member(code, given, family, job="Teacher", classes="", email=""):
    row = {"Staff code": code, "Surname": family, "Forename": given, "Job title": job}
    return row | {"Class": classes, "Email": email}


def staff_file(path, *rows):
    return write(path, list(rows), STAFF)


def uploaded(fellside, by, path):
    """A OneRoster folder, as an upload: an archive."""
    import shutil

    run = imports.begin(school=fellside, by=by, file_name=path.name, on=TODAY)
    made = shutil.make_archive(str(path), "zip", path)
    imports.upload_of(run).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, imports.upload_of(run))
    run = imports.read(run=run)
    imports.ask_to_apply(run=run, by=by, leavers=True)
    return imports.carry_out(run=run, on=TODAY)


def test_p45_the_head_s_file_gives_roles_and_classes_and_ends_them(fellside, head, tmp_path):
    rows = [
        member("T1", "Tess", "Teacher", classes="Ash"),
        member("T2", "Ida", "Helper", "Teaching assistant", "Beech"),
    ]
    path = staff_file(tmp_path / "a.csv", *rows)
    run = applied(fellside, head, path)
    assert set(RoleHolding.objects.exclude(person=head).values_list("person__given_names", "role")) == {
        ("Tess", "teacher"),
        ("Ida", "support_staff"),
    }
    assert ClassStaff.objects.get(school_class__name="Ash").person.given_names == "Tess"
    assert not applied(fellside, head, path).changes.exists()
    undo(run=run, by=head, on=TODAY)
    applied(fellside, head, path)
    applied(fellside, head, staff_file(tmp_path / "b.csv", rows[1]), leavers=True)
    tess = Person.objects.get(given_names="Tess")
    assert (tess.left_on, tess.holdings.get().ends, tess.classes_taught.get().ends) == (TODAY, TODAY, TODAY)


def test_p45_the_office_s_file_gives_no_role_no_class_and_ends_none(fellside, clerk, head, tmp_path):
    rows = [member("T1", "Tess", "Teacher", classes="Ash"), member("O1", "Olga", "Office", "Office")]
    applied(fellside, head, staff_file(tmp_path / "a.csv", *rows))
    before = everything(fellside)
    rows = [member("T1", "Tess", "Teacher", classes="Beech"), member("T9", "New", "Teacher")]
    run = applied(fellside, clerk, staff_file(tmp_path / "b.csv", *rows))
    assert told(run, Tab.REFUSED) == ["New Teacher", "Tess Teacher, Beech"]
    assert everything(fellside) == before
    applied(fellside, clerk, staff_file(tmp_path / "c.csv", member("T9", "New", "Teacher")))
    assert everything(fellside) == before


def test_p45_nobody_gains_a_post_by_a_file_and_who_holds_one_does_not_leave_by_it(fellside, head, tmp_path):
    deputy = make_person(fellside, Role.TEACHER, Role.DEPUTY_SAFEGUARDING_LEAD, given="Dai", family="Deputy")
    rows = [
        member("H1", "Harry", "Highflyer", "Head teacher"),
        member("H2", "Hilda", "Head", "Designated safeguarding lead"),
    ]
    run = applied(fellside, head, staff_file(tmp_path / "a.csv", *rows), leavers=True)
    assert {each.role for each in RoleHolding.objects.filter(person__given_names="Harry")} == {"teacher"}
    assert [each.role for each in head.holdings.all()] == ["head"]
    deputy.refresh_from_db()
    assert deputy.left_on is None
    assert "end that by hand" in run.lines.get(tab=Tab.REMARK, name=deputy.name).detail


def test_a_staff_code_that_is_also_a_pupil_s_number_is_nobody_else_s(fellside, head, tmp_path):
    applied(fellside, head, staff_file(tmp_path / "a.csv", member("101", "Tess", "Teacher")))
    row = pupil(1, "Cai", "Example") | {"Admission number": "101"}
    path = write(tmp_path / "b.csv", [row], ("Admission number", *HEADINGS))
    run = applied(fellside, head, path)
    assert told(run, Tab.NEW) == ["Cai Example"]
    assert not applied(fellside, head, path).changes.exists()


def test_a_teacher_who_is_a_parent_is_one_person(fellside, head, tmp_path):
    teacher = make_person(fellside, Role.TEACHER, given="Una", family="O'Neill", email="una@home.example")
    row = pupil(1, "Cai", "O'Neill") | contact(1, "Una O’Neill", "UNA@home.example")
    applied(fellside, head, write(tmp_path / "a.csv", [row]))
    assert {each.role for each in teacher.holdings.all()} == {"teacher", "parent"}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_oneroster_twice_is_once_and_undone_is_never(fellside, head, tmp_path, version):
    before = everything(fellside)
    folder = oneroster(tmp_path / "bulk", Roll(1, 30), version)
    run = uploaded(fellside, head, folder)
    assert run.counts["of"]["new"]["pupil"] == 30
    assert SchoolClass.objects.filter(school=fellside).count() == 9
    assert ClassStaff.objects.count() == 7
    after = everything(fellside)
    assert not uploaded(fellside, head, folder).changes.exists()
    assert everything(fellside) == after
    undo(run=run, by=head, on=TODAY)
    assert everything(fellside) == before


def test_a_delta_changes_what_it_names_and_nobody_else(fellside, head, tmp_path):
    roll = Roll(1, 30)
    uploaded(fellside, head, oneroster(tmp_path / "bulk", roll, "1.2"))
    first, second, third = (Person.objects.get(upn=one.upn) for one in roll.all_pupils[:3])
    third_goes_to = roll.later().all_pupils[1].room
    run = uploaded(fellside, head, oneroster_delta(tmp_path / "delta", roll, roll.later()))
    assert first.name in told(run, Tab.LEAVER)
    assert run.lines.get(tab=Tab.MOVE).fields == [["Class", roll.all_pupils[2].room, third_goes_to]]
    for person in (first, second, third):
        person.refresh_from_db()
    assert first.left_on == TODAY
    assert second.family_name == "Newby-Wright"
    assert third.school_class.name == third_goes_to
    assert Person.objects.filter(upn__gt="", left_on=None).count() == 29
    assert not uploaded(fellside, head, tmp_path / "delta").changes.exists()


def test_a_common_transfer_file_twice_is_once(fellside, clerk, tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(ctf(Roll(1, 30)))
    run = applied(fellside, clerk, path)
    assert run.counts["of"]["new"]["pupil"] == 30
    assert Person.objects.filter(upn__gt="", school_class=None).count() == 30  # a CTF has no classes
    assert not applied(fellside, clerk, path).changes.exists()
