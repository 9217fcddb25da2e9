"""The pages of notices, as people go through them."""

import re

from django.urls import reverse

from drystone.registers.documents.models import Acknowledgement, Document, How
from drystone.registers.documents.queries import asked_of_one
from drystone.registers.documents.services.acknowledging import take_note, take_note_on_paper
from drystone.registers.school.models import Role, RoleHolding
from tests.people import make_person, make_school, sign_in, signed_in_as
from tests.registers.documents.parts import live, send, staff_of, today


def page(client, name, *args, **query):
    return client.get(reverse(f"documents:{name}", args=args), query)


def words(answer):
    return answer.content.decode()


def post(client, name, *args, **data):
    return client.post(reverse(f"documents:{name}", args=args), data)


def test_p47_a_teacher_finds_the_notice_on_the_first_page_reads_it_and_confirms(school):
    _, teacher, _ = staff_of(school)
    version = send(school)
    client = sign_in(teacher)
    assert f"Read: {version.title}" in words(client.get("/"))
    shown = page(client, "notice", version.document_id)
    assert "Lock your screen" in words(shown)
    done = client.post(shown.request["PATH_INFO"], {"shown": version.hash}, follow=True)
    assert "on record that you have read it" in words(done)
    assert f"Read: {version.title}" not in words(done)
    assert "You read this on" in words(page(client, "notice", version.document_id))
    mine = words(page(client, "mine"))
    assert version.title in mine
    assert "To read" not in mine


def test_a_stale_page_confirms_nothing_and_shows_the_notice_again(school):
    _, teacher, _ = staff_of(school)
    version = send(school)
    answer = post(sign_in(teacher), "notice", version.document_id, shown="another")
    assert answer.url == reverse("documents:notice", args=[version.document_id])
    assert not Acknowledgement.objects.exists()


def test_a_notice_that_does_not_ask_somebody_does_not_exist_for_them(school):
    version = send(school)
    parent = signed_in_as(school, Role.PARENT)
    assert page(parent, "notice", version.document_id).status_code == 404
    assert post(parent, "notice", version.document_id, shown=version.hash).status_code == 404
    assert "does not ask you" in words(page(signed_in_as(school, Role.CHAIR), "notice", version.document_id))


def test_a_head_sends_a_notice_that_is_ready_after_seeing_it_as_readers_will(school):
    head, *_ = staff_of(school)
    client = sign_in(head)
    assert "Pupil records stay shut" in words(page(client, "register"))
    url = reverse("documents:send") + "?ready=pupil-records"
    assert "Lock your screen" in words(client.get(url))
    given = {"title": "Records", "body": "Keep them.\n\n- Shut", "why": "P47", "audience": ["staff"], "days": "10"}
    before = words(client.post(url, given))
    assert "asks 3 people (staff)" in before
    assert "<li>Shut</li>" in before
    assert not Document.objects.exists()
    assert 'value="Records"' in words(client.post(url, {**given, "again": "yes"}))
    answer = client.post(url, {**given, "send": "yes"})
    document = Document.objects.get()
    assert answer.url == reverse("documents:who", args=[document.pk])
    assert (document.slug, document.promises) == ("pupil-records", ["P47"])
    assert "Pupil records stay shut" not in words(page(client, "register"))


def test_a_notice_with_mistakes_is_shown_again_with_each_named(school):
    client = signed_in_as(school, Role.HEAD)
    answer = words(client.post(reverse("documents:send"), {"title": "", "body": "", "why": "", "days": "300"}))
    for sentence in ("Give the notice a title", "Write what the notice says", "Choose who", "90 days at most"):
        assert sentence in answer
    assert not Document.objects.exists()


def test_the_text_of_a_notice_cannot_bring_code_onto_a_page(school):
    _, teacher, _ = staff_of(school)
    version = send(school, body="<script>alert(1)</script>\n- <b>x</b>", title="<i>t</i>")
    shown = words(page(sign_in(teacher), "notice", version.document_id))
    assert "<script>alert" not in shown
    assert "&lt;b&gt;x" in shown
    assert "<i>t" not in shown


def test_a_changed_notice_says_who_reads_it_again_and_keeps_the_old_one(school):
    head, teacher, _ = staff_of(school)
    version = send(school, by=head)
    take_note(version=version, person=teacher, shown=version.hash)
    client, pk = sign_in(head), version.document_id
    given = {"title": "T", "body": "New", "why": "W", "audience": ["staff"], "days": "14", "read": "1"}
    assert "Say whether people read it again" in words(post(client, "change", pk, **given))
    post(client, "change", pk, **given, anew="anew", send="yes")
    assert live(school).version.number == 2
    old = words(page(client, "version", pk, 1))
    assert "Lock your screen" in old
    assert "1 person" in old
    assert "somebody has changed it" not in old


def test_who_has_read_it_lists_late_ones_first_and_filters(school):
    head, teacher, helper = staff_of(school)
    version = send(school, by=head, audience=("head", "teacher", "support_staff", "governor"))
    make_person(school, Role.GOVERNOR, given="Gwen", family="Aster")
    take_note(version=version, person=teacher, shown=version.hash)
    client = sign_in(head)
    everybody = words(page(client, "who", version.document_id))
    assert "1 of 4 have read it" in everybody
    names = re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', everybody)
    assert names == ["Gwen Aster", "Hana Rigg", "Una Tarn", "Tom Stile"]
    missing = words(page(client, "who", version.document_id, state="missing", text="tarn"))
    assert "Una Tarn" in missing
    assert "Gwen Aster" not in missing
    governors = words(page(client, "who", version.document_id, group="governors"))
    assert "Gwen Aster" in governors
    assert "Una Tarn" not in governors
    csv = b"".join(page(client, "who", version.document_id, format="csv")).decode()
    assert f"Stile,Tom,Teacher,{today()},{live(school).basis.issued_on}"[:20] in csv
    assert csv.count("\r\n") == 5


