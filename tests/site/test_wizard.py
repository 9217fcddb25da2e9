"""The set-up wizard: who may use it, what it refuses, and that it writes everything at once or nothing."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client

from drystone.engine.filtering.starter_lists import install_starter
from drystone.engine.home import Home
from drystone.registers.school.models import AuditEntry, Person, Role, School, User, Zone
from drystone.registers.school.queries import coordinator
from drystone.registers.school.services.audit import verify
from drystone.site.setup import views
from drystone.site.setup.code import make_code
from drystone.site.setup.finish import AlreadySetUp, found
from tests.people import make_school
from tests.site.answers import COORDINATOR, HEAD, PASSWORD, YOU, answer_all, terms, zones

pytestmark = pytest.mark.django_db
FAR = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    home = Home(tmp_path)
    for folder in (home.keys, home.bundles, home.events, home.run):
        folder.mkdir(parents=True)
    home.person_key.write_bytes(bytes(32))
    home.check_key.write_bytes(bytes(32))
    install_starter(home.lists, edition="test", at=datetime(2026, 11, 23, tzinfo=UTC))
    monkeypatch.setattr(settings, "HOME", home)
    return home


@pytest.fixture
def client(home):
    from django.core.cache import cache

    cache.clear()
    return Client(HTTP_HOST="localhost")


def text(response):
    return response.content.decode()


def test_every_page_of_an_empty_house_leads_to_the_wizard(client):
    assert client.get("/")["Location"] == "/set-up/"
    assert client.get("/school/people/")["Location"] == "/set-up/"
    assert client.get("/help/").status_code == 200


def test_the_whole_way_gives_a_school_a_signed_in_technician_and_a_filter(client, home):
    answer_all(client)
    page = client.post("/set-up/check/", follow=True)
    assert "Your filter is at work" in text(page)
    assert page.wsgi_request.user.email == "tech@fellside.example"
    school = School.objects.get()
    assert (school.slug, school.own_hosts) == ("fellside", ["www.fellside.example"])
    assert coordinator(school, page.wsgi_request.user.made_at.date()).person.name == "Tom Birkett"
    assert {zone.name for zone in Zone.objects.all()} == {"ICT suite", "Office", "This machine"}
    assert (home.school_bundles("fellside") / "current").exists()
    assert list(verify()) == []


def test_nothing_is_written_before_the_last_step(client):
    answer_all(client)
    assert "Helen Marsh" in text(client.get("/set-up/check/"))
    for model in (School, User, Person, AuditEntry):
        assert not model.objects.exists()


def test_the_password_is_kept_as_a_hash_only(client):
    answer_all(client)
    kept = str(dict(client.session))
    assert PASSWORD not in kept
    assert "password_hash" in kept


def test_a_failure_half_way_writes_nothing(client, monkeypatch):
    answer_all(client)

    def fails(*_args, **_more):
        raise RuntimeError("broken")

    monkeypatch.setattr("drystone.site.setup.finish.add_year", fails)
    with pytest.raises(RuntimeError):
        client.post("/set-up/check/")
    assert not School.objects.exists()
    assert not User.objects.exists()


def test_a_bundle_that_cannot_be_made_leaves_the_school_and_says_why(client, monkeypatch):
    answer_all(client)

    def fails(school, by):
        raise views.CannotPublish("The disk is full.")

    monkeypatch.setattr(views, "publish_first", fails)
    page = text(client.post("/set-up/check/", follow=True))
    assert "The disk is full." in page
    assert "blocks everything but the help sites" in page


def test_letters_hold_codes_that_open_the_accounts_once(client):
    answer_all(client)
    client.post("/set-up/check/")
    page = text(client.get("/set-up/letters/"))
    letters = client.session["letters"]
    assert {letter["name"] for letter in letters} == {"Helen Marsh", "Tom Birkett"}
    assert all(letter["code"] in page for letter in letters)
    sent = {"email": letters[0]["email"], "code": letters[0]["code"], "password": PASSWORD, "password_again": PASSWORD}
    stranger = Client(HTTP_HOST="localhost")
    assert stranger.post("/account/first-time/", sent)["Location"] == "/"
    assert stranger.get("/")["Location"] == "/account/two-step/", "in, and asked for the second step of a head"
    again = Client(HTTP_HOST="localhost").post("/account/first-time/", sent)
    assert "do not belong together" in text(again)
    client.post("/set-up/letters/printed/")
    assert client.get("/set-up/letters/").status_code == 302


def test_the_wizard_closes_when_there_is_a_school(client, home):
    code = make_code(home)
    answer_all(client)
    make_school()
    assert client.get("/set-up/")["Location"] == "/"
    assert client.get("/set-up/code/")["Location"] == "/"
    assert client.post("/set-up/check/")["Location"] == "/"
    assert School.objects.count() == 1
    assert code


def test_two_browsers_at_the_last_step_found_one_school(client):
    """Both passed the first look; the second to write finds the first one's school."""
    answer_all(client)
    answers = client.session["set_up"]
    found(answers)
    with pytest.raises(AlreadySetUp):
        found(answers)
    assert School.objects.count() == 1


def test_another_machine_needs_the_code(client, home):
    far = Client(HTTP_HOST="localhost", **FAR)
    assert far.get("/set-up/")["Location"] == "/set-up/code/"
    assert far.post("/set-up/school/", {})["Location"] == "/set-up/code/"
    code = make_code(home)
    assert "That is not the code" in text(far.post("/set-up/code/", {"code": "AAAA-AAAA"}))
    assert far.post("/set-up/code/", {"code": code.lower().replace("-", " ")})["Location"] == "/set-up/"
    assert far.get("/set-up/").status_code == 200


