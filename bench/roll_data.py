"""Rolls to import: believable, wholly fictional, the same each time. For tests and `make bench`.

`Roll(schools=3, pupils=250)` makes the people; the writers write them as a school's database would: CTF and CSV here,
OneRoster in `roll_oneroster`. No name, number or address is of anybody: the authority number is one that the DfE has
not given, e-mail domains end in .example (RFC 2606), telephone numbers are Ofcom's for drama.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from xml.sax.saxutils import escape

from drystone.engine.roll.upn import check_letter

SEED = 20260901
AUTHORITY = "999"
SCHOOL_YEAR = 2026  # the September in which the roll stands


def words(text: str) -> list[str]:
    return text.split()


GIVEN = words("""
    Aisha Amelia Arlo Asha Ava Aoife Beth Callum Carys Daisy Dylan Ella Elsie Ewan Ffion Finn Freya George Gwen Hamza
    Harriet Hugo Ibrahim Idris Iris Isla Ivy Jacob Jędrzej Joe Kacper Kai Khadija Layla Leo Lily Łucja Maisie Małgorzata
    Mia Milo Mohammed Nia Noah O Olive Oscar Poppy Priya Rhys Rosa Rowan Ruby Sam Seren Siân Sofia Tahmid Theo Tomasz
    Violet Wilf Yusuf Zara Zofia Żaneta""")
FAMILY = words("""
    Ainsworth Airey Benson Birkett Bowness Braithwaite Capstick Cartmel Chowdhury Dent Dixon Dobson Evans Fallows Fell
    Gill Graham Griffiths Hartley Haygarth Hodgson Hussain Inman Jackson Jones Kendal Kowalczyk Lamb Ling Llewellyn
    Lowther Mahmood Marsden Metcalfe Mounsey Nelson Nowak O’Brien O'Neill Ó Parkin Patel Postlethwaite Pritchard Raine
    Rawlinson Sedgwick Shah Singh Smith-Jones Stephenson Święcicki Thwaite Tyson Umpleby Wójcik Wilson-Fell Wray Wren
    Yates Żak""")
CLASS_NAMES = words("Acorns Hazel Rowan Willow Damsons Juniper Larch Oak")
STREETS = ["Beck Lane", "Fell View", "Mill Brow", "Chapel Fold", "Low Garth", "Station Road"]


@dataclass(frozen=True, slots=True)
class Guardian:
    id: str
    given: str
    family: str
    email: str
    telephone: str
    home: str
    relationship: str  # as the CTF codes it


@dataclass(frozen=True, slots=True)
class Pupil:
    id: str
    school: int
    upn: str
    given: str
    family: str
    preferred: str
    born: date
    year: int
    room: str
    guardians: tuple[Guardian, ...]


@dataclass(frozen=True, slots=True)
class Teacher:
    id: str
    school: int
    given: str
    family: str
    room: str


@dataclass(slots=True)
class Roll:
    """`pupils` in each of `schools`; siblings share guardians, a few of them across schools."""

    schools: int = 1
    pupils: int = 200
    seed: int = SEED
    all_pupils: list[Pupil] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.all_pupils:
            return
        chance = random.Random(self.seed)
        parents: tuple[Guardian, ...] = ()
        for school in range(self.schools):
            rooms = class_names(self.pupils)
            for number in range(self.pupils):
                serial = school * self.pupils + number
                if not parents or chance.random() < 0.68:  # else a brother or sister of the last one
                    parents = family(chance, serial)
                self.all_pupils.append(pupil(chance, school, number, serial, rooms, parents))
            self.teachers += [
                Teacher(f"t{school}-{place}", school, chance.choice(GIVEN), chance.choice(FAMILY), room)
                for place, (room, _) in enumerate(rooms)
            ]

    def of(self, school: int) -> list[Pupil]:
        return [pupil for pupil in self.all_pupils if pupil.school == school]

    def guardians(self) -> list[Guardian]:
        return list({one.id: one for pupil in self.all_pupils for one in pupil.guardians}.values())

    def rooms(self) -> list[tuple[int, str, int]]:
        """School, name and year of each class."""
        return list(dict.fromkeys((pupil.school, pupil.room, pupil.year) for pupil in self.all_pupils))

    def later(self) -> Roll:
        """Some weeks on: the first pupil has left, the second has another name, the third another class."""
        gone, renamed, moved, *others = self.all_pupils
        elsewhere = next(one.room for one in others if one.room != moved.room and one.school == moved.school)
        kept = [replace(renamed, family="Newby-Wright"), replace(moved, room=elsewhere), *others]
        return Roll(self.schools, self.pupils, self.seed, kept, self.teachers)


def dfe_number(school: int) -> str:
    return f"{AUTHORITY}{2001 + school}"


def school_name(school: int) -> str:
    return f"{FAMILY[school % len(FAMILY)]} Fictional Primary School {school + 1}"


def class_names(pupils: int) -> list[tuple[str, int]]:
    """Name and year of each class: Reception to Year 6, as many side by side as it takes for 32 in a class."""
    wide = max(1, -(-pupils // (7 * 32)))
    return [(f"{CLASS_NAMES[year]} {stream + 1}" if wide > 1 else CLASS_NAMES[year], year)
            for year in range(7) for stream in range(wide)]  # fmt: skip


def family(chance: random.Random, serial: int) -> tuple[Guardian, ...]:
    name, home = chance.choice(FAMILY), f"{chance.randint(1, 99)} {chance.choice(STREETS)} {serial}"
    made = []
    for place, code in enumerate(chance.choice([("PAM", "PAF"), ("PAM", "PAF"), ("PAM",), ("PAF",)])):
        given = chance.choice(GIVEN)
        made.append(Guardian(f"g{serial}-{place}", given, name, f"home{serial}.{place}@parents.example",
                             f"07700 {900000 + (serial * 2 + place) % 1000:06d} x{serial}", home, code))  # fmt: skip
    return tuple(made)


def pupil(
    chance: random.Random,
    school: int,
    number: int,
    serial: int,
    rooms: list[tuple[str, int]],
    parents: tuple[Guardian, ...],
) -> Pupil:
    room, year = rooms[number % len(rooms)]
    given = chance.choice(GIVEN)
    born = date(SCHOOL_YEAR - 5 - year, 9, 1) + timedelta(days=-chance.randint(1, 364))
    return Pupil(
        id=f"p{serial}",
        school=school,
        upn=upn(school, serial),
        given=given,
        family=parents[0].family,
        preferred=f"{given[:3]}ie" if len(given) > 4 and chance.random() < 0.1 else "",
        born=born,
        year=year,
        room=room,
        guardians=parents,
    )


def upn(school: int, serial: int) -> str:
    """A letter, the authority, the school, the year, a number in it: unique up to ten million."""
    rest = f"{AUTHORITY}{serial // 100_000:02d}{2 + school % 90:02d}{serial % 100_000:05d}"[:12].rjust(12, "0")
    return check_letter(rest) + rest


def ctf(roll: Roll, school: int = 0, *, full: bool = True) -> bytes:
    """One school's Common Transfer File; with `full` off addressed to another school, as for those who move."""
    out = io.StringIO()
    out.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<CTfile>\n<Header><DocumentName>Common Transfer File</DocumentName>'
    )
    out.write(f"<CTFversion>21.0</CTFversion><DateTime>{SCHOOL_YEAR}-09-14T10:00:00</DateTime>")
    out.write(f"<SourceSchool><LEA>{AUTHORITY}</LEA><Estab>{2001 + school}</Estab>")
    out.write(
        f"<SchoolName>{escape(school_name(school))}</SchoolName><AcademicYear>{SCHOOL_YEAR}</AcademicYear></SourceSchool>"
    )
    out.write(
        f"<DestSchool><LEA>{AUTHORITY}</LEA><Estab>{2001 + school if full else 2999}</Estab></DestSchool></Header>\n"
    )
    out.write("<CTFpupilData>\n")
    for one in roll.of(school):
        out.write(
            f"<Pupil><UPN>{one.upn}</UPN><Surname>{escape(one.family)}</Surname><Forename>{escape(one.given)}</Forename>"
        )
        out.write(f"<DOB>{one.born}</DOB><Sex>U</Sex><BasicDetails>")
        out.write(f"<PreferredForename>{escape(one.preferred or one.given)}</PreferredForename>")
        out.write(f"<NCyearActual>{'R' if one.year == 0 else one.year}</NCyearActual></BasicDetails><Contacts>")
        for order, guardian in enumerate(one.guardians, start=1):
            out.write(f"<Contact><Order>{order}</Order><Surname>{escape(guardian.family)}</Surname>")
            out.write(
                f"<Forename>{escape(guardian.given)}</Forename><Relationship>{guardian.relationship}</Relationship>"
            )
            out.write(
                f"<Responsibility>Y</Responsibility><Address><AddressLine1>{guardian.home}</AddressLine1></Address>"
            )
            out.write(
                f"<Phones><Phone><TelephoneType>M</TelephoneType><PhoneNo>{guardian.telephone}</PhoneNo></Phone></Phones>"
            )
            out.write(f"<Email>{guardian.email}</Email></Contact>")
        out.write("</Contacts></Pupil>\n")
    out.write("</CTFpupilData>\n</CTfile>\n")
    return out.getvalue().encode()


