"""P01, P02, P47, P48: kept by a record of each person, never by silence."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.oversight.policy.library import policy_library
from drystone.registers.documents.api import beside
from drystone.registers.documents.built_in import built_in
from drystone.registers.documents.services.acknowledging import take_note
from drystone.registers.documents.services.notices import end_notice, tell_of_coordinator
from drystone.registers.documents.services.signing import Confirmed, mark, sign
from drystone.registers.school.controls import REGISTRY, State
from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.people import change_coordinator
from tests.people import make_person, make_school
from tests.registers.documents.parts import in_days, live, send, staff_of, today, with_account


def assess(promise, school, on=None, **params):
    wired = policy_library().promise(promise)
    return REGISTRY[wired.control].assess(school, on or today(), **{**wired.parameters, **params})


def confirm(version, *people):
    for person in people:
        take_note(version=version, person=person, shown=version.hash)


def sign_as(person, role):
    school, ready = person.school, built_in()["answer-for-policy"]
    shown = mark(ready, beside(ready.slug, school, today()).facts)
    confirmed = Confirmed(timezone.now(), "password")
    return sign(school=school, ready=ready, by=person, role=role, shown=shown, confirmed=confirmed)


@pytest.mark.parametrize(("promise", "slug"), [("P47", "pupil-records"), ("P48", "network-security")])
class TestStaffKnow:
    def test_before_the_notice_is_sent_nothing_is_recorded(self, school, promise, slug):
        staff_of(school)
        finding = assess(promise, school)
        assert finding.state is State.NOT_RECORDED
        assert f"ready={slug}" in finding.evidence[0].url

    def test_it_is_due_until_everybody_has_read_it_and_broken_when_somebody_is_late(self, school, promise, slug):
        head, teacher, helper = staff_of(school)
        version = send(school, by=head, slug=slug)
        confirm(version, head, teacher)
        finding = assess(promise, school)
        assert (finding.state, finding.have, finding.want, finding.due) == (State.DUE, 2, 3, in_days(14))
        assert assess(promise, school, in_days(15)).state is State.BREACHED
        confirm(version, helper)
        assert assess(promise, school, in_days(15)).state is State.MET

    def test_parents_who_read_it_do_not_stand_in_for_staff(self, school, promise, slug):
        head, *_ = staff_of(school)
        parent = make_person(school, Role.PARENT)
        send(school, by=head, slug=slug, audience=(Role.PARENT.value,))
        confirm(live(school, slug).version, parent)
        assert assess(promise, school).state is State.NOT_RECORDED

    def test_an_ended_notice_keeps_no_promise(self, school, promise, slug):
        head, *everybody = staff_of(school)
        version = send(school, by=head, slug=slug)
        confirm(version, head, *everybody)
        end_notice(document=version.document, by=head)
        assert assess(promise, school).state is State.NOT_RECORDED

    def test_another_schools_readers_do_not_count(self, school, promise, slug):
        head, *_ = staff_of(school)
        dale = make_school("dale", "Dale School")
        confirm(send(dale, slug=slug), make_person(dale, Role.TEACHER))
        send(school, by=head, slug=slug)
        assert assess(promise, school).have == 0


def test_p47_screens_that_do_not_lock_break_it_whatever_was_read(school, settings):
    head, *everybody = staff_of(school)
    confirm(send(school, by=head), head, *everybody)
    assert "lock after 15 minutes" in assess("P47", school).sentence
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("IdleMiddleware")]
    assert assess("P47", school).state is State.BREACHED


class TestCoordinator:
    """P02."""

    def test_without_a_coordinator_the_promise_is_broken(self, school):
        make_person(make_school("dale", "Dale School"), Role.COORDINATOR)
        finding = assess("P02", school)
        assert (finding.state, finding.have, finding.want) == (State.BREACHED, 0, 1)

    def test_a_named_holder_whom_the_pages_name_keeps_it(self, school):
        make_person(school, Role.COORDINATOR, given="Siân", family="O’Neill & Hart")
        finding = assess("P02", school)
        assert finding.state is State.MET
        assert "Siân O’Neill & Hart" in finding.sentence
        assert len(finding.evidence) == 4

    def test_a_page_that_no_longer_names_the_holder_breaks_it(self, school, monkeypatch):
        make_person(school, Role.COORDINATOR)
        monkeypatch.setattr("drystone.site.views.help.coordinator", lambda school, on: None)
        finding = assess("P02", school)
        assert finding.state is State.BREACHED
        assert "pupils’ page" in finding.sentence

    def test_somebody_whose_time_is_over_does_not_count(self, school):
        make_person(school, Role.COORDINATOR).holdings.update(ends=in_days(-1))
        assert assess("P02", school).state is State.BREACHED
        assert assess("P02", school, in_days(-1)).state is State.MET

    def test_a_change_that_nobody_was_told_of_is_due_then_broken(self, school):
        make_person(school, Role.COORDINATOR).holdings.update(ends=in_days(-6))
        new = make_person(school, Role.COORDINATOR, given="Tom", since=in_days(-5))
        finding = assess("P02", school, ask_again_within=20)
        assert (finding.state, finding.due) == (State.DUE, in_days(15))
        assert assess("P02", school, in_days(16), ask_again_within=20).state is State.BREACHED
        tell_of_coordinator(holding=new.holdings.get(), by=None)
        assert assess("P02", school).state is State.NOT_RECORDED  # nobody who works here can sign in

    def test_naming_another_asks_everybody_with_an_account_and_only_them(self, school):
        head, teacher, helper = (with_account(person) for person in staff_of(school))
        old = with_account(make_person(school, Role.COORDINATOR, given="Olga"))
        parents = [with_account(make_person(school, Role.PARENT, given=f"Nr {n}")) for n in range(2)]
        make_person(school, Role.PARENT, given="No account")
        change_coordinator(school=school, person=teacher, by=head, starts=in_days(0))
        notice = live(school, "co-ordinator").version
        assert notice.title == "Tom Stile is our e-safety co-ordinator"
        finding = assess("P02", school)
        assert (finding.state, finding.have, finding.want) == (State.DUE, 0, 3)  # Olga holds no role any more
        confirm(notice, head, teacher, helper, parents[0])
        finding = assess("P02", school)
        assert (finding.state, finding.have) == (State.MET, 3)
        assert "1 of 2 parents" in finding.sentence
        assert not old.acknowledgements.exists()

    def test_staff_who_do_not_take_note_in_time_break_it(self, school):
        head, teacher, _ = (with_account(person) for person in staff_of(school))
        make_person(school, Role.COORDINATOR)
        change_coordinator(school=school, person=teacher, by=head, starts=in_days(0))
        assert assess("P02", school, in_days(30)).state is State.DUE
        assert assess("P02", school, in_days(31)).state is State.BREACHED

    def test_the_next_change_asks_anew(self, school):
        head, teacher, helper = (with_account(person) for person in staff_of(school))
        make_person(school, Role.COORDINATOR)
        change_coordinator(school=school, person=teacher, by=head, starts=in_days(0))
        confirm(live(school, "co-ordinator").version, head, teacher, helper)
        change_coordinator(school=school, person=helper, by=head, starts=in_days(1))
        assert live(school, "co-ordinator").version.number == 2
        assert assess("P02", school).state is State.MET  # of today: everybody was told of the present one
        assert assess("P02", school, in_days(1)).state is State.DUE

    def test_the_first_coordinator_of_a_school_asks_nobody(self, school):
        head, teacher, _ = staff_of(school)
        change_coordinator(school=school, person=teacher, by=head, starts=in_days(0))
        assert live(school, "co-ordinator") is None
        assert assess("P02", school).state is State.MET


class TestSignOff:
    """P01."""

    @pytest.fixture
    def head(self, school):
        return with_account(make_person(school, Role.HEAD, given="Hana"))

    @pytest.fixture
    def chair(self, school):
        return with_account(make_person(school, Role.CHAIR, given="Cai"))

    def test_nobody_has_signed_so_nothing_is_recorded(self, school, head, chair):
        finding = assess("P01", school)
        assert (finding.state, finding.have, finding.want) == (State.NOT_RECORDED, 0, 2)

    def test_no_chair_breaks_it_and_so_does_one_who_cannot_sign_in(self, school, head):
        assert "Nobody is named as chair" in assess("P01", school).sentence
        make_person(school, Role.CHAIR)
        finding = assess("P01", school)
        assert finding.state is State.BREACHED
        assert "cannot sign in" in finding.sentence

    def test_both_names_keep_it_for_a_year(self, school, head, chair):
        sign_as(head, Role.HEAD)
        assert assess("P01", school).state is State.DUE
        sign_as(chair, Role.CHAIR)
        finding = assess("P01", school)
        assert (finding.state, finding.have, finding.want) == (State.MET, 2, 2)
        assert assess("P01", school, in_days(340)).state is State.DUE
        assert assess("P01", school, in_days(370)).state is State.BREACHED
        assert AuditEntry.objects.filter(verb="sign").count() == 2

    def test_a_new_head_has_a_month_to_sign(self, school, head, chair):
        sign_as(head, Role.HEAD), sign_as(chair, Role.CHAIR)
        head.holdings.update(ends=in_days(9))
        with_account(make_person(school, Role.HEAD, given="New", since=in_days(10)))
        assert assess("P01", school, in_days(9)).state is State.MET
        assert assess("P01", school, in_days(10)).state is State.DUE
        assert assess("P01", school, in_days(10) + timedelta(days=31)).state is State.BREACHED
