from django.urls import path

from drystone.oversight.policy import views

app_name = "policy"
urlpatterns = [
    path("", views.board, name="board"),
    path("board.csv", views.board_csv, name="board_csv"),
    path("assess/", views.assess, name="assess"),
    path("reviews/", views.reviews, name="reviews"),
    path("reviews/record/", views.record_review, name="record_review"),
    path("promises/<str:promise_id>/", views.promise, name="promise"),
]
