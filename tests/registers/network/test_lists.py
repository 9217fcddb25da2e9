"""Lists on the screens: added after a look, updated, judged, compared, put back; and what is mandatory stays."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from drystone.engine.filtering import editions
from drystone.engine.filtering.mandatory import JOURNAL, note
from drystone.engine.filtering.sources import read_source, source_names
from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import ListUpdate, Publication
from drystone.registers.network.services import list_nights, publishing
from drystone.registers.network.services import lists as services
from drystone.registers.network.services.list_journal import take_journal
from drystone.registers.school.hooks import tasks_for
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.audit import verify

LISTS = "/filtering/lists/"
MANY = [f"site{number}.example" for number in range(100)]


@pytest.fixture(autouse=True)
def own_server_may_be_asked(settings):
    settings.LISTS_FROM_THIS_MACHINE = True


@pytest.fixture
def maker():
    """A maker's server: `pages` by path; it says 404 for checksums, as most do."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path)
            if body is None:
                self.send_error(404)
                return
            etag = f'"{hash(body)}"'
            known = self.headers.get("If-None-Match") == etag
            self.send_response(304 if known else 200)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", "0" if known else str(len(body)))
            self.end_headers()
            if not known:
                self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield pages, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def starter_lists(home, db):
    catalog()


def plain(sites):
    return ("\n".join(sites) + "\n").encode()


def added(place, name, address, **asked):
    update = services.ask_to_add(school=place.school, by=place.technician, name=name, origin=address, **asked)
    return services.carry_out(update)


def taken(place, name, address, mapping=None, **asked):
    assert added(place, name, address, **asked).outcome == "held"
    edition = editions.held(services.lists_folder(), name).source.id
    return services.accept(
        school=place.school, by=place.technician, name=name, edition=edition, reason="looked at", mapping=mapping or {}
    )


def updated(place, name):
    return services.carry_out(services.ask_to_update(school=place.school, by=place.technician, name=name))


def trail(verb):
    return list(AuditEntry.objects.filter(verb=verb).values_list("summary", flat=True))


def test_lists_are_looked_at_before_they_are_added_and_mapped_to_a_category(place, maker, as_person):
    pages, address = maker
    pages["/l.csv"] = b"domain,category\nbet.example,Betting\nvape.example,Vapes\nno host,Betting\n"
    client = as_person(place.technician)
    asked = client.post(f"{LISTS}add/", {"name": "council", "origin": f"{address}/l.csv", "licence": "OGL"})
    update = ListUpdate.objects.get()
    assert asked.url == f"{LISTS}updates/{update.pk}/"
    services.carry_out(update)
    page = client.get(asked.url, follow=True).content.decode()
    assert "What council would bring" in page
    assert "no host" in page
    assert "council" not in source_names(services.lists_folder()), "nothing filters by it yet"

    waiting = editions.held(services.lists_folder(), "council").source
    sent = {"accept": "1", "edition": waiting.id, "map_betting": "gambling", "map_vapes": "own"}
    assert client.post(f"{LISTS}of/council/waits/", sent).status_code == 302
    assert "council/betting" in catalog()["gambling"].lists
    assert catalog()["vapes"].lists == ("council/vapes",)
    page = client.get(f"{LISTS}of/council/").content.decode()
    assert "OGL" in page
    assert "Gambling" in page
    assert trail("accept_list")


def test_a_file_from_the_browser_is_read_and_thrown_away_again(place, as_person, home):
    client = as_person(place.technician)
    sent = SimpleUploadedFile("blocked.txt", b"0.0.0.0 bet.example\n")
    client.post(f"{LISTS}add/", {"name": "council", "upload": sent})
    services.carry_out(ListUpdate.objects.get())
    assert list((home.root / "uploads").iterdir()) == []
    waiting = editions.held(services.lists_folder(), "council").source
    assert (waiting.format, waiting.entries) == ("hosts", 1)
    client.post(f"{LISTS}of/council/waits/", {"refuse": "1", "edition": waiting.id})
    assert editions.all_held(services.lists_folder()) == ()
    assert trail("refuse_list")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": "UT 1", "origin": "https://lists.example/l"}, "cannot name a source"),
        ({"name": "starter", "origin": "https://lists.example/l"}, "a source called starter already"),
        ({"name": "council"}, "Write an address, or choose a file"),
        ({"name": "council", "origin": "file:///etc/passwd"}, "begins with https://"),
        ({"name": "council", "origin": "/etc"}, "begins with https://"),
    ],
)
def test_a_source_that_cannot_be_is_said_and_asked_again(place, as_person, sent, said):
    page = as_person(place.technician).post(f"{LISTS}add/", sent)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not ListUpdate.objects.exists()


