"""Common Transfer Files, right ones and hostile ones."""

import pytest

from bench.roll_data import Roll, dfe_number
from bench.roll_data import ctf as written
from drystone.engine.roll.reader import read
from drystone.engine.roll.values import Scope, Source, UnreadableRoll

from .files import UPN, ctf, one, texts, whole

AMY = f"<UPN>{UPN}</UPN><Surname>Bell</Surname><Forename>Amy</Forename><DOB>2018-01-02</DOB>"
CONTACT = (
    "<Contact><Order>{}</Order><Surname>Bell</Surname><Forename>{}</Forename><Relationship>{}</Relationship>"
    "{}</Contact>"
)


def test_a_whole_schools_file_has_all_pupils_and_each_guardian_once(tmp_path):
    roll = Roll(pupils=120)
    path = tmp_path / "school.xml"
    path.write_bytes(written(roll))
    file, (school,) = whole(path)
    assert (file.source, file.version, file.scopes.pupils) == (Source.CTF, "21.0", Scope.FULL)
    assert school.school.dfe_number == dfe_number(0)
    assert [(pupil.upn, pupil.given_names, pupil.date_of_birth, pupil.year_group) for pupil in school.pupils] == [
        (one.upn, one.given, one.born, one.year) for one in roll.all_pupils
    ]
    assert len(school.guardians) == len(roll.guardians())
    assert not school.refusals
    assert file.scopes.memberships is Scope.ABSENT


def test_a_file_addressed_to_another_school_is_about_those_who_move_and_nobody_else(tmp_path):
    path = tmp_path / "movers.xml"
    path.write_bytes(written(Roll(pupils=14), full=False))
    file, (school,) = whole(path)
    assert file.scopes.pupils is Scope.DELTA
    assert school.school.dfe_number == "9992999"


@pytest.mark.parametrize("nowhere", ["XXX", "MMM"])
def test_an_unknown_destination_is_none(tmp_path, nowhere):
    dest = f"<DestSchool><LEA>{nowhere}</LEA><Estab>XXXX</Estab></DestSchool>"
    file, (school,) = whole(ctf(tmp_path / "a.xml", AMY, header=dest))
    assert school.school.dfe_number == "9992001"
    assert file.scopes.pupils is Scope.FULL


def test_a_partial_file_makes_no_leavers(tmp_path):
    file, _ = whole(ctf(tmp_path / "a.xml", AMY, header="<DocumentQualifier>partial</DocumentQualifier>"))
    assert file.scopes.pupils is Scope.DELTA


def test_guardians_come_in_the_order_of_calling_with_who_is_responsible(tmp_path):
    contacts = (
        "<Contacts>"
        + CONTACT.format(2, "Ann", "PAM", "<Responsibility>N</Responsibility>")
        + CONTACT.format(1, "Bob", "PAF", "<Responsibility>Y</Responsibility><Email>bob@parents.example</Email>")
        + CONTACT.format(3, "Who", "DOC", "")
        + "</Contacts>"
    )
    school = one(ctf(tmp_path / "a.xml", AMY + contacts))
    names = {row.key: row.given_names for row in school.guardians}
    care = school.pupils[0].care
    assert care is not None
    assert [(names[line.guardian], line.relationship, line.parental_responsibility) for line in care] == [
        ("Bob", "Father", True),
        ("Ann", "Mother", False),
    ]


def test_a_pupil_whose_contacts_have_the_same_name_and_nothing_else_in_common_are_not_made_one(tmp_path):
    pair = "<Contacts>" + CONTACT.format(1, "Ann", "PAM", "") + "</Contacts>"
    other = "<Surname>Dent</Surname><Forename>Bo</Forename><DOB>2017-03-04</DOB>"
    assert len(one(ctf(tmp_path / "a.xml", AMY + pair, other + pair)).guardians) == 2


def test_refused_pupils_have_their_line_and_enough_of_them_not_to_be_taken_for_leavers(tmp_path):
    wrong = AMY.replace(UPN, "A801200005001")
    school = one(ctf(tmp_path / "a.xml", AMY, wrong))
    (refusal,) = school.refusals
    assert refusal.where.line == 4
    assert "ask for B" in str(refusal)
    assert refusal.whom is not None
    assert (refusal.whom.family_name, str(refusal.whom.date_of_birth)) == ("Bell", "2018-01-02")


