"""P45: an account each, opened with a code of one's own that came by e-mail or letter."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from drystone.registers.accounts.models import Invitation
from drystone.registers.school.models import AuditEntry, FirstTimeCode, Role, User
from drystone.registers.school.services.audit import verify
from drystone.site.mail import mail_settings
from tests.people import make_person, make_school, sign_in
from tests.registers.accounts.parts import PASSWORD, account, text
from tests.registers.accounts.smtp import mail_server

LINK = re.compile(r"http://localhost(/account/first-time/\?\S+)")


@pytest.fixture
def staff(school):
    named = [("Tom", "tom@fellside.example"), ("Uma", "uma@fellside.example"), ("Vic", "")]
    return [make_person(school, Role.TEACHER, given=given, email=email) for given, email in named]


def invite(head, people, how):
    return sign_in(head).post("/accounts/invite/", {"people": [p.pk for p in people], "how": how}, follow=True)


def states():
    return [invitation.state(timezone.now()) for invitation in Invitation.objects.order_by("pk")]


@pytest.fixture
def mails(settings, tmp_path):
    """A real server that takes mail for the school's own addresses."""
    with mail_server("@fellside.example") as server:
        for name, value in mail_settings(server.url, tmp_path).items():
            setattr(settings, name, value)
        yield server.mails


def test_letters_for_many_at_once_one_a_page_each_with_a_code_that_opens_one_account(head, staff):
    page = text(invite(head, staff[:2], "letter"))
    codes = re.findall(r'ds-letter__code">([A-Z2-9-]{14})<', page)
    assert page.count("ds-card ds-letter") == len(set(codes)) == 2
    tom = {"email": "tom@fellside.example", "code": codes[0], "password": PASSWORD, "password_again": PASSWORD}
    assert Client(HTTP_HOST="localhost").post("/account/first-time/", tom)["Location"] == "/"
    uma = tom | {"email": "uma@fellside.example"}
    assert "do not belong together" in text(Client(HTTP_HOST="localhost").post("/account/first-time/", uma))
    assert states() == [Invitation.State.USED, Invitation.State.OPEN]


def test_a_mail_goes_out_and_its_link_fills_in_the_page_where_a_password_is_chosen(head, staff, mails):
    invite(head, staff[:1], "email")
    (mail,) = mails
    assert mail["To"] == "tom@fellside.example"
    link = LINK.search(mail.get_content())[1]
    tom = Client(HTTP_HOST="localhost")
    page = text(tom.get(link))
    assert "tom@fellside.example" in page
    code = FirstTimeCode.objects.get(user__email="tom@fellside.example")
    assert code.used_at is None, "a scanner that opens the link spends nothing"
    typed = re.search(r"your code is ([A-Z2-9-]{14})", " ".join(mail.get_content().split()))[1]
    assert f'value="{typed}"' in page
    sent = {"email": "tom@fellside.example", "code": typed, "password": PASSWORD, "password_again": PASSWORD}
    assert tom.post("/account/first-time/", sent)["Location"] == "/"
    assert states() == [Invitation.State.USED]


def test_whoever_invites_sees_where_the_code_goes(head, staff):
    """The office may change an address: into its own, too."""
    page = text(sign_in(head).get("/accounts/"))
    assert "None: tom@fellside.example" in page
    assert "None: no e-mail address" in page


def test_who_has_no_address_is_named_and_the_others_are_invited(head, staff):
    page = text(invite(head, staff, "letter"))
    assert "Vic Example needs an e-mail address first" in page
    assert page.count("ds-card ds-letter") == 2


def test_an_address_that_somebody_has_already_is_refused(head, staff, school):
    """P45: nobody shares an account."""
    twin = make_person(school, Role.OFFICE, given="Twin", email=head.email)
    assert "nobody shares an account" in text(invite(head, [twin], "email"))
    assert not Invitation.objects.exists()


def test_a_mail_that_is_not_taken_is_told_to_the_head_with_what_to_do_and_leaves_no_code(head, school, mails):
    away = make_person(school, Role.TEACHER, given="Una", email="una@elsewhere.example")
    invite(head, [away], "email")
    assert mails == []
    assert states() == [Invitation.State.FAILED]
    assert not FirstTimeCode.objects.exists(), "nobody got it"
    assert "does not take mail for this address" in text(sign_in(head).get("/accounts/"))
    assert "The invitation of Una Example was not sent" in text(sign_in(head).get("/"))


