"""After the wizard: what was made, letters with first-time codes, and how to try the filter."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from drystone.registers.accounts.api import is_missing
from drystone.registers.network.api import network_facts
from drystone.registers.school.access import needs
from drystone.site.pac import proxy_address


@needs("school.change_settings")
@never_cache
def done(request: HttpRequest) -> HttpResponse:
    school = request.school  # type: ignore[attr-defined]
    page = {
        "facts": network_facts(school),
        "fault": request.session.get("publish_fault", ""),
        "letters": request.session.get("letters", []),
        "two_step_missing": is_missing(request),
        "proxy": proxy_address(),
        "pac": request.build_absolute_uri("/proxy.pac"),
        "this_machine": school.zones.filter(ranges__network="127.0.0.0/8").exists(),
    }
    return render(request, "set_up/done.html", page)


@needs("school.change_settings")
@never_cache
def letters(request: HttpRequest) -> HttpResponse:
    """Codes are shown to whoever set up, until she says that they are handed on or signs out."""
    if not request.session.get("letters"):
        return redirect("set_up:done")
    address = request.build_absolute_uri("/account/first-time/")
    only_here = request.get_host().rsplit(":", 1)[0] in ("localhost", "127.0.0.1", "[::1]")
    page = {"letters": request.session["letters"], "address": address, "only_here": only_here}
    return render(request, "set_up/letters.html", page)


@needs("school.change_settings")
@require_POST
def letters_printed(request: HttpRequest) -> HttpResponse:
    request.session.pop("letters", None)
    return redirect("set_up:done")
