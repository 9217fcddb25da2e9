"""P47: a screen left alone for as long as the school says asks who is there, before it shows or takes anything more.

It stands in the session when its user was last at work. A form that is sent to a locked screen is kept, sealed, until
whoever is signed in has shown that it is they.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest

from drystone.registers.accounts import sealing
from drystone.registers.school.models import School

SEEN, LOCKED, KEPT = "seen_at", "locked_at", "kept_form"
USUAL = 15 * 60  # seconds; for whoever has no place in a school
PRECISION = 10  # seconds; a page that follows at once writes no session
LARGEST = 200_000  # characters of a form that is kept
TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field
NOT_KEPT = ("/account/", "/set-up/", "/demo/")  # passwords and codes are typed there


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What was sent while the screen was locked, and where to."""

    path: str
    fields: tuple[tuple[str, str], ...]


def limit_of(request: HttpRequest) -> int:
    """Seconds."""
    school: School | None = getattr(request, "school", None)
    return school.idle_minutes * 60 if school else USUAL


def idle_seconds(request: HttpRequest) -> int:
    """For a page that is about to be shown: after how long it locks by itself; 0 where it need not."""
    user = getattr(request, "user", None)  # a page that says what broke may come without one
    if user is None or not user.is_authenticated or LOCKED in request.session:
        return 0
    return limit_of(request)


def is_locked(request: HttpRequest, *, now: float) -> bool:
    """Locks, if it is time to."""
    session = request.session
    if LOCKED not in session and now - session.get(SEEN, now) > limit_of(request):
        session[LOCKED] = now
    return LOCKED in session


def lock(request: HttpRequest, *, now: float) -> None:
    request.session[LOCKED] = now


def unlock(request: HttpRequest, *, now: float) -> None:
    request.session.pop(LOCKED, None)
    request.session[SEEN] = now


def touch(request: HttpRequest, *, now: float) -> None:
    if now - request.session.get(SEEN, 0) >= PRECISION:
        request.session[SEEN] = now


def seconds_left(request: HttpRequest, *, now: float) -> int:
    """Never 0 before it is locked: a page that goes to the lock too early is led back, and that counts as work."""
    if is_locked(request, now=now):
        return 0
    rest: float = request.session.get(SEEN, now) + limit_of(request) - now
    return max(1, math.ceil(rest))


def keep(request: HttpRequest) -> bool:
    """Whether the form that comes with this request could be kept: not with files, nor what has a password in it."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name != TOKEN]
    size = sum(len(name) + len(value) for name, value in fields)
    if request.FILES or size > LARGEST or request.path.startswith(NOT_KEPT) or any("password" in n for n, _ in fields):
        return False
    told = json.dumps({"path": request.get_full_path(), "fields": fields})
    request.session[KEPT] = sealing.seal(told, use=_use(request))
    return True


def kept(request: HttpRequest) -> KeptForm | None:
    """What was kept; nothing where it cannot be read any more."""
    try:
        told = json.loads(sealing.unseal(request.session[KEPT], use=_use(request)))
    except (KeyError, sealing.Unreadable):
        return None
    return KeptForm(told["path"], tuple((name, value) for name, value in told["fields"]))


def forget_kept(request: HttpRequest) -> None:
    request.session.pop(KEPT, None)


def forget_sent(request: HttpRequest) -> None:
    """The kept form was sent after all."""
    if request.method == "POST" and KEPT in request.session:
        form = kept(request)
        if form is None or urlsplit(form.path).path == request.path:
            forget_kept(request)


def _use(request: HttpRequest) -> str:
    return f"kept form of {request.user.pk}"
