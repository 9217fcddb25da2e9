"""A real OpenID provider on a free port, the file that names it, and somebody with a browser between the two."""

from __future__ import annotations

import os
from html import unescape
from re import search
from urllib.parse import urlsplit

import requests
from django.test import Client

SCHOOLS = "[fellside]"


def write_sources(path, port, *, schools=SCHOOLS, two_step="ours"):
    """`sign-in.yaml` as a technician writes it."""
    path.write_text(
        f"council:\n  kind: openid\n  name: Council account\n  issuer: http://localhost:{port}\n  client: drystone\n"
        f"  secret: s3cret\n  domains: [fellside.example]\n  schools: {schools}\n  two_step: {two_step}\n"
    )
    path.chmod(0o600)
    now = path.stat()
    os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns + 1))


def know(port, sub, **claims):
    """Somebody the provider knows."""
    answer = requests.put(f"http://localhost:{port}/users/{sub}", json=claims, timeout=5)
    assert answer.status_code == 204, answer.text


def leave(client: Client, key="council", **form) -> str:
    """Presses the button on the sign-in page; where it leads."""
    page = client.post(f"/accounts/with/{key}/", form).content.decode()
    found = search(r'content="0;url=([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def consent(there: str, sub: str) -> str:
    """Signs in at the provider; the path that it sends the browser back to."""
    answer = requests.post(there, data={"sub": sub}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_in_as(client: Client, sub: str, **form):
    """All the way, to the page where it ends."""
    return client.get(consent(leave(client, **form), sub), follow=True)
