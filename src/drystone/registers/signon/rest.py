"""Sign-ons, told by the API (P62): the calls that `/sign-on/api/sessions` takes, answered alike."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from drystone.registers.school.models import Scope
from drystone.registers.school.tokens import Bearer, integration
from drystone.registers.signon.services.sources import source_for
from drystone.registers.signon.views.api import take_call

router = Router(tags=["sign-on sessions"])
EVENT = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["start", "interim", "stop"]},
        "id": {"type": "string", "description": "Your own name for this session"},
        "address": {"type": "string", "description": "IPv4 or IPv6"},
        "user": {"type": "string", "description": "The network sign-on name"},
        "at": {"type": "string", "format": "date-time", "description": "With its time zone; left out: now"},
    },
}
MANY = {"type": "object", "required": ["events"], "properties": {"events": {"type": "array", "items": EVENT}}}
EXTRA = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"oneOf": [EVENT, MANY]}}}}}


@router.post("", auth=Bearer(Scope.SESSIONS), url_name="tell_sessions", openapi_extra=EXTRA)
def tell(request: HttpRequest) -> Any:
    """Who signed on or off, and where. Telling a thing twice is telling it once; each event has its own result."""
    answer: HttpResponse = take_call(request, source_for(integration(request)))
    return answer
