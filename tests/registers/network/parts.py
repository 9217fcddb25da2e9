"""A small school, made in the database: what the tests of the network and monitoring registers start from."""

from dataclasses import dataclass
from datetime import date

from drystone.registers.school.models import (
    AcademicYear,
    AddressRange,
    AgeBand,
    Group,
    Person,
    Role,
    RoleHolding,
    School,
    SchoolClass,
    Term,
    User,
    Zone,
)

BANDS = {
    AgeBand.KS1: "Key Stage 1",
    AgeBand.KS2: "Key Stage 2",
    AgeBand.STAFF: "Staff",
    AgeBand.GUESTS: "Guests",
}


@dataclass
class Place:
    """A school and the people that tests act as."""

    school: School
    head: Person
    technician: Person
    governor: Person
    teacher: Person
    pupil: Person

    def group(self, slug):
        return Group.objects.get(school=self.school, slug=slug)

    def zone(self, slug):
        return Zone.objects.get(school=self.school, slug=slug)


def person(school, given, family, *roles, sign_on="", school_class=None):
    user = User.objects.create_user(f"{given}.{family}@{school.slug}.example".lower(), "a long enough password")
    made = Person.objects.create(
        school=school, user=user, given_names=given, family_name=family, sign_on=sign_on, school_class=school_class
    )
    for role in roles:
        RoleHolding.objects.create(person=made, role=role, starts=date(2020, 9, 1))
    return made


def make_place(slug="fellside", name="Fellside School", network=1):
    school = School.objects.create(name=name, slug=slug, own_sites=f"www.{slug}.example")
    year = AcademicYear.objects.create(
        school=school, name="2026 to 2027", starts=date(2026, 9, 1), ends=date(2027, 8, 31)
    )
    Term.objects.create(
        year=year,
        name="Autumn",
        starts=date(2026, 9, 2),
        ends=date(2026, 12, 18),
        half_term_starts=date(2026, 10, 26),
        half_term_ends=date(2026, 10, 30),
    )
    groups = {
        band: Group.objects.create(school=school, slug=band.value, name=title, age_band=band)
        for band, title in BANDS.items()
    }
    zones = (("suite", "ICT suite", "ks2"), ("infants", "Infants’ rooms", "ks1"), ("office", "Office", "staff"))
    for number, (zone, title, band) in enumerate(zones, 1):
        row = Zone.objects.create(school=school, slug=zone, name=title, group=groups[AgeBand(band)])
        AddressRange.objects.create(zone=row, network=f"10.{network}.{number}.0/24")
    year4 = SchoolClass.objects.create(school=school, name="Oak", year_group=4, group=groups[AgeBand.KS2])
    return Place(
        school,
        head=person(school, "Hilda", "Crag", Role.HEAD, sign_on="hcrag"),
        technician=person(school, "Tom", "Beck", Role.TECHNICIAN, sign_on="tbeck"),
        governor=person(school, "Greta", "Moss", Role.GOVERNOR),
        teacher=person(school, "Rita", "Ghyll", Role.TEACHER, sign_on="rghyll"),
        pupil=person(school, "Pip", "Fell", Role.PUPIL, sign_on="pfell", school_class=year4),
    )