def test_a_preferred_family_name_is_not_kept_and_that_is_said(tmp_path):
    known = "<BasicDetails><PreferredSurname>Dent</PreferredSurname></BasicDetails>"
    school = one(ctf(tmp_path / "a.xml", AMY + known))
    assert school.pupils[0].family_name == "Bell"
    assert "Amy Bell prefers the family name Dent" in texts(school.remarks)


def test_names_within_basic_details_are_found_too(tmp_path):
    details = "<LegalSurname>Bell</LegalSurname><LegalForename>Amy</LegalForename><DOB>2018-01-02</DOB>"
    school = one(ctf(tmp_path / "a.xml", f"<UPN>{UPN}</UPN><BasicDetails>{details}</BasicDetails>"))
    assert (school.pupils[0].given_names, school.pupils[0].family_name) == ("Amy", "Bell")


BOMB = '<!DOCTYPE CTfile [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE CTfile [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [BOMB, OUTSIDE, '<!DOCTYPE CTfile SYSTEM "http://school.example/x.dtd">'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_they_are_read(tmp_path, doctype, encoding):
    path = ctf(tmp_path / "a.xml", "<Surname>&x;</Surname>", before=doctype)
    text = path.read_text().replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    path.write_bytes(text.encode(encoding))
    with pytest.raises(UnreadableRoll, match="declares entities"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_entities_are_found_in_utf_16_without_a_mark(tmp_path, encoding):
    path = ctf(tmp_path / "a.xml", "<Surname>&a;</Surname>", before=BOMB)
    text = path.read_text().replace('version="1.0"', 'version="1.0" encoding="utf-16"')
    path.write_bytes(text.encode(encoding))
    with pytest.raises(UnreadableRoll, match="declares entities"):
        read(path)


def test_an_encoding_that_could_hide_a_doctype_is_refused(tmp_path):
    path = ctf(tmp_path / "a.xml", AMY, before=BOMB.replace("<", "+ADw-"))
    path.write_text(path.read_text().replace('version="1.0"', 'version="1.0" encoding="UTF-7"'))
    with pytest.raises(UnreadableRoll, match="XML in UTF-7"):
        read(path)


def test_the_parser_itself_lets_no_doctype_pass(tmp_path, monkeypatch):
    """The second lock, should the first be passed in a way that nobody thought of."""
    monkeypatch.setattr("drystone.engine.roll.ctf.check_prologue", lambda path: None)
    with pytest.raises(UnreadableRoll, match="declares entities"):
        read(ctf(tmp_path / "a.xml", AMY, before=BOMB))


def test_a_doctype_behind_a_long_comment_is_found_too(tmp_path):
    with pytest.raises(UnreadableRoll, match="no XML element in its first 64 KB"):
        read(ctf(tmp_path / "a.xml", AMY, before=f"<!--{'x' * 70_000}-->{OUTSIDE}"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<CTfile><CTFpupilData><Pupil><UPN>", "not whole XML"),
        ("<html><body/></html>", "web page"),
        ("<Other/>", "its root is <Other>"),
        ("<CTfile><Header/></CTfile>", "without a pupil"),
        ("<CTfile>" + "<a>" * 5000, "not whole XML"),
    ],
)
def test_what_is_no_ctf_is_refused_whole_in_one_line(tmp_path, text, why):
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(UnreadableRoll, match=why) as refused:
        read(path)
    assert "\n" not in str(refused.value)


def test_a_cut_off_file_gives_nothing_of_its_first_half(tmp_path):
    path = ctf(tmp_path / "a.xml", AMY, AMY)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(UnreadableRoll, match="not whole XML"):
        read(path)


def test_a_namespace_and_another_encoding_change_nothing(tmp_path):
    path = tmp_path / "a.xml"
    pupil = "<Pupil><Surname>Święcicki</Surname><Forename>Ó</Forename><DOB>2018-01-02</DOB></Pupil>"
    text = f'<?xml version="1.0" encoding="utf-16"?><CTfile xmlns="urn:x"><CTFpupilData>{pupil}</CTFpupilData></CTfile>'
    path.write_bytes(text.encode("utf-16"))
    school = one(path)
    assert (school.pupils[0].given_names, school.pupils[0].family_name) == ("Ó", "Święcicki")
    assert not texts(school.refusals)
