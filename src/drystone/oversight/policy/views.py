"""The board, a promise's own page, and the record of reviews."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from drystone.oversight.policy import queries, services
from drystone.oversight.policy.forms import ReviewForm
from drystone.oversight.policy.history import history_chart
from drystone.oversight.policy.library import policy_library
from drystone.oversight.policy.models import PolicyReview
from drystone.registers.school.access import SchoolRequest, may_open, needs
from drystone.registers.school.controls import State
from drystone.registers.school.csv import csv_response
from drystone.registers.school.models import Role
from drystone.registers.school.posts import vacant_posts


@needs("policy.view_board")
def board(request: SchoolRequest) -> HttpResponse:
    """P01: the head and governors have the policy in front of them, with how each sentence stands today."""
    state, owner, text = _filters(request)
    today = timezone.localdate()
    shown = queries.board(request.school, today, state=state, owner=owner, text=text)
    return render(
        request,
        "policy/board.html",
        {
            "board": shown,
            "states": list(State),
            "owners": sorted({promise.owner for promise in policy_library()}, key=lambda r: r.label),
            "state": state,
            "owner": owner,
            "text": text,
            "vacant": vacant_posts(request.school, today),
            "this_week": shown.due_by(today + timedelta(days=7)),
        },
    )


@needs("policy.view_board")
def board_csv(request: SchoolRequest) -> HttpResponseBase:
    state, owner, text = _filters(request)
    shown = queries.board(request.school, timezone.localdate(), state=state, owner=owner, text=text)
    rows = (
        (
            line.promise.id,
            title,
            line.promise.text,
            line.promise.owner.label,
            line.state.value,
            line.sentence,
            line.finding.have if line.finding else "",
            line.finding.want if line.finding else "",
            line.finding.due or "" if line.finding else "",
            line.finding.assessed_at.isoformat() if line.finding else "",
        )
        for _, title, lines in shown.sections
        for line in lines
    )
    header = ["id", "section", "promise", "owner", "state", "finding", "have", "want", "due", "assessed at"]
    return csv_response("policy-board", header, rows)


@needs("policy.view_board")
def promise(request: SchoolRequest, promise_id: str) -> HttpResponse:
    today = timezone.localdate()
    shown = queries.board(request.school, today)
    line = next((line for line in shown.lines if line.promise.id == promise_id), None)
    if line is None:
        raise Http404(f"There is no promise {promise_id}.")
    past = queries.history(request.school, promise_id, today)
    evidence = line.finding.evidence if line.finding else []
    return render(
        request,
        "policy/promise.html",
        {
            "line": line,
            "history": past[::-1][:30],
            "chart": history_chart(past, today),
            "parameter_words": queries.parameter_words(line.promise),
            "evidence": [(item["text"], _opened(item["url"], request)) for item in evidence],
        },
    )


def _opened(url: str, request: SchoolRequest) -> str:
    """The link, where this reader may follow it; others read what the evidence is, and meet no closed door."""
    return url if url and may_open(url, request.permissions) else ""


@needs("policy.assess")
@require_POST
def assess(request: SchoolRequest) -> HttpResponse:
    services.assess_school(school=request.school, on=timezone.localdate())
    messages.success(request, "Every promise has been assessed again.")
    return redirect("policy:board")


@needs("policy.view_board")
def reviews(request: SchoolRequest) -> HttpResponse:
    held = PolicyReview.objects.filter(school=request.school).select_related("recorded_by")
    return render(request, "policy/reviews.html", {"reviews": held})


@needs("policy.record_review")
def record_review(request: SchoolRequest) -> HttpResponse:
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_review(school=request.school, by=request.person, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            services.assess_school(school=request.school, on=timezone.localdate())
            messages.success(request, "The review is on record.")
            return redirect("policy:reviews")
    return render(request, "policy/record_review.html", {"form": form})


def _filters(request: SchoolRequest) -> tuple[State | None, Role | None, str]:
    """What the form of the board asks for; a value that does not exist filters nothing."""
    state, owner = request.GET.get("state", ""), request.GET.get("owner", "")
    return (
        State(state) if state in list(State) else None,
        Role(owner) if owner in Role.values else None,
        request.GET.get("text", "").strip()[:200],
    )
