"""The page that a block page leads to: ask for a site, and hear the answer. Open by a signed ticket, to anybody.

It says the same of a ticket that is too old, of another house or made up, so nothing can be found out by trying; it
shows no name but the co-ordinator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from drystone.engine.filtering.ticket import Ticket, TicketError, read_ticket
from drystone.registers.network.api import category_titles, site_facts
from drystone.registers.school.access import public
from drystone.registers.school.models import School
from drystone.registers.school.queries import coordinator
from drystone.registers.school.services.changes import Refused
from drystone.registers.unblock.forms import ChildForm, ReportForm, ReviewForm
from drystone.registers.unblock.models import Kind, SiteRequest
from drystone.registers.unblock.queries import latest_of, request_of_ticket
from drystone.registers.unblock.services.asking import (
    Asker,
    ask_for_review,
    asker_of,
    remember_ticket,
    report_site,
    ticket_digest,
)
from drystone.registers.unblock.words import outcome

ASKED = "site_requests"  # in the session: what this browser asked for


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came with which ticket."""

    text: str
    ticket: Ticket
    school: School
    asker: Asker
    report: bool

    @property
    def url(self) -> str:
        what = {"what": "block"} if self.report else {}
        return f"{reverse('blocked')}?{urlencode({'t': self.text} | what)}"


@public("who stands before a block page is not asked to sign in; opened by a ticket that the gateway signed, for a day")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def blocked(request: HttpRequest) -> HttpResponse:
    try:
        visit = _visit(request)
    except TicketError as error:
        return render(request, "unblock/no_ticket.html", {"why": str(error)}, status=410)
    if request.method == "POST":
        # All that a computer, or a ticket, sends counts, also what is wrong.
        if not ratelimit.consume(request, action="unblock", key=ticket_digest(visit.text)):
            return render(request, "site/429.html", status=429)
        return _send(request, visit)
    before = None if visit.report else _before(request, visit)
    if before is not None:
        return _answer(request, visit, before)
    return _ask(request, visit, _form(visit))


def _visit(request: HttpRequest) -> Visit:
    """Raises TicketError, in the same words whatever is the matter with the school."""
    text = request.GET.get("t", "")
    try:
        key = settings.HOME.check_key.read_bytes()
    except OSError:
        key = b""
    ticket = read_ticket(key, text, timezone.now())
    # unscoped: the signed ticket names the school
    school = School.objects.filter(slug=ticket.school).first()
    if school is None:
        raise TicketError("This link is not one of ours, or a part of it is missing.")
    asker = asker_of(school, ticket, request.person)  # type: ignore[attr-defined]
    return Visit(text, ticket, school, asker, request.GET.get("what") == "block" and not asker.is_child)


def _before(request: HttpRequest, visit: Visit) -> SiteRequest | None:
    """What was asked already and still holds: by this very ticket, or by this person since the site was blocked.

    Squid's tickets are of an hour, so children of one room may hold the same one; and a tablet is the one's who signed
    on, also while another has it. Whoever comes is not told that somebody asked for a site that tells something about
    a child: that shows in the browser it was asked from only.
    """
    person = visit.asker.person
    asked = (request_of_ticket(visit.text), latest_of(person, visit.ticket.host) if person else None)
    found = next((each for each in asked if each is not None and _may_be_told(request, each)), None)
    if found is None or (found.decided_at is not None and found.decided_at <= visit.ticket.at):
        return None
    over = found.grant is not None and not found.grant.open_at(timezone.now())
    return None if over else found  # its time is over: they may ask again


def _may_be_told(request: HttpRequest, found: SiteRequest) -> bool:
    return not (found.by_child and found.sensitive) or found.pk in request.session.get(ASKED, ())


def _form(visit: Visit, data: QueryDict | None = None) -> ChildForm | ReviewForm | ReportForm:
    known = visit.asker.person is not None
    if visit.report:
        return ReportForm(data, known=known, settled=True)
    return ChildForm(data) if visit.asker.is_child else ReviewForm(data, known=known)


def _send(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = _form(visit, request.POST)
    if not form.is_valid():
        return _ask(request, visit, form)
    values = form.cleaned_data
    asker = asker_of(visit.school, visit.ticket, request.person, values.get("name", ""))  # type: ignore[attr-defined]
    try:
        if visit.report:
            report_site(
                school=visit.school, kind=Kind.BLOCK, site=values["site"], asker=asker, why=values["why"],
                ticket=visit.ticket,
            )  # fmt: skip
            return _page(request, visit, "unblock/reported.html", {})
        asked = ask_for_review(school=visit.school, ticket=visit.ticket, asker=asker, why=values.get("why", ""))
        remember_ticket(request=asked.request, text=visit.text)
        request.session[ASKED] = [*request.session.get(ASKED, ())[-20:], asked.request.pk]
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return _ask(request, visit, form)
    return redirect(visit.url)


def _ask(request: HttpRequest, visit: Visit, form: ChildForm | ReviewForm | ReportForm) -> HttpResponse:
    facts = site_facts(visit.school, visit.ticket.host, visit.ticket.category)
    template = "child" if visit.asker.is_child else "report" if visit.report else "review"
    context = {
        "form": form,
        "known": visit.asker.person is not None,
        "mandatory": facts.mandatory,
        "helps": facts.help,
        "category": category_titles().get(visit.ticket.category, ""),
    }
    return _page(request, visit, f"unblock/{template}.html", context, status=422 if form.errors else 200)


def _answer(request: HttpRequest, visit: Visit, found: SiteRequest) -> HttpResponse:
    grant = found.grant
    context = {
        "found": found,
        "open": grant is not None and grant.open_at(timezone.now()),
        "grant": grant,
        "outcome": outcome(found),
    }
    template = "child_answer" if visit.asker.is_child else "answer"
    return _page(request, visit, f"unblock/{template}.html", context)


def _page(
    request: HttpRequest, visit: Visit, template: str, context: Mapping[str, object], status: int = 200
) -> HttpResponse:
    holding = coordinator(visit.school, timezone.localdate())
    shared = {
        "ticket": visit.ticket,
        "asked_school": visit.school,
        "coordinator": holding.person if holding else None,
        "here": visit.url,
        "sign_in": f"{reverse('account_login')}?{urlencode({'next': visit.url})}",
    }
    return render(request, template, {**shared, **context}, status=status)
