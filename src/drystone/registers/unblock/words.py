"""Requests and answers in the words of people."""

from __future__ import annotations

from django.utils import timezone

from drystone.registers.school.moments import ending
from drystone.registers.unblock.models import Kind, SiteRequest, State


def outcome(request: SiteRequest) -> str:
    """How it was answered, in a sentence or two."""
    match request.state:
        case State.WAITING:
            return "Nobody has answered yet."
        case State.ALLOWED:
            grant = request.grant
            if grant is None:
                return f"It was opened for a time. {request.answer}"
            end = grant.ended_at or grant.until
            was = "is" if grant.open_at(timezone.now()) else "was"
            return f"It {was} open for {grant.whom} until {ending(end)}. {request.answer}"
        case State.RULE:
            what = "blocks" if request.kind == Kind.BLOCK else "opens"
            return f"A rule was made that {what} it, from the next publication on. {request.answer}"
        case _:
            return f"It stays {'blocked' if request.kind == Kind.OPEN else 'as it is'}. {request.answer}"


def who(request: SiteRequest) -> str:
    """Who asked (of `queries.visible`): by name for those who may see it, else what kind of person."""
    kind = "A pupil" if request.by_child else "An adult"
    if not getattr(request, "named", False):
        return kind
    if request.asker is not None:
        school_class = request.asker.school_class
        return f"{request.asker.name}, {school_class}" if school_class else request.asker.name
    return f"“{request.asker_name}”, as typed" if request.asker_name else f"{kind}, no name given"
