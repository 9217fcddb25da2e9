"""The wizard's pages. Open until there is a school; every answer stays in the session until the last step."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from drystone.registers.accounts.api import confirmed_by_password
from drystone.registers.network.api import SETTLE_SECONDS, CannotPublish, publish_first
from drystone.registers.school.access import public
from drystone.registers.school.forms.calendar import TermsForm
from drystone.registers.school.forms.schools import NewSchoolForm
from drystone.registers.school.models import AgeBand, School
from drystone.site.setup import answers as told
from drystone.site.setup import forms as ask
from drystone.site.setup.code import at_this_machine, forget_code, is_the_code
from drystone.site.setup.finish import AlreadySetUp, found
from drystone.site.tasks import look_at_first
from drystone.site.views.account import BACKEND
from drystone.site.views.errors import too_many

View = Callable[..., HttpResponse]
WHY = "nobody has an account yet; closed once there is a school, and to other machines without the set-up code"


def step(view: View) -> View:
    """A page of the wizard: for whoever sits at this machine or has the code, while there is no school."""

    @public(WHY)
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # unscoped: whether the house is set up
        if School.objects.exists():
            return redirect("home")
        if not at_this_machine(request) and not request.session.get("set_up_allowed"):
            return redirect("set_up:code")
        return view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


@public("asks for the set-up code, few tries")
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    # unscoped: whether the house is set up
    if School.objects.exists():
        return redirect("home")
    form = ask.CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not ratelimit.consume(request, action="set_up_code", key="house"):
            return too_many(request)
        if is_the_code(settings.HOME, form.cleaned_data["code"]):
            request.session.cycle_key()
            request.session["set_up_allowed"] = True
            return redirect("set_up:start")
        form.add_error("code", "That is not the code. Look at the window where Drystone was started")
    return render(request, "set_up/code.html", {"form": form})


@step
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "set_up/start.html", {"demo_there": _demo_there()})


@step
@require_POST
def demo(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    if not _demo_there():
        return redirect("set_up:start")
    importlib.import_module("drystone.site.demo").load(settings.HOME)
    forget_code(settings.HOME)
    return redirect("demo_roles")


def _demo_there() -> bool:
    return importlib.util.find_spec("drystone.site.demo") is not None


@step
def school(request: HttpRequest) -> HttpResponse:
    form = NewSchoolForm(request.POST or None, initial=told.kept(request.session).get("school"))
    if request.method == "POST" and form.is_valid():
        return _next(request, "school", form.cleaned_data)
    return _page(request, "school", form)


@step
def terms(request: HttpRequest) -> HttpResponse:
    form = TermsForm(request.POST or None, plan=told.plan_of(told.kept(request.session)))
    if request.method == "POST" and form.is_valid():
        return _next(request, "terms", told.plan_to_keep(form.chosen()))
    return _page(request, "terms", form)


@step
def head(request: HttpRequest) -> HttpResponse:
    form = ask.NamedForm(request.POST or None, initial=told.kept(request.session).get("head"))
    return _person(request, "head", form)


@step
def coordinator(request: HttpRequest) -> HttpResponse:
    answers = told.kept(request.session)
    names = {"head": told.names_so_far(answers).get("head", "")}
    form = ask.CoordinatorForm(request.POST or None, initial=answers.get("coordinator"), names=names)
    return _person(request, "coordinator", form)


@step
def safeguarding(request: HttpRequest) -> HttpResponse:
    answers = told.kept(request.session)
    names = told.names_so_far(answers)
    form = ask.SafeguardingForm(request.POST or None, initial=answers.get("safeguarding"), names=names)
    return _person(request, "safeguarding", form)


@step
@sensitive_post_parameters()
def you(request: HttpRequest) -> HttpResponse:
    form = ask.YouForm(request.POST or None, initial=told.kept(request.session).get("you"))
    return _person(request, "you", form)


def _person(request: HttpRequest, question: str, form: forms.Form) -> HttpResponse:
    """The pages that ask for somebody. A password is kept as its hash only."""
    answers = told.kept(request.session)
    early = next((q for q in ("head", "coordinator") if q not in answers), question)
    if told.QUESTIONS.index(question) > told.QUESTIONS.index(early):
        return redirect(f"set_up:{early}")  # their names stand on this page
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        if whose := told.same_address(answers, question, given):
            form.add_error("email", f"That is {whose}’s address. Each person needs one of their own")
        else:
            if password := given.pop("password", ""):
                given |= {"password_hash": make_password(password)}
            given.pop("password_again", None)
            return _next(request, question, given)
    return _page(request, question, form)


@step
def zones(request: HttpRequest) -> HttpResponse:
    kept = told.kept(request.session).get("zones", {"rows": ask.USUAL_ZONES, "this_machine": True})
    here = bool(request.POST.get("this_machine")) if request.method == "POST" else kept["this_machine"]
    if request.method != "POST":
        rows = ask.ZoneRows(initial=kept["rows"], prefix="zone")
    elif "add" in request.POST or "remove" in request.POST:
        rows = ask.ZoneRows(initial=_rows_after(request.POST), prefix="zone")
    else:
        rows = ask.ZoneRows(request.POST, prefix="zone")
        if rows.is_valid():
            answer = {"rows": [form.cleaned_data for form in rows.forms], "this_machine": here}
            return _next(request, "zones", answer)
    return _page(request, "zones", rows, this_machine=here)


def _rows_after(post: Any) -> list[dict[str, str]]:
    """The rows as typed, one more or one less: adding and removing work without JavaScript."""
    total = post.get("zone-TOTAL_FORMS", "")
    count = min(int(total), ask.MANY_ZONES) if total.isdecimal() else 0
    rows = [{name: post.get(f"zone-{n}-{name}", "") for name in ("name", "group", "addresses")} for n in range(count)]
    removed = post.get("remove", "")
    if removed.isdecimal() and len(rows) > 1:
        return [row for number, row in enumerate(rows) if number != int(removed)]
    return [*rows, {"name": "", "group": AgeBand.KS2.value, "addresses": ""}][: ask.MANY_ZONES]


@step
def check(request: HttpRequest) -> HttpResponse:
    answers = told.kept(request.session)
    if missing := told.first_missing(answers):
        return redirect(f"set_up:{missing}")
    if request.method == "POST":
        return _finish(request, answers)
    page = {
        "answers": answers,
        "plan": told.plan_of(answers),
        "people": told.people_of(answers),
        "bands": dict(AgeBand.choices),
        "back": "set_up:zones",
    }
    return render(request, "set_up/check.html", page)


def _finish(request: HttpRequest, answers: dict[str, Any]) -> HttpResponse:
    """Everything written, then signed in, then published; a bundle that fails leaves a school whose filter blocks."""
    try:
        founded = found(answers)
    except AlreadySetUp:
        return redirect("home")
    forget_code(settings.HOME)
    request.session.pop(told.KEY, None)
    login(request, founded.technician.user, backend=BACKEND)
    confirmed_by_password(request)
    request.session["letters"] = [asdict(letter) for letter in founded.letters]
    try:
        publish_first(founded.school, founded.technician)
    except CannotPublish as error:
        request.session["publish_fault"] = str(error)
    look_at_first.schedule((founded.school.pk,), delay=SETTLE_SECONDS)
    return redirect("set_up:done")


def _page(request: HttpRequest, question: str, form: Any, **more: Any) -> HttpResponse:
    number = told.QUESTIONS.index(question)
    back = f"set_up:{told.QUESTIONS[number - 1]}" if number else "set_up:start"
    changing = told.first_missing(told.kept(request.session)) is None
    page = {
        "form": form,
        "number": number + 1,
        "of": len(told.QUESTIONS),
        "back": "set_up:check" if changing else back,
        "plan": told.plan_of(told.kept(request.session)),
        "today": timezone.localdate(),
        **more,
    }
    return render(request, f"set_up/{question}.html", page)


def _next(request: HttpRequest, question: str, answer: dict[str, Any]) -> HttpResponse:
    told.keep(request.session, question, answer)
    missing = told.first_missing(told.kept(request.session))
    return redirect(f"set_up:{missing or 'check'}")
