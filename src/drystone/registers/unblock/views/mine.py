"""What one of the staff asked, and asking from the web."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from drystone.registers.school.access import needs
from drystone.registers.school.pages import page_of, school_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.unblock.forms import ReportForm
from drystone.registers.unblock.models import Kind
from drystone.registers.unblock.queries import own_requests
from drystone.registers.unblock.services.asking import Asker, report_site
from drystone.registers.unblock.services.deciding import mark_seen
from drystone.registers.unblock.words import outcome


@needs("unblock.report_site")
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    page, pagination = page_of(request, own_requests(request.person))  # type: ignore[attr-defined]
    return render(request, "unblock/mine.html", {"page": page, "pagination": pagination, "outcome": outcome})


@needs("unblock.report_site")
@require_POST
def seen(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(own_requests(request.person), pk=number)  # type: ignore[attr-defined]
    if not found.waiting:
        mark_seen(request=found, by=request.person)  # type: ignore[attr-defined]
    return redirect("unblock:mine")


@needs("unblock.report_site")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """P35, P49: a site that should be blocked, or one that should be open."""
    school = school_of(request)
    form = ReportForm(request.POST if request.method == "POST" else None, known=True, initial={"kind": "block"})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            asked = report_site(
                school=school, kind=Kind(values["kind"]), site=values["site"], why=values["why"],
                asker=Asker(request.person),  # type: ignore[attr-defined]
            )  # fmt: skip
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            said = "You asked for that already; it waits for an answer." if asked.again else "Sent. You will hear here."
            messages.success(request, said)
            return redirect("unblock:mine")
    return render(request, "unblock/ask.html", {"form": form}, status=422 if form.errors else 200)
