"""The queue: who may see what, the engine's explanation, the answer on the same page, and what waits on home pages."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Rule
from drystone.registers.school.access import roles_of
from drystone.registers.school.hooks import Urgency, tasks_for
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.unblock.models import Grant, SiteRequest, State
from drystone.registers.unblock.services.asking import Asker, Kind, report_site
from drystone.registers.unblock.services.deciding import refuse
from tests.registers.network.parts import person
from tests.registers.unblock.parts import EVERYONE, asks, give

QUEUE = "/requests/"


def text_of(answer):
    return answer.content.decode()


def hosts_seen(client, **query):
    table = text_of(client.get(QUEUE, query)).partition("<tbody")[2]
    names = {"games", "suicide", "webmail", "chat", "bad"}
    return {name for name in names if f"{name}." in table}


@pytest.fixture
def waiting(school):
    """A child's ordinary request, a child's sensitive one, a colleague's, and a report."""
    asks(school, school.pupil)
    asks(school, school.pupil, host="suicide.drystone.test", category="suicide")
    asks(school, school.technician, host="webmail.drystone.test", category="webmail", child=False, why="Museum")
    asks(school, name="Ada", host="chat.drystone.test", category="chat")
    report_site(
        school=school.school, kind=Kind.BLOCK, site="bad.example", asker=Asker(school.governor), why="Frightening"
    )
    return school


def test_what_a_child_asks_under_a_sensitive_category_is_for_safeguarding_alone(waiting, as_person):
    everything = {"games", "suicide", "webmail", "chat", "bad"}
    assert hosts_seen(as_person(waiting.coordinator)) == everything
    assert hosts_seen(as_person(waiting.lead)) == everything
    assert hosts_seen(as_person(waiting.head)) == everything
    assert hosts_seen(as_person(waiting.technician)) == everything - {"suicide"}
    assert hosts_seen(as_person(waiting.teacher)) == {"games", "chat"}
    assert as_person(waiting.governor).get(QUEUE).status_code == 403
    private = SiteRequest.objects.get(host__startswith="suicide")
    for somebody in (waiting.technician, waiting.teacher):
        assert as_person(somebody).get(f"{QUEUE}{private.pk}/").status_code == 404
        assert as_person(somebody).post(f"{QUEUE}{private.pk}/", {"decision": "refuse"}).status_code == 404


def test_a_category_that_nobody_has_explained_counts_as_sensitive(school, as_person):
    asks(school, school.pupil, host="chat.drystone.test", category="some_list_of_our_own")
    assert hosts_seen(as_person(school.teacher)) == set()


def test_the_technician_does_not_learn_who_asked(waiting, as_person):
    client = as_person(waiting.technician)
    number = SiteRequest.objects.get(host__startswith="games").pk
    for page in (QUEUE, f"{QUEUE}{number}/"):
        html = text_of(client.get(page))
        assert "Pip Fell" not in html
        assert "A pupil" in html
    assert hosts_seen(client, q="Pip") == set(), "nor by searching"
    download = b"".join(client.get("/requests/requests.csv").streaming_content).decode("utf-8-sig")
    assert "Pip" not in download
    assert hosts_seen(as_person(waiting.teacher), q="pip") == {"games"}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"q": "museum"}, {"webmail"}),
        ({"kind": "block"}, {"bad"}),
        ({"who": "adult"}, {"webmail", "bad"}),
        ({"zone": "office"}, {"webmail"}),
        ({"group": "ks2"}, {"games", "suicide", "chat"}),
        ({"subject": "worrying"}, {"suicide"}),
        ({"state": "refused"}, {"chat"}),
        ({"state": "all"}, {"games", "suicide", "webmail", "chat", "bad"}),
        ({"sort": "oldest", "zone": "no-such"}, {"games", "suicide", "webmail", "bad"}),
    ],
)
def test_the_queue_is_searched_and_filtered_and_its_csv_alike(waiting, as_person, query, shown):
    refuse(request=SiteRequest.objects.get(host__startswith="chat"), by=waiting.head, reason="No")
    client = as_person(waiting.coordinator)
    if "state" not in query:
        shown = shown - {"chat"}
    assert hosts_seen(client, **query) == shown
    text = b"".join(client.get("/requests/requests.csv", query).streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["Site"].partition(".")[0] for row in rows} == shown


def test_a_class_can_be_looked_for(waiting, as_person):
    oak = waiting.pupil.school_class
    assert hosts_seen(as_person(waiting.teacher), school_class=oak.pk) == {"games"}


def test_long_queues_come_in_pages(school, as_person):
    for number in range(51):
        asks(school, name=f"Child {number}")
    html = text_of(as_person(school.head).get(QUEUE))
    assert "51 requests" in html
    assert "?page=2" in html


def test_a_request_shows_why_the_filter_says_so_and_what_an_answer_would_open(school, as_person):
    publish_first(school.school, school.head)
    asked = asks(school, school.pupil)
    html = text_of(as_person(school.coordinator).get(f"{QUEUE}{asked.pk}/"))
    assert "Pip Fell, Oak" in html
    assert "Games: blocked for Key Stage 2" in html
    assert "Rules for the categories it is in" in html
    opening = html.partition("What allowing it would open")[2]
    assert opening.count("Opened by your answer") == 2, "the ICT suite and the infants’ rooms"
    assert opening.count("It is open anyway") == 1, "the office"


