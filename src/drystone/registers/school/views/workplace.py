"""Somebody who is known in several schools chooses where to work."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from drystone.registers.school.access import roles_of
from drystone.registers.school.models import Person, Role


@require_http_methods(["GET", "HEAD", "POST"])
def workplace(request: HttpRequest) -> HttpResponse:
    """Named among `OWN_PAGES`: also for somebody who has no role today in the school where they are now."""
    mine = Person.objects.filter(user=request.user.pk).select_related("school").order_by("school__name")
    if request.method == "POST":
        number = request.POST.get("person", "")
        chosen = get_object_or_404(mine, pk=int(number) if number.isascii() and number[:12].isdecimal() else 0)
        request.session["person"] = chosen.pk
        messages.success(request, f"You are at {chosen.school.name} now.")
        return redirect("home")
    shown = [(each, ", ".join(role.label for role in Role if role in roles_of(each))) for each in mine]
    return render(request, "school/workplace.html", {"shown": shown, "today": timezone.localdate()})
