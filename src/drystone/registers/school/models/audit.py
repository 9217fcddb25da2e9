"""The audit trail: append-only, each entry bound to the one before by its hash."""

from typing import Any, NoReturn

from django.db import models


class ChainHead(models.Model):
    """How far a chain has come. Its row is the lock that puts writers in a line."""

    chain = models.CharField(max_length=80, unique=True)  # a school's slug, or "house"
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}"


class AuditEntry(models.Model):
    """Who did what to what, when, before and after. Written by `services.audit.record` only.

    The hash covers every field and the entry before (services.audit.digest), so a change, a gap or a
    swap shows. Database triggers refuse UPDATE and DELETE (migration 0002).
    """

    chain = models.CharField(max_length=80)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=32)  # key of the person, or "system"
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=80)  # "publish_rules"
    subject = models.CharField(max_length=80)  # "network.Publication:12"
    summary = models.CharField(max_length=500)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["chain", "seq"]
        verbose_name_plural = "audit entries"
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_at_a_place_in_the_chain")]

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}: {self.summary}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002
        raise TypeError("an audit entry is never deleted")
