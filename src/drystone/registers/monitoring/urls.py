from django.urls import path

from drystone.registers.monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("", views.traffic, name="traffic"),
]
