"""P45: each term the head says yes or no to every account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from drystone.registers.accounts.models import Answer, Kind, Review, ReviewLine
from drystone.registers.accounts.services.closing import close_account
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person, Role, School, Term
from drystone.registers.school.queries import current
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

PERMISSION = "accounts.review"
SETTLES = timedelta(days=7)  # the first days of a term bring joiners and leavers: the list begins after them


def term_of(school: School, on: date) -> Term | None:
    """The term that began last; in the holiday after it, that one still."""
    return Term.objects.filter(year__school=school, starts__lte=on).select_related("year").order_by("-starts").first()


def open_where_due(*, school: School, on: date) -> Review | None:
    """A review for a term that has none yet, a week into it."""
    term = term_of(school, on)
    if term is None or on < term.starts + SETTLES or on > term.ends:
        return None
    if school.account_reviews.filter(Q(term_starts__gte=term.starts) | Q(finished_at=None)).exists():
        return None
    return open_review(school=school, by=None, on=on)


@transaction.atomic
def open_review(*, school: School, by: Person | None, on: date) -> Review:
    """Lists every open account of the school, with the roles of that day. Raises Refused."""
    require(by, PERMISSION, school)
    lock(school)
    if school.account_reviews.filter(finished_at=None).exists():
        raise Refused("A review has begun already: finish it first")
    term = term_of(school, on)
    review = Review.objects.create(
        school=school,
        term_name=f"{term.name} {term.year.name}" if term else f"{on:%B %Y}",
        term_starts=term.starts if term else on,
        opened_by_name=by.name if by else "Drystone",
    )
    people = school.people.filter(user__is_active=True).select_related("user").prefetch_related("holdings")
    lines = [_line(review, person, on) for person in people.order_by("family_name", "given_names", "pk")]
    ReviewLine.objects.bulk_create(lines, batch_size=500)
    audit.record(
        school=school,
        by=by,
        as_name="Every term",
        verb="open_account_review",
        subject=review,
        summary=f"A review of {len(lines)} accounts began",
        after={"accounts": len(lines), "term": review.term_name},
    )
    return review


def _line(review: Review, person: Person, on: date) -> ReviewLine:
    roles = [Role(holding.role) for holding in person.holdings.all() if holding.held_on(on)]
    only_parent = bool(roles) and set(roles) == {Role.PARENT}
    return ReviewLine(
        review=review,
        person=person,
        name=person.name,
        email=person.user.email if person.user else "",
        roles=", ".join(role.label for role in roles)[:300],
        kind=Kind.PARENT if only_parent else Kind.STAFF,
        last_sign_in=person.user.last_login if person.user else None,
    )


@transaction.atomic
def answer(*, review: Review, by: Person, answers: Mapping[int, Answer], on: date) -> tuple[int, list[str]]:
    """P45: yes keeps an account, no closes it at once. How many were kept, and the names of those closed.

    One entry in the audit trail for all that are kept; each that is closed has its own. Raises Refused, and then
    nothing of it is done.
    """
    school = lock(review.school)
    require(by, PERMISSION, school)
    review = Review.objects.select_for_update().get(pk=review.pk)
    if review.finished_at:
        raise Refused("This review is finished. Close an account on its own page")
    lines = review.lines.filter(pk__in=answers, answer=Answer.OPEN).select_related("person", "person__school")
    now, kept, closed, changed = timezone.now(), 0, [], []
    for line in lines:
        line.answer = _take(line, answers[line.pk], by, on)
        line.answered_at, line.answered_by_name = now, by.name
        kept += line.answer == Answer.KEEP
        closed += [line.name] if line.answer == Answer.CLOSE else []
        changed.append(line)
    ReviewLine.objects.bulk_update(changed, ["answer", "answered_at", "answered_by_name"], batch_size=200)
    if kept:
        audit.record(
            school=school,
            by=by,
            verb="keep_accounts",
            subject=review,
            summary=f"{kept} accounts are kept, by the review of {review.term_name}",
            after={"people": [line.person.key for line in changed if line.person and line.answer == Answer.KEEP]},
        )
    return kept, closed


def _take(line: ReviewLine, given: Answer, by: Person, on: date) -> Answer:
    if given not in (Answer.KEEP, Answer.CLOSE):
        raise Refused("Say yes or no")
    if line.person is None or line.person.user_id is None:
        return Answer.GONE
    if given == Answer.KEEP:
        return Answer.KEEP
    was_open = close_account(person=line.person, by=by, why="no, said the termly review", on=on)
    return Answer.CLOSE if was_open else Answer.GONE


@transaction.atomic
def finish(*, review: Review, by: Person) -> Review:
    """When every account has its answer; those closed meanwhile need none."""
    require(by, PERMISSION, review.school)
    review = Review.objects.select_for_update().get(pk=review.pk)
    if review.finished_at:
        return review
    settle(review)
    if open_lines := review.lines.filter(answer=Answer.OPEN).count():
        raise Refused(f"{open_lines} accounts have no answer yet")
    review.finished_at, review.finished_by, review.finished_by_name = timezone.now(), by, by.name
    review.save(update_fields=["finished_at", "finished_by", "finished_by_name"])
    answered = (Answer.KEEP, Answer.CLOSE, Answer.GONE)
    counts = {given.value: review.lines.filter(answer=given).count() for given in answered}
    audit.record(
        school=review.school,
        by=by,
        verb="finish_account_review",
        subject=review,
        summary=f"The review of accounts of {review.term_name} is finished",
        after=counts,
    )
    announce_evidence(school=review.school, by=by)
    return review


def settle(review: Review) -> None:
    """Accounts that were closed since, or whose person has gone, need no answer."""
    here = current(review.school.people.filter(user__is_active=True), timezone.localdate())
    review.lines.filter(answer=Answer.OPEN).exclude(person__in=here.values("pk")).update(
        answer=Answer.GONE, answered_at=timezone.now(), answered_by_name="Drystone"
    )