@pytest.mark.parametrize("told", [{"X_FORWARDED_FOR": "192.0.2.7"}, {"X_FORWARDED_PROTO": "https"}])
def test_a_proxy_on_this_machine_does_not_make_strangers_local(client, told):
    behind = Client(HTTP_HOST="localhost", **{f"HTTP_{name}": value for name, value in told.items()})
    assert behind.get("/set-up/")["Location"] == "/set-up/code/"


def test_codes_cannot_be_guessed_by_trying(client, home):
    code = make_code(home)
    far = Client(HTTP_HOST="localhost", **FAR)
    answers = [far.post("/set-up/code/", {"code": "AAAA-AAAA"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert far.post("/set-up/code/", {"code": code}).status_code == 429


def test_the_code_is_its_owners_only_and_goes_with_the_first_school(client, home):
    assert make_code(home) == make_code(home)
    assert home.setup_code.stat().st_mode & 0o777 == 0o600
    answer_all(client)
    client.post("/set-up/check/")
    assert not home.setup_code.exists()


def test_questions_left_out_are_asked_before_the_check(client):
    assert client.get("/set-up/check/")["Location"] == "/set-up/school/"
    assert client.get("/set-up/co-ordinator/")["Location"] == "/set-up/head/"
    client.post("/set-up/head/", HEAD)
    assert client.get("/set-up/safeguarding/")["Location"] == "/set-up/coordinator/".replace("coord", "co-ord")


def test_a_changed_answer_leads_back_to_the_check(client):
    answer_all(client)
    assert client.post("/set-up/head/", HEAD | {"given_names": "Helena"})["Location"] == "/set-up/check/"
    assert "Helena Marsh" in text(client.get("/set-up/check/"))


def test_one_person_may_hold_several_roles(client):
    you = YOU | {name: HEAD[name] for name in ("given_names", "family_name", "email")}
    answer_all(client, co_ordinator={"who": "head"}, you=you)
    client.post("/set-up/check/")
    person = Person.objects.get()
    assert {h.role for h in person.holdings.all()} == {
        Role.HEAD,
        Role.COORDINATOR,
        Role.SAFEGUARDING_LEAD,
        Role.TECHNICIAN,
    }


def test_two_people_cannot_have_one_address(client):
    client.post("/set-up/head/", HEAD)
    page = text(client.post("/set-up/co-ordinator/", COORDINATOR | {"email": HEAD["email"].upper()}))
    assert "That is Helen Marsh’s address" in page


@pytest.mark.parametrize(
    ("question", "sent", "words"),
    [
        ("school", {"name": "", "short_name": ""}, "Enter the name of the school"),
        ("school", {"name": "X", "short_name": "…"}, "needs letters from A to Z"),
        ("school", {"name": "X", "short_name": "x", "own_sites": "our site"}, "is not a web site"),
        ("you", YOU | {"password_again": "other words here"}, "are not the same"),
        ("you", YOU | {"password": "short", "password_again": "short"}, "at least 10 characters"),
        ("you", YOU | {"password": "tech@fellside", "password_again": "tech@fellside"}, "too similar"),
        ("zones", zones(("A", "ks2", "10.1.0.5/16")), "Did you mean 10.1.0.0/16?"),
        ("zones", zones(("A", "ks2", "")), "Enter the zone’s addresses"),
        ("zones", zones(("A", "ks2", "10.1.0.0/16"), ("B", "ks1", "10.1.2.3")), "overlaps 10.1.0.0/16 of “A”"),
        ("zones", zones(("A", "ks2", "10.1.0.0/16"), ("a", "ks1", "10.2.0.0/16")), "two zones called"),
        ("zones", zones(("A", "ks2", "127.0.0.1")), "overlaps 127.0.0.0/8 of “This machine”"),
        ("zones", zones(("A", "nobody", "10.1.0.0/16")), "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_at_the_top_with_a_link_to_its_box(client, question, sent, words):
    client.post("/set-up/head/", HEAD)
    client.post("/set-up/co-ordinator/", {"who": "head"})
    page = text(client.post(f"/set-up/{question}/", sent))
    assert "There is a problem" in page
    assert "<title>Error: " in page
    assert words in page
    assert 'href="#id_' in page


def test_terms_that_overlap_are_refused_by_name(client):
    sent = terms() | {
        "term1_starts_day": "1",
        "term1_starts_month": "10",
        "term1_starts_year": terms()["term0_ends_year"],
    }
    assert "Spring term starts before Autumn term ends" in text(client.post("/set-up/terms/", sent))


def test_rows_are_added_and_removed_without_a_script_and_keep_what_was_typed(client):
    page = text(client.post("/set-up/zones/", zones(("Typed", "ks1", "not yet")) | {"add": "1"}))
    assert 'value="Typed"' in page
    assert 'name="zone-1-name"' in page
    assert "There is a problem" not in page
    rows = zones(("One", "ks1", "10.1.0.0/16"), ("Two", "ks1", "10.2.0.0/16"))
    page = text(client.post("/set-up/zones/", rows | {"remove": "0"}))
    assert 'value="One"' not in page
    assert 'value="Two"' in page


def test_a_browser_that_asks_for_its_proxy_settings_gets_no_way_round_the_filter(client, home):
    (home.run / "up.json").write_text('{"proxy": "0.0.0.0:8080"}')
    make_school()
    script = text(client.get("/proxy.pac"))
    assert '"PROXY localhost:8080"' in script
    assert 'return "PROXY localhost:8080";\n}' in script
