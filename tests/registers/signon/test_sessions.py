"""P62: sign-ons told by RADIUS or a directory: an event names the person who had the address then."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.identity import person_key
from drystone.registers.school.models import AuditEntry
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.signon.api import Had, who_had
from drystone.registers.signon.models import Session, SessionSource
from drystone.registers.signon.services.sessions import Kind, Told, forget, take_in
from drystone.registers.signon.services.sources import add_source, revoke_source, source_of
from drystone.registers.signon.tasks import kept_since
from tests.people import sign_in

URL = "/sign-on/api/sessions"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HERE, THERE = "10.1.1.7", "10.1.1.8"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def source(place):
    return add_source(school=place.school, by=place.head, name="Wi-Fi", most_hours=12)[0]


def told(kind="start", user="pfell", address=HERE, at=NOW, reference="a1"):
    return Told(Kind(kind), reference, address, user, at)


def tell(source, *news, now=NOW):
    return [result.status for result in take_in(source=source, told=news, now=now)]


def held(source):
    return [
        (session.sign_on, session.since, session.ends_at)
        for session in Session.objects.filter(source=source).order_by("since", "pk")
        if session.since < session.ends_at
    ]


def test_a_session_begins_and_ends_and_telling_it_twice_is_telling_it_once(source):
    assert tell(source, told()) == ["taken"]
    assert held(source) == [("pfell", NOW, NOW + 12 * HOUR)]
    assert tell(source, told(), told("interim", at=NOW)) == ["again", "again"]
    end = NOW + HOUR
    assert tell(source, told("stop", at=end), told("stop", at=end), told(), now=end) == ["taken", "again", "again"]
    assert held(source) == [("pfell", NOW, end)]


def test_the_next_at_an_address_ends_the_one_before(source):
    tell(source, told(), told(user="bcole", at=NOW + HOUR, reference="b1"), now=NOW + HOUR)
    assert held(source) == [("pfell", NOW, NOW + HOUR), ("bcole", NOW + HOUR, NOW + 13 * HOUR)]


def test_a_stop_that_comes_before_its_start_ends_it_all_the_same(source):
    late = NOW + HOUR
    assert tell(source, told("stop", at=late), told("start", at=NOW), now=late) == ["taken", "taken"]
    assert held(source) == [("pfell", NOW, late)]
    assert tell(source, told("start", at=NOW), told("stop", at=late), now=late) == ["again", "again"]


def test_a_start_that_was_lost_is_made_up_for_by_an_interim(source):
    assert tell(source, told("interim")) == ["taken"]
    assert held(source) == [("pfell", NOW, NOW + 12 * HOUR)]
    assert tell(source, told("interim", at=NOW + HOUR), now=NOW + HOUR) == ["again"]


def test_a_session_lasts_no_longer_than_its_source_may_say(source):
    tell(source, told())
    late = NOW + 13 * HOUR
    assert tell(source, told("stop", at=late), now=late) == ["taken"]
    assert held(source) == [("pfell", NOW, NOW + 12 * HOUR)]


def test_a_clock_that_runs_ahead_a_little_counts_as_now_and_one_far_off_is_refused(source):
    assert tell(source, told(at=NOW + 4 * MINUTE)) == ["taken"]
    assert held(source)[0][1] == NOW
    results = take_in(
        source=source,
        told=[told(at=NOW + HOUR, reference="b"), told(at=NOW - timedelta(days=8), reference="c")],
        now=NOW,
    )
    assert [result.status for result in results] == ["refused", "refused"]
    assert "set the clock" in results[0].why


def test_one_id_at_one_time_cannot_be_two_people(source):
    assert tell(source, told(), told(user="bcole")) == ["taken", "refused"]
    assert [name for name, _, _ in held(source)] == ["pfell"]


def test_a_stop_needs_no_address_where_its_id_is_known(source):
    tell(source, told())
    assert tell(source, told("stop", address="", user="", at=NOW + HOUR), now=NOW + HOUR) == ["taken"]
    assert tell(source, told("stop", address="", user="", reference="unknown")) == ["refused"]
    assert held(source) == [("pfell", NOW, NOW + HOUR)]


news = st.builds(
    told,
    kind=st.sampled_from(["start", "interim", "stop"]),
    user=st.sampled_from(["pfell", "bcole"]),
    address=st.sampled_from([HERE, THERE]),
    at=st.integers(-300, 0).map(lambda minutes: NOW + minutes * MINUTE),
    reference=st.sampled_from(["a", "b", "c"]),
)


@given(st.lists(news, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_told_in_whatever_order_an_address_is_one_person_s_at_a_time(source, story):
    Session.objects.all().delete()
    tell(source, *story)
    first = sorted(held(source))
    for address in (HERE, THERE):
        row = list(Session.objects.filter(address=address, since__lt=NOW).order_by("since", "ends_at"))
        row = [session for session in row if session.since < session.ends_at]
        assert all(before.ends_at <= after.since for before, after in zip(row, row[1:], strict=False))
    assert all(end - begun <= 12 * HOUR for _, begun, end in first)


def test_the_overlay_has_who_is_where_now_and_no_longer_than_it_lasts(source, home, overlay):
    tell(source, told(), told(user="guest7", address=THERE, reference="g"))
    found = overlay(NOW + MINUTE)
    secret = home.person_key.read_bytes()
    assert found.person_at(HERE, NOW + MINUTE) == person_key(secret, "pfell")
    assert found.person_at(THERE, NOW + MINUTE) == person_key(secret, "guest7")  # not on the roll, and known by name
    assert found.person_at(HERE, NOW + 12 * HOUR) == ""
    assert overlay(NOW + 12 * HOUR).sessions == {}


def test_a_late_start_names_who_had_the_address_without_rewriting_anything(source, place):
    tell(source, told(at=NOW - HOUR), told("stop", at=NOW - 30 * MINUTE))
    then, after = (HERE, NOW - 45 * MINUTE), (HERE, NOW - 20 * MINUTE)
    assert who_had(place.school, [then, after, (THERE, NOW)]) == {then: Had("pfell", place.pupil)}


def test_a_session_of_another_school_is_not_ours(source, stranger, place, overlay):
    other, _ = add_source(school=stranger.school, by=stranger, name="Wi-Fi")
    tell(other, told(user="zhead"))
    assert overlay(NOW).sessions == {}
    assert who_had(place.school, [(HERE, NOW)]) == {}
    assert tell(source, told(user="zhead")) == ["taken"]
    assert Session.objects.get(source=source).person is None


# -- the API


@pytest.fixture
def token(place):
    return add_source(school=place.school, by=place.head, name="Log-on script")[1]


def call(body, token="", **headers):
    body = body if isinstance(body, (bytes, str)) else json.dumps(body)
    if token:
        headers["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return Client(HTTP_HOST="localhost", enforce_csrf_checks=True).post(
        URL, body, content_type="application/json", **headers
    )


EVENT = {"type": "start", "address": "::ffff:10.1.1.7", "user": "PFell"}


def test_one_event_and_a_batch_are_taken_in_and_each_is_answered(token, place):
    assert call(EVENT, token).json() == {"results": [{"status": "taken"}]}
    assert call(EVENT | {"at": timezone.now().isoformat()}, token).json() == {"results": [{"status": "again"}]}
    session = Session.objects.get()
    assert (session.address, session.person, session.reference) == (HERE, place.pupil, "pfell@10.1.1.7")
    batch = {"events": [{"type": "stop", "address": HERE, "user": "pfell"}, {"type": "dance"}, 7, EVENT | {"at": "x"}]}
    answer = call(batch, token).json()["results"]
    assert [each["status"] for each in answer] == ["taken", "refused", "refused", "refused"]
    assert SessionSource.objects.get(integration__name="Log-on script").last_told_at is not None


def accounting(status, address=HERE, user="FELLSIDE\\PFell", **more):
    """As FreeRADIUS posts it: some versions write the numbers of RFC 2866."""
    values = {
        "Acct-Status-Type": status,
        "User-Name": user,
        "Acct-Session-Id": "5F",
        "Acct-Unique-Session-Id": "ab12",
        "Framed-IP-Address": address,
        "Called-Station-Id": "00-11-22-33-44-55:School",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    return {name: {"type": "string", "value": [value]} for name, value in values.items() if value != ""}


def test_radius_accounting_is_taken_as_freeradius_posts_it(token, place):
    start = call(accounting("Start", address=""), token)  # no address yet
    assert (start.status_code, start.content, Session.objects.count()) == (204, b"", 0)
    call(accounting("Interim-Update", Acct_Delay_Time=90), token)
    session = Session.objects.get()
    assert (session.person, session.address, session.reference) == (place.pupil, HERE, "ab12")
    assert timedelta(seconds=89) < timezone.now() - session.since < timedelta(seconds=100)
    call(accounting(2, address=""), token)
    session.refresh_from_db()
    assert session.stopped
    for nobody in ("host/pc1.fellside.example", "PC1$", ""):
        assert call(accounting(1, address=THERE, user=nobody), token).status_code == 204
    assert call(accounting("Accounting-On"), token).status_code == 204
    assert call(accounting("Interim-Update", address="", Acct_Delay_Time="9" * 5000), token).status_code == 204
    assert Session.objects.count() == 1
    call(accounting(3, address=THERE, user="pfell@fellside.example", Acct_Unique_Session_Id="cd34"), token)
    assert Session.objects.get(address=THERE).person == place.pupil


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no json", "not JSON"),
        ("[1]", "one JSON object"),
        ({"events": []}, "at least one event"),
        ({"events": [EVENT] * 501}, "At most 500"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused_whole(token, body, said):
    answer = call(body, token)
    assert (answer.status_code, Session.objects.count()) == (400, 0)
    assert said in answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"address": "10.1.1.777"}, "no address"),
        ({"user": " "}, "say who is where"),
        ({"user": 7}, "is text"),
        ({"user": "x" * 101}, "at most 100"),
        ({"user": "a\0b"}, "NUL"),
        ({"user": "pfell\ud800"}, "half a character"),
        ({"type": "stop", "id": "\udfff"}, "half a character"),
        ({"colour": "red"}, "no field"),
        ({"at": "2026-11-24T10:00:00"}, "time zone"),
        ({"at": "9999-99-99"}, "time zone"),
        ({"type": "stop", "address": "", "user": ""}, "a stop names its"),
    ],
)
def test_an_event_that_cannot_be_read_says_why(token, change, said):
    (result,) = call(EVENT | change, token).json()["results"]
    assert (result["status"], Session.objects.count()) == ("refused", 0)
    assert said in result["why"]


def test_without_its_token_a_system_tells_nothing(token, place):
    revoked, old = add_source(school=place.school, by=place.head, name="Old")
    revoke_source(source=revoked, by=place.head)
    for given_token in ("", "wrong", old, token[:-1], token.upper()):
        answer = call(EVENT, given_token)
        assert (answer.status_code, answer["WWW-Authenticate"].split()[0]) == (401, "Bearer")
    assert call(EVENT, HTTP_AUTHORIZATION=f"Basic {token}").status_code == 401
    assert Client(HTTP_HOST="localhost").get(URL).status_code == 405
    assert call(b"x" * 600_000, token).status_code == 413
    assert not Session.objects.exists()


# -- sources and pages


def test_a_token_that_is_found_works_only_where_its_system_calls_from(place, home):
    """A pupil reads it somewhere, and would be the head teacher."""
    source, token = add_source(school=place.school, by=place.head, name="RADIUS", calls_from="10.0.0.5 fd00::/64")
    assert source.integration.calls_from == "10.0.0.5/32, fd00::/64"
    stolen = call(EVENT | {"user": "hcrag"}, token, REMOTE_ADDR="10.1.1.7")
    assert stolen.status_code == 403
    assert call(EVENT, token, REMOTE_ADDR="10.1.1.7", HTTP_X_FORWARDED_FOR="10.0.0.5").status_code == 403
    assert not Session.objects.exists()
    for at in ("10.0.0.5", "::ffff:10.0.0.5", "fd00::1"):
        assert call(EVENT, token, REMOTE_ADDR=at).status_code == 200
    client = sign_in(place.technician)
    wrong = client.post("/sign-on/sources/add/", {"name": "x", "most_hours": "8", "calls_from": "10.0.0.5/8"})
    assert "ds-code" not in wrong.content.decode()
    assert "10.0.0.5/32, fd00::/64" in client.get("/sign-on/sources/").content.decode()


def test_a_token_is_shown_once_and_kept_as_a_digest(place):
    client = sign_in(place.technician)
    page = client.post("/sign-on/sources/add/", {"name": "Wi-Fi", "most_hours": "8"})
    (found,) = SessionSource.objects.all()
    shown = page.content.decode().partition('ds-code">')[2].partition("<")[0]
    assert source_of(shown) == found
    assert shown not in client.get("/sign-on/sources/").content.decode()
    assert shown not in found.integration.digest
    assert not any(shown in str(entry.after) + entry.summary for entry in AuditEntry.objects.all())
    again = client.post("/sign-on/sources/add/", {"name": "wi-fi", "most_hours": "99"}).content.decode()
    assert "less than or equal to 24" in again


def test_withdrawing_a_token_ends_what_it_told_of(place, source, overlay):
    tell(source, told(at=timezone.now() - MINUTE), now=timezone.now())
    client = sign_in(place.technician)
    client.post(f"/sign-on/sources/{source.pk}/revoke/")
    assert overlay().sessions == {}
    with pytest.raises(Refused):
        revoke_source(source=source, by=place.head)
    with pytest.raises(NotAllowed):
        add_source(school=place.school, by=place.teacher, name="Mine")


def test_a_call_that_was_under_way_when_its_token_was_withdrawn_tells_nothing(place, source):
    under_way = SessionSource.objects.select_related("school").get(pk=source.pk)
    revoke_source(source=source, by=place.head)
    assert tell(under_way, told()) == ["refused"]
    assert not Session.objects.exists()


def test_who_may_see_who_was_where_does_and_leaves_a_trace(place, source, stranger):
    now = timezone.now()
    tell(source, told(at=now - MINUTE), told("start", "guest7", THERE, now, "g"), now=now)
    client = sign_in(place.head)
    page = client.get("/sign-on/sessions/", {"text": "Pip"}).content.decode()
    assert "Pip Fell" in page
    assert "guest7" not in page
    client.get("/sign-on/sessions/", {"text": "Pip", "page": "2"})
    looks = AuditEntry.objects.filter(verb="look_up_sign_ons", actor=place.head.key)
    assert [entry.summary for entry in looks] == ["Looked at sign-ons, looking for “Pip”"]
    csv = b"".join(client.get("/sign-on/sessions/", {"format": "csv", "state": "now"}).streaming_content).decode()
    assert "pfell,Pip Fell,10.1.1.7" in csv
    assert AuditEntry.objects.filter(verb="export_sign_ons").count() == 1
    for other in (place.technician, place.teacher):
        assert sign_in(other).get("/sign-on/sessions/").status_code == 403
    assert "guest7" not in sign_in(stranger).get("/sign-on/sessions/").content.decode()


def test_sign_ons_are_kept_no_longer_than_events(place, source, home):
    assert kept_since(place.school, NOW) == NOW - timedelta(days=31)
    (home.lake / "school=fellside" / "day=2026-11-20").mkdir(parents=True)
    assert kept_since(place.school, NOW) == datetime(2026, 11, 20, tzinfo=UTC)
    (home.lake / "school=fellside" / "day=2020-01-01").mkdir()
    assert kept_since(place.school, NOW) == NOW - timedelta(days=366)
    old = NOW - timedelta(days=5)
    tell(source, told(at=old), told("stop", at=old + HOUR), told(reference="n", at=NOW))
    assert forget(place.school, datetime.combine(date(2026, 11, 20), datetime.min.time(), UTC)) == 1
    assert [name for name, _, _ in held(source)] == ["pfell"]
