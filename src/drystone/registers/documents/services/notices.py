"""Notices: sent, changed, ended. Each version stays as it was sent."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from drystone.registers.documents.built_in import COORDINATOR, BuiltIn, Text, built_in
from drystone.registers.documents.models import Document, Kind, Version
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person, RoleHolding, School
from drystone.registers.school.moments import day
from drystone.registers.school.queries import free_slug
from drystone.registers.school.services import audit
from drystone.registers.school.services.changes import Refused, lock
from drystone.registers.school.services.permission import require

MOST_DAYS = 90


@transaction.atomic
def send_notice(
    *, school: School, by: Person | None, text: Text, slug: str = "", as_name: str = "", on: date | None = None
) -> Version:
    """P47, P48: everybody of its audience is asked to read it. `slug` names one of the texts that are ready
    (texts.yaml), in the school's words; without it the notice is the school's own. `on`: a day of
    the past, in a demonstration only."""
    require(by, "documents.send", school)
    lock(school)
    ready = _ready(slug) if slug else None
    document = Document.objects.filter(school=school, slug=slug).first() if slug else None
    if document and document.ended_on is None:
        raise Refused("This notice is sent already: change it instead", field="title")
    if document is None:
        taken = set(Document.objects.filter(school=school).values_list("slug", flat=True)) | set(built_in())
        document = Document.objects.create(
            school=school,
            kind=Kind.NOTICE,
            slug=slug or free_slug(text.title, taken),
            promises=list(ready.promises) if ready else [],
        )
    else:
        Document.objects.filter(pk=document.pk).update(ended_on=None)
    return issue(document=document, text=text, by=by, anew=True, verb="send_notice", as_name=as_name, on=on)


@transaction.atomic
def change_notice(*, document: Document, by: Person, text: Text, anew: bool, read: int) -> Version:
    """A new version beside the old. `anew`: everybody is asked again; otherwise only the wording is put right, and
    those who have read it have read it. `read` is the number of the version that was changed."""
    require(by, "documents.send", document.school)
    lock(document.school)
    before = document.versions.latest("number")
    if before.number != read:
        raise Refused("Somebody else changed this notice meanwhile. Open the page again, then change it")
    if document.ended_on is not None:
        raise Refused("This notice has ended: send it again instead")
    if not anew and (text.audience, text.days) != (tuple(before.audience), before.days):
        raise Refused("Another audience or another time to read it asks people anew: say so", field="anew")
    return issue(document=document, text=text, by=by, anew=anew, verb="change_notice", about=before.about)


@transaction.atomic
def end_notice(*, document: Document, by: Person) -> Document:
    """From today on nobody is asked for it. What was acknowledged stays on record."""
    require(by, "documents.send", document.school)
    lock(document.school)
    document.refresh_from_db()
    if document.ended_on is not None:
        raise Refused("This notice has ended already")
    document.ended_on = timezone.localdate()
    document.save(update_fields=["ended_on"])
    audit.record(
        school=document.school,
        by=by,
        verb="end_notice",
        subject=document,
        summary=f"Nobody is asked any more to read “{document.versions.latest('number').title}”",
        after={"ended_on": str(document.ended_on)},
    )
    announce_evidence(school=document.school, by=by)
    return document


@transaction.atomic
def tell_of_coordinator(*, holding: RoleHolding, by: Person | None) -> Version:
    """P02: everybody with an account is told who it is from when. Each new holder is a version of one notice, so that
    nobody is asked to take note of somebody who no longer is."""
    school, ready = holding.person.school, built_in()[COORDINATOR]
    require(by, "documents.send", school)
    text = ready.text.filled(name=holding.person.name, since=day(holding.starts), school=school.name)
    document, _ = Document.objects.get_or_create(
        school=school, slug=COORDINATOR, defaults={"kind": Kind.NOTICE, "promises": list(ready.promises)}
    )
    Document.objects.filter(pk=document.pk).update(ended_on=None)
    about = f"{holding._meta.label}:{holding.pk}"
    return issue(document=document, text=text, by=by, anew=True, verb="send_notice", about=about, accounts_only=True)


def issue(
    *,
    document: Document,
    text: Text,
    by: Person | None,
    anew: bool,
    verb: str,
    about: str = "",
    accounts_only: bool | None = None,
    as_name: str = "",
    on: date | None = None,
) -> Version:
    """The next version of a text, in the caller's transaction. Who it is for and how long they have is the text's."""
    _fits(text)
    if on is not None and not document.school.is_demo:
        raise Refused("A notice is sent today, and says so")
    before = document.versions.order_by("-number").first()
    number = before.number + 1 if before else 1
    only = accounts_only if accounts_only is not None else bool(before and before.accounts_only)
    version = Version(
        document=document,
        number=number,
        counts_from=number if anew or before is None else before.counts_from,
        title=text.title,
        body=text.body,
        why=text.why,
        audience=list(text.audience),
        accounts_only=only,
        days=text.days,
        about=about,
        issued_on=on or timezone.localdate(),
        issued_by=by,
    )
    version.hash = version.digest()
    version.save(force_insert=True)
    audit.record(
        school=document.school,
        by=by,
        as_name=as_name,
        verb=verb,
        subject=version,
        summary=f"“{version.title}”, version {number}: " + _whom(version, before),
        before={"version": before.number, "hash": before.hash} if before else {},
        after={"version": number, "hash": version.hash, "audience": version.audience, "days": version.days},
    )
    announce_evidence(school=document.school, by=by)
    return version


def _whom(version: Version, before: Version | None) -> str:
    if before is None:
        return "those it is for are asked to read it"
    return "everybody is asked anew" if version.counts_from == version.number else "the wording is put right"


def _fits(text: Text) -> None:
    if not text.title.strip() or not text.body.strip():
        raise Refused("A notice has a title and a text", field="title" if not text.title.strip() else "body")
    if not text.audience:
        raise Refused("Say who is to read it", field="audience")
    if not 1 <= text.days <= MOST_DAYS:
        raise Refused(f"Give people between 1 and {MOST_DAYS} days", field="days")


def _ready(slug: str) -> BuiltIn:
    ready = built_in().get(slug)
    if ready is None or ready.kind != Kind.NOTICE or slug == COORDINATOR:
        raise Refused("There is no notice of that name ready to be sent")
    return ready
