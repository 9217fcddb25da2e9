from django.urls import path

from drystone.registers.network import views
from drystone.registers.network.views import certificates, doors

app_name = "network"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("rules.csv", views.rules_csv, name="rules_csv"),
    path("rules/add/", views.add_rule, name="add_rule"),
    path("rules/paste/", views.paste_rules, name="paste_rules"),
    path("rules/withdraw/", views.withdraw_rules, name="withdraw_rules"),
    path("rules/expressions/", views.expressions, name="expressions"),
    path("rules/<int:number>/", views.rule, name="rule"),
    path("rules/<int:number>/change/", views.change_rule, name="change_rule"),
    path("rules/<int:number>/withdraw/", views.withdraw_rule, name="withdraw_rule"),
    path("rules/<int:number>/put-back/", views.restore_rule, name="restore_rule"),
    path("profiles/", views.profiles, name="profiles"),
    path("profiles/<slug:slug>/", views.profile, name="profile"),
    path("schedules/", views.schedules, name="schedules"),
    path("schedules/add/", views.add_schedule, name="add_schedule"),
    path("schedules/<slug:slug>/", views.change_schedule, name="change_schedule"),
    path("schedules/<slug:slug>/remove/", views.remove_schedule, name="remove_schedule"),
    path("certificate/", certificates.certificate_use, name="certificate"),
    path("certificate/<slug:step>/", certificates.certificate_change, name="certificate_change"),
    path("lists/", views.lists, name="lists"),
    path("publish/", views.publish, name="publish"),
    path("publications/", views.publications, name="publications"),
    path("publications/<int:number>/", views.publication, name="publication"),
    path("publications/<int:number>/roll-back/", views.roll_back, name="roll_back"),
    path("try-out/", views.try_outs, name="try_outs"),
    path("try-out/<int:number>/", views.try_out, name="try_out"),
    path("try-out/<int:number>.csv", views.try_out_csv, name="try_out_csv"),
    path("why/", views.why, name="why"),
    path("why/<int:at>/<slug:segment>/<int:offset>/", views.why_event, name="why_event"),
    path("gateways/", doors.gateways_page, name="gateways"),
    path("checks/", views.checks, name="checks"),
    path("checks/run/", views.run_checks, name="run_checks"),
    path("checks/<int:number>/", views.check_run, name="check_run"),
    path("checks/<int:number>/note/", views.note_check, name="note_check"),
    path("checks/<int:number>.csv", views.checks_csv, name="checks_csv"),
]
