"""Asking for a rule, or for many at once; trying an expression."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.catalog import catalog
from drystone.registers.network.expressions import LONGEST, explain_fault
from drystone.registers.network.forms.scope import ScopeForm, scope_of
from drystone.registers.network.models import Rule
from drystone.registers.network.services.rules import NewRule
from drystone.registers.network.sites import MOST, Line, read_sites
from drystone.registers.school.models import School

MOST_ADDRESSES = 50


class RuleForm(ScopeForm):
    """One page for a whole rule; which of the fields count depends on the choices made beside them."""

    kind = forms.ChoiceField(
        label="What is the rule about?",
        choices=[
            ("site", "A site, a part of one, or an IP address"),
            ("category", "A category of sites"),
            ("expression", "Addresses that match an expression (for technicians)"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a site, a category or an expression."},
    )
    site = forms.CharField(
        label="Site",
        required=False,
        max_length=2000,
        help_text="Like news.example, which covers everything below it, news.example/sport for a part, or 203.0.113.7.",
    )
    category = forms.ChoiceField(label="Category", required=False)
    expression = forms.CharField(
        label="Expression",
        required=False,
        max_length=LONGEST,
        help_text="RE2 syntax, over the host and the path, such as [?&]q=casino",
    )
    example = forms.CharField(
        label="An address to try it with (optional)",
        required=False,
        max_length=2000,
        help_text="The next page shows how it is answered before and after.",
    )
    field_order = ["action", "kind", "site", "category", "expression", "level"]

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, school=school, **kwargs)
        self.choose("category").choices = [("", "Choose a category"), *catalog().choices()]

    def clean_site(self) -> str:
        """People paste what stands in the browser's bar; scheme, port and fragment are no part of a rule."""
        text = str(self.cleaned_data["site"]).strip()
        scheme, mark, rest = text.partition("://")
        return (rest if mark and scheme.lower() in ("http", "https") else text).partition("#")[0]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        kind = str(values.get("kind") or "")
        if kind and kind not in self.errors and not values.get(kind):
            wanted = {"site": "Write the site, like news.example.", "category": "Choose a category."}
            self.add_error(kind, wanted.get(kind, "Write the expression."))
        return values

    def asked(self) -> NewRule:
        kind = self.cleaned_data["kind"]
        return self.asked_for(f"{kind}:{self.cleaned_data[kind]}")


def initial_of(rule: Rule) -> dict[str, Any]:
    """The form of a rule that is to be changed."""
    return {"kind": rule.kind, rule.kind: rule.value, **scope_of(rule)}


class PasteForm(ScopeForm):
    """Many sites, and one rule for each of them."""

    sites = forms.CharField(
        label="Sites",
        widget=forms.Textarea,
        max_length=200_000,
        help_text=f"One a line, {MOST:,} at most. Addresses as the browser shows them are read as well.",
        error_messages={"required": "Paste the sites, one a line.", "max_length": "That is too much text at once."},
    )
    field_order = ["action", "sites", "level"]

    def clean_sites(self) -> list[Line]:
        lines = read_sites(self.cleaned_data["sites"])
        if not lines:
            raise forms.ValidationError("There is no site in this. Paste them, one a line.")
        if len(lines) > MOST:
            message = f"These are {len(lines):,} sites: {MOST:,} at most at once. More of them make a list: see Lists."
            raise forms.ValidationError(message)
        return lines

    def asked(self, site: str) -> NewRule:
        return self.asked_for(f"site:{site}")


class ExpressionForm(forms.Form):
    """Try an expression before it is a rule."""

    expression = forms.CharField(
        label="Expression",
        max_length=LONGEST,
        help_text="RE2 syntax, over the host and the path, such as [?&]q=casino. Capitals and small letters are alike.",
        error_messages={"required": "Write the expression."},
    )
    addresses = forms.CharField(
        label="Addresses to try it on",
        required=False,
        widget=forms.Textarea,
        max_length=20_000,
        help_text="One a line, as the browser shows them.",
    )

    def clean_expression(self) -> str:
        pattern = str(self.cleaned_data["expression"]).strip()
        if fault := explain_fault(pattern):
            raise forms.ValidationError(fault)
        return pattern

    def clean_addresses(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["addresses"]).splitlines() if line.strip()]
        if len(lines) > MOST_ADDRESSES:
            raise forms.ValidationError(f"These are {len(lines)} addresses: {MOST_ADDRESSES} at most at once.")
        return lines
