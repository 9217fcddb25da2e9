"""The head's yes or no to every account, each term; and the reminders about passwords (P46)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from drystone.registers.school.models import Person, School


class Review(models.Model):
    """P45: one look through the accounts of a school. Its lines are the accounts that were open when it began."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="account_reviews")
    term_name = models.CharField(max_length=60)  # "Autumn 2026 to 2027"
    term_starts = models.DateField()
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by_name = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    finished_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["school"], condition=Q(finished_at__isnull=True), name="one_review_of_accounts_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"accounts of {self.school}, {self.term_name}"


class Answer(models.TextChoices):
    OPEN = "", "Not answered yet"
    KEEP = "keep", "Yes, keep it"
    CLOSE = "close", "No, close it"
    GONE = "gone", "Closed meanwhile"


class Kind(models.TextChoices):
    """Which part of the list a line stands in."""

    STAFF = "staff", "Staff, governors and others"
    PARENT = "parent", "Parents"


class ReviewLine(models.Model):
    """One account as it was when the review began, and the answer. Names stand here by themselves: a line is still
    read when the person's own record has gone."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="lines")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    roles = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    last_sign_in = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=5, choices=Answer, default=Answer.OPEN, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["kind", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["review", "person"], name="one_line_per_review_and_person")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_answer_display()}"


class PasswordReminder(models.Model):
    """P46: that everybody with an account was reminded, once a term: of the password here and of that of the e-mail."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="password_reminders")
    term_name = models.CharField(max_length=60)
    term_starts = models.DateField()
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    by_name = models.CharField(max_length=200)
    sent = models.PositiveIntegerField()
    unsent = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["school", "term_starts"], name="one_password_reminder_a_term"),
        ]

    def __str__(self) -> str:
        return f"{self.school}: {self.term_name}"


class NotNow(models.Model):
    """P46: somebody would rather keep their password. They are left alone until `until`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_not_now")
    until = models.DateField()

    def __str__(self) -> str:
        return f"{self.user} until {self.until}"
