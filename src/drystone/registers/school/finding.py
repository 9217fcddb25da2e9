"""Finding people by what was typed: name, preferred name, class, UPN, or a parent's name; spelt right or nearly.

What is asked of the database is the same on both: words that begin so. Where that finds few, names that are spelt
nearly so are added: compared here for a school's own people, which takes a few milliseconds; where there are more than
`MANY` in one place, PostgreSQL's trigrams choose whom to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, FloatField, Func, Prefetch, Q, QuerySet, Value
from rapidfuzz import process
from rapidfuzz.distance import OSA

from drystone.engine.roll.names import fold
from drystone.registers.school.models import Guardianship, Person, RoleHolding, SchoolClass
from drystone.registers.school.queries import current
from drystone.registers.school.reach import Viewer, classes_for, people_for
from drystone.registers.school.trigrams import has_index, has_word_like, threshold

PERMISSION = "school.find_people"
LONGEST, MOST_WORDS = 100, 6
MOST = 30  # shown
RANKED = 200  # looked at in the order of names, before those whose very word it is come first
FEW = 5  # fewer than these, and names spelt nearly so are added
MANY = 5000
COMPARED = 400


@dataclass(frozen=True, slots=True)
class Found:
    """`people` fit what was typed; `nearly` are spelt like it. `more`: there are more than are shown."""

    people: Sequence[Person] = ()
    nearly: Sequence[Person] = ()
    classes: Sequence[SchoolClass] = ()
    more: bool = False

    @property
    def count(self) -> int:
        return len(self.people) + len(self.nearly) + len(self.classes)


@dataclass(slots=True)
class _Asked:
    """The words of a name, and the class that was named beside it."""

    words: list[str]
    school_class: SchoolClass | None = None
    classes: list[SchoolClass] = field(default_factory=list)


def find(viewer: Viewer, text: str) -> Found:
    """Only whom this viewer may find; those who have left come last."""
    asked = _ask(viewer, text)
    if not asked.words and not asked.school_class:
        return Found(classes=asked.classes)
    reached = people_for(viewer, PERMISSION)
    if asked.school_class:
        reached = current(reached.filter(school_class=asked.school_class), viewer.on)
    keys, more = _spelt_so(reached, asked.words, viewer)
    nearly = []
    if asked.words and len(keys) < FEW:
        nearly = [key for key in _nearly(reached, asked.words) if key not in set(keys)]
    # unscoped: keys were found within the viewer's reach
    shown = {person.pk: person for person in with_family(viewer, Person.objects.filter(pk__in=[*keys, *nearly]))}
    return Found([shown[key] for key in keys], [shown[key] for key in nearly], asked.classes, more)


def begins_so(words: Iterable[str]) -> Q:
    """Each word begins a word of the name. A letter alone, and what has digits (a UPN), only as a whole word."""
    wanted = Q()
    for word in words:
        if len(word) == 1 or _has_digit(word):
            wanted &= Q(search=word) | Q(search__startswith=f"{word} ") | Q(search__endswith=f" {word}") | Q(
                search__contains=f" {word} "
            )  # fmt: skip
        else:
            wanted &= Q(search__startswith=word) | Q(search__contains=f" {word}")
    return wanted


def with_family(viewer: Viewer, people: QuerySet[Person]) -> QuerySet[Person]:
    """With class, roles, and as `children_here` those of their children whose parents this viewer may see."""
    known = people_for(viewer, "school.view_guardians").values("pk")
    wards = Guardianship.objects.filter(pupil__in=known).select_related("pupil", "pupil__school_class")
    return people.select_related("school_class").prefetch_related(
        Prefetch("holdings", queryset=RoleHolding.objects.order_by("starts", "id")),
        Prefetch("wards", queryset=wards.order_by("pupil__given_names", "pk"), to_attr="children_here"),
    )


def _ask(viewer: Viewer, text: str) -> _Asked:
    """`rowan damsons`, `3h`: a class at the beginning or the end is taken for a class, if there is one of that name."""
    words = fold(text[:LONGEST]).split()[:MOST_WORDS]
    asked = _Asked(words)
    whole = " ".join(words)
    for school_class in classes_for(viewer, "school.view_classes").order_by("year_group", "name") if words else ():
        name = fold(school_class.name)
        if name == whole or (len(whole) > 2 and name.startswith(whole)):
            asked.classes.append(school_class)
        elif whole.endswith(f" {name}") or whole.startswith(f"{name} "):
            rest = whole.removesuffix(f" {name}") if whole.endswith(f" {name}") else whole.removeprefix(f"{name} ")
            asked.words, asked.school_class = rest.split(), school_class
    return asked


def _spelt_so(reached: QuerySet[Person], words: list[str], viewer: Viewer) -> tuple[list[int], bool]:
    here = ExpressionWrapper(Q(left_on__isnull=True) | Q(left_on__gte=viewer.on), output_field=BooleanField())
    found = reached.filter(begins_so(words)).annotate(is_here=here).order_by("family_name", "given_names", "pk")
    rows = list(found.values_list("pk", "search", "is_here")[: RANKED + 1])
    wanted = set(words)
    rows.sort(key=lambda row: (not row[2], -len(wanted & set(row[1].split()))))  # stable: names stay in order
    return [pk for pk, _, _ in rows[:MOST]], len(rows) > MOST


def _nearly(reached: QuerySet[Person], words: list[str]) -> list[int]:
    """The nearest first: one slip in a word of three to five letters, two in a longer one (a letter wrong, missing, too
    many, or two swapped). Nobody, where no word can have one: who is spelt just so was found already."""
    if not any(_allowed(word) for word in words):
        return []
    spelt: dict[str, list[int]] = {}
    for pk, search in _candidates(reached, words):
        for word in search.split():
            spelt.setdefault(word, []).append(pk)
    near: dict[int, int] | None = None
    for word in words:
        slips = _slips(word, spelt)
        near = slips if near is None else {pk: near[pk] + slips[pk] for pk in near.keys() & slips.keys()}
    return sorted(near or (), key=lambda pk: (near or {})[pk])[:MOST]


def _slips(word: str, spelt: dict[str, list[int]]) -> dict[int, int]:
    """Whose name has a word like this one, and by how many slips."""
    allowed = _allowed(word)
    alike = process.extract(word, spelt.keys(), scorer=OSA.distance, score_cutoff=allowed, limit=None)
    found: dict[int, int] = {}
    for other, distance, _ in alike:
        for pk in spelt[other]:
            found[pk] = min(found.get(pk, allowed), int(distance))
    if len(word) > 1 and not _has_digit(word):
        found |= {pk: 0 for other in spelt if other.startswith(word) for pk in spelt[other]}
    return found


def _candidates(reached: QuerySet[Person], words: list[str]) -> list[tuple[int, str]]:
    rows = reached.order_by().values_list("pk", "search")
    if not has_index() or not reached.order_by().values("pk")[MANY : MANY + 1].exists():
        return list(rows)
    with transaction.atomic():
        threshold()
        for word in words:
            rows = rows.filter(has_word_like(word) if _allowed(word) else begins_so([word]))
        like = [Func(Value(word), F("search"), function="word_similarity", output_field=FloatField()) for word in words]
        return list(rows.order_by(reduce(add, like[1:], like[0]).desc())[:COMPARED])


def _allowed(word: str) -> int:
    """How many slips: a UPN has none, nor a word of one or two letters."""
    return 0 if len(word) < 3 or _has_digit(word) else 1 if len(word) < 6 else 2


def _has_digit(word: str) -> bool:
    return any(char.isdigit() for char in word)
