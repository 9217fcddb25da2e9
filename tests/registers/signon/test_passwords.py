"""P62: an Internet password of one's own: told once, kept as a verifier, gone at once when withdrawn."""

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from drystone.engine.filtering.identity import person_key
from drystone.engine.filtering.overlay import FILE_NAME, Overlay
from drystone.engine.filtering.verifier import verify
from drystone.engine.filtering.words import Access
from drystone.registers.school.models import AuditEntry, Guardianship, Person, User
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.signon.models import Device, ProxyPassword
from drystone.registers.signon.services.passwords import (
    Slip,
    _words,
    easy_password,
    give_passwords,
    set_password,
    withdraw_passwords,
)
from tests.people import sign_in

GIVE, LIST = "/sign-on/passwords/give/", "/sign-on/"


@pytest.fixture
def quick(monkeypatch):
    """Verifiers that take no time, where what matters is not how they are made."""
    monkeypatch.setattr(
        "drystone.registers.signon.services.passwords.make_verifier", lambda password, salt: f"v:{password}"
    )


def key_of(home, name):
    return person_key(home.person_key.read_bytes(), name)


def test_slips_for_a_class_are_shown_once_and_what_is_kept_fits_them(place, home, overlay):
    client = sign_in(place.head)
    asked = client.get(GIVE, {"who": f"class-{place.pupil.school_class_id}", "only": "missing"}).content.decode()
    assert "Pip Fell" in asked
    assert not ProxyPassword.objects.exists()  # looking makes none
    made = client.post(GIVE, {"who": f"class-{place.pupil.school_class_id}", "only": "missing"})
    text = made.content.decode()
    password = re.search(r'ds-slip__code">([a-z]+-[a-z]+-\d\d)<', text)[1]
    assert "no-store" in made["Cache-Control"]
    verifier = overlay().verifiers[key_of(home, "pfell")]
    assert verify(password, verifier)
    assert password not in ProxyPassword.objects.get().verifier
    assert not any(password in entry.summary + str(entry.after) for entry in AuditEntry.objects.all())
    assert password not in client.get(LIST).content.decode()
    assert 'value="staff">All staff' in client.get(GIVE).content.decode()
    one = client.get(GIVE, {"who": f"person-{place.pupil.pk}", "only": "all"}).content.decode()
    assert "The password that one of them has stops working" in one
    assert (
        "all of them have one"
        in client.get(GIVE, {"who": f"class-{place.pupil.school_class_id}", "only": "missing"}).content.decode()
    )


def test_a_password_reaches_gateways_when_it_is_saved_and_leaves_them_when_it_is_withdrawn(
    place, home, quick, django_capture_on_commit_callbacks
):
    path = home.school_bundles("fellside") / FILE_NAME
    client = sign_in(place.technician)

    def verifiers_after(url, **data):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(url, {"who": f"person-{place.pupil.pk}"} | data)
        connection.run_on_commit.clear()  # as a real commit does
        return Overlay.load(path).verifiers

    first = verifiers_after(GIVE, only="all")
    second = verifiers_after(GIVE, only="all")
    assert first.keys() == second.keys() == {key_of(home, "pfell")}
    assert first != second
    assert verifiers_after("/sign-on/passwords/withdraw/") == {}


def test_a_chosen_password_is_neither_weak_nor_that_of_the_account(place, quick):
    def choose(password):
        set_password(school=place.school, person=place.teacher, password=password, by=place.head)

    for weak, said in (
        ("short", "between 8 and 100"),
        ("rghyll  ", "between 8"),
        ("Rita Ghyll", "too easy"),
        ("aaaaaaaaab", "too easy"),
        ("a long enough password", "password for these pages"),
    ):
        with pytest.raises(Refused, match=said):
            choose(weak)
    choose("three brown hens")
    assert ProxyPassword.objects.get().person == place.teacher


def test_the_form_says_what_is_wrong_and_saves_what_is_right(place, quick):
    client = sign_in(place.head)
    url = reverse("signon:choose", kwargs={"pk": place.pupil.pk})
    assert "between 8 and 100" in client.post(url, {"password": "short"}).content.decode()
    assert client.post(url, {"password": "three brown hens"}).status_code == 302
    assert ProxyPassword.objects.get().verifier == "v:three brown hens"


