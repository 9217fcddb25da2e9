"""How long finding people takes: among 75,000 of one school on PostgreSQL, and in a school of 1,000 pupils on SQLite.

Typed rightly and with a typo, by class, by UPN, by a parent's name, what nobody is called, by a head and by a teacher.
Timed is all that a reader waits for before the page is drawn: `finding.find`, with classes, roles and children; by the
clock, and beside it of the processor, which other work on the machine lengthens less.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bench.bench_pages import processor_seconds
from bench.bench_roll import databases, emptied
from bench.report import say, target
from bench.roll_data import FAMILY, GIVEN, Pupil, Roll

if TYPE_CHECKING:
    from drystone.registers.school.models import Person, School, SchoolClass
    from drystone.registers.school.reach import Viewer

PUPILS = {"SQLite": 1_000, "PostgreSQL": 37_100}  # with their parents, 75,000 people
REPEATS = 15
MOST_MS = 50
TODAY, SINCE = date(2026, 11, 24), date(2026, 9, 1)


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, by whom, and whether somebody must be found: a bench of nothing found shows nothing."""

    what: str
    by: str
    text: str
    finds: bool = True


def main() -> None:
    with contextlib.ExitStack() as stack:
        for database, url in stack.enter_context(databases()).items():
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="drystone-bench-"))
            env = {name: value for name, value in os.environ.items() if not name.startswith("DRYSTONE_")}
            env |= {"DRYSTONE_HOME": home} | ({"DRYSTONE_DATABASE_URL": emptied(url)} if url else {})
            command = [sys.executable, "-m", "bench.bench_finding", home, str(PUPILS[database])]
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
            told = json.loads(done.stdout.splitlines()[-1])
            for line in told["lines"]:
                say(f"  {database}, {told['people']:,} people: {line}")
            what = f"slowest search among {told['people']:,} people, {database}"
            target(what, told["slowest"], MOST_MS, unit="ms", at_most=True)


# What follows runs in the process of one database, where Django is set up.


