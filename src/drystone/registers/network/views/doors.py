"""How each gateway of the school stands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from drystone.registers.network import gateways
from drystone.registers.network.services.changes import current_publication
from drystone.registers.network.views.pages import school_of
from drystone.registers.school.access import needs


@needs("network.view_checks")
@require_safe
@never_cache
def gateways_page(request: HttpRequest) -> HttpResponse:
    school = school_of(request)
    context = {"standing": gateways.standing(school, events=True), "current": current_publication(school)}
    return render(request, "network/gateways.html", context)
