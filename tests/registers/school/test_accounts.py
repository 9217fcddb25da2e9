"""P45: one account a person, opened once with a code that nobody can read back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.school.models import AuditEntry, FirstTimeCode, Role
from drystone.registers.school.services.accounts import (
    find_first_time_code,
    give_first_time_code,
    make_account,
    use_first_time_code,
)
from drystone.registers.school.services.changes import Refused
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db
EMAIL = "tom@fellside.example"


@pytest.fixture
def tom():
    person = make_person(make_school(), Role.TEACHER, given="Tom", email=EMAIL)
    make_account(person=person, by=None)
    return person


def test_an_account_without_a_password_cannot_be_signed_in_to(tom):
    assert not tom.user.has_usable_password()


def test_a_code_sets_a_password_once(tom):
    code = give_first_time_code(person=tom, by=None)
    found = find_first_time_code(email=EMAIL.upper(), code=f" {code.lower()} ".replace("-", " "))
    user = use_first_time_code(found=found, password="three random words")
    assert user.check_password("three random words")
    assert find_first_time_code(email=EMAIL, code=code) is None
    with pytest.raises(Refused, match="used already"):
        use_first_time_code(found=found, password="another one")


def test_the_code_itself_is_kept_nowhere(tom):
    code = give_first_time_code(person=tom, by=None)
    kept = str(list(FirstTimeCode.objects.values())) + str(list(AuditEntry.objects.values()))
    assert code not in kept
    assert code.replace("-", "") not in kept


def test_a_new_code_ends_the_one_before(tom):
    first = give_first_time_code(person=tom, by=None)
    give_first_time_code(person=tom, by=None)
    assert find_first_time_code(email=EMAIL, code=first) is None


def test_a_code_runs_out_after_14_days(tom):
    code = give_first_time_code(person=tom, by=None)
    assert FirstTimeCode.objects.get().expires_at - timezone.now() > timedelta(days=13)
    FirstTimeCode.objects.update(expires_at=timezone.now())
    assert find_first_time_code(email=EMAIL, code=code) is None


def test_a_code_belongs_to_one_address(tom):
    code = give_first_time_code(person=tom, by=None)
    other = make_person(tom.school, given="Al", email="al@fellside.example")
    make_account(person=other, by=None)
    give_first_time_code(person=other, by=None)
    assert find_first_time_code(email="al@fellside.example", code=code) is None
    assert find_first_time_code(email="nobody@fellside.example", code=code) is None


def test_a_closed_account_is_not_opened_by_a_code(tom):
    code = give_first_time_code(person=tom, by=None)
    tom.user.is_active = False
    tom.user.save()
    assert find_first_time_code(email=EMAIL, code=code) is None


def test_an_address_that_somebody_signs_in_with_is_not_given_twice(tom):
    """Else a school could take over an account of another by adding a person of that address."""
    double = make_person(make_school(slug="dale"), email=EMAIL.upper())
    with pytest.raises(Refused, match="nobody shares an account"):
        make_account(person=double, by=None)


def test_a_school_cannot_reset_an_account_that_opens_another(tom):
    make_person(make_school(slug="dale"), user=tom.user)
    with pytest.raises(Refused, match="another school too"):
        give_first_time_code(person=tom, by=None)


def test_an_account_needs_an_address():
    with pytest.raises(Refused, match="e-mail address first"):
        make_account(person=make_person(make_school()), by=None)
