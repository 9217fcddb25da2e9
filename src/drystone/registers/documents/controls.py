"""P01, P02, P47, P48: what the register can say of promises that rest on people having read or signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.html import escape

from drystone.registers.documents.built_in import ANSWER_FOR_POLICY, COORDINATOR, NETWORK_SECURITY, PUPIL_RECORDS
from drystone.registers.documents.queries import Asked, Live, asked_of_one, live_notice, tally
from drystone.registers.documents.sign_offs import MONTHS, Line, Standing, sign_offs
from drystone.registers.school.access import matrix
from drystone.registers.school.controls import Control, Evidence, Finding, State, register
from drystone.registers.school.models import GOVERNORS, STAFF, Role, RoleHolding, School
from drystone.registers.school.moments import day
from drystone.registers.school.queries import coordinator

IDLE_LOCK = "drystone.registers.accounts.middleware.IdleMiddleware"
A_YEAR = timedelta(days=365)


@register
class SignedOff(Control):
    """P01: the head teacher and the chair can sign in, may open the board, and have signed within the year."""

    key = "documents.signed_off"
    parameters: ClassVar[Mapping[str, str]] = {"months": "Months for which a signature counts"}

    def assess(self, school: School, on: date, **params: object) -> Finding:
        lines = sign_offs(school, on, months=int(str(params.get("months", MONTHS))))
        signed = sum(line.standing in (Standing.SIGNED, Standing.DUE) and line.signature is not None for line in lines)
        due = min((line.due for line in lines if line.due), default=None)
        evidence = (
            Evidence("The sign-off, and every signature", reverse("documents:sign_off", args=[ANSWER_FOR_POLICY])),
            Evidence("Named posts", reverse("school:posts")),
        )
        return Finding(self._state(lines), self._sentence(lines), signed, len(lines), due, evidence)

    def _state(self, lines: tuple[Line, ...]) -> State:
        standings = {line.standing for line in lines}
        if standings & {Standing.NOBODY, Standing.LATE} or not all(_has_the_board(line) for line in lines):
            return State.BREACHED
        if Standing.NEVER in standings:
            return State.NOT_RECORDED
        return State.DUE if Standing.DUE in standings else State.MET

    def _sentence(self, lines: tuple[Line, ...]) -> str:
        return " ".join(self._of(line) for line in lines)

    def _of(self, line: Line) -> str:
        post = line.role.label
        if line.holding is None:
            return f"Nobody is named as {post.lower()}."
        name = line.holding.person.name
        if not _has_the_board(line):
            return f"{name} ({post.lower()}) cannot sign in, so has no board to look at."
        if line.signature is None:
            return f"{name} ({post.lower()}) has not signed" + (f"; it is due by {day(line.due)}." if line.due else ".")
        until = f"counts until {day(line.due)}" if line.standing != Standing.LATE else f"ran out on {day(line.due)}"
        return f"{name} ({post.lower()}) signed on {day(line.signature.at)}, which {until}."


def _has_the_board(line: Line) -> bool:
    return line.can_sign_in and line.role in matrix()["policy.view_board"]


@register
class NamedCoordinator(Control):
    """P02: one named co-ordinator, dated, whose name stands on the pupils', parents' and staff pages; and after a
    change every member of staff and every governor has taken note. Parents are told by the same notice; that each of
    them confirms it is more than the promise says, so their number is shown and does not decide."""

    key = "documents.named_coordinator"
    parameters: ClassVar[Mapping[str, str]] = {"ask_again_within": "Days to tell everybody of a new holder"}
    pages = (("help_at", "pupils’ page"), ("help_parents_at", "parents’ page"), ("help_staff_at", "staff page"))

    def assess(self, school: School, on: date, **params: object) -> Finding:
        """`ask_again_within`: days after a change of holder in which everybody is to be asked again."""
        holding = coordinator(school, on)
        if holding is None:
            link = (Evidence("Name the co-ordinator", reverse("school:coordinator")),)
            return Finding(State.BREACHED, "No e-safety co-ordinator is named.", 0, 1, evidence=link)
        name, since = holding.person.name, day(holding.starts)
        evidence = [Evidence(f"{name}, since {since}", reverse("school:person", args=[holding.person_id]))]
        evidence += [Evidence(f"The {words}", reverse(page, args=[school.slug])) for page, words in self.pages]
        if on == timezone.localdate() and (missing := self._pages_without(name, school)):
            sentence = f"{name} is the e-safety co-ordinator, but is not named on the {' and the '.join(missing)}."
            return Finding(State.BREACHED, sentence, 0, 1, evidence=tuple(evidence))
        live = live_notice(school, COORDINATOR, on)
        if live and _about(live, holding):
            evidence.append(_who(live))
            return self._taken_note(holding, asked_of_one(live, on), on, tuple(evidence))
        if not _was_told(live, holding) and self._is_a_change(school, holding, on):
            due = holding.starts + timedelta(days=int(str(params.get("ask_again_within", 30))))
            sentence = f"{name} became e-safety co-ordinator on {since}: everybody is to be asked again."
            evidence.append(Evidence("Tell everybody", reverse("documents:register")))
            return Finding(State.BREACHED if due < on else State.DUE, sentence, 0, 1, due, tuple(evidence))
        sentence = f"{name} is the e-safety co-ordinator since {since}, and is named on all three help pages."
        return Finding(State.MET, sentence, 1, 1, evidence=tuple(evidence))

    def _taken_note(
        self, holding: RoleHolding, asked: list[Asked], on: date, evidence: tuple[Evidence, ...]
    ) -> Finding:
        must = [row for row in asked if row.roles & (STAFF | GOVERNORS)]
        if not must:
            sentence = (
                f"{holding.person.name} is the e-safety co-ordinator, but no staff or governors can sign in to read it."
            )
            return Finding(State.NOT_RECORDED, sentence, evidence=evidence)
        others = tally((row for row in asked if row not in must), on)
        so_far, dues = tally(must, on), [row.due for row in must if row.read is None]
        state = State.BREACHED if so_far.late else State.DUE if so_far.missing else State.MET
        sentence = (
            f"{holding.person.name} is the e-safety co-ordinator since {day(holding.starts)}. "
            f"{so_far.read} of {so_far.asked} staff and governors who can sign in have taken note"
            + (f", and {others.read} of {others.asked} parents and volunteers." if others.asked else ".")
        )
        return Finding(state, sentence, so_far.read, so_far.asked, min(dues, default=None), evidence)

    def _is_a_change(self, school: School, holding: RoleHolding, on: date) -> bool:
        before = RoleHolding.objects.filter(person__school=school, role=Role.COORDINATOR, starts__lt=holding.starts)
        return on - holding.starts < A_YEAR and before.exclude(person=holding.person).exists()

    def _pages_without(self, name: str, school: School) -> list[str]:
        """Each page asked as a stranger's browser gets it."""
        missing = []
        for page, words in self.pages:
            request = HttpRequest()  # no session, no person
            request.method, request.path = "GET", reverse(page, args=[school.slug])
            request.user = AnonymousUser()
            view, args, kwargs = resolve(request.path)
            if escape(name) not in view(request, *args, **kwargs).content.decode():
                missing.append(words)
        return missing


