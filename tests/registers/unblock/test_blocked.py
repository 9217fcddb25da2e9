"""The page behind a block page: a child presses one button, a grown-up writes why, and both hear the answer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from drystone.registers.school.models import AuditEntry
from drystone.registers.unblock.models import Kind, SiteRequest, State, Whom
from drystone.registers.unblock.services.asking import forget_old_tickets
from drystone.registers.unblock.services.deciding import For, allow, refuse
from drystone.registers.unblock.services.grants import end_grant

SOON = timedelta(minutes=60)


def text_of(answer):
    return answer.content.decode()


def ask(client, url, **data):
    return client.post(url, data, follow=True)


def test_p35_a_child_who_is_signed_on_asks_with_one_press(school, client, ticket, page, pupil_key):
    url = page(ticket(person=pupil_key))
    first = text_of(client.get(url))
    assert "Ask my teacher</button>" in first
    assert "What is your name?" not in first
    assert "Your teacher has been asked" in text_of(ask(client, url))
    asked = SiteRequest.objects.get()
    assert (asked.asker, asked.by_child, asked.host, asked.kind) == (
        school.pupil, True, "games.drystone.test", Kind.OPEN,
    )  # fmt: skip


def test_the_childs_page_shows_no_name_of_a_child_and_says_that_use_is_monitored(
    client, ticket, page, pupil_key, school
):
    html = text_of(client.get(page(ticket(person=pupil_key))))
    assert "Pip" not in html
    assert "Fell" not in html.replace("Fellside", "")
    assert "Grown-ups at school can see which pages are opened here" in html
    assert "0800 1111" in html


def test_a_child_whom_nobody_knows_may_write_a_name_or_none(client, ticket, page):
    url = page(ticket())
    assert "What is your name?" in text_of(client.get(url))
    ask(client, url, name="  Ada   from Oak ")
    ask(client, page(ticket(host="chat.drystone.test")))
    assert sorted(SiteRequest.objects.values_list("asker_name", flat=True)) == ["", "Ada from Oak"]


def test_one_open_request_for_a_site_and_person_however_often_they_press(client, ticket, page, pupil_key):
    for minutes in (1, 2, 3):
        url = page(ticket(person=pupil_key, at=timezone.now() - timedelta(minutes=minutes)))
        assert "Your teacher has been asked" in text_of(ask(client, url))
    for minutes in (1, 2):
        ask(client, page(ticket(at=timezone.now() - timedelta(minutes=minutes))), name="Ada")
    assert SiteRequest.objects.count() == 2
    assert AuditEntry.objects.filter(verb="ask_for_site").count() == 2


def test_the_holder_of_the_ticket_hears_the_answer_and_of_another_ticket_nothing(school, client, ticket, page):
    mine, theirs = ticket(), ticket(at=timezone.now() - timedelta(minutes=1))
    ask(client, page(mine), name="Ada")
    asked = SiteRequest.objects.get()
    allow(request=asked, by=school.head, whom=For(Whom.ZONE, zone=school.zone("suite")),
          until=timezone.now() + SOON, reason="For your topic")  # fmt: skip
    answer = text_of(client.get(page(mine)))
    assert "Yes! You can open it" in answer
    assert "ICT suite" in answer
    assert "For your topic" in answer
    assert "Shall we ask your teacher?" in text_of(client.get(page(theirs)))


def test_when_the_time_is_over_they_may_ask_again_and_hear_the_new_answer(school, client, ticket, page):
    url = page(ticket())
    ask(client, url, name="Ada")
    grant = allow(request=SiteRequest.objects.get(), by=school.head, whom=For(Whom.SCHOOL),
                  until=timezone.now() + SOON, reason="Yes")  # fmt: skip
    assert "Yes! You can open it" in text_of(client.get(url))
    end_grant(grant=grant, by=school.head, reason="over")
    assert "Shall we ask your teacher?" in text_of(client.get(url))
    assert "Your teacher has been asked" in text_of(ask(client, url, name="Ada"))
    assert SiteRequest.objects.count() == 2


def test_children_who_hold_one_ticket_are_not_told_what_another_asked_in_need(client, ticket, page):
    """Squid's tickets are of an hour: all who are blocked there by the same rule hold the same one."""
    private, game = (page(ticket(host=f"{word}.drystone.test", category=word)) for word in ("suicide", "games"))
    for url in (private, game):
        assert "Your teacher has been asked" in text_of(ask(client, url))
    somebody_else = Client()
    assert "Your teacher has been asked" in text_of(somebody_else.get(game))
    assert "Shall we ask your teacher?" in text_of(somebody_else.get(private))
    assert "Your teacher has been asked" in text_of(client.get(private))


def test_tickets_are_forgotten_when_they_are_good_for_nothing_any_more(school, client, ticket, page):
    url = page(ticket())
    ask(client, url)
    assert forget_old_tickets(timezone.now() + timedelta(days=9)) == 0, "it waits, and its ticket with it"
    refuse(request=SiteRequest.objects.get(), by=school.head, reason="No")
    assert forget_old_tickets(timezone.now() + timedelta(days=1)) == 0
    assert forget_old_tickets(timezone.now() + timedelta(days=3)) == 1
    assert SiteRequest.objects.count() == 1


def test_a_no_is_said_kindly_with_its_reason(school, client, ticket, page):
    url = page(ticket())
    ask(client, url)
    refuse(request=SiteRequest.objects.get(), by=school.head, reason="It is a game, and we are in lessons.")
    answer = text_of(client.get(url))
    assert "Not this time" in answer
    assert "It is a game, and we are in lessons." in answer


