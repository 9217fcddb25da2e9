"""What people type about accounts on the school's systems, checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from drystone.registers.accounts.models import System, Use
from drystone.registers.accounts.queries import holds
from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.forms import EditedForm
from drystone.registers.school.forms.files import ImportForm
from drystone.registers.school.models import GOVERNORS, STAFF, Person, Role, School
from drystone.registers.school.queries import current

ADULTS = STAFF | GOVERNORS | {Role.VOLUNTEER, Role.VISITOR, Role.DATA_PROTECTION_OFFICER, Role.COUNCIL}


class Adult(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Somebody with a task at the school, who is here."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person.family_name}, {person.preferred_name or person.given_names}"


def adults(school: School) -> Any:
    today = timezone.localdate()
    found = current(school.people.filter(holds(ADULTS, today)), today)
    return found.order_by("family_name", "given_names", "pk")


class AccountForm(EditedForm):
    name = forms.CharField(
        label="Account name or address",
        help_text="As it is typed to sign in, like asmith or a.smith@school.example",
        max_length=200,
        error_messages={"required": "Enter the account’s name"},
    )
    use = forms.ChoiceField(label="Who uses it", choices=Use.choices, widget=forms.RadioSelect, initial=Use.OWN)
    note = forms.CharField(label="Note (optional)", max_length=200, required=False)


class NewAccountForm(AccountForm):
    system = forms.ChoiceField(
        label="Where",
        choices=System.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the network or the e-mail"},
    )
    person = Adult(label="Whose it is (optional)", queryset=Person.objects.none(), required=False)
    field_order = ["system", "name", "use", "person", "note"]

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = adults(school)  # type: ignore[attr-defined]


class HolderForm(forms.Form):
    person = Adult(label="Who holds it", queryset=Person.objects.none(), error_messages={"required": "Choose a person"})
    since = DateBoxField(label="From", what="The first day")

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = adults(school)  # type: ignore[attr-defined]


class NotNeededForm(forms.Form):
    reason = forms.CharField(
        label="Why they need none",
        help_text="Like “works in the kitchen, uses no computer”",
        max_length=200,
        error_messages={"required": "Say why they need none"},
    )


class PasteForm(ImportForm):
    """A file, or a table pasted from a spreadsheet."""

    text = forms.CharField(
        label="Or paste the table here",
        help_text="From a spreadsheet, with its first line.",
        widget=forms.Textarea,
        required=False,
        strip=False,
        max_length=1_000_000,
    )
