"""OneRoster CSV: 1.1 and 1.2, bulk and delta, in folders and in zips."""

import zipfile
from datetime import date

import pytest

from bench.roll_data import Roll, dfe_number
from bench.roll_oneroster import oneroster as export
from bench.roll_oneroster import oneroster_delta
from drystone.engine.roll.reader import read
from drystone.engine.roll.values import Scope, UnreadableRoll

from .files import CLASSES, ENROLLMENTS, ORGS, ROLES, UPN, USERS, USERS_12, one, oneroster, texts, whole

AMY = f"u1,,,true,s1,student,abell,{{UPN:{UPN}}},Amy,Bell,,,,,,g1,03,\n"
TOM = "u2,,,true,s1,teacher,tdent,,Tom,Dent,,,tom@school.example,,,,,\n"
ANN = "g1,,,true,la,parent,ann,,Ann,Bell,,,ann@parents.example,,07700 900001,,,\n"
DAMSONS = "c1,,,Damsons,03,,,homeroom,,s1,,,,\n"
FRENCH = "c2,,,French,03,,,scheduled,,s1,,,,\n"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_bulk_export_has_people_classes_guardians_and_births_school_by_school(tmp_path, version):
    roll = Roll(schools=2, pupils=70)
    file, rolls = whole(export(tmp_path, roll, version))
    assert (file.version, file.scopes.pupils, file.scopes.memberships) == (version, Scope.FULL, Scope.FULL)
    assert [one.school.dfe_number for one in rolls] == [dfe_number(0), dfe_number(1)]
    for number, school in enumerate(rolls):
        wanted = {one.id: one for one in roll.of(number)}
        assert {row.key: (row.given_names, row.upn, row.date_of_birth, row.year_group) for row in school.pupils} == {
            key: (one.given, one.upn, one.born, one.year) for key, one in wanted.items()
        }
        assert {row.reference for row in school.guardians} == {g.id for p in wanted.values() for g in p.guardians}
        rooms = {row.key: row.name for row in school.classes}
        places = {row.person: rooms[row.school_class] for row in school.memberships if not row.teaches}
        assert places == {key: one.room for key, one in wanted.items()}
        assert sum(row.teaches for row in school.memberships) == len(rooms)
        assert not school.refusals


def test_a_zip_with_or_without_a_folder_in_it_reads_as_the_folder(tmp_path):
    folder = export(tmp_path / "export", Roll(pupils=14))
    expected = one(folder)
    for inside in ("", "export/"):
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in folder.iterdir():
                archive.write(file, f"{inside}{file.name}")
        assert one(tmp_path / "a.zip") == expected


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_delta_says_who_left_who_changed_and_who_moved_and_nothing_of_others(tmp_path, version):
    before = Roll(pupils=40)
    after = before.later()
    file, (school,) = whole(oneroster_delta(tmp_path, before, after, version))
    gone, renamed, moved = before.all_pupils[:3]
    told = {row.reference: row for row in (school.unplaced if version == "1.2" else school.pupils)}
    assert file.scopes.pupils is Scope.DELTA
    assert set(told) == {gone.id, renamed.id, moved.id}
    assert told[gone.id].gone
    assert told[renamed.id].family_name == "Newby-Wright"
    assert [(row.person, row.gone) for row in school.memberships] == [(moved.id, True), (moved.id, False)]


def test_a_delta_without_status_is_refused_row_by_row_and_without_the_column_as_a_whole(tmp_path):
    path = oneroster(tmp_path, mode="delta", orgs=ORGS.replace("s1,", "s1,active"), users=USERS + AMY)
    school = one(path)
    assert not school.pupils
    assert "line 2 of users.csv: The row has no status, which a delta file needs" in texts(school.refusals)
    path = oneroster(tmp_path, mode="delta", users=USERS.replace("status,", "", 1) + AMY)
    with pytest.raises(UnreadableRoll, match="users.csv has no column “status”"):
        read(path)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_guardian_who_stands_at_the_council_is_told_to_every_school_of_a_delta(tmp_path, version):
    """Which school knows her, the register has to say."""
    stamp = ANN.replace("g1,,", "g1,active,")
    cells = stamp.split(",")
    stamp = stamp if version == "1.1" else ",".join([*cells[:4], *cells[6:18]]).strip() + ",,,la\n"
    pupils = AMY.replace("u1,,", "u1,active,") + AMY.replace("u1,,", "u3,active,").replace("s1", "s2")
    rooms = "e1,active,,c1,s1,u1,student,,,\ne2,active,,c1,s2,u3,student,,,\n"
    files = {"users": USERS + pupils + stamp} if version == "1.1" else {"users": USERS_12 + stamp}
    _, rolls = whole(oneroster(tmp_path, mode="delta", version=version, enrollments=ENROLLMENTS + rooms, **files))
    assert [roll.school.reference for roll in rolls] == ["s1", "s2"]
    for roll in rolls:
        assert [row.family_name for row in (roll.guardians if version == "1.1" else roll.perhaps)] == ["Bell"]


