"""What sign-on asks of people today."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils import timezone

from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School
from drystone.registers.signon import queries


@needs_today
def nobody_can_sign_on(school: School, _person: Person, roles: frozenset[Role], on: date) -> list[Task]:
    """P62: a place that asks for a name, where nobody has one to give, is a place without Internet."""
    if not roles & matrix()["signon.give_passwords"]:
        return []
    zone = school.zones.filter(require_person=True).order_by("name").first()
    if zone is None:
        return []
    passwords = queries.may_sign_on(school, on).filter(proxy_password__isnull=False).exists()
    told = school.session_sources.filter(integration__revoked_at=None).exists()
    devices = queries.devices(school, now=timezone.now()).filter(person__isnull=False).exists()
    if passwords or told or devices:
        return []
    detail = "Make Internet passwords, or let the Wi-Fi or the directory tell who is signed on."
    return [Task(f"Nobody can sign on in {zone.name}", reverse("signon:passwords"), Urgency.NOW, detail)]
