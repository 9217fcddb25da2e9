"""`/proxy.pac` and `/wpad.dat`: browsers ask here which proxy to take, before anybody signs in.

Each zone gets its own: where a gateway has a door for the zone (`squid-config --zone-port`), its devices are sent
there. The zone is that of the address which asks, or `?zone=` where addresses do not tell, as behind a router.
"""

from __future__ import annotations

import ipaddress
import json
import os
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from drystone.engine.gateways import GatewayStatus, read_gateways
from drystone.gateway.pac import MIME, pac_script
from drystone.registers.school.access import public
from drystone.registers.school.models import Zone

EVERYWHERE = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 - read, not bound


def proxy_address() -> str:
    """Where browsers find the filter: DRYSTONE_PROXY, or a gateway that runs here, or as `drystone up` says."""
    if named := os.environ.get("DRYSTONE_PROXY"):
        return named
    squids = [gateway.listen for gateway in _running() if gateway.kind == "squid"]
    if squids:
        return squids[0] if ":" in squids[0] else f"0.0.0.0:{squids[0]}"
    try:
        return str(json.loads((settings.HOME.run / "up.json").read_text(encoding="utf-8"))["proxy"])
    except (OSError, ValueError, KeyError):
        return "127.0.0.1:8080"


@public("browsers fetch it before anybody signs in; it says where the proxy is, nothing else")
@require_safe
@never_cache
def proxy_pac(request: HttpRequest) -> HttpResponse:
    """P35: a way to the filter, and none past it."""
    asked_of = urlsplit(f"//{request.get_host()}").hostname or "localhost"
    host, _, port = proxy_address().rpartition(":")
    door = _door_of(request.GET.get("zone") or _zone_at(_client(request)))
    if door:
        own_host, _, port = door.rpartition(":")
        host = host if own_host in EVERYWHERE else own_host
    if host in EVERYWHERE:
        host = asked_of  # listening everywhere: reached by the name that this page was
    near = f"[{asked_of}]" if ":" in asked_of else asked_of
    return HttpResponse(pac_script([f"{_bracketed(host)}:{port}"], [near]), content_type=MIME)


def _running() -> list[GatewayStatus]:
    return [gateway for gateway in read_gateways(settings.HOME.run, now=timezone.now()) if gateway.running]


def _door_of(zone: str) -> str:
    """PORT or ADDRESS:PORT of the zone's own door, or ""."""
    if not zone:
        return ""
    return next((door for gateway in _running() for key, door in gateway.zone_ports if key == zone), "")


def _zone_at(address: str) -> str:
    """The zone of an address in the school whose traffic passes here: the narrowest range that has it."""
    try:
        slug, asked = settings.HOME.here.readlink().name, ipaddress.ip_address(address)
    except (OSError, ValueError):
        return ""
    ranges = Zone.objects.filter(school__slug=slug).values_list("slug", "ranges__network")
    known = [(ipaddress.ip_network(network), zone) for zone, network in ranges if network]
    found = [(network.prefixlen, zone) for network, zone in known if asked in network]
    return str(max(found)[1]) if found else ""


def _client(request: HttpRequest) -> str:
    """As the web servers in front of the pages say, of which there are as many as DRYSTONE_TRUSTED_PROXIES."""
    behind = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if behind and len(hops) >= behind:
        return str(hops[-behind])
    return str(request.META.get("REMOTE_ADDR", ""))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
