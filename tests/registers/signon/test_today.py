"""A place that asks for a name where nobody has one to give is somebody's task."""

from django.utils import timezone

from drystone.registers.school.models import Role, Zone
from drystone.registers.signon.models import ProxyPassword
from drystone.registers.signon.services.sources import add_source, revoke_source
from drystone.registers.signon.today import nobody_can_sign_on


def tasks(place, role=Role.TECHNICIAN):
    found = nobody_can_sign_on(place.school, place.technician, frozenset({role}), timezone.localdate())
    return [task.text for task in found]


def test_it_is_said_until_there_is_a_way_to_sign_on(place):
    assert tasks(place) == []
    Zone.objects.filter(school=place.school, slug="suite").update(require_person=True)
    assert tasks(place) == ["Nobody can sign on in ICT suite"]
    assert tasks(place, Role.TEACHER) == []
    source, _ = add_source(school=place.school, by=None, name="Wi-Fi")
    assert tasks(place) == []
    revoke_source(source=source, by=None)
    assert tasks(place) != []
    ProxyPassword.objects.create(person=place.pupil, verifier="v", made_by_name="a test")
    assert tasks(place) == []