def _about(live: Live, holding: RoleHolding) -> bool:
    return live.version.about == f"{holding._meta.label}:{holding.pk}"


def _was_told(live: Live | None, holding: RoleHolding) -> bool:
    """By a version before the newest, which tells of somebody who is named for a later day."""
    about = f"{holding._meta.label}:{holding.pk}"
    return live is not None and any(version.about == about for version in live.document.versions.all())


def _who(live: Live) -> Evidence:
    return Evidence("Who has read it, and who has not", reverse("documents:who", args=[live.document.pk]))


@register
class SecurityKnown(Control):
    """P48: every member of staff has read their part in keeping network and records safe."""

    key = "documents.security_known"
    parameters: ClassVar[Mapping[str, str]] = {}

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        return _read_by_staff(school, NETWORK_SECURITY, on)


@register
class RecordsKeptShut(Control):
    """P47: every member of staff has read it, and our own screens lock when they are left."""

    key = "documents.records_kept_shut"
    parameters: ClassVar[Mapping[str, str]] = {}

    def assess(self, school: School, on: date, **params: object) -> Finding:  # noqa: ARG002
        found = _read_by_staff(school, PUPIL_RECORDS, on)
        evidence = (*found.evidence, Evidence("After how many minutes screens lock", reverse("school:details")))
        if IDLE_LOCK not in settings.MIDDLEWARE:
            sentence = f"Drystone’s own screens do not lock when they are left. {found.sentence}"
            return Finding(State.BREACHED, sentence, found.have, found.want, found.due, evidence)
        sentence = f"{found.sentence} Drystone’s own screens lock after {school.idle_minutes} minutes."
        return Finding(found.state, sentence, found.have, found.want, found.due, evidence)


def _read_by_staff(school: School, slug: str, on: date) -> Finding:
    """Met only where each member of staff has; somebody who came a week ago still has time."""
    live = live_notice(school, slug, on)
    if live is None:
        link = (Evidence("Send the notice", f"{reverse('documents:send')}?ready={slug}"),)
        return Finding(State.NOT_RECORDED, "The notice has not been sent to staff.", evidence=link)
    must = [row for row in asked_of_one(live, on) if row.roles & STAFF]
    if not must:
        return Finding(
            State.NOT_RECORDED, f"“{live.version.title}” asks nobody who works here.", evidence=(_who(live),)
        )
    so_far, dues = tally(must, on), [row.due for row in must if row.read is None]
    state = State.BREACHED if so_far.late else State.DUE if so_far.missing else State.MET
    sentence = f"{so_far.read} of {so_far.asked} staff have read “{live.version.title}”"
    sentence += f"; {so_far.late} {'is' if so_far.late == 1 else 'are'} late." if so_far.late else "."
    return Finding(state, sentence, so_far.read, so_far.asked, min(dues, default=None), (_who(live),))
