"""Naming the holder of a post: somebody on the register, or a contact outside the school."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.models import Person, Role, RoleHolding, School
from drystone.registers.school.posts import Post
from drystone.registers.school.services.posts import Contact

NEITHER = "Choose a person, or give the names of somebody outside the school"


class PostForm(forms.Form):
    person: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label="Somebody on the register", queryset=None, required=False, empty_label="Choose a person"
    )
    starts = DateBoxField(label="From", what="The first day")

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = grown_ups(school)  # type: ignore[attr-defined]

    def holder(self) -> Person | Contact:
        found: Person = self.cleaned_data["person"]
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not given.get("person") and "person" not in self.errors:
            self.add_error("person", "Choose a person")
        return given


class OutsidePostForm(PostForm):
    given_names = forms.CharField(label="Given names", max_length=100, required=False)
    family_name = forms.CharField(label="Family name", max_length=100, required=False)
    email = forms.EmailField(
        label="E-mail address", required=False, error_messages={"invalid": "Enter an address like name@council.example"}
    )
    telephone = forms.CharField(label="Telephone", max_length=40, required=False)
    field_order = ["person", "given_names", "family_name", "email", "telephone", "starts"]

    def holder(self) -> Person | Contact:
        given = self.cleaned_data
        if given["person"]:
            return super().holder()
        return Contact(given["given_names"], given["family_name"], given["email"], given["telephone"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = forms.Form.clean(self) or {}
        typed = [name for name in ("given_names", "family_name", "email", "telephone") if given.get(name)]
        if given.get("person"):
            if typed:
                self.add_error("person", "Choose a person, or give the names of another: not both")
        elif not typed and "person" not in self.errors:
            self.add_error("person", NEITHER)
        elif typed:
            for name, what in (("given_names", "given names"), ("family_name", "family name")):
                if not given.get(name):
                    self.add_error(name, f"Enter the {what}")
        return given


def form_for(post: Post) -> type[PostForm]:
    return OutsidePostForm if post.outside else PostForm


def grown_ups(school: School) -> QuerySet[Person]:
    """Those who may hold a post: not pupils, nor people whom the school knows as parents only."""
    pupils = RoleHolding.objects.filter(person__school=school, role=Role.PUPIL)
    parents = RoleHolding.objects.filter(person__school=school, role=Role.PARENT)
    more = RoleHolding.objects.filter(person__school=school).exclude(role=Role.PARENT)
    only_parents = Q(pk__in=parents.values("person")) & ~Q(pk__in=more.values("person"))
    return school.people.filter(left_on=None).exclude(only_parents).exclude(pk__in=pupils.values("person"))
