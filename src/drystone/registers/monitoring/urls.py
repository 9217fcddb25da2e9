from django.urls import path

from drystone.registers.monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("", views.traffic, name="traffic"),
    path("traffic.csv", views.traffic_csv, name="traffic_csv"),
    path("names/", views.names, name="names"),
    path("blocks/", views.blocks, name="blocks"),
]
