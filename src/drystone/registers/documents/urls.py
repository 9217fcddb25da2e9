from django.urls import path

from drystone.registers.documents.views import capture, mine, register, sending, signing

app_name = "documents"
urlpatterns = [
    path("", mine.notices, name="mine"),
    path("<int:pk>/", mine.notice, name="notice"),
    path("<int:pk>/versions/<int:number>/", register.version, name="version"),
    path("all/", register.register, name="register"),
    path("new/", sending.send, name="send"),
    path("co-ordinator/tell/", sending.tell, name="tell"),
    path("<int:pk>/change/", sending.change, name="change"),
    path("<int:pk>/end/", sending.end, name="end"),
    path("<int:pk>/who/", register.who, name="who"),
    path("<int:pk>/paper/", capture.paper, name="paper"),
    path("<int:pk>/sheet/", capture.sheet, name="sheet"),
    path("paper/<int:pk>/strike/", capture.strike, name="strike"),
    path("sign-offs/<slug:slug>/", signing.sign_off, name="sign_off"),
    path("sign-offs/<slug:slug>/sign/", signing.sign, name="sign"),
]
