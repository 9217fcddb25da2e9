"""A request: this site should be open, or this site should be blocked. It is answered once, and stays."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models import Person, School
from drystone.registers.unblock.models.grants import Grant


class Kind(models.TextChoices):
    OPEN = "open", "Should be open"
    BLOCK = "block", "Should be blocked"


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    ALLOWED = "allowed", "Allowed for a time"
    RULE = "rule", "A rule was made"
    REFUSED = "refused", "Left as it is"


class SiteRequest(models.Model):
    """P35: who asked, for which site, what the filter had said, and the answer.

    `zone` and `group` are slugs as the filter knew them. `mark` stands for who asked, so that one person has one open
    request for a site. `sensitive`: the site's categories tell something about a child who asks for it.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="site_requests")
    kind = models.CharField(max_length=10, choices=Kind)
    host = models.CharField(max_length=253)
    category = models.CharField(max_length=200, blank=True)
    rule = models.CharField(max_length=200, blank=True)
    level = models.CharField(max_length=20, blank=True)
    zone = models.CharField(max_length=40, blank=True)
    group = models.CharField(max_length=40, blank=True)
    edition = models.CharField(max_length=64, blank=True)
    by_child = models.BooleanField()
    sensitive = models.BooleanField()
    asker = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="site_requests")
    asker_name = models.CharField(max_length=80, blank=True)  # as typed, where nobody is signed in or on
    mark = models.CharField(max_length=64)
    why = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_by_name = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    grant = models.ForeignKey(Grant, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    made_rule = models.PositiveBigIntegerField(null=True, blank=True)  # number of the filter rule, if one was made
    seen_at = models.DateTimeField(null=True, blank=True)  # the asker has read the answer

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["school", "state", "asked_at"], name="requests_of_a_school")]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "kind", "host", "mark"],
                condition=Q(state="waiting"),
                name="one_open_request_per_site_and_asker",
            ),
            models.CheckConstraint(condition=~Q(host="") & ~Q(mark=""), name="request_names_a_site_and_somebody"),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True, answer="")
                | ~Q(state="waiting") & Q(decided_at__isnull=False) & ~Q(answer=""),
                name="request_is_answered_with_a_reason_or_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host}: {self.get_kind_display().lower()}"

    @property
    def waiting(self) -> bool:
        return self.state == State.WAITING


class RequestTicket(models.Model):
    """A ticket of a block page that led to a request: whoever holds it hears the answer. Kept as a digest."""

    request = models.ForeignKey(SiteRequest, on_delete=models.CASCADE, related_name="tickets")
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"ticket of request {self.request_id}"