def test_of_a_report_the_page_says_how_each_place_is_answered_now(school, as_person):
    publish_first(school.school, school.head)
    asked = report_site(
        school=school.school, kind=Kind.BLOCK, site="chat.drystone.test", asker=Asker(school.governor), why="x"
    ).request
    html = text_of(as_person(school.head).get(f"{QUEUE}{asked.pk}/"))
    table = html.partition("How the filter answers now")[2]
    assert "Chat and messaging: blocked for Key Stage 2" in table
    assert "What allowing it would open" not in html


def test_before_anything_is_published_the_page_says_that_it_cannot_be_said(school, as_person):
    html = text_of(as_person(school.coordinator).get(f"{QUEUE}{asks(school, school.pupil).pk}/"))
    assert "It cannot be said" in html


def answer(client, asked, **data):
    return client.post(f"{QUEUE}{asked.pk}/", {"decision": "allow", "reason": "For the topic"} | data)


def test_the_form_allows_for_a_lesson_for_the_place(school, as_person):
    asked = asks(school, school.pupil)
    done = answer(as_person(school.coordinator), asked, whom="zone", zone=school.zone("suite").pk, length="lesson")
    assert done.status_code == 302
    grant = Grant.objects.get()
    assert (grant.zone, grant.reason) == (school.zone("suite"), "For the topic")
    assert timedelta(minutes=59) < grant.until - grant.since <= timedelta(minutes=60)


