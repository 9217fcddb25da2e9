"""Whom a download may talk to, asked when the connection stands: a name can mean another address a moment later.

Loopback and link-local addresses are this machine and its cloud's secrets: only who has the shell may name them. A
private address may be named outright (a council's own server); a redirect from elsewhere never leads to one.
"""

from __future__ import annotations

import http.client
import urllib.request
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from drystone.gateway.archive import FetchError


def handlers(url: str, *, local: bool) -> tuple[urllib.request.BaseHandler, urllib.request.BaseHandler]:
    """Handlers of http: and https: for one download; `url` is where it was to come from."""
    named = urlsplit(url).hostname or ""

    def check(connection: Any, host: str) -> None:
        if connection._tunnel_host:  # by the house's own proxy, which judges for itself
            return
        address = ip_address(connection.sock.getpeername()[0].partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        inner = address.is_loopback or address.is_link_local or address.is_unspecified
        if (inner and not local) or (not address.is_global and host != named):
            connection.close()
            raise FetchError(
                f"{host} is {address}, an address of this machine or network: lists do not come from there"
            )

    class Http(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            check(self, self.host)

    class Https(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            check(self, self.host)

    class HttpHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(http.client.HTTPConnection if req.has_proxy() else Http, req)

    class HttpsHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(Https, req)

    return HttpHandler(), HttpsHandler()
