"""Who stands behind a key in the events. Names live in the database only, and are worked out for those who may see."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q, QuerySet

from drystone.engine.filtering import person_key
from drystone.registers.school.models import Person, School
from drystone.registers.school.reach import kept_from


def by_key(school: School, seen_by: Person) -> dict[str, Person]:
    """Everyone of the school with a sign-on name, by the key that events have; empty where the house has no key. Whom a
    court keeps from a child does not learn here either what is that child's."""
    try:
        secret = settings.HOME.person_key.read_bytes()
    except OSError:
        return {}
    known = Person.objects.filter(school=school).exclude(sign_on="").exclude(pk__in=kept_from(seen_by)).order_by("-id")
    shown = known.only("sign_on", "given_names", "family_name", "preferred_name")
    return {person_key(secret, person.sign_on): person for person in shown}


def like(school: School, text: str, seen_by: Person) -> QuerySet[Person]:
    """People of the school whose sign-on name or name is as typed: “pfell”, “Pip Fell”, “Fell”."""
    words = text.split()
    if not words:
        return Person.objects.none()
    named = Q()
    for word in words:
        named &= Q(given_names__icontains=word) | Q(family_name__icontains=word) | Q(preferred_name__icontains=word)
    found = Person.objects.filter(school=school).exclude(pk__in=kept_from(seen_by))
    return found.filter(Q(sign_on__iexact=text.strip()) | named)
