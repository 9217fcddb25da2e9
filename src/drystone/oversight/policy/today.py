"""What the policy asks of a person today: the promises that they own and that are broken or due."""

from datetime import date, timedelta

from django.urls import reverse

from drystone.oversight.policy.queries import Line, board
from drystone.registers.school.controls import State
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School

SOON = timedelta(days=7)  # as the board says: due within a week, or overdue


@needs_today
def promises_to_keep(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:  # noqa: ARG001
    shown = board(school, on)
    overdue, soon = shown.due_by(on), shown.due_by(on + SOON)
    tasks = []
    for line in shown.lines:
        if line.promise.owner not in roles:
            continue
        if line.state is State.BREACHED:
            tasks.append(_task(line, "is not kept", Urgency.NOW))
        elif line.state is State.DUE and line in soon:
            tasks.append(_task(line, "is due", Urgency.TODAY if line in overdue else Urgency.SOON))
    return tasks


def _task(line: Line, how: str, urgency: Urgency) -> Task:
    url = reverse("policy:promise", args=[line.promise.id])
    return Task(f"{line.promise.id} {how}: {line.promise.text}", url, urgency, line.sentence)
