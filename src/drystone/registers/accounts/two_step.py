"""P48: whose role opens much of the school signs in with two steps: a password, and an app on the phone or a passkey.

Until they have a second step they reach only the pages on which they get one (`middleware.py`).
"""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from drystone.registers.school.models import Role, School, User

REQUIRED_OF = frozenset(
    {
        Role.HEAD,
        Role.DEPUTY_HEAD,
        Role.COORDINATOR,
        Role.SAFEGUARDING_LEAD,
        Role.DEPUTY_SAFEGUARDING_LEAD,
        Role.TECHNICIAN,
        Role.NETWORK_MANAGER,
        Role.COUNCIL,
    }
)
SECOND_STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
STEPPED_IN = "stepped_in"  # in the session: a role of the demonstration school, stepped into without a password
BY_PROVIDER = "two_step_by_provider"  # in the session: an outside provider asked for a second step, and counts


def ways_of(user: User) -> QuerySet[Authenticator]:
    """The second steps somebody has: an app, passkeys. Recovery codes alone are none."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=SECOND_STEPS)
    return found


def passkeys_of(user: User | AnonymousUser) -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    return found.order_by("created_at")


def is_required_of(user: User) -> bool:
    """Whether a role that they hold today, in any school, needs it."""
    today = timezone.localdate()
    people = user.people.prefetch_related("holdings")
    return any(h.role in REQUIRED_OF and h.held_on(today) for person in people for h in person.holdings.all())


def is_missing(request: HttpRequest) -> bool:
    """Whether this request comes from somebody whose role needs a second step that they have not."""
    roles: frozenset[Role] = request.roles  # type: ignore[attr-defined]
    if not roles & REQUIRED_OF or request.session.get(BY_PROVIDER) or is_stepped_in(request):
        return False
    return not ways_of(request.user).exists()  # type: ignore[arg-type]


def is_stepped_in(request: HttpRequest) -> bool:
    """In a role of the demonstration school without having signed in. Never in a real school."""
    school: School | None = request.school  # type: ignore[attr-defined]
    return bool(school and school.is_demo and request.session.get(STEPPED_IN))


def confirmed_by_password(request: HttpRequest) -> None:
    """They set their password a moment ago: to add a second step they are not asked for it again."""
    record_authentication(request, request.user, method="password", reauthenticated=True)
