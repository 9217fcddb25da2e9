"""P43: what only the safeguarding lead reads: sealed at rest, told to nobody by the audit trail, never of one's own."""

import json
from datetime import date

import pytest
from django.conf import settings
from django.db import connection

from drystone.engine.home import Home
from drystone.registers.school.models import AuditEntry, Guardianship, Role, Sensitivity
from drystone.registers.school.reach import Viewer
from drystone.registers.school.seals import SealError, digest, seal, unseal
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.school.services.sensitivities import end_sensitivity, note_look, note_sensitivity
from drystone.site.keys import secret
from tests.people import make_person, make_school, sign_in, signed_in_as

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
TEXT = "Lives with an aunt; the address is kept from the father"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "HOME", Home(tmp_path))
    secret(settings.HOME.seal_key)
    return settings.HOME


@pytest.fixture
def school():
    return make_school()


@pytest.fixture
def lead(school):
    return make_person(school, Role.SAFEGUARDING_LEAD, given="Sal", family="Ghyll")


@pytest.fixture
def child(school):
    return make_person(school, Role.PUPIL, given="Rowan", family="Fell")


def viewer(person, role=Role.SAFEGUARDING_LEAD):
    return Viewer(person, frozenset({role}), TODAY)


def page(client, child):
    return client.get(f"/school/people/{child.pk}/bear-in-mind/")


def test_neither_the_database_nor_the_trail_gives_the_text_or_the_child_away(school, lead, child):
    note_sensitivity(person=child, by=viewer(lead), text=TEXT)
    note_look(person=child, by=viewer(lead))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM school_sensitivity")
        assert b"aunt" not in bytes(cursor.fetchone()[0])
    trail = json.dumps(list(AuditEntry.objects.values("summary", "before", "after", "subject")))
    assert AuditEntry.objects.count() == 2
    for given_away in ("aunt", "Rowan", "Fell", child.key, f"Person:{child.pk}"):
        assert given_away not in trail
    entry = AuditEntry.objects.get(verb="note_sensitivity")
    assert entry.after["digest"] == digest(TEXT, school=school, about=child.key)


def test_a_sealed_text_opens_only_where_it_belongs(school, child, home):
    sealed = seal(TEXT, school=school, about=child.key)
    assert unseal(sealed, school=school, about=child.key) == TEXT
    broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
    other = make_school(slug="dale")
    for text, place, about in ((sealed, school, "another"), (sealed, other, child.key), (broken, school, child.key)):
        with pytest.raises(SealError, match="cannot be opened"):
            unseal(text, school=place, about=about)
    home.seal_key.write_bytes(bytes(32))
    with pytest.raises(SealError, match="restore that file from the backup"):
        unseal(sealed, school=school, about=child.key)


def test_two_sealings_of_one_text_do_not_look_alike(school, child):
    assert seal(TEXT, school=school, about=child.key) != seal(TEXT, school=school, about=child.key)


def test_the_lead_and_a_deputy_read_it_and_nobody_else_does(school, lead, child):
    note_sensitivity(person=child, by=viewer(lead), text=TEXT)
    for role in Role:
        answer = page(signed_in_as(school, role), child)
        if role in (Role.SAFEGUARDING_LEAD, Role.DEPUTY_SAFEGUARDING_LEAD):
            assert "Lives with an aunt" in answer.content.decode()
        else:
            assert answer.status_code == 403, role


@pytest.mark.parametrize("barred", [False, True])
def test_not_of_their_own_child_even_as_the_safeguarding_lead(school, lead, child, barred):
    other = make_person(school, Role.DEPUTY_SAFEGUARDING_LEAD, given="Dan")
    noted = note_sensitivity(person=child, by=viewer(other), text=TEXT)
    Guardianship.objects.create(pupil=child, guardian=lead, barred=barred)
    client = sign_in(lead)
    assert page(client, child).status_code == 404
    assert client.post(f"/school/people/bear-in-mind/{noted.pk}/end/").status_code == 404
    whole = client.get(f"/school/people/{child.pk}/").content.decode()
    assert "bear-in-mind" not in whole
    with pytest.raises(NotAllowed):
        note_sensitivity(person=child, by=viewer(lead), text=TEXT)
    with pytest.raises(NotAllowed):
        end_sensitivity(sensitivity=noted, by=viewer(lead))


def test_it_is_noted_read_and_ended_on_the_page_and_each_look_leaves_one_trace(lead, child):
    client = sign_in(lead)
    url = f"/school/people/{child.pk}/bear-in-mind/"
    assert client.post(url, {"text": TEXT})["Location"] == url
    assert "Lives with an aunt" in page(client, child).content.decode()
    page(client, child)
    assert AuditEntry.objects.filter(verb="read_sensitivities").count() == 1
    assert "There is 1 thing" in client.get(f"/school/people/{child.pk}/").content.decode()
    client.post(f"/school/people/bear-in-mind/{Sensitivity.objects.get().pk}/end/")
    assert "Nothing is noted" in client.get(f"/school/people/{child.pk}/").content.decode()
    with pytest.raises(Refused, match="ended already"):
        end_sensitivity(sensitivity=Sensitivity.objects.get(), by=viewer(lead))


def test_without_the_key_nothing_is_shown_nothing_is_noted_and_the_page_says_what_to_do(lead, child, home):
    note_sensitivity(person=child, by=viewer(lead), text=TEXT)
    home.seal_key.unlink()
    client = sign_in(lead)
    assert "seal.key cannot be read" in page(client, child).content.decode()
    answer = client.post(f"/school/people/{child.pk}/bear-in-mind/", {"text": "More"})
    assert "restore it from the backup" in answer.content.decode()
    assert Sensitivity.objects.count() == 1


def test_it_is_about_pupils_alone(school, lead):
    with pytest.raises(Refused, match="no pupil"):
        note_sensitivity(person=make_person(school, Role.TEACHER), by=viewer(lead), text=TEXT)
