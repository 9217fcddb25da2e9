"""What sign-on adds to a person's page: the Internet password, and the devices that are theirs."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.hooks import PersonPart, person_part
from drystone.registers.school.models import Person
from drystone.registers.school.reach import Viewer
from drystone.registers.signon.models import ProxyPassword


@person_part(permission="signon.view", order=55)
def network(_viewer: Viewer, person: Person) -> PersonPart | None:
    """P62: by what the filter knows them. Where they were signed on stands on a page that is not for everybody."""
    if not person.sign_on:
        return None
    now = timezone.now()
    devices = person.devices.filter(Q(until__isnull=True) | Q(until__gt=now), since__lte=now).order_by("name", "pk")
    password = ProxyPassword.objects.filter(person=person).first()
    return PersonPart("Internet", "signon/person.html", {"password": password, "devices": devices})
