"""P35: the certificate's pages: public ones that bring it to devices, and the technician's of its use."""

import json
import os
import plistlib
from datetime import timedelta

import pytest
from cryptography import x509
from django.test import Client
from django.utils import timezone

from drystone.engine.certificates import ensure_authority, read_authority, read_certificates
from drystone.engine.https_pages import FILE_NAME, HttpsPages, read_https_pages
from drystone.registers.network.services.certificates import CertificateRefused, choose_secure_pages, take_up
from drystone.registers.network.services.permission import NotAllowed
from drystone.registers.network.today import filter_tasks
from drystone.registers.school.models import AuditEntry, Role
from tests.people import make_person, sign_in

URL = "/filtering/certificate/"


@pytest.fixture
def authority(home):
    return ensure_authority(home.ca, at=timezone.now())


@pytest.fixture
def technician(place):
    return make_person(place.school, Role.TECHNICIAN, given="Tess")


@pytest.fixture
def folder(home, place):
    made = home.school_bundles(place.school.slug)
    made.mkdir(parents=True)
    return made


@pytest.fixture
def suite(place):
    return place.school.zones.first()


# what anybody may fetch


def test_anybody_gets_the_certificate_in_each_form_and_never_the_key(place, authority):
    visitor = Client(HTTP_HOST="localhost")
    der = visitor.get("/certificate/drystone.cer")
    assert x509.load_der_x509_certificate(der.content) == authority.certificate
    assert der["Content-Type"] == "application/x-x509-ca-cert"
    pem = visitor.get("/certificate/drystone.pem").content
    assert x509.load_pem_x509_certificates(pem) == [authority.certificate]
    page = visitor.get("/certificate/").content.decode()
    for shown in (authority.sha256, authority.sha1, authority.name, "no password"):
        assert shown in page
    for path in ("drystone.key", "ca.key", "drystone.p12", "next.key", "drystone-next.cer", "../ca/ca.key"):
        assert visitor.get(f"/certificate/{path}").status_code == 404
    profile = visitor.get("/certificate/drystone.mobileconfig").content
    assert not any(b"PRIVATE" in part for part in (der.content, pem, profile, page.encode()))


