"""P62: traffic can be monitored and traced to the individual; staff know it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.urls import reverse

from drystone.registers.monitoring.nameless import percent
from drystone.registers.school.controls import Control, Evidence, Finding, State, register
from drystone.registers.school.lake import lake
from drystone.registers.school.models import School, Zone

NOT_YET = "That staff know it, and use it with discretion, is not yet recorded."


@register
class Traceable(Control):
    """Two halves: events name a person, or at least a place; and staff have acknowledged it. The second is recorded
    by the register of agreements, which is not here yet, so this is DUE at best and never MET."""

    key = "monitoring.traceable"
    parameters: ClassVar = {"days": "Days of traffic looked at"}

    def assess(self, school: School, on: date, **params: object) -> Finding:
        """`days` looked back over (7)."""
        days = int(str(params.get("days", 7)))
        zone = ZoneInfo(school.time_zone)
        until = datetime.combine(on + timedelta(days=1), time(), zone)
        since = until - timedelta(days=days)
        people = lake().named_share(school.slug, since, until)
        evidence = (
            Evidence("Traffic with no name on it", reverse("monitoring:names")),
            Evidence("Traffic", reverse("monitoring:traffic") + f"?since={since:%Y-%m-%dT%H:%M}"),
        )
        if not people.total:
            sentence = f"No traffic was recorded in the last {days} days. {NOT_YET}"
            return Finding(State.NOT_RECORDED, sentence, evidence=evidence)
        slugs = Zone.objects.filter(school=school).values_list("slug", flat=True)
        placed = sum(lake().count(school.slug, since=since, until=until, zone=slug) for slug in slugs)
        whole = max(lake().count(school.slug, since=since, until=until), 1)
        sentence = (
            f"{people.named / people.total:.0%} of the traffic of the last {days} days names a person and "
            f"{placed / whole:.0%} a place in the school; {percent(people.total - people.named, people.total)}% has no "
            f"name on it. {NOT_YET}"
        )
        state = State.DUE if people.named or placed else State.BREACHED
        return Finding(state, sentence, have=people.named, want=people.total, evidence=evidence)
