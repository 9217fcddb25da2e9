"""The one door into the audit trail, and the proof that it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from drystone.registers.school.models import AuditEntry, ChainHead, Person, School

HOUSE = "house"  # chain of what belongs to no school


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain does not hold."""

    chain: str
    seq: int
    what: str


@transaction.atomic
def record(
    *,
    school: School | None,
    by: Person | None,
    verb: str,
    subject: models.Model | str,
    summary: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    as_name: str = "",
) -> AuditEntry:
    """Append an entry, in the caller's transaction: the change and its trace land together or not at all.

    `by` None means the house itself (a schedule, the command line: say which in `as_name`).
    """
    chain = school.slug if school else HOUSE
    ChainHead.objects.get_or_create(chain=chain)
    head = ChainHead.objects.select_for_update().get(chain=chain)
    entry = AuditEntry(
        chain=chain,
        seq=head.seq + 1,
        at=timezone.now(),
        actor=by.key if by else "system",
        actor_name=by.name if by else as_name or "Drystone",
        verb=verb,
        subject=subject if isinstance(subject, str) else subject_of(subject),
        summary=summary[:500],
        before=before or {},
        after=after or {},
        previous=head.hash,
    )
    entry.hash = digest(entry)
    entry.save(force_insert=True)
    head.seq, head.hash = entry.seq, entry.hash
    head.save()
    return entry


def subject_of(thing: models.Model) -> str:
    """As entries name what they are about."""
    return f"{thing._meta.label}:{thing.pk}"


def digest(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of every field but the hash itself; the entry before is among them."""
    fields = {
        "chain": entry.chain,
        "seq": entry.seq,
        "at": entry.at.timestamp().hex(),
        "actor": entry.actor,
        "actor_name": entry.actor_name,
        "verb": entry.verb,
        "subject": entry.subject,
        "summary": entry.summary,
        "before": entry.before,
        "after": entry.after,
        "previous": entry.previous,
    }
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify(chain: str | None = None) -> Iterator[Fault]:
    """Every place where a chain does not hold: a changed entry, a gap, a swap, a cut tail."""
    heads = {head.chain: head for head in ChainHead.objects.all()}
    chains = set(heads) | set(AuditEntry.objects.order_by().values_list("chain", flat=True).distinct())
    for name in sorted(chains if chain is None else {chain}):
        seq, previous = 0, ""
        for entry in AuditEntry.objects.filter(chain=name).order_by("seq").iterator(1000):
            if entry.seq != seq + 1:
                yield Fault(name, seq + 1, f"entries {seq + 1} to {entry.seq - 1} are missing")
            elif entry.previous != previous:
                yield Fault(name, entry.seq, "it does not follow the entry before it")
            if digest(entry) != entry.hash:
                yield Fault(name, entry.seq, "its content was changed after it was written")
            seq, previous = entry.seq, entry.hash
        head = heads.get(name)
        if head is None or (head.seq, head.hash) != (seq, previous):
            kept = f"{head.seq} were written" if head else "nothing is known of its length"
            yield Fault(name, seq + 1, f"the end of the chain is missing: {seq} entries are there, {kept}")
