"""What others may ask of the documents register, and say to it.

- `@stands_beside(slug)` functions, registered by the floor above: what is shown, and kept, beside a text as it is
  signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from drystone.registers.school.models import School


@dataclass(frozen=True, slots=True)
class Beside:
    """`said` is read by whoever signs; `facts` go on record with the signature, as JSON can hold them."""

    said: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    url: str = ""  # where it can be looked at


Says = Callable[[School, date], Beside]
_said: dict[str, Says] = {}


def stands_beside(slug: str) -> Callable[[Says], Says]:
    """Register `(school, on) -> Beside` for the text of that name. One a text: a second is a mistake of ours."""

    def decorate(function: Says) -> Says:
        if slug in _said:
            raise ValueError(f"{slug} has something beside it already")
        _said[slug] = function
        return function

    return decorate


def beside(slug: str, school: School, on: date) -> Beside:
    """What stands beside a text today; nothing where nobody registered."""
    says = _said.get(slug)
    return says(school, on) if says else Beside()