def test_the_ipads_profile_holds_the_certificate_and_is_the_same_each_time(place, authority):
    visitor = Client(HTTP_HOST="localhost")
    answer = visitor.get("/certificate/drystone.mobileconfig")
    assert answer["Content-Type"] == "application/x-apple-aspen-config"
    profile = plistlib.loads(answer.content)
    (payload,) = profile["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.root"
    assert payload["PayloadContent"] == authority.der
    assert visitor.get("/certificate/drystone.mobileconfig").content == answer.content


def test_without_a_certificate_the_page_says_how_it_is_made(place, home):
    visitor = Client(HTTP_HOST="localhost")
    assert "drystone gateway ca" in visitor.get("/certificate/").content.decode()
    assert visitor.get("/certificate/drystone.cer").status_code == 404
    assert visitor.get("/certificate/drystone.mobileconfig").status_code == 404


# where it is used


def test_nowhere_until_somebody_says_so(place, authority, folder):
    take_up(place.school)
    assert read_https_pages(folder) == HttpsPages()


def test_the_technician_says_where_and_the_gateway_reads_it(
    technician, place, suite, authority, folder, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = sign_in(technician).post(URL, {"where": "zones", "zones": [suite.pk]})
    assert answer.status_code == 302
    assert read_https_pages(folder) == HttpsPages(zones=frozenset({suite.slug}))
    entry = AuditEntry.objects.get(verb="choose_secure_pages")
    assert (entry.actor, entry.after) == (technician.key, {"where": "zones", "zones": [suite.slug]})
    with django_capture_on_commit_callbacks(execute=True):
        sign_in(technician).post(URL, {"where": "nowhere", "zones": [suite.pk]})
    assert read_https_pages(folder) == HttpsPages()


@pytest.mark.parametrize("given", [{}, {"where": "zones"}, {"where": "zones", "zones": ["77"]}, {"where": "moon"}])
def test_a_choice_that_cannot_be_is_not_saved(technician, place, authority, folder, given):
    assert sign_in(technician).post(URL, given).status_code == 422
    assert not (folder / FILE_NAME).exists()


def test_another_schools_place_cannot_be_chosen(place, other, technician, authority):
    theirs = other.school.zones.first()
    assert sign_in(technician).post(URL, {"where": "zones", "zones": [theirs.pk]}).status_code == 422
    with pytest.raises(CertificateRefused):
        choose_secure_pages(school=place.school, where="zones", zones=[theirs], by=technician)


def test_a_coordinator_sees_and_a_governor_does_not_and_neither_changes(place, as_person, authority):
    coordinator = make_person(place.school, Role.COORDINATOR, given="Cora")
    client = sign_in(coordinator)
    assert b"nowhere" in client.get(URL).content
    with pytest.raises(NotAllowed):
        choose_secure_pages(school=place.school, where="everywhere", zones=[], by=coordinator)
    assert client.post(URL, {"where": "everywhere"}).status_code == 422
    assert client.post(f"{URL}next/").status_code == 403
    assert as_person(place.governor).get(URL).status_code == 403


def test_a_file_that_was_lost_or_damaged_is_written_anew(place, suite, technician, authority, folder):
    choose_secure_pages(school=place.school, where="everywhere", zones=[], by=technician)
    (folder / FILE_NAME).write_text("garbage")
    take_up(place.school)
    assert read_https_pages(folder).everywhere


def test_before_anything_is_published_nothing_is_written(place, home, authority):
    take_up(place.school)
    assert not home.school_bundles(place.school.slug).exists()


# its change


def test_the_certificate_is_changed_in_two_steps_with_both_on_offer_between(technician, place, home, authority):
    client, visitor = sign_in(technician), Client(HTTP_HOST="localhost")
    assert client.get(f"{URL}next/").status_code == 200
    assert client.post(f"{URL}next/").status_code == 302
    following = read_certificates(home.ca)[1]
    assert visitor.get("/certificate/drystone-next.cer").content == following.der
    profile = plistlib.loads(visitor.get("/certificate/drystone.mobileconfig").content)
    assert [payload["PayloadContent"] for payload in profile["PayloadContent"]] == [authority.der, following.der]
    assert following.sha256 in visitor.get("/certificate/").content.decode()
    assert client.post(f"{URL}next/").status_code == 422  # one waits already
    assert client.post(f"{URL}change/").status_code == 302
    assert read_authority(home.ca).public.sha256 == following.sha256
    assert visitor.get("/certificate/drystone.cer").content == following.der
    assert "no longer used" in client.get(URL).content.decode()
    verbs = list(AuditEntry.objects.filter(actor=technician.key).order_by("seq").values_list("verb", flat=True))
    assert verbs == ["make_next_certificate", "change_certificate"]


def test_a_next_certificate_is_thrown_away(technician, place, home, authority):
    client = sign_in(technician)
    client.post(f"{URL}next/")
    assert client.post(f"{URL}drop/").status_code == 302
    assert [one.sha256 for one in read_certificates(home.ca)] == [authority.sha256]


def test_one_of_several_schools_does_not_change_it_for_all(technician, place, other, home, authority):
    assert sign_in(technician).post(f"{URL}next/").status_code == 422
    assert len(read_certificates(home.ca)) == 1
    assert not AuditEntry.objects.filter(verb="make_next_certificate").exists()


def test_a_step_that_fails_leaves_no_trace_of_having_been_done(technician, place, authority):
    assert sign_in(technician).post(f"{URL}change/").status_code == 422  # none waits
    assert not AuditEntry.objects.filter(verb="change_certificate").exists()


# what it asks for today


def asked_of(person, place) -> list[str]:
    found = filter_tasks(place.school, person, frozenset({Role.TECHNICIAN}), timezone.localdate())
    return [task.text for task in found if task.url == URL]


def test_nothing_is_asked_while_it_is_not_used_or_good(technician, place, home, authority):
    ensure_authority(home.ca, at=timezone.now())
    assert asked_of(technician, place) == []
    choose_secure_pages(school=place.school, where="everywhere", zones=[], by=technician)
    assert asked_of(technician, place) == []


@pytest.mark.parametrize(("age", "words"), [(1750, "ends on"), (1900, "has ended")])
def test_a_certificate_that_ends_is_asked_after_in_time(technician, place, home, age, words):
    ensure_authority(home.ca, at=timezone.now() - timedelta(days=age))
    choose_secure_pages(school=place.school, where="everywhere", zones=[], by=technician)
    (text,) = asked_of(technician, place)
    assert words in text


def test_a_next_certificate_that_waits_is_not_forgotten(technician, place, authority):
    choose_secure_pages(school=place.school, where="everywhere", zones=[], by=technician)
    sign_in(technician).post(f"{URL}next/")
    assert asked_of(technician, place) == ["Bring the next certificate to the devices, then change to it"]


def test_devices_that_do_not_trust_it_are_told_of(technician, place, home, authority):
    home.run.mkdir(parents=True)
    now = timezone.now().isoformat(timespec="seconds")
    status = {
        "gateway": "proxy",
        "listen": "127.0.0.1:8080",
        "pid": os.getpid(),
        "school": place.school.slug,
        "at": now,
    }
    (home.run / "proxy.json").write_text(json.dumps(status | {"not_trusted": 3, "last_not_trusted": "10.1.0.7"}))
    page = sign_in(technician).get(URL).content.decode()
    assert "3 times since the gateway proxy started" in page
    assert "10.1.0.7" in page
