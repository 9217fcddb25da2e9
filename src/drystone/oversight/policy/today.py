"""What the policy asks of a person today: the broken promises that they own."""

from datetime import date

from django.urls import reverse

from drystone.oversight.policy.queries import board
from drystone.registers.school.controls import State
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Person, Role, School


@needs_today
def broken_promises(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:  # noqa: ARG001
    return [
        Task(
            text=f"{line.promise.id} is not kept: {line.promise.text}",
            url=reverse("policy:promise", args=[line.promise.id]),
            urgency=Urgency.NOW,
            detail=line.sentence,
        )
        for line in board(school, on).lines
        if line.state is State.BREACHED and line.promise.owner in roles
    ]
