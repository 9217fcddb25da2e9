"""The Jinja2 environment of every page: GOV.UK macros, our filters, links by name."""

from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.middleware.csrf import get_token
from django.urls import reverse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader
from jinja2.utils import missing
from markupsafe import Markup

from drystone.registers.school.moments import clock, day, moment
from drystone.site.components import component, error_list


class Misspelt(ChainableUndefined):
    """The GOV.UK macros ask for options that a page does not give, so a missing *attribute* is empty;
    printing a *variable* that no view passed is a mistake of ours and fails."""

    def __str__(self) -> str:
        if self._undefined_obj is missing:
            self._fail_with_undefined_error()
        return ""

    __html__ = __str__


def environment(**options: Any) -> Environment:
    govuk = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    env = Environment(  # noqa: S701 - autoescape is on, below
        **{
            **options,
            "loader": ChoiceLoader([options["loader"], govuk]),
            "undefined": Misspelt,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "autoescape": True,
        }
    )
    env.globals.update(static=staticfiles_storage.url, url=_url, csrf_field=_csrf_field)
    env.globals.update(component=component, error_list=error_list)
    env.filters.update(day=day, moment=moment, clock=clock, plural=plural)
    return env


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args, kwargs=kwargs)


def _csrf_field(request: Any) -> Markup:
    return Markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">').format(get_token(request))


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
