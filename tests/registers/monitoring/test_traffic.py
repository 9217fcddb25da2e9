"""The Traffic page: what came through, for those who may see it, and who looked."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Rule
from drystone.registers.school.models import AuditEntry, Guardianship
from drystone.registers.unblock.models import Grant, Whom

URL = "/traffic/"


def page(client, **query):
    response = client.get(URL, query)
    return response, response.content.decode()


def rows(text):
    return re.findall(r'<tr class="govuk-table__row">\s*<th scope="row"(.*?)</tr>', text, re.S)


def test_before_any_traffic_it_says_what_to_do(place, as_person):
    response, text = page(as_person(place.head))
    assert response.status_code == 200
    assert "No traffic has come through yet" in text
    assert "proxy" in text


def test_a_block_shows_with_category_rule_and_reason_in_plain_words(place, as_person, log):
    publish_first(place.school, place.head)
    rule = Rule.objects.get(group__slug="ks2", value="gambling")
    log(
        host="bets.example",
        action="block",
        category="gambling",
        rule=rule.key,
        level="group",
        sign_on="pfell",
        bytes=12345,
    )
    _, text = page(as_person(place.head))
    (row,) = rows(text)
    for words in ("bets.example", "Blocked", "Gambling", rule.reason, "ICT suite", "Key Stage 2", "Pip Fell", "12,345"):
        assert words in row
    assert f'href="{reverse("network:rule", args=[rule.pk])}">rule {rule.pk}</a>' in row
    assert "1 request" in text


def test_a_site_that_was_opened_for_a_time_says_why_and_leads_there(place, as_person, log):
    until = timezone.now() + timedelta(hours=1)
    grant = Grant.objects.create(
        school=place.school, host="poems.example", level=Whom.CLASS, whom="Oak", reason="Poetry week", until=until
    )
    log(host="poems.example", rule=grant.key, level="group")
    _, text = page(as_person(place.head))
    (row,) = rows(text)
    assert "Opened for Oak: Poetry week" in row
    assert f'href="{reverse("unblock:grant", args=[grant.pk])}"' in row


def test_newest_comes_first_and_pages_turn(place, as_person, log):
    for number in range(53):
        log(host=f"site{number}.example", ago=timedelta(hours=2) - timedelta(minutes=number))
    client = as_person(place.head)
    _, first = page(client)
    assert len(rows(first)) == 50
    assert "site52.example" in rows(first)[0]
    _, second = page(client, page=2)
    assert len(rows(second)) == 3
    assert "site0.example" in rows(second)[-1]
    assert "53 requests" in second
    _, beyond = page(client, page=999999)
    assert len(rows(beyond)) == 3


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"q": "NEWS"}, {"a"}),
        ({"zone": "office"}, {"b"}),
        ({"group": "staff"}, {"b"}),
        ({"category": "games"}, {"c"}),
        ({"action": "block"}, {"c"}),
        ({"range": "hour"}, {"b", "c"}),
        ({"person": "Rita Ghyll"}, {"b"}),
        ({"person": "RGHYLL"}, {"b"}),
        ({"q": "nothing-like-it"}, set()),
    ],
)
def test_each_filter_narrows(place, as_person, log, query, shown):
    log(host="a.news.example", ago=timedelta(hours=3))
    log(host="b.example", zone="office", group="staff", sign_on="rghyll")
    log(host="c.example", action="block", category="games")
    response, text = page(as_person(place.head), **query)
    assert response.status_code == 200
    assert {row for row in "abc" if any(f"<strong>{row}." in each for each in rows(text))} == shown


def test_a_visit_to_help_names_no_person_device_or_page(place, as_person, log):
    log(host="childline.org.uk", level="help", rule="help", client="", path="", person="")
    _, text = page(as_person(place.head))
    (row,) = rows(text)
    assert "childline.org.uk" in row
    assert "Page not recorded" in row
    assert "Device not recorded" in row


def test_a_technician_sees_traffic_but_no_names_and_cannot_search_by_person(place, as_person, log):
    log(host="a.example", sign_on="pfell")
    client = as_person(place.technician)
    _, text = page(client)
    assert "Pip" not in text
    assert 'name="person"' not in text
    _, text = page(client, person="pfell")
    assert "Pip" not in text
    exported = b"".join(client.get(reverse("monitoring:traffic_csv")).streaming_content).decode()
    assert "Pip" not in exported


def test_looking_at_one_persons_traffic_is_on_record_once_for_one_look(place, as_person, log):
    log(host="a.example", sign_on="pfell")
    client = as_person(place.head)
    page(client)
    assert not AuditEntry.objects.filter(verb="look_up_traffic").exists()
    page(client, person="pfell")
    page(client, person="pfell", page=1)
    entry = AuditEntry.objects.get(verb="look_up_traffic")
    assert (entry.actor, entry.after["person"]) == (place.head.key, place.pupil.key)
    assert "Pip" not in entry.summary


def test_a_download_is_on_record_and_has_the_same_filters(place, as_person, log):
    log(host="a.example", sign_on="pfell")
    log(host="b.example", action="block")
    response = as_person(place.head).get(reverse("monitoring:traffic_csv"), {"action": "block"})
    table = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [row["Site"] for row in table] == ["b.example"]
    assert table[0]["Zone"] == "ICT suite"
    assert AuditEntry.objects.get(verb="export_traffic").after == {"action": "block"}


def test_a_cell_that_a_spreadsheet_would_reckon_is_text(place, as_person, log):
    log(host="a.example", path='=HYPERLINK("http://evil.example")')
    response = as_person(place.head).get(reverse("monitoring:traffic_csv"))
    table = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert table[0]["Page"].startswith("'=")


def test_a_hostile_host_is_shown_as_text(place, as_person, log):
    log(host="<script>alert(1)</script>.example", path='/"><img src=x onerror=alert(1)>', zone="<b>zone</b>")
    _, text = page(as_person(place.head), q="<script>")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"since": "yesterday-ish"}, "Write the date and time like"),
        ({"until": "2026-13-45T99:99"}, "Write the date and time like"),
        ({"since": "2026-11-23T10:00", "until": "2026-11-23T09:00"}, "The end must be after the beginning"),
        ({"q": "x" * 100_000}, "at most 200 characters"),
        ({"person": "nobody at all"}, "Nobody here has that name"),
        ({"zone": "' OR 1=1 --"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_looked_for_is_said_and_nothing_is_shown(place, as_person, log, query, message):
    log(host="a.example")
    response, text = page(as_person(place.head), **query)
    assert response.status_code == 422
    assert "There is a problem" in text
    assert message in text
    assert "a.example" not in text


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 500, "٣", "1.5"])
def test_a_page_number_that_is_none_is_the_first_or_the_last(place, as_person, log, number):
    log(host="a.example")
    response, text = page(as_person(place.head), page=number)
    assert response.status_code == 200
    assert len(rows(text)) == 1


def test_two_people_of_one_name_are_offered_to_choose_from(place, as_person, log):
    place.teacher.family_name = "Fell"
    place.teacher.save()
    response, text = page(as_person(place.head), person="Fell")
    assert response.status_code == 422
    assert "?person=pfell" in text
    assert "?person=rghyll" in text
    assert not AuditEntry.objects.filter(verb="look_up_traffic").exists()


def test_another_schools_traffic_is_not_there(place, other, as_person, log):
    log(host="theirs.example", sign_on="pfell")  # the other school has a pfell of its own
    _, text = page(as_person(other.head))
    assert "theirs.example" not in text
    exported = b"".join(as_person(other.head).get(reverse("monitoring:traffic_csv")).streaming_content).decode()
    assert "theirs.example" not in exported
    _, text = page(as_person(other.head), person="pfell")
    assert "theirs.example" not in text


@pytest.mark.parametrize("name", ["traffic", "traffic_csv", "blocks"])
def test_only_those_who_may_see_it(place, as_person, client, name):
    url = reverse(f"monitoring:{name}")
    assert client.get(url).status_code == 302
    for person in (place.governor, place.teacher, place.pupil):
        assert as_person(person).get(url).status_code == 403


def test_it_looks_again_by_itself_only_when_asked(place, as_person):
    client = as_person(place.head)
    assert "Refresh" not in client.get(URL)
    assert client.get(URL, {"again": "1"})["Refresh"] == "10"


def test_queries_do_not_grow_with_the_rows(place, as_person, log, django_assert_max_num_queries):
    for number in range(30):
        log(host=f"site{number}.example", sign_on="pfell", rule=f"rule-{number + 1}")
    client = as_person(place.head)
    with django_assert_max_num_queries(14):
        page(client)


def test_blocks_are_charted_by_category_and_day_with_their_table(place, as_person, log):
    for category in ("gambling", "gambling", "games"):
        log(host="x.example", action="block", category=category)
    text = as_person(place.head).get("/traffic/blocks/").content.decode()
    assert 'role="img"' in text
    assert "most often “Gambling”: 2" in text
    assert re.search(r"Games</th>.*?<td[^>]*>1</td>", text, re.S)
    assert "style=" not in text


def test_with_no_blocks_it_says_so(place, as_person, log):
    log(host="a.example")
    assert "Nothing was blocked in these 7 days" in as_person(place.head).get("/traffic/blocks/").content.decode()


def test_whom_a_court_keeps_from_a_child_learns_nothing_of_that_child_from_traffic(place, as_person, log):
    log(host="poems.example", sign_on="pfell")
    assert "Pip Fell" in page(as_person(place.head))[1]
    Guardianship.objects.create(pupil=place.pupil, guardian=place.head, order=1, barred=True)
    assert "Pip Fell" not in page(as_person(place.head))[1]
    assert "Nobody here has that name" in page(as_person(place.head), person="pfell")[1]
