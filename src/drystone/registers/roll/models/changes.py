"""A run over the roll (a file, or the new school year), what it would do, and the journal by which it is undone."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from drystone.registers.roll.models.sources import Mapping
from drystone.registers.school.models import Person, School


class RunKind(models.TextChoices):
    FILE = "file", "Import"
    YEAR = "year", "New school year"


class RunState(models.TextChoices):
    READING = "reading", "Being read"
    MAPPING = "mapping", "Columns to choose"
    WAITING = "waiting", "Waiting for your yes"
    PLANNED = "planned", "Planned"
    WORKING = "working", "Being applied"
    APPLIED = "applied", "Applied"
    UNDONE = "undone", "Undone"
    FAILED = "failed", "Not possible"
    DROPPED = "dropped", "Dropped"


class Run(models.Model):
    """One change of many rows of the roll, in one transaction: previewed, applied, and undone while nothing came since.

    A file of many schools is a run in each; `batch` holds them together.
    """

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="roll_runs")
    batch = models.CharField(max_length=32)
    kind = models.CharField(max_length=10, choices=RunKind, default=RunKind.FILE)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.READING)
    since = models.DateTimeField(default=timezone.now, editable=False, help_text="When it was last asked something.")
    problem = models.TextField(blank=True, help_text="Why it was not possible, and what to do.")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    # of a file
    file_name = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=60, blank=True, help_text="ctf, oneroster, or the name of a mapping.")
    scope = models.CharField(max_length=10, blank=True, help_text="full, or delta")
    mapping = models.ForeignKey(Mapping, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # of both
    on = models.DateField(help_text="The day from which it counts.")
    choices = models.JSONField(default=dict, help_text="What was decided: by doubt, class, and of leavers.")
    digest = models.CharField(max_length=64, blank=True, help_text="Of what the preview showed.")
    counts = models.JSONField(default=dict, help_text="How many lines under each tab, and of what.")
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["school", "state"], name="runs_by_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.made_at:%Y-%m-%d}: {self.file_name or self.get_state_display()}"


class Tab(models.TextChoices):
    """The parts of a preview, in the order in which they are shown."""

    DOUBT = "doubt", "To decide"
    CLASS = "class", "Classes to make"
    NEW = "new", "New"
    CHANGED = "changed", "Changed"
    MOVE = "move", "Class moves"
    LEAVER = "leaver", "Leavers"
    REFUSED = "refused", "Refused"
    REMARK = "remark", "Worth knowing"


class Line(models.Model):
    """One line of a preview: what would become of one person, or why a row was refused. Forgotten with the journal."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lines")
    tab = models.CharField(max_length=10, choices=Tab)
    position = models.PositiveIntegerField()
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=210, help_text="Of the person or class, as the file has it.")
    what = models.CharField(max_length=30, blank=True, help_text="pupil, guardian, staff, class")
    where = models.CharField(max_length=120, blank=True, help_text="Line 14 of pupils.csv.")
    detail = models.TextField(blank=True, help_text="A sentence: why refused or doubtful and what to do.")
    fields = models.JSONField(default=list, help_text="[field, old, new] of each difference, in words.")
    key = models.CharField(max_length=64, blank=True, help_text="Of what is to be decided.")
    options = models.JSONField(default=list, help_text="[value, words] of each answer there is.")
    search = models.TextField(blank=True, help_text="The name, folded.")

    class Meta:
        ordering = ["tab", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "tab", "position"], name="one_line_at_a_place")]

    def __str__(self) -> str:
        return f"{self.get_tab_display()}: {self.name}"


class Verb(models.TextChoices):
    ADDED = "added", "Added"
    CHANGED = "changed", "Changed"
    REMOVED = "removed", "Removed"


class Change(models.Model):
    """Part of the journal of a run: up to 500 rows of one table. By it a run is undone; kept for a time only."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="changes")
    position = models.PositiveIntegerField(help_text="In the order of the writes; undone backwards.")
    table = models.CharField(max_length=60, help_text="school.Person")
    verb = models.CharField(max_length=10, choices=Verb)
    rows = models.JSONField(help_text="Of each row: [key, values before or null, digest of the values after or null].")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_change_at_a_place")]

    def __str__(self) -> str:
        return f"{len(self.rows)} {self.table} {self.verb}"
