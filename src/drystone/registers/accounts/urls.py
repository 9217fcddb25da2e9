from django.urls import path

from drystone.registers.accounts.views import closing, doors, held, links, reviews, sso

app_name = "accounts"
urlpatterns = [
    path("", doors.doors, name="doors"),
    path("invite/", doors.invite, name="invite"),
    path("people/<int:pk>/unlock/", doors.unlock, name="unlock"),
    path("people/<int:pk>/recover/", doors.recover, name="recover"),
    path("people/<int:pk>/close/", closing.close_account, name="close_account"),
    path("people/<int:pk>/open/", closing.reopen_account, name="reopen_account"),
    path("people/<int:pk>/forget-sign-in/", closing.forget_provider, name="forget_provider"),
    path("held/", held.held, name="held"),
    path("held/add/", held.new_held, name="new_held"),
    path("held/list/", held.import_held, name="import_held"),
    path("held/staff/", held.staff_held, name="held_staff"),
    path("held/staff/<int:pk>/needs-none/", held.not_needed, name="not_needed"),
    path("held/<int:pk>/", held.held_account, name="held_account"),
    path("held/<int:pk>/give/", held.give_held, name="give_held"),
    path("held/<int:pk>/change/", held.change_held, name="change_held"),
    path("held/<int:pk>/closed/", held.close_held, name="close_held"),
    path("held/holders/<int:pk>/end/", held.let_go_held, name="let_go_held"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/begin/", reviews.begin_review, name="begin_review"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/answer/", reviews.answer_review, name="answer_review"),
    path("reviews/<int:pk>/finish/", reviews.finish_review, name="finish_review"),
    path("reminders/", reviews.reminders, name="reminders"),
    path("my-password/", reviews.old_password, name="old_password"),
    path("parents/", links.parents, name="parents"),
    path("link/", links.ask_for_link, name="ask_for_link"),
    path("link/<str:secret>/", links.link, name="link"),
    path("with/<slug:provider_id>/", sso.sign_in_with, name="sign_in_with"),
    path("with/<slug:provider_id>/back/", sso.sign_in_back, name="sign_in_back"),
]
