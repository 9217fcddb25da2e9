"""Second steps of one's own account: what there is of them, and passkeys, which allauth adds and we take away."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.generic.edit import FormView

from drystone.registers.accounts import two_step


class Index(IndexView):  # type: ignore[misc]
    """Says too whether a role needs what is not there yet."""

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**given)
        passkeys = two_step.passkeys_of(self.request.user)
        missing, stepped_in = two_step.is_missing(self.request), two_step.is_stepped_in(self.request)
        return context | {"passkeys": passkeys, "missing": missing, "stepped_in": stepped_in}


class NewPhone(ActivateTOTPView):  # type: ignore[misc]
    """The app on another phone takes the place of the one before, in one move: whose role needs a second step is at
    no moment without."""

    @method_decorator(reauthentication_required(app="allauth.mfa"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return redirect("mfa_activate_totp")
        return FormView.dispatch(self, request, *args, **kwargs)

    @transaction.atomic
    def form_valid(self, form: ActivateTOTPForm) -> HttpResponse:
        Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.TOTP).delete()
        answer: HttpResponse = super().form_valid(form)
        return answer


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Always one that opens the account by itself: the device asks for a finger, a face or a PIN."""

    def get_form_kwargs(self) -> dict[str, Any]:
        given: dict[str, Any] = super().get_form_kwargs()
        if self.request.method == "POST":
            given["data"] = self.request.POST.copy()
            given["data"]["passwordless"] = "on"
        return given

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["name"].label = "What do you call this device?"
        form.fields["name"].help_text = "So that you know it again, for example Laptop"
        return form


class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    success_url = reverse_lazy("mfa_index")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        passkey = two_step.passkeys_of(request.user).filter(pk=kwargs["pk"]).first()
        if passkey and not get_adapter().can_delete_authenticator(passkey):
            messages.error(request, "Your role needs two-step sign-in: add another way before you remove this one.")
            return redirect("mfa_index")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer
