"""P45: who holds which account on the school's network and e-mail."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.accounts.models import AccountHolder, HeldAccount, System, Use
from drystone.registers.accounts.queries import accounts_at_a_glance
from drystone.registers.accounts.services import held
from drystone.registers.accounts.services.held_import import import_accounts
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from tests.people import make_person, make_school, sign_in
from tests.registers.accounts.parts import text

TODAY = timezone.localdate()
HEAD = "system,account,person,use,note\n"


@pytest.fixture
def net(school, technician):
    return held.add_account(school=school, by=technician, system=System.NETWORK, name="tbirkett", use=Use.OWN)


def take_in(school, by, lines, *, dry_run=False):
    return import_accounts(school=school, by=by, text=HEAD + lines, on=TODAY, dry_run=dry_run)


def test_an_account_that_two_hold_is_shared_until_one_lets_it_go(school, technician, teacher, head, net):
    first = held.give_account(account=net, person=teacher, by=technician, since=TODAY - timedelta(days=9))
    assert accounts_at_a_glance(school, TODAY).shared == 0
    held.give_account(account=net, person=head, by=technician, since=TODAY)
    assert accounts_at_a_glance(school, TODAY).shared == 1
    held.let_go(holder=first, by=technician, until=TODAY - timedelta(days=1))
    assert accounts_at_a_glance(school, TODAY).shared == 0


def test_one_name_stands_once_for_each_system_and_comes_back_after_it_was_closed(school, technician, teacher, net):
    again = {"school": school, "by": technician, "name": "TBirkett", "use": Use.OWN}
    with pytest.raises(Refused, match="on record already"):
        held.add_account(system=System.NETWORK, **again)
    held.add_account(system=System.EMAIL, **again)
    held.give_account(account=net, person=teacher, by=technician, since=TODAY)
    held.close_on_system(account=net, by=technician, on=TODAY)
    assert not AccountHolder.objects.filter(until=None).exists()
    held.add_account(system=System.NETWORK, **again)


def test_only_who_may_writes_the_register(school, teacher, net):
    with pytest.raises(NotAllowed):
        held.give_account(account=net, person=teacher, by=teacher, since=TODAY)
    with pytest.raises(NotAllowed):
        take_in(school, teacher, "network,x,,,\n")


def test_nobody_of_another_school_holds_one(school, technician, net):
    stranger = make_person(make_school("dale", "Dale School"), Role.TEACHER)
    with pytest.raises(Refused, match="not of this school"):
        held.give_account(account=net, person=stranger, by=technician, since=TODAY)


def test_a_list_is_taken_in_whole_and_a_second_time_changes_nothing(school, technician, teacher, head):
    lines = (
        "network,tbirkett,Tom Birkett,,\n"
        "e-mail,head@fellside.example,HEAD@fellside.example,own,\n"
        "email,office@fellside.example,,nobody,a mailbox\n"
    )
    tried = take_in(school, technician, lines, dry_run=True)
    assert (tried.added, tried.wrong, HeldAccount.objects.count()) == (3, [], 0)
    assert take_in(school, technician, lines).added == 3
    entries = AuditEntry.objects.count()
    again = take_in(school, technician, lines)
    assert (again.added, again.changed, again.same) == (0, 0, 3)
    assert AuditEntry.objects.count() == entries
    assert set(AccountHolder.objects.values_list("person", flat=True)) == {teacher.pk, head.pk}


def test_what_a_list_says_of_an_account_holds_and_a_former_holder_stays_on_record(school, technician, teacher, head):
    take_in(school, technician, "network,suite,Tom Birkett,,\n")
    take_in(school, technician, "network,suite,Helen Marsh,,\n")
    first, second = AccountHolder.objects.order_by("pk")
    assert (first.person, first.until, second.person, second.until) == (teacher, TODAY, head, None)
    both = take_in(school, technician, "network,suite,Helen Marsh,,\nnetwork,Suite,Tom Birkett,,\n")
    assert both.shared == ["suite"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("fax,tom,,,\n", "“fax” is no system"),
        ("network,,Tom Birkett,,\n", "no name"),
        ("network,tom,Nobody Known,,\n", "Nobody here is “Nobody Known”"),
        ("network,tom,Sam Twin,,\n", "2 people here are “Sam Twin”"),
        ("network,tom,Tom Birkett,sometimes,\n", "“sometimes” is no use"),
        ("network,tom,Tom Birkett,nobody,\n", "has no person"),
        ("network,suite,Tom Birkett,shared,\n", "says otherwise"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_number_and_nothing_is_taken_in(school, technician, teacher, line, why):
    for _ in range(2):
        make_person(school, Role.TEACHER, given="Sam", family="Twin")
    found = take_in(school, technician, "network,suite,Tom Birkett,,\n" + line)
    assert [number for number, _ in found.wrong] == [3]
    assert why in found.wrong[0][1]
    assert not HeldAccount.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "account\nx\n", "system,account,colour\n", HEAD, "system,account\nnetwork,\0\n", HEAD + '"a']
)
def test_what_is_no_such_list_is_refused(school, technician, body):
    with pytest.raises(Refused):
        import_accounts(school=school, by=technician, text=body, on=TODAY, dry_run=True)


def test_the_pages_take_a_paste_show_it_first_and_give_it_back_as_csv(technician, teacher):
    client = sign_in(technician)
    pasted = "system\taccount\tperson\nnetwork\ttbirkett\ttom@fellside.example\n"
    page = text(client.post("/accounts/held/list/", {"text": pasted}))
    assert "would add 1 account" in page
    assert not HeldAccount.objects.exists()
    client.post("/accounts/held/list/", {"text": pasted, "take_in": "1"})
    account = HeldAccount.objects.get()
    assert "Tom Birkett" in text(client.get("/accounts/held/"))
    exported = b"".join(client.get("/accounts/held/?format=csv").streaming_content).decode()
    assert "network,tbirkett,tom@fellside.example,own," in exported
    holder = account.holders.get()
    client.post(f"/accounts/held/holders/{holder.pk}/end/")
    client.post(f"/accounts/held/{account.pk}/closed/")
    assert HeldAccount.objects.get().closed_on == TODAY
    assert "tbirkett" in text(client.get("/accounts/held/?state=closed"))


def test_who_needs_no_account_is_not_counted_as_lacking_one(school, technician, teacher, net):
    held.give_account(account=net, person=teacher, by=technician, since=TODAY)
    client = sign_in(technician)
    before = accounts_at_a_glance(school, TODAY).lacking
    client.post(f"/accounts/held/staff/{teacher.pk}/needs-none/?system=email", {"reason": "works outdoors"})
    assert accounts_at_a_glance(school, TODAY).lacking == before - 1
    assert "works outdoors" in text(client.get("/accounts/held/staff/"))
    assert client.get(f"/accounts/held/staff/{teacher.pk}/needs-none/?system=fax").status_code == 404
