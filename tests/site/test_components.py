"""Django's forms drawn as GOV.UK components: labels, hints, errors, and where an error's link leads."""

import pytest
from django import forms
from django.template import engines

from drystone.registers.school.dates import DateBoxField
from drystone.site.components import component, error_list


class Form(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the door", error_messages={"required": "Enter a name"})
    kind = forms.ChoiceField(label="Kind", choices=[("a", "Apple"), ("b", "Pear")], widget=forms.RadioSelect)
    many = forms.MultipleChoiceField(
        label="Many", choices=[("a", "Apple"), ("b", "Pear")], widget=forms.CheckboxSelectMultiple
    )
    one = forms.ChoiceField(label="One", choices=[("a", "Apple"), ("b", "Pear")], required=False)
    yes = forms.BooleanField(label="Yes", required=False)
    day = DateBoxField(label="Day", required=False)
    secret = forms.CharField(label="Secret", widget=forms.PasswordInput, required=False)
    words = forms.CharField(label="Words", widget=forms.Textarea, required=False)


PAGE = """{% from "forms.html" import field, error_summary %}{{ error_summary(form) }}
{% for name in form.fields %}{{ field(form[name]) }}{% endfor %}"""


def drawn(form):
    return engines["jinja2"].from_string(PAGE).render({"form": form})


def test_each_error_links_to_an_element_that_is_there():
    form = Form({"day_day": "31", "day_month": "2", "day_year": "2026"})
    page = drawn(form)
    entries = error_list(form)
    assert len(entries) == 4
    for entry in entries:
        assert f'id="{entry["href"][1:]}"' in page


def test_what_was_typed_is_shown_again_and_escaped():
    page = drawn(Form({"name": '<script>"', "words": "a < b", "kind": "b", "many": ["a"], "one": "b", "yes": "on"}))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("checked") == 3
    assert page.count("selected") == 1


def test_a_password_is_never_sent_back():
    assert "hunter2" not in drawn(Form({"secret": "hunter2"}))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("name", "input"),
        ("kind", "radios"),
        ("many", "checkboxes"),
        ("one", "select"),
        ("yes", "checkboxes"),
        ("day", "date"),
        ("secret", "password"),
        ("words", "textarea"),
    ],
)
def test_a_widget_becomes_its_component(name, kind):
    assert component(Form()[name]).kind == kind


def test_a_hint_stands_under_its_label():
    assert component(Form()["name"]).options["hint"] == {"text": "As on the door"}