def test_a_bulk_export_without_a_school_is_refused(tmp_path):
    orgs = ORGS.replace("school", "district") + "la,,,Council,district,,\n"
    with pytest.raises(UnreadableRoll, match="no organisation of the type school"):
        read(oneroster(tmp_path, orgs=orgs, users=USERS + AMY))


def test_without_a_manifest_nobody_has_left(tmp_path):
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY)
    (path / "manifest.csv").unlink()
    file, (school,) = whole(path)
    assert file.scopes.pupils is Scope.DELTA
    assert [row.given_names for row in school.pupils] == ["Amy"]
    assert "no manifest.csv" in texts(school.remarks)


@pytest.mark.parametrize(
    ("files", "version", "why"),
    [
        ({"orgs": ORGS}, "1.1", "has no users.csv"),
        ({"users": USERS + AMY}, "1.3", "is OneRoster 1.3; versions 1.1 and 1.2 are read"),
        ({"users": USERS_12 + "u1,,,true,a,,Amy,Bell,,,,,,,,,,,\n"}, "1.2", "no roles.csv"),
        ({"users": USERS}, "1.1", "no rows below"),
        ({"users": USERS.replace("givenName", "name") + AMY}, "1.1", "no column “givenname”"),
    ],
)
def test_an_export_that_lacks_what_it_needs_is_refused_whole(tmp_path, files, version, why):
    with pytest.raises(UnreadableRoll, match=why):
        read(oneroster(tmp_path / "a", version=version, **files))


def test_a_file_that_the_manifest_promises_must_be_there(tmp_path):
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY)
    (path / "users.csv").unlink()
    with pytest.raises(UnreadableRoll, match=r"lacks users.csv, which its manifest promises \(bulk\)"):
        read(path)


def test_a_file_that_the_manifest_calls_absent_is_not_read(tmp_path):
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY)
    (path / "classes.csv").write_text(CLASSES + DAMSONS)
    file, (school,) = whole(path)
    assert file.scopes.classes is Scope.ABSENT
    assert not school.classes


def test_teaching_groups_are_no_classes_where_registration_classes_are_marked(tmp_path):
    enrolments = "e1,,,c2,s1,u1,student,,,\ne2,,,c1,s1,u1,student,,,\ne3,,,c1,s1,u2,teacher,,,\n"
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY + TOM, classes=CLASSES + DAMSONS + FRENCH,
                     enrollments=ENROLLMENTS + enrolments)  # fmt: skip
    school = one(path)
    assert [row.name for row in school.classes] == ["Damsons"]
    assert [(row.person, row.school_class, row.teaches) for row in school.memberships] == [
        ("u1", "c1", False), ("u2", "c1", True)]  # fmt: skip
    assert not school.refusals


def test_a_pupil_of_several_classes_is_in_the_one_that_lasts(tmp_path):
    enrolments = "e1,,,c1,s1,u1,student,,2025-09-01,2026-07-20\ne2,,,c3,s1,u1,student,,2026-09-01,\n"
    classes = CLASSES + DAMSONS + DAMSONS.replace("c1", "c3").replace("Damsons", "Willow")
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY, classes=classes, enrollments=ENROLLMENTS + enrolments)
    school = one(path)
    assert [(row.school_class, row.starts) for row in school.memberships] == [("c3", date(2026, 9, 1))]
    assert "is in 2 classes; “Willow” is taken" in texts(school.remarks)


def test_a_class_that_does_not_exist_and_a_user_that_does_not_are_refused_by_line(tmp_path):
    enrolments = "e1,,,c9,s1,u1,student,,,\ne2,,,c1,s1,u9,student,,,\n"
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY, classes=CLASSES + DAMSONS,
                     enrollments=ENROLLMENTS + enrolments)  # fmt: skip
    told = texts(one(path).refusals)
    assert "line 2 of enrollments.csv: The class “c9” does not exist" in told
    assert "line 3 of enrollments.csv: The user “u9” is not one of this school" in told


