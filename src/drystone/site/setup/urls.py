from django.urls import path

from drystone.site.setup import views

app_name = "set_up"
urlpatterns = [path("", views.start, name="start")]
