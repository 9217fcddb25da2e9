"""What people type about sign-on, checked."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from drystone.registers.school.forms import EditedForm
from drystone.registers.school.models import Group, Person, School
from drystone.registers.signon.models.sessions import MOST_HOURS
from drystone.registers.signon.queries import chosen, may_sign_on
from drystone.registers.signon.services.devices import Described
from drystone.registers.signon.services.passwords import LONGEST, SHORTEST

WHEN = {"invalid": "Write the date and time like 24/11/2026 08:30"}
FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M", "%d/%m/%Y"]


class Moment(forms.DateTimeInput):
    """The browser's own picker where it has one, a box to type in where it has not."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str:
        return f"{value:%Y-%m-%dT%H:%M}" if hasattr(value, "strftime") else str(value or "")


class GiveForm(forms.Form):
    who = forms.ChoiceField(label="Who for", error_messages={"required": "Choose who the passwords are for"})
    only = forms.ChoiceField(
        label="Which of them",
        choices=[("missing", "Only those who have none"), ("all", "Everybody: an old password stops working at once")],
        initial="missing",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, school: School, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        classes = [(f"class-{each.pk}", f"Class {each.name}") for each in school.classes.order_by("year_group", "name")]
        asked = str(self.data.get("who", ""))  # one person, by a link beside their name
        named = chosen(school, asked, timezone.localdate(), by)[:1] if "person-" in asked else ()
        one = [(asked, person.name) for person in named]
        every = [("", "Choose"), *classes, ("staff", "All staff"), *one]
        self.fields["who"].choices = every  # type: ignore[attr-defined]


class ChosenForm(forms.Form):
    password = forms.CharField(
        label="Internet password",
        help_text=f"At least {SHORTEST} characters: two or three words are easy to type. "
        "Never the password for these pages.",
        max_length=LONGEST,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter a password"},
    )


class DeviceForm(EditedForm):
    name = forms.CharField(
        label="Name",
        help_text="As people call it: “Trolley 2, tablet 7”.",
        max_length=80,
        error_messages={"required": "Enter a name for the device"},
    )
    address = forms.CharField(
        label="Address or range",
        help_text="The address that your DHCP server always gives it, like 10.1.4.20. A trolley: 10.1.4.32/28.",
        max_length=50,
        error_messages={"required": "Enter the device’s address, like 10.1.4.20"},
    )
    owner = forms.ChoiceField(
        label="Whose it is",
        help_text="A person: events name them. A group: the device is filtered as the group is, wherever it is.",
        error_messages={"required": "Choose whose it is"},
    )
    until = forms.DateTimeField(
        label="Until (optional)", required=False, input_formats=FORMATS, widget=Moment, error_messages=WHEN
    )
    note = forms.CharField(label="Note (optional)", max_length=200, required=False)

    def __init__(self, *args: Any, school: School, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.school = school
        people = may_sign_on(school, timezone.localdate(), by)
        groups = [(f"group-{group.pk}", f"The group {group.name}") for group in school.groups.all()]
        named = [(f"person-{person.pk}", f"{person.name} ({person.sign_on})") for person in people]
        self.fields["owner"].choices = [("", "Choose"), *groups, *named]  # type: ignore[attr-defined]

    def described(self) -> Described:
        given = self.cleaned_data
        kind, _, number = given["owner"].partition("-")
        return Described(
            name=given["name"],
            address=given["address"],
            person=Person.objects.get(school=self.school, pk=number) if kind == "person" else None,
            group=Group.objects.get(school=self.school, pk=number) if kind == "group" else None,
            until=given["until"],
            note=given["note"],
        )


class SourceForm(forms.Form):
    name = forms.CharField(
        label="Which system tells", help_text="Like “Wi-Fi controller” or “log-on script”.", max_length=80,
        error_messages={"required": "Enter a name for the system"},
    )  # fmt: skip
    most_hours = forms.IntegerField(
        label="A sign-on lasts at most so many hours",
        help_text="One that is never ended ends by itself then.",
        min_value=1,
        max_value=MOST_HOURS,
        initial=12,
    )
    calls_from = forms.CharField(
        label="Which addresses it calls from (optional)",
        help_text="Like 10.0.0.5, the address of the RADIUS server. A token that is found then works nowhere else.",
        max_length=300,
        required=False,
    )


class SessionsForm(forms.Form):
    text = forms.CharField(label="Name, sign-on name or address", required=False, max_length=100)
    state = forms.ChoiceField(label="Which", required=False, choices=[("", "All"), ("now", "Signed on now")])
    since = forms.DateTimeField(label="From", required=False, input_formats=FORMATS, widget=Moment, error_messages=WHEN)
    until = forms.DateTimeField(label="To", required=False, input_formats=FORMATS, widget=Moment, error_messages=WHEN)


def in_school_time(school: School, value: Any) -> Any:
    return value.astimezone(ZoneInfo(school.time_zone)) if value else value
