"""After the wizard: what was made, letters with first-time codes, and how to try the filter."""

from __future__ import annotations

import json
import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from drystone.registers.network.api import network_facts
from drystone.registers.school.access import needs, public


def proxy_address() -> str:
    """Where browsers find the filter: as `drystone up` says, or DRYSTONE_PROXY where another gateway is used."""
    if named := os.environ.get("DRYSTONE_PROXY"):
        return named
    try:
        return str(json.loads((settings.HOME.run / "up.json").read_text(encoding="utf-8"))["proxy"])
    except (OSError, ValueError, KeyError):
        return "127.0.0.1:8080"


@needs("school.change_settings")
@never_cache
def done(request: HttpRequest) -> HttpResponse:
    school = request.school  # type: ignore[attr-defined]
    page = {
        "facts": network_facts(school),
        "fault": request.session.get("publish_fault", ""),
        "letters": request.session.get("letters", []),
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


@public("browsers fetch it before anybody signs in; it says where the proxy is, nothing else")
def proxy_pac(request: HttpRequest) -> HttpResponse:
    """Proxy auto-configuration. Without DIRECT at the end: a browser that cannot reach the filter gets nothing."""
    host, _, port = proxy_address().rpartition(":")
    if host in ("0.0.0.0", "[::]", ""):  # noqa: S104 - listening everywhere: reached by the name this page was
        host = request.get_host().rsplit(":", 1)[0]
    own = request.get_host().rsplit(":", 1)[0]
    script = (
        "function FindProxyForURL(url, host) {\n"
        f'  if (isPlainHostName(host) || host === "{own}") return "DIRECT";\n'
        f'  return "PROXY {host}:{port}";\n'
        "}\n"
    )
    return HttpResponse(script, content_type="application/x-ns-proxy-autoconfig")
