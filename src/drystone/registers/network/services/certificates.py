"""The certificate of the HTTPS block page: where it is used, and its change for a new one."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from drystone.engine.certificates import (
    PublicCertificate,
    discard_next,
    ensure_authority,
    prepare_next,
    switch_authority,
)
from drystone.engine.https_pages import HttpsPages, HttpsPagesError, read_https_pages, write_https_pages
from drystone.registers.network.models import SecurePages
from drystone.registers.network.services.permission import require
from drystone.registers.school.models import Person, School, Zone
from drystone.registers.school.services.audit import record

log = logging.getLogger(__name__)
PERMISSION = "network.change_certificate"
Where = SecurePages.Where


class CertificateRefused(Exception):
    """It cannot be done; the message says what to do instead."""


@transaction.atomic
def choose_secure_pages(*, school: School, where: str, zones: list[Zone], by: Person | None) -> SecurePages:
    """P35: where blocked HTTPS sites show the block page. Gateways take it up within seconds of the commit."""
    require(by, PERMISSION, school)
    if where == Where.ZONES and not zones:
        raise CertificateRefused("Choose at least one place, or choose “Nowhere”.")
    if any(zone.school_id != school.pk for zone in zones):
        raise CertificateRefused("That place belongs to another school.")
    chosen, _ = SecurePages.objects.select_for_update().get_or_create(school=school)
    before = _values(chosen)
    chosen.where = Where(where)
    chosen.save()
    chosen.zones.set(zones if chosen.where == Where.ZONES else [])
    after = _values(chosen)
    if before != after:
        summary = "Where blocked HTTPS sites show the block page: " + in_words(chosen)
        record(
            school=school,
            by=by,
            verb="choose_secure_pages",
            subject=chosen,
            summary=summary,
            before=before,
            after=after,
        )
    transaction.on_commit(lambda: take_up(school))
    return chosen


def take_up(school: School) -> None:
    """Writes the gateways' file if it does not say what the register says. Never raises: the worker tries again each
    minute. Before the first publication there is no folder, and nothing to show."""
    folder = settings.HOME.school_bundles(school.slug)
    if not folder.is_dir():
        return
    wanted = _pages(SecurePages.objects.filter(school=school).first())
    try:
        if read_https_pages(folder) == wanted:
            return
    except HttpsPagesError as error:
        log.warning("%s: it is written anew", error)
    try:
        write_https_pages(folder, wanted)
    except OSError:
        log.exception("where %s shows the block page on HTTPS could not be written", school.slug)


def make_next(*, school: School, by: Person | None) -> PublicCertificate | None:
    """A second certificate for the devices, while the first one still works. Raises AuthorityError, CertificateRefused,
    OSError."""

    def make() -> PublicCertificate:
        ensure_authority(settings.HOME.ca, at=timezone.now())
        return prepare_next(settings.HOME.ca, at=timezone.now())

    return _change(school, by, "make_next_certificate", "Made the next certificate", make)


def change_over(*, school: School, by: Person | None) -> PublicCertificate | None:
    """The next certificate signs from now on; the key of the one before is destroyed. Raises as `make_next`."""
    return _change(
        school, by, "change_certificate", "Changed to the next certificate", lambda: switch_authority(settings.HOME.ca)
    )


def drop_next(*, school: School, by: Person | None) -> None:
    """The next certificate is not wanted. Raises as `make_next`."""

    def drop() -> None:
        discard_next(settings.HOME.ca)

    _change(school, by, "drop_next_certificate", "Threw the next certificate away", drop)


def _change(
    school: School, by: Person | None, verb: str, summary: str, do: Callable[[], PublicCertificate | None]
) -> PublicCertificate | None:
    """Files cannot be rolled back, so the trace comes first: without it nothing is done."""
    require(by, PERMISSION, school)
    if not alone(school):
        raise CertificateRefused(
            "This Drystone serves several schools, and they share the certificate. "
            "It is changed on the machine itself: drystone gateway ca"
        )
    with transaction.atomic():
        entry = record(school=school, by=by, verb=verb, subject="certificate", summary=summary)
        done = do()
    log.info("%s (audit entry %s)", summary, entry.seq)
    return done


def alone(school: School) -> bool:
    """Whether the certificate is this school's alone: it belongs to the machine."""
    return not School.objects.exclude(pk=school.pk).exists()


def in_words(chosen: SecurePages | None) -> str:
    if chosen is None or chosen.where == Where.NOWHERE:
        return "nowhere"
    if chosen.where == Where.EVERYWHERE:
        return "everywhere"
    return ", ".join(zone.name for zone in chosen.zones.all())


def _pages(chosen: SecurePages | None) -> HttpsPages:
    if chosen is None:
        return HttpsPages()
    zones = frozenset(chosen.zones.values_list("slug", flat=True))
    return HttpsPages(chosen.where == Where.EVERYWHERE, zones if chosen.where == Where.ZONES else frozenset())


def _values(chosen: SecurePages) -> dict[str, object]:
    return {"where": chosen.where, "zones": sorted(chosen.zones.values_list("slug", flat=True))}
