"""Who may open what. Default is nobody: a view that names neither a permission nor why it is public is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import rules.permissions
import rules.predicates
import yaml
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone

from drystone.registers.school.models import Person, Role, RoleHolding, School

View = Callable[..., HttpResponseBase]


class SchoolRequest(HttpRequest):
    """A request as a view behind `needs` gets it: somebody with a place in a school."""

    person: Person
    school: School
    roles: frozenset[Role]
    permissions: frozenset[str]


MATRIX = Path(__file__).with_name("permissions.yaml")


class Reach(StrEnum):
    """How far a permission goes for a role; it never goes further because another role of the same person does."""

    SCHOOL = "school"
    CLASSES = "classes"  # pupils of the classes they teach today, and those pupils' guardians
    CHILDREN = "children"  # the children they are a guardian of
    SELF = "self"

    @property
    def words(self) -> str:
        """Whom it covers, as the guide and the pages say it."""
        return _REACHED[self]


_REACHED = {
    Reach.SCHOOL: "the whole school",
    Reach.CLASSES: "pupils of their classes",
    Reach.CHILDREN: "their own children",
    Reach.SELF: "themselves",
}


@cache
def reaches() -> Mapping[str, Mapping[Role, Reach]]:
    """permission → role → how far. A list in the file means the whole school. ValueError names what does not exist."""
    said = yaml.safe_load(MATRIX.read_text()).items()
    return {
        name: {Role(role): Reach(roles[role]) if isinstance(roles, dict) else Reach.SCHOOL for role in roles}
        for name, roles in said
    }


@cache
def matrix() -> Mapping[str, frozenset[Role]]:
    """permission → the roles that have it."""
    return {name: frozenset(by_role) for name, by_role in reaches().items()}


def register_permissions() -> None:
    """So that Django's own `user.has_perm(permission, school)` asks the matrix."""
    for permission in matrix():
        if not rules.permissions.perm_exists(permission):  # type: ignore[no-untyped-call]
            asks = rules.predicates.predicate(_asks(permission), name=permission)  # type: ignore[no-untyped-call]
            rules.permissions.add_perm(permission, asks)  # type: ignore[no-untyped-call]


def _asks(permission: str) -> Callable[[Any, Any], bool]:
    return lambda user, school: may(user, permission, school)


def whose(permission: str) -> str:
    """The roles that have a permission, as people call them."""
    return ", ".join(role.label.lower() for role in Role if role in matrix()[permission])


def roles_of(person: Person) -> frozenset[Role]:
    """The roles a person holds today, in the school's time. Who has left the school holds none."""
    today = timezone.localdate()
    if person.left_on is not None and person.left_on < today:
        return frozenset()
    return frozenset(Role(h.role) for h in RoleHolding.objects.filter(person=person) if h.held_on(today))


def may(user: Any, permission: str, school: object) -> bool:
    """Whether this user has the permission in this school today. Unknown permissions are nobody's."""
    if not getattr(user, "is_authenticated", False) or not user.is_active or not isinstance(school, School):
        return False
    person = Person.objects.filter(user=user, school=school).first()
    return person is not None and bool(roles_of(person) & matrix().get(permission, frozenset()))


def needs(permission: str) -> Callable[[View], View]:
    """The view needs this permission in the signed-in person's school. One not in the matrix is our mistake."""
    if permission not in matrix():
        raise LookupError(f"permission {permission!r} is not in {MATRIX.name}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if permission not in request.permissions:  # type: ignore[attr-defined]
                raise PermissionDenied(f"This page is for these roles: {whose(permission)}.")
            return view(request, *args, **kwargs)

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def may_open(url: str, permissions: frozenset[str]) -> bool:
    """Whether a page of ours opens to somebody with these permissions, so that no link leads to a closed door."""
    try:
        access: str = getattr(resolve(urlsplit(url).path).func, "access", "")
    except Resolver404:
        return False
    return access.startswith("public: ") or access in permissions


def public(why: str) -> Callable[[View], View]:
    """The view is for anyone, signed in or not; `why` is read by reviewers."""

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        opened.access = f"public: {why}"  # type: ignore[attr-defined]
        return opened

    return decorate


def own(view: View) -> View:
    """The view is of the signed-in user's own account, whatever their roles."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    opened.access = "own account"  # type: ignore[attr-defined]
    return opened


class SchoolMiddleware:
    """Puts `person`, `school`, `roles` and `permissions` on the request; empty for a stranger.

    Someone known in several schools works in the one chosen in the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = self._person(request)
        roles = roles_of(person) if person else frozenset()
        request.person, request.school, request.roles = person, person and person.school, roles  # type: ignore[attr-defined]
        request.permissions = frozenset(name for name, holders in matrix().items() if holders & roles)  # type: ignore[attr-defined]
        return self.get_response(request)

    @staticmethod
    def _person(request: HttpRequest) -> Person | None:
        if not request.user.is_authenticated:
            return None
        found = Person.objects.filter(user=request.user).select_related("school", "school__authority").order_by("id")
        people, chosen = list(found), request.session.get("person")
        if len(people) < 2 or any(p.pk == chosen for p in people):
            return next((p for p in people if p.pk == chosen or len(people) == 1), None)
        return next((p for p in people if roles_of(p)), people[0])


# Pages of allauth that stand open to strangers, and those that need a signed-in user.
OPEN_PAGES = frozenset(
    {"account_login", "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn"}
)
OWN_PAGES = frozenset(
    {
        "workplace",
        "account_change_password",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_reauthenticate",
        "mfa_add_webauthn",
        "mfa_remove_webauthn",
        "mfa_reauthenticate_webauthn",
    }
)


class DefaultDenyMiddleware:
    """Refuses any view that names no permission: forgetting one closes a door, never opens it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, _args: object, _kwargs: object) -> HttpResponseBase | None:
        if access_of(view, request.resolver_match.url_name if request.resolver_match else None) is None:
            raise PermissionDenied("This page names no permission, so it is closed.")
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in OWN_PAGES and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return None


def access_of(view: View, name: str | None) -> str | None:
    """What a view needs, in words; None when it says nothing and is therefore closed."""
    if name in OPEN_PAGES:
        return "public: signing in"
    if name in OWN_PAGES:
        return "own account"
    return getattr(view, "access", None)
