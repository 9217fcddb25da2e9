"""What a group of people may reach when no rule speaks, and how its searches are answered."""

from __future__ import annotations

from django.db import models

from drystone.registers.school.models import Group

IMAGE_SEARCH = ("image_search",)
WAYS_ROUND = ("proxies", "vpn", "doh")  # canaries and relays stand in them: use-application-dns.net, mask.icloud.com
OF_PROFILE = IMAGE_SEARCH + WAYS_ROUND  # categories that no box on the page of a profile is for


class Profile(models.Model):
    """P14, P59, FM8, FM12: one for each group. Image search and the ways round the filter are choices of the profile,
    and become rules when the bundle is made; the other categories it blocks stand in rules of the group's level."""

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
    image_search = models.BooleanField(default=False)  # P59: whether raw image search is open
    ways_round = models.BooleanField(default=False)  # whether proxies, VPNs and encrypted DNS are open
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

    @property
    def shut_categories(self) -> tuple[str, ...]:
        """Categories that the profile itself blocks."""
        return (() if self.image_search else IMAGE_SEARCH) + (() if self.ways_round else WAYS_ROUND)