def test_an_organisation_that_does_not_exist_is_refused_and_seen(tmp_path):
    users = USERS + AMY + AMY.replace("s1", "s9").replace("u1", "u3")
    school = one(oneroster(tmp_path / "one", orgs=ORGS, users=users))
    assert len(school.pupils) == 1
    assert "line 3 of users.csv: The organisation “s9” is not in orgs.csv" in texts(school.refusals)
    _, rolls = whole(oneroster(tmp_path / "two", orgs=ORGS + "s2,,,Becks,school,999/2002,\n", users=users))
    assert [(str(roll.school), len(roll.refusals)) for roll in rolls] == [
        ("Fellside", 0), ("Becks", 0), ("a school that is not named", 1)]  # fmt: skip


def test_a_guardian_of_three_children_in_two_schools_is_told_to_both(tmp_path):
    orgs = ORGS + "s2,,,Becks,school,999/2002,\nla,,,Council,district,,\n"
    kids = AMY + AMY.replace("u1", "u3").replace("Amy", "Bo").replace(f"{{UPN:{UPN}}}", "").replace("abell", "bbell")
    kids += AMY.replace("u1", "u4").replace("s1", "s2").replace("Amy", "Cy").replace(f"{{UPN:{UPN}}}", "")
    _, rolls = whole(oneroster(tmp_path, orgs=orgs, users=USERS + kids + ANN))
    assert [[row.reference for row in roll.guardians] for roll in rolls] == [["g1"], ["g1"]]
    assert [[care.guardian for row in roll.pupils for care in row.care or ()] for roll in rolls] == [
        ["g1", "g1"], ["g1"]]  # fmt: skip


def test_a_parent_who_teaches_is_both(tmp_path):
    users = USERS_12 + f"u1,,,true,a,{{UPN:{UPN}}},Amy,Bell,,,,,,t1,03,,,,s1\nt1,,,true,t,,Ann,Bell,,,,,,,,,,,s1\n"
    roles = ROLES + "r1,,,u1,primary,student,,,s1,\nr2,,,t1,primary,teacher,,,s1,\nr3,,,t1,secondary,parent,,,s1,\n"
    school = one(oneroster(tmp_path, version="1.2", orgs=ORGS, users=users, roles=roles))
    assert [row.reference for row in school.staff] == [row.reference for row in school.guardians] == ["t1"]
    assert school.pupils[0].care is not None
    assert school.pupils[0].care[0].guardian == "t1"


def test_a_file_gives_nobody_power(tmp_path):
    roles = ("principal", "systemAdministrator", "siteAdministrator", "teacher")
    rows = "".join(TOM.replace("u2", f"t{n}").replace("teacher", role).replace("tdent", f"t{n}")
                   for n, role in enumerate(roles))  # fmt: skip
    school = one(oneroster(tmp_path, orgs=ORGS, users=USERS + rows))
    assert [(row.role_told, row.role) for row in school.staff] == [
        ("principal", "support_staff"), ("systemadministrator", "support_staff"), ("siteadministrator", "office"),
        ("teacher", "teacher")]  # fmt: skip


def test_two_classes_of_one_title_get_names_of_their_own(tmp_path):
    classes = CLASSES + DAMSONS + "c3,,,Damsons,04,,DAM-4,homeroom,,s1,,,,\n"
    path = oneroster(tmp_path, orgs=ORGS, users=USERS + AMY, classes=classes)
    assert [row.name for row in one(path).classes] == ["Damsons (c1)", "Damsons (DAM-4)"]


def test_one_user_twice_is_refused_twice(tmp_path):
    school = one(oneroster(tmp_path, orgs=ORGS, users=USERS + AMY + AMY.replace("Amy", "Eve")))
    assert not school.pupils
    assert len(school.refusals) == 2


def test_a_user_without_any_role_is_refused_in_a_bulk_file(tmp_path):
    users = USERS_12 + "u1,,,true,a,,Amy,Bell,,,,,,,03,,,,s1\n"
    path = oneroster(tmp_path, version="1.2", orgs=ORGS, users=users, roles=ROLES + "r2,,,zz,primary,student,,,s1,\n")
    told = texts(one(path).refusals)
    assert "line 2 of users.csv: The user “u1” has no role in roles.csv" in told
    assert "line 2 of roles.csv: The user “zz” is not in users.csv" in told