def in_own_process(root: str, count: int) -> None:
    from pathlib import Path

    from drystone.engine.home import Home
    from drystone.site.boot import prepare

    prepare(Home(Path(root)))
    from django.db import connection

    from drystone.registers.school.models import Person

    school, roll = filled(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")  # as it does by night
    viewers = viewers_of(school)
    timings = {search: timed(viewers[search.by], search) for search in searches(roll.all_pupils)}
    lines = [
        f"{clock:6.1f} ms (processor {processor:.1f}): {search.what}, by a {search.by}"
        for search, (clock, processor) in timings.items()
    ]
    slowest = max(clock for clock, _ in timings.values())
    # unscoped: how many there are, for the report
    print(json.dumps({"people": Person.objects.count(), "lines": lines, "slowest": slowest}))


def searches(pupils: list[Pupil]) -> list[Search]:
    """About somebody in the middle of the roll, whose name is long enough to be misspelt."""
    one = next(each for each in pupils[len(pupils) // 2 :] if len(each.given) > 5 and "-" in each.family[5:])
    parent, first = one.guardians[0], one.family.split("-")[0]
    whole, wrong = f"{one.given} {one.family}", f"{misspelt(one.given)} {misspelt(one.family)}"
    return [
        Search("a name", "head", whole),
        Search("a family name that hundreds bear", "head", first),
        Search("the first two letters", "head", one.given[:2]),
        Search("a letter", "head", one.given[0], finds=False),
        Search("a name with a typo in each word", "head", wrong),
        Search("a family name with a typo", "head", misspelt(first)),
        Search("a UPN", "head", one.upn),
        Search("a class", "head", one.room),
        Search("a name and a class", "head", f"{one.given} {one.room}"),
        Search("a name with a typo and a class", "head", f"{misspelt(one.given)} {one.room}"),
        Search("a parent", "head", f"{parent.given} {parent.family}"),
        Search("a parent with a typo", "head", f"{parent.given} {misspelt(parent.family)}"),
        Search("what nobody is called", "head", "Xylophagous Quokka", finds=False),
        Search("six words that nobody is called", "head", "zeta theta iota kappa lambda omicron", finds=False),
        Search("a name", "teacher", pupils[0].given),
        Search("a name with a typo", "teacher", f"{misspelt(pupils[0].family)}", finds=False),
    ]


def misspelt(name: str) -> str:
    """Two letters in the middle of its first word swapped, or one left out where they are the same."""
    word, _, rest = name.partition("-")
    if rest:
        return f"{misspelt(word)}-{rest}"
    at = len(word) // 2
    swapped = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return swapped if swapped != word else word[:at] + word[at + 1 :]


def timed(viewer: Viewer, search: Search) -> tuple[float, float]:
    """The median in milliseconds, by the clock and of the processor. The first time does not count: what it reads is
    not in memory yet."""
    from drystone.registers.school.finding import find

    if not find(viewer, search.text).count and search.finds:
        raise SystemExit(f"{search.what} finds nobody: {search.text}")
    clock, processor = [], []
    for _ in range(REPEATS):
        began, spent = time.perf_counter(), processor_seconds()
        find(viewer, search.text)
        clock.append(1_000 * (time.perf_counter() - began))
        processor.append(1_000 * (processor_seconds() - spent))
    return statistics.median(clock), statistics.median(processor)


def viewers_of(school: School) -> dict[str, Viewer]:
    from drystone.registers.school.models import ClassStaff, Person, Role, RoleHolding
    from drystone.registers.school.reach import Viewer

    found = {}
    for role in (Role.HEAD, Role.TEACHER):
        person = Person.objects.create(school=school, given_names="Wren", family_name=role.value)
        RoleHolding.objects.create(person=person, role=role, starts=SINCE)
        found[role.value] = Viewer(person, frozenset({role}), TODAY)
    ClassStaff.objects.create(school_class=school.classes.first(), person=found["teacher"].person, starts=SINCE)  # type: ignore[misc]
    return found


def filled(count: int) -> tuple[School, Roll]:
    """A school with so many pupils and their parents, each with a role, as an import would leave them."""
    from django.db import transaction

    from drystone.registers.school.models import Guardianship, Person, Role, RoleHolding

    roll = Roll(1, count)
    roll.all_pupils = renamed(roll.all_pupils)
    with transaction.atomic():
        school, classes = founded(roll)
        pupils = {one.id: _person(school, one.given, one.family, one.upn) for one in roll.all_pupils}
        for one in roll.all_pupils:
            pupils[one.id].school_class = classes[one.room]
        parents = {one.id: _person(school, one.given, one.family) for one in roll.guardians()}
        Person.objects.bulk_create([*pupils.values(), *parents.values()], batch_size=2_000)
        RoleHolding.objects.bulk_create(
            [RoleHolding(person=one, role=role, starts=SINCE)
             for role, people in ((Role.PUPIL, pupils), (Role.PARENT, parents)) for one in people.values()],
            batch_size=2_000,
        )  # fmt: skip
        Guardianship.objects.bulk_create(
            [Guardianship(pupil=pupils[one.id], guardian=parents[carer.id], order=order)
             for one in roll.all_pupils for order, carer in enumerate(one.guardians, 1)],
            batch_size=2_000,
        )  # fmt: skip
    return school, roll


def renamed(pupils: list[Pupil]) -> list[Pupil]:
    """Every third family has a double name, and some children two given names: thousands of names, as in a county."""
    from dataclasses import replace

    made = []
    for number, one in enumerate(pupils):
        serial = int(one.guardians[0].id[1:].split("-")[0])  # of the family
        family = f"{one.family}-{FAMILY[serial // 3 % len(FAMILY)]}" if serial % 3 == 0 else one.family
        given = f"{one.given} {GIVEN[number // 4 % len(GIVEN)]}" if number % 4 == 1 else one.given
        carers = tuple(replace(each, family=family) for each in one.guardians)
        made.append(replace(one, given=given, family=family, guardians=carers))
    return made


def founded(roll: Roll) -> tuple[School, dict[str, SchoolClass]]:
    from drystone.registers.school.models import AgeBand, Group, School, SchoolClass

    school = School.objects.create(slug="bench", name="Fictional Primary School")
    group = Group.objects.create(school=school, slug="ks2", name="Key Stage 2", age_band=AgeBand.values[0])
    rooms = {room: year for _, room, year in roll.rooms()}
    SchoolClass.objects.bulk_create(
        [SchoolClass(school=school, name=room, year_group=year, group=group) for room, year in rooms.items()]
    )
    return school, {each.name: each for each in school.classes.all()}


def _person(school: School, given: str, family: str, upn: str = "") -> Person:
    from drystone.registers.school.models import Person

    made = Person(school=school, given_names=given, family_name=family, upn=upn)
    made.fold()
    return made


if __name__ == "__main__":
    in_own_process(sys.argv[1], int(sys.argv[2]))
