"""Internet passwords: who has one, slips for a class, one that is chosen, and withdrawing."""

from __future__ import annotations

from allauth.core import ratelimit
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.models import Person
from drystone.registers.school.views import person_of, school_of, seen
from drystone.registers.signon import queries
from drystone.registers.signon.forms import ChosenForm, GiveForm
from drystone.registers.signon.services import passwords as verbs

PAGE = 50
HAS = {"": "Anybody", "yes": "Has a password", "no": "Has none"}


@needs("signon.view")
def passwords(request: HttpRequest) -> HttpResponseBase:
    school, get = school_of(request), request.GET
    text, who, has = get.get("text", "").strip()[:100], get.get("who", ""), get.get("has", "")
    today = timezone.localdate()
    every = queries.may_sign_on(school, today, person_of(request))
    found = queries.by_name(queries.chosen(school, who, today, person_of(request)) if who else every, text)
    if has in ("yes", "no"):
        found = found.filter(proxy_password__isnull=has == "no")
    if get.get("format") == "csv":
        rows = ([p.name, p.sign_on, p.school_class or "", "Yes" if _has(p) else "No"] for p in found)
        return csv_response("internet-passwords", ["Name", "Sign-on name", "Class", "Has an Internet password"], rows)
    context = {
        "page": Paginator(found, PAGE).get_page(get.get("page")),
        "text": text,
        "who": who,
        "has": has,
        "choices": HAS,
        "classes": school.classes.order_by("year_group", "name"),
        "query": f"text={text}&who={who}&has={has}",
        "all": every.count(),
        "with": every.filter(proxy_password__isnull=False).count(),
        "required": school.zones.filter(require_person=True).order_by("name"),
        "nameless": school.people.filter(sign_on="", school_class__isnull=False).count(),
    }
    return render(request, "signon/passwords.html", context)


def _has(person: Person) -> bool:
    return hasattr(person, "proxy_password")


@needs("signon.give_passwords")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Choose, look at who it is, then make them: shown this once, to be printed and cut."""
    school = school_of(request)
    given = request.POST if request.method == "POST" else request.GET
    form = GiveForm(given if "who" in given else None, school=school, by=person_of(request))
    if not form.is_bound or not form.is_valid():
        return render(request, "signon/give.html", {"form": form, "people": None})
    people = list(queries.chosen(school, form.cleaned_data["who"], timezone.localdate(), person_of(request)))
    if form.cleaned_data["only"] == "missing":
        people = [person for person in people if not _has(person)]
    if request.method == "POST" and people:
        by = person_of(request)
        slips = attempt(form, lambda: verbs.give_passwords(school=school, people=people, by=by))
        if slips is not None:
            return render(request, "signon/slips.html", {"slips": slips})
    replaced = sum(_has(person) for person in people)
    return render(request, "signon/give.html", {"form": form, "people": people, "replaced": replaced})


@needs("signon.give_passwords")
@never_cache
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    thing = seen(request, "signon.give_passwords", pk)
    form = ChosenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen, by = form.cleaned_data["password"], person_of(request)
        # It says when the password is that of their account: who may give one is not to find the other by trying.
        if not ratelimit.consume(request, action="internet_password", key=f"person {thing.pk}"):
            return render(request, "site/429.html", status=429)
        if attempt(form, lambda: verbs.set_password(school=thing.school, person=thing, password=chosen, by=by)):
            messages.success(request, f"{thing.name} signs on with the new Internet password from now on.")
            return redirect("signon:passwords")
    return render(request, "signon/choose.html", {"form": form, "thing": thing})


@needs("signon.give_passwords")
def withdraw(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    who = (request.POST if request.method == "POST" else request.GET).get("who", "")
    found = queries.chosen(school, who, timezone.localdate(), person_of(request))
    people = [person for person in found if _has(person)]
    if request.method == "POST" and people:
        count = verbs.withdraw_passwords(school=school, people=people, by=person_of(request))
        said = people[0].name if count == 1 else f"{count} people"
        messages.success(request, f"The Internet password of {said} is withdrawn. It stops working within two seconds.")
        return redirect("signon:passwords")
    return render(request, "signon/withdraw.html", {"people": people, "who": who})
