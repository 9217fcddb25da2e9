"""P02, P19: named posts: holders with dates, a history without holes that nobody sees, contacts without accounts."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from drystone.registers.school.models import Person, Role, RoleHolding
from drystone.registers.school.posts import BY_ROLE, posts_of, vacant_posts
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed
from drystone.registers.school.services.posts import Contact, fill_post
from tests.people import LONG_AGO, make_person, make_school, sign_in, signed_in_as

DAY = date(2026, 11, 2)
CONTACT = Contact("Larch", "Pebblehowe", "security@council.example")


@pytest.fixture
def school(db):
    return make_school()


@pytest.fixture
def head(school):
    return make_person(school, Role.HEAD, given="Hana")


def held(school, role, on=DAY):
    return next(held for held in posts_of(school, on) if held.post.role is role)


def now(school, role, on=DAY):
    return [holding.person for holding in held(school, role, on).now]


def test_p19_a_contact_at_the_council_is_a_person_without_an_account(school, head):
    holding = fill_post(school=school, role=Role.COUNCIL_CONTACT, holder=CONTACT, by=head, starts=DAY)
    assert (holding.person.name, holding.person.user) == ("Larch Pebblehowe", None)
    assert now(school, Role.COUNCIL_CONTACT) == [holding.person]


def test_a_post_of_one_passes_to_the_next_holder_the_day_before(school, head):
    old = make_person(school, Role.CHAIR, given="Old")
    new = make_person(school, Role.GOVERNOR, given="New")
    fill_post(school=school, role=Role.CHAIR, holder=new, by=head, starts=DAY)
    assert now(school, Role.CHAIR, DAY - timedelta(days=1)) == [old]
    assert now(school, Role.CHAIR) == [new]
    assert [holding.person for holding in held(school, Role.CHAIR).past] == [old]


def test_a_head_hands_over_and_the_school_is_never_without_one(school, head):
    new = make_person(school, Role.DEPUTY_HEAD)
    fill_post(school=school, role=Role.HEAD, holder=new, by=head, starts=DAY)
    assert now(school, Role.HEAD) == [new]
    assert head.holdings.get().ends == DAY - timedelta(days=1)


def test_deputies_stand_beside_each_other(school, head):
    for name in ("One", "Two"):
        deputy = make_person(school, Role.TEACHER, given=name)
        fill_post(school=school, role=Role.DEPUTY_SAFEGUARDING_LEAD, holder=deputy, by=head, starts=DAY)
    assert len(now(school, Role.DEPUTY_SAFEGUARDING_LEAD)) == 2


def test_somebody_who_takes_over_on_the_same_or_a_later_day_stands_in_the_way(school, head):
    make_person(school, Role.CHAIR, given="Old")
    fill_post(school=school, role=Role.CHAIR, holder=make_person(school, Role.GOVERNOR), by=head, starts=DAY)
    another = make_person(school, Role.GOVERNOR)
    with pytest.raises(Refused, match="choose a later day"):
        fill_post(school=school, role=Role.CHAIR, holder=another, by=head, starts=DAY)
    assert not another.holdings.filter(role=Role.CHAIR).exists()


@pytest.mark.parametrize(
    ("role", "holder", "words"),
    [
        (Role.COUNCIL_CONTACT, Contact("Larch", "Pebblehowe"), "has to be reached"),
        (Role.SAFEGUARDING_LEAD, CONTACT, "works at the school"),
    ],
)
def test_a_contact_who_cannot_be_reached_or_may_not_hold_the_post_is_refused_whole(school, head, role, holder, words):
    with pytest.raises(Refused, match=words):
        fill_post(school=school, role=role, holder=holder, by=head, starts=DAY)
    assert list(Person.objects.all()) == [head]


def test_nobody_of_another_school_and_nobody_who_has_left_is_named(school, head):
    outsider = make_person(make_school("dale", "Dale School"), Role.TEACHER)
    gone = make_person(school, Role.TEACHER, left_on=DAY - timedelta(days=1))
    for person, words in ((outsider, "not of this school"), (gone, "left the school")):
        with pytest.raises(Refused, match=words):
            fill_post(school=school, role=Role.TECHNICIAN, holder=person, by=head, starts=DAY)


def test_only_the_head_names(school, head):
    office = make_person(school, Role.OFFICE)
    with pytest.raises(NotAllowed):
        fill_post(school=school, role=Role.COUNCIL_CONTACT, holder=CONTACT, by=office, starts=DAY)


def test_days_without_a_holder_show_and_so_does_a_post_that_nobody_holds(school):
    first, second = make_person(school), make_person(school)
    RoleHolding.objects.create(person=first, role=Role.CHAIR, starts=LONG_AGO, ends=DAY - timedelta(days=100))
    RoleHolding.objects.create(
        person=second, role=Role.CHAIR, starts=DAY - timedelta(days=90), ends=DAY - timedelta(days=10)
    )
    chair = held(school, Role.CHAIR)
    assert chair.vacant
    assert chair.gaps == (
        (DAY - timedelta(days=9), None),
        (DAY - timedelta(days=99), DAY - timedelta(days=91)),
    )
    assert not held(school, Role.CHAIR, DAY - timedelta(days=20)).vacant


def test_whoever_has_left_the_school_holds_nothing_any_more(school):
    make_person(school, Role.SAFEGUARDING_LEAD, left_on=DAY - timedelta(days=5))
    lead = held(school, Role.SAFEGUARDING_LEAD)
    assert lead.vacant
    assert lead.gaps == ((DAY - timedelta(days=4), None),)


def test_a_school_needs_no_network_manager(school):
    assert BY_ROLE[Role.NETWORK_MANAGER] not in vacant_posts(school, DAY)
    assert BY_ROLE[Role.DATA_PROTECTION_OFFICER] in vacant_posts(school, DAY)


def test_all_posts_take_one_query_however_many_holders(school, django_assert_num_queries):
    for number in range(5):
        make_person(school, Role.TECHNICIAN, given=f"Nr {number}")
    with django_assert_num_queries(1):
        posts_of(school, DAY)


def post(client, role, **data):
    day = timezone.localdate()
    starts = {"starts_day": day.day, "starts_month": day.month, "starts_year": day.year}
    return client.post(reverse("school:post", args=[role.value]), {**starts, **data})


def test_the_page_shows_the_gap_and_a_teacher_reads_without_changing(school):
    make_person(school, Role.CHAIR, given="Cai", email="cai@governors.example")
    body = signed_in_as(school, Role.TEACHER).get(reverse("school:posts")).content.decode()
    assert "cai@governors.example" in body
    assert "Nobody" in body
    assert "Name another" not in body


def test_a_head_names_a_contact_on_screen(school, head):
    client = sign_in(head)
    assert "Choose a person, or give" in post(client, Role.COUNCIL_CONTACT).content.decode()
    assert "Enter the family name" in post(client, Role.COUNCIL_CONTACT, given_names="Larch").content.decode()
    both = post(client, Role.COUNCIL_CONTACT, given_names="Larch", family_name="P", person=head.pk)
    assert "not both" in both.content.decode()
    reach = post(client, Role.COUNCIL_CONTACT, given_names="Larch", family_name="P")
    assert "has to be reached" in reach.content.decode()
    done = post(client, Role.COUNCIL_CONTACT, given_names="Larch", family_name="P", telephone="01632 960072")
    assert done.url == reverse("school:posts")
    assert "01632 960072" in client.get(done.url).content.decode()


def test_pupils_and_people_known_as_parents_only_are_not_offered(school, head):
    for role, name in ((Role.PUPIL, "Pip"), (Role.PARENT, "Pat")):
        make_person(school, role, given=name)
    make_person(school, Role.PARENT, Role.GOVERNOR, given="Gwen")
    body = sign_in(head).get(reverse("school:post", args=["chair"])).content.decode()
    assert "Gwen Example" in body
    assert "Pip Example" not in body
    assert "Pat Example" not in body
