"""Home: what needs this person today. And the supervisor's question whether the web lives."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from drystone.registers.school.access import public
from drystone.registers.school.hooks import tasks_for
from drystone.registers.school.models import Role


@public("sends strangers to sign in, the rest to what needs them today")
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("account_login")
    person, school, roles = request.person, request.school, request.roles  # type: ignore[attr-defined]
    today = timezone.localdate()
    return render(
        request,
        "site/home.html",
        {
            "tasks": tasks_for(school, person, roles, today) if person else [],
            "today": today,
            "role_names": [Role(role).label for role in Role if role in roles],
        },
    )


@public("asked by the supervisor and by load balancers; says nothing of the school")
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
