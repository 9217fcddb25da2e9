"""The audit trail is read by more people than what it is about: it opens to nobody what their roles do not."""

from datetime import date

import pytest

from drystone.registers.school.models import AuditEntry, Guardianship, Role
from drystone.registers.school.services import families, people
from tests.people import make_person, make_school, sign_in, signed_in_as

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
HIDDEN = ["2018-05-04", "gwen@fell.example", "01539 555", "parent or carer of Rowan Fell"]


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def child(school):
    office = make_person(school, Role.OFFICE, given="Otto")
    child = people.add_person(
        school=school, by=office, given_names="Rowan", family_name="Fell", date_of_birth=date(2018, 5, 4)
    )
    gwen = {"given_names": "Gwen", "family_name": "Fell", "email": "gwen@fell.example", "telephone": "01539 555"}
    families.add_new_guardian(pupil=child, by=office, on=TODAY, person=gwen, order=1)
    return child


def trail(client):
    """All of it: the list, each entry, and the file."""
    pages = [client.get("/school/audit/")]
    pages += [client.get(f"/school/audit/{seq}/") for seq in AuditEntry.objects.values_list("seq", flat=True)]
    whole = client.get("/school/audit/?format=csv")
    return "".join(page.content.decode() for page in pages) + b"".join(whole.streaming_content).decode()


def test_a_technician_reads_who_changed_what_and_no_birthday_address_or_parents(school, child):
    technician, head = signed_in_as(school, Role.TECHNICIAN), signed_in_as(school, Role.HEAD)
    told = trail(technician)
    assert "Rowan Fell added" in told
    assert [text for text in HIDDEN if text in told] == []
    whole = trail(head)
    assert [text for text in HIDDEN if text not in whole] == []
    search = "/school/audit/?text=Rowan+carer"
    assert "Nothing fits" in technician.get(search).content.decode()
    assert "1 entry" in head.get(search).content.decode()


def test_whom_a_court_keeps_away_reads_nothing_of_the_child_there_either(school, child):
    father = make_person(school, Role.DEPUTY_HEAD, Role.PARENT, given="Huw", family="Fell")
    Guardianship.objects.create(pupil=child, guardian=father, order=2, barred=True)
    told = trail(sign_in(father))
    assert "2018-05-04" not in told
    assert "Rowan Fell" not in told
