from django.urls import path

from drystone.registers.signon.views import api, devices, passwords, sessions

app_name = "signon"
urlpatterns = [
    path("", passwords.passwords, name="passwords"),
    path("passwords/give/", passwords.give, name="give"),
    path("passwords/withdraw/", passwords.withdraw, name="withdraw"),
    path("passwords/<int:pk>/choose/", passwords.choose, name="choose"),
    path("devices/", devices.devices, name="devices"),
    path("devices/add/", devices.new_device, name="new_device"),
    path("devices/import/", devices.import_page, name="import_devices"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/end/", devices.end_device, name="end_device"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sources/", sessions.sources, name="sources"),
    path("sources/add/", sessions.new_source, name="new_source"),
    path("sources/<int:pk>/revoke/", sessions.revoke_source, name="revoke_source"),
    path("api/sessions", api.tell, name="tell"),
]
