from django.urls import path

from drystone.site.setup import done, views

app_name = "set_up"
urlpatterns = [
    path("", views.start, name="start"),
    path("code/", views.code, name="code"),
    path("demo/", views.demo, name="demo"),
    path("school/", views.school, name="school"),
    path("terms/", views.terms, name="terms"),
    path("head/", views.head, name="head"),
    path("co-ordinator/", views.coordinator, name="coordinator"),
    path("safeguarding/", views.safeguarding, name="safeguarding"),
    path("you/", views.you, name="you"),
    path("zones/", views.zones, name="zones"),
    path("check/", views.check, name="check"),
    path("done/", done.done, name="done"),
    path("letters/", done.letters, name="letters"),
    path("letters/printed/", done.letters_printed, name="letters_printed"),
]