def test_signatures_from_paper_are_entered_and_struck_out(school):
    head, teacher, helper = staff_of(school)
    version = send(school, by=head)
    client, pk, day = sign_in(head), version.document_id, today()
    sheet = words(page(client, "sheet", pk))
    assert "Una Tarn" in sheet
    assert version.hash[:16] in sheet
    date = {"read_on_day": day.day, "read_on_month": day.month, "read_on_year": day.year}
    assert "Choose whose signature" in words(post(client, "paper", pk, note="File", **date))
    post(client, "paper", pk, people=[helper.pk], note="File", **date)
    taken = Acknowledgement.objects.get()
    assert (taken.person, taken.how, taken.note) == (helper, How.PAPER, "File")
    assert "Say what was wrong" in words(post(client, "strike", taken.pk, reason=""))
    post(client, "strike", taken.pk, reason="Another Una")
    assert "Another Una" in words(page(client, "who", pk))
    assert all(row.read is None for row in asked_of_one(live(school), today()))


def test_of_very_many_a_page_offers_a_hundred_names_and_finds_the_others(school):
    head, *_ = staff_of(school)
    version = send(school, by=head)
    for number in range(120):
        make_person(school, Role.TEACHER, given=f"Nr{number}", family="Zed")
    client = sign_in(head)
    everybody = words(page(client, "paper", version.document_id))
    assert everybody.count('name="people"') == 100
    assert "23 more have not read it" in everybody
    found = words(page(client, "paper", version.document_id, text="nr119 zed"))
    assert found.count('name="people"') == 1
    last, day = school.people.get(given_names="Nr119"), today()
    date = {"read_on_day": day.day, "read_on_month": day.month, "read_on_year": day.year}
    address = reverse("documents:paper", args=[version.document_id]) + "?text=nr119"
    client.post(address, {"people": [last.pk], "note": "File", **date})
    assert Acknowledgement.objects.get().person == last


def test_ending_a_notice_is_asked_twice(school):
    head, *_ = staff_of(school)
    version = send(school, by=head)
    client, pk = sign_in(head), version.document_id
    asked = words(page(client, "end", pk))
    assert "3 people have" in asked
    assert "P47" in asked
    assert live(school) is not None
    post(client, "end", pk)
    assert live(school) is None
    assert "ended on" in words(page(client, "register"))
    assert "nobody is asked any more" in words(page(client, "who", pk))


def test_a_school_that_never_told_of_its_coordinator_does_so_by_one_button(school):
    head, *_ = staff_of(school)
    make_person(school, Role.COORDINATOR, given="Cora")
    client = sign_in(head)
    assert "Tell everybody with an account" in words(page(client, "register"))
    post(client, "tell")
    assert (
        live(school, "co-ordinator").version.about
        == f"school.RoleHolding:{RoleHolding.objects.get(role='coordinator').pk}"
    )
    assert "Tell everybody with an account" not in words(page(client, "register"))
    post(client, "tell")
    assert live(school, "co-ordinator").version.number == 1


def test_the_first_page_asks_the_head_to_send_and_to_ask_those_whom_reminders_did_not_reach(school):
    head, *_ = staff_of(school)
    assert "Send staff the notice" in words(sign_in(head).get("/"))
    send(school, by=head)
    from drystone.registers.documents import today as register
    from drystone.registers.documents.reminding import END
    from drystone.registers.school.access import roles_of

    late = live(school).basis.issued_on + END + END * 2
    tasks = register.notices_to_send(school, head, roles_of(head), late)
    assert "3 have still not read" in " ".join(task.text for task in tasks)


def test_a_page_of_many_costs_as_many_queries_as_one_of_few(school, django_assert_max_num_queries):
    head, *_ = staff_of(school)
    version = send(school, by=head)
    client = sign_in(head)
    page(client, "who", version.document_id)
    with django_assert_max_num_queries(40) as few:
        page(client, "who", version.document_id)
    readers = [make_person(school, Role.TEACHER, given=f"Nr {number}") for number in range(60)]
    take_note_on_paper(version=version, people=readers[:30], read_on=today(), note="File", by=head)
    for name, args in (("who", [version.document_id]), ("register", []), ("mine", [])):
        with django_assert_max_num_queries(len(few) + 3):
            assert page(client, name, *args).status_code == 200


def test_another_schools_people_are_not_entered_from_a_forged_form(school):
    head, *_ = staff_of(school)
    version = send(school, by=head)
    outsider = make_person(make_school("dale", "Dale School"), Role.TEACHER)
    day = today()
    date = {"read_on_day": day.day, "read_on_month": day.month, "read_on_year": day.year}
    answer = post(sign_in(head), "paper", version.document_id, people=[outsider.pk], note="File", **date)
    assert "not asked any more" in words(answer)
    assert not Acknowledgement.objects.exists()
