"""The school's certificate: public pages that bring it to devices, and the technician's page of its use."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drystone.engine.certificates import (
    CURRENT,
    NEXT,
    AuthorityError,
    PublicCertificate,
    needs_renewal,
    read_certificates,
)
from drystone.registers.network.forms.certificates import SecurePagesForm
from drystone.registers.network.gateways import of_school
from drystone.registers.network.mobileconfig import CONTENT_TYPE, mobileconfig
from drystone.registers.network.models import SecurePages
from drystone.registers.network.services import certificates as verbs
from drystone.registers.network.services.permission import NotAllowed
from drystone.registers.network.views.pages import school_of
from drystone.registers.school.access import needs, public

WHY = "a certificate is made to be given to everybody; its key is not on these pages"
KINDS = {"cer": "application/x-x509-ca-cert", "pem": "application/x-pem-file"}
CHANGES = {"next": verbs.make_next, "change": verbs.change_over, "drop": verbs.drop_next}
DONE = {
    "next": "The next certificate is made. Bring it to the devices; then change to it.",
    "change": "The next certificate is in use. The one before can be taken off the devices.",
    "drop": "The next certificate is thrown away.",
}


@public(WHY)
@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """P35: what the certificate is, what it can and cannot see, and how it comes to a device. No sign-in: the device
    that needs it belongs to nobody yet."""
    by_which = _by_which()
    context = {
        "current": by_which.get(CURRENT),
        "following": by_which.get(NEXT),
        "here": request.build_absolute_uri(),
        "secure": request.is_secure(),
    }
    return render(request, "network/certificate.html", context)


@public(WHY)
@require_safe
def certificate_file(request: HttpRequest, which: str, kind: str) -> HttpResponse:  # noqa: ARG001
    found = _by_which().get({"drystone": CURRENT, "drystone-next": NEXT}.get(which, ""))
    if found is None or kind not in KINDS:
        raise Http404("there is no such certificate")
    return _download(found.der if kind == "cer" else found.pem, KINDS[kind], f"{which}.{kind}")


@public(WHY)
@require_safe
def certificate_profile(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """For Apple's devices, with the next certificate in it while there is one."""
    by_which = _by_which()
    wanted = [by_which[which] for which in (CURRENT, NEXT) if which in by_which]
    if not wanted:
        raise Http404("there is no certificate yet")
    return _download(mobileconfig(wanted), CONTENT_TYPE, "drystone.mobileconfig")


@needs("network.view_certificate")
@require_http_methods(["GET", "HEAD", "POST"])
def certificate_use(request: HttpRequest) -> HttpResponse:
    """Where the certificate is used; how long it lasts; its change for the next one."""
    school = school_of(request)
    chosen = SecurePages.objects.filter(school=school).prefetch_related("zones").first()
    initial = {
        "where": chosen.where if chosen else SecurePages.Where.NOWHERE,
        "zones": [zone.pk for zone in chosen.zones.all()] if chosen else [],
    }
    form = SecurePagesForm(request.POST if request.method == "POST" else None, school=school, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.choose_secure_pages(
                school=school,
                where=form.cleaned_data["where"],
                zones=list(form.cleaned_data["zones"]),
                by=request.person,  # type: ignore[attr-defined]
            )
        except (verbs.CertificateRefused, NotAllowed) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Saved. The filter takes it up within seconds.")
            return redirect("network:certificate")
    by_which = _by_which()
    current = by_which.get(CURRENT)
    context = {
        "form": form,
        "chosen_in_words": verbs.in_words(chosen),
        "certificates": list(by_which.values()),
        "current": current,
        "following": by_which.get(NEXT),
        "renewal_due": current is not None and needs_renewal(current, at=timezone.now()),
        "alone": verbs.alone(school),
        "not_trusting": [status for status in of_school(school) if status.running and status.not_trusted],
    }
    return render(request, "network/certificate_use.html", context, status=422 if form.errors else 200)


@needs("network.change_certificate")
@require_http_methods(["GET", "HEAD", "POST"])
def certificate_change(request: HttpRequest, step: str) -> HttpResponse:
    """Confirmed before it is done: after a change no device without the next certificate shows the block page."""
    if step not in CHANGES:
        raise Http404("there is no such step")
    by_which, refused = _by_which(), ""
    if request.method == "POST":
        try:
            CHANGES[step](school=school_of(request), by=request.person)  # type: ignore[attr-defined]
        except (AuthorityError, verbs.CertificateRefused, NotAllowed, OSError) as error:
            refused = str(error)
        else:
            messages.success(request, DONE[step])
            return redirect("network:certificate")
    context = {"step": step, "refused": refused, "current": by_which.get(CURRENT), "following": by_which.get(NEXT)}
    return render(request, "network/certificate_change.html", context, status=422 if refused else 200)


def _by_which() -> dict[str, PublicCertificate]:
    return {one.which: one for one in read_certificates(settings.HOME.ca)}


def _download(data: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"},
    )
