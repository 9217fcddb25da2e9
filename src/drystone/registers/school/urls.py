from django.urls import path

from drystone.registers.school.views import audit, calendar, people, places, posts, settings

app_name = "school"
urlpatterns = [
    path("", settings.settings, name="settings"),
    path("details/", settings.details, name="details"),
    path("co-ordinator/", people.coordinator, name="coordinator"),
    path("posts/", posts.posts, name="posts"),
    path("posts/<slug:slug>/", posts.post, name="post"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/add/", calendar.new_year, name="new_year"),
    path("calendar/<int:pk>/", calendar.year_terms, name="year"),
    path("calendar/<int:pk>/closed/", calendar.new_closure, name="new_closure"),
    path("calendar/closed/<int:pk>/remove/", calendar.closure_gone, name="closure_gone"),
    path("zones/add/", places.new_zone, name="new_zone"),
    path("zones/<int:pk>/", places.zone, name="zone"),
    path("zones/<int:pk>/remove/", places.zone_gone, name="zone_gone"),
    path("groups/add/", places.new_group, name="new_group"),
    path("groups/<int:pk>/", places.group, name="group"),
    path("groups/<int:pk>/remove/", places.group_gone, name="group_gone"),
    path("classes/add/", places.new_class, name="new_class"),
    path("classes/<int:pk>/", places.school_class, name="class"),
    path("people/", people.people, name="people"),
    path("people/add/", people.new_person, name="new_person"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/change/", people.edit_person, name="edit_person"),
    path("people/<int:pk>/account/", people.give_account, name="give_account"),
    path("people/<int:pk>/roles/", people.new_role, name="new_role"),
    path("people/roles/<int:pk>/end/", people.end_role, name="end_role"),
    path("audit/", audit.audit, name="audit"),
    path("audit/<int:seq>/", audit.entry, name="audit_entry"),
    path("audit/verify/", audit.verify, name="verify_audit"),
]
