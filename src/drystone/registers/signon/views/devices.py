"""Devices with an address of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from drystone.registers.school.access import needs
from drystone.registers.school.csv import csv_response
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.files import ImportForm
from drystone.registers.school.services.changes import edition_of, values
from drystone.registers.school.views import person_of, school_of
from drystone.registers.signon import queries
from drystone.registers.signon.forms import DeviceForm, in_school_time
from drystone.registers.signon.models import Device
from drystone.registers.signon.services import devices as verbs
from drystone.registers.signon.services.device_import import COLUMNS, import_devices
from drystone.registers.signon.services.devices import Described

PAGE = 50
STATES = {"": "In use now", "later": "Begin later", "ended": "Ended", "all": "All"}


@needs("signon.view")
def devices(request: HttpRequest) -> HttpResponseBase:
    school, now = school_of(request), timezone.now()
    text, state = request.GET.get("text", "").strip()[:100], request.GET.get("state", "")
    state = state if state in STATES else ""
    found = queries.devices(school, text=text, state=state, now=now, seen_by=person_of(request))
    if request.GET.get("format") == "csv":
        return csv_response("devices", COLUMNS, (_row(device) for device in found))
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "text": text,
        "state": state,
        "states": STATES,
        "query": f"text={text}&state={state}",
        "now": now,
        "ever": Device.objects.filter(school=school).exists(),
    }
    return render(request, "signon/devices.html", context)


def _row(device: Device) -> list[object]:
    """As it is read again by an import."""
    since, until = (in_school_time(device.school, moment) for moment in (device.since, device.until))
    return [
        device.name,
        device.shown_network,
        device.person.sign_on if device.person else "",
        device.group.slug if device.group else "",
        f"{since:%Y-%m-%d %H:%M}",
        f"{until:%Y-%m-%d %H:%M}" if until else "",
        device.note,
    ]


@needs("signon.change_devices")
def new_device(request: HttpRequest) -> HttpResponse:
    school, by = school_of(request), person_of(request)
    form = DeviceForm(request.POST or None, school=school, by=by)
    return _form_page(
        request, form, "Add a device", lambda asked: verbs.add_device(school=school, by=by, described=asked)
    )


@needs("signon.change_devices")
def device(request: HttpRequest, pk: int) -> HttpResponse:
    thing, by = _device(request, pk), person_of(request)
    owner = f"person-{thing.person_id}" if thing.person_id else f"group-{thing.group_id}"
    initial: dict[str, Any] = {
        "name": thing.name,
        "address": thing.shown_network,
        "owner": owner,
        "until": in_school_time(thing.school, thing.until),
        "note": thing.note,
    }
    edition = edition_of(values(thing))
    form = DeviceForm(request.POST or None, school=thing.school, by=by, initial=initial, edition=edition)
    return _form_page(
        request, form, thing.name, lambda asked: verbs.change_device(device=thing, by=by, described=asked), thing
    )


@needs("signon.change_devices")
def end_device(request: HttpRequest, pk: int) -> HttpResponse:
    thing, now = _device(request, pk), timezone.now()
    ended = thing.until is not None and thing.until <= now
    if request.method == "POST" and not ended:
        verbs.end_device(device=thing, by=person_of(request))
        messages.success(request, f"“{thing.name}” has ended: nobody is known by {thing.shown_network} any more.")
        return redirect("signon:devices")
    return render(request, "signon/device_end.html", {"device": thing, "ended": ended})


@needs("signon.change_devices")
def import_page(request: HttpRequest) -> HttpResponse:
    """A file is tried first; what was tried is then taken in, or nothing is."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "found": None, "columns": COLUMNS}
    if request.method == "POST" and form.is_valid():
        school, by, text = school_of(request), person_of(request), form.cleaned_data["text"]
        for_real = "take_in" in request.POST
        found = attempt(form, lambda: import_devices(school=school, by=by, text=text, dry_run=not for_real))
        if found is not None and for_real and not found.wrong:
            messages.success(request, f"{found.added} devices added, {found.changed} changed.")
            return redirect("signon:devices")
        context |= {"found": found, "text": text}
    return render(request, "signon/import.html", context)


def _device(request: HttpRequest, pk: int) -> Device:
    found = queries.devices(school_of(request), state="all", now=timezone.now(), seen_by=person_of(request))
    return get_object_or_404(found, pk=pk)


def _form_page(
    request: HttpRequest,
    form: DeviceForm,
    heading: str,
    write: Callable[[Described], Device],
    thing: Device | None = None,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        saved = attempt(form, lambda: write(form.described()))
        if saved is not None:
            messages.success(request, f"“{saved}” is saved, and gateways know it within two seconds.")
            return redirect("signon:devices")
    return render(
        request, "signon/device.html", {"form": form, "heading": heading, "device": thing, "now": timezone.now()}
    )
