"""Asks a real gateway for a page, as a device of a zone, and says what came back (P49)."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from drystone.engine.filtering import SELF_TEST_HEADER, sign_check
from drystone.registers.network.gateways import Gateway

TIMEOUT_SECONDS = 10
_OUR_PAGE = b"iltered by drystone"  # at the foot of every page of ours, whichever door shows it
_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """`refused` None: the gateway gave no answer that can be judged. `words` say what came."""

    refused: bool | None
    words: str


def ask(gateway: Gateway, url: str, *, client: str, key: bytes, at: datetime) -> Answer:
    """One request through the gateway's own door, decided as for `client`. Never raises for what a network does."""
    headers = {SELF_TEST_HEADER: sign_check(key, client, at), "User-Agent": "Drystone self-test", "Connection": "close"}
    parts = urlsplit(url)
    try:
        if parts.scheme == "https":
            return _tunnelled(gateway, parts.hostname or "", headers)
        connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", url, headers={**headers, "Host": parts.netloc})
            return _judge(connection.getresponse())
        finally:
            connection.close()
    except TimeoutError:
        return Answer(None, f"No answer within {TIMEOUT_SECONDS} seconds")
    except (OSError, http.client.HTTPException) as error:
        return Answer(None, f"No answer: {error.__class__.__name__} {error}".strip()[:200])


def _judge(response: http.client.HTTPResponse) -> Answer:
    page = response.read(_MOST)
    ours = _OUR_PAGE in page.lower()
    if response.status == 403 and ours:
        return Answer(True, "Refused with our page (403)")
    if response.status == 403:
        return Answer(False, "The site itself answered 403")
    if response.status >= 500:
        return Answer(False, f"Let through; the site could not be fetched ({response.status})")
    return Answer(False, f"Let through ({response.status})")


def _tunnelled(gateway: Gateway, host: str, headers: dict[str, str]) -> Answer:
    """CONNECT, as a browser does for HTTPS. Where the gateway opens the tunnel to show its page inside, that page is
    what must come: the certificate is the gateway's own, so it is not verified."""
    with socket.create_connection((gateway.host, gateway.port), timeout=TIMEOUT_SECONDS) as tunnel:
        lines = [f"CONNECT {host}:443 HTTP/1.1", f"Host: {host}:443", *(f"{k}: {v}" for k, v in headers.items())]
        tunnel.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        response = http.client.HTTPResponse(tunnel, method="CONNECT")
        try:
            response.begin()
        except http.client.RemoteDisconnected:  # so Squid refuses where no page can be shown
            return Answer(True, "Refused (the tunnel was closed unanswered)")
        if response.status == 403:
            return Answer(True, "Refused (403 to CONNECT)")
        if response.status != 200:
            return Answer(False, f"Let through; no tunnel could be made ({response.status})")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(tunnel, server_hostname=host) as inside:
            lines = ["GET / HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in headers.items())]
            inside.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
            response = http.client.HTTPResponse(inside)
            response.begin()
            return _judge(response)
