"""What a group of people may reach when no rule speaks, and how its searches are answered."""

from django.db import models

from drystone.registers.school.models import Group


class Profile(models.Model):
    """P14, FM8, FM12: one for each group. The categories it blocks (image search among them, P59) stand in ordinary
    rules of the group's level."""

    class Default(models.TextChoices):
        ALLOW = "allow", "Everything that is not blocked"
        BLOCK = "block", "Only sites that are allowed by a rule"

    class YouTube(models.TextChoices):
        STRICT = "strict", "Strict restricted mode"
        MODERATE = "moderate", "Moderate restricted mode"
        OFF = "off", "No restricted mode"

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="profile")
    default = models.CharField(max_length=10, choices=Default)
    safe_search = models.BooleanField(default=True)
    youtube = models.CharField(max_length=10, choices=YouTube, default=YouTube.STRICT)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["group_id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(default__in=["allow", "block"]), name="profile_default_is_known"),
            models.CheckConstraint(
                condition=models.Q(youtube__in=["strict", "moderate", "off"]), name="profile_youtube_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Profile of {self.group}"
