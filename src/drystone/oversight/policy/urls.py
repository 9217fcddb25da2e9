from django.urls import path

from drystone.oversight.policy import views

app_name = "policy"
urlpatterns = [
    path("", views.board, name="board"),
]
