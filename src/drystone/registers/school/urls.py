from django.urls import path

from drystone.registers.school import views

app_name = "school"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("", views.settings, name="settings"),
    path("audit/", views.audit, name="audit"),
]
