from django.urls import path

from drystone.registers.network import views

app_name = "network"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("checks/", views.checks, name="checks"),
]