def test_nobody_finds_the_password_of_an_account_by_trying_it_as_an_internet_password(place, quick):
    """Who may give Internet passwords is told when it is that of the account: that is on record, and not often."""
    cache.clear()
    client, url = sign_in(place.technician), reverse("signon:choose", kwargs={"pk": place.teacher.pk})
    place.teacher.user = User.objects.create_user("rita@school.example", password="three-brown-hens")  # noqa: S106
    place.teacher.save()
    told = client.post(url, {"password": "three-brown-hens"})
    assert "password for these pages" in told.content.decode()
    (entry,) = AuditEntry.objects.filter(verb="refuse_proxy_password")
    assert (entry.actor, "three" in entry.summary) == (place.technician.key, False)
    found = [client.post(url, {"password": f"guess number {number}"}).status_code for number in range(12)]
    assert found.count(302) == 9
    assert found[-1] == 429
    assert "three" not in repr(Slip(place.teacher, "three-brown-hens"))


def test_who_has_left_can_sign_on_no_more(place, home, overlay, quick):
    give_passwords(school=place.school, people=[place.pupil, place.teacher], by=None)
    found = overlay()
    assert found.access_of(key_of(home, "pfell")) is Access.OPEN
    Person.objects.filter(pk=place.pupil.pk).update(school_class=None)
    place.pupil.holdings.update(ends="2021-01-01")
    after = overlay()
    assert key_of(home, "pfell") not in after.verifiers
    assert after.access_of(key_of(home, "pfell")) is None
    assert key_of(home, "rghyll") in after.verifiers


def test_nobody_gets_one_without_a_sign_on_name_or_in_another_school(place, stranger, quick):
    with pytest.raises(Refused, match="no network sign-on name"):
        give_passwords(school=place.school, people=[place.governor], by=place.head)
    with pytest.raises(Refused, match="not of this school"):
        give_passwords(school=place.school, people=[stranger], by=place.head)
    assert not ProxyPassword.objects.exists()


def test_only_those_who_may_give_passwords_do(place, stranger, quick):
    give_passwords(school=place.school, people=[place.pupil], by=place.head)
    for by in (place.teacher, place.governor, stranger):
        with pytest.raises(NotAllowed):
            give_passwords(school=place.school, people=[place.pupil], by=by)
        with pytest.raises(NotAllowed):
            withdraw_passwords(school=place.school, people=[place.pupil], by=by)
    assert sign_in(place.teacher).post(GIVE, {"who": "staff", "only": "all"}).status_code == 403
    assert "Pip" not in sign_in(stranger).get(LIST).content.decode()
    assert sign_in(stranger).get(reverse("signon:choose", kwargs={"pk": place.pupil.pk})).status_code == 404
    sign_in(stranger).post("/sign-on/passwords/withdraw/", {"who": f"person-{place.pupil.pk}"})
    assert ProxyPassword.objects.count() == 1


def test_the_list_is_searched_filtered_and_downloaded(place, quick):
    give_passwords(school=place.school, people=[place.pupil], by=place.head)
    client = sign_in(place.head)
    have = client.get(LIST, {"has": "yes"}).content.decode()
    assert "Pip Fell" in have
    assert "Rita Ghyll" not in have
    assert "Rita Ghyll" in client.get(LIST, {"has": "no", "who": "staff"}).content.decode()
    csv = b"".join(client.get(LIST, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    assert "Pip Fell,pfell,Oak,Yes" in csv
    assert "Nobody fits" in client.get(LIST, {"text": "nobody"}).content.decode()


def test_easy_passwords_are_words_to_type_and_seldom_alike():
    made = {easy_password(adult=False) for _ in range(200)}
    assert len(made) > 195
    assert all(re.fullmatch(r"[a-z]{3,11}-[a-z]{3,11}-[1-9]\d", one) for one in made)
    assert easy_password(adult=True).count("-") == 3
    assert len(set(_words())) == len(_words()) > 250


def test_whom_a_court_keeps_from_a_child_neither_finds_nor_changes_how_that_child_signs_on(place, home, quick):
    device = Device.objects.create(school=place.school, name="Tablet", network="10.1.0.9/32", person=place.pupil)
    client, pupil = sign_in(place.head), place.pupil
    choose, own = f"/sign-on/passwords/{pupil.pk}/choose/", f"/sign-on/devices/{device.pk}/"
    pages = [LIST, "/sign-on/devices/", f"{GIVE}?who=class-{pupil.school_class_id}&only=all"]
    assert sum("Pip" in client.get(path).content.decode() for path in pages) == 3
    assert [client.get(path).status_code for path in (choose, own)] == [200, 200]
    Guardianship.objects.create(pupil=pupil, guardian=place.head, order=1, barred=True)
    assert [path for path in pages if "Pip" in client.get(path).content.decode()] == []
    assert [client.get(path).status_code for path in (choose, own)] == [404, 404]