def test_until_a_date_means_to_the_end_of_that_day_in_the_schools_time(school, as_person):
    last = timezone.localdate() + timedelta(days=10)
    day = {"until_day": last.day, "until_month": last.month, "until_year": last.year}
    answer(as_person(school.coordinator), asks(school, school.pupil), whom="school", length="date", **day)
    local = timezone.localtime(Grant.objects.get().until)
    assert (local.date(), local.hour, local.minute) == (last + timedelta(days=1), 0, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"decision": ""}, "Choose an answer"),
        ({"reason": " "}, "Say why"),
        ({"whom": ""}, "Choose whom"),
        ({"whom": "school", "length": ""}, "Choose for how long"),
        ({"whom": "class", "length": "lesson"}, "Choose the class"),
        ({"whom": "school", "length": "date"}, "Write the last day"),
        ({"whom": "school", "length": "date", "until_day": 1, "until_month": 1, "until_year": 2020}, "later than now"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_done(school, as_person, data, message):
    asked = asks(school, school.pupil)
    wrong = answer(as_person(school.coordinator), asked, **data)
    assert wrong.status_code == 422
    assert message in text_of(wrong).replace("&#39;", "'")
    assert not Grant.objects.exists()


def test_a_teacher_is_offered_what_a_teacher_may_give(school, as_person):
    asked = asks(school, school.pupil)
    html = text_of(as_person(school.teacher).get(f"{QUEUE}{asked.pk}/"))
    assert "Until the end of today" in html
    assert "Everybody in one place" in html
    for more in ("Until a date", "Everyone at the school", "make a rule"):
        assert more not in html
    assert answer(as_person(school.teacher), asked, whom="school", length="lesson").status_code == 422
    assert not Grant.objects.exists()


def test_of_a_mandatory_site_the_screen_says_why_and_offers_no_yes(school, as_person):
    asked = asks(school, school.governor, host="illegal.drystone.test", category="illegal", child=False)
    client = as_person(school.head)
    html = text_of(client.get(f"{QUEUE}{asked.pk}/"))
    assert "Nobody can open it, whatever the role" in html
    assert "Allow it for a time" not in html
    assert "It stays blocked" in html
    for decision in ("allow", "rule"):
        refused = answer(client, asked, decision=decision, whom="school", length="lesson")
        assert refused.status_code == 422
        assert "this attempt is on record" in text_of(refused)
    assert AuditEntry.objects.filter(verb="refused_to_allow_site", actor=school.head.key).count() == 2
    assert not Grant.objects.exists()


def test_block_it_makes_a_draft_rule_and_leads_to_it(waiting, as_person):
    asked = SiteRequest.objects.get(kind=Kind.BLOCK)
    client = as_person(waiting.coordinator)
    done = client.post(f"{QUEUE}{asked.pk}/", {"decision": "rule", "reason": "Frightening"}, follow=True)
    assert "It comes into force when you publish" in text_of(done)
    rule = Rule.objects.get(value="bad.example")
    assert f"/filtering/rules/{rule.pk}/" in text_of(client.get(f"{QUEUE}{asked.pk}/"))


def test_what_is_open_is_listed_searched_and_ended_with_a_reason(school, as_person):
    grant = give(school, asks(school, school.pupil), EVERYONE)
    client = as_person(school.technician)
    assert grant.host in text_of(client.get("/requests/open/"))
    assert "Open for a time" in text_of(client.get("/filtering/"))
    assert grant.host in b"".join(client.get("/requests/open.csv").streaming_content).decode()
    end = f"/requests/open/{grant.pk}/end/"
    assert client.post(end, {"reason": ""}).status_code == 422
    assert client.post(end, {"reason": "Enough"}).status_code == 302
    client.get("/requests/open/")  # the message of what was done goes with this page
    assert grant.host not in text_of(client.get("/requests/open/"))
    shown = text_of(client.get("/requests/open/", {"state": "over", "q": "whole"}))
    assert grant.host in shown
    assert "Enough" in text_of(client.get(f"/requests/open/{grant.pk}/"))


def test_a_teacher_ends_what_they_gave_and_nothing_else(school, as_person):
    grant = give(school, asks(school, school.pupil), EVERYONE)
    as_person(school.teacher).post(f"/requests/open/{grant.pk}/end/", {"reason": "x"})
    grant.refresh_from_db()
    assert grant.ended_at is None
    grant.by = school.teacher
    grant.save()
    as_person(school.teacher).post(f"/requests/open/{grant.pk}/end/", {"reason": "x"})
    grant.refresh_from_db()
    assert grant.ended_by == school.teacher


def tasks(place, somebody):
    return tasks_for(place.school, somebody, roles_of(somebody), timezone.localdate())


def test_requests_wait_on_the_first_page_of_those_who_decide(waiting):
    def count(somebody):
        found = [task.text for task in tasks(waiting, somebody) if task.url == QUEUE]
        return found[0] if found else ""

    assert count(waiting.coordinator) == "5 requests about sites wait"
    assert count(waiting.teacher) == "2 requests about sites wait"
    assert count(waiting.governor) == ""
    SiteRequest.objects.update(asked_at=timezone.now() - timedelta(days=3))
    (late,) = [task for task in tasks(waiting, waiting.head) if task.url == QUEUE]
    assert late.urgency is Urgency.NOW


def test_p13_a_child_who_asks_about_a_worrying_subject_is_looked_at_now_by_safeguarding(waiting, as_person):
    def worried(somebody):
        return [task for task in tasks(waiting, somebody) if "worrying subject" in task.text]

    (task,) = worried(waiting.lead)
    assert task.urgency is Urgency.NOW
    assert "suicide" not in task.text + task.detail
    shown = text_of(as_person(waiting.lead).get(task.url)).partition("<tbody")[2]
    assert "suicide." in shown
    assert "games." not in shown
    assert worried(waiting.technician) == worried(waiting.teacher) == []


def test_the_asker_hears_on_their_first_page_until_they_have_read_it(waiting, as_person):
    asked = SiteRequest.objects.get(kind=Kind.BLOCK)
    refuse(request=asked, by=waiting.coordinator, reason="It is the publisher’s own page")
    (heard,) = [task for task in tasks(waiting, waiting.governor) if "bad.example" in task.text]
    assert "the publisher’s own page" in heard.detail
    client = as_person(waiting.governor)
    assert "the publisher’s own page" in text_of(client.get(heard.url))
    assert client.get(f"/requests/mine/{asked.pk}/seen/").status_code == 405
    client.post(f"/requests/mine/{asked.pk}/seen/")
    assert not [task for task in tasks(waiting, waiting.governor) if "bad.example" in task.text]
    assert as_person(waiting.head).post(f"/requests/mine/{asked.pk}/seen/").status_code == 404


def test_staff_report_a_site_from_the_web_and_pupils_and_parents_cannot(school, as_person):
    url = "/requests/ask/"
    client = as_person(school.teacher)
    assert client.post(url, {"kind": "block", "site": "", "why": ""}).status_code == 422
    form = {"kind": "block", "site": "https://scary.example/x", "why": "Pictures"}
    assert "Sent." in text_of(client.post(url, form, follow=True))
    assert "asked for that already" in text_of(client.post(url, form, follow=True))
    assert SiteRequest.objects.get().host == "scary.example"
    parent = person(school.school, "Pat", "Dale", Role.PARENT)
    for somebody in (parent, school.pupil):
        assert as_person(somebody).post(url, form).status_code == 403
    client = as_person(school.teacher)
    help_site = client.post(url, {"kind": "block", "site": "childline.org.uk", "why": "x"})
    assert "always open" in text_of(help_site)
    assert SiteRequest.objects.count() == 1


def test_answered_requests_stay_and_say_who_answered(school, as_person):
    asked = refuse(request=asks(school, school.pupil), by=school.lead, reason="Not in lessons")
    html = text_of(as_person(school.teacher).get(f"{QUEUE}{asked.pk}/"))
    assert "Not in lessons" in html
    assert "Sana Rigg" in html
    assert "Send the answer" not in html
    assert asked.state == State.REFUSED


def test_each_finds_asking_in_the_menu_once(school, as_person):
    def menu(somebody):
        html = text_of(as_person(somebody).get("/requests/ask/"))
        return html[html.index('id="navigation"') : html.index("</nav>")]

    assert "Requests" in menu(school.coordinator)
    assert "Ask about a site" not in menu(school.coordinator)
    assert "Ask about a site" in menu(school.governor)
    assert "Requests" not in menu(school.governor)
