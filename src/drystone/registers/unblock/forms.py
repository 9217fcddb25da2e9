"""What people are asked: why, whom it is for, how long."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet

from drystone.registers.school.dates import DateBoxField
from drystone.registers.school.models import Group, School, SchoolClass, Zone
from drystone.registers.unblock.models import Kind, SiteRequest, State, Whom
from drystone.registers.unblock.services.asking import LONGEST_NAME, LONGEST_WHY
from drystone.registers.unblock.services.deciding import LESSON, TEACHERS_GIVE, For

NO_PUPILS = "Name no pupils: other people may read this."


class ChildForm(forms.Form):
    """One press is enough; a name helps, where nobody is signed on."""

    name = forms.CharField(label="What is your name?", required=False, max_length=LONGEST_NAME)


class ReviewForm(forms.Form):
    """A grown-up at a block page. Without `known` they write their name."""

    name = forms.CharField(label="Your name", max_length=LONGEST_NAME, error_messages={"required": "Write your name."})
    why = forms.CharField(
        label="Why should it be open?",
        help_text="Such as: Year 4 need it for their topic on rivers.",
        max_length=LONGEST_WHY,
        widget=forms.Textarea,
        error_messages={"required": "Say why, so that whoever looks can decide."},
    )

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["name"]


class ReportForm(forms.Form):
    """A site that should be blocked, or open. From a block page `kind` is settled, and strangers write their name."""

    kind = forms.ChoiceField(
        label="What should happen?",
        choices=[("block", "It should be blocked"), ("open", "It should be open")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether it should be blocked or open."},
    )
    site = forms.CharField(
        label="Which site?",
        help_text="As it stands in the browser’s bar, like games.example. Only the site’s name is kept.",
        max_length=2000,
        error_messages={"required": "Write the site, like games.example."},
    )
    name = forms.CharField(label="Your name", max_length=LONGEST_NAME, error_messages={"required": "Write your name."})
    why = forms.CharField(
        label="Why?",
        help_text="What did you see, or what is it for? Name no pupils.",
        max_length=LONGEST_WHY,
        widget=forms.Textarea,
        error_messages={"required": "Say why, so that whoever looks knows what to look for."},
    )

    def __init__(self, *args: Any, known: bool = False, settled: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["name"]
        if settled:
            del self.fields["kind"]


class DecisionForm(forms.Form):
    """Allow for a time, make a rule, or leave it. What is offered hangs on who decides (`whole`: for the school)."""

    decision = forms.ChoiceField(
        label="What is your answer?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an answer."},
    )
    whom = forms.ChoiceField(label="Open for whom?", required=False, widget=forms.RadioSelect)
    school_class = forms.ModelChoiceField(
        SchoolClass.objects.none(), label="Class", required=False, empty_label="Choose a class"
    )
    zone = forms.ModelChoiceField(Zone.objects.none(), label="Place", required=False, empty_label="Choose a place")
    group = forms.ModelChoiceField(Group.objects.none(), label="Group", required=False, empty_label="Choose a group")
    length = forms.ChoiceField(label="For how long?", required=False, widget=forms.RadioSelect)
    until = DateBoxField(label="Last day", what="The last day", required=False)
    rule_for = forms.ModelChoiceField(
        Group.objects.none(), label="A rule for whom?", required=False, empty_label="Everyone at the school"
    )
    others = forms.BooleanField(required=False)
    reason = forms.CharField(
        label="Why?",
        help_text=f"Whoever asked will read it. {NO_PUPILS}",
        max_length=LONGEST_WHY,
        widget=forms.Textarea,
        error_messages={"required": "Say why. Whoever asked will read it."},
    )

    def __init__(
        self,
        *args: Any,
        about: SiteRequest,
        whole: bool,
        barred: bool,
        named: bool,
        alike: int,
        classes: QuerySet[SchoolClass],
        **kwargs: Any,
    ) -> None:
        """`barred`: a mandatory list names it. `named`: the one who decides may know who asked. `classes`: for which
        they may open it."""
        super().__init__(*args, **kwargs)
        self.about, school = about, about.school
        self.choose("decision").choices = _decisions(about, whole, barred)
        self.choose("whom").choices = _whom(about, whole, named)
        lengths = [("lesson", f"One lesson ({LESSON.seconds // 60} minutes)"), ("today", "Until the end of today")]
        self.choose("length").choices = [*lengths, ("date", "Until a date")] if whole else lengths
        self._things(school, about, named)
        self._one_of("school_class", classes)
        if not alike:
            del self.fields["others"]
        else:
            who = "the other person who asks" if alike == 1 else f"the {alike} others who ask"
            self.fields["others"].label = f"Give the same answer to {who} about this site"

    def _things(self, school: School, about: SiteRequest, named: bool) -> None:
        for name, model in (("zone", Zone), ("group", Group), ("rule_for", Group)):
            self._one_of(name, model.objects.filter(school=school))
        self.fields["school_class"].initial = about.asker.school_class_id if about.asker and named else None
        self.fields["zone"].initial = Zone.objects.filter(school=school, slug=about.zone).first()
        self.fields["group"].initial = Group.objects.filter(school=school, slug=about.group).first()

    def _one_of(self, name: str, things: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        field.queryset = things

    def choose(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        return field

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("decision") != "allow":
            return values
        if not values.get("whom") and "whom" not in self.errors:
            self.add_error("whom", "Choose whom it is to be open for.")
        if not values.get("length") and "length" not in self.errors:
            self.add_error("length", "Choose for how long.")
        thing = {"class": "school_class", "zone": "zone", "group": "group"}.get(str(values.get("whom")), "")
        if thing and not values.get(thing) and thing not in self.errors:
            self.add_error(thing, f"Choose the {str(self.fields[thing].label).lower()}.")
        if values.get("length") == "date" and not values.get("until") and "until" not in self.errors:
            self.add_error("until", "Write the last day.")
        return values

    def asked_for(self) -> For:
        values = self.cleaned_data
        level = Whom(values["whom"])
        return For(
            level,
            person=self.about.asker if level == Whom.PERSON else None,
            school_class=values["school_class"] if level == Whom.CLASS else None,
            zone=values["zone"] if level == Whom.ZONE else None,
            group=values["group"] if level == Whom.GROUP else None,
        )

    def ends(self, now: datetime) -> datetime:
        """The moment at which it closes again, in the school's time."""
        zone = ZoneInfo(self.about.school.time_zone)
        match self.cleaned_data["length"]:
            case "lesson":
                return now + LESSON
            case "today":
                day = now.astimezone(zone).date()
            case _:
                day = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time(0), zone)