def test_a_page_does_not_reach_this_machines_own_services(place, maker, settings):
    settings.LISTS_FROM_THIS_MACHINE = False
    pages, address = maker
    pages["/l"] = plain(MANY)
    update = added(place, "council", f"{address}/l")
    assert update.state == "failed"
    assert "127.0.0.1" in update.said


def test_an_update_past_the_limits_waits_for_a_person_and_shows_what_went(place, maker, as_person):
    pages, address = maker
    pages["/l"] = plain(MANY)
    taken(place, "council", f"{address}/l", {"council": "gambling"})
    pages["/l"] = plain([*MANY[:40], "new.example"])
    update = updated(place, "council")
    assert (update.state, update.outcome) == ("done", "held")
    assert "60 of 100 entries would go" in update.said
    assert read_source(services.lists_folder(), "council").entries == 100, "the one from before is at work"
    tasks = tasks_for(place.school, place.technician, frozenset({Role.TECHNICIAN}), datetime.now(UTC).date())
    assert "Judge an update of the lists council" in [task.text for task in tasks]

    client = as_person(place.technician)
    page = client.get(f"{LISTS}of/council/waits/").content.decode()
    assert "60 of 100 entries would go" in page
    assert "site40.example" in page
    waiting = editions.held(services.lists_folder(), "council").source.id
    at_work = read_source(services.lists_folder(), "council").id
    both = f"?old={at_work}&new={waiting}"
    assert "site77.example" in client.get(f"{LISTS}of/council/changes/{both}&q=site77").content.decode()
    csv = b"".join(client.get(f"{LISTS}of/council/changes.csv{both}&kind=came").streaming_content).decode()
    assert csv.splitlines()[1:] == ["council,came,new.example"]

    without = client.post(f"{LISTS}of/council/waits/", {"accept": "1", "edition": waiting})
    assert without.status_code == 422, "no reason, no edition"
    client.post(f"{LISTS}of/council/waits/", {"accept": "1", "edition": waiting, "reason": "the maker says so"})
    source = read_source(services.lists_folder(), "council")
    assert source.entries == 41
    assert "the maker says so" in source.accepted
    assert source.category("council").slug == "gambling", "what it was mapped to holds"

    client.post(f"{LISTS}of/council/back/{at_work}/", {"reason": "too little"})
    assert read_source(services.lists_folder(), "council").entries == 100
    assert trail("roll_back_list") == ["Went back to an edition of council from before: too little"]
    assert "Went back" not in client.get(f"{LISTS}of/council/").content.decode().split("Editions")[0]


def test_an_update_that_fails_says_why_and_leaves_what_is_at_work(place, maker, as_person):
    pages, address = maker
    pages["/l"] = plain(MANY)
    taken(place, "council", f"{address}/l")
    pages["/l"] = b"<!doctype html><p>Sign in"
    update = updated(place, "council")
    assert update.state == "failed"
    assert "web page" in update.said
    assert read_source(services.lists_folder(), "council").entries == 100
    tasks = tasks_for(place.school, place.technician, frozenset({Role.TECHNICIAN}), datetime.now(UTC).date())
    assert "The lists council could not be updated" in [task.text for task in tasks]
    assert "web page" in as_person(place.technician).get(f"{LISTS}updates/{update.pk}/").content.decode()


def test_the_night_fetches_once_and_publishes_what_came_but_no_half_done_rules(place, maker):
    pages, address = maker
    pages["/l"] = plain(MANY)
    taken(place, "council", f"{address}/l", {"council": "gambling"})
    assert publishing.publish(school=place.school, by=place.technician).state == "done"
    pages["/l"] = plain([*MANY, "new.example"])
    night = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    done = list_nights.update_by_night(night)
    assert [update.outcome for update in done] == ["installed"]
    latest = Publication.objects.first()
    assert latest.note == "The nightly update of lists"
    assert latest.is_current
    ListUpdate.objects.update(asked_at=night)
    assert list_nights.update_by_night(night) == [], "once a night"

    zone = place.zone("suite")
    zone.name = "Another name"
    zone.save()
    before = Publication.objects.count()
    list_nights.publish_what_came()
    assert Publication.objects.count() == before, "somebody's change waits with them"


def test_each_house_has_a_minute_of_its_own_and_another_one_each_night():
    days = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in range(1, 29)]
    minutes = {list_nights.tonight(day, b"one").time() for day in days}
    assert len(minutes) > 20
    assert all(1 <= minute.hour < 5 for minute in minutes)
    assert list_nights.tonight(days[0], b"one") != list_nights.tonight(days[0], b"two")
    minute = list_nights.tonight(days[0], b"one")
    assert not list_nights.due(days[0].replace(hour=0, minute=30), minute.replace(day=1), b"one")
    assert list_nights.due(days[0], None, b"one")
    assert not list_nights.due(days[0], minute, b"one")


# --- what nobody can switch off -----------------------------------------------------------------------------------


