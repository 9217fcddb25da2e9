"""What the filter asks of people today."""

from __future__ import annotations

from datetime import date

from django.urls import reverse

from drystone.registers.network import queries
from drystone.registers.network.models import Publication, PublicationState
from drystone.registers.network.services.changes import current_publication, pending_changes
from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School


@needs_today
def filter_tasks(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:  # noqa: ARG001
    """Unpublished changes, a list update that waits, an edition that failed, a check that failed."""
    tasks = []
    if roles & matrix()["network.publish"]:
        tasks += _to_publish(school)
    if roles & matrix()["network.run_checks"]:
        tasks += _failed_checks(school)
    return tasks


def _to_publish(school: School) -> list[Task]:
    url = reverse("network:publish")
    latest = Publication.objects.filter(school=school).first()
    tasks = []
    if latest is not None and latest.state == PublicationState.FAILED:
        failed = reverse("network:publication", args=[latest.pk])
        tasks.append(Task("Publishing the filter failed", failed, Urgency.NOW, latest.failure))
    changes = pending_changes(school)
    lists = [change for change in changes if change.section == "lists"]
    others = [change for change in changes if change.section not in ("lists", "categories")]
    if current_publication(school) is None:
        return [*tasks, Task("Publish the filter: nothing is in force yet", url, Urgency.NOW)]
    if others:
        count = f"{len(others)} change{'' if len(others) == 1 else 's'}"
        tasks.append(Task(f"Publish {count} to the filter", url, Urgency.TODAY, str(others[0])))
    if lists:
        tasks.append(Task("A new edition of a list waits to be published", url, Urgency.TODAY, lists[0].text))
    return tasks


def _failed_checks(school: School) -> list[Task]:
    run = queries.latest_run(school)
    if run is None or (run.passed and not run.failed):
        return []
    url = reverse("network:check_run", args=[run.pk])
    what = "The filter failed its check of itself" if run.failed else "The filter could not test itself"
    return [Task(what, url, Urgency.NOW if run.failed else Urgency.TODAY, run.sentence)]
