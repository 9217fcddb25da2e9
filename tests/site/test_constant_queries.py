"""A page costs the same number of queries whether the school has ten pupils or sixty."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drystone.engine.home import Home
from drystone.registers.school.models import ClassStaff, Guardianship, Role, SchoolClass
from drystone.registers.school.services import audit
from drystone.registers.signon.models import Device
from drystone.registers.unblock.models import Grant, Kind, SiteRequest, Whom
from drystone.site.keys import secret
from tests.people import LONG_AGO, make_person, make_school, sign_in
from tests.registers.unblock.parts import in_minutes
from tests.site.samples import SAMPLES, SHARED
from tests.site.walk import guarded, pages, text_of


@pytest.fixture
def school(db, settings, tmp_path):
    settings.HOME = Home(tmp_path / "home")
    for key in (settings.HOME.person_key, settings.HOME.check_key, settings.HOME.seal_key):
        secret(key)
    return make_school()


def grow(school, start, count, reader):
    """Pupils with a mother each, in classes of five that the reader teaches, and what comes with them."""
    for number in range(start, start + count):
        if number % 5 == 0:
            made = SchoolClass.objects.create(
                school=school, name=f"C{number}", year_group=3, group=school.groups.first()
            )
            ClassStaff.objects.create(person=reader, school_class=made, starts=LONG_AGO)
        pupil = make_person(
            school, Role.PUPIL, given=f"P{number}", sign_on=f"p{number}", school_class=school.classes.last()
        )
        mother = make_person(school, Role.PARENT, given=f"M{number}", email=f"m{number}@home.example")
        Guardianship.objects.create(pupil=pupil, guardian=mother)
        teacher = make_person(school, Role.TEACHER, given=f"T{number}", email=f"t{number}@school.example")
        sign_in(teacher)
        grant = Grant.objects.create(
            school=school, host=f"s{number}.example", level=Whom.SCHOOL, whom="x", reason="x", until=in_minutes(60)
        )
        SiteRequest.objects.create(
            school=school, kind=Kind.OPEN, host=f"s{number}.example", by_child=True, sensitive=False,
            mark=str(number), asker=pupil, grant=grant,
        )  # fmt: skip
        Device.objects.create(school=school, name=f"D{number}", network=f"10.8.0.{number}/32", person=teacher)
        audit.record(school=school, by=teacher, verb="try", subject=pupil, summary="a sample")


def costs(client, addresses):
    """Queries of each page; not those by which a session remembers the time of the day, now and then."""
    found = {}
    for name, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            text_of(client.get(address))
        told = [query["sql"] for query in queries]
        found[name] = len([sql for sql in told if "django_session" not in sql and "SAVEPOINT" not in sql])
    return found


def test_every_page_asks_as_much_for_sixty_pupils_as_for_ten(school):
    reader = make_person(school, *Role)
    grow(school, 0, 10, reader)
    given = {page.name: SAMPLES[page.name](school) for page in pages() if page.name in SAMPLES} | SHARED
    addresses = {p.name: p.address(**given.get(p.name, {})) for p in guarded() if not p.arguments or p.name in given}
    client = sign_in(reader)
    costs(client, addresses)  # what is looked up once and kept
    few = costs(client, addresses)
    grow(school, 10, 50, reader)
    many = costs(client, addresses)
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}
    assert max(few.values()) < 60
