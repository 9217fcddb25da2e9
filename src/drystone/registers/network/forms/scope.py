"""What every rule says, be it one or a thousand: its effect, for whom, when, until when, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.models import Ages, Rule, RuleLevel, Schedule
from drystone.registers.network.services.rules import NewRule
from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.models import Group, Person, School, Zone

LEVELS = [
    (RuleLevel.SCHOOL, "Everyone at the school"),
    (RuleLevel.GROUP, "A group"),
    (RuleLevel.ZONE, "A zone: one place in the school"),
    (RuleLevel.PERSON, "One person"),
]


class ScopeForm(forms.Form):
    """`own`: rules of the school may be asked for; `council`: those of its authority, for all its schools."""

    action = forms.ChoiceField(
        label="Block or allow?",
        choices=Rule.Action.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose block or allow."},
    )
    level = forms.ChoiceField(
        label="Whom is it for?",
        widget=forms.RadioSelect,
        help_text="A rule for a person goes before one for a zone, then come groups, then the school.",
        error_messages={"required": "Choose whom the rule is for."},
    )
    group = forms.ModelChoiceField(Group.objects.none(), label="Group", required=False, empty_label="Choose a group")
    zone = forms.ModelChoiceField(Zone.objects.none(), label="Zone", required=False, empty_label="Choose a zone")
    person = forms.CharField(
        label="Who is it?",
        required=False,
        max_length=200,
        help_text="Their network sign-on name, or their full name.",
    )
    ages = forms.ChoiceField(
        label="For which age?", required=False, choices=[("", "Everybody in these schools"), *Ages.choices]
    )
    locked = forms.BooleanField(
        label="Lock it",
        required=False,
        help_text="No rule of a school, for a site, a place or a person, then goes before it.",
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

    def __init__(self, *args: Any, school: School, own: bool = True, council: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.school, self.asks_for_own, self.asks_for_schools = school, own, council
        authority = [(RuleLevel.GLOBAL, f"All schools of {school.authority}")] if council else []
        self.choose("level").choices = [*(LEVELS if own else []), *authority]
        if authority and not own:
            self.fields["level"].help_text = ""
            self.fields["level"].initial = RuleLevel.GLOBAL
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

    def clean_person(self) -> Person | None:
        """By sign-on name, or by a name that only one person with a sign-on name has."""
        written = " ".join(self.cleaned_data["person"].split())
        if not written or self.data.get("level") != RuleLevel.PERSON:
            return None
        people = Person.objects.filter(school=self.school)
        if person := people.filter(sign_on__iexact=written).first():
            return person
        named = [person for person in people.exclude(sign_on="") if person.name.lower() == written.lower()]
        if len(named) > 1:
            names = ", ".join(person.sign_on for person in named[:5])
            raise forms.ValidationError(
                f"{len(named)} people are called “{written}”. Choose one by sign-on name: {names}."
            )
        if not named:
            message = f"Nobody at {self.school.name} has the sign-on name or the full name “{written}”."
            raise forms.ValidationError(message)
        return named[0]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        level = values.get("level")
        named = level in (RuleLevel.GROUP, RuleLevel.ZONE, RuleLevel.PERSON)
        if named and level not in self.errors and not values.get(str(level)):
            person = "Write the person’s network sign-on name, or their full name."
            self.add_error(level, person if level == RuleLevel.PERSON else f"Choose the {level}.")
        if values.get("timing", "always") != "always" and not values.get("schedule") and "schedule" not in self.errors:
            self.add_error("schedule", "Choose a schedule, or say that the rule holds at all times.")
        return values

    def asked_for(self, target: str) -> NewRule:
        """What was asked for, of a form that is valid."""
        values = self.cleaned_data
        return NewRule(
            level=RuleLevel(values["level"]),
            action=Rule.Action(values["action"]),
            target=target,
            reason=values["reason"],
            group=values["group"] if values["level"] == RuleLevel.GROUP else None,
            zone=values["zone"],
            person=values["person"],
            timing=Rule.Timing("" if values["timing"] == "always" else values["timing"]),
            schedule=values["schedule"],
            until=values["until"],
            ages=values["ages"],
            locked=values["locked"],
        )


def scope_of(rule: Rule) -> dict[str, Any]:
    """The fields of the form, of a rule that there is."""
    return {
        "action": rule.action,
        "level": rule.level,
        "group": rule.group,
        "zone": rule.zone,
        "person": rule.person.sign_on if rule.person else "",
        "ages": rule.ages,
        "locked": rule.locked,
        "timing": rule.timing or "always",
        "schedule": rule.schedule,
        "until": rule.until,
        "reason": rule.reason,
    }
