from django.urls import path

from drystone.registers.accounts.views import doors

app_name = "accounts"
urlpatterns = [
    path("", doors.doors, name="doors"),
    path("invite/", doors.invite, name="invite"),
    path("people/<int:pk>/unlock/", doors.unlock, name="unlock"),
    path("people/<int:pk>/recover/", doors.recover, name="recover"),
]
