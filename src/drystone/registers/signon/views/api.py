"""The sessions API (P62): `POST /sign-on/api/sessions` with `Authorization: Bearer …`."""

from __future__ import annotations

import logging

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from drystone.registers.school.access import public
from drystone.registers.signon.models import SessionSource
from drystone.registers.signon.reading import BadCall, read_call
from drystone.registers.signon.services.sessions import Result, take_in
from drystone.registers.signon.services.sources import source_of

log = logging.getLogger(__name__)
LARGEST = 512 * 1024  # bytes


@csrf_exempt  # no cookie is read here: the token is the proof
@public("a system tells of sign-ons; the token in its header says which, and for which school")
@require_POST
def tell(request: HttpRequest) -> HttpResponse:
    """200 with a result for each event, in their order; 400 for a call that cannot be read, 401 without a token, 403
    from where its system does not call. FreeRADIUS gets 204 and no body."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    source = source_of(token.strip()) if scheme.lower() == "bearer" else None
    if source is None:
        answer = _wrong(401, "Send the token of a session source: Authorization: Bearer …")
        answer["WWW-Authenticate"] = 'Bearer realm="Drystone sessions"'
        return answer
    client = get_adapter(request).get_client_ip(request) if source.integration.calls_from else ""
    if not source.integration.may_call_from(client):
        log.warning("a sign-on was told from %s with the token of “%s” (%s)", client, source.name, source.school.slug)
        return _wrong(403, f"This token is for {source.integration.calls_from}, and not for {client}")
    return take_call(request, source)


def take_call(request: HttpRequest, source: SessionSource) -> HttpResponse:
    """What a source that has shown its token tells."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return _wrong(413, f"At most {LARGEST // 1024} kB in a call")
    now = timezone.now()
    try:
        call = read_call(request.body, now)
    except BadCall as error:
        return _wrong(400, str(error))
    readable = [each for each in call.told if not isinstance(each, str)]
    taken = iter(take_in(source=source, told=readable, now=now) if readable else [])
    results = [Result("refused", each) if isinstance(each, str) else next(taken) for each in call.told]
    if call.radius:
        return HttpResponse(status=204)
    return JsonResponse({"results": [_plain(result) for result in results]})


def _plain(result: Result) -> dict[str, str]:
    return {"status": result.status} | ({"why": result.why} if result.why else {})


def _wrong(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
