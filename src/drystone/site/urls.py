"""Every address of the web. Allauth's pages are named one by one, so that none opens unseen."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import include, path

from drystone.registers.accounts.views import screen, two_step
from drystone.registers.network.views import certificates
from drystone.registers.school import access
from drystone.registers.school.views import workplace
from drystone.registers.unblock.views import blocked
from drystone.site import api, pac
from drystone.site.views import account as own
from drystone.site.views import demo_roles, home
from drystone.site.views import help as help_pages

urlpatterns = [
    path("", home.home, name="home"),
    path("health", home.health, name="health"),
    path("help/", help_pages.children, name="help"),
    path("help/parents/", help_pages.parents, name="help_parents"),
    path("help/staff/", help_pages.staff, name="help_staff"),
    path("help/at/<slug:slug>/", help_pages.children, name="help_at"),
    path("help/at/<slug:slug>/parents/", help_pages.parents, name="help_parents_at"),
    path("help/at/<slug:slug>/staff/", help_pages.staff, name="help_staff_at"),
    path("certificate/", certificates.certificate, name="certificate"),
    path("certificate/drystone.mobileconfig", certificates.certificate_profile, name="certificate_profile"),
    path("certificate/<slug:which>.<slug:kind>", certificates.certificate_file, name="certificate_file"),
    path("proxy.pac", pac.proxy_pac, name="proxy_pac"),
    path("wpad.dat", pac.proxy_pac, name="wpad"),
    path("demo/", demo_roles.choose, name="demo_roles"),
    path("demo/step-into/", demo_roles.step_into, name="demo_step_into"),
    path("set-up/", include("drystone.site.setup.urls")),
    path("school/people/", include("drystone.registers.roll.urls")),
    path("school/", include("drystone.registers.school.urls")),
    path("filtering/", include("drystone.registers.network.urls")),
    path("blocked/", blocked, name="blocked"),
    path("requests/", include("drystone.registers.unblock.urls")),
    path("traffic/", include("drystone.registers.monitoring.urls")),
    path("sign-on/", include("drystone.registers.signon.urls")),
    path("accounts/", include("drystone.registers.accounts.urls")),
    path("notices/", include("drystone.registers.documents.urls")),
    path("policy/", include("drystone.oversight.policy.urls")),
    path("api/v1/", api.marked()),
    path("account/", own.own_account, name="own_account"),
    path("account/locked/", screen.locked, name="screen_locked"),
    path("account/locked/now/", screen.lock, name="screen_lock"),
    path("account/locked/kept/", screen.kept, name="screen_kept"),
    path("account/here/", screen.here, name="screen_here"),
    path("account/first-time/", own.first_time, name="first_time"),
    path("account/where/", workplace.workplace, name="workplace"),
    path("account/closed/", account.account_inactive, name="account_inactive"),
    path("account/sign-in/", account.login, name="account_login"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/password/", own.change_password, name="account_change_password"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/two-step/", two_step.Index.as_view(), name="mfa_index"),
    path("account/two-step/code/", mfa.authenticate, name="mfa_authenticate"),
    path("account/two-step/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/two-step/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/two-step/app/new-phone/", access.own(two_step.NewPhone.as_view()), name="new_phone"),
    path("account/two-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/two-step/passkeys/add/", two_step.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/two-step/passkeys/<int:pk>/remove/", two_step.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/two-step/passkeys/confirm/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("account/two-step/recovery/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/two-step/recovery/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/two-step/recovery/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]
handler403 = "drystone.site.views.errors.refused"
handler404 = "drystone.site.views.errors.not_found"
handler429 = "drystone.site.views.errors.too_many"
handler500 = "drystone.site.views.errors.broken"
