"""Every address of the web. Allauth's pages are named one by one, so that none opens unseen."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import include, path

from drystone.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("help/", views.help_page, name="help"),
    path("set-up/", include("drystone.site.setup.urls")),
    path("school/", include("drystone.registers.school.urls")),
    path("filtering/", include("drystone.registers.network.urls")),
    path("traffic/", include("drystone.registers.monitoring.urls")),
    path("policy/", include("drystone.oversight.policy.urls")),
    path("account/", views.own_account, name="own_account"),
    path("account/sign-in/", account.login, name="account_login"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/two-step/", mfa.index, name="mfa_index"),
    path("account/two-step/code/", mfa.authenticate, name="mfa_authenticate"),
    path("account/two-step/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/two-step/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/two-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/two-step/recovery/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/two-step/recovery/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/two-step/recovery/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]
handler403 = "drystone.site.views.refused"
handler404 = "drystone.site.views.not_found"