def test_a_server_that_is_not_there_is_told_too(head, staff, settings, tmp_path):
    with mail_server() as server:
        gone = mail_settings(server.url, tmp_path)
    for name, value in gone.items():
        setattr(settings, name, value)
    invite(head, staff[:1], "email")
    assert "DRYSTONE_MAIL_URL" in Invitation.objects.get().fault


def test_a_second_invitation_makes_the_first_code_worthless(head, staff):
    first = re.findall(r'ds-letter__code">([A-Z2-9-]{14})<', text(invite(head, staff[:1], "letter")))[0]
    invite(head, staff[:1], "letter")
    sent = {"email": "tom@fellside.example", "code": first, "password": PASSWORD, "password_again": PASSWORD}
    assert "do not belong together" in text(Client(HTTP_HOST="localhost").post("/account/first-time/", sent))
    assert states() == [Invitation.State.REPLACED, Invitation.State.OPEN]


def test_an_invitation_runs_out(head, staff):
    invite(head, staff[:1], "letter")
    FirstTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert states() == [Invitation.State.EXPIRED]
    assert "Ran out" in text(sign_in(head).get("/accounts/"))


def test_who_has_opened_the_account_is_not_asked_again(head, teacher):
    page = invite(head, [teacher], "letter")
    assert "has opened the account in the meantime" in text(page)
    assert not Invitation.objects.exists()


def test_pupils_and_parents_are_not_on_the_list(head, school):
    for role, name in ((Role.PUPIL, "Pip"), (Role.PARENT, "Gwen")):
        person = make_person(school, role, given=name, email=f"{name}@fellside.example")
        assert f"{name} Example" not in text(sign_in(head).get("/accounts/"))
        invite(head, [person], "letter")
    assert not User.objects.filter(people__holdings__role__in=[Role.PUPIL, Role.PARENT]).exists()


def test_only_who_gives_accounts_invites_and_in_their_own_school_only(head, technician, staff):
    assert sign_in(technician).get("/accounts/").status_code == 200
    assert invite(technician, staff[:1], "letter").status_code == 403
    stranger = account(make_school("dale", "Dale"), Role.HEAD, given="Eve", email="eve@dale.example")
    assert "Tick whom" in text(invite(stranger, [], "letter"))
    invite(stranger, staff[:1], "letter")
    assert not Invitation.objects.exists()


def test_all_of_it_stands_in_the_audit_trail_but_no_code_does(head, staff):
    page = text(invite(head, staff[:1], "letter"))
    code = re.findall(r'ds-letter__code">([A-Z2-9-]{14})<', page)[0]
    verbs = list(AuditEntry.objects.filter(actor=head.key).values_list("verb", flat=True))
    assert verbs == ["make_account", "give_first_time_code"]
    assert code not in str(list(AuditEntry.objects.values()))
    assert list(verify()) == []


def test_the_list_takes_the_same_number_of_queries_however_many_there_are(head, school, django_assert_max_num_queries):
    client = sign_in(head)
    client.get("/accounts/")
    counts = []
    for _ in range(2):
        for number in range(15):
            account(school, Role.TEACHER, given=f"T{number}", email=f"t{number}-{len(counts)}@fellside.example")
        with django_assert_max_num_queries(25) as counted:
            client.get("/accounts/")
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_the_list_goes_to_a_spreadsheet_with_what_it_shows(head, staff):
    sheet = sign_in(head).get("/accounts/?format=csv&show=to_invite").getvalue().decode()
    assert "Tom Example" in sheet
    assert "Helen Marsh" not in sheet


def test_a_persons_page_says_how_far_they_have_come_and_to_whom_it_is_no_business_nothing(head, technician, staff):
    invite(head, staff[:1], "letter")
    page = text(sign_in(technician).get(f"/school/people/{staff[0].pk}/"))
    assert "Invitation and second step" in page
    assert "By letter" in page
    office = sign_in(make_person(head.school, Role.OFFICE))
    assert "Invitation and second step" not in text(office.get(f"/school/people/{staff[0].pk}/"))
