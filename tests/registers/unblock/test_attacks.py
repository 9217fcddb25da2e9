"""Requests against those who mean no good, or press too quickly: nothing wider is opened than was asked, and nobody
learns of a child what is for others."""

import pytest
from django.test import Client
from django.utils import timezone

from drystone.registers.network.api import publish_first
from drystone.registers.network.models import Rule
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.services.changes import Refused
from drystone.registers.unblock.models import Grant, SiteRequest, State, Whom
from drystone.registers.unblock.services import asking
from drystone.registers.unblock.services.asking import Asker, Kind, report_site
from drystone.registers.unblock.services.deciding import For, make_rule
from drystone.registers.unblock.sites import covers, is_ending
from tests.registers.unblock.parts import asks, give


def text_of(answer):
    return answer.content.decode()


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("bbc.co.uk", "bbc.co.uk"),
        ("www.games.example", "games.example"),
        ("www.com", "www.com"),
        ("www.co.uk", "www.co.uk"),
        ("www.gov.uk", "gov.uk"),
        ("www.www.com", "www.com"),
        ("bit.ly", "bit.ly"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_p35_what_is_opened_is_the_site_that_was_asked_for_and_no_ending(host, site):
    assert covers(host) == site
    assert not is_ending(site)


def test_p35_a_child_who_asks_for_www_com_is_not_given_all_of_com(school, gateway):
    gateway.hears_of(give, school, asks(school, school.pupil, host="www.com", category=""), For(Whom.SCHOOL))
    assert Grant.objects.get().host == "www.com"
    infants = "10.1.2.20"
    assert gateway.opens("http://www.com/", infants)
    assert not gateway.opens("http://casino.com/", infants)


@pytest.mark.parametrize("host", ["com", "co.uk", "localhost"])
def test_p35_an_ending_of_many_names_is_neither_opened_nor_blocked_by_a_request(school, host, as_person):
    asked = asks(school, school.pupil, host=host, category="")
    reported = report_site(school=school.school, kind=Kind.BLOCK, site=host, asker=Asker(school.teacher), why="x")
    with pytest.raises(Refused, match="no site"):
        give(school, asked)
    for request in (asked, reported.request):
        with pytest.raises(Refused, match="no site"):
            make_rule(request=request, by=school.head, group=None, reason="x")
        assert as_person(school.head).get(f"/requests/{request.pk}/").status_code == 200
    assert not Grant.objects.exists()
    assert not Rule.objects.filter(value=host).exists()


def test_p13_a_teacher_does_not_answer_or_count_the_private_request_that_is_about_the_same_site(school, as_person):
    """The site was put on a list of self-harm after the first child had asked for it."""
    first, second, third = (asks(school, name=name) for name in ("Ada", "Bo", "Cy"))
    SiteRequest.objects.filter(pk=second.pk).update(sensitive=True)
    client, url = as_person(school.teacher), f"/requests/{first.pk}/"
    assert "the other person who asks" in text_of(client.get(url))
    client.post(url, {"decision": "refuse", "reason": "Not in lessons", "others": "on"})
    states = SiteRequest.objects.in_bulk()
    assert (states[first.pk].state, states[third.pk].state) == (State.REFUSED, State.REFUSED)
    assert states[second.pk].state == State.WAITING, "safeguarding has not seen it yet"


def test_p13_what_one_child_was_given_in_need_is_not_in_the_register_for_everybody(school, as_person):
    alone, asked = For(Whom.PERSON, person=school.pupil), "suicide"
    private = give(school, asks(school, school.pupil, host=f"{asked}.drystone.test", category=asked), alone)
    give(school, asks(school, school.pupil), alone)
    for somebody, sees in (
        (school.lead, True),
        (school.head, True),
        (school.technician, False),
        (school.teacher, False),
    ):
        client = as_person(somebody)
        for page in ("/requests/open/", "/requests/open/?state=all", f"/requests/open/?q={asked}.dry"):
            shown = text_of(client.get(page)).partition("<tbody")[2]
            assert (private.host in shown) is sees, (somebody, page)
        download = b"".join(client.get("/requests/open.csv").streaming_content).decode()
        assert (private.host in download) is sees
        assert "games.drystone.test" in download
        assert (client.get(f"/requests/open/{private.pk}/").status_code == 200) is sees
        assert sees or client.post(f"/requests/open/{private.pk}/end/", {"reason": "x"}).status_code == 404


def test_p13_on_a_childs_tablet_nobody_else_is_told_what_the_child_asked_in_need(client, ticket, page, pupil_key):
    """By its address it is the child's, whoever holds it now."""
    private = page(ticket(host="suicide.drystone.test", category="suicide", person=pupil_key))
    assert "Your teacher has been asked" in text_of(client.post(private, {}, follow=True))
    assert "Your teacher has been asked" in text_of(client.get(private))
    assert "Shall we ask your teacher?" in text_of(Client(HTTP_HOST="localhost").get(private))


def test_a_teacher_reads_no_reason_of_a_rule_for_another_child(school, as_person):
    """The queue says why the site is closed for who asks; the rules themselves are not for teachers."""
    secret = "an uncle writes to her there"
    add_rule(school=school.school, by=school.head, asked=NewRule(
        level="person", action="block", target="site:games.drystone.test", reason=secret, person=school.pupil,
    ))  # fmt: skip
    publish_first(school.school, school.head)
    url = f"/requests/{asks(school, name='Ada').pk}/"
    assert secret in text_of(as_person(school.lead).get(url))
    shown = text_of(as_person(school.teacher).get(url))
    assert "Games: blocked for Key Stage 2" in shown
    assert secret not in shown


def test_one_child_does_not_bury_the_queue_and_a_child_in_need_is_still_heard(
    school, client, ticket, page, monkeypatch
):
    monkeypatch.setattr(asking, "MOST_OF_ONE", 3)
    monkeypatch.setattr(asking, "MOST_OF_A_PLACE", 4)
    mine = [asks(school, school.pupil, host=f"h{number}.example") for number in range(3)]
    assert asks(school, school.pupil, host="h0.example").pk == mine[0].pk, "the same again is no more"
    with pytest.raises(Refused, match="So many requests"):
        asks(school, school.pupil, host="h3.example")
    for number in range(4):
        client.post(page(ticket(host=f"x{number}.example")), {"name": f"Child {number}"})
    refused = client.post(page(ticket(host="x4.example")), {"name": "Ada"})
    assert (refused.status_code, "Tell a grown-up" in text_of(refused)) == (422, True)
    assert client.post(page(ticket(host="x4.example", zone="rooms")), {"name": "Bo"}).status_code == 302
    assert client.post(page(ticket(host="help.example", category="suicide")), {}).status_code == 302
    asks(school, school.teacher, host="h4.example", child=False)


def test_the_form_does_not_tell_the_technician_in_which_class_the_child_is(school, as_person):
    asked = asks(school, school.pupil)
    chosen = f"selected>{school.pupil.school_class}<"
    assert chosen not in text_of(as_person(school.technician).get(f"/requests/{asked.pk}/"))
    assert chosen in text_of(as_person(school.teacher).get(f"/requests/{asked.pk}/"))


def test_a_schools_head_reaches_nothing_of_another_school_by_its_number(school, other, as_person):
    asked = asks(school, school.pupil)
    grant = give(school, asks(school, school.pupil, host="chat.drystone.test"))
    client = as_person(other.head)
    for page in (f"/requests/{asked.pk}/", f"/requests/open/{grant.pk}/", f"/requests/open/{grant.pk}/end/"):
        assert client.get(page).status_code == 404
        assert client.post(page, {"decision": "refuse", "reason": "x"}).status_code in (404, 405)
    grant.refresh_from_db()
    assert grant.open_at(timezone.now())
    assert SiteRequest.objects.get(pk=asked.pk).waiting
