from django.urls import path

from drystone.registers.roll.views import imports, new_year, runs

app_name = "roll"
urlpatterns = [
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.new_import, name="new_import"),
    path("imports/<int:number>/", runs.run, name="run"),
    path("imports/<int:number>/columns/", imports.columns, name="columns"),
    path("imports/<int:number>/lines.csv", runs.lines_csv, name="lines_csv"),
    path("imports/<int:number>/decide/", runs.decide, name="decide"),
    path("imports/<int:number>/apply/", runs.apply, name="apply"),
    path("imports/<int:number>/drop/", runs.drop, name="drop"),
    path("imports/<int:number>/undo/", runs.undo_run, name="undo"),
    path("new-year/", new_year.new_year, name="new_year"),
]