def _decisions(about: SiteRequest, whole: bool, barred: bool) -> list[tuple[str, str]]:
    if about.kind == Kind.BLOCK:
        rule = [("rule", "Block it: make a rule, which acts when you publish")] if whole else []
        return [*rule, ("refuse", "Leave it as it is")]
    if barred:
        return [("refuse", "It stays blocked")]
    rule = [("rule", "Open it for good: make a rule, which acts when you publish")] if whole else []
    return [("allow", "Allow it for a time, at once"), *rule, ("refuse", "It stays blocked")]


def _whom(about: SiteRequest, whole: bool, named: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if about.asker is not None and about.asker.sign_on:
        found.append(("person", f"{about.asker.name} alone" if named else "Whoever asked, alone"))
    found += [
        ("class", "A class"),
        ("zone", "Everybody in one place"),
        ("group", "A group"),
        ("school", "Everyone at the school"),
    ]
    return [pair for pair in found if whole or pair[0] in TEACHERS_GIVE]


class QueueSearch(forms.Form):
    """Filters of the queue. A value that is not there is left out."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "Waiting"), *[pair for pair in State.choices if pair[0] != "waiting"], ("all", "All")],
    )
    kind = forms.ChoiceField(label="Asks that it", required=False, choices=[("", "Any"), *Kind.choices])
    who = forms.ChoiceField(
        label="Asked by", required=False, choices=[("", "Anybody"), ("child", "A pupil"), ("adult", "Somebody else")]
    )
    subject = forms.ChoiceField(
        label="Subject", required=False, choices=[("", "Any"), ("worrying", "A worrying one, by a pupil")]
    )
    school_class = forms.ModelChoiceField(SchoolClass.objects.none(), label="Class", required=False, empty_label="Any")
    group = forms.ChoiceField(label="Group", required=False)
    zone = forms.ChoiceField(label="Place", required=False)
    sort = forms.ChoiceField(label="Order", required=False, choices=[("", "Newest first"), ("oldest", "Oldest first")])

    def __init__(self, *args: Any, school: School, named: bool, sensitive: bool, **kwargs: Any) -> None:
        """`named`: may see who asked; `sensitive`: what children ask about worrying subjects."""
        super().__init__(*args, **kwargs)
        if not sensitive:
            del self.fields["subject"]
        classes = self.fields["school_class"]
        assert isinstance(classes, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        classes.queryset = SchoolClass.objects.filter(school=school)
        for name, model in (("group", Group), ("zone", Zone)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            field.choices = [("", "Any"), *model.objects.filter(school=school).values_list("slug", "name")]
        if not named:
            del self.fields["school_class"]


class GrantSearch(forms.Form):
    q = forms.CharField(label="Search", required=False, max_length=200)
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Open now"), ("over", "Over"), ("all", "All")]
    )
    level = forms.ChoiceField(label="Open for", required=False, choices=[("", "Anybody"), *Whom.choices])


class EndForm(forms.Form):
    reason = forms.CharField(
        label="Why does it end now?",
        max_length=LONGEST_WHY,
        error_messages={"required": "Say why it ends now."},
    )