@pytest.fixture
def iwf(place, maker):
    pages, address = maker
    pages["/iwf"] = plain(MANY)
    taken(place, "iwf", f"{address}/iwf")
    return pages


def refused():
    return AuditEntry.objects.filter(verb="refused_list_change").count()


def test_every_list_of_a_mandatory_source_is_mandatory_whatever_its_folders_are_called(place, iwf):
    assert "iwf/iwf" in catalog()["illegal"].lists
    assert catalog()["illegal"].mandatory


@pytest.mark.parametrize("way", ["remove", "unmap", "empty", "gut", "swap", "add again"])
def test_no_screen_takes_a_mandatory_list_away_and_each_attempt_is_on_record(place, iwf, as_person, way):
    client = as_person(place.technician)
    match way:
        case "remove":
            page = client.post(f"{LISTS}of/iwf/remove/", {"reason": "too strict"})
            assert "This attempt is on record" in page.content.decode()
        case "unmap":
            sent = {"shrink": "20", "grow": "100", "map_iwf": "none"}
            assert client.post(f"{LISTS}of/iwf/settings/", sent).status_code == 422
        case "empty":
            iwf["/iwf"] = plain(["only.example"])
            assert "on record" in updated(place, "iwf").said
        case "gut":
            iwf["/iwf"] = plain(MANY[:45])
            assert "on record" in updated(place, "iwf").said
        case "swap":
            iwf["/iwf"] = plain([f"harmless{number}.example" for number in range(100)])
            assert "on record" in updated(place, "iwf").said
        case "add again":
            page = client.post(f"{LISTS}add/", {"name": "iwf", "origin": "https://lists.example/nothing"})
            assert page.status_code == 422
            return
    assert refused() == 1
    assert read_source(services.lists_folder(), "iwf").entries == 100
    assert "iwf/iwf" in catalog()["illegal"].lists
    assert editions.held(services.lists_folder(), "iwf") is None, "there is nothing that anybody could accept"
    assert list(verify()) == []


def test_no_way_back_to_an_edition_without_what_is_mandatory_now(place, iwf, as_person):
    iwf["/iwf"] = plain([*MANY, *(f"more{number}.example" for number in range(130))])
    held = updated(place, "iwf")
    assert held.outcome == "held"
    waiting = editions.held(services.lists_folder(), "iwf").source.id
    before = read_source(services.lists_folder(), "iwf").id
    client = as_person(place.technician)
    client.post(f"{LISTS}of/iwf/waits/", {"accept": "1", "edition": waiting, "reason": "it grew"})
    assert read_source(services.lists_folder(), "iwf").entries == 230
    page = client.post(f"{LISTS}of/iwf/back/{before}/", {"reason": "too much"})
    assert page.status_code == 422
    assert refused() == 1
    assert read_source(services.lists_folder(), "iwf").entries == 230


def test_publishing_goes_back_to_no_edition_without_the_mandatory_list(place, maker):
    first = publishing.publish(school=place.school, by=place.head)
    pages, address = maker
    pages["/iwf"] = plain(MANY)
    taken(place, "iwf", f"{address}/iwf")
    second = publishing.publish(school=place.school, by=place.head)
    assert second.state == "done"
    with pytest.raises(publishing.CannotPublish, match="mandatory list iwf/iwf"):
        publishing.roll_back(publication=first, by=place.head, note="as before")
    assert refused() == 1
    assert publishing.edition_in_force(place.school) == second.edition


def test_lists_of_a_mandatory_source_that_went_by_hand_are_not_published_without(place, iwf, home):
    assert publishing.publish(school=place.school, by=place.head).state == "done"
    (home.lists / "iwf.json").unlink()
    failed = publishing.publish(school=place.school, by=place.head)
    assert failed.state == "failed"
    assert "iwf/iwf" in failed.failure


def test_only_technician_and_coordinator_manage_lists(place, iwf, as_person):
    client = as_person(place.teacher)
    for path in ("add/", "of/iwf/settings/", "of/iwf/remove/"):
        assert client.get(LISTS + path).status_code in (403, 404)
    assert client.post(f"{LISTS}update/").status_code in (403, 404)


def test_what_a_shell_did_goes_from_the_journal_to_the_audit_trail_once(place, home):
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    for number in range(3):
        note(
            home.lists, at=at, by="the shell (root)", verb="refused_list_change", subject="iwf", summary=f"try {number}"
        )
    with (home.lists / JOURNAL).open("ab") as file:
        file.write(b"damaged {\n")
    assert take_journal(home.lists) == 4
    assert take_journal(home.lists) == 0
    entries = AuditEntry.objects.filter(verb="refused_list_change")
    assert {entry.actor_name for entry in entries} == {"the shell (root)", "the shell"}
    assert {entry.chain for entry in entries} == {place.school.slug}
    assert list(verify()) == []
