"""Groups (who may reach what) and zones (where in the school a request comes from)."""

import ipaddress

from django.core.exceptions import ValidationError
from django.db import models

from drystone.registers.school.models.schools import School, slug_rule


class AgeBand(models.TextChoices):
    KS1 = "ks1", "Key Stage 1 (ages 4 to 7)"
    KS2 = "ks2", "Key Stage 2 (ages 7 to 11)"
    STAFF = "staff", "Staff"
    GUESTS = "guests", "Guests"

    @property
    def is_pupils(self) -> bool:
        return self in (AgeBand.KS1, AgeBand.KS2)


class Group(models.Model):
    """P14: people who are filtered alike. Its slug is the group's name in rules, bundles and events."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="groups")
    slug = models.CharField(max_length=40, validators=[slug_rule])
    name = models.CharField(max_length=80)
    age_band = models.CharField(max_length=10, choices=AgeBand)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["school", "slug"], name="one_group_of_a_slug")]

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """A place on the school's network: ICT suite, office, guest Wi-Fi."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="zones")
    slug = models.CharField(max_length=40, validators=[slug_rule])
    name = models.CharField(max_length=80)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="zones")
    require_person = models.BooleanField(
        default=False, help_text="Nobody reaches the Internet from here without signing on."
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["school", "slug"], name="one_zone_of_a_slug")]

    def __str__(self) -> str:
        return self.name


def validate_network(value: str) -> None:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValidationError(f"{value} is not an address range. Write it like 10.1.0.0/16 or 192.168.1.20.") from error


class AddressRange(models.Model):
    """CIDR. No two zones of a school may share an address (checked in services.places)."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="ranges")
    network = models.CharField(max_length=50, validators=[validate_network])

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.network
