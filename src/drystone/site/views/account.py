"""One's own account, and the first sign-in with a code from the school."""

from __future__ import annotations

from typing import Any

from allauth.account.views import password_change
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from drystone.registers.accounts.api import confirmed_by_password, is_stepped_in, ways_of
from drystone.registers.school.access import public
from drystone.registers.school.models import Person, Role
from drystone.registers.school.services.accounts import find_first_time_code, use_first_time_code
from drystone.registers.school.services.changes import Refused
from drystone.site.views.errors import too_many

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@public("shows a signed-in user their own account, a stranger the sign-in page")
def own_account(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("account_login")
    person = request.person  # type: ignore[attr-defined]
    today = timezone.localdate()
    held = [h for h in person.holdings.all() if h.held_on(today)] if person else []
    two_step = ways_of(request.user).exists()
    return render(
        request,
        "site/account.html",
        {
            "held": [(Role(h.role).label, h.starts, h.ends) for h in held],
            "two_step": two_step,
            "stepped_in": is_stepped_in(request),
            "elsewhere": Person.objects.filter(user=request.user.pk).count() > 1,
        },
    )


def change_password(request: HttpRequest) -> HttpResponse:
    """Allauth sends somebody without a password to a page that is not open here: only a code from the school sets the
    first one. Named among `OWN_PAGES`."""
    if request.user.is_authenticated and not request.user.has_usable_password():
        messages.info(request, "You have no password yet. Ask the head teacher for a code, and sign in with it.")
        return redirect("own_account")
    answer: HttpResponse = password_change(request)
    return answer


class PasswordTwice(forms.Form):
    """A new password, typed twice, strong enough for the school's rules."""

    password = forms.CharField(
        label="Password",
        help_text="At least 10 characters. Three random words are easy to remember and hard to guess.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        error_messages={"required": "Enter a password"},
    )
    password_again = forms.CharField(
        label="The same password again",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        error_messages={"required": "Enter the password again"},
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("password") and given.get("password_again") and given["password"] != given["password_again"]:
            self.add_error("password_again", "The two passwords are not the same")
        return given


class FirstTime(PasswordTwice):
    email = forms.EmailField(
        label="Your e-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages={
            "required": "Enter your e-mail address",
            "invalid": "Enter an address like name@school.example",
        },
    )
    code = forms.CharField(
        label="The code that you were given",
        help_text="12 letters and numbers, like K7QF-9M2X-4TRD",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
        error_messages={"required": "Enter the code from your letter or e-mail"},
    )
    field_order = ["email", "code", "password", "password_again"]


@public("people without a password yet; opened by a code from the school, few tries")
@never_cache
@sensitive_post_parameters()
def first_time(request: HttpRequest) -> HttpResponse:
    told = {name: request.GET.get(name, "")[:200] for name in ("email", "code")}  # a link in a mail brings them
    form = FirstTime(request.POST or None, initial=told)
    if request.method != "POST" or not form.is_valid():
        return render(request, "site/first_time.html", {"form": form})
    given = form.cleaned_data
    if not ratelimit.consume(request, action="first_time", key=given["email"].lower()):
        return too_many(request)
    found = find_first_time_code(email=given["email"], code=given["code"])
    if found is None:
        form.add_error("code", "This address and this code do not belong together, or the code has run out")
        return render(request, "site/first_time.html", {"form": form})
    try:
        validate_password(given["password"], found.user)
        user = use_first_time_code(found=found, password=given["password"])
    except forms.ValidationError as error:
        form.add_error("password", error)
    except Refused as error:
        form.add_error(error.field, str(error))
    if form.errors:
        return render(request, "site/first_time.html", {"form": form})
    if Authenticator.objects.filter(user=user).exists():  # two-step sign-in still stands: go the ordinary way
        messages.success(request, "Your password is set. Sign in with it.")
        return redirect("account_login")
    login(request, user, backend=BACKEND)
    confirmed_by_password(request)
    messages.success(request, "Your password is set. From now on you sign in with it.")
    return redirect("home")
