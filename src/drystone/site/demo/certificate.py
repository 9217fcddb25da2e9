"""The block page on HTTPS in the demo school: on in the rooms whose devices the school manages."""

from __future__ import annotations

from drystone.registers.network.models import SecurePages
from drystone.registers.network.services.certificates import choose_secure_pages
from drystone.registers.school.models import Person, School

MANAGED = ("ICT suite", "Office")


def use_certificate(school: School, technician: Person) -> None:
    """Not for this machine itself: its browser does not trust the certificate yet."""
    zones = list(school.zones.filter(name__in=MANAGED))
    choose_secure_pages(school=school, where=SecurePages.Where.ZONES, zones=zones, by=technician)
