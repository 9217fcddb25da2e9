"""P45: the termly review of accounts; P46: reminders about passwords."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from drystone.registers.accounts.models import Answer, Kind, Review, ReviewLine
from drystone.registers.accounts.services import reviews as verbs
from drystone.registers.accounts.services.reminders import is_old, leave_alone
from drystone.registers.accounts.services.reviews import term_of
from drystone.registers.school.access import needs, own
from drystone.registers.school.csv import csv_response
from drystone.registers.school.moments import moment
from drystone.registers.school.pages import page_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of, school_of, within

SHOWN = {"": "Not answered yet", "keep": "Kept", "close": "Closed", "gone": "Closed meanwhile", "all": "All"}


@needs("accounts.view_reviews")
def reviews(request: HttpRequest) -> HttpResponse:
    school, today = school_of(request), timezone.localdate()
    found = school.account_reviews.annotate(
        accounts=Count("lines"),
        unanswered=Count("lines", filter=Q(lines__answer=Answer.OPEN)),
        closed=Count("lines", filter=Q(lines__answer=Answer.CLOSE)),
    ).order_by("-opened_at", "-pk")
    page, pages = page_of(request, found)
    going_on = school.account_reviews.filter(finished_at=None).first()
    context = {"page": page, "pages": pages, "going_on": going_on, "term": term_of(school, today)}
    return render(request, "accounts/reviews.html", context)


@needs("accounts.review")
@require_POST
def begin_review(request: HttpRequest) -> HttpResponse:
    try:
        review = verbs.open_review(school=school_of(request), by=person_of(request), on=timezone.localdate())
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
        return redirect("accounts:reviews")
    return redirect("accounts:review", pk=review.pk)


@needs("accounts.view_reviews")
def review(request: HttpRequest, pk: int) -> HttpResponseBase:
    thing = within(request, Review, pk)
    text, kind = request.GET.get("text", "").strip()[:100], request.GET.get("kind", "")
    shown = request.GET.get("shown", "all" if thing.finished_at else "")
    shown = shown if shown in SHOWN else ""
    found = thing.lines.order_by("-kind", "name", "pk")
    if request.GET.get("format") == "csv":
        return csv_response("accounts-reviewed", HEADINGS, (_row(line) for line in found))
    left = thing.lines.filter(answer=Answer.OPEN).count()
    found = found if shown == "all" else found.filter(answer=shown)
    if kind in Kind.values:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(email__icontains=text) | Q(roles__icontains=text))
    page, pages = page_of(request, found)
    context = {
        "review": thing, "page": page, "pages": pages, "left": left, "text": text, "kind": kind, "kinds": Kind.choices,
        "shown": shown, "all_shown": SHOWN, "mine": person_of(request).pk, "of": thing.lines.count(),
    }  # fmt: skip
    return render(request, "accounts/review.html", context)


HEADINGS = ["Name", "E-mail", "Roles", "Last signed in", "Answer", "By", "When"]


def _row(line: ReviewLine) -> list[str]:
    answered = moment(line.answered_at) if line.answered_at else ""
    label = Answer(line.answer).label
    return [line.name, line.email, line.roles, moment(line.last_sign_in), label, line.answered_by_name, answered]


@needs("accounts.review")
@require_POST
def answer_review(request: HttpRequest, pk: int) -> HttpResponse:
    """A no is shown once more before anything is closed; yeses go in at once."""
    thing = within(request, Review, pk)
    answers = _answers(request)
    if not answers:
        messages.error(request, "Say yes or no to at least one account.")
        return redirect("accounts:review", pk=pk)
    closing = [number for number, given in answers.items() if given == Answer.CLOSE]
    if closing and "sure" not in request.POST:
        going = thing.lines.filter(pk__in=closing, answer=Answer.OPEN)
        return render(request, "accounts/review_sure.html", {"review": thing, "going": going, "answers": answers})
    try:
        kept, closed = verbs.answer(review=thing, by=person_of(request), answers=answers, on=timezone.localdate())
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
        return redirect("accounts:review", pk=pk)
    done = f"{kept} kept" + (f". Closed: {', '.join(closed)}" if closed else "")
    messages.success(request, f"{done}.")
    return redirect("accounts:review", pk=pk)


def _answers(request: HttpRequest) -> dict[int, Answer]:
    """`line-12: keep`; “yes to all” speaks for the lines of the page that have no answer of their own."""
    yes_to_all = "yes_to_all" in request.POST
    answers = {}
    for number in request.POST.getlist("line"):
        given = request.POST.get(f"line-{number}", "") or ("keep" if yes_to_all else "")
        if number.isdecimal() and len(number) < 18 and given in (Answer.KEEP, Answer.CLOSE):
            answers[int(number)] = Answer(given)
    return answers


@needs("accounts.review")
@require_POST
def finish_review(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Review, pk)
    try:
        verbs.finish(review=thing, by=person_of(request))
        messages.success(request, f"The review of {thing.term_name} is finished.")
    except Refused as refusal:
        messages.error(request, f"{refusal}.")
    return redirect("accounts:review", pk=pk)


@needs("accounts.view_reviews")
def reminders(request: HttpRequest) -> HttpResponse:
    """P46: when everybody was reminded."""
    page, pages = page_of(request, school_of(request).password_reminders.order_by("-sent_at", "-pk"))
    return render(request, "accounts/reminders.html", {"page": page, "pages": pages})


@own
def old_password(request: HttpRequest) -> HttpResponse:
    """P46: encouraged, never forced."""
    today = timezone.localdate()
    if request.method == "POST":
        leave_alone(user=request.user, on=today)  # type: ignore[arg-type]
        messages.success(request, "You keep your password.")
        return redirect("home")
    user = request.user
    return render(request, "accounts/old_password.html", {"old": is_old(user, today)})  # type: ignore[arg-type]
