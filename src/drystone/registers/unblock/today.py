"""What requests ask of people today: an answer of those who decide, a look at the answer of those who asked."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.moments import moment
from drystone.registers.unblock.models import SiteRequest, State
from drystone.registers.unblock.queries import own_requests, visible
from drystone.registers.unblock.words import outcome

LONG = timedelta(days=2)


@needs_today
def requests_wait(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:  # noqa: ARG001
    """P35: somebody asked, and hears."""
    waiting = visible(school, person).filter(state=State.WAITING)
    return _to_look_at(waiting, roles) + _to_answer(waiting, roles) + _to_read(person)


def _to_look_at(queue: QuerySet[SiteRequest], roles: frozenset[Role]) -> list[Task]:
    """A child who asks for a site about self-harm, say, may need somebody more than a site."""
    if not roles & matrix()["unblock.view_sensitive"]:
        return []
    waiting = queue.filter(by_child=True, sensitive=True).count()
    if not waiting:
        return []
    who = "A pupil asks" if waiting == 1 else f"{waiting} requests of pupils are"
    text, url = f"{who} about a worrying subject", f"{reverse('unblock:requests')}?subject=worrying"
    return [Task(text, url, Urgency.NOW, "Look who it is, and whether they need help.")]


def _to_answer(waiting: QuerySet[SiteRequest], roles: frozenset[Role]) -> list[Task]:
    if not roles & matrix()["unblock.decide"]:
        return []
    count = waiting.count()
    if not count:
        return []
    oldest = waiting.earliest("asked_at")
    text = "A request about a site waits" if count == 1 else f"{count} requests about sites wait"
    late = timezone.now() - oldest.asked_at > LONG
    private = oldest.by_child and oldest.sensitive  # others may look over a shoulder
    detail = f"The oldest is from {moment(oldest.asked_at)}" + ("" if private else f": {oldest.host}")
    return [Task(text, reverse("unblock:requests"), Urgency.NOW if late else Urgency.TODAY, detail)]


def _to_read(person: Person) -> list[Task]:
    answered = own_requests(person).exclude(state=State.WAITING).filter(seen_at__isnull=True)[:5]
    url = reverse("unblock:mine")
    return [Task(f"Your request about {each.host} was answered", url, Urgency.SOON, outcome(each)) for each in answered]
