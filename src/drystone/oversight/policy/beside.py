"""P01: how every promise stands, beside the statement that the head teacher and the chair sign."""

from __future__ import annotations

import hashlib
import json
from datetime import date

from django.urls import reverse

from drystone.oversight.policy.library import policy_library
from drystone.oversight.policy.queries import board
from drystone.registers.documents.api import Beside, stands_beside
from drystone.registers.school.controls import State
from drystone.registers.school.models import School

WORDS = {
    State.BREACHED: "not kept",
    State.NOT_ASSESSED: "could not be assessed",
    State.DUE: "due",
    State.NOT_RECORDED: "not on record yet",
    State.MET: "kept",
    State.NOT_APPLICABLE: "not applicable",
}


@stands_beside("answer-for-policy")
def board_in_words(school: School, on: date) -> Beside:
    """The counts, and a hash over each promise with its state: what they signed in front of can be proved later by
    the findings of that day. The hour of the assessment is left out, so that a renewal that changes nothing does not
    make a signature void."""
    shown, library = board(school, on), policy_library()
    counts = {state.value: number for state, number in shown.counts}
    states = [[line.promise.id, line.state.value] for line in shown.lines]
    canonical = json.dumps(states, separators=(",", ":")).encode()
    said = ", ".join(f"{number} {WORDS[state]}" for state, number in shown.counts)
    return Beside(
        said=(f"Of {len(shown.lines)} promises: {said}.",),
        facts={
            "library": f"{library.id} {library.edition}",
            "counts": counts,
            "states": hashlib.sha256(canonical).hexdigest(),
        },
        url=reverse("policy:board"),
    )
