"""Other systems that call the API: which there are, what each may do, and the end of its token."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.integrations import IntegrationForm
from drystone.registers.school.models import Integration, Scope
from drystone.registers.school.services import integrations as verbs
from drystone.registers.school.views import person_of, school_of, within


@needs("school.change_integrations")
def integrations(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    rows = [
        (each, [Scope(scope).label for scope in each.scopes], each.works_on(today))
        for each in Integration.objects.filter(school=school_of(request))
    ]
    return render(request, "school/integrations.html", {"rows": rows, "address": _address(request)})


@needs("school.change_integrations")
@never_cache
def new_integration(request: HttpRequest) -> HttpResponse:
    """The token is shown this once."""
    form = IntegrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        school, by, given = school_of(request), person_of(request), form.cleaned_data
        scopes = [Scope(scope) for scope in given.pop("scopes")]
        made = attempt(form, lambda: verbs.add_integration(school=school, by=by, scopes=scopes, **given))
        if made is not None:
            page = {"thing": made[0], "token": made[1], "address": _address(request)}
            return render(request, "school/integration_token.html", page)
    return render(request, "school/form.html", {"form": form, "heading": "Give another system a token"})


@needs("school.change_integrations")
def revoke_integration(request: HttpRequest, pk: int) -> HttpResponse:
    thing = within(request, Integration, pk)
    if request.method == "POST" and not thing.revoked_at:
        verbs.revoke_integration(integration=thing, by=person_of(request))
        messages.success(request, f"The token of “{thing.name}” is withdrawn.")
        return redirect("school:integrations")
    return render(request, "school/integration_revoke.html", {"thing": thing})


def _address(request: HttpRequest) -> str:
    return request.build_absolute_uri("/api/v1/")
