"""P62: proxy passwords, made, replaced and withdrawn. Each is told once, to whoever makes it, and kept nowhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.db import transaction

from drystone.engine.filtering.verifier import make_verifier
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Person, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require
from drystone.registers.signon.models import ProxyPassword

PERMISSION = "signon.give_passwords"
SHORTEST, LONGEST = 8, 100
MOST_AT_ONCE = 120  # each takes some 50 ms to make a verifier of; a class is 30
WORDS = Path(__file__).parent.parent / "words.txt"


@dataclass(frozen=True, slots=True)
class Slip:
    """What is handed to somebody, once; not to a log, which would have its repr."""

    person: Person
    password: str = field(repr=False)


def give_passwords(*, school: School, people: Sequence[Person], by: Person | None) -> list[Slip]:
    """A new password for each, in place of one they had. Raises Refused."""
    require(by, PERMISSION, school)
    if len(people) > MOST_AT_ONCE:
        raise Refused(f"That would be {len(people)} passwords: make them for {MOST_AT_ONCE} people at a time")
    slips = [Slip(person, easy_password(adult=person.school_class_id is None)) for person in people]
    _keep(school, slips, by, verb="give_proxy_password", what="A new Internet password")
    return slips


def set_password(*, school: School, person: Person, password: str, by: Person | None) -> Slip:
    """One that somebody has chosen. Raises Refused."""
    require(by, PERMISSION, school)
    refuse_weak(person, password)
    _refuse_that_of_the_account(school, person, password, by)
    slip = Slip(person, password)
    _keep(school, [slip], by, verb="set_proxy_password", what="A chosen Internet password")
    return slip


def withdraw_passwords(*, school: School, people: Iterable[Person], by: Person | None) -> int:
    """How many had one. They cannot sign on any more, within two seconds."""
    require(by, PERMISSION, school)
    with transaction.atomic():
        lock(school)
        held = list(
            ProxyPassword.objects.filter(person__in=list(people), person__school=school).select_related("person")
        )
        for password in held:
            audit.record(
                school=school,
                by=by,
                verb="withdraw_proxy_password",
                subject=password.person,
                summary=f"The Internet password of {password.person.name} is withdrawn",
            )
            password.delete()
        announce_overlay_change(school=school, by=by)
    return len(held)


def refuse_weak(person: Person, password: str) -> None:
    """Raises Refused: short, or the name itself."""
    plain = password.strip()
    if not SHORTEST <= len(plain) <= LONGEST:
        raise Refused(f"Use between {SHORTEST} and {LONGEST} characters", field="password")
    names = {person.sign_on.lower(), person.given_names.lower(), person.family_name.lower(), person.name.lower()}
    if plain.lower() in names or len(set(plain)) < 4:
        raise Refused(
            "That is too easy to guess: use two or three words that have nothing to do with you", field="password"
        )


def _refuse_that_of_the_account(school: School, person: Person, password: str, by: Person | None) -> None:
    """The password of these pages is never sent in the clear with every request, as this one is. To be told so is to
    be told somebody's password, so it leaves a trace; and the page lets nobody try many (views/passwords.py)."""
    if not (person.user and person.user.check_password(password.strip())):
        return
    summary = f"An Internet password for {person.name} was refused: it is the password of their account"
    audit.record(school=school, by=by, verb="refuse_proxy_password", subject=person, summary=summary)
    raise Refused("That is the password for these pages. Choose another for the Internet", field="password")


def easy_password(*, adult: bool) -> str:
    """Words to type, none of them rude: two for a child (some 23 bits), three for a grown-up (31), and two digits.
    Enough where a door slows whoever guesses (gateway/signon.py)."""
    chosen = [secrets.choice(_words()) for _ in range(3 if adult else 2)]
    return "-".join([*chosen, str(secrets.randbelow(90) + 10)])


@cache
def _words() -> tuple[str, ...]:
    return tuple(WORDS.read_text(encoding="ascii").split())


def _keep(school: School, slips: Sequence[Slip], by: Person | None, *, verb: str, what: str) -> None:
    for slip in slips:
        if slip.person.school_id != school.pk:
            raise Refused("That person is not of this school")
        if not slip.person.sign_on.strip():
            raise Refused(f"{slip.person.name} has no network sign-on name: give them one first")
    # Before the transaction: verifiers take their time, and others wait to write.
    verifiers = [make_verifier(slip.password, salt=secrets.token_bytes(16)) for slip in slips]
    made_by = by.name if by else "Drystone"
    with transaction.atomic():
        lock(school)
        for slip, verifier in zip(slips, verifiers, strict=True):
            ProxyPassword.objects.filter(person=slip.person).delete()
            ProxyPassword.objects.create(person=slip.person, verifier=verifier, made_by_name=made_by)
            summary = f"{what} for {slip.person.name}"
            audit.record(school=school, by=by, verb=verb, subject=slip.person, summary=summary)
        announce_overlay_change(school=school, by=by)