def test_who_is_blocked_again_later_may_ask_again(school, client, ticket, page, pupil_key):
    ask(client, page(ticket(person=pupil_key)))
    refuse(request=SiteRequest.objects.get(), by=school.head, reason="No")
    SiteRequest.objects.update(decided_at=timezone.now() - timedelta(minutes=5))
    later = page(ticket(person=pupil_key, at=timezone.now() - timedelta(minutes=1)))
    assert "Shall we ask your teacher?" in text_of(client.get(later))
    ask(client, later)
    assert SiteRequest.objects.filter(state=State.WAITING).count() == 1


def test_a_grown_up_writes_a_name_and_why(client, ticket, page):
    url = page(ticket(group="staff", zone="office"))
    assert "Request a review" in text_of(client.get(url))
    wrong = client.post(url, {"name": "", "why": " "})
    assert wrong.status_code == 422
    assert "Write your name." in text_of(wrong)
    assert "Say why" in text_of(wrong)
    assert "Your request waits" in text_of(ask(client, url, name="Mr Beck", why="Year 4 need it"))
    asked = SiteRequest.objects.get()
    assert (asked.by_child, asked.asker_name, asked.why) == (False, "Mr Beck", "Year 4 need it")


def test_a_teacher_who_is_signed_in_asks_under_their_own_name_also_at_a_pupils_computer(
    school, as_person, ticket, page
):
    client = as_person(school.teacher)
    url = page(ticket(group="ks2"))
    assert "Your name" not in text_of(client.get(url))
    ask(client, url, why="For the lesson")
    asked = SiteRequest.objects.get()
    assert (asked.asker, asked.by_child) == (school.teacher, False)


def test_somebody_signed_in_at_another_school_is_a_stranger_here(other, as_person, ticket, page):
    ask(as_person(other.teacher), page(ticket(group="staff")), name="A visitor", why="x")
    assert SiteRequest.objects.get().asker is None


def test_a_request_about_a_mandatory_site_is_a_report_and_the_page_says_why(client, ticket, page):
    url = page(ticket(host="illegal.drystone.test", category="illegal", level="mandatory", group="staff"))
    html = text_of(client.get(url))
    assert "Report a mistake" in html
    assert "Nobody at school can open it" in html
    ask(client, url, name="Mr Beck", why="It is the council’s new site")
    assert SiteRequest.objects.get().sensitive


def test_a_child_is_not_invited_to_ask_for_what_nobody_can_open(client, ticket, page):
    html = text_of(client.get(page(ticket(host="illegal.drystone.test", category="illegal", level="mandatory"))))
    assert "Nobody can open it. You are not in trouble." in html
    assert '<button class="ds-press"' not in html


def test_help_needs_no_request_and_gets_none(client, ticket, page):
    url = page(ticket(host="www.childline.org.uk", category=""))
    assert "This page is always open" in text_of(client.get(url))
    assert client.post(url, {}).status_code == 422
    assert not SiteRequest.objects.exists()


def test_p49_from_the_block_page_a_grown_up_reports_a_site_that_should_be_blocked(client, ticket, page):
    url = page(ticket(group="staff"), "&what=block")
    assert client.post(url, {"site": "not a host", "name": "Mr Beck", "why": "x"}).status_code == 422
    done = ask(client, url, site="https://Bad-Games.example/play?x=1#top", name="Mr Beck", why="Fights")
    assert "The site has been reported." in text_of(done)
    asked = SiteRequest.objects.get()
    assert (asked.kind, asked.host, asked.rule) == (Kind.BLOCK, "bad-games.example", "")


@pytest.mark.parametrize("what", ["nothing", "made up", "old", "another school", "another house"])
def test_without_a_ticket_of_this_house_there_is_one_answer_that_tells_nothing(what, client, ticket, page, school):
    text = {
        "nothing": "",
        "made up": "eyJ4IjoxfQ.abc",
        "old": ticket(at=timezone.now() - timedelta(days=2)),
        "another school": ticket(school="no-such-school"),
        "another house": ticket()[:-4] + "AAAA",
    }[what]
    for answer in (client.get(page(text)), client.post(page(text), {"name": "x"})):
        assert answer.status_code == 410
        assert "This link does not work any more" in text_of(answer)
        assert "Fellside" not in text_of(answer)
    assert not SiteRequest.objects.exists()


def test_without_the_houses_key_no_ticket_is_good(client, ticket, page, home):
    text = ticket()
    home.check_key.unlink()
    assert client.get(page(text)).status_code == 410


def test_one_ticket_and_one_computer_cannot_flood_the_queue(client, ticket, page):
    url = page(ticket(group="staff"), "&what=block")
    answers = [client.post(url, {"site": f"s{n}.example", "name": "x", "why": "y"}).status_code for n in range(10)]
    assert answers.count(200) == 6
    assert answers[-1] == 429
    many = [
        client.post(page(ticket(host=f"h{n}.example", at=timezone.now() - timedelta(seconds=n))), {}).status_code
        for n in range(60)
    ]
    assert many[-1] == 429
    assert SiteRequest.objects.count() <= 60


def test_hostile_words_are_shown_as_words(client, ticket, page, school, as_person):
    evil = '"><script>alert(1)</script>'
    ask(client, page(ticket(host="evil.example", group="staff", category=evil)), name=evil, why=evil)
    shown = text_of(as_person(school.head).get(f"/requests/{SiteRequest.objects.get().pk}/"))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_the_page_loads_nothing_from_elsewhere_and_is_not_kept(client, ticket, page):
    answer = client.get(page(ticket()))
    assert "no-store" in answer["Cache-Control"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert 'src="http' not in text_of(answer)


def test_a_forged_press_from_another_site_is_refused(ticket, page, school):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(page(ticket()), {}).status_code == 403
    assert not SiteRequest.objects.exists()
