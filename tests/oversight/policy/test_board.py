"""The board, as its readers find it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from drystone.oversight.policy.models import DailyFinding, PolicyReview
from drystone.oversight.policy.services import assess_school
from drystone.registers.school.models import Role
from tests.people import make_person, make_school, signed_in_as

pytestmark = pytest.mark.django_db
READERS = [Role.HEAD, Role.COORDINATOR, Role.SAFEGUARDING_LEAD, Role.GOVERNOR, Role.CHAIR, Role.TECHNICIAN]
OTHERS = [Role.TEACHER, Role.SUPPORT_STAFF, Role.OFFICE, Role.PARENT, Role.PUPIL]


@pytest.fixture
def school():
    return make_school()


def body(response):
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("role", READERS)
def test_readers_see_every_promise(school, role):
    """P01: head and governors have the board in front of them."""
    page = body(signed_in_as(school, role).get(reverse("policy:board")))
    assert all(f">P{n:02d}</span>" in page for n in range(1, 70))


@pytest.mark.parametrize("role", OTHERS)
def test_others_do_not(school, role):
    client = signed_in_as(school, role)
    for url in (reverse("policy:board"), reverse("policy:promise", args=["P01"]), reverse("policy:board_csv")):
        assert client.get(url).status_code == 403


def test_before_the_first_assessment_nothing_is_shown_as_kept(school):
    page = body(signed_in_as(school, Role.HEAD).get(reverse("policy:board")))
    assert "have not been assessed yet" in page
    assert ">Kept</strong>" not in page


def test_only_who_may_assess_can(school):
    head, governor = signed_in_as(school, Role.HEAD), signed_in_as(school, Role.GOVERNOR)
    assert governor.post(reverse("policy:assess")).status_code == 403
    assert head.get(reverse("policy:assess")).status_code == 405
    assert not DailyFinding.objects.exists()
    assert head.post(reverse("policy:assess")).status_code == 302
    assert DailyFinding.objects.filter(school=school).count() == 69


def test_another_schools_findings_are_not_shown(school):
    other = make_school("tarnside", "Tarnside School")
    DailyFinding.objects.create(
        school=other, day=timezone.localdate(), promise="P08", state="met", sentence="tarnside secret", library="x"
    )
    client = signed_in_as(school, Role.HEAD)
    for url in (reverse("policy:board"), reverse("policy:promise", args=["P08"]), reverse("policy:reviews")):
        assert "tarnside secret" not in body(client.get(url))


def test_filters_narrow_the_sentences_and_not_the_counts(school):
    assess_school(school=school, on=timezone.localdate())
    client = signed_in_as(school, Role.HEAD)
    page = body(client.get(reverse("policy:board"), {"text": "phones office"}))
    assert ">P38</span>" in page
    assert ">P01</span>" not in page
    assert "69 promises" in page
    assert "No promise fits" in body(client.get(reverse("policy:board"), {"text": "xyzzy"}))
    body(client.get(reverse("policy:board"), {"state": "nonsense", "owner": "king"}))


def test_what_broke_since_the_day_before_is_at_the_top(school):
    today = timezone.localdate()
    by = make_person(school, Role.CHAIR)
    PolicyReview.objects.create(
        school=school,
        reviewed_on=today - timedelta(days=300),
        next_on=today - timedelta(days=1),
        outcome="x",
        recorded_by=by,
    )
    assess_school(school=school, on=today - timedelta(days=2))
    assess_school(school=school, on=today)
    page = body(signed_in_as(school, Role.HEAD).get(reverse("policy:board")))
    assert "Changed since the day before" in page
    assert "Due within a week, or overdue" in page


def test_a_promise_that_does_not_exist_is_not_found(school):
    assert signed_in_as(school, Role.HEAD).get(reverse("policy:promise", args=["P70"])).status_code == 404


def test_the_error_of_a_control_is_for_those_who_can_mend_it(school):
    DailyFinding.objects.create(
        school=school,
        day=timezone.localdate(),
        promise="P08",
        state="not assessed",
        sentence="This could not be assessed.",
        error="Traceback <secret>",
        library="x",
    )
    url = reverse("policy:promise", args=["P08"])
    assert "Traceback &lt;secret&gt;" in body(signed_in_as(school, Role.TECHNICIAN).get(url))
    assert "Traceback" not in body(signed_in_as(school, Role.GOVERNOR).get(url))


def test_a_review_is_recorded_on_screen_and_flags_its_contradiction(school):
    """P08."""
    client = signed_in_as(school, Role.CHAIR)
    today = timezone.localdate()
    later = today + timedelta(days=1000)
    answer = client.post(reverse("policy:record_review"), boxes(reviewed_on=today, next_on=later, outcome="we met"))
    assert answer.status_code == 302
    assert "contradicts the promise" in body(client.get(reverse("policy:promise", args=["P08"])))
    assert "we met" in body(client.get(reverse("policy:reviews")))


def test_a_review_without_an_outcome_is_handed_back_with_what_is_missing(school):
    client = signed_in_as(school, Role.CHAIR)
    page = body(client.post(reverse("policy:record_review"), {"reviewed_on_day": "31", "reviewed_on_month": "2"}))
    assert "There is a problem" in page
    assert "Say what came of the review" in page
    assert not PolicyReview.objects.exists()


def boxes(outcome, **dates):
    filled = {
        f"{name}_{part}": getattr(value, part) for name, value in dates.items() for part in ("day", "month", "year")
    }
    return {**filled, "outcome": outcome}


def test_the_board_costs_the_same_queries_however_long_its_history(school, django_assert_max_num_queries):
    today = timezone.localdate()
    for back in range(10):
        assess_school(school=school, on=today - timedelta(days=back))
    client = signed_in_as(school, Role.HEAD)
    with django_assert_max_num_queries(9):
        client.get(reverse("policy:board"))


def test_the_csv_holds_every_promise_and_cannot_act_in_a_spreadsheet(school):
    DailyFinding.objects.create(
        school=school, day=timezone.localdate(), promise="P01", state="due", sentence="=CMD()", library="x"
    )
    response = signed_in_as(school, Role.HEAD).get(reverse("policy:board_csv"))
    text = b"".join(response.streaming_content).decode()
    assert len(text.strip().splitlines()) == 70
    assert ",'=CMD()," in text


def test_a_governor_reads_the_evidence_and_is_led_to_no_closed_door(school):
    """P14: its evidence lies in the filter's rules, which a governor may not open; of the checks she may."""
    urls = {"P14": reverse("network:profiles"), "P49": reverse("network:checks")}
    for promise, url in urls.items():
        DailyFinding.objects.create(
            school=school,
            day=timezone.localdate(),
            promise=promise,
            state="met",
            sentence="Kept.",
            evidence=[{"text": "What each group may reach", "url": url}],
            library="x",
        )
    governor, head = signed_in_as(school, Role.GOVERNOR), signed_in_as(school, Role.HEAD)
    shown = body(governor.get(reverse("policy:promise", args=["P14"])))
    assert "What each group may reach" in shown
    assert f'href="{urls["P14"]}"' not in shown
    assert '">What each group may reach</a>' in body(governor.get(reverse("policy:promise", args=["P49"])))
    assert f'href="{urls["P14"]}">What each group' in body(head.get(reverse("policy:promise", args=["P14"])))


def test_the_download_is_named_once_by_its_day(school):
    answer = signed_in_as(school, Role.GOVERNOR).get(reverse("policy:board_csv"))
    assert f'"policy-board-{timezone.localdate()}.csv"' in answer["Content-Disposition"]
