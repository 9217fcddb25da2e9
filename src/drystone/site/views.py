"""Pages that belong to no register: home, health, help, errors."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from drystone.registers.school.access import public


@public("sends strangers to sign in, the rest to what needs them today")
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("account_login")
    return render(request, "site/home.html")


@public("asked by the supervisor and by load balancers; says nothing of the school")
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@public("a child or parent who looks for help is never asked to sign in")
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "site/help.html")


@public("shows a signed-in user their own account, a stranger the sign-in page")
def own_account(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("account_login")
    return render(request, "site/account.html")


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "site/403.html", {"why": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return render(request, "site/404.html", status=404)
