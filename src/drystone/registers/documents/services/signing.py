"""Putting one's name to a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from drystone.registers.documents.api import beside
from drystone.registers.documents.built_in import BuiltIn
from drystone.registers.documents.models import Document, Signature, Version
from drystone.registers.documents.services.notices import issue
from drystone.registers.school.access import roles_of
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, edition_of, lock
from drystone.registers.school.services.permission import require

FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """That whoever signs is who they say: when they last proved it, and how (“password”, “mfa”)."""

    at: datetime
    how: str


@transaction.atomic
def sign(
    *, school: School, ready: BuiltIn, by: Person, role: Role, shown: str, confirmed: Confirmed, as_name: str = ""
) -> Signature:
    """P01: the name of the head teacher or the chair under the statement, with what the board said beside it.

    `shown` is `mark(…)` of the text and of what stood beside it as they read it: where either is another by now, they
    are shown it again, and nothing is signed unseen.
    """
    require(by, "documents.sign_off", school)
    lock(school)
    if role.value not in ready.text.audience or role not in roles_of(by):
        raise Refused("Your role today does not sign this")
    if not timezone.now() - FRESH <= confirmed.at <= timezone.now():
        raise Refused("Confirm who you are again, then sign")
    facts = beside(ready.slug, school, timezone.localdate())
    if shown != mark(ready, facts.facts):
        raise Refused("What stands beside the text changed while you had it open. Look again, then sign")
    version = _version(school, ready, by, as_name)
    signature = Signature.objects.create(
        version=version,
        hash=version.hash,
        person=by,
        name=by.name,
        role=role,
        confirmed_at=confirmed.at,
        confirmed_by=confirmed.how,
        beside={"said": list(facts.said), **facts.facts},
    )
    audit.record(
        school=school,
        by=by,
        as_name=as_name,
        verb="sign",
        subject=signature,
        summary=f"{by.name} signed “{version.title}” as {role.label.lower()}",
        after={"version": version.number, "hash": version.hash, "role": role.value, "beside": signature.beside},
    )
    announce_evidence(school=school, by=by)
    return signature


def mark(ready: BuiltIn, facts: Mapping[str, object]) -> str:
    """Of what a signatory has before them."""
    return edition_of(_said(ready), facts)


def _version(school: School, ready: BuiltIn, by: Person, as_name: str) -> Version:
    """The version on record that says just this; a new one where the wording that ships has changed."""
    document, _ = Document.objects.get_or_create(
        school=school, slug=ready.slug, defaults={"kind": ready.kind, "promises": list(ready.promises)}
    )
    newest = document.versions.order_by("-number").first()
    if newest and (newest.title, newest.body, tuple(newest.audience)) == _said(ready):
        return newest
    return issue(document=document, text=ready.text, by=by, anew=True, verb="issue_text", as_name=as_name)


def _said(ready: BuiltIn) -> tuple[str, str, tuple[str, ...]]:
    return ready.text.title, ready.text.body, ready.text.audience
