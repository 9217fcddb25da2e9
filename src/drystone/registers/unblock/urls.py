from django.urls import path

from drystone.registers.unblock import views

app_name = "unblock"
urlpatterns = [
    path("", views.requests, name="requests"),
    path("requests.csv", views.requests_csv, name="requests_csv"),
    path("<int:number>/", views.request_page, name="request"),
    path("ask/", views.ask, name="ask"),
    path("mine/", views.mine, name="mine"),
    path("mine/<int:number>/seen/", views.seen, name="seen"),
    path("open/", views.grants, name="grants"),
    path("open.csv", views.grants_csv, name="grants_csv"),
    path("open/<int:number>/", views.grant, name="grant"),
    path("open/<int:number>/end/", views.end_grant, name="end_grant"),
]