Row = dict[str, str]


def contact_headings(place: int) -> list[str]:
    parts = ("Name", "Relationship", "Email", "Telephone", "Parental Responsibility")
    return [f"Contact {place} {part}" for part in parts]


CSV_HEADINGS = [
    "Admission Number",
    "Legal Surname",
    "Legal Forename",
    "Preferred Forename",
    "Year Group",
    "UPN",
    "DOB",
    "Class",
    *contact_headings(1),
    *contact_headings(2),
]


def csv_row(one: Pupil) -> Row:
    row = {
        "DfE number": dfe_number(one.school),
        "Admission Number": one.id,
        "UPN": one.upn,
        "Legal Surname": one.family,
        "Legal Forename": one.given,
        "Preferred Forename": one.preferred,
        "DOB": f"{one.born:%d/%m/%Y}",
        "Year Group": "Reception" if one.year == 0 else f"Year {one.year}",
        "Class": one.room,
    }
    for place, guardian in enumerate(one.guardians, start=1):
        kin = {"PAM": "Mother", "PAF": "Father"}[guardian.relationship]
        told = (f"{guardian.given} {guardian.family}", kin, guardian.email, guardian.telephone, "Yes")
        row |= dict(zip(contact_headings(place), told, strict=True))
    return row


def csv_file(roll: Roll, school: int | None = 0) -> str:
    """A school's table as its database exports it; with None a county's, with a column that names the school."""
    if school is not None:
        return written(CSV_HEADINGS, map(csv_row, roll.of(school)))
    return written(["DfE number", *CSV_HEADINGS], map(csv_row, roll.all_pupils))


def written(headings: list[str], rows: Iterable[Row]) -> str:
    """CSV with these columns; a row may know more or fewer."""
    out = io.StringIO()
    sheet = csv.DictWriter(out, headings, restval="", extrasaction="ignore")
    sheet.writeheader()
    sheet.writerows(rows)
    return out.getvalue()
