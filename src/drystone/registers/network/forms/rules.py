"""Asking for a rule, and searching among rules."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.network.services.rules import NewRule
from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.models import Group, Person, School, Zone

LEVELS = [
    (RuleLevel.SCHOOL, "Everyone at the school"),
    (RuleLevel.GROUP, "A group"),
    (RuleLevel.ZONE, "A zone: one place in the school"),
    (RuleLevel.PERSON, "One person"),
]


class RuleForm(forms.Form):
    """One page for a whole rule; which of the fields count depends on the choices made beside them."""

    action = forms.ChoiceField(
        label="Block or allow?",
        choices=Rule.Action.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose block or allow."},
    )
    kind = forms.ChoiceField(
        label="What is the rule about?",
        choices=[
            ("site", "A site, or a part of one"),
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
        help_text="Like news.example, which covers everything below it, or news.example/sport for a part.",
    )
    category = forms.ChoiceField(label="Category", required=False)
    expression = forms.CharField(
        label="Expression",
        required=False,
        max_length=1000,
        help_text="RE2 syntax, over the host and the path, such as [?&]q=casino",
    )
    level = forms.ChoiceField(
        label="Whom is it for?",
        choices=LEVELS,
        widget=forms.RadioSelect,
        help_text="A rule for a person goes before one for a zone, then come groups, then the school.",
        error_messages={"required": "Choose whom the rule is for."},
    )
    group = forms.ModelChoiceField(Group.objects.none(), label="Group", required=False, empty_label="Choose a group")
    zone = forms.ModelChoiceField(Zone.objects.none(), label="Zone", required=False, empty_label="Choose a zone")
    person = forms.CharField(
        label="Network sign-on name",
        required=False,
        max_length=100,
        help_text="As the person signs on to the school’s computers.",
    )
    timing = forms.ChoiceField(
        label="When does it hold?",
        choices=[("always", "At all times"), *Rule.Timing.choices[1:]],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose when the rule holds."},
    )
    schedule = forms.ModelChoiceField(
        Schedule.objects.none(), label="Schedule", required=False, empty_label="Choose a schedule"
    )
    until = DateBoxField(
        label="Until when? (optional)",
        what="The last day",
        required=False,
        help_text="The last day on which it holds. Leave it empty for good.",
    )
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=forms.Textarea,
        help_text="People who are blocked may see this, and so will whoever reviews the filter. Name no pupils.",
        error_messages={
            "required": "Say why. Whoever reads this rule next year will want to know.",
            "max_length": "The reason must be 500 characters or fewer.",
        },
    )
    example = forms.CharField(
        label="An address to try it with (optional)",
        required=False,
        max_length=2000,
        help_text="The next page shows how it is answered before and after.",
    )

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.school = school
        self.choose("category").choices = [("", "Choose a category"), *catalog().choices()]
        self.model("group").queryset = Group.objects.filter(school=school)
        self.model("zone").queryset = Zone.objects.filter(school=school)
        self.model("schedule").queryset = Schedule.objects.filter(school=school, removed_at__isnull=True)

    def choose(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        return field

    def model(self, name: str) -> forms.ModelChoiceField[Any]:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        return field

    def clean_site(self) -> str:
        """People paste what stands in the browser's bar; scheme, port and fragment are no part of a rule."""
        text = str(self.cleaned_data["site"]).strip()
        scheme, mark, rest = text.partition("://")
        return (rest if mark and scheme.lower() in ("http", "https") else text).partition("#")[0]

    def clean_person(self) -> Person | None:
        sign_on = self.cleaned_data["person"].strip()
        if not sign_on or self.data.get("level") != RuleLevel.PERSON:
            return None
        person = Person.objects.filter(school=self.school, sign_on__iexact=sign_on).first()
        if person is None:
            raise forms.ValidationError(f"Nobody at {self.school.name} has the sign-on name “{sign_on}”.")
        return person

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        kind, level = values.get("kind"), values.get("level")
        if kind and str(kind) not in self.errors and not values.get(str(kind)):
            wanted = {"site": "Write the site, like news.example.", "category": "Choose a category."}
            self.add_error(str(kind), wanted.get(str(kind), "Write the expression."))
        named = level in (RuleLevel.GROUP, RuleLevel.ZONE, RuleLevel.PERSON)
        if named and level not in self.errors and not values.get(str(level)):
            person = "Write the person’s network sign-on name."
            self.add_error(level, person if level == RuleLevel.PERSON else f"Choose the {level}.")
        if values.get("timing", "always") != "always" and not values.get("schedule") and "schedule" not in self.errors:
            self.add_error("schedule", "Choose a schedule, or say that the rule holds at all times.")
        return values

    def asked(self) -> NewRule:
        """What was asked for, of a form that is valid."""
        values = self.cleaned_data
        return NewRule(
            level=RuleLevel(values["level"]),
            action=Rule.Action(values["action"]),
            target=f"{values['kind']}:{values[values['kind']]}",
            reason=values["reason"],
            group=values["group"] if values["level"] == RuleLevel.GROUP else None,
            zone=values["zone"],
            person=values["person"],
            timing=Rule.Timing("" if values["timing"] == "always" else values["timing"]),
            schedule=values["schedule"],
            until=values["until"],
        )


def initial_of(rule: Rule) -> dict[str, Any]:
    """The form of a rule that is to be changed."""
    return {
        "action": rule.action,
        "kind": rule.kind,
        rule.kind: rule.value,
        "level": rule.level,
        "group": rule.group,
        "zone": rule.zone,
        "person": rule.person.sign_on if rule.person else "",
        "timing": rule.timing or "always",
        "schedule": rule.schedule,
        "until": rule.until,
        "reason": rule.reason,
    }


SORTS = [
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
    ("target", "Site or category"),
    ("level", "Who set it for"),
    ("author", "Author"),
]


class RuleSearch(forms.Form):
    """Filters of the list of rules. A value that is not there is left out, and said."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    level = forms.ChoiceField(label="Level", required=False, choices=[("", "Any"), *RuleLevel.choices])
    effect = forms.ChoiceField(label="Effect", required=False, choices=[("", "Any"), *Rule.Action.choices])
    kind = forms.ChoiceField(label="About", required=False, choices=[("", "Any"), *Rule.Kind.choices])
    group = forms.ModelChoiceField(Group.objects.none(), label="Group", required=False, empty_label="Any")
    schedule = forms.ModelChoiceField(Schedule.objects.none(), label="Schedule", required=False, empty_label="Any")
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "In use"), ("withdrawn", "Withdrawn"), ("all", "In use and withdrawn")],
    )
    sort = forms.ChoiceField(label="Order", required=False, choices=SORTS)

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("group", Group), ("schedule", Schedule)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
            field.queryset = model.objects.filter(school=school)
