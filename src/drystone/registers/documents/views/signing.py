"""Sign-offs: what is signed, by whom, when; and signing, by somebody who has just proved who they are."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, get_reauthentication_flows
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from drystone.registers.documents.api import beside
from drystone.registers.documents.built_in import BuiltIn, built_in
from drystone.registers.documents.forms import SignForm
from drystone.registers.documents.models import Kind, Signature
from drystone.registers.documents.services import signing as verbs
from drystone.registers.documents.sign_offs import sign_offs
from drystone.registers.documents.words import blocks
from drystone.registers.school.access import needs
from drystone.registers.school.models import Role
from drystone.registers.school.pages import page_of
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.views import person_of, school_of

CANNOT = (
    "A signature needs proof that it is you, and your account has no password and no second step that could be asked "
    "for. Turn on two-step sign-in first, then come back."
)


@needs("documents.view_sign_offs")
def sign_off(request: HttpRequest, slug: str) -> HttpResponse:
    """P01: whose name stands under it, until when that counts, and every signature there ever was."""
    school, ready = school_of(request), _ready(slug)
    signed = Signature.objects.filter(version__document__school=school, version__document__slug=slug)
    page, pages = page_of(request, signed.select_related("version"))
    context = {
        "ready": ready,
        "blocks": blocks(ready.text.body),
        "lines": sign_offs(school, timezone.localdate()),
        "page": page,
        "pages": pages,
        "mine": bool(_roles(request, ready)),
    }
    return render(request, "documents/sign_off.html", context)


@needs("documents.sign_off")
@never_cache
def sign(request: HttpRequest, slug: str) -> HttpResponse:
    """P01: first who it is, once more; then the text, what stands beside it, and the name under both."""
    school, ready = school_of(request), _ready(slug)
    roles = _roles(request, ready)
    if not get_reauthentication_flows(request.user):
        messages.error(request, CANNOT)
        return redirect("mfa_index")
    if not did_recently_reauthenticate(request):
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")
    facts = beside(slug, school, timezone.localdate())
    now = verbs.mark(ready, facts.facts)
    form = SignForm(request.POST or None, roles=roles, initial={"shown": now})
    if request.method == "POST" and form.is_valid():
        given, by = form.cleaned_data, person_of(request)
        role, shown = Role(given["role"]), given["shown"]
        try:
            verbs.sign(school=school, ready=ready, by=by, role=role, shown=shown, confirmed=_confirmed(request))
        except Refused as refusal:  # the page is drawn anew: what they are to sign may be another by now
            messages.error(request, f"{refusal}.")
            return redirect("documents:sign", slug=slug)
        messages.success(request, f"Signed, as {role.label.lower()}. It is in the audit trail.")
        return redirect("documents:sign_off", slug=slug)
    page = {"ready": ready, "blocks": blocks(ready.text.body), "beside": facts, "form": form}
    return render(request, "documents/sign.html", page)


def _confirmed(request: HttpRequest) -> verbs.Confirmed:
    """The last time that they proved who they are on purpose; signing in does not count."""
    records = [r for r in get_authentication_records(request, request.user) if r.get("reauthenticated")]
    return verbs.Confirmed(datetime.fromtimestamp(records[-1]["at"], UTC), str(records[-1]["method"]))


def _roles(request: HttpRequest, ready: BuiltIn) -> list[tuple[str, str]]:
    held: frozenset[Role] = request.roles  # type: ignore[attr-defined]
    return [(role.value, role.label) for role in Role if role in held and role.value in ready.text.audience]


def _ready(slug: str) -> BuiltIn:
    ready = built_in().get(slug)
    if ready is None or ready.kind != Kind.SIGN_OFF:
        raise Http404("nothing of that name is signed")
    return ready
