"""What a group may reach."""

from __future__ import annotations

from typing import Any

from django import forms

from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import OF_PROFILE, Profile
from drystone.registers.network.services.profiles import Choices


class ProfileForm(forms.Form):
    default = forms.ChoiceField(
        label="What is open when no rule speaks?",
        choices=Profile.Default.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is open when no rule speaks."},
    )
    safe_search = forms.BooleanField(
        label="Safe search is on, and locked",
        required=False,
        help_text="Google, Bing, DuckDuckGo, Ecosia and Pixabay are answered with their safe search.",
    )
    youtube = forms.ChoiceField(
        label="YouTube",
        choices=Profile.YouTube.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a mode for YouTube."},
    )
    image_search = forms.ChoiceField(
        label="Image search",
        choices=[("off", "Off"), ("on", "On")],
        widget=forms.RadioSelect,
        help_text="When off, sites that search for pictures and open picture libraries are blocked. Of a search engine "
        "that shows pictures at its own address the filter sees only the name: there, safe search has to do.",
        error_messages={"required": "Choose whether image search is on."},
    )
    ways_round = forms.ChoiceField(
        label="Ways round the filter",
        choices=[("closed", "Closed"), ("open", "Open")],
        widget=forms.RadioSelect,
        help_text="Proxies, VPNs and relays, and DNS over HTTPS. When closed, browsers use the school’s own DNS.",
        error_messages={"required": "Choose whether ways round the filter are open."},
    )
    blocked = forms.MultipleChoiceField(required=False)
    reason = forms.CharField(
        label="Why?",
        widget=forms.Textarea,
        max_length=500,
        error_messages={
            "required": "Say why. Whoever reads this next year will want to know.",
            "max_length": "The reason must be 500 characters or fewer.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["blocked"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [choice for choice in catalog().choices() if choice[0] not in OF_PROFILE]

    def choices(self) -> Choices:
        """Of a form that is valid."""
        values = self.cleaned_data
        return Choices(
            default=Profile.Default(values["default"]),
            safe_search=values["safe_search"],
            youtube=Profile.YouTube(values["youtube"]),
            image_search=values["image_search"] == "on",
            ways_round=values["ways_round"] == "open",
        )


def initial_of(choices: Choices | Profile, blocked: set[str]) -> dict[str, Any]:
    return {
        "default": choices.default,
        "safe_search": choices.safe_search,
        "youtube": choices.youtube,
        "image_search": "on" if choices.image_search else "off",
        "ways_round": "open" if choices.ways_round else "closed",
        "blocked": sorted(blocked),
    }
