"""P42: whoever leaves signs on to the Internet no more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drystone.registers.school.models import AuditEntry, Role
from drystone.registers.school.services.leaving import leave
from drystone.registers.signon.models import ProxyPassword
from drystone.registers.signon.tasks import leavers_night
from tests.people import make_person, make_school

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher():
    person = make_person(make_school(), Role.TEACHER, sign_on="tess")
    ProxyPassword.objects.create(person=person, verifier="a sample", made_by_name="a test")
    return person


def test_the_password_goes_at_once_when_somebody_leaves_today(teacher):
    today = timezone.localdate()
    leave(person=teacher, by=None, on=today, today=today)
    assert not ProxyPassword.objects.exists()
    entry = AuditEntry.objects.get(verb="withdraw_proxy_passwords_of_leavers")
    assert entry.after == {"people": [teacher.key]}


def test_it_stays_until_the_night_after_a_last_day_that_is_to_come(teacher):
    today = timezone.localdate()
    leave(person=teacher, by=None, on=today + timedelta(days=3), today=today)
    leavers_night.call_local()
    assert ProxyPassword.objects.exists()
    teacher.left_on = today - timedelta(days=1)
    teacher.save()
    leavers_night.call_local()
    leavers_night.call_local()
    assert not ProxyPassword.objects.exists()
    assert AuditEntry.objects.filter(verb="withdraw_proxy_passwords_of_leavers").count() == 1
