"""Two in the demo school have not opened their accounts yet: their letters lie in the office."""

from __future__ import annotations

from collections.abc import Mapping

from drystone.registers.accounts.models import Invitation
from drystone.registers.accounts.services.invitations import invite
from drystone.registers.school.models import Person

INVITED = ("governor", "support")
PAGES = "http://localhost:8000"


def leave_letters(people: Mapping[str, Person]) -> None:
    invite(people=[people[name] for name in INVITED], how=Invitation.How.LETTER, pages=PAGES, by=people["head"])
